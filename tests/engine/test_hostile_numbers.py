"""
Numbers, aliases and customers that very many orders share: who asks about one is answered, and soon.
"""

from __future__ import annotations

import pytest

from canonical.order import ExternalId
from orderloom.correlation.rows import MOST_FOUND
from orderloom.engine.parties import MOST_ALIASES
from orderloom.engine.talk import CONVERSATIONS
from tests.engine.talk_rig import TalkRig, customer, draft, item

WEB, DESK, STORE = "web.portal", "callcenter.desk", "store.0117"
CAMPAIGN = (ExternalId(owner="crm", external_identifier_type="campaign", id="SPRING"),)


@pytest.fixture
def rig(tmp_path):
    return TalkRig(tmp_path)


class TestOneNumberOfManyOrders:
    @pytest.fixture
    def campaign(self, rig):
        """A sender that writes the same second number on all of its orders."""
        for number in range(2 * MOST_FOUND):
            rig.submit(WEB, f"W-{number}", draft(item(), external_id=CAMPAIGN))
        rig.letters(WEB)

    @pytest.mark.usefixtures("campaign")
    def test_whoever_asks_by_it_is_told_that_it_is_none(self, rig):
        """And by an order's own number about that order."""
        fault = rig.ask(WEB, "SPRING").fault

        assert ("E_NOT_FOUND", "an id that one order has") == (fault.code, fault.allowed)
        assert f"'SPRING' is an id of {MOST_FOUND} orders of yours or more" == fault.what
        assert rig.order_of(WEB, "W-7") == rig.ask(WEB, "W-7").order.id

    @pytest.mark.usefixtures("campaign")
    def test_it_hides_no_order_of_another_endpoint(self, rig):
        rig.submit(STORE, "SPRING", draft(item()))
        rig.letters(STORE)

        assert rig.order_of(STORE, "SPRING") == rig.ask(STORE, "SPRING").order.id
        assert "no order 'SPRING'" == rig.ask(DESK, "SPRING").fault.what


class TestOneCustomerOfMany:
    def test_a_customer_has_so_many_aliases(self, rig):
        """What would give him more joins nothing: the complaint of a stranger stays one."""
        named = [f"email:{number}@x" for number in range(MOST_ALIASES)]
        rig.happened(STORE, "complaint", "email:stranger@x")
        rig.save(DESK, "K-1", draft(item(), related_party=customer(*named)))
        rig.save(STORE, "S-2", draft(item(), related_party=customer(named[0], "email:stranger@x")))
        story = rig.store.journal(rig.order_of(STORE, "S-2"))

        assert 1 == [one.event for one in story].count("parties_apart")
        assert () == rig.resume(DESK, named[7]).conversation.interactions

    def test_so_many_of_his_conversations_are_looked_at(self, rig):
        """The last ones."""
        for number in range(CONVERSATIONS + 5):
            rig.save(DESK, f"K-{number}", draft(item(), related_party=customer("C-7")))
        rig.letters(DESK)

        told = rig.resume(DESK, "C-7").conversation
        assert rig.order_of(DESK, f"K-{CONVERSATIONS + 4}") == told.draft.id

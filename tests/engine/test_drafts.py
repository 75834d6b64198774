"""
Drafts: begun in one channel, edited in others, submitted once.
"""

from __future__ import annotations

from collections import defaultdict

import msgspec
import pytest

from broker.port import Properties
from canonical.codec import encode
from canonical.commands import AmendOrder, CancelOrder, OrderRef, SaveDraft, Scope
from canonical.keys import conversation_id
from canonical.notices import NoticeKind, Outcome
from canonical.order import Address, Note, Place, Product
from canonical.states import Cause, State
from orderloom.engine.hub import Limits
from tests.engine.element import Element
from tests.engine.rig import MOBILE_IN
from tests.engine.talk_rig import DAY, TALK, TalkRig, customer, draft, item

WEB, DESK, STORE, ACME = "web.portal", "callcenter.desk", "store.0117", "partner.acme"


@pytest.fixture
def rig(tmp_path):
    """A bench whose channels speak the canonical language."""
    made = TalkRig(tmp_path)
    yield made
    made.crash()


def order(rig, number="D-1", endpoint=WEB):
    """The order that began under this number."""
    found = rig.store.order(rig.order_of(endpoint, number))
    assert found is not None
    return found.order


def roles(found):
    return [(one.role.value, one.endpoint) for one in found.channel]


def sent(rig, id_):
    """How many instructions were sent for an order."""
    return len(rig.store.order(id_).instructions)


def unnumbered(rig, content):
    """As a format without control numbers has it: the envelope is known by its bytes."""
    origin = msgspec.structs.replace(rig.origin(WEB, "D-1"), envelope="")
    return SaveDraft(origin=origin, order=content)


class TestSaving:
    def test_a_draft_is_kept_and_nothing_else_is_done(self, rig):
        """It has an id and a conversation, no plan and no part, and nobody is told of an order."""
        verdict = rig.save(WEB, "D-1", draft(item(), related_party=customer("C-7")))
        record = rig.store.order(rig.order_of(WEB, "D-1"))

        assert (Outcome.ACCEPTED, State.DRAFT) == (verdict.outcome, verdict.order.state)
        assert verdict.order == record.order
        assert conversation_id(record.id) == record.order.conversation_id
        assert ((), (), 1) == (record.plan.parts, record.lines, record.order.version)
        assert [("capture", WEB)] == roles(record.order)
        assert "Mobile" == record.order.product_order_item[0].product_offering.name
        assert [] == rig.kinds(WEB)
        assert 0 == rig.broker.depth("system.oss.mobile.in")
        assert ["order.drafted.v1"] == [one.properties.type for one in rig.taken("orders.recent")]
        assert ["draft_begun", "native_kept"] == [one.event for one in rig.store.journal(record.id)]

    def test_a_draft_may_be_empty_and_may_leave_alternatives_open(self, rig):
        """But what the catalogue does not know is refused."""
        phones = [item(str(one), "SIM", choice_group="phone") for one in range(1, 6)]

        assert Outcome.ACCEPTED is rig.save(WEB, "D-1", draft()).outcome
        assert Outcome.ACCEPTED is rig.save(WEB, "D-2", draft(*phones)).outcome
        assert "E_OFFERING" == rig.save(WEB, "D-3", draft(item("1", "NOPE"))).fault.code
        assert "E_KEY_MISSING" == rig.save(WEB, "", draft(item())).fault.code

    def test_saved_again_it_is_another_version(self, rig):
        """Its number, its id and its conversation stay."""
        first = rig.save(WEB, "D-1", draft(item(color="black")))
        second = rig.save(WEB, "D-1", draft(item(color="white"), item("2", "NET")), 2)

        assert (first.order_id, 2) == (second.order_id, second.order.version)
        assert ["item 1 color; item 2 added"] == [
            one.text for one in rig.store.journal(second.order_id) if one.event == "draft_edited"
        ]
        assert [1, 2] == [one.version for one in rig.store.drafts([second.order_id])[second.order_id]]

    def test_the_same_again_is_a_repeat(self, rig):
        """In the same bytes or in others."""
        first = rig.save(WEB, "D-1", draft(item()))
        again, other = rig.save(WEB, "D-1", draft(item())), rig.save(WEB, "D-1", draft(item()), 2)

        assert first == msgspec.structs.replace(again, token=first.token)
        assert 3 == len({first.token, again.token, other.token})
        assert (Outcome.REPEATED, first.order) == (other.outcome, other.order)
        assert 1 == order(rig).version

    def test_changed_back_it_is_changed_back(self, rig):
        """A format without control numbers has the same bytes for it as for the first."""
        for color in ("black", "white", "black"):
            rig.verdict(unnumbered(rig, draft(item(color=color))))

        assert ("black", 3) == (order(rig).product_order_item[0].product.value("color"), order(rig).version)

    def test_a_redelivery_changes_nothing_back(self, rig):
        """Only a sender changes its mind; a broker that lost an ack does not."""
        black, white = (unnumbered(rig, draft(item(color=color))) for color in ("black", "white"))
        rig.verdict(black)
        rig.verdict(white)
        rig.drop(encode(black), "channel.web.in")
        rig.client.collect(1, 0.0)
        rig.restart()
        rig.settle()

        assert "white" == order(rig).product_order_item[0].product.value("color")

    def test_a_number_of_an_order_is_none_of_a_draft(self, rig):
        """What runs is changed by an amendment."""
        rig.submit(WEB, "D-1", draft(item()))
        refused = rig.save(WEB, "D-1", draft(item(quantity=2)))

        assert "E_STATE" == refused.fault.code
        assert "a change of the order" == refused.fault.allowed


class TestSubmitting:
    def test_a_draft_becomes_the_order_under_its_own_number(self, rig):
        """Its id, its conversation and its history are the draft's; it is planned now, and carried out."""
        verdict = rig.save(WEB, "D-1", draft(item(color="black"), related_party=customer("C-7")))
        taken = rig.submit(WEB, "D-1", draft(item(color="white")))
        record = rig.store.order(verdict.order_id)

        assert (verdict.order_id, Outcome.ACCEPTED) == (taken.order_id, taken.outcome)
        assert verdict.order.conversation_id == record.order.conversation_id
        assert (State.IN_PROGRESS, 2) == (record.order.state, record.order.version)
        assert "white" == record.order.product_order_item[0].product.value("color")
        assert customer("C-7") == record.order.related_party
        assert [("capture", WEB), ("complete", WEB)] == roles(record.order)
        assert ["mobile"] == [one.name for one in record.plan.parts]
        assert 1 == rig.broker.depth("system.oss.mobile.in")
        assert f"abandon|{record.id}" not in rig.timers()

    def test_a_draft_is_submitted_as_it_stands(self, rig):
        """A document that says nothing of items."""
        rig.save(WEB, "D-1", draft(item(quantity=2)))
        taken = rig.submit(WEB, "D-1", draft(note=(Note(text="ring twice"),)))

        assert Outcome.ACCEPTED is taken.outcome
        assert (2, "ring twice") == (taken.order.product_order_item[0].quantity, taken.order.note[0].text)

    def test_submitted_twice_it_is_one_order(self, rig):
        """By the same document, in whatever bytes."""
        rig.save(WEB, "D-1", draft(item()))
        first, again = rig.submit(WEB, "D-1", draft(item())), rig.submit(WEB, "D-1", draft(item()))
        other = rig.submit(WEB, "D-1", draft(item(quantity=3)), 2)

        assert {first.order_id} == {again.order_id}
        assert "E_DUPLICATE_ORDER" == other.fault.code
        assert 1 == sent(rig, first.order_id)

    def test_submitted_in_two_places_it_is_one_order(self, rig):
        """The store had it before its eyes while the web submitted it."""
        saved = rig.save(WEB, "D-1", draft(item()))
        seen = rig.resume(STORE, saved.token).conversation
        first = rig.submit(WEB, "D-1", draft(item()))
        second = rig.submit(STORE, "R-1", draft(item()), conversation=seen.id)
        other = rig.submit(STORE, "R-2", draft(item(quantity=9)), conversation=seen.token)

        assert (Outcome.REPEATED, first.order_id) == (second.outcome, second.order_id)
        assert ("E_STATE", "a change of the order") == (other.fault.code, other.fault.allowed)
        assert 1 == sent(rig, first.order_id)
        assert first.order_id == rig.ask(STORE, "R-1").order.id

    def test_alternatives_must_be_decided(self, rig):
        """Of a group at most one may be left, in a draft as in an order."""
        phones = draft(*(item(str(one), "SIM", choice_group="phone") for one in (1, 2)))
        rig.save(WEB, "D-1", phones)
        refused = rig.submit(WEB, "D-1", draft())
        outright = rig.submit(WEB, "W-9", phones)
        rig.save(WEB, "D-1", draft(item("2", "SIM", choice_group="phone")), 2)
        taken = rig.submit(WEB, "D-1", draft())

        assert "E_CHOICE" == refused.fault.code == outright.fault.code
        assert ("item 1, 2", "one of each group") == (refused.fault.where, refused.fault.allowed)
        assert (Outcome.ACCEPTED, ["2"]) == (
            taken.outcome,
            [one.id for one in taken.order.product_order_item],
        )

    def test_what_no_route_takes_stays_a_draft(self, rig):
        """The message is parked; when the rules are mended it is taken."""
        rig.save(WEB, "D-1", draft(item("1", "GADGET")))
        parked = rig.submit(WEB, "D-1", draft())

        assert (Outcome.PARKED, "E_NO_ROUTE") == (parked.outcome, parked.fault.code)
        assert State.DRAFT is order(rig).state

    def test_an_empty_draft_is_no_order(self, rig):
        """There is nothing to be done."""
        rig.save(WEB, "D-1", draft())

        assert "E_MISSING" == rig.submit(WEB, "D-1", draft()).fault.code


class TestTwoPlaces:
    def test_what_each_says_is_kept_and_the_other_is_told(self, rig):
        """The web wants two, the call centre wants them white."""
        saved = rig.save(WEB, "D-1", draft(item(color="black")))
        seen = rig.resume(DESK, saved.token).conversation
        rig.save(WEB, "D-1", draft(item(color="black", quantity=2)), 2)
        told = rig.notices(DESK)
        taken = rig.save(DESK, "K-1", draft(item(color="white")), conversation=seen.id)
        [item_] = taken.order.product_order_item

        assert (2, "white") == (item_.quantity, item_.product.value("color"))
        assert [(NoticeKind.CHANGED, "changed by web: item 1 quantity")] == [
            (one.kind, one.reason) for one in told
        ]
        assert ["changed by callcenter: item 1 color"] == [one.reason for one in rig.notices(WEB)]
        assert (saved.order_id, 3) == (taken.order_id, taken.order.version)

    def test_the_same_field_twice_is_the_laters_and_both_are_told(self, rig):
        """The earlier value is in the journal, which names the version of the draft that has it."""
        saved = rig.save(WEB, "D-1", draft(item(color="black")))
        seen = rig.resume(DESK, saved.token).conversation
        rig.save(WEB, "D-1", draft(item(color="red")), 2)
        rig.notices(DESK)
        taken = rig.save(DESK, "K-1", draft(item(color="white")), conversation=seen.id)
        said = "item 1 color (red, now white)"

        assert "white" == taken.order.product_order_item[0].product.value("color")
        assert [f"changed by callcenter: item 1 color - overruled: {said}"] == [
            one.reason for one in rig.notices(WEB)
        ]
        assert [f"changed by others too, and overruled: {said}"] == [one.reason for one in rig.notices(DESK)]
        [entry] = [one for one in rig.store.journal(saved.order_id) if one.event == "draft_overruled"]
        assert {"field": "item 1 color", "version": "2"} == entry.data
        assert DESK == entry.actor
        assert b"red" in rig.store.drafts([saved.order_id])[saved.order_id][1].content

    def test_a_version_may_be_named(self, rig):
        """Then it does not matter what the endpoint was shown since."""
        rig.save(WEB, "D-1", draft(item(color="black"), item("2", "NET")))
        rig.save(WEB, "D-1", draft(item(color="black"), item("2", "NET"), item("3", "NET")), 2)
        taken = rig.save(WEB, "D-1", draft(item(color="white")), 3, base=1)

        assert ["1", "3"] == [one.id for one in taken.order.product_order_item]

    def test_overruled_by_the_submission(self, rig):
        """Both are told of that too; what is nobody's is in the journal as it was."""
        saved = rig.save(WEB, "D-1", draft(item(quantity=1)))
        seen = rig.resume(STORE, saved.token).conversation
        rig.save(WEB, "D-1", draft(item(quantity=2)), 2)
        rig.notices(STORE)
        rig.submit(STORE, "R-1", draft(item(quantity=3)), conversation=seen.id)
        said = "changed by others too, and overruled: item 1 quantity (2, now 3)"

        assert said in [one.reason for one in rig.notices(WEB)]
        assert said in [one.reason for one in rig.notices(STORE)]
        [entry] = [one for one in rig.store.journal(saved.order_id) if one.event == "draft_overruled"]
        assert {"field": "item 1 quantity", "version": "2", "earlier": "2", "later": "3"} == entry.data

    @pytest.mark.parametrize(
        "said",
        [
            pytest.param(lambda text: {"greeting": text}, id="a characteristic"),
            pytest.param(
                lambda text: {"product": Product(id=text, product_serial_number=text)}, id="a product"
            ),
        ],
    )
    def test_the_journal_copies_nothing_that_may_be_a_person_s(self, rig, said):
        """A login, a number to be ported, a greeting: both are told, and the journal has the field alone."""
        saved = rig.save(WEB, "D-1", draft(item(**said("Nobody"))))
        seen = rig.resume(DESK, saved.token).conversation
        rig.save(WEB, "D-1", draft(item(**said("Ada Lovelace"))), 2)
        rig.notices(DESK)
        rig.save(DESK, "K-1", draft(item(**said("Lord Byron"))), conversation=seen.id)
        story = [one for one in rig.store.journal(saved.order_id) if one.event == "draft_overruled"]

        assert {"2"} == {one.data["version"] for one in story}
        assert not [one for one in story if "Lovelace" in repr(one) or "Byron" in repr(one)]
        assert "Ada Lovelace, now Lord Byron" in rig.notices(DESK)[0].reason

    def test_the_journal_copies_no_address(self, rig):
        """It names the field and the document."""

        def at(street):
            return draft(item(), place=(Place(role="deliveryAddress", place=Address(street=street)),))

        saved = rig.save(WEB, "D-1", at("Old Road"))
        seen = rig.resume(DESK, saved.token).conversation
        rig.save(WEB, "D-1", at("New Road"), 2)
        rig.save(DESK, "K-1", at("Long Road"), conversation=seen.id)
        story = rig.store.journal(saved.order_id)

        assert "place deliveryAddress" in [one.data.get("field") for one in story]
        assert not [one for one in story if "Road" in one.text or "Road" in str(one.data)]


class TestChanges:
    def test_a_draft_is_withdrawn_by_a_cancel(self, rig):
        """It was never an order: there is nothing to be taken back."""
        saved = rig.save(WEB, "D-1", draft(item(), item("2", "NET")))
        about = OrderRef(value="D-1")
        part = rig.verdict(CancelOrder(origin=rig.origin(WEB, "C-1", "Cancel"), about=about, items=("1",)))
        whole = rig.verdict(CancelOrder(origin=rig.origin(WEB, "C-2", "Cancel"), about=about))
        found = order(rig)

        assert ("E_STATE", saved.order_id) == (part.fault.code, whole.order_id)
        assert (State.CANCELLED, Cause.CUSTOMER) == (found.state, found.cause)
        assert ["ended"] == [one.kind.value for one in rig.notices(WEB) if one.order]

    def test_a_draft_is_saved_and_not_amended(self, rig):
        """The words say so."""
        rig.save(WEB, "D-1", draft(item()))
        origin, about = rig.origin(WEB, "A-1", "Amend"), OrderRef(value="D-1")
        refused = rig.verdict(AmendOrder(origin=origin, about=about, scope=Scope.DELTA, remove=("1",)))

        assert ("E_STATE", "the draft, saved again") == (refused.fault.code, refused.fault.allowed)


class TestLapsing:
    def test_a_draft_lapses_thirty_days_after_its_last_edit(self, rig):
        """As abandoned, cause customer; who is on it is told."""
        rig.save(WEB, "D-1", draft(item()))
        rig.sweep(20 * DAY)
        rig.save(WEB, "D-1", draft(item(quantity=2)), 2)
        rig.sweep(29 * DAY)
        assert State.DRAFT is order(rig).state
        rig.sweep(1.1 * DAY)
        found = order(rig)

        assert (State.CANCELLED, Cause.CUSTOMER) == (found.state, found.cause)
        assert found.cancellation_date is not None
        assert [("ended", "abandoned: nobody has touched it for 30 days")] == [
            (one.kind.value, one.reason) for one in rig.notices(WEB)
        ]
        assert "draft_abandoned" in [one.event for one in rig.store.journal(found.id)]
        assert {} == rig.timers()

    def test_what_has_lapsed_is_neither_edited_nor_submitted(self, rig):
        """A new number begins a new one."""
        rig.save(WEB, "D-1", draft(item()))
        rig.sweep(31 * DAY)

        for refused in (
            rig.save(WEB, "D-1", draft(item(quantity=2)), 2),
            rig.submit(WEB, "D-1", draft(item())),
        ):
            assert ("E_STATE", "a new number") == (refused.fault.code, refused.fault.allowed)

    def test_how_long_is_a_setting(self, tmp_path):
        """In seconds, to the engine."""
        rig = TalkRig(tmp_path, Limits(draft_for=3600.0))
        rig.save(WEB, "D-1", draft(item()))
        rig.sweep(3700)

        assert State.CANCELLED is order(rig).state
        rig.crash()


FINAL = TALK | {
    "routes/all.toml": TALK["routes/all.toml"].replace(
        'system = "oss.mobile"\n', 'system = "oss.mobile"\n  hard_ponr = "completed"\n'
    )
}


class TestWhatCameTooLate:
    @pytest.fixture
    def rig(self, tmp_path):
        """A bench with a line that is set up, cannot be taken back, and shall be removed all the same."""
        made = TalkRig(tmp_path, rules=FINAL)
        made.submit(WEB, "W-1", draft(item(pin="1"), related_party=customer("C-7")))
        for message in made.taken(MOBILE_IN):
            for queue, answer in Element().told(message, defaultdict(set)):
                made.broker.publish("", queue, answer, Properties(content_type="text/plain"))
        made.settle()
        origin = made.origin(WEB, "A-1", "Amendment")
        asked = AmendOrder(origin=origin, about=OrderRef(value="W-1"), scope=Scope.DELTA, remove=("1",))
        made.verdict(asked)
        yield made
        made.crash()

    def test_it_is_a_draft_of_the_conversation(self, rig):
        """Found by Resume, with the end of the product as its item."""
        view = rig.resume(WEB, order(rig, "W-1").conversation_id).conversation

        assert ["delete"] == [one.action.value for one in view.draft.product_order_item]
        assert [("followOn", rig.order_of(WEB, "W-1"))] == [
            (one.relationship_type, one.id) for one in view.draft.order_relationship
        ]

    def test_it_is_submitted_as_any_draft(self, rig):
        """By the conversation."""
        talk = order(rig, "W-1").conversation_id
        drafted = rig.resume(WEB, talk).conversation.draft
        verdict = rig.submit(WEB, "W-2", draft(), conversation=talk)

        assert (drafted.id, Outcome.ACCEPTED) == (verdict.order_id, verdict.outcome)
        assert 1 == sent(rig, drafted.id)
        assert f"abandon|{drafted.id}" not in rig.timers()

    def test_it_lapses_as_any_draft(self, rig):
        """After 30 days."""
        drafted = rig.resume(WEB, order(rig, "W-1").conversation_id).conversation.draft
        rig.sweep(29 * DAY)
        assert State.DRAFT is rig.store.order(drafted.id).order.state
        rig.sweep(DAY)

        found = rig.store.order(drafted.id).order
        assert (State.CANCELLED, Cause.CUSTOMER) == (found.state, found.cause)

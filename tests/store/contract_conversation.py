"""
The contract on conversations: drafts and their versions, tokens, parties, interactions, recommendations.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec

from canonical.conversation import RecommendationState
from canonical.states import State
from orderloom.correlation.conversation_port import (
    KEPT_VERSIONS,
    ConversationChanges,
    ConversationRow,
    DraftRow,
    InteractionRow,
    Kin,
    PartyAliasRow,
    RecommendationRow,
    SeenRow,
    TokenRow,
)
from orderloom.correlation.port import Changes
from tests.store.orders import NOW, later, order_id, record


def write(store, *records, **changes):
    with store.begin() as transaction:
        pairs = [(None, one) for one in records]
        transaction.apply(Changes(records=pairs, conversation=ConversationChanges(**changes)))


def by(name, *rows):
    """Rows by the field of this name."""
    return {getattr(one, name): one for one in rows}


def talking(number, conversation="CV1", **fields):
    """An order of a conversation."""
    known = record(number)
    order = msgspec.structs.replace(
        known.order, conversation_id=conversation, creation_date=later(number), **fields
    )
    return msgspec.structs.replace(known, order=order)


def token(hash_="t1", **more):
    facts = {"conversation": "CV1", "order_id": order_id(1), "endpoint": "web.portal"}
    return TokenRow(hash=hash_, **facts | {"at": NOW, "expires": later(600)} | more)


def recommendation(id_="rec|1", at=NOW, **more):
    facts = {"party": "PA1", "rule": "month-free", "order_id": "", "channels": ("store", "web")}
    facts |= {"state": RecommendationState.OPEN, "valid_until": later(600), "doc": b'{"id":"rec|1"}'}
    return RecommendationRow(id=id_, at=at, **facts | more)


class ConversationContract:
    """What is kept of conversations."""

    def test_a_conversation_is_found_by_its_customer_once_he_is_known(self, store):
        """It may have begun without a name."""
        first = ConversationRow("CV1", "", "web.portal", NOW)
        other = ConversationRow("CV2", "PA1", "store.0117", later(-9))
        write(store, conversations=by("id", first, other))
        assert ("CV2",) == tuple(store.conversations_of(["PA1", ""]))
        write(store, conversations=by("id", replace(first, party="PA1")))

        assert ("CV2", "CV1") == tuple(store.conversations_of(["PA1"]))
        with store.begin() as transaction:
            assert {"CV2": other} == transaction.conversations(["CV2", "CV3"])

    def test_a_conversation_s_orders_are_found_oldest_first(self, store):
        """And of an order its conversation; one that belongs to none has none."""
        write(store, talking(2), talking(1), talking(3, "CV2"), record(4))

        assert {"CV1": (order_id(1), order_id(2))} == store.orders_in(["CV1", "CV9", ""])
        assert {order_id(3): "CV2"} == store.conversations_with([order_id(3), order_id(4)])

    def test_a_token_is_kept_by_its_hash_and_used_once(self, store):
        """Who used it, and when, is kept beside it."""
        write(store, tokens=by("hash", token(), token("t2")))
        used = replace(token(), used_by="store.0117|POSLog|7", used_at=later(1))
        write(store, tokens={"t1": used})
        with store.begin() as transaction:
            found = transaction.tokens(["t1", "t2", "t3"])

        assert {"t1": used, "t2": token("t2")} == found

    def test_a_token_that_ran_out_long_ago_is_struck_off(self, store):
        """Used or not, it is as good as unknown."""
        write(store, tokens=by("hash", token(), token("t2", expires=later(9 * 3600))))
        store.tidy(later(2 * 3600))
        with store.begin() as transaction:
            assert {"t2"} == set(transaction.tokens(["t1", "t2"]))

    def test_every_version_of_a_draft_is_kept(self, store):
        """And which of them an endpoint has seen last."""
        one = DraftRow(order_id(1), 1, "web.portal", NOW, b'{"productOrderItem":[]}', "ab" * 32)
        two = replace(one, version=2, endpoint="store.0117", at=later(1))
        seen = [SeenRow(order_id(1), "web.portal", 1), SeenRow(order_id(1), "store.0117", 2)]
        keys = [(row.order_id, row.endpoint) for row in seen]
        write(store, talking(1), drafts=[two, one], seen=dict(zip(keys, seen, strict=True)))
        write(store, seen={keys[0]: replace(seen[0], version=2)})

        assert {order_id(1): (one, two)} == store.drafts([order_id(1), order_id(2)])
        assert dict.fromkeys(keys, 2) == store.seen([order_id(1)])

    def test_of_many_versions_the_last_and_those_that_were_seen_are_kept(self, store):
        first = DraftRow(order_id(1), 1, "web.portal", NOW, b'{"productOrderItem":[]}', "ab" * 32)
        rows = [replace(first, version=number) for number in range(1, KEPT_VERSIONS + 11)]
        other = replace(first, order_id=order_id(2))
        seen = SeenRow(order_id(1), "store.0117", 3)
        write(store, talking(1), talking(2), drafts=[*rows[:4], other], seen={("a", "b"): seen})
        for row in rows[4:]:
            write(store, drafts=[row])

        found = store.drafts([order_id(1), order_id(2)])
        assert [3, *range(11, KEPT_VERSIONS + 11)] == [one.version for one in found[order_id(1)]]
        assert (other,) == found[order_id(2)]

    def test_a_draft_is_no_order_that_is_under_way(self, store):
        """Nobody has to look after it."""
        draft = talking(1, state=State.DRAFT)
        write(store, draft, talking(2))

        assert [order_id(2)] == [one.id for one in store.oldest_open(9)]
        assert draft == store.order(order_id(1))

    def test_joined_aliases_lead_to_each_other(self, store):
        """One that stands alone is no row, and its own party."""
        rows = [
            PartyAliasRow("PA1", "PA1", "customerId", NOW),
            PartyAliasRow("PA2", "PA1", "email", NOW),
            PartyAliasRow("PA3", "PA3", "email", NOW),
        ]
        write(store, parties=by("id", *rows))
        kin = Kin("PA1", {"PA1": "customerId", "PA2": "email"})

        assert {"PA1": kin, "PA2": kin} == store.kin(["PA1", "PA2", "PA9"])
        with store.begin() as transaction:
            assert {"PA3": Kin("PA3", {"PA3": "email"})} == transaction.kin(["PA3"])

    def test_the_last_interactions_of_each_are_found(self, store):
        """The newest first, so many of each."""
        facts = {"kind": "complaint", "channel": "callcenter", "endpoint": "callcenter.desk"}
        rows = [
            InteractionRow(f"{party}-{one}", party, at=later(one), text="too slow", native="ab", **facts)
            for party in ("PA1", "PA2")
            for one in range(3)
        ]
        write(store, interactions=by("id", *rows))
        found = store.interactions(["PA1", "PA2", "PA3"], 2)

        assert ["PA1-2", "PA1-1"] == [one.id for one in found["PA1"]]
        assert rows[5] == found["PA2"][0]
        assert {"PA1", "PA2"} == set(found)

    def test_recommendations_are_found_by_id_and_by_party(self, store):
        """What has become of one is written over it."""
        rows = [recommendation(), recommendation("rec|2", later(1)), recommendation("rec|3", party="PA2")]
        write(store, recommendations=by("id", *rows))
        taken = replace(rows[0], state=RecommendationState.TAKEN, order_id=order_id(1))
        write(store, recommendations={"rec|1": taken})
        with store.begin() as transaction:
            assert {"rec|1": taken} == transaction.recommendations(["rec|1", "rec|9"])

        assert {"PA1": (taken, rows[1])} == store.recommendations_of(["PA1", "PA9"])

    def test_nothing_is_asked_of_nobody(self, store):
        """An empty question has an empty answer."""
        assert {} == store.kin([]) == store.drafts([]) == store.interactions([], 9)
        with store.begin() as transaction:
            assert {} == transaction.tokens([]) == transaction.recommendations([])

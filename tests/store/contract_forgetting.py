"""
What every store does when a customer is forgotten.
"""

from __future__ import annotations

from dataclasses import replace as replace_entry

import pytest
from msgspec.structs import replace

from canonical import order as o
from orderloom.correlation.forgetting import forgotten
from orderloom.correlation.forgetting_port import Removed
from orderloom.correlation.port import Changes, InboxRow, IntakeRow, JournalEntry, StoreError
from orderloom.correlation.record import Alias
from tests.store.orders import NOW, full_record, later, message, native, order_id, record, saved

__all__ = ["ForgettingContract"]


def apply(store, **changes):
    """One transaction."""
    with store.begin() as transaction:
        transaction.apply(Changes(**changes))


class ForgettingContract:
    """Whose orders there are, what is removed, and that it is."""

    def test_parties_are_read_page_by_page(self, store):
        """In the order of ids."""
        named = full_record(7)
        with store.begin() as transaction:
            transaction.apply(saved(record(1), named, record(9)))

        assert [(order_id(1), ()), (order_id(7), named.order.related_party)] == [
            *store.parties(after="", limit=2)
        ]
        assert [order_id(9)] == [one for one, _ in store.parties(after=order_id(7), limit=2)]

    def test_what_has_not_left_is_known_by_its_order_or_by_its_bytes(self, store):
        """Inline messages by their order."""
        apply(
            store,
            natives={"n1": native(b"x", "n1"), "n2": native(b"y", "n2")},
            outbox=[message("OL1"), message("OL2", native="n1")],
        )

        assert {"OL1", "n1"} == store.unsent_of(["OL1", "OL3"], ["n1", "n2"])
        assert set() == store.unsent_of([], [])

    def test_bytes_are_found_by_what_stands_in_them(self, store):
        """Whether they were an answer or not; those of before are not looked at."""
        rows = {
            "a": native(b"about OL1.", "a"),
            "b": native(b"\x00\xffOL1", "b"),
            "c": native(b"OL2", "c"),
        }
        apply(store, natives=rows)

        assert {"a", "b"} == store.natives_naming("OL1", NOW)
        assert set() == store.natives_naming("OL1", later(1))

    def test_what_is_removed_is_gone_and_nothing_else(self, store):
        """Keys, alias keys, intakes and bytes."""
        one = replace(record(1), aliases=(Alias(owner="web", type="mail", value="a@b.example"),))
        [alias] = one.aliases
        renamed = replace(one, aliases=(replace(alias, value="forgotten:1"),))
        with store.begin() as transaction:
            transaction.apply(saved(one))
        keys = [InboxRow(name, "h", "i", NOW) for name in ("k1", "k2")]
        intakes = [IntakeRow(name, "c", "e", "v", "q", "n", b"[]", NOW) for name in ("i1", "i2")]
        apply(store, inbox=keys, intakes=intakes, natives={name: native(b"x", name) for name in ("n1", "n2")})
        old = [JournalEntry(name, NOW, "x_happened", "as it was") for name in (order_id(1), order_id(2))]
        apply(store, journal=old)
        removed = Removed({"k1"}, {alias.key}, {order_id(1)}, {"i1"}, {"n1"})
        again = replace_entry(old[0], text="as it is told now")
        apply(store, records=[(one, renamed)], removed=removed, journal=[again])

        assert ["as it is told now"] == [one.text for one in store.journal(order_id(1))]
        assert ["as it was"] == [one.text for one in store.journal(order_id(2))]

        with store.begin() as transaction:
            assert ["k2"] == list(transaction.inbox(["k1", "k2"]))
            found = transaction.aliases([alias.key, renamed.aliases[0].key])
            assert {alias.key: None, renamed.aliases[0].key: order_id(1)} == found
            assert ["i2"] == list(transaction.intakes(["i1", "i2"]))
            assert ["n2"] == list(transaction.natives(["n1", "n2"]))

    def test_bytes_of_a_message_that_has_not_left_cannot_be_removed(self, store):
        """It could never be published."""
        apply(store, natives={"n1": native(b"x", "n1")}, outbox=[message("OL1", native="n1")])
        with pytest.raises(StoreError):
            apply(store, removed=Removed(natives={"n1"}))

        assert store.native("n1") is not None

    def test_a_forgotten_order_is_kept_as_it_is_then(self, store):
        """With nothing personal, whatever field of it was said, and the second time the same."""
        full = full_record(7)
        with store.begin() as transaction:
            transaction.apply(saved(full))
        apply(store, records=[(full, forgotten(full))])
        kept = store.order(order_id(7))

        assert forgotten(full) == kept == forgotten(kept)
        text = repr(kept)
        personal = ("Åse", "Main Street", "Springfield", "62701", "ring twice", "agent 42", "triple play")
        assert [] == [
            word for word in (*personal, "no port free", "100 \U0001f680", "no longer wanted") if word in text
        ]
        assert full.instructions[0].native in text

    def test_an_id_that_is_an_address_is_overwritten_and_others_are_not(self):
        """A telephone number has to say that it is one."""
        made = record(1)
        ids = ("C-1", "email:a@b.example", "phone:555", "+44 1632 960117", "4500000042", "a@b.example")
        parties = tuple(
            o.RelatedParty(role="customer", party_or_party_role=o.PartyRef(id=one, name="N")) for one in ids
        )
        after = forgotten(replace(made, order=replace(made.order, related_party=parties))).order

        stays = [one.party_or_party_role.id in ids for one in after.related_party]
        assert [True, False, False, False, True, False] == stays
        assert {""} == {one.party_or_party_role.name for one in after.related_party}

    def test_after_the_scrub_all_is_there_that_was_not_removed(self, store):
        """It may be done at any time, and again."""
        with store.begin() as transaction:
            transaction.apply(saved(full_record(7)))
        store.scrub()
        store.scrub()

        assert full_record(7) == store.order(order_id(7))

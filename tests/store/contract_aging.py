"""
The contract on what is let go: by age, to the microsecond, and never what somebody still needs.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from canonical.notices import NoticeKind
from canonical.states import State
from orderloom.correlation import port
from orderloom.correlation.aging import ATTEMPTS_STAY, DEAD_STAY, MOST_BYTES, Held, Kind
from orderloom.correlation.port import Attempt, Claim, InboxRow, IntakeRow, JournalEntry, ParkedState
from orderloom.correlation.record import Told
from tests.store.contract_messages import apply, enter, parked
from tests.store.orders import NOW, instructed, later, message, native, order_id, record, saved

NOTHING = Held((), (), ())
TICK = timedelta(microseconds=1)


def kept(store, *names):
    """Which of these native bytes are there."""
    with store.begin() as transaction:
        return sorted(transaction.natives(names))


def aged(store, kind, before, held=None, *, limit=500, dry=False):
    """Every slice of one run: (rows, size) of each."""
    held = store.held(before) if held is None else held
    slices, after = [], None
    while True:
        found = store.age(kind, before, held, after=after, limit=limit, dry=dry)
        slices.append((found.rows, found.size))
        after = found.after
        if after is None:
            return slices


def ended(number, at=NOW, state=State.COMPLETED, **more):
    """An order that ended then."""
    return msgspec.structs.replace(record(number, state, at), **more)


def put(store, *records, **more):
    """New orders, and what came with them."""
    with store.begin() as transaction:
        transaction.apply(saved(*records, **more))


def bytes_of(*names, at=NOW, answer=False):
    """Native bytes under these hashes."""
    return {one: replace(native(one.encode(), one), at=at, answer=answer) for one in names}


def entry(order, at=NOW, **data):
    """One journal entry."""
    return JournalEntry(order, at, "native_kept", "it came", data)


class AgingContract:
    def test_native_bytes_go_at_their_age_and_not_a_microsecond_before(self, store):
        """
        The instant itself is old enough.
        """
        apply(store, natives=bytes_of("n1"))

        assert [(0, 0)] == aged(store, Kind.NATIVE, NOW - TICK)
        assert ["n1"] == kept(store, "n1")
        assert [(1, 2)] == aged(store, Kind.NATIVE, NOW)
        assert [] == kept(store, "n1")

    def test_bytes_that_came_again_count_from_the_last_time(self, store):
        """
        A younger order may need them.
        """
        apply(store, natives=bytes_of("n1"))
        apply(store, natives=bytes_of("n1", at=later(60)))
        apply(store, natives=bytes_of("n1", at=later(30)))
        aged(store, Kind.NATIVE, later(59.999999))

        assert ["n1"] == kept(store, "n1")

        aged(store, Kind.NATIVE, later(60))

        assert [] == kept(store, "n1")

    def test_answers_and_other_bytes_go_apart(self, store):
        """
        Bytes that were ever told to an endpoint are an answer.
        """
        apply(store, natives=bytes_of("a1", answer=True) | bytes_of("n1", "both"))
        apply(store, natives=bytes_of("both", answer=True))
        apply(store, natives=bytes_of("both"))
        aged(store, Kind.NATIVE, NOW)

        assert ["a1", "both"] == kept(store, "a1", "both", "n1")

        aged(store, Kind.ANSWER, NOW)

        assert [] == kept(store, "a1", "both", "n1")

    @pytest.mark.parametrize(
        "needed",
        ["open", "ended later", "its instruction", "its notice", "its journal", "its acknowledgement"],
    )
    def test_what_an_order_needs_that_has_not_ended_so_long_ago_stays(self, store, needed):
        """
        However old the bytes are; until the very instant at which its order's end is old enough.
        """
        end = later(60)
        one = ended(1, end)
        told = Told(
            endpoint="partner.acme",
            kind=NoticeKind.ENDED,
            version=1,
            at=NOW,
            state=State.COMPLETED,
            native="n1",
        )
        in_journal = needed in ("open", "ended later", "its journal")
        journal = [entry(order_id(1), native="n1" if in_journal else "x", intake="i1")]
        intakes = []
        if needed == "its instruction":
            one = msgspec.structs.replace(one, instructions=(instructed(one, "internet", native="n1"),))
        elif needed == "its notice":
            one = msgspec.structs.replace(one, told=(told,))
        elif needed == "its acknowledgement":
            intakes = [IntakeRow("i1", "partner", "partner.acme", "e", "q", "x", b"[]", NOW, "n1")]
        if needed == "open":
            one = record(1, State.HELD)
        put(store, one, natives=bytes_of("n1"), journal=journal, intakes=intakes)
        aged(store, Kind.NATIVE, end - TICK)

        assert ["n1"] == kept(store, "n1")

        aged(store, Kind.NATIVE, later(9999) if needed == "open" else end)

        assert (["n1"] if needed == "open" else []) == kept(store, "n1")

    def test_orders_that_have_ended_hold_nothing_and_stay_themselves(self, store):
        """
        With all their hashes, lines and aliases.
        """
        one = ended(1)
        one = msgspec.structs.replace(one, instructions=(instructed(one, "internet", native="n1"),))
        put(store, one, natives=bytes_of("n1"), journal=[entry(one.id, native="n1")])
        for kind in Kind:
            aged(store, kind, NOW)

        assert [] == kept(store, "n1")
        assert one == store.order(one.id)
        assert () == tuple(store.journal(one.id))

    def test_an_open_parked_row_and_an_early_reply_and_an_unsent_message_hold_theirs(self, store):
        """
        A parked row that was closed does not.
        """
        reply = port.WaitingReply("r1", "crm|key|k", "crm", b"{}", "early", NOW)
        rows = {
            name: parked(name, native=name, state=state)
            for name, state in (
                ("open", ParkedState.OPEN),
                ("replaying", ParkedState.REPLAYING),
                ("closed", ParkedState.CLOSED),
                ("discarded", ParkedState.DISCARDED),
            )
        }
        natives = bytes_of("early", "unsent", *rows)
        journal = [entry("open"), entry("closed")]
        [seq] = apply(
            store,
            natives=natives,
            parked=rows,
            waiting=[reply],
            journal=journal,
            outbox=[message(native="unsent")],
        )
        aged(store, Kind.NATIVE, NOW)
        aged(store, Kind.JOURNAL, NOW)

        assert ["early", "open", "replaying", "unsent"] == kept(store, *natives)
        assert (1, 0) == (len(store.journal("open")), len(store.journal("closed")))

        apply(store, sent=[seq])
        aged(store, Kind.NATIVE, NOW)

        assert ["early", "open", "replaying"] == kept(store, *natives)

    def test_journal_entries_go_with_their_age_but_not_those_of_living_orders(self, store):
        """
        Entries of no order go by their own age; a younger one of the same order stays with it.
        """
        put(store, ended(1), record(2, State.HELD), ended(3, later(60)))
        entries = [
            *(entry(order_id(number)) for number in (1, 2, 3)),
            entry(""),
            entry(order_id(1), later(1)),
            entry("", later(1)),
        ]
        apply(store, journal=entries)

        assert 0 == sum(rows for rows, _ in aged(store, Kind.JOURNAL, NOW - TICK))
        assert 2 == sum(rows for rows, _ in aged(store, Kind.JOURNAL, NOW))
        assert [1, 1, 1, 1] == [len(store.journal(one)) for one in ("", *map(order_id, (1, 2, 3)))]

    def test_keys_of_replies_and_envelopes_go_and_business_keys_stay(self, store):
        """
        A business key keeps a second order out for as long as the first is there.
        """
        put(store, ended(1), record(2, State.HELD))
        apply(store, journal=[entry(order_id(2), intake="i2")])
        rows = [
            InboxRow("business|acme|850|1", "h", order_id(1), NOW),
            InboxRow("reply|crm|1", "h", order_id(1), NOW),
            InboxRow("envelope|acme|1", "h", "i1", NOW),
            InboxRow("reply|crm|2", "h", order_id(2), NOW),
            InboxRow("envelope|acme|2", "h", "i2", NOW),
            InboxRow("reply|crm|3", "h", order_id(1), later(1)),
        ]
        apply(store, inbox=rows)
        aged(store, Kind.KEY, NOW - TICK)
        with store.begin() as transaction:
            assert 6 == len(transaction.inbox([one.key for one in rows]))
        aged(store, Kind.KEY, NOW)
        with store.begin() as transaction:
            left = sorted(transaction.inbox([one.key for one in rows]))

        assert ["business|acme|850|1", "envelope|acme|2", "reply|crm|2", "reply|crm|3"] == left

    def test_intakes_go_with_their_age_but_not_those_of_living_orders(self, store):
        """
        What was refused has no order to wait for.
        """
        put(store, record(2, State.HELD))
        apply(
            store,
            journal=[entry(order_id(2), intake="i2")],
            intakes=[
                IntakeRow(one, "partner", "acme", "e", "q", "n", b"[]", at)
                for one, at in (("i1", NOW), ("i2", NOW), ("i3", later(1)))
            ],
        )
        aged(store, Kind.INTAKE, NOW)
        with store.begin() as transaction:
            assert ["i2", "i3"] == sorted(transaction.intakes(["i1", "i2", "i3"]))

    @pytest.mark.parametrize("kind", Kind)
    def test_a_slice_is_short_and_the_next_goes_on_behind_it(self, store, kind):
        """
        Also behind rows that stay; looking alone counts the same and takes nothing.
        """
        names = [f"k{at}" for at in range(7)]
        apply(
            store,
            natives=bytes_of(*names, answer=kind is Kind.ANSWER),
            journal=[entry(one) for one in names],
            inbox=[InboxRow(one, "h", one, NOW) for one in names],
            intakes=[IntakeRow(one, "c", "e", "v", "q", "n", b"[]", NOW) for one in names],
        )
        held = Held({"k0", "k1", "k5"}, {"k0", "k1", "k5"}, {"k0", "k1", "k5"})
        looked = aged(store, kind, NOW, held, limit=2, dry=True)
        gone = aged(store, kind, NOW, held, limit=2)

        assert looked == gone
        assert [0, 2, 1, 1] == [rows for rows, _ in gone]
        assert 0 == sum(rows for rows, _ in aged(store, kind, NOW, held))

    def test_a_slice_holds_no_more_bytes_than_a_transaction_should(self, store):
        """
        One message may be larger than that.
        """
        big = b"x" * (MOST_BYTES // 2 + 1)
        apply(store, natives={one: replace(native(b"", one), body=big) for one in ("a", "b", "c")})

        assert [1, 1, 1] == [rows for rows, _ in aged(store, Kind.NATIVE, NOW)]

    def test_workers_and_claims_that_ended_long_ago_are_struck_off(self, store):
        """
        Those of the living stay, and so does the count of starts of a message that may come again.
        """
        enter(store)
        apply(
            store,
            claims=[Claim("c1", "OL1", 1, "dead", NOW), Claim("c2", "OL1", 1, "w1", later(7200))],
            attempts=[Attempt("a1", 1, NOW)],
        )

        assert 0 == store.tidy(NOW + DEAD_STAY - TICK)
        assert 1 == store.tidy(NOW + DEAD_STAY)
        assert store.renew("w1", later(1), 7200)
        assert 3 == store.tidy(NOW + ATTEMPTS_STAY)
        with store.begin() as transaction:
            assert {} == transaction.attempts(["a1"])
            assert {} == transaction.claims(["c1", "c2"])
        assert not store.renew("w1", later(2), 10)

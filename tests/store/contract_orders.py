"""
The contract on orders: records, aliases, early replies, journal, and what people ask about them.
"""

from __future__ import annotations

import string
from datetime import UTC, timedelta, timezone
from itertools import pairwise

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from canonical.notices import NoticeKind
from canonical.states import TERMINAL, Cause, State
from canonical.systems import Verb
from orderloom.correlation.port import Changes, JournalEntry, StoreError, WaitingReply
from orderloom.correlation.record import Alias, Instructed, Line, Record, Step, StepState, Told
from orderloom.correlation.rows import MOST_FOUND
from tests.store.contract_messages import fails
from tests.store.orders import (
    NOW,
    amending,
    cancelling,
    full_record,
    instructed,
    item,
    later,
    line,
    message,
    order_id,
    record,
    saved,
)

replace = msgspec.structs.replace

# Everything a sender can put into UTF-8, but NUL: PostgreSQL keeps none, and formats of ours have none.
CHARACTERS = st.characters(exclude_categories=("Cs",), exclude_characters="\0")
TEXT = st.text(CHARACTERS, max_size=12)
IDS = st.text(CHARACTERS, min_size=1, max_size=8)
INSTANTS = st.datetimes(timezones=st.just(UTC))
STATES = st.sampled_from(sorted(State))
LINES = st.builds(
    Line,
    part=IDS,
    item=IDS,
    number=st.integers(1, 99),
    state=STATES,
    since=INSTANTS,
    revision=st.integers(0, 3),
    sent=st.booleans(),
    cause=st.none() | st.sampled_from(sorted(Cause)),
    word=TEXT,
    code=TEXT,
    reason=TEXT,
    quantity=st.none() | st.integers(0, 9),
)
INSTRUCTIONS = st.builds(
    Instructed,
    key=IDS,
    part=IDS,
    system=IDS,
    verb=st.sampled_from(sorted(Verb)),
    reference=IDS,
    sent_at=INSTANTS,
    answered_at=st.none() | INSTANTS,
    received=st.booleans(),
    numbers=st.dictionaries(TEXT, st.integers(0, 2**63 - 1), max_size=2),
)
TOLD = st.builds(
    Told,
    endpoint=IDS,
    kind=st.sampled_from(sorted(NoticeKind)),
    version=st.integers(1, 9),
    at=INSTANTS,
    state=STATES,
    native=TEXT,
    about=TEXT,
)
STEPS = st.builds(
    Step, cause=IDS, piece=st.integers(0, 9), part=IDS, item=IDS, state=st.sampled_from(sorted(StepState))
)
ALIASES = st.builds(Alias, owner=IDS, type=IDS, value=IDS, part=TEXT)


def tuples(one):
    """Up to four of them."""
    return st.lists(one, max_size=4).map(tuple)


RECORDS = st.builds(
    lambda state, items, **more: replace(
        record(), order=replace(record().order, state=state, product_order_item=items), **more
    ),
    state=STATES,
    items=st.lists(st.sampled_from(string.ascii_lowercase).map(item), max_size=4).map(tuple),
    lines=tuples(LINES),
    instructions=tuples(INSTRUCTIONS),
    told=tuples(TOLD),
    aliases=tuples(ALIASES),
    amendments=tuples(IDS.map(amending)),
    cancels=tuples(IDS.map(cancelling)),
    steps=tuples(STEPS),
    outputs=st.dictionaries(TEXT, TEXT, max_size=2),
)


def save(store, *records: Record, **more) -> None:
    """Bring in new orders."""
    with store.begin() as transaction:
        transaction.apply(saved(*records, **more))


def change(store, before: Record, after: Record) -> None:
    """Save an order that is known."""
    with store.begin() as transaction:
        transaction.apply(Changes(records=[(before, after)]))


def ended(number: int, state: State) -> Record:
    """An order with one unanswered instruction that ran out of its time, in this state."""
    new = record(number, state)
    return replace(new, instructions=(instructed(new, "internet", asked=1),))


class OrdersContract:
    """What is kept of orders."""

    def test_a_record_with_every_field_comes_back_as_it_was(self, store):
        """Nothing of an order is lost on its way through the tables."""
        save(store, full_record(), record(1))

        assert full_record() == store.order(order_id(7))
        assert record(1) == store.order(order_id(1))

    def test_the_full_record_leaves_no_field_at_its_default(self):
        """The test above would not see a new field that nobody maps, unless its builder says it."""
        full = full_record()
        amending, cancelling = full.amendments[0], full.cancels[0]
        rows = (
            full.lines[0],
            full.instructions[0],
            full.told[0],
            full.aliases[0],
            full.steps[0],
            *full.offers,
        )
        changes = (amending, amending.amendment, amending.amendment.pieces[0], cancelling.task)
        for one in (full, *rows, *changes):
            for field in msgspec.structs.fields(one):
                default = (
                    field.default if field.default_factory is msgspec.NODEFAULT else field.default_factory()
                )
                assert default != getattr(one, field.name), (type(one).__name__, field.name)

    # One contract, inherited by the suite of each database: the executors differ, and are meant to.
    @settings(
        max_examples=60,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.differing_executors],
    )
    @given(history=st.lists(RECORDS, min_size=1, max_size=5))
    def test_differences_add_up_to_the_record(self, store, history):
        """However an order changes, what was saved last is what is loaded."""
        number = len(store.oldest_open(10**6)) + sum(store.counts().values()) + 100
        named = [replace(one, order=replace(one.order, id=order_id(number))) for one in history]
        save(store, named[0])
        for before, after in pairwise(named):
            change(store, before, after)

        assert named[-1] == store.order(order_id(number))

    def test_only_differences_are_written(self, store):
        """What another has changed since stays, wherever this save changes nothing."""
        first = record()
        save(store, first)
        theirs = replace(first, lines=(line("internet", State.HELD, later(1)), *first.lines[1:]))
        ours = replace(first, lines=(*first.lines[:3], line("mobile", State.COMPLETED, later(2))))
        change(store, first, theirs)
        change(store, first, ours)

        assert (*theirs.lines[:3], ours.lines[3]) == store.order(first.id).lines

    def test_several_saves_of_one_order_in_one_transaction_are_one(self, store):
        """A batch may fold two messages into the same order."""
        first = record()
        second = replace(first, lines=first.lines[:1])
        third = replace(second, lines=(*second.lines, line("tv", State.HELD), line("voice", State.HELD)))
        with store.begin() as transaction:
            transaction.apply(Changes(records=[(None, first), (first, second), (second, third)]))

        assert third == store.order(first.id)

    def test_an_order_cannot_be_new_twice(self, store):
        """Two new orders under one id are an error of the hub, and nothing is overwritten."""
        save(store, record())
        with pytest.raises(StoreError):
            save(store, replace(record(), lines=()))

        assert record() == store.order(order_id(1))

    def test_orders_are_loaded_by_the_batch(self, store):
        """Many ids, one call; unknown ones are left out."""
        save(store, *(record(one) for one in range(1, 301)))
        with store.begin() as transaction:
            found = transaction.orders([order_id(one) for one in (299, 3, 1000, 3)])

        assert {order_id(3): record(3), order_id(299): record(299)} == found

    def test_instants_are_exact_and_in_utc(self, store):
        """A microsecond is kept, and another zone is the same instant."""
        zone = timezone(timedelta(hours=5, minutes=30))
        new = replace(record(), lines=(line("internet", since=later(0.000001).astimezone(zone)),))
        save(store, new)
        since = store.order(new.id).lines[0].since

        assert later(0.000001) == since
        assert timedelta(0) == since.utcoffset()

    def test_an_instant_without_a_zone_is_refused(self, store):
        """Nobody could say when it was."""
        naive = NOW.replace(tzinfo=None)
        with pytest.raises(StoreError, match="zone"):
            save(store, record(), journal=[JournalEntry(order_id(1), naive, "order_accepted", "t")])

        assert store.order(order_id(1)) is None

    def test_an_exception_leaves_nothing(self, store):
        """A transaction is whole or it has never been."""
        entry = JournalEntry(order_id(1), NOW, "order_accepted", "t")
        with fails(store) as transaction:
            transaction.apply(saved(record(), journal=[entry], counters={"group": 1}))

        assert store.order(order_id(1)) is None
        assert () == tuple(store.journal(order_id(1)))
        with store.begin() as transaction:
            assert {"group": 0} == transaction.counters(["group"])

    def test_what_was_committed_is_there_when_the_store_is_opened_again(self, store, tmp_path):
        """The store outlives the process."""
        save(store, full_record())
        store.close()
        again = self.open_store(tmp_path)

        assert full_record() == again.order(order_id(7))
        again.close()

    # Aliases and early replies.

    def test_an_order_is_found_by_every_alias_and_by_its_own_id(self, store):
        """The hub's id, the partner's number, the shop's cart, a system's order: one order."""
        cart = Alias(owner="web.shop", type="cart", value="C-9")
        system = Alias(owner="warehouse", type="shipment", value="S-9", part="mobile")
        new = replace(record(), aliases=(*record().aliases, cart, system))
        save(store, new)
        with store.begin() as transaction:
            found = transaction.find(["PO1", "C-9", "S-9", new.id, "nobody's"])

        assert dict.fromkeys(["PO1", "C-9", "S-9", new.id], (new.id,)) == found
        assert [(cart, new.id)] == list(store.find("C-9"))
        assert [(system, new.id)] == list(store.find("S-9"))
        assert [(Alias(owner="hub", type="orderId", value=new.id), new.id)] == list(store.find(new.id))
        assert [] == list(store.find("nobody's"))

    def test_one_value_may_name_several_orders(self, store):
        """Two partners count their orders from one: both are found, in a fixed order."""
        other = replace(record(2), aliases=(Alias(owner="partner.bolt", type="purchaseOrder", value="PO1"),))
        save(store, record(1), other)
        with store.begin() as transaction:
            assert {"PO1": (order_id(1), order_id(2))} == transaction.find(["PO1"])

        assert [order_id(1), order_id(2)] == [order for _, order in store.find("PO1")]

    def test_of_a_value_that_very_many_orders_have_some_are_found(self, store):
        """
        Those of whoever asks before those of others, and the newest: a sender may give all of its orders one
        number, and a system that names it speaks of one that runs.
        """
        for number in range(1, 2 * MOST_FOUND):
            given = (Alias(owner="web.portal", type="cart", value=one) for one in ("C-1", f"C-{number}00"))
            begun = later(-number if number > 1 else 600)
            order = msgspec.structs.replace(record(number).order, creation_date=begun)
            save(store, replace(record(number), order=order, aliases=tuple(given)))
        mine = Alias(owner="store.0117", type="transaction", value="C-1")
        old = msgspec.structs.replace(record(99).order, creation_date=later(-9999))
        save(store, replace(record(99), order=old, aliases=(mine, replace(mine, type="receipt"))))
        with store.begin() as transaction:
            found = transaction.find(["C-1", "C-200", order_id(99)], ["store.0117", "partner.bolt"])
            anybody = transaction.find(["C-1"])

        assert MOST_FOUND == len(set(found["C-1"])) == len(set(anybody["C-1"]))
        assert order_id(99) in found["C-1"]
        assert order_id(1) in anybody["C-1"]
        assert order_id(2 * MOST_FOUND - 1) not in anybody["C-1"]
        assert ((order_id(2),), (order_id(99),)) == (found["C-200"], found[order_id(99)])

    def test_an_alias_key_leads_to_the_order_that_had_it_first(self, store):
        """An account that two orders carry: the key leads to one, the value to both; each keeps its own."""
        account = Alias(owner="crm", type="account", value="A-1")
        first, second = (replace(record(one), aliases=(account,)) for one in (1, 2))
        save(store, first)
        save(store, second)
        with store.begin() as transaction:
            assert {account.key: first.id} == transaction.aliases([account.key])
            assert {"A-1": (first.id, second.id)} == transaction.find(["A-1"])

        assert second == store.order(second.id)

    def test_unknown_aliases_have_no_order(self, store):
        """To ask for an alias is not to give it to anybody."""
        with store.begin() as transaction:
            assert {"crm|ref|1": None} == transaction.aliases(["crm|ref|1"])
        with store.begin() as transaction:
            assert {"crm|ref|1": None} == transaction.aliases(["crm|ref|1"])
            assert {} == transaction.find(["1"])

    def test_an_alias_that_comes_later_is_known_from_then_on(self, store):
        """A system's own number arrives with its reply."""
        save(store, record())
        given_id = Alias(owner="oss.internet", type="serviceOrder", value="SO-1")
        change(store, record(), replace(record(), aliases=(*record().aliases, given_id)))
        with store.begin() as transaction:
            assert {given_id.key: order_id(1)} == transaction.aliases([given_id.key])

    def test_early_replies_wait_under_their_alias_and_leave_when_folded(self, store):
        """What came before its order is there when the order comes, oldest first, and only once."""
        replies = [
            WaitingReply(str(one), "crm|ref|1", "crm", b'{"word":"DONE"}', "h1", later(-one))
            for one in range(3)
        ]
        other = WaitingReply("x", "crm|ref|2", "crm", b"{}", "", NOW)
        with store.begin() as transaction:
            transaction.apply(Changes(waiting=[*replies, replies[0], other]))
        with store.begin() as transaction:
            assert replies[::-1] == list(transaction.waiting(["crm|ref|1", "crm|ref|3"]))
            transaction.apply(Changes(waited=["0", "1", "2"]))
        with store.begin() as transaction:
            assert [other] == list(transaction.waiting(["crm|ref|1", "crm|ref|2"]))

    # Journal.

    def test_the_journal_tells_an_order_s_story_oldest_first(self, store):
        """In the order of writing, whatever the clock says."""
        entries = [
            JournalEntry(order_id(1), later(-one), f"event_{one}", "text", {"part": "crm"}, "cli:ann")
            for one in range(5)
        ]
        other = JournalEntry("", NOW, "worker_started", "text")
        with store.begin() as transaction:
            transaction.apply(Changes(journal=[*entries[:2], other]))
        with store.begin() as transaction:
            transaction.apply(Changes(journal=entries[2:]))

        assert entries == list(store.journal(order_id(1)))
        assert [other] == list(store.journal(""))

    # What people ask.

    def test_open_orders_come_with_the_oldest_change_first(self, store):
        """The one that has stood still longest is the first to look at; ended ones are not there."""
        states = sorted(State)
        save(store, *(record(at, one, later(-at)) for at, one in enumerate(states)))
        still_open = [order_id(at) for at, one in enumerate(states) if one not in {State.DRAFT, *TERMINAL}]

        assert still_open[::-1] == [one.id for one in store.oldest_open(100)]
        assert still_open[:-3:-1] == [one.id for one in store.oldest_open(2)]

    def test_a_change_moves_an_order_to_the_end(self, store):
        """A line that has moved is news."""
        save(store, record(1, since=later(1)), record(2, since=later(2)))
        moved = replace(record(1), lines=(line("internet", State.IN_PROGRESS, later(3)),))
        change(store, record(1, since=later(1)), moved)

        assert [order_id(2), order_id(1)] == [one.id for one in store.oldest_open(9)]

    def test_orders_are_counted_by_state(self, store):
        """Only states that some order is in."""
        save(store, record(1), record(2), record(3, State.HELD))
        change(store, record(2), replace(record(2), order=replace(record(2).order, state=State.COMPLETED)))

        assert {"acknowledged": 1, "completed": 1, "held": 1} == store.counts()

    def test_systems_are_overdue_when_an_answering_time_has_run_out(self, store):
        """Counted by system with the oldest sending; answered ones, and those in time, are not."""
        new = record()
        asked = [instructed(new, "internet", later(-one), asked=1) for one in (5, 9)]
        answered = instructed(new, "voice", later(-50), asked=2, answered_at=NOW)
        in_time = instructed(new, "tv", later(-60))
        tv = instructed(new, "tv", later(-1), asked=3)
        save(store, replace(new, instructions=(*asked, answered, in_time, tv)))

        assert {"oss.internet": (2, later(-9)), "oss.tv": (1, later(-1))} == store.overdue(NOW)

    def test_what_is_unanswered_is_named_oldest_first(self, store):
        """For the day the broker is lost: all that was sent and not answered."""
        one, two = record(1), record(2)
        done = instructed(one, "tv", later(-99), answered_at=NOW)
        save(store, replace(one, instructions=(done, instructed(one, "voice", later(-1)))))
        save(store, replace(two, instructions=(instructed(two, "voice", later(-2)),)))
        expected = [(two.id, f"{two.id}:voice"), (one.id, f"{one.id}:voice")]

        assert expected == list(store.unanswered(9))
        assert expected[:1] == list(store.unanswered(1))

    def test_what_is_under_way_to_a_system_is_counted(self, store):
        """What has left and has a line in progress; not what is still in the outbox, unless told before."""
        working = tuple(line(name, State.IN_PROGRESS) for name in ("voice", "tv"))
        sent, unsent, again, silent = (replace(record(number), lines=working) for number in (1, 2, 3, 4))
        silent = replace(silent, lines=tuple(replace(one, state=State.HELD) for one in working))
        told = {"sent_at": later(-5), "part": "voice"}
        rows = [message(one.id, "system.oss.voice.in", at=later(-5)) for one in (unsent, again)]
        save(store, replace(sent, instructions=(instructed(sent, "voice", **told),)))
        save(store, replace(unsent, instructions=(instructed(unsent, "voice", **told),)), outbox=rows)
        save(store, replace(again, instructions=(instructed(again, "voice", attempt=2, **told),)))
        save(store, replace(silent, instructions=(instructed(silent, "voice", **told),)))

        assert 2 == store.under_way("oss.voice", "system.oss.voice.in")
        assert 3 == store.under_way("oss.voice", "system.oss.voice.work")
        assert 0 == store.under_way("oss.tv", "system.oss.tv.in")

    def test_orders_whose_endpoints_were_told_are_named_oldest_change_first(self, store):
        """For the day the broker is lost: all that are open, and those that ended lately."""
        word = Told(endpoint="partner.acme", kind=NoticeKind.ENDED, version=1, at=NOW, state=State.COMPLETED)
        open_, lately, long_ago = (
            record(1, since=later(-9)),
            record(2, State.COMPLETED, since=later(-5)),
            record(3, State.COMPLETED, since=later(-99)),
        )
        save(store, *(replace(one, told=(word,)) for one in (open_, lately, long_ago)), record(4))

        assert [open_.id, lately.id] == list(store.told_since(later(-5), 9))
        assert [open_.id] == list(store.told_since(later(-5), 1))
        assert [long_ago.id, open_.id, lately.id] == list(store.told_since(later(-99), 9))

    @pytest.mark.parametrize("state", sorted(TERMINAL))
    def test_an_ended_order_waits_for_no_system(self, store, state):
        """Nothing is sent again for it, and no system is overdue because of it."""
        save(store, ended(1, state))

        assert {} == store.overdue(NOW)
        assert [] == list(store.unanswered(9))

"""
Several workers on one PostgreSQL: forced races, and what must not be lost, repeated or put out of order.

Each worker is a store of its own in a thread of its own, as another process would be; the races are real.
"""

from __future__ import annotations

import random
import threading
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

import pytest
from msgspec.structs import replace as with_

from canonical.states import State
from orderloom.correlation.port import (
    Changes,
    Claim,
    InboxRow,
    JournalEntry,
    StoreBusy,
    StoreError,
    Timer,
    WaitingReply,
)
from orderloom.correlation.postgres import PostgresStore
from tests.store.orders import CATEGORIES, NOW, later, line, message, native, order_id, record, saved
from tests.support.rabbit import until

pytestmark = pytest.mark.postgres

LEASE = 10.0

# How long anything in another thread may take before the test fails.
LIMIT = 60.0


@pytest.fixture
def workers(postgres):
    """A way to open stores; all are closed at the end."""
    opened = []

    def opens(patience: float = LIMIT) -> PostgresStore:
        opened.append(PostgresStore(postgres, patience=patience))
        return opened[-1]

    yield opens
    for one in opened:
        one.close()


def together(*works):
    """Run them at the same time, each in a thread; their results."""
    start = threading.Barrier(len(works))

    def run(work):
        start.wait(LIMIT)
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return [one.result(LIMIT) for one in [pool.submit(run, work) for work in works]]


def waiting_for_a_lock(server) -> int:
    """How many sessions wait for another's lock."""
    [[count]] = server.execute("select count(*) from pg_stat_activity where wait_event_type = 'Lock'")
    return count


def apply(store, **changes):
    """One transaction with these changes."""
    with store.begin() as transaction:
        return transaction.apply(Changes(**changes))


def complete(store, number: int, part: str) -> None:
    """Fold a reply: load the order, complete the line of a part, save."""
    with store.begin() as transaction:
        before = transaction.orders([order_id(number)])[order_id(number)]
        lines = tuple(with_(one, state=State.COMPLETED) if one.part == part else one for one in before.lines)
        transaction.apply(Changes(records=[(before, with_(before, lines=lines))]))


class TestReplies:
    """Two workers and one order."""

    def test_the_second_waits_for_the_first_and_sees_what_it_did(self, workers, postgres_server):
        """Without the lock on the order each would miss the other's part, and the order would never end."""
        first, second = workers(), workers()
        apply(first, records=[(None, record())])
        with ThreadPoolExecutor(1) as pool:
            with first.begin() as transaction:
                before = transaction.orders([order_id(1)])[order_id(1)]
                ours = with_(before, lines=(line("internet", State.COMPLETED), *before.lines[1:]))
                theirs = pool.submit(complete, second, 1, "voice")
                until("the second waits", lambda: waiting_for_a_lock(postgres_server))
                transaction.apply(Changes(records=[(before, ours)]))
            theirs.result(LIMIT)

        states = [one.state for one in first.order(order_id(1)).lines]
        assert [State.COMPLETED, State.COMPLETED, State.ACKNOWLEDGED, State.ACKNOWLEDGED] == states

    def test_no_completion_is_lost_when_both_work_on_the_same_orders(self, workers):
        """Forty orders, four parts each, folded by two workers at once: all are completed."""
        stores = workers(), workers()
        apply(stores[0], records=[(None, record(one)) for one in range(40)])
        together(
            *(
                lambda store=store, parts=parts: [
                    complete(store, number, part) for number in range(40) for part in parts
                ]
                for store, parts in zip(stores, (CATEGORIES[:2], CATEGORIES[2:]), strict=True)
            )
        )
        found = Counter(one.state for number in range(40) for one in stores[0].order(order_id(number)).lines)

        assert {State.COMPLETED: 160} == found


class TestEarlyReplies:
    """A reply and the acceptance of its order at the same moment."""

    ROUNDS = 300

    def test_none_of_300_is_lost_whoever_comes_first(self, workers):
        """The reply is folded into the order exactly once: by its own worker, or by the one that accepts."""
        accepting, replying = workers(), workers()
        turn = threading.Barrier(2)
        folded_by = Counter()

        def accept():
            for number in range(self.ROUNDS):
                turn.wait(LIMIT)
                with accepting.begin() as transaction:
                    key = record(number).aliases[0].key
                    assert transaction.aliases([key]) == {key: None}
                    waiting = transaction.waiting([key])
                    new = record(number)
                    if waiting:
                        folded_by["acceptance"] += 1
                        new = with_(new, outputs={"reply": waiting[0].id})
                    transaction.apply(saved(new, waited=[one.id for one in waiting]))

        def reply():
            for number in range(self.ROUNDS):
                turn.wait(LIMIT)
                with replying.begin() as transaction:
                    key = record(number).aliases[0].key
                    found = transaction.aliases([key])[key]
                    if found is None:
                        early = WaitingReply(str(number), key, "crm", b"{}", "", NOW)
                        transaction.apply(Changes(waiting=[early]))
                    else:
                        folded_by["reply"] += 1
                        before = transaction.orders([found])[found]
                        after = with_(before, outputs={**before.outputs, "reply": str(number)})
                        transaction.apply(Changes(records=[(before, after)]))

        together(accept, reply)
        outputs = [accepting.order(order_id(number)).outputs for number in range(self.ROUNDS)]

        assert [{"reply": str(number)} for number in range(self.ROUNDS)] == outputs
        assert self.ROUNDS == folded_by.total()

    def test_the_same_document_at_two_workers_is_accepted_once(self, workers):
        """Whoever comes second waits for the first, and finds its key taken."""
        stores = [workers() for _ in range(3)]

        def accept(store, number):
            row = InboxRow(f"business|acme|{number}", "h", order_id(number), NOW)
            with store.begin() as transaction:
                if transaction.inbox([row.key]):
                    return 0
                transaction.apply(saved(record(number), inbox=[row]))
            return 1

        for number in range(40):
            accepted = together(
                *(lambda store=store, number=number: accept(store, number) for store in stores)
            )
            assert 1 == sum(accepted)

        assert {"acknowledged": 40} == stores[0].counts()

    def test_a_key_that_was_only_looked_at_is_free_for_the_one_who_waited(self, workers, postgres_server):
        """The first refuses its document and takes nothing; the second takes the key."""
        first, second = workers(), workers()
        row = InboxRow("business|acme|1", "h", "OL1", NOW)

        def take():
            with second.begin() as transaction:
                found = transaction.inbox([row.key])
                transaction.apply(Changes(inbox=[row]))
            return found

        with ThreadPoolExecutor(1) as pool:
            with first.begin() as transaction:
                assert {} == transaction.inbox([row.key, "business|acme|2"])
                waits = pool.submit(take)
                until("the second waits", lambda: waiting_for_a_lock(postgres_server))
            assert {} == waits.result(LIMIT)
        with first.begin() as transaction:
            assert {row.key: row} == transaction.inbox([row.key, "business|acme|2"])


class TestLockOrder:
    """Who waits for whom."""

    def test_crossing_batches_never_deadlock(self, workers):
        """Each wants many of the same keys, aliases, orders, counters and natives, named in any order."""
        stores = [workers() for _ in range(3)]
        apply(stores[0], records=[(None, record(one)) for one in range(12)])

        start = threading.Barrier(3)

        def work(store, seed):
            chance = random.Random(seed)
            for turn in range(25):
                numbers = chance.sample(range(12), 8)
                start.wait(20)
                with store.begin() as transaction:
                    transaction.inbox(f"k{turn}|{one}" for one in numbers)
                    transaction.aliases([f"crm|ref|{turn}.{one}" for one in numbers])
                    loaded = transaction.orders(order_id(one) for one in numbers)
                    values = transaction.counters(f"c{one}" for one in numbers)
                    after = [with_(one, outputs={"by": f"{seed}-{turn}"}) for one in loaded.values()]
                    transaction.apply(
                        Changes(
                            records=list(zip(loaded.values(), after, strict=True)),
                            inbox=[InboxRow(f"k{turn}|{one}", "h", "OL1", NOW) for one in numbers],
                            counters={name: value + 1 for name, value in values.items()},
                            natives={f"h{turn}.{one}": native(name=f"h{turn}.{one}") for one in numbers},
                            outbox=[message(order_id(one), native=f"h{turn}.{one}") for one in numbers],
                            timers={
                                f"t{turn}.{one}": Timer(f"t{turn}.{one}", NOW, "retry", "") for one in numbers
                            },
                        )
                    )
            return True

        assert [True] * 3 == together(
            *(lambda one=one, at=at: work(one, at) for at, one in enumerate(stores))
        )
        with stores[0].begin() as transaction:
            assert 3 * 25 * 8 == sum(transaction.counters(f"c{one}" for one in range(12)).values())

    def test_a_deadlock_is_busy_for_one_of_the_two(self, workers):
        """Locks taken against the order, as no caller of ours does: one goes on, the other may try again."""
        stores = workers(), workers()
        apply(stores[0], records=[(None, record(1)), (None, record(2))])
        met = threading.Barrier(2)

        def work(store, first, second):
            with store.begin() as transaction:
                transaction.orders([order_id(first)])
                met.wait(LIMIT)
                transaction.orders([order_id(second)])

        def outcome(*arguments):
            try:
                work(*arguments)
            except StoreBusy as busy:
                return str(busy)
            return "done"

        one, other = sorted(together(lambda: outcome(stores[0], 1, 2), lambda: outcome(stores[1], 2, 1)))

        assert "done" == one
        assert "deadlock" in other

    @pytest.mark.parametrize("how", ["inbox", "apply"])
    def test_who_has_waited_long_enough_is_told_busy(self, workers, how):
        """Nothing was written, and the same is taken when the other has finished."""
        first, second = workers(), workers(patience=0.1)
        row = InboxRow("business|acme|1", "h", "OL1", NOW)

        def wanted():
            with second.begin() as transaction:
                if how == "inbox":
                    transaction.inbox([row.key])
                transaction.apply(Changes(counters={"n": 1}, inbox=[row]))

        with first.begin() as transaction:
            transaction.inbox([row.key])
            with pytest.raises(StoreBusy, match="another worker has it"):
                wanted()
        with first.begin() as transaction:
            assert {"n": 0} == transaction.counters(["n"])
        wanted()
        with first.begin() as transaction:
            assert {row.key: row} == transaction.inbox([row.key])


class TestNatives:
    """Bytes that messages refer to."""

    DELETE = "delete from native where hash = 'h1'"

    def test_bytes_of_a_message_that_is_not_sent_cannot_be_removed(self, workers):
        """Whoever tidies up learns so."""
        store = workers()
        [seq] = apply(store, natives={"h1": native(name="h1")}, outbox=[message(native="h1")])
        with pytest.raises(StoreError, match="not sent yet"), store._connections.write() as db:
            db.rows(self.DELETE)
        apply(store, sent=[seq])
        with store._connections.write() as db:
            assert 1 == db.count(self.DELETE)

    def test_who_removes_them_waits_for_who_refers_to_them(self, workers, postgres_server):
        """And is refused when that has committed."""
        first, second = workers(), workers()
        apply(first, natives={"h1": native(name="h1")})

        def remove():
            with second._connections.write() as db:
                db.rows(self.DELETE)

        with ThreadPoolExecutor(1) as pool:
            with first.begin() as transaction:
                transaction.apply(Changes(outbox=[message(native="h1")]))
                removing = pool.submit(remove)
                until("the other waits", lambda: waiting_for_a_lock(postgres_server))
            with pytest.raises(StoreError, match="not sent yet"):
                removing.result(LIMIT)

    def test_who_refers_to_them_waits_for_who_removes_them(self, workers, postgres_server):
        """And is refused when they are gone."""
        first, second = workers(), workers()
        apply(first, natives={"h1": native(name="h1")})
        with ThreadPoolExecutor(1) as pool:
            with first._connections.write() as db:
                db.rows(self.DELETE)
                referring = pool.submit(lambda: apply(second, outbox=[message(native="h1")]))
                until("the other waits", lambda: waiting_for_a_lock(postgres_server))
            with pytest.raises(StoreError, match="no native bytes h1"):
                referring.result(LIMIT)


class TestCounters:
    """Control numbers."""

    def test_numbers_have_no_gap_and_no_twin_whoever_fails(self, workers):
        """Three workers count, and every third transaction fails after it took its number."""

        def work(store):
            used = []
            for turn in range(30):
                with suppress(ZeroDivisionError), store.begin() as transaction:
                    value = transaction.counters(["acme|interchange"])["acme|interchange"] + 1
                    transaction.apply(Changes(counters={"acme|interchange": value}))
                    if turn % 3 == 0:
                        raise ZeroDivisionError
                    used.append(value)
            return used

        stores = [workers() for _ in range(3)]
        used = together(*(lambda store=store: work(store) for store in stores))

        assert list(range(1, 61)) == sorted(value for one in used for value in one)


class TestTimers:
    """What is due."""

    def test_each_timer_is_carried_out_once_by_whoever_has_it(self, workers):
        """Three workers sweep as the engine does: look in one transaction, carry out in another."""
        stores = [workers() for _ in range(3)]
        apply(stores[0], records=[(None, record(one)) for one in range(60)])
        due = {f"t{one}": Timer(f"t{one}", later(-one), "retry", order_id(one)) for one in range(60)}
        apply(stores[0], timers=due)

        def sweep(store):
            while True:
                with store.begin() as transaction:
                    found = transaction.due(NOW, 20)
                    if not found and not transaction.timers(due):
                        return
                with store.begin() as transaction:
                    transaction.orders(one.order_id for one in found)
                    held = transaction.timers(one.key for one in found)
                    done = [one for one in found if held.get(one.key) == one]
                    entries = [JournalEntry(one.order_id, NOW, "timer_fired", one.key) for one in done]
                    transaction.apply(Changes(timers_cleared={one.key for one in done}, journal=entries))

        together(*(lambda store=store: sweep(store) for store in stores))
        fired = [[one.text for one in stores[0].journal(order_id(number))] for number in range(60)]

        assert [[f"t{number}"] for number in range(60)] == fired

    def test_a_timer_that_another_has_moved_meanwhile_is_not_carried_out(self, workers):
        """It was due when it was looked for; by its order's turn it is another."""
        first, second = workers(), workers()
        timer = Timer("t", NOW, "retry", order_id(1))
        apply(first, records=[(None, record())], timers={"t": timer})
        with second.begin() as transaction:
            assert [timer] == list(transaction.due(NOW, 9))
        apply(first, timers={"t": replace(timer, due=later(60))})
        with second.begin() as transaction:
            assert timer != transaction.timers(["t"])["t"]

    def test_what_another_carries_out_is_left_out(self, workers):
        """Neither worker waits for the other."""
        first, second = workers(), workers(patience=0.1)
        timers = {one: Timer(one, NOW, "retry", "") for one in "ab"}
        apply(first, timers=timers)
        with first.begin() as one, second.begin() as other:
            assert [timers["a"]] == list(one.due(NOW, 1))
            assert [timers["b"]] == list(other.due(NOW, 9))
            assert {"b": timers["b"]} == other.timers("ab")


class TestLanes:
    """Messages of one order to one destination, written by several workers."""

    def enter(self, store, *names):
        for at, name in enumerate(names):
            store.register(name, "hub.example", at, NOW, LEASE)

    def adopted(self, store, worker, now=NOW, limit=100):
        return [one.row.seq for one in store.adopt(worker, now, limit)]

    def test_several_workers_live_side_by_side(self, workers):
        """None is refused, and none takes what another owns."""
        first, second = workers(), workers()
        self.enter(first, "w1", "w2")
        [seq] = apply(first, outbox=[message()], owner="w1")

        assert first.renew("w1", later(5), LEASE)
        assert second.renew("w2", later(5), LEASE)
        assert [] == self.adopted(second, "w2", later(5))
        assert [seq] == self.adopted(second, "w2", later(5 + LEASE))

    def test_a_row_behind_a_live_worker_s_waits_until_that_is_sent(self, workers):
        """The second worker may neither publish nor adopt it before; afterwards anybody may."""
        store = workers()
        self.enter(store, "w1", "w2")
        [older] = apply(store, outbox=[message()], owner="w1")
        behind, free = apply(store, outbox=[message(), message("OL2")], owner="w2")

        assert 0 == behind < free
        assert [] == self.adopted(store, "w2")
        apply(store, sent=[older])
        [found] = self.adopted(store, "w2")
        assert older < found < free

    def test_whoever_owns_the_older_row_gets_those_behind_it(self, workers):
        """It knows both, and sends them in their order."""
        store = workers()
        self.enter(store, "w1", "w2")
        [older] = apply(store, outbox=[message()], owner="w1")
        assert (0,) == tuple(apply(store, outbox=[message()], owner="w2"))
        [behind] = self.adopted(store, "w1")

        assert older < behind
        assert (0,) == tuple(apply(store, outbox=[message()], owner="w2"))

    def test_adopters_at_the_same_time_never_share_a_lane(self, workers):
        """Three take twenty lanes a few rows at a time: each lane goes to one of them, in order."""
        stores = [workers() for _ in range(3)]
        self.enter(stores[0], "w0", "w1", "w2")
        apply(stores[0], outbox=[message(f"OL{one // 10}") for one in range(200)])
        taken = defaultdict(list)

        def adopt(at):
            while stores[0].unsent() and sum(map(len, taken.values())) < 200:
                for one in stores[at].adopt(f"w{at}", NOW, 7):
                    taken[one.row.order_id].append((f"w{at}", one.row.seq))

        together(*(lambda at=at: adopt(at) for at in range(3)))

        assert 20 == len(taken)
        for lane in taken.values():
            assert 1 == len({worker for worker, _ in lane})
            assert sorted(lane) == lane
            assert 10 == len(lane)

    def test_what_its_owner_is_marking_as_sent_is_not_adopted(self, workers):
        """Neither waits for the other: the row is locked by the one that deletes it."""
        first, second = workers(), workers(patience=0.1)
        [seq] = apply(first, outbox=[message()], owner="gone")
        with first.begin() as transaction:
            transaction.apply(Changes(sent=[seq]))
            assert [] == self.adopted(second, "w2")

    def test_the_claims_of_a_worker_that_was_not_heard_of_run_out(self, workers):
        """Another worker that renews its lease ends them; those of the living stay."""
        store = workers()
        self.enter(store, "w1", "w2")
        claims = [Claim(f"k-{name}", "OL1", 1, name, later(60)) for name in ("w1", "w2")]
        apply(store, claims=claims)
        store.renew("w2", later(5), LEASE)
        with store.begin() as transaction:
            assert later(60) == transaction.claims(["k-w1"])["k-w1"].lease
        store.renew("w2", later(11), LEASE)
        with store.begin() as transaction:
            found = transaction.claims(["k-w1", "k-w2"])

        assert [later(11), later(60)] == [found[one].lease for one in sorted(found)]

"""
The outbox: rows leave in order, once as far as anybody can know, and a deaf destination delays nobody else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest

from broker.memory import MemoryBroker
from broker.topology import QueueSpec, Topology
from orderloom.correlation.port import Changes, OutboxRow
from orderloom.engine.hub import Limits
from orderloom.engine.messages import Props
from orderloom.engine.outbox import Outbox
from tests.engine.faults import Crashed
from tests.engine.rig import START, Rig, order

QUEUES = ("a", "b", "c")


class Desk:
    """An outbox alone with a broker."""

    def __init__(self, **limits) -> None:
        queues = tuple(QueueSpec(name=name) for name in QUEUES)
        self.broker = MemoryBroker(Topology(owner="desk", exchanges=(), queues=queues, bindings=()))
        self.client = self.broker.connect("desk")
        self.client.start({})
        self.outbox = Outbox(self.client, Limits(**limits))
        self.now = START
        self.sends: list[int] = []
        self._send = self.client.send
        self.client.send = self._counted

    def _counted(self, publishes) -> None:
        self.sends += [one.token for one in publishes]
        self._send(publishes)

    def put(self, *rows: OutboxRow) -> None:
        self.outbox.add((row, b"%d" % row.seq) for row in rows)
        self.outbox.pump(self.now)

    def turn(self, seconds: float = 0.0) -> None:
        self.now += timedelta(seconds=seconds)
        self.outbox.landed(self.client.collect(0, 0.0).outcomes, self.now)
        self.outbox.pump(self.now)

    def seen(self, queue: str) -> list[int]:
        return [int(one.body) for one in self.broker.peek(queue, 99_999)]


def row(seq: int, queue: str = "a", lane: str = "O-1") -> OutboxRow:
    """An outbox row."""
    props = Props(message_id=f"M-{seq}", type="t", content_type="text/plain", at=START)
    return OutboxRow(lane, queue, "", queue, props.encoded(), True, START, native="n", seq=seq)


def rows(seqs: Iterable[int], queue: str = "a", lane: str = "O-1") -> list[OutboxRow]:
    """Rows of one lane."""
    return [row(seq, queue, lane) for seq in seqs]


def test_a_row_waits_until_the_older_one_of_its_lane_was_taken():
    """One in flight for each order and destination; others of the same order go beside it."""
    desk = Desk()
    desk.put(*rows((1, 2, 3)), row(4, "b"), row(5, lane="O-2"))
    assert [1, 4, 5] == desk.sends
    desk.turn()
    assert [1, 4, 5, 2] == desk.sends
    desk.turn()
    desk.turn()

    assert [1, 5, 2, 3] == desk.seen("a")
    assert 0 == len(desk.outbox)


def test_a_refused_row_goes_again_before_those_behind_it():
    """The order of a lane survives any number of refusals."""
    desk = Desk()
    desk.broker.refuse("a", 3)
    desk.put(*rows((1, 2)))
    for _ in range(8):
        desk.turn(1)

    assert [1, 2] == desk.seen("a")
    assert [1, 1, 1, 1, 2] == desk.sends


@pytest.mark.parametrize("trouble", ["refused", "unroutable"])
def test_a_deaf_destination_is_tried_with_longer_pauses_and_delays_nobody(trouble):
    """A quarter of a second first, doubling, thirty at most; the others go on meanwhile."""
    desk = Desk()
    if trouble == "refused":
        desk.broker.refuse("a", 10_000)
    else:
        desk.broker.delete_queue("a")
    desk.put(row(1))
    tried = []
    for tick in range(1, 4 * 150):
        before = len(desk.sends)
        desk.turn(0.25)
        if len(desk.sends) > before:
            tried.append(tick / 4)
        if tick % 40 == 0:
            desk.put(row(1000 + tick, "b", lane=f"O-{tick}"))
            assert 1000 + tick in desk.seen("b")

    # A pause begins when the outcome is seen, one turn after the sending.
    pauses = [later - now - 0.25 for now, later in pairwise(tried)]
    assert [0.5, 1, 2, 4, 8, 16, 30, 30] == pauses[:8]


def test_a_destination_that_hears_again_gets_everything_and_its_next_pause_is_short_again():
    """Success forgets the failures."""
    desk = Desk()
    desk.broker.refuse("a", 5)
    desk.put(*(row(seq, lane=f"O-{seq}") for seq in range(1, 4)))
    for _ in range(200):
        desk.turn(0.25)
    assert {1, 2, 3} == set(desk.seen("a"))

    desk.broker.refuse("a", 1)
    desk.put(row(9))
    before = len(desk.sends)
    desk.turn(0.25)
    desk.turn(0.25)
    assert [9] == desk.sends[before:]


def test_when_the_connection_is_back_nothing_waits_for_its_pause():
    """However long it was away: half a minute of pause was the connection's, not the destination's."""
    desk = Desk()
    desk.broker.refuse("a", 1000)
    desk.put(*(row(seq, lane=f"O-{seq}") for seq in range(1, 4)))
    for _ in range(300):
        desk.turn(0.25)
    desk.broker.refuse("a", 0)
    desk.turn(0.25)
    assert [] == desk.seen("a")
    desk.outbox.retry_now()
    desk.turn()
    desk.turn()

    assert {1, 2, 3} == set(desk.seen("a"))


@pytest.mark.parametrize("landed", [False, True])
def test_an_unknown_outcome_goes_again_under_the_same_id(landed):
    """It may have landed: whoever takes it knows it by its message id."""
    desk = Desk()
    desk.broker.lose_confirm(1, landed=landed)
    desk.put(row(1))
    desk.turn()
    desk.turn(1)
    desk.turn()

    ids = [one.properties.message_id for one in desk.broker.peek("a")]
    assert ["M-1"] * (1 + landed) == ids
    assert 0 == len(desk.outbox)


def test_nothing_is_sent_while_the_broker_blocks_publishers():
    """What waits leaves when the alarm is over."""
    desk = Desk()
    desk.broker.block()
    desk.put(row(1))
    desk.turn(1)
    assert [] == desk.sends
    desk.broker.unblock()
    desk.turn()

    assert [1] == desk.sends


def test_no_more_than_the_window_is_in_flight():
    """In messages and in bytes; the rest follows as the first are taken."""
    desk = Desk(window=5)
    desk.put(*(row(seq, lane=f"O-{seq}") for seq in range(1, 13)))
    assert 5 == len(desk.sends)
    desk.turn()
    assert 10 == len(desk.sends)
    desk.turn()
    assert 12 == len(desk.sends)

    narrow = Desk(window_bytes=6)
    narrow.put(*(row(seq, lane=f"O-{seq}") for seq in range(10, 19)))
    assert 3 == len(narrow.sends)


def test_an_adopted_row_takes_its_place_in_its_lane():
    """It may be older than what waits here; only what is in flight it cannot pass."""
    desk = Desk()
    desk.put(*rows((5, 8)))
    desk.put(row(6), row(4))
    for _ in range(5):
        desk.turn()

    assert [5, 4, 6, 8] == desk.seen("a")


def test_what_was_taken_is_known_until_it_is_marked():
    """A row between the broker's yes and the store's is nobody's to adopt."""
    desk = Desk()
    desk.put(row(1))
    assert desk.outbox.knows(1)
    desk.turn()
    assert desk.outbox.knows(1)
    marked = desk.outbox.marked()
    desk.outbox.give_back(marked, desk.now)
    assert (desk.outbox.knows(1), [1]) == (True, desk.outbox.taken)
    desk.outbox.marked()
    assert not desk.outbox.knows(1)


def test_what_was_taken_is_marked_within_50_ms_though_no_batch_comes_by(rig):
    """The row is gone from the store, and a crash after that sends nothing twice."""
    rig.drop(order())
    rig.step()
    rig.step()
    assert rig.store.unsent()
    rig.step(0.05)
    assert () == rig.store.unsent()
    told = len(rig.told())
    rig.restart()
    rig.settle()

    assert (2, []) == (told, rig.told())


def test_a_batch_marks_what_was_taken_before_it(rig):
    """No transaction of its own while there is work."""
    rig.drop(order("W-1"))
    rig.step()
    rig.drop(order("W-2"))
    before = rig.fuse.commits
    rig.step()

    assert 1 == rig.fuse.commits - before
    assert {rig.record("W-2").id} == unsent_to(rig, "system.crm.in")


def unsent_to(rig: Rig, queue: str) -> set[str]:
    """Of which orders something is unsent to a queue, as the store has it."""
    with rig.store._connections.read() as db:
        return {one for (one,) in db.execute("select order_id from outbox where destination = ?", (queue,))}


def test_after_a_crash_the_rows_of_the_dead_are_sent_in_the_order_of_their_numbers(rig):
    """Before anything younger of their lanes; nothing is in memory twice."""
    rig.broker.block()
    for number in range(5):
        rig.drop(order(f"W-{number}"))
    rig.step()
    crm = [rig.key("crm", f"W-{number}") for number in range(5)]
    rig.restart()
    rig.engine.adopt(rig.now)
    assert 5 * 5 == len(rig.engine.outbox)
    rig.broker.unblock()
    rig.settle()

    assert crm == [one["requestId"] for one in rig.bodies("system.crm.in")]
    assert 5 * ["acknowledgement.v1"] + 5 * ["notice.accepted.v1"] == sorted(rig.told())


def test_more_rows_than_one_look_takes_are_all_adopted_at_once(rig):
    """What stayed behind could be overtaken."""
    rig.broker.block()
    for number in range(5):
        rig.drop(order(f"W-{number}"))
    rig.step()
    rig.crash()
    rig._connect()
    rig.store.register("late", "bench", 9, rig.now, 10.0)
    engine = type(rig.engine)(rig.hub(), rig.store, rig.client, rig.calls, "late")
    assert 25 == engine.adopt(rig.now, limit=4)


def test_a_row_that_nobody_owns_is_adopted_once(rig):
    """The command line's, for one; looked for again and again it is not sent again."""
    with rig.store.begin() as tx:
        tx.apply(Changes(outbox=[replace(row(0, "system.crm.in"), native="", body=b"{}")]))
    assert [1, 0, 0] == [rig.engine.adopt(rig.now) for _ in range(3)]
    rig.settle()

    assert 1 == rig.broker.depth("system.crm.in")


def test_a_lost_connection_sends_again_what_was_not_confirmed(rig):
    """Under the same ids, in order."""
    rig.broker.lose_confirm(2)
    rig.drop(order())
    rig.settle(0.5)
    ids = [one.properties.message_id for one in rig.taken("channel.web.out")]

    assert 2 == len(set(ids))
    assert "inProgress" == rig.states()["order"]
    assert () == rig.store.unsent()


def test_message_ids_are_the_same_however_often_they_are_made(tmp_path):
    """Two hubs that never met make the same ids of the same order."""
    seen = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        rig = Rig(tmp_path / name)
        rig.completed()
        queues = ("channel.web.out", "orders.recent", "status.recent")
        seen.append([one.properties.message_id for queue in queues for one in rig.taken(queue)])
        rig.crash()

    assert seen[0] == seen[1]
    assert len(seen[0]) == len(set(seen[0]))


@pytest.mark.parametrize("after", [False, True])
def test_numbers_have_no_gaps_however_often_the_process_ends(tmp_path, monkeypatch, after):
    """A number is used only by a message that was rendered, and is stored with it or not at all."""
    monkeypatch.setattr("adapters.outbound.crm.CrmAdapter.counters", ("interchange",))
    used: dict[str, int] = {}
    rig = Rig(tmp_path)
    rig.fuse.after = after
    for number in range(8):
        rig.drop(order(f"W-{number}"))
        rig.fuse.at = rig.fuse.count + 1 + number
        for _ in range(40):
            try:
                rig.step(0.1)
            except Crashed:
                rig.restart()
    for number in range(8):
        [sent] = [one for one in rig.record(f"W-{number}").instructions if one.system == "crm"]
        used[f"W-{number}"] = sent.numbers["interchange"]

    assert list(range(1, 9)) == sorted(used.values())
    rig.crash()


def test_a_message_that_could_not_be_rendered_uses_no_number(rig, monkeypatch):
    """The next one has it."""
    monkeypatch.setattr("adapters.outbound.crm.CrmAdapter.counters", ("interchange",))
    acknowledge = rig.web.acknowledge

    def failing(intake, stamp):
        if intake.verdicts[0].origin.document == "W-1":
            raise RuntimeError("no")
        return acknowledge(intake, stamp)

    monkeypatch.setattr(rig.web, "acknowledge", failing)
    for number in ("W-0", "W-1", "W-2"):
        rig.drop(order(number))
    rig.settle()

    assert [1, 2] == [rig.record(one).instructions[0].numbers["interchange"] for one in ("W-0", "W-2")]

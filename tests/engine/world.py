"""
The neighbours of a hub on the bench: senders who drop and listen, systems that apply each key once and
answer.

What they were told is kept, so that at the end it can be held against what must always be true.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from random import Random

from broker.port import Delivery
from canonical.states import TERMINAL
from orderloom.calls import Call, CallKind, CallResult
from orderloom.correlation.port import ParkedState
from orderloom.correlation.record import Record
from tests.engine.element import Element
from tests.engine.faults import Crashed
from tests.engine.rig import (
    CONSUMED,
    CRM_REPLIES,
    GADGETS,
    MOBILE_IN,
    OSS_REPLIES,
    Rig,
    crm_result,
    order,
    oss_answer,
    oss_event,
)
from tests.oracle.rollup import rolled

__all__ = ["World"]

IN = "channel.web.in"
OUT = "channel.web.out"
OSS_WORK = "system.oss.internet.work"


class World:
    """
    Everybody around one bench.

    Args:
        chance: Lets answers be slow, repeated, shuffled and calls fail; None answers at once and once.
    """

    def __init__(self, rig: Rig, chance: Random | None = None) -> None:
        self.rig = rig
        self.chance = chance
        self.heard: dict[str, set[bytes]] = defaultdict(set)
        self.told: list[Delivery] = []
        self.dropped: list[str] = []
        self.element = Element(chance)
        self.coming: list[tuple[float, int, Callable[[], None]]] = []
        self.refusals = 0
        """So many calls do not get through."""
        self.rubbish = 0
        """So many replies that nobody can read were sent; they are parked."""
        self.mends = False
        """Somebody mends the rules, and moves back in the console what is parked."""
        self._count = 0

    def drop(self, number: str, offering: str = "NET") -> None:
        """A sender drops an order, and knows that it did."""
        self.dropped.append(number)
        self.rig.drop(order(number, offering=offering))

    # What they do.

    def act(self) -> None:
        """Everybody takes what is there, and does what is due."""
        for request in self.rig.taken("system.crm.in"):
            key = json.loads(request.body)["requestId"]
            self.heard[key].add(request.body)
            self.say(CRM_REPLIES, crm_result(key))
        for message in self.rig.taken(MOBILE_IN):
            for queue, answer in self.element.told(message, self.heard):
                self.say(queue, answer)
        while self.rig.calls.made:
            self._called(self.rig.calls.made.pop(0))
        self.told += self.rig.taken(OUT)
        if self.mends and self.rig.broker.depth(f"{IN}.parked"):
            self.rig.rules = dict(GADGETS)
            self.rig.broker.move(f"{IN}.parked", IN)
        now = self.rig.now.timestamp()
        due = sorted(one for one in self.coming if one[0] <= now)
        self.coming = [one for one in self.coming if one[0] > now]
        for _, _, act in due:
            act()

    def say(self, queue: str, body: bytes) -> None:
        """A system answers, once or several times, sooner or later."""
        for _ in range(self.chance.choice((1, 1, 1, 2, 3)) if self.chance else 1):
            self.later(lambda: self.rig.drop(body, queue))

    def later(self, act: Callable[[], None], longest: float = 20.0) -> None:
        """In some seconds."""
        self._count += 1
        seconds = self.chance.uniform(0, longest) if self.chance else 0.0
        self.coming.append((self.rig.now.timestamp() + seconds, self._count, act))

    def _called(self, call: Call) -> None:
        lost = self.refusals > 0 or (self.chance is not None and self.chance.random() < 0.25)
        self.refusals -= 1
        reached = not lost or (self.chance is not None and self.chance.random() < 0.5)
        if reached:
            self.heard[call.key].add(call.native.body)
            self.say(OSS_REPLIES, oss_event(call.key))
        kind = CallKind.ANSWERED if not lost else CallKind.UNKNOWN if reached else CallKind.TRANSIENT
        body = oss_answer(call.key) if kind is CallKind.ANSWERED else b""
        result = CallResult(call.key, call.attempt, call.system, kind, None, body, "application/json")
        calls = self.rig.calls  # of the process that called: when it is gone, nobody hears the end
        self.later(lambda: calls.results.append(result), longest=9.0)

    # How a run is driven.

    def turn(self, seconds: float) -> None:
        """One turn of the hub, or its death and its next life; then everybody else's."""
        try:
            self.rig.step(seconds)
        except Crashed:
            self.reborn()
        self.act()

    def reborn(self) -> None:
        """A new process, until one lives."""
        while True:
            try:
                self.rig.restart()
            except Crashed:
                continue
            return

    def until_quiet(self, turns: int = 400) -> None:
        """Turn until nobody has anything left to do."""
        for turn in range(turns):
            self.turn(0.1 if turn < 25 else 2.0)
            if self.quiet:
                return

    @property
    def quiet(self) -> bool:
        """Whether nothing is under way anywhere."""
        rig = self.rig
        held = any(
            rig.broker.depth(queue) or rig.broker.unsettled(queue) for queue in {**CONSUMED, **rig.lanes}
        )
        unread = rig.calls.made or any(rig.broker.depth(queue) for queue in ("system.crm.in", MOBILE_IN, OUT))
        ended = not set(rig.store.counts()) - {one.value for one in TERMINAL}
        return rig.engine.idle and ended and not (held or unread or self.coming)

    def records(self) -> list[Record | None]:
        """Every order that was dropped, as the store has it; None for one that was lost."""
        found = []
        for number in dict.fromkeys(self.dropped):
            ids = {order_id for _, order_id in self.rig.store.find(number)}
            found.append(self.rig.store.order(ids.pop()) if len(ids) == 1 else None)
        return found

    # What must be true when all is quiet.

    def check(self) -> None:
        """Nothing lost, nothing twice, everybody told, nothing left over."""
        records = self.records()
        assert None not in records
        assert len(set(self.dropped)) == sum(self.rig.store.counts().values())
        for record in records:
            assert record is not None
            self._check_order(record)
        keys = {one.key for record in records if record is not None for one in record.instructions}
        assert keys == set(self.heard)
        assert {1} == {len(bodies) for bodies in self.heard.values()}
        by_mobile = {
            one.key
            for record in records
            if record is not None
            for one in record.instructions
            if one.system == "oss.mobile"
        }
        assert dict.fromkeys(by_mobile, 1) == self.element.carried_out
        self._check_messages()
        self._check_leftovers()

    def _check_order(self, record: Record) -> None:
        states = {(line.state.value, line.cause.value if line.cause else "", "") for line in record.lines}
        assert rolled(states)[0] == record.order.state.value == "completed"
        assert record.order.progress.done == record.order.progress.total == len(record.lines)
        answers = {"acknowledgement.v1", "notice.status.v1"}
        mine = [
            one
            for one in self.told
            if one.properties.correlation_id == record.id and one.properties.type not in answers
        ]
        assert "notice.ended.v1" == mine[-1].properties.type
        assert '"state":"completed"' in mine[-1].body.decode()
        firsts = list(dict.fromkeys(one.properties.type for one in mine))
        assert ["notice.accepted.v1", "notice.ended.v1"] == firsts
        journal = [one.event for one in self.rig.store.journal(record.id)]
        assert 1 == journal.count("order_accepted")
        assert len(record.instructions) == journal.count("instruction_sent")

    def _check_messages(self) -> None:
        by_id = defaultdict(set)
        for one in (*self.told, *self.rig.taken("orders.recent"), *self.rig.taken("status.recent")):
            by_id[one.properties.message_id].add(one.body)
        assert {1} == {len(bodies) for bodies in by_id.values()}

    def _check_leftovers(self) -> None:
        rig = self.rig
        assert () == rig.store.unsent()
        assert {} == rig.timers()
        parked = rig.store.parked(ParkedState.OPEN)
        assert self.rubbish == len(parked)
        handles = {one.properties.headers["x-parked-id"] for one in rig.taken(f"{OSS_REPLIES}.parked")}
        assert {one.id for one in parked} == handles
        # What killed three workers is parked; when a copy of it was taken later, its row has closed.
        killers = {one.properties.headers["x-parked-id"] for one in rig.taken(f"{OSS_WORK}.parked")}
        assert killers <= {one.id for one in rig.store.parked(ParkedState.CLOSED)}
        queues = [queue for queue in rig.broker.queues() if queue != "hub.identity"]
        assert dict.fromkeys(queues, 0) == rig.depths(queues)
        with rig.store._connections.read() as db:
            counts = [db.execute(f"select count(*) from {name}") for name in _EMPTY]  # noqa: S608 -- ours
            rest = {name: count.fetchone()[0] for name, count in zip(_EMPTY, counts, strict=True)}
        assert dict.fromkeys(_EMPTY, 0) == rest


# Tables that hold only what is under way.
_EMPTY = ("outbox", "attempt", "claim", "reply", "timer")


def horizon(world: World, seconds: float) -> None:
    """Let time pass that no lease outlives, in turns."""
    ends = world.rig.now + timedelta(seconds=seconds)
    while world.rig.now < ends:
        world.turn(2.0)

"""
The bench on which one fold is made: a record taken apart, worked on, and put together again.

Mutable, lives for one step, never leaves this package.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import msgspec

from canonical.instructions import Instruction, InstructionLine
from canonical.keys import instruction_key, instruction_reference
from canonical.notices import Notice, NoticeKind
from canonical.order import ErrorMessage, JeopardyAlert, Milestone, OrderItem, every_item
from canonical.plan import PartPlan
from canonical.replies import Reference
from canonical.states import Cause, State
from canonical.systems import Verb

from .derive import derive_order
from .folded import Announcement, Dispatch, Folded, World
from .port import JournalEntry, Timer
from .record import Alias, Instructed, Line, Record, Told
from .tell import endpoints_of, notices_of
from .waits import good, lost, waits_of

__all__ = ["Working", "answer_timer", "respond_timer"]


def answer_timer(key: str) -> str:
    """Name of the timer that waits for the answer to an instruction."""
    return f"answer-by|{key}"


def respond_timer(order_id: str, endpoint: str) -> str:
    """Name of the timer by which an endpoint must be told ``accepted``."""
    return f"respond-by|{order_id}|{endpoint}"


class Working:
    """One record on the bench; :meth:`finish` settles what follows and puts it together."""

    def __init__(self, record: Record, world: World, now: datetime) -> None:
        self.before = record
        self.world = world
        self.now = now
        self.order = record.order
        self.parts: dict[str, PartPlan] = {part.name: part for part in record.plan.parts}
        self.lines: dict[tuple[str, str], Line] = {line.key: line for line in record.lines}
        self.instructions: dict[str, Instructed] = {one.key: one for one in record.instructions}
        self.aliases = record.aliases
        self.outputs = dict(record.outputs)
        self.waits = waits_of(record.plan)
        self._dispatches: list[Dispatch] = []
        self._journal: list[JournalEntry] = []
        self._timers: dict[str, Timer] = {}
        # Never a key that is also set, so that it does not matter which of the two is applied first.
        self._cleared: dict[str, None] = {}
        self._events: list[str] = []
        self.respond_due: tuple[str, ...] = ()  # endpoints whose time to be told `accepted` has come

    @cached_property
    def items(self) -> dict[str, OrderItem]:
        """Every item of the order, nested ones too, by id."""
        return {one.id: one for one in every_item(self.before.order.product_order_item)}

    # What a step may do.

    def note(self, event: str, text: str, actor: str = "hub", **data: str) -> None:
        """Write a line of the order's story."""
        self._journal.append(JournalEntry(self.order.id, self.now, event, text, data, actor))

    def announce(self, event: str) -> None:
        """Announce a change of the order on ``orders``."""
        self._events.append(event)

    def move(self, line: Line, state: State, **more: Any) -> None:
        """Put a line into ``state``; other fields of it may be given by name."""
        since = line.since if state is line.state else self.now
        self.lines[line.key] = moved = msgspec.structs.replace(line, state=state, since=since, **more)
        if state is not State.COMPLETED and state.terminal and good(moved, self.parts):
            what = f"{line.part} for item {line.item} ended {state.value}; it was optional"
            self.note("optional_ended", what)

    def fault(self, line: Line, code: str, reason: str) -> None:
        """Show on the order why an item cannot go on."""
        message = ErrorMessage(code=code, reason=reason, timestamp=self.now, product_order_item=(line.item,))
        shown = self.order.product_order_error_message
        if all((one.code, one.product_order_item) != (code, (line.item,)) for one in shown):
            self.order = msgspec.structs.replace(self.order, product_order_error_message=(*shown, message))

    def reach(self, milestone: str, part: str) -> None:
        """Show a milestone of a part, once."""
        shown = self.order.product_order_milestone
        id_ = f"{part}.{milestone}"
        if all(one.id != id_ for one in shown):
            items = tuple(line.item for line in self.lines.values() if line.part == part)
            reached = Milestone(id=id_, name=milestone, milestone_date=self.now, product_order_item=items)
            self.order = msgspec.structs.replace(self.order, product_order_milestone=(*shown, reached))

    def alias(self, *aliases: Alias) -> None:
        """Make the order known under more ids."""
        known = {one.key for one in self.aliases}
        self.aliases += tuple(one for one in dict.fromkeys(aliases) if one.key not in known)

    def given(self, system: str, part: str, ids: tuple[Reference, ...]) -> None:
        """Know the order by ids that a system gave to a part of it."""
        self.alias(*(Alias(owner=system, type=one.type, value=one.value, part=part) for one in ids))

    def set_timer(self, timer: str, kind: str, seconds: float, **data: str) -> None:
        """Have the order looked at again, ``seconds`` from now."""
        self._cleared.pop(timer, None)
        self._timers[timer] = Timer(timer, self.now + timedelta(seconds=seconds), kind, self.order.id, data)

    def clear_timer(self, timer: str) -> None:
        """Forget a timer."""
        self._timers.pop(timer, None)
        self._cleared[timer] = None

    def answer_within(self, part: PartPlan) -> int:
        """Seconds that the part's system has to answer."""
        return part.answer_within or self.world.profiles[part.system].answer_within

    @property
    def started(self) -> bool:
        """Whether the day has come from which the customer wants the order carried out."""
        start = self.order.requested_start_date
        return start is None or start <= self.now

    def instruction(self, part: PartPlan) -> Instruction:
        """The instruction of a part as its lines are now."""
        lines = sorted(
            (one for one in self.lines.values() if one.part == part.name), key=lambda one: one.number
        )
        return Instruction(
            key=instruction_key(self.order.id, part.name, Verb.DO, 0),
            reference=instruction_reference(self.order.id, part.number, 0),
            order_id=self.order.id,
            order_version=self.order.version,
            system=part.system,
            part=part.name,
            position=f"{part.number}/{len(self.parts)}",
            verb=Verb.DO,
            revision=0,
            lines=tuple(
                InstructionLine(number=one.number, item=self._bare(one.item)) for one in lines if _wanted(one)
            ),
            created=self.order.creation_date,
            related_party=self.order.related_party,
            place=self.order.place,
            external_id=self.order.external_id,
            requested_completion_date=self.order.requested_completion_date,
            priority=self.order.priority,
            inputs=self.outputs,
        )

    def repeat(self, sent: Instructed) -> Instructed:
        """Send an instruction again under its key, the next attempt."""
        again = msgspec.structs.replace(sent, attempt=sent.attempt + 1, sent_at=self.now)
        self.instructions[sent.key] = again
        self._dispatches.append(Dispatch(self.instruction(self.parts[sent.part]), again.attempt))
        return again

    def inquire(self, asking: Instructed) -> None:
        """Send the question what became of an instruction: the last one that ``asking`` counts."""
        self.instructions[asking.key] = asking
        wanted = self.instruction(self.parts[asking.part])
        self._dispatches.append(Dispatch(wanted, asking.attempt, asking.inquiries))

    # What follows from a step.

    def finish(self) -> Folded:
        """Cut what is lost, send what is ready, derive the states, and say who is told what."""
        while self._cut() or self._release():
            pass
        self.order = derive_order(self.order, self.parts, self.lines, self.waits, self.now)
        self._alert()
        notices = notices_of(self.before, self.order, self.world.endpoints, self.now, self.respond_due)
        self._need_not_respond(notices)
        record = Record(
            order=self.order,
            plan=self.before.plan,
            lines=tuple(self.lines.values()),
            instructions=tuple(self.instructions.values()),
            told=self.before.told + tuple(_told(one) for one in notices),
            aliases=self.aliases,
            outputs=self.outputs,
        )
        return Folded(
            record=record,
            at=self.now,
            dispatches=tuple(self._dispatches),
            notices=notices,
            announcements=tuple(self._announcements()),
            journal=tuple(self._journal),
            timers=tuple(self._timers.values()),
            cleared=tuple(self._cleared),
        )

    def _need_not_respond(self, notices: tuple[Notice, ...]) -> None:
        told = [one.endpoint for one in notices if one.kind is NoticeKind.ACCEPTED]
        for endpoint in endpoints_of(self.order) if self.order.state.terminal else told:
            self.clear_timer(respond_timer(self.order.id, endpoint))

    def _cut(self) -> bool:
        missing = {key for key, line in self.lines.items() if lost(line, self.parts)}
        gone = [
            line
            for key, line in self.lines.items()
            if missing
            and not line.sent
            and not line.state.terminal
            and not missing.isdisjoint(self.waits[key])
        ]
        for line in gone:
            self.move(line, State.CANCELLED, cause=Cause.FALLOUT, reason="what it waited for was lost")
            self.note("line_cut", f"{line.part} for item {line.item} cancelled: what it waited for was lost")
        return bool(gone)

    def _release(self) -> bool:
        if not self.started:
            return False
        unsent: dict[str, list[Line]] = {}
        for line in self.lines.values():
            if not line.sent and not line.state.terminal:
                unsent.setdefault(line.part, []).append(line)
        ready = [(self.parts[name], lines) for name, lines in unsent.items() if self._ready(lines)]
        for part, lines in ready:
            self._send(part, lines)
        return bool(ready)

    def _ready(self, lines: list[Line]) -> bool:
        before = {key for line in lines for key in self.waits[line.key]}
        return all(good(self.lines[key], self.parts) for key in before)

    def _send(self, part: PartPlan, lines: list[Line]) -> None:
        for line in lines:
            state = State.IN_PROGRESS if line.state is State.ACKNOWLEDGED else line.state
            self.move(line, state, sent=True)
        wanted = self.instruction(part)
        self.instructions[wanted.key] = Instructed(
            key=wanted.key,
            part=part.name,
            system=part.system,
            verb=wanted.verb,
            reference=wanted.reference,
            sent_at=self.now,
        )
        self._dispatches.append(Dispatch(wanted))
        self.set_timer(answer_timer(wanted.key), "answer-by", self.answer_within(part), key=wanted.key)
        self.note(
            "instruction_sent",
            f"{part.name} sent to {part.system}",
            key=wanted.key,
            reference=wanted.reference,
        )

    def _alert(self) -> None:
        """A held order has a jeopardy alert; the notice of the delay points at it."""
        if self.order.state is not State.HELD or self.before.order.state is State.HELD:
            return
        held = [line for line in self.lines.values() if line.state is State.HELD]
        shown = self.order.product_order_jeopardy_alert
        alert = JeopardyAlert(
            id=f"{self.order.version}.{len(shown) + 1}",
            name="delay",
            alert_date=self.now,
            message="; ".join(dict.fromkeys(line.reason or line.code for line in held))
            or "waits for the provider",
            product_order_item=tuple(dict.fromkeys(line.item for line in held)),
        )
        self.order = msgspec.structs.replace(self.order, product_order_jeopardy_alert=(*shown, alert))

    def _announcements(self) -> list[Announcement]:
        found = [Announcement("orders", event, self.order) for event in self._events]
        before = self.before.order
        if (self.order.state, self.order.product_order_item) != (before.state, before.product_order_item):
            found.append(Announcement("status", self.order.state, self.order))
            self.note(
                "status_changed",
                _progress_text(self.order.state, self.order.progress.done, self.order.progress.total),
            )
        return found

    def _bare(self, item: str) -> OrderItem:
        return msgspec.structs.replace(self.items[item], state=None, cause=None, product_order_item=())


def _told(notice: Notice) -> Told:
    order = notice.order
    if order is None:
        msg = "a notice that the fold makes is about an order"
        raise AssertionError(msg)
    return Told(
        endpoint=notice.endpoint, kind=notice.kind, version=order.version, at=notice.at, state=order.state
    )


def _wanted(line: Line) -> bool:
    return line.sent or not line.state.terminal


def _progress_text(state: State, done: int, total: int) -> str:
    return f"{state.value}, {done} of {total} lines done"

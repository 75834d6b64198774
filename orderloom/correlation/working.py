"""
The bench on which one fold is made: a record taken apart, worked on, and put together again.

Mutable, lives for one step, never leaves this package.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import msgspec

from canonical.commands import Origin
from canonical.errors import Fault
from canonical.instructions import Instruction, InstructionLine
from canonical.keys import instruction_key, instruction_reference
from canonical.notices import Notice, NoticeKind
from canonical.order import (
    ChannelRef,
    ChannelRole,
    ErrorMessage,
    Milestone,
    Order,
    OrderItem,
    OrderRelationship,
    RelatedChannel,
    every_item,
)
from canonical.plan import PartPlan, Plan
from canonical.replies import Reference
from canonical.states import Cause, State
from canonical.systems import Verb

from .amending import advance_amendments, close_amendments
from .answering import answers_of, told_of, with_questions
from .cancelling import advance_cancel, cancel_stage, cancelled_items, close_cancels
from .checks import await_expiry
from .derive import derive_order
from .folded import Announcement, Dispatch, Folded, World
from .holding import forget_answers
from .indexed import Lines, Steps
from .jeopardy import alert_held, expect
from .milestones import show_reached
from .naming import answer_timer, first_names, names
from .offers import ask_customers, standing
from .overlay import shown_lines
from .port import JournalEntry, Timer
from .record import Alias, Amending, Cancelling, Instructed, Line, Offered, Record, Step, Told
from .tell import endpoints_of, notices_of
from .waits import Waits, good, lost, passed, waits_of

__all__ = ["Working", "answer_timer", "respond_timer"]


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
        self.plan = record.plan
        self.parts: dict[str, PartPlan] = {part.name: part for part in record.plan.parts}
        self.lines = Lines(record.lines)
        self.instructions: dict[str, Instructed] = {one.key: one for one in record.instructions}
        self.amendments: dict[str, Amending] = {one.amendment.id: one for one in record.amendments}
        self.cancels: dict[str, Cancelling] = {one.task.id: one for one in record.cancels}
        self.steps = Steps(record.steps)
        self.offers: dict[tuple[str, str], Offered] = {one.line: one for one in record.offers}
        self.drafts: list[Record] = []
        self.follow_ons: dict[str, int] = {}  # by amendment, the place of its draft among these
        self.aliases = record.aliases
        self.outputs = dict(record.outputs)
        self._waits: Waits | None = None
        self._items: dict[str, OrderItem] | None = None
        self._dispatches: list[Dispatch] = []
        self._journal: list[JournalEntry] = []
        self._timers: dict[str, Timer] = {}
        # Never a key that is also set, so that it does not matter which of the two is applied first.
        self._cleared: dict[str, None] = {}
        self._events: list[str] = []
        self.respond_due: tuple[str, ...] = ()  # endpoints whose time to be told `accepted` has come

    @property
    def items(self) -> dict[str, OrderItem]:
        """Every item of the order in force, nested ones too, by id."""
        if self._items is None:
            self._items = {one.id: one for one in every_item(self.order.product_order_item)}
        return self._items

    @property
    def waits(self) -> Waits:
        """What each line waits for."""
        if self._waits is None:
            self._waits = waits_of(self.plan)
        return self._waits

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

    def is_cleared(self, timer: str) -> bool:
        """Whether a timer has come, or was forgotten, in this step."""
        return timer in self._cleared

    def answer_within(self, part: PartPlan) -> int:
        """Seconds that the part's system has to answer."""
        return part.answer_within or self.world.profiles[part.system].answer_within

    @property
    def started(self) -> bool:
        """Whether the day has come from which the customer wants the order carried out."""
        start = self.order.requested_start_date
        return start is None or start <= self.now

    def await_start(self) -> None:
        """Look at the order again on the day from which it is wanted, unless that has come."""
        timer, start = f"start|{self.order.id}", self.order.requested_start_date
        if start is None or self.started:
            self.clear_timer(timer)
            return
        self.set_timer(timer, "start", (start - self.now).total_seconds())
        self.note("start_awaited", f"nothing is sent before {start:%Y-%m-%d %H:%M:%S %Z}")

    def compose(
        self,
        part: PartPlan,
        verb: Verb,
        lines: tuple[InstructionLine, ...],
        *,
        undoes: str = "",
        order: Order | None = None,
        revision: int | None = None,
    ) -> Instruction:
        """
        An instruction to a part's system, with the next revision of what that is told of the part.

        Args:
            order: Whose own fields it says; the order in force unless it is given.
            revision: That of an instruction which was told before.
        """
        said = order or self.order
        if revision is None:
            told = [one.revision for one in self.instructions.values() if one.part == part.name]
            revision = 1 + max(told, default=-1)
        return Instruction(
            key=instruction_key(self.order.id, part.name, verb, revision),
            reference=instruction_reference(self.order.id, part.number, revision),
            order_id=self.order.id,
            order_version=self.order.version,
            system=part.system,
            part=part.name,
            position=f"{part.number}/{len(self.parts)}",
            verb=verb,
            revision=revision,
            lines=lines,
            created=self.order.creation_date,
            related_party=said.related_party,
            place=said.place,
            external_id=said.external_id,
            requested_completion_date=said.requested_completion_date,
            priority=said.priority,
            inputs=self.outputs,
            undoes=undoes,
        )

    def tell(self, wanted: Instruction) -> None:
        """Tell a system; it has its time to answer from now on."""
        part = self.parts[wanted.part]
        first = wanted.revision == 0
        self.instructions[wanted.key] = Instructed(
            key=wanted.key,
            part=part.name,
            system=part.system,
            verb=wanted.verb,
            reference=wanted.reference,
            sent_at=self.now,
            revision=wanted.revision,
            items=tuple(one.item.id for one in wanted.lines),
            undoes=wanted.undoes,
            lines=() if first else wanted.lines,
        )
        if not first:
            self.alias(*names(part, self.world.profiles[part.system], wanted.key, wanted.reference))
        self._dispatches.append(Dispatch(wanted))
        self.set_timer(answer_timer(wanted.key), "answer-by", self.answer_within(part), key=wanted.key)
        what = "sent" if wanted.verb is Verb.DO else f"{wanted.verb.value} sent"
        facts = {"key": wanted.key, "reference": wanted.reference}
        self.note("instruction_sent", f"{part.name} {what} to {part.system}", **facts)

    def told_again(self, sent: Instructed) -> Instruction:
        """The instruction that was told, as it is told again: under its key, with what it said."""
        part = self.parts[sent.part]
        lines = sent.lines or self._lines_of(sent)
        return self.compose(part, sent.verb, lines, undoes=sent.undoes, revision=sent.revision)

    def repeat(self, sent: Instructed) -> Instructed:
        """Send an instruction again under its key, the next attempt."""
        again = msgspec.structs.replace(sent, attempt=sent.attempt + 1, sent_at=self.now)
        self.instructions[sent.key] = again
        self._dispatches.append(Dispatch(self.told_again(sent), again.attempt))
        return again

    def inquire(self, asking: Instructed) -> None:
        """Send the question what became of an instruction: the last one that ``asking`` counts."""
        self.instructions[asking.key] = asking
        self._dispatches.append(Dispatch(self.told_again(asking), asking.attempt, asking.inquiries))

    def _lines_of(self, sent: Instructed) -> tuple[InstructionLine, ...]:
        return self._said(line for line in self.lines.values() if sent.holds(line))

    def _said(self, lines: Iterable[Line]) -> tuple[InstructionLine, ...]:
        return tuple(
            InstructionLine(number=one.number, item=self.bare(one.item))
            for one in sorted(lines, key=lambda one: one.number)
            if _wanted(one)
        )

    # Changes of an order that is under way.

    def put(self, step: Step) -> None:
        """Make a step, or how far it has come, part of the order."""
        self.steps.put(step)

    def drop(self, step: Step) -> None:
        """A step is over; nobody waits for an answer to its instruction if it was the last."""
        self.steps.drop(step)
        if step.key and not self.steps.told(step.key):
            self.forget_answer(step.key)

    def forget_answer(self, key: str) -> None:
        """Wait no more for the answer to an instruction, nor for another call."""
        self.clear_timer(answer_timer(key))
        self.clear_timer(f"retry|{key}")

    def change_order(self, order: Order) -> None:
        """Put other content in force."""
        self.keep_said()
        self.order = order
        self._items = None

    def change_plan(self, plan: Plan) -> None:
        """Put another plan in force; what it has more is known to its systems by its key from now on."""
        for part in plan.parts:
            if part.name not in self.parts:
                self.alias(*first_names(self.order.id, part, self.world.profiles[part.system]))
        self.plan = plan
        self.parts = {part.name: part for part in plan.parts}
        self._waits = None

    def keep_said(self) -> None:
        """Keep what was said by instructions that say the order in force: it will not be that any more."""
        for key, sent in self.instructions.items():
            if not sent.lines:
                self.instructions[key] = msgspec.structs.replace(sent, lines=self._lines_of(sent))

    def shortcoming(self, step: Step, fault: Fault | None) -> None:
        """Show on the order that a person has to look at a step."""
        if fault is not None:
            self.fault(self.lines[step.line], fault.code, str(fault))
            system = self.parts[step.part].system
            self.note("fallout", f"{step.part}: {fault}", code=fault.code, part=step.part, system=system)

    def has_part_in(self, origin: Origin, role: ChannelRole) -> None:
        """Put whoever sent a document on the order's list of channels, once in each role."""
        known = {(one.endpoint, one.role) for one in self.order.channel}
        if origin.endpoint and (origin.endpoint, role) not in known:
            channel = ChannelRef(id=origin.channel)
            one = RelatedChannel(role=role, channel=channel, endpoint=origin.endpoint, at=self.now)
            self.order = msgspec.structs.replace(self.order, channel=(*self.order.channel, one))

    def relate(self, order_id: str, relationship: str) -> None:
        """Link another order to this one."""
        one = OrderRelationship(id=order_id, relationship_type=relationship)
        if one not in self.order.order_relationship:
            related = (*self.order.order_relationship, one)
            self.order = msgspec.structs.replace(self.order, order_relationship=related)

    # What follows from a step.

    def finish(self) -> Folded:
        """Cut what is lost, send what is ready, derive the states, and say who is told what."""
        while self._cut() or self._release() or self._advance() or self._close():
            pass
        if self.order.requested_start_date != self.before.order.requested_start_date:
            self.await_start()
        await_expiry(self)
        show_reached(self)
        self.order = self.derived()
        expect(self)
        alert_held(self)
        forget_answers(self)
        answers = answers_of(
            self.before,
            self.order,
            self.world.endpoints,
            self.now,
            amendments=self.amendments,
            cancels=self.cancels,
        )
        news = notices_of(self.before, self.order, self.world.endpoints, self.now, self.respond_due)
        notices = (*answers, *with_questions(answers, news, self.amendments.values()))
        self._need_not_respond(notices)
        record = Record(
            order=self.order,
            plan=self.plan,
            lines=tuple(self.lines.values()),
            instructions=tuple(self.instructions.values()),
            told=self.before.told + tuple(_told(one) for one in notices),
            aliases=self.aliases,
            outputs=self.outputs,
            amendments=tuple(self.amendments.values()),
            cancels=tuple(self.cancels.values()),
            steps=tuple(self.steps.values()),
            offers=standing(self),
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
            drafts=tuple(self.drafts),
        )

    def _advance(self) -> bool:
        """Move what changes the order; False when nothing of it can be moved."""
        moved = ask_customers(self)
        moved |= bool(self.amendments) and advance_amendments(self)
        for cancelling in list(self.cancels.values()):
            moved |= advance_cancel(self, cancelling)
        return moved

    def _close(self) -> bool:
        """Settle what is under way when the order ends; False when it has not, or nothing was."""
        open_ones = self.steps or any(not one.amendment.settled for one in self.amendments.values())
        if not open_ones:
            return False
        state = self.derived().state
        if not state.terminal:
            return False
        closed = close_cancels(self)
        return close_amendments(self, state) or closed

    def derived(self) -> Order:
        """The order with the states that its lines give it by now."""
        lines = shown_lines(self.lines, self.steps.values())
        return derive_order(
            self.order,
            self.parts,
            lines,
            lambda: self.waits,
            self.now,
            cancelled=cancel_stage(self.cancels.values()),
            cancelled_items=cancelled_items(self.cancels.values()),
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
        # What is about to be changed is not sent as it was: its change is decided first.
        changing = {one.line for one in self.steps.values() if one.verb is None and not one.added}
        for line in self.lines.values():
            if not line.sent and not line.state.terminal and line.key not in changing:
                unsent.setdefault(line.part, []).append(line)
        ready = [(self.parts[name], lines) for name, lines in unsent.items() if self._ready(lines)]
        for part, lines in ready:
            self._send(part, lines)
        return bool(ready)

    def _ready(self, lines: list[Line]) -> bool:
        before = {key for line in lines for key in self.waits[line.key]}
        return all(passed(self.lines[key], self.parts) for key in before if key in self.lines)

    def _send(self, part: PartPlan, lines: list[Line]) -> None:
        for line in lines:
            state = State.IN_PROGRESS if line.state is State.ACKNOWLEDGED else line.state
            self.move(line, state, sent=True)
        said = self._said(self.lines[line.key] for line in lines)
        self.tell(self.compose(part, Verb.DO, said))

    def _announcements(self) -> list[Announcement]:
        found = [Announcement("orders", event, self.order) for event in self._events]
        before = self.before.order
        alerted = len(self.order.product_order_jeopardy_alert) > len(before.product_order_jeopardy_alert)
        moved = (self.order.state, self.order.product_order_item) != (before.state, before.product_order_item)
        if moved or alerted:
            found.append(Announcement("status", self.order.state, self.order))
            self.note(
                "status_changed",
                _progress_text(self.order.state, self.order.progress.done, self.order.progress.total),
            )
        return found

    def bare(self, item: str) -> OrderItem:
        """An item in force, by itself."""
        return msgspec.structs.replace(self.items[item], state=None, cause=None, product_order_item=())


def _told(notice: Notice) -> Told:
    if notice.order is None:
        msg = "a notice that the fold makes is about an order"
        raise AssertionError(msg)
    return told_of(notice, notice.order)


def _wanted(line: Line) -> bool:
    return line.sent or not line.state.terminal


def _progress_text(state: State, done: int, total: int) -> str:
    return f"{state.value}, {done} of {total} lines done"

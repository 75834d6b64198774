"""
Acts of a person on fallout: held lines, and held steps of changes, are told again or end as that person says.

``(record, act, now) -> Folded``, pure like every fold.  What may be told again depends on what is known:
silence and failed calls leave it open whether the system has the work, a refusal says that it has not.  Who
keeps an act from being carried out twice is the engine, by the act's id.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

import msgspec

from canonical.amendments import ChangeKind, ItemChange, ItemPatch
from canonical.base import Canonical, Id, Instant, Text
from canonical.changing import ItemNames, differing, patched, with_changes
from canonical.errors import Fault, Rejected, shown
from canonical.notices import Notice, NoticeKind
from canonical.states import Cause, State
from canonical.systems import Repeat, Verb

from .answering import told_of
from .doubt import settle_doubt
from .folded import Folded, World
from .holding import open_lines, open_steps
from .inquiry import inquire
from .pieces import NOT_UNDONE, anew
from .record import Instructed, Line, Record, Step, StepState
from .step_replies import refuse_step, step_done
from .tell import document_at, endpoints_of
from .working import Working, answer_timer

__all__ = ["Act", "ActKind", "Chosen", "Held", "carry_out", "held"]

_REFUSED: Final = "E_SYSTEM_REFUSED"
"""The one code that says that the system does not have the work."""

_HAS: Final = "E_SYSTEM_HELD"
"""The system has the work, and goes on with it by itself."""

_UNSAID: Final = ("E_UNANSWERED", "E_DECLINED")
"""The system has the work, and waits for the customer's yes."""

_SKIPPED: Final = "E_SKIPPED"


class ActKind(StrEnum):
    """What a person has done with what is held."""

    RETRY = "retry"
    EDIT = "edit"
    COMPLETE = "complete"
    SKIP = "skip"
    CANCEL = "cancel"
    FAIL = "fail"


class Chosen(Canonical, frozen=True):
    """What of an order is meant, of all that is held; what is empty chooses all."""

    part: Text = ""
    item: Text = ""
    code: Text = ""
    system: Text = ""
    held_by: Instant | None = None


class Act(Canonical, frozen=True):
    """
    One act, on what is held of one order or of many.

    Args:
        id: The same act twice, on the same order, is carried out once.
        by: Who: ``cli:ada``.
        why: For the journal.
        patch: With ``EDIT``: what becomes of the item; its ``item`` names it.
        not_applied: With ``RETRY`` and ``EDIT``: the system's owner says that it does not have the work.
        outputs: With ``COMPLETE``: values that later parts want of this one, without the system's name.
    """

    id: Id
    kind: ActKind
    by: Id
    why: Text
    chosen: Chosen = Chosen()
    patch: ItemPatch | None = None
    not_applied: bool = False
    outputs: Mapping[str, str] = {}


class Held(NamedTuple):
    """
    A line that waits for a person, or whose change or undoing does.

    Args:
        step: What is to be done to the line; None when the line itself is held.
        sent: The instruction that is to be answered, if there is one.
        since: When the line came into its state; of a change, when somebody asked for that.
    """

    line: Line
    step: Step | None
    sent: Instructed | None
    since: datetime

    @property
    def code(self) -> str:
        """Why it is held."""
        if self.step is None:
            return self.line.code
        return self.step.fault.code if self.step.fault is not None else ""

    def __str__(self) -> str:
        verb = f"{self.step.verb or 'a change'} of " if self.step is not None else ""
        return f"{verb}{self.line.part} for item {self.line.item}"


def held(record: Record, chosen: Chosen = Chosen()) -> tuple[Held, ...]:  # noqa: B008 -- frozen
    """
    What of an order is held, and is meant.

    Of a line whose change is held only the change is: what becomes of the line is decided with it.
    """
    systems = {part.name: part.system for part in record.plan.parts}
    lines = {line.key: line for line in record.lines}
    told = {one.key: one for one in record.instructions}
    asked = {one.amendment.id: one.amendment.at for one in record.amendments}
    asked |= {one.task.id: one.task.at for one in record.cancels}
    # What was taken back is held no more: what becomes of it is decided by the rest of its change.
    gone = {one.line for one in record.steps if one.verb is Verb.UNDO and one.state is StepState.DONE}
    gone |= {one.line for one in record.steps if one.state is StepState.HELD}
    left = [one for one in record.lines if one.state is State.HELD and one.key not in gone]
    found = [Held(line, None, _told(record, line), line.since) for line in left]
    found += [
        Held(lines[step.line], step, told.get(step.key), asked.get(step.cause, lines[step.line].since))
        for step in record.steps
        if step.state is StepState.HELD and step.line in lines
    ]
    return tuple(
        one
        for one in found
        if chosen.part in ("", one.line.part)
        and chosen.item in ("", one.line.item)
        and chosen.code in ("", one.code)
        and chosen.system in ("", systems[one.line.part])
        and (chosen.held_by is None or one.since <= chosen.held_by)
    )


def _told(record: Record, line: Line) -> Instructed | None:
    """The newest instruction that told this line to its system; None when none has."""
    found = [one for one in record.instructions if one.verb is Verb.DO and one.holds(line)]
    return max(found, key=lambda one: one.revision) if found and line.sent else None


def carry_out(record: Record, act: Act, world: World, now: datetime) -> Folded:
    """
    Carry an act out on one order.

    Raises:
        Rejected: ``E_STATE`` when nothing that is meant is held, or it is not known well enough what its
            system has; ``E_VALUE`` for an edit of no item, or that changes nothing.
    """
    work = Working(record, world, now)
    found = held(record, act.chosen)
    if not found:
        raise Rejected("E_STATE", "nothing that is meant is held", record.id, "`orderloom fallout list`")
    _HOW[act.kind](work, act, found)
    if act.kind in _EVENTS:
        for system in {work.parts[one.line.part].system for one in found}:
            settle_doubt(work, system)
    folded = work.finish()
    return _with_news(folded, world, now) if act.kind is ActKind.EDIT else folded


# Telling again.


def _retry(work: Working, act: Act, found: tuple[Held, ...]) -> None:
    again: dict[str, list[Held]] = defaultdict(list)
    changing = [one for one in found if one.step is None and _changing(work, one.line)]
    if len(changing) == len(found):
        raise _cannot(changing[0], "a change of it is under way", "its end; `orderloom status`")
    for one in found:
        if one in changing:
            continue
        if one.step is None and one.code in _UNSAID:
            _asked_again(work, act, one)
        elif one.sent is not None and not _not_there(work, act, one):
            again[one.sent.key].append(one)
        else:
            _anew(work, act, one)
    for silent in again.values():
        _again(work, act, silent)


def _asked_again(work: Working, act: Act, one: Held) -> None:
    """The system is told nothing: the customer is asked once more what it has asked."""
    work.move(one.line, State.PENDING, code="", reason="")
    facts = {"act": act.id, "part": one.line.part, "item": one.line.item}
    work.note("retried", f"the customer is asked again about {one}: {act.why}", actor=act.by, **facts)


def _changing(work: Working, line: Line) -> bool:
    """Whether a system is being told of a change of the line, or will be."""
    steps = (one for one in work.steps.on(line.key) if one.verb is not None)
    return any(one.state is not StepState.DONE for one in steps)


def _not_there(work: Working, act: Act, one: Held) -> bool:
    """
    Whether it is known that the system does not have it, and only another key can bring it there.

    What never left, because its format could not say it, leaves under the same key.
    """
    sent = one.sent
    if sent is None or one.code == _REFUSED or act.not_applied:
        return True
    if one.step is None and one.code == NOT_UNDONE:
        raise _cannot(one, f"is at {sent.system}, which keeps it as nobody wants it", "complete, cancel")
    heard = one.line.word if one.step is None else ""
    if not (sent.native or sent.received or heard):
        return act.kind is ActKind.EDIT
    if one.code == _HAS:
        what = f"is held back by {sent.system}, which has it and goes on by itself"
        raise _cannot(one, what, "complete, cancel; --not-applied when its owner has taken it out")
    if act.kind is ActKind.EDIT:
        what = f"may be at {sent.system} as it was"
        raise _cannot(one, what, "retry; --not-applied when its owner says that it is not there")
    if work.world.profiles[sent.system].repeat is Repeat.NEVER:
        what = f"may be at {sent.system}, which would do it twice"
        raise _cannot(one, what, "complete; --not-applied when its owner says that it is not there")
    return False


def _cannot(one: Held, what: str, allowed: str) -> Rejected:
    return Rejected("E_STATE", what, str(one), allowed)


def _again(work: Working, act: Act, found: list[Held]) -> None:
    """The same instruction under its key; a system that must be asked first is asked."""
    sent = found[0].sent
    if sent is None:
        raise AssertionError("only what was told is told again")
    for one in found:
        if one.step is None:
            work.move(one.line, State.IN_PROGRESS, code="", reason="")
        else:
            work.put(msgspec.structs.replace(one.step, state=StepState.SENT, fault=None))
    fresh = msgspec.structs.replace(sent, asked=0, answered_at=None, inquiring=False)
    facts = {"act": act.id, "key": sent.key}
    if work.world.profiles[sent.system].repeat is Repeat.INQUIRE and sent.native:
        work.note("retried", f"{sent.part} is asked for again: {act.why}", actor=act.by, **facts)
        inquire(work, fresh, "retried by hand")
        return
    again = work.repeat(fresh)
    work.clear_timer(f"retry|{sent.key}")
    seconds = work.answer_within(work.parts[sent.part])
    work.set_timer(answer_timer(sent.key), "answer-by", seconds, key=sent.key)
    text = f"{sent.part} told again under its key, the {again.attempt}. time: {act.why}"
    work.note("retried", text, actor=act.by, **facts)


def _anew(work: Working, act: Act, one: Held) -> None:
    """This line, or this step, alone, under a key of its own: it is sent at the end of this fold."""
    if one.step is None:
        anew(work, one.line)
    elif one.step.verb is None or one.code == "E_BY_HAND":
        raise _cannot(one, "waits for somebody who does it by hand", "complete, cancel")
    else:
        work.put(msgspec.structs.replace(one.step, state=StepState.WAITING, key="", fault=None))
    facts = {"act": act.id, "part": one.line.part, "item": one.line.item}
    work.note("retried", f"{one} is told anew: {act.why}", actor=act.by, **facts)
    _settle(work, one.sent)


def _settle(work: Working, sent: Instructed | None) -> None:
    """An instruction for which nothing waits any more waits for nothing."""
    known = work.instructions.get(sent.key) if sent is not None else None
    # What is to be told anew is open, and not told.
    if known is None or any(one.sent for one in open_lines(work, known)) or open_steps(work, known):
        return
    work.clear_timer(answer_timer(known.key))
    work.clear_timer(f"retry|{known.key}")
    if known.answered_at is None or known.inquiring:
        at = known.answered_at or work.now
        work.instructions[known.key] = msgspec.structs.replace(known, answered_at=at, inquiring=False)


# Other content.


def _edit(work: Working, act: Act, found: tuple[Held, ...]) -> None:
    patch = act.patch or ItemPatch(item=act.chosen.item)
    named = work.items.get(ItemNames(work.order, "").item(patch.item) or "")
    if named is None:
        raise Rejected("E_VALUE", f"no item {shown(patch.item)}", work.order.id, ", ".join(work.items))
    meant = tuple(one for one in found if one.line.item == named.id and one.step is None)
    if not meant:
        raise Rejected("E_STATE", "no line of it is held", f"item {named.id}", "`orderloom fallout list`")
    wanted = patched(named, patch)
    fields = differing(named, wanted)
    if not fields:
        raise Rejected("E_VALUE", "the item is so already", f"item {named.id}", "another value")
    change = ItemChange(kind=ChangeKind.CHANGE, item=named.id, fields=fields, wanted=wanted)
    items = with_changes(work.order.product_order_item, (change,))
    version = work.order.version + 1
    work.change_order(msgspec.structs.replace(work.order, product_order_item=items, version=version))
    work.note("item_edited", _edited(work, act, meant, fields), actor=act.by, act=act.id, item=named.id)
    work.announce("amended")
    _retry(work, act, meant)


def _edited(work: Working, act: Act, meant: tuple[Held, ...], fields: tuple[str, ...]) -> str:
    """In words; names of fields only, for a value may be a name or an address."""
    item, parts = meant[0].line.item, {one.line.part for one in meant}
    told = [line.part for line in work.lines.values() if line.item == item and line.sent]
    others = ", ".join(part for part in told if part not in parts)
    before = f"; {others} was told before, and is not told of it" if others else ""
    return f"{', '.join(fields)} of item {item} edited{before}: {act.why}"


def _with_news(folded: Folded, world: World, now: datetime) -> Folded:
    """Everybody on the order hears of its new version, before anything that follows from it."""
    record, order = folded.record, folded.record.order
    news = tuple(
        Notice(kind=NoticeKind.CHANGED, endpoint=one, at=now, order=order, document=document_at(order, one))
        for one in endpoints_of(order)
        if one in world.endpoints and NoticeKind.CHANGED in world.endpoints[one].notices
    )
    later = len(folded.notices)
    before = record.told[: len(record.told) - later]
    told = (*before, *(told_of(one, order) for one in news), *record.told[len(before) :])
    record = msgspec.structs.replace(record, told=told)
    return replace(folded, record=record, notices=(*news, *folded.notices))


# Ends.


def _complete(work: Working, act: Act, found: tuple[Held, ...]) -> None:
    systems = {work.parts[one.line.part].system for one in found}
    if act.outputs and len(systems) > 1:
        raise Rejected("E_VALUE", f"outputs of {' and '.join(sorted(systems))}", "outputs", "one system")
    for system in systems:
        work.outputs |= {f"{system}.{name}": value for name, value in act.outputs.items()}
    for one in found:
        if one.step is not None:
            step_done(work, one.step)
            _ended(work, act, one, "done by hand")
        else:
            _end(work, act, one, State.COMPLETED, "completed by hand", code="", quantity=None)


def _skip(work: Working, act: Act, found: tuple[Held, ...]) -> None:
    """
    What waits for the line goes on, and it counts as done: an optional one is cancelled, which counts so
    already; any other is completed, and its code says that nobody did it.
    """
    for one in found:
        if one.step is not None:
            raise _cannot(one, "is a change: nobody goes on without it", "complete, cancel")
        if work.parts[one.line.part].optional:
            _end(work, act, one, State.CANCELLED, "skipped", cause=Cause.FALLOUT, code=_SKIPPED)
        else:
            _end(work, act, one, State.COMPLETED, "skipped", code=_SKIPPED)


def _cancel(work: Working, act: Act, found: tuple[Held, ...]) -> None:
    """A line is given up; a change is given up, and its line goes on as it is."""
    for one in found:
        if one.step is None:
            _end(work, act, one, State.CANCELLED, "cancelled", cause=Cause.FALLOUT)
            continue
        fault = Fault(
            code="E_CHANGE_REFUSED", what=f"given up by hand: {act.why}", where=f"item {one.line.item}"
        )
        refuse_step(work, one.step, fault, past=True)
        _ended(work, act, one, "given up")


def _fail(work: Working, act: Act, found: tuple[Held, ...]) -> None:
    for one in found:
        if one.step is not None:
            raise _cannot(one, "is a change: it has not failed, it is given up", "complete, cancel")
        _end(work, act, one, State.FAILED, "failed")


def _end(work: Working, act: Act, one: Held, state: State, how: str, **more: object) -> None:
    work.move(one.line, state, reason=f"{how}: {act.why}", **more)
    _ended(work, act, one, how)


def _ended(work: Working, act: Act, one: Held, how: str) -> None:
    facts = {"act": act.id, "part": one.line.part, "item": one.line.item}
    work.note(_EVENTS[act.kind], f"{one} {how}: {act.why}", actor=act.by, **facts)
    _settle(work, one.sent)


_EVENTS: Final[Mapping[ActKind, str]] = MappingProxyType(
    {
        ActKind.COMPLETE: "completed_by_hand",
        ActKind.SKIP: "line_skipped",
        ActKind.CANCEL: "line_cancelled",
        ActKind.FAIL: "line_failed",
    }
)

_HOW: Final[Mapping[ActKind, Callable[[Working, Act, tuple[Held, ...]], None]]] = MappingProxyType(
    {
        ActKind.RETRY: _retry,
        ActKind.EDIT: _edit,
        ActKind.COMPLETE: _complete,
        ActKind.SKIP: _skip,
        ActKind.CANCEL: _cancel,
        ActKind.FAIL: _fail,
    }
)

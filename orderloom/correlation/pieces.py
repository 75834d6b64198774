"""
Pieces of an amendment: begun, confirmed, refused and changed back.

The version in force runs on until a piece is confirmed: then its content, its parts and its lines are the
order's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from canonical.amendments import ChangeKind, ItemChange, Piece, PieceState
from canonical.changing import touches, with_changes, with_fields
from canonical.errors import Fault
from canonical.order import Money, every_item
from canonical.plan import ChangeCharge, PartPlan, Plan
from canonical.states import Cause, State
from canonical.systems import Verb

from .deciding import NOT_UNDONE, Decision, Way, decide, decide_answer
from .follow_on import follow_on
from .questions import answered_by, asks, await_word, hold_asking, offer_of
from .record import Amending, Line, Step, StepState
from .standing import at_its_system
from .stepping import send_ready, steps_of, unanswered
from .waits import behind

if TYPE_CHECKING:
    from .working import Working

__all__ = [
    "NOT_UNDONE",
    "Planned",
    "advance_piece",
    "anew",
    "back",
    "begin",
    "charges",
    "decision_on",
    "hold_unwanted",
    "planned_steps",
    "refuse",
    "refused",
    "replaced",
    "undecided",
    "undo",
    "why_charged",
]

# A decision on each step of a piece that is not begun yet.
Planned = list[tuple[Step, Decision]]


def replaced(amending: Amending, piece: Piece) -> Amending:
    """The amendment with this piece in the place of its number."""
    pieces = amending.amendment.pieces
    pieces = (*pieces[: piece.number - 1], piece, *pieces[piece.number :])
    return msgspec.structs.replace(
        amending, amendment=msgspec.structs.replace(amending.amendment, pieces=pieces)
    )


def planned_steps(work: Working, amending: Amending, piece: Piece) -> Planned:
    """What the piece does to each line that it touches, and whether that is possible as things stand."""
    look = _Look(work, amending, piece)
    found = [one for change in piece.changes for one in look.steps(change)]
    # A line that two changes touch is told once.
    return list({step.id: (step, decision) for step, decision in found}.values())


class _Look:
    """One piece, held against the lines of the order."""

    def __init__(self, work: Working, amending: Amending, piece: Piece) -> None:
        self._work = work
        self._amending = amending
        self._piece = piece

    def steps(self, change: ItemChange) -> Iterator[tuple[Step, Decision]]:
        if change.kind is ChangeKind.ORDER:
            lines = filter(self._goes_on, self._work.lines.values())
            yield from (self._decided(one) for one in lines if self._concerned(one, change))
            return
        own = [one for one in self._work.lines.of(change.item) if self._goes_on(one)]
        if self._amending.plan is None:  # a question whose answer changes no part
            found = (one for one in own if asks(self._amending, one) or self._concerned(one, change))
            yield from (self._decided(one) for one in found)
            return
        if change.kind is ChangeKind.REMOVE:
            yield from (self._decided(one, removes=True) for one in own)
            return
        wanted = {(part.name, item) for item in _ids(change) for part in self._serving(item)}
        for line in own:
            if line.key not in wanted:
                yield self._decided(line, removes=True)
            elif asks(self._amending, line) or self._concerned(line, change):
                yield self._decided(line)
        for part, item in sorted(wanted - {one.key for one in own}):
            made = self._step(part, item)
            yield msgspec.structs.replace(made, added=True), Decision(Way.IN_PLACE)

    def _goes_on(self, line: Line) -> bool:
        """What was cancelled, or is about to be, is not changed any more."""
        steps, cancels = self._work.steps.on(line.key), self._work.cancels
        return line.state is not State.CANCELLED and all(one.cause not in cancels for one in steps)

    def _concerned(self, line: Line, change: ItemChange) -> bool:
        part = self._work.parts[line.part]
        lines = self._work.lines
        if part.check and any(lines[key].sent for key in behind(line.key, self._work.waits) if key in lines):
            return False  # its answer was used; those that were told since speak for themselves
        return touches(change.fields, part.concerns)

    def _serving(self, item: str) -> list[PartPlan]:
        plan = self._amending.plan
        return [part for part in plan.parts if item in part.items] if plan is not None else []

    def _step(self, part: str, item: str) -> Step:
        cause, number = self._amending.amendment.id, self._piece.number
        return Step(cause=cause, piece=number, part=part, item=item, state=StepState.WAITING)

    def _decided(self, line: Line, *, removes: bool = False) -> tuple[Step, Decision]:
        decision = _decision(self._work, self._amending, line, removes=removes)
        made = self._step(line.part, line.item)
        return msgspec.structs.replace(made, removes=removes, verb=decision.verb), decision


def _ids(change: ItemChange) -> list[str]:
    return [] if change.wanted is None else [one.id for one in every_item((change.wanted,))]


def decision_on(work: Working, line: Line, *, removes: bool) -> Decision:
    """:func:`decide` with what the bench knows."""
    part = work.parts[line.part]
    return decide(
        line,
        part,
        work.world.profiles[part.system],
        there=at_its_system(work, line),
        removes=removes,
        order=work.order,
        items=work.items,
        now=work.now,
    )


def _decision(work: Working, amending: Amending, line: Line, *, removes: bool) -> Decision:
    if removes or not asks(amending, line) or not at_its_system(work, line):
        return decision_on(work, line, removes=removes)
    part = work.parts[line.part]
    return decide_answer(line, part, work.world.profiles[part.system])


def begin(work: Working, amending: Amending, piece: Piece, planned: Planned) -> None:
    """Carry a piece out: what needs nobody's word is done, the rest is told as its turn comes."""
    for step, decision in planned:
        _put(work, step, decision)
    work.amendments[amending.amendment.id] = replaced(
        amending, msgspec.structs.replace(piece, state=PieceState.APPLYING, fault=None)
    )


def _put(work: Working, step: Step, decision: Decision) -> None:
    if decision.way is Way.BY_HAND:
        work.put(
            msgspec.structs.replace(step, verb=decision.verb, state=StepState.HELD, fault=decision.fault)
        )
        work.shortcoming(step, decision.fault)
    elif decision.way is Way.TOLD:
        work.put(msgspec.structs.replace(step, verb=decision.verb, state=StepState.WAITING))
    else:
        work.put(msgspec.structs.replace(step, verb=None, state=StepState.DONE))


def advance_piece(work: Working, amending: Amending, piece: Piece) -> bool:
    """One move of a piece that is under way; False when it waits for somebody."""
    steps = steps_of(work, amending.amendment.id, piece.number)
    if piece.state is PieceState.UNDOING:
        _leave_ended(work, steps)
        if steps := steps_of(work, amending.amendment.id, piece.number):
            return send_ready(work, steps)
        _close(work, amending, piece)
        return True
    if (fault := _looked_at_again(work, amending, piece, steps)) is not None:
        refuse(work, amending, piece, fault)
        return True
    steps = steps_of(work, amending.amendment.id, piece.number)
    if all(one.state is StepState.DONE for one in steps):
        _confirm(work, amending, piece, steps)
        return True
    return send_ready(work, steps)


def _leave_ended(work: Working, steps: Sequence[Step]) -> None:
    """Nobody is told of a line that has ended meanwhile."""
    for step in steps:
        line = work.lines.get(step.line)
        if line is not None and undecided(step) and not at_its_system(work, line):
            work.drop(step)


def _looked_at_again(work: Working, amending: Amending, piece: Piece, steps: Sequence[Step]) -> Fault | None:
    """
    What was decided of a line that nobody was told of yet is decided by how far it is now; lines that have
    come since are decided too.

    Returns:
        Why the piece is not possible any more.
    """
    for step, decision in planned_steps(work, amending, piece):
        if step.id not in work.steps:
            if decision.way is Way.REFUSED:
                return decision.fault
            _put(work, step, decision)
    for step in steps:
        line = work.lines.get(step.line)
        if line is None or step.added or not undecided(step):
            continue
        if line.state is State.CANCELLED:
            work.drop(step)
            continue
        decision = _decision(work, amending, line, removes=step.removes)
        if decision.way is Way.REFUSED:
            return decision.fault
        if step.state is not StepState.HELD or decision.way is not Way.BY_HAND:
            _put(work, step, decision)
    return None


def undecided(step: Step) -> bool:
    """Whether nobody was told of a step, and nobody has done it by hand."""
    by_hand = step.state is StepState.HELD and not step.key
    return step.state is StepState.WAITING or step.verb is None or by_hand


def _close(work: Working, amending: Amending, piece: Piece) -> None:
    """
    Refused, or withdrawn by a cancel, and everything is as it was; a wish that came too late is kept.
    """
    ended = PieceState.WITHDRAWN if piece.fault is None else PieceState.REFUSED
    closed = msgspec.structs.replace(piece, state=ended)
    if piece.fault is not None and amending.amendment.part:
        hold_asking(work, amending, piece.fault)
    elif piece.fault is not None and piece.fault.code == "E_TOO_LATE":
        closed = follow_on(work, amending.amendment, closed)
    work.amendments[amending.amendment.id] = replaced(amending, closed)


def _confirm(work: Working, amending: Amending, piece: Piece, steps: Sequence[Step]) -> None:
    """
    The piece is in force: version + 1 with the first of its amendment.

    And with a later one, when the version was told to somebody meanwhile, or is another's by now.
    """
    amendment = amending.amendment
    # A yes that changes nothing makes no version.
    changes = any(one.fields or one.kind is not ChangeKind.CHANGE for one in piece.changes)
    order = work.order
    own = order.version in {one.version for one in amendment.pieces if one.state is PieceState.APPLIED}
    told = any(one.version == order.version for one in work.before.told)
    first = changes and (told or not own)
    if amendment.fields is not None and any(one.kind is ChangeKind.ORDER for one in piece.changes):
        order = with_fields(order, amendment.fields)
    items = with_changes(order.product_order_item, piece.changes)
    version = order.version + 1 if first else order.version
    work.change_order(msgspec.structs.replace(order, product_order_item=items, version=version))
    added = [one for one in steps if one.added]
    if added and amending.plan is not None:
        work.change_plan(_grown(work.plan, amending.plan, [one.line for one in added]))
    for step in steps:
        work.drop(step)
        _settle_line(work, step)
        _go_on(work, amending, piece, step)
    applied = msgspec.structs.replace(piece, state=PieceState.APPLIED, version=version)
    work.amendments[amendment.id] = replaced(amending, applied)
    what = f"piece {piece.number} of amendment {amendment.id} is in force, version {version}"
    work.note("amendment_applied", what, amendment=amendment.id, piece=str(piece.number))
    if first:
        work.announce("amended")


def _settle_line(work: Working, step: Step) -> None:
    line = work.lines.get(step.line)
    if line is None:
        number = 1 + max((one.number for one in work.lines.values() if one.part == step.part), default=0)
        line = Line(part=step.part, item=step.item, number=number, state=State.ACKNOWLEDGED, since=work.now)
        work.lines[line.key] = line
    elif step.added:
        anew(work, line)  # it was there before: a system may know its number
    elif line.state is State.CANCELLED or (step.verb is None and _taken_back(work, line)):
        return  # it has ended meanwhile, or another piece decides how it goes on
    elif step.removes:
        work.move(line, State.CANCELLED, cause=Cause.CUSTOMER, code="", reason="")
    elif step.verb is Verb.MODIFY:
        work.move(line, line.state, revision=line.revision + 1)
    else:
        anew(work, line)


def _go_on(work: Working, amending: Amending, piece: Piece, step: Step) -> None:
    """A system that had asked is told, by its answer or by a change: it goes on, and has its time."""
    line = work.lines[step.line]
    if step.verb is not Verb.MODIFY or line.state.terminal or not line.sent:
        return
    asked, offer = asks(amending, line), offer_of(work, line)
    if line.state is State.PENDING and (answered_by(piece, line, offer) or (asked and offer is None)):
        work.move(line, State.IN_PROGRESS, code="", reason="")
        await_word(work, work.lines[line.key])
    elif asked and line.state is State.IN_PROGRESS:
        await_word(work, line)


def _taken_back(work: Working, line: Line) -> bool:
    """Whether the line is being taken back, or was, by what is still under way."""
    return any(one.verb is Verb.UNDO for one in work.steps.on(line.key))


def anew(work: Working, line: Line) -> None:
    """The line is to be done as it is now, by an instruction of its own, when its turn has come."""
    work.keep_said()
    work.move(
        line,
        State.ACKNOWLEDGED,
        sent=False,
        cause=None,
        word="",
        code="",
        reason="",
        quantity=None,
        milestone="",
        revision=line.revision + 1,
    )


def _grown(plan: Plan, wanted: Plan, added: Sequence[tuple[str, str]]) -> Plan:
    """The plan with the added lines: parts keep their numbers, and their items their places."""
    parts = {part.name: part for part in plan.parts}
    new = {part.name: part for part in wanted.parts}
    for name, item in added:
        part = parts.get(name)
        if part is None:
            number = 1 + max((one.number for one in parts.values()), default=0)
            parts[name] = msgspec.structs.replace(new[name], number=number, items=(item,))
        elif item not in part.items:
            parts[name] = msgspec.structs.replace(part, items=(*part.items, item))
    for name, part in parts.items():
        # Another piece may bring what a part waits for: it waits when that is there.
        after = (*part.after, *(new[name].after if name in new else ()))
        behind = tuple(dict.fromkeys(one for one in after if one in parts))
        if behind != part.after:
            parts[name] = msgspec.structs.replace(part, after=behind)
    return msgspec.structs.replace(plan, parts=tuple(parts.values()))


def refuse(work: Working, amending: Amending, piece: Piece, fault: Fault) -> None:
    """A system has refused: what others had agreed to is changed back, what was not told is not."""
    undo(work, amending, piece, fault)
    work.note("amendment_refused", f"{fault}", amendment=amending.amendment.id, piece=str(piece.number))


def undo(work: Working, amending: Amending, piece: Piece, fault: Fault | None) -> None:
    """Take back what a piece has done so far; without a fault it is withdrawn."""
    for step in steps_of(work, amending.amendment.id, piece.number):
        # What is unanswered may still be agreed to, and is changed back then.
        if not step.back and not unanswered(step):
            back(work, step)
    undoing = msgspec.structs.replace(piece, state=PieceState.UNDOING, fault=fault)
    work.amendments[amending.amendment.id] = replaced(amending, undoing)


def back(work: Working, step: Step) -> None:
    """Take back what one step has done, or was to do."""
    if step.state is StepState.WAITING and step.key:
        # It was told, and waits for what becomes of its line: it may still be agreed to.
        work.put(msgspec.structs.replace(step, back=True))
        return
    work.drop(step)
    if step.state is not StepState.DONE or step.verb is None:
        return
    line = work.lines[step.line]
    if step.verb is Verb.UNDO:
        anew(work, line)
    elif at_its_system(work, line):
        work.put(msgspec.structs.replace(step, state=StepState.WAITING, key="", back=True))


def hold_unwanted(work: Working, line: Line, fault: Fault) -> None:
    """A system keeps what nobody wants any more: a person decides about the line."""
    if at_its_system(work, line):
        work.move(line, State.HELD, code=NOT_UNDONE, reason=str(fault))
    work.fault(line, NOT_UNDONE, str(fault))


def charges(planned: Planned) -> tuple[Money, int] | None:
    """What a piece costs, and for how many seconds the quote stands; None when it is free."""
    found = list(_priced(planned))
    if not found:
        return None
    total = sum((one.price.value for one in found[1:]), found[0].price.value)
    # `routes check` sees to it that all charges are in one currency.
    return Money(value=total, unit=found[0].price.unit), min(one.valid_for for one in found)


def why_charged(planned: Planned, parts: Mapping[str, PartPlan]) -> str:
    """Which parts are past their soft points, in words."""
    past = dict.fromkeys(step.part for step, decision in planned if decision.charge is not None)
    said = (f"{one} is past the point from which a change costs ({parts[one].soft_ponr})" for one in past)
    return "; ".join(said)


def _priced(planned: Planned) -> Iterator[ChangeCharge]:
    """One charge a part, however many of its lines are touched."""
    parts: dict[str, ChangeCharge] = {}
    for step, decision in planned:
        if decision.charge is not None:
            parts.setdefault(step.part, decision.charge)
    return iter(parts.values())


def refused(planned: Planned) -> Fault | None:
    """Why a piece is not possible; the first line that says so."""
    return next((one.fault for _, one in planned if one.way is Way.REFUSED), None)

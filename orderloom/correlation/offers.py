"""
The fold of questions that systems ask: counter-offers, and what they need to know before they go on.

A line that waits for the customer always has a question, unless something is being done to it anyway.  The
question is told and answered as an amendment that the system wants: its pieces, steps and states are those of
any other.  Yes puts in force what is offered and tells the system; no, and silence, go as the route says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import msgspec

from canonical.amendments import (
    Amendment,
    AmendmentState,
    ChangeKind,
    ItemChange,
    OrderPatch,
    Piece,
    PieceState,
    Scope,
)
from canonical.commands import AmendOrder, Answer, CancelOrder, OrderRef, Origin
from canonical.errors import Fault, Rejected
from canonical.keys import amendment_id
from canonical.order import ChannelRole, Note, OrderItem
from canonical.plan import AskRule, Declined, PartPlan, Plan, Unanswered
from canonical.states import State

from .cancelling import ask_cancel, cancel_stage, cancelled_items, quote_timer
from .holding import note_fallout, set_aside
from .pieces import begin, charges, planned_steps, refused, replaced
from .questions import asks, hold_asking, offer_of, patch_of
from .record import Amending, Line, Offered

if TYPE_CHECKING:
    from .working import Working

__all__ = ["answer_offer", "ask_customers", "lapse_offer", "standing"]

_OFFERS: Final = "E_COUNTER_OFFER"
_NEEDS: Final = "E_INFORMATION"
_UNANSWERED: Final = "E_UNANSWERED"
_DECLINED: Final = "E_DECLINED"

_DEFAULT: Final = AskRule()


def ask_customers(work: Working) -> bool:
    """
    Ask about the lines that wait for the customer, and withdraw what is not asked any more.

    Returns:
        Whether anything was asked or withdrawn.
    """
    waiting = {one.key: one for one in work.lines.values() if one.state is State.PENDING}
    if not waiting and not work.amendments:
        return False
    moved = False
    for amending in [one for one in work.amendments.values() if _is_open(one)]:
        mine = [one for one in work.lines.values() if asks(amending, one)]
        if all(one.key in waiting for one in mine) and _same(amending, _command(work, mine)):
            for line in mine:
                del waiting[line.key]
        else:
            _withdraw(work, amending)
            moved = True
    busy = {one.line for one in work.steps.values()}
    ending = cancelled_items(work.cancels.values())
    if cancel_stage(work.cancels.values()):
        return moved
    left = [one for one in waiting.values() if one.key not in busy and one.item not in ending]
    for lines in _grouped(work, left):
        _ask(work, lines)
        moved = True
    return moved


def _is_open(amending: Amending) -> bool:
    return amending.amendment.part != "" and amending.amendment.state is AmendmentState.AWAITING_CUSTOMER


def _same(amending: Amending, command: AmendOrder) -> bool:
    asked = amending.command
    return (asked.change, asked.fields) == (command.change, command.fields)


def standing(work: Working) -> tuple[Offered, ...]:
    """What systems have said of lines that wait for the customer, or for a person to ask him again."""
    waits = (State.PENDING, State.HELD)
    return tuple(one for key, one in work.offers.items() if work.lines[key].state in waits)


def _grouped(work: Working, lines: Sequence[Line]) -> Iterator[list[Line]]:
    """What a system offers is asked line by line; what it said of several lines at once is one question."""
    groups: dict[tuple[object, ...], list[Line]] = {}
    for line in lines:
        alone = line.item if offer_of(work, line) is not None else ""
        groups.setdefault((line.part, line.since, line.word, line.reason, alone), []).append(line)
    yield from groups.values()


def _command(work: Working, lines: Sequence[Line]) -> AmendOrder:
    """What the system of these lines wants, as any sender would say it."""
    offers = [(line, offer) for line in lines if (offer := offer_of(work, line)) is not None]
    dates = [offer.requested_completion_date for _, offer in offers if offer.requested_completion_date]
    part = work.parts[lines[0].part] if lines else None
    system = part.system if part is not None else ""
    return AmendOrder(
        origin=Origin(channel="system", endpoint=system, document_type="question"),
        about=OrderRef(value=work.order.id),
        scope=Scope.DELTA,
        change=tuple(patch_of(line.item, offer) for line, offer in offers),
        fields=OrderPatch(requested_completion_date=max(dates)) if dates else None,
        atomic=True,
    )


def _ask(work: Working, lines: list[Line]) -> None:
    part = work.parts[lines[0].part]
    asked = 1 + sum(one.amendment.part == part.name for one in work.amendments.values())
    id_ = amendment_id(work.order.id, part.system, "question", f"{part.name}/{asked}")
    command = _command(work, lines)
    try:
        changes, plan, fields = _wanted(work, command, lines)
    except Rejected as rejected:
        _hold_senseless(work, part, lines, rejected.fault)
        return
    piece = Piece(number=1, changes=changes, state=PieceState.AWAITING_CUSTOMER, question=f"{id_}-1")
    amendment = Amendment(
        id=id_,
        endpoint=part.system,
        at=work.now,
        state=AmendmentState.AWAITING_CUSTOMER,
        base=work.order.version,
        atomic=True,
        pieces=(piece,),
        fields=fields,
        part=part.name,
    )
    amending = Amending(amendment=amendment, command=command, plan=plan)
    planned = planned_steps(work, amending, piece)
    if (fault := refused(planned)) is not None:
        _hold_senseless(work, part, lines, fault)
        return
    due = _due(work, part, lines, [one.until for _, one in planned if one.until is not None])
    price = charges(planned)
    piece = msgspec.structs.replace(
        piece, fault=_question(work, part, lines, changes), answer_by=due, charge=price[0] if price else None
    )
    work.amendments[id_] = replaced(amending, piece)
    facts = {"amendment": id_, "piece": "1"}
    work.set_timer(quote_timer(id_, 1), "quote", max(0.0, (due - work.now).total_seconds()), **facts)
    text = f"{piece.fault}; asked {piece.question}, until {due:%Y-%m-%d %H:%M} UTC"
    work.note("customer_asked", text, actor=part.system, **facts)


def _wanted(
    work: Working, command: AmendOrder, lines: Sequence[Line]
) -> tuple[tuple[ItemChange, ...], Plan | None, OrderPatch | None]:
    """
    What would change, of each item that is asked about, and the plan with it; None when that stays.

    Raises:
        Rejected: The rules do not allow what is offered.
    """
    changes: tuple[ItemChange, ...] = ()
    plan, fields = None, None
    if command.change or command.fields is not None:
        proposal = work.world.propose(work.order, command)
        for one in proposal.pieces:
            if one.fault is not None:
                raise Rejected.of(one.fault)
            changes += one.changes
        if changes:
            plan, fields = proposal.plan, proposal.fields
    named = {one.item for one in changes}
    others = [work.bare(one.item) for one in lines if one.item not in named]
    as_it_is = tuple(
        ItemChange(kind=ChangeKind.CHANGE, item=one.id, wanted=one, line_ref=one.line_ref) for one in others
    )
    return (*changes, *as_it_is), plan, fields


def _hold_senseless(work: Working, part: PartPlan, lines: Sequence[Line], fault: Fault) -> None:
    """Nobody needs to be asked what cannot be done: a person looks."""
    what = f"{part.system} asks for what cannot be: {fault.what}"
    told = Fault(code=fault.code, what=what, where=fault.where, allowed=fault.allowed)
    set_aside(work, lines, told)
    note_fallout(work, part.name, told)


def _due(work: Working, part: PartPlan, lines: Sequence[Line], hard: list[datetime]) -> datetime:
    """As long as the route gives, the system waits, and what follows can still be changed."""
    said = [work.offers[one.key].answer_by for one in lines if one.key in work.offers]
    limits = [one for one in said if one is not None]
    return min([work.now + timedelta(seconds=_rule(part).answer_within), *limits, *hard])


def _rule(part: PartPlan) -> AskRule:
    return part.ask or _DEFAULT


def _question(work: Working, part: PartPlan, lines: Sequence[Line], changes: Sequence[ItemChange]) -> Fault:
    """The question in words, the system's own behind them."""
    items = ", ".join(line.item for line in lines)
    reason = f": {lines[0].reason}" if lines[0].reason else ""
    said = ", ".join(text for one in changes for text in _differences(work, one))
    if not said:
        what = f"{part.system} needs the customer's word on {part.name}{reason}"
        return Fault(code=_NEEDS, what=what, where=f"item {items}")
    return Fault(code=_OFFERS, what=f"{part.system} offers {said}{reason}", where=f"item {items}")


def _differences(work: Working, change: ItemChange) -> Iterator[str]:
    if change.kind is ChangeKind.ORDER or change.wanted is None:
        yield from (f"another {field}" for field in change.fields)
        return
    old, new = work.items[change.item], change.wanted
    for field in change.fields:
        yield f"{_value(new, field)} instead of {_value(old, field)}"


def _value(item: OrderItem, field: str) -> str:
    if field == "quantity":
        return f"quantity {item.quantity}"
    if field == "productOffering":
        return item.product_offering.id
    name = field.partition(".")[2]
    return f"{name} {item.product.value(name) or 'none'}" if name else field


def _withdraw(work: Working, amending: Amending) -> None:
    """The system has gone on, or asks something else, or what it asked about is otherwise by now."""
    piece = amending.amendment.pieces[0]
    work.clear_timer(quote_timer(amending.amendment.id, 1))
    _put(work, amending, msgspec.structs.replace(piece, state=PieceState.WITHDRAWN))
    facts = {"amendment": amending.amendment.id, "piece": "1"}
    work.note("question_withdrawn", f"{piece.question} is not asked any more", **facts)


def _put(work: Working, amending: Amending, piece: Piece) -> Amending:
    """The question with this piece; it has only one, whose state is its own."""
    changed = replaced(amending, piece)
    state = _STATES.get(piece.state, changed.amendment.state)
    amendment = msgspec.structs.replace(changed.amendment, state=state)
    work.amendments[amendment.id] = changed = msgspec.structs.replace(changed, amendment=amendment)
    return changed


_STATES: Final = {
    PieceState.WITHDRAWN: AmendmentState.WITHDRAWN,
    PieceState.REFUSED: AmendmentState.REFUSED,
    PieceState.LAPSED: AmendmentState.LAPSED,
}


# The customer's word, and its lack.


def answer_offer(work: Working, amending: Amending, command: Answer) -> None:
    """
    Yes or no to what a system asks.

    Raises:
        Rejected: ``E_STATE``: it was answered, or does not wait any more, or a change of the same line is
            under way.
    """
    piece = amending.amendment.pieces[0]
    if piece.state is not PieceState.AWAITING_CUSTOMER:
        raise Rejected("E_STATE", f"question {piece.question} {_became(piece)}", "question")
    changing = [
        one for one in work.steps.values() if (line := work.lines.get(one.line)) and asks(amending, line)
    ]
    if changing:
        what = f"question {piece.question} is about what is being changed: {changing[0].cause}"
        raise Rejected("E_STATE", what, "question", "the end of that change")
    work.has_part_in(command.origin, ChannelRole.AMEND)
    word = "yes" if command.accepted else "no"
    facts = {"amendment": amending.amendment.id, "piece": "1"}
    work.note("customer_answered", f"{word} to {piece.question}", actor=command.origin.endpoint, **facts)
    # Whoever has answered is told what becomes of it.
    asked = msgspec.structs.replace(amending.command, origin=command.origin)
    amending = msgspec.structs.replace(amending, command=asked)
    if command.accepted:
        _agree(work, amending, command.text)
    else:
        _decline(work, amending, command.origin, command.text)


def _became(piece: Piece) -> str:
    if piece.state is PieceState.LAPSED:
        return "has lapsed: nobody had answered in time"
    if piece.state is not PieceState.WITHDRAWN:
        return f"was answered with yes: {piece.state.value}"
    if piece.fault is not None and piece.fault.code == _DECLINED:
        return "was answered with no"
    return "was withdrawn: it went on in another way"


def _agree(work: Working, amending: Amending, text: str = "") -> None:
    """The system is told that it may go on, as it can be told; everybody else of what changes."""
    work.clear_timer(quote_timer(amending.amendment.id, 1))
    piece = amending.amendment.pieces[0]
    lines = [one for one in work.lines.values() if asks(amending, one)]
    try:  # the order may have changed since
        changes, plan, fields = _wanted(work, amending.command, lines)
    except Rejected as rejected:
        _give_up(work, amending, rejected.fault)
        return
    piece = msgspec.structs.replace(piece, changes=changes)
    if text:
        said = Note(text=text, author="customer")
        changes = tuple(_with_note(one, said) for one in piece.changes)
        piece = msgspec.structs.replace(piece, changes=changes)
    applying = msgspec.structs.replace(
        amending.amendment, state=AmendmentState.APPLYING, pieces=(piece,), fields=fields
    )
    amending = msgspec.structs.replace(amending, amendment=applying, plan=plan)
    planned = planned_steps(work, amending, piece)
    if (fault := refused(planned)) is not None:
        _give_up(work, amending, fault)
        return
    for line in lines:
        if line.state is State.PENDING:
            work.move(line, State.IN_PROGRESS, code="", reason="")
    begin(work, amending, piece, planned)


def _give_up(work: Working, amending: Amending, fault: Fault) -> None:
    """What was offered cannot be any more, whatever the customer says."""
    piece = amending.amendment.pieces[0]
    _put(work, amending, msgspec.structs.replace(piece, state=PieceState.REFUSED, fault=fault))
    hold_asking(work, amending, fault)


def _with_note(change: ItemChange, note: Note) -> ItemChange:
    if change.kind is not ChangeKind.CHANGE or change.wanted is None or note in change.wanted.note:
        return change
    wanted = msgspec.structs.replace(change.wanted, note=(*change.wanted.note, note))
    return msgspec.structs.replace(change, wanted=wanted, fields=(*change.fields, "note"))


def _decline(work: Working, amending: Amending, origin: Origin, text: str) -> None:
    """The customer does not want it so: the items are cancelled, what was done of them is taken back."""
    piece = amending.amendment.pieces[0]
    work.clear_timer(quote_timer(amending.amendment.id, 1))
    what = "the customer has said no"
    fault = Fault(code=_DECLINED, what=f"{what}: {text}" if text else what)
    amending = _put(work, amending, msgspec.structs.replace(piece, state=PieceState.WITHDRAWN, fault=fault))
    cancels = _rule(work.parts[amending.amendment.part]).declined is Declined.CANCEL
    _leave(work, amending, fault, origin if cancels else None)


def _leave(work: Working, amending: Amending, fault: Fault, cancels: Origin | None) -> None:
    """
    Nobody has said yes: the items are cancelled, or a person decides; so it is when they cannot be cancelled.

    Args:
        cancels: In whose name; None: nobody's.
    """
    lines = [one for one in work.lines.values() if asks(amending, one) and one.state is State.PENDING]
    if cancels is not None and lines:
        document = cancels.document or amending.amendment.pieces[0].question
        task = amendment_id(work.order.id, cancels.endpoint, cancels.document_type, document)
        items = tuple(dict.fromkeys(one.item for one in lines))
        about = OrderRef(value=work.order.id)
        ask_cancel(work, CancelOrder(origin=cancels, about=about, items=items, reason=fault.what), task)
    ending = cancelled_items(work.cancels.values())
    if any(one.item not in ending and work.lines[one.key].state is State.PENDING for one in lines):
        hold_asking(work, amending, fault)


def lapse_offer(work: Working, amending: Amending) -> None:
    """Nobody has answered in time: it goes as the route says."""
    piece = amending.amendment.pieces[0]
    if piece.state is not PieceState.AWAITING_CUSTOMER:
        return
    rule = _rule(work.parts[amending.amendment.part])
    facts = {"amendment": amending.amendment.id, "piece": "1"}
    text = f"{piece.question} was not answered in time: {rule.unanswered.value}"
    work.note("question_lapsed", text, **facts)
    if rule.unanswered is Unanswered.ACCEPT:
        _agree(work, amending)
        return
    what = f"nobody has answered {piece.question} in time"
    fault = Fault(code=_UNANSWERED, what=what, where=piece.fault.where if piece.fault else "")
    amending = _put(work, amending, msgspec.structs.replace(piece, state=PieceState.LAPSED, fault=fault))
    capture = work.order.channel[0]
    origin = Origin(channel=capture.channel.id, endpoint=capture.endpoint, document_type="question")
    _leave(work, amending, fault, origin if rule.unanswered is Unanswered.CANCEL else None)

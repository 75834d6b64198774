"""
The fold of an amendment: assessed piece by piece, quoted, applied, refused; and its end told.

Pure.  What an amendment wants is planned by :attr:`World.propose`; how far each line has come is known here.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import msgspec

from canonical.amendments import (
    SETTLED,
    Amendment,
    AmendmentState,
    ChangeKind,
    Piece,
    PieceState,
)
from canonical.changing import touches
from canonical.commands import AmendOrder, Answer
from canonical.errors import Fault, Rejected, shown
from canonical.order import ChannelRole
from canonical.proposal import Proposal
from canonical.states import State

from .cancelling import cancel_stage, cancelled_items, nothing_stays, quote_timer
from .follow_on import follow_on
from .offers import answer_offer, lapse_offer
from .overlapping import Path, changed_since, in_hand, overlap, overlapping, overtaken_questions, paths
from .pieces import Planned, advance_piece, begin, charges, planned_steps, refused, replaced, why_charged
from .record import Amending

if TYPE_CHECKING:
    from .working import Working

__all__ = ["advance_amendments", "answer_question", "ask_amendment", "close_amendments", "lapse"]

STALE_FOR: Final = 172_800
"""Seconds that a change from an outdated version waits for the customer's yes."""

_BUSY = (PieceState.APPLYING, PieceState.UNDOING)


def ask_amendment(work: Working, command: AmendOrder, amendment_id: str) -> None:
    """Take an amendment, and decide it as far as that can be done now."""
    origin = command.origin
    amendment = Amendment(
        id=amendment_id,
        endpoint=origin.endpoint,
        at=work.now,
        state=AmendmentState.ASSESSING,
        scope=command.scope,
        document=origin.document,
        base=command.base if command.base is not None else work.before.last_shown(origin.endpoint),
        atomic=command.atomic,
        fields=command.fields,
    )
    work.has_part_in(origin, ChannelRole.AMEND)
    text = f"amendment {amendment.id} ({amendment.scope.value}) asked for"
    work.note("amendment_asked", text, actor=origin.endpoint, amendment=amendment.id)
    amending = Amending(amendment=amendment, command=command)
    work.amendments[amendment.id] = amending
    if work.order.state.terminal or cancel_stage(work.cancels.values()) or nothing_stays(work):
        _too_late(work, amending)
    else:
        _assess(work, amending)


def _too_late(work: Working, amending: Amending) -> None:
    """Of an order that has ended, or is being cancelled, nothing changes; the wish is kept as a draft."""
    ended = work.order.state.terminal
    what = f"the order is {work.order.state.value}" if ended else "the order is being cancelled"
    fault = Fault(code="E_STATE", what=what)
    try:
        proposal = work.world.propose(work.order, amending.command)
    except Rejected as rejected:
        _refuse_whole(work, amending, rejected.fault)
        return
    pieces = []
    for number, one in enumerate(proposal.pieces, 1):
        piece = Piece(number=number, changes=one.changes, state=PieceState.REFUSED, fault=one.fault or fault)
        pieces.append(follow_on(work, amending.amendment, piece) if ended and one.fault is None else piece)
    _put(work, amending, pieces=tuple(pieces), fault=fault)


def close_amendments(work: Working, state: State) -> bool:
    """The order has ended while they were under way: it does not move any more, and wishes are kept."""
    fault = Fault(code="E_STATE", what=f"the order is {state.value}")
    found = [one for one in work.amendments.values() if not one.amendment.settled]
    for amending in found:
        amendment = amending.amendment
        for step in [one for one in work.steps.values() if one.cause == amendment.id]:
            work.drop(step)
        pieces = tuple(_closed(work, amendment, piece, fault) for piece in amendment.pieces)
        whole = AmendmentState.REFUSED if not pieces else amendment.state
        _settle(work, _put(work, amending, pieces=pieces, waits_for=(), state=whole))
    return bool(found)


def _closed(work: Working, amendment: Amendment, piece: Piece, fault: Fault) -> Piece:
    if piece.state in SETTLED:
        return piece
    work.clear_timer(quote_timer(amendment.id, piece.number))
    if piece.state is PieceState.UNDOING:
        ended = PieceState.WITHDRAWN if piece.fault is None else PieceState.REFUSED
        return msgspec.structs.replace(piece, state=ended)
    ended = PieceState.LAPSED if piece.state is PieceState.AWAITING_CUSTOMER else PieceState.REFUSED
    return follow_on(work, amendment, msgspec.structs.replace(piece, state=ended, fault=fault))


def _refuse_whole(work: Working, amending: Amending, fault: Fault) -> None:
    _put(work, amending, state=AmendmentState.REFUSED, fault=fault)
    work.note("amendment_refused", f"{fault}", amendment=amending.amendment.id)


def _put(work: Working, amending: Amending, **changes: object) -> Amending:
    amendment = msgspec.structs.replace(amending.amendment, **changes)
    work.amendments[amendment.id] = changed = msgspec.structs.replace(amending, amendment=amendment)
    return changed


def _assess(work: Working, amending: Amending, behind: tuple[str, ...] = ()) -> None:
    """
    Cut the amendment into pieces by the order in force, and begin, quote or refuse each.

    Args:
        behind: Ids of the amendments that it had to wait for: it came after them, and is the later wish.
    """
    work.order = work.derived()  # what has just ended is not there any more
    try:
        proposal = work.world.propose(work.order, amending.command)
    except Rejected as rejected:
        _refuse_whole(work, amending, rejected.fault)
        return
    amending = _proposed(work, amending, proposal)
    if before := overlapping(work, amending):
        _put(work, amending, waits_for=before)
        text = f"amendment {amending.amendment.id} waits for {', '.join(before)}, which change the same"
        work.note("amendment_queued", text, amendment=amending.amendment.id)
        return
    amending = _put(work, amending, waits_for=())
    newer = changed_since(work, amending, behind)
    for number in range(1, len(amending.amendment.pieces) + 1):
        now = work.amendments[amending.amendment.id]
        _judge(work, now, now.amendment.pieces[number - 1], stale=newer)
    for key, piece in overtaken_questions(work, work.amendments[amending.amendment.id]):
        _overtaken(work, work.amendments[key], piece)
    if not amending.amendment.pieces:
        _put(work, amending, state=AmendmentState.APPLIED)


def _overtaken(work: Working, amending: Amending, piece: Piece) -> None:
    """The customer has not answered, and wants something else of the same by now: nothing more is asked."""
    fault = Fault(code="E_STALE", what="a later change wants it otherwise")
    withdrawn = msgspec.structs.replace(piece, state=PieceState.WITHDRAWN, fault=fault)
    work.amendments[amending.amendment.id] = replaced(amending, withdrawn)
    work.clear_timer(quote_timer(amending.amendment.id, piece.number))
    facts = {"amendment": amending.amendment.id, "piece": str(piece.number)}
    work.note("question_withdrawn", f"{piece.question} withdrawn: {fault}", **facts)


def _proposed(work: Working, amending: Amending, proposal: Proposal) -> Amending:
    pieces = tuple(
        Piece(
            number=number,
            changes=one.changes,
            state=PieceState.ASSESSING if one.fault is None else PieceState.REFUSED,
            fault=one.fault,
        )
        for number, one in enumerate(proposal.pieces, 1)
    )
    fields = proposal.fields
    amendment = msgspec.structs.replace(amending.amendment, pieces=pieces, fields=fields)
    made = msgspec.structs.replace(amending, amendment=amendment, plan=proposal.plan)
    work.amendments[amendment.id] = made
    return made


def _judge(
    work: Working, amending: Amending, piece: Piece, *, stale: set[Path], agreed: bool = False
) -> None:
    """Begin a piece, ask for the customer's yes, or refuse it; ``agreed``: the customer has said yes."""
    if piece.state in SETTLED:
        return
    if (ending := _being_cancelled(work, piece)) is not None:
        _refuse(work, amending, piece, ending)
        return
    planned = planned_steps(work, amending, piece)
    if (fault := refused(planned)) is not None:
        _refuse(work, amending, piece, fault)
        return
    if not agreed and overlap(paths((piece,)), stale):
        fault = _outdated(piece, stale, amending.amendment.base)
        _ask(work, amending, piece, fault, _until(work, planned, STALE_FOR))
        return
    price = charges(planned)
    if price is not None and not (agreed and piece.charge == price[0]):
        amount, seconds = price
        fault = Fault(code="E_CHARGE", what=why_charged(planned, work.parts))
        _ask(
            work,
            amending,
            msgspec.structs.replace(piece, charge=amount),
            fault,
            _until(work, planned, seconds),
        )
        return
    begin(work, amending, piece, planned)


def _outdated(piece: Piece, stale: set[Path], base: int | None) -> Fault:
    """What of a piece was changed since the version that it was made from."""
    items = dict.fromkeys(path[0] for path in sorted(paths((piece,))) if overlap({path}, stale))
    where = ", ".join(f"item {one}" if one else "the order" for one in items)
    return Fault(code="E_STALE", what=f"changed since version {base}", where=where)


def _being_cancelled(work: Working, piece: Piece) -> Fault | None:
    """What is being cancelled is not changed any more, nor what would have to be told of it."""
    ending = cancelled_items(work.cancels.values())
    concerned = [item for item in _concerned(work, piece) if item in ending] if ending else []
    if not concerned:
        return None
    return Fault(code="E_STATE", what="it is being cancelled", where=f"item {concerned[0]}")


def _concerned(work: Working, piece: Piece) -> Iterator[str]:
    for change in piece.changes:
        yield from (change.item, change.parent)
        if change.kind is ChangeKind.ORDER:
            lines = work.lines.values()
            yield from (one.item for one in lines if touches(change.fields, work.parts[one.part].concerns))


def _refuse(work: Working, amending: Amending, piece: Piece, fault: Fault) -> None:
    ended = msgspec.structs.replace(piece, state=PieceState.REFUSED, fault=fault)
    if fault.code == "E_TOO_LATE":
        ended = follow_on(work, amending.amendment, ended)
    work.amendments[amending.amendment.id] = replaced(amending, ended)
    facts = {"amendment": amending.amendment.id, "piece": str(piece.number)}
    work.note("amendment_refused", f"{fault}", **facts)


def _until(work: Working, planned: Planned, seconds: int) -> datetime:
    """A quote stands for so many seconds, or until it is too late, whichever is first."""
    hard = [one.until for _, one in planned if one.until is not None]
    return min([work.now + timedelta(seconds=seconds), *hard])


def _question(amendment: Amendment, piece: Piece) -> str:
    """
    The number of a question; of another one about the same piece another number.

    A yes to the first, said twice, must not be one to what was asked since.
    """
    first = f"{amendment.id}-{piece.number}"
    if not piece.question:
        return first
    asked = piece.question.removeprefix(first).removeprefix(".")
    return f"{first}.{int(asked or 1) + 1}"


def _ask(work: Working, amending: Amending, piece: Piece, fault: Fault, due: datetime) -> None:
    amendment = amending.amendment
    asked = msgspec.structs.replace(
        piece,
        state=PieceState.AWAITING_CUSTOMER,
        fault=fault,
        question=_question(amendment, piece),
        answer_by=due,
    )
    work.amendments[amendment.id] = replaced(amending, asked)
    facts = {"amendment": amendment.id, "piece": str(piece.number)}
    seconds = (due - work.now).total_seconds()
    work.set_timer(quote_timer(amendment.id, piece.number), "quote", seconds, **facts)
    work.note("customer_asked", f"{fault}; asked {asked.question}, until {due:%Y-%m-%d %H:%M} UTC", **facts)


# The customer's word, and its lack.


def answer_question(work: Working, command: Answer) -> None:
    """
    Yes or no to a piece that waits for the customer.

    Raises:
        Rejected: ``E_NOT_FOUND``: the order has no such question; ``E_STATE``: it does not wait any more.
    """
    for amending in work.amendments.values():
        for piece in amending.amendment.pieces:
            if piece.question == command.question:
                if amending.amendment.part:
                    answer_offer(work, amending, command)
                else:
                    _answered(work, amending, piece, command)
                return
            if piece.question and piece.question.partition(".")[0] == command.question:
                what = f"question {command.question} is answered: {piece.question} was asked since"
                raise Rejected("E_STATE", what, "question")
    what = f"the order asks no question {shown(command.question)}"
    raise Rejected("E_NOT_FOUND", what, "question")


def _answered(work: Working, amending: Amending, piece: Piece, command: Answer) -> None:
    if piece.state is not PieceState.AWAITING_CUSTOMER:
        what = f"question {piece.question} is answered, or has lapsed: {piece.state.value}"
        raise Rejected("E_STATE", what, "question")
    work.clear_timer(quote_timer(amending.amendment.id, piece.number))
    work.has_part_in(command.origin, ChannelRole.AMEND)
    word = "yes" if command.accepted else "no"
    facts = {"amendment": amending.amendment.id, "piece": str(piece.number)}
    work.note("customer_answered", f"{word} to {piece.question}", actor=command.origin.endpoint, **facts)
    if not command.accepted:
        work.amendments[amending.amendment.id] = replaced(
            amending, msgspec.structs.replace(piece, state=PieceState.WITHDRAWN)
        )
        return
    _judge(work, amending, piece, stale=set(), agreed=True)


def lapse(work: Working, amendment_id: str, number: int) -> None:
    """Nobody has answered in time: nothing changes."""
    amending = work.amendments.get(amendment_id)
    if amending is None:
        return
    piece = amending.amendment.pieces[number - 1]
    if amending.amendment.part:
        lapse_offer(work, amending)
    elif piece.state is PieceState.AWAITING_CUSTOMER:
        _lapsed(work, amending, piece, refused(planned_steps(work, amending, piece)))


def _lapsed(work: Working, amending: Amending, piece: Piece, fault: Fault | None) -> None:
    ended = msgspec.structs.replace(piece, state=PieceState.LAPSED, fault=fault or piece.fault)
    if fault is not None:
        ended = follow_on(work, amending.amendment, ended)
    work.amendments[amending.amendment.id] = replaced(amending, ended)
    work.clear_timer(quote_timer(amending.amendment.id, piece.number))
    facts = {"amendment": amending.amendment.id, "piece": str(piece.number)}
    work.note("quote_lapsed", f"{piece.question} lapsed: {fault or 'no answer'}", **facts)


# What follows from a step.


def advance_amendments(work: Working) -> bool:
    """One move of each amendment that is not settled; False when all wait for somebody."""
    moved = False
    for key in list(work.amendments):
        if work.amendments[key].amendment.settled:
            continue
        for number in range(1, len(work.amendments[key].amendment.pieces) + 1):
            moved |= _advance(work, key, number)
        moved |= _turn_has_come(work, work.amendments[key])
        _settle(work, work.amendments[key])
    return moved


def _advance(work: Working, key: str, number: int) -> bool:
    amending = work.amendments[key]
    piece = amending.amendment.pieces[number - 1]
    if piece.state in _BUSY:
        return advance_piece(work, amending, piece)
    if piece.state is PieceState.AWAITING_CUSTOMER and not amending.amendment.part:
        fault = refused(planned_steps(work, amending, piece))
        if fault is not None:
            _lapsed(work, amending, piece, fault)
            return True
    return False


def _turn_has_come(work: Working, amending: Amending) -> bool:
    """Whether what it had to wait for is decided: it is assessed anew, by the order as it is by now."""
    waits = amending.amendment.waits_for
    if not waits or any(in_hand(work.amendments[one]) for one in waits):
        return False
    _assess(work, amending, waits)
    return True


def _settle(work: Working, amending: Amending) -> None:
    amendment = amending.amendment
    states = [one.state for one in amendment.pieces]
    state = _rolled(states) if states and not amendment.waits_for else amendment.state
    if state is not amendment.state:
        _put(work, amending, state=state)
        work.note(
            "amendment_state", f"amendment {amendment.id} {state.value}", amendment=amendment.id, state=state
        )


def _rolled(states: list[PieceState]) -> AmendmentState:
    """An amendment's state, from those of its pieces."""
    for piece, whole in (
        (PieceState.AWAITING_CUSTOMER, AmendmentState.AWAITING_CUSTOMER),
        (PieceState.APPLYING, AmendmentState.APPLYING),
        (PieceState.UNDOING, AmendmentState.APPLYING),
        (PieceState.ASSESSING, AmendmentState.ASSESSING),
    ):
        if piece in states:
            return whole
    if PieceState.APPLIED in states:
        every = set(states) == {PieceState.APPLIED}
        return AmendmentState.APPLIED if every else AmendmentState.PARTLY_APPLIED
    if PieceState.REFUSED in states:
        return AmendmentState.REFUSED
    if PieceState.LAPSED in states:
        return AmendmentState.LAPSED
    return AmendmentState.WITHDRAWN

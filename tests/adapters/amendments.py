"""
Amendments, cancels and the notices of them, whatever they may say, for hypothesis to look through.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec
from hypothesis import strategies as st

from adapters.kit.specimens import AT, order_of
from canonical.amendments import (
    Amendment,
    AmendmentState,
    CancelScope,
    CancelTask,
    ChangeKind,
    ItemChange,
    OrderPatch,
    Piece,
    PieceState,
    Scope,
    TaskState,
)
from canonical.commands import Origin
from canonical.errors import CODES, Fault
from canonical.notices import Notice, NoticeKind
from canonical.order import Money, Note, OrderContent, OrderItem, every_item
from canonical.states import Cause, State

__all__ = ["amendment_of", "applied", "change_of", "notices_of_changes", "quote", "refused"]

# What systems and people write; the store takes no NUL, and UTF-8 no half of a pair.
TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=90)
IDS = st.one_of(
    st.sampled_from(["1", "2", "OL44NK4TY1PCRR4RDJ-A1/1", "69e7f079-686e-5f6e-b95a-7dba50f096b4", "x" * 128]),
    TEXTS.filter(bool),
)
AMOUNTS = st.decimals(-9999999, 9999999, places=3, allow_nan=False)
MONEY = st.builds(Money, value=AMOUNTS, unit=st.one_of(st.sampled_from(["USD", "EUR"]), IDS))
FAULTS = st.builds(Fault, code=st.one_of(st.sampled_from(sorted(CODES)), IDS), what=TEXTS, where=TEXTS)
INSTANTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def optional(values: st.SearchStrategy) -> st.SearchStrategy:
    """One of ``values``, or None."""
    return st.none() | values


@st.composite
def items(draw, known: Sequence[OrderItem]) -> OrderItem:
    """An item of the order with something changed, or one that it has not."""
    first = draw(st.sampled_from(list(known)))
    return msgspec.structs.replace(
        first,
        id=draw(st.sampled_from([first.id, "99"])),
        line_ref=draw(st.sampled_from([first.line_ref, ""]) | TEXTS),
        quantity=draw(st.integers(1, 1_000_000)),
        note=(*first.note, Note(text=draw(TEXTS), author=draw(TEXTS))),
    )


@st.composite
def changes(draw, known: Sequence[OrderItem]) -> ItemChange:
    """A change of any kind, of an item that the order has or not."""
    kind = draw(st.sampled_from(ChangeKind))
    whole = kind is ChangeKind.ORDER
    return ItemChange(
        kind=kind,
        item="" if whole else draw(st.sampled_from([one.id for one in known]) | IDS),
        fields=tuple(draw(st.lists(IDS, max_size=2))),
        wanted=draw(items(known)) if kind in {ChangeKind.ADD, ChangeKind.CHANGE} else None,
        line_ref="" if whole else draw(TEXTS),
    )


@st.composite
def pieces(draw, known: Sequence[OrderItem]) -> Piece:
    """A piece in any state, with whatever may stand in it."""
    return Piece(
        number=draw(st.integers(1, 9)),
        changes=tuple(draw(st.lists(changes(known), min_size=1, max_size=3))),
        state=draw(st.sampled_from(PieceState)),
        question=draw(st.just("") | IDS),
        fault=draw(optional(FAULTS)),
        charge=draw(optional(MONEY)),
        answer_by=draw(optional(INSTANTS)),
        version=draw(optional(st.integers(1, 99))),
        follow_on=draw(st.just("") | IDS),
    )


@st.composite
def amendments(draw, known: Sequence[OrderItem], endpoint: str) -> Amendment:
    """An amendment of ``endpoint`` or of another one."""
    return Amendment(
        id=draw(IDS),
        endpoint=draw(st.sampled_from([endpoint, "kiosk.other"])),
        at=AT,
        state=draw(st.sampled_from(AmendmentState)),
        scope=draw(st.sampled_from(Scope)),
        document=draw(TEXTS),
        base=draw(optional(st.integers(1, 9))),
        atomic=draw(st.booleans()),
        pieces=tuple(draw(st.lists(pieces(known), max_size=4))),
        fields=draw(optional(st.builds(OrderPatch, requested_completion_date=optional(INSTANTS)))),
        fault=draw(optional(FAULTS)),
    )


@st.composite
def cancels(draw, known: Sequence[OrderItem], endpoint: str) -> CancelTask:
    """A cancel of the order, or of items."""
    return CancelTask(
        id=draw(IDS),
        endpoint=draw(st.sampled_from([endpoint, "kiosk.other"])),
        at=AT,
        state=draw(st.sampled_from(TaskState)),
        scope=draw(st.sampled_from(CancelScope)),
        items=tuple(draw(st.lists(st.sampled_from([one.id for one in known]) | IDS, max_size=2))),
        document=draw(TEXTS),
        reason=draw(TEXTS),
        fault=draw(optional(FAULTS)),
        past=tuple(draw(st.lists(IDS, max_size=2))),
    )


@st.composite
def notices_of_changes(
    draw, content: OrderContent, origin: Origin, documents: Sequence[Origin | None]
) -> Notice:
    """
    A notice of an amendment or a cancel of the order that ``origin`` brought.

    Args:
        documents: What may be answered by it.
    """
    known = tuple(every_item(content.product_order_item))
    order = order_of(content, origin, draw(st.sampled_from(State)))
    asks = draw(st.booleans())
    return Notice(
        kind=NoticeKind.INFORMATION_REQUIRED if asks else NoticeKind.CHANGED,
        endpoint=origin.endpoint,
        at=AT,
        order=msgspec.structs.replace(order, cause=draw(optional(st.sampled_from(Cause)))),
        origin=draw(st.sampled_from(list(documents))),
        document=origin.document,
        reason=draw(TEXTS),
        amendment=draw(optional(amendments(known, origin.endpoint))),
        cancel=None if asks else draw(optional(cancels(known, origin.endpoint))),
    )


def change_of(kind: ChangeKind, item: OrderItem | None = None, **said) -> ItemChange:
    """A change of one item; of the order as a whole without one."""
    if item is None:
        return ItemChange(kind=kind, **said)
    wanted = None if kind is ChangeKind.REMOVE else item
    return ItemChange(kind=kind, item=item.id, wanted=wanted, line_ref=item.line_ref, **said)


def amendment_of(endpoint: str, *parts: Piece, **said) -> Amendment:
    """An amendment of these pieces, as far as it has come by them."""
    states = {one.state for one in parts}
    state = AmendmentState.PARTLY_APPLIED
    if states == {PieceState.APPLIED}:
        state = AmendmentState.APPLIED
    elif PieceState.AWAITING_CUSTOMER in states:
        state = AmendmentState.AWAITING_CUSTOMER
    elif states <= {PieceState.REFUSED}:
        state = AmendmentState.REFUSED
    return Amendment(id="A-1", endpoint=endpoint, at=AT, pieces=parts, **{"state": state} | said)


def quote(*changed: ItemChange, question: str = "Q-1", amount: str = "30.00", **said) -> Piece:
    """A piece that waits for the customer's yes to a charge."""
    return Piece(
        number=1,
        changes=changed,
        state=PieceState.AWAITING_CUSTOMER,
        question=question,
        charge=Money(value=Decimal(amount), unit="USD"),
        answer_by=AT + timedelta(days=2),
        fault=Fault(code="E_CHARGE", what="warehouse is past the point from which a change costs (packed)"),
        **said,
    )


def refused(*changed: ItemChange, code: str = "E_TOO_LATE", number: int = 1, **said) -> Piece:
    """A piece that was refused."""
    fault = Fault(code=code, what="warehouse has shipped it")
    return Piece(number=number, changes=changed, state=PieceState.REFUSED, fault=fault, **said)


def applied(*changed: ItemChange, number: int = 1) -> Piece:
    """A piece that is done."""
    return Piece(number=number, changes=changed, state=PieceState.APPLIED, version=3)

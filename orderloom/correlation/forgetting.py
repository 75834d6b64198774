"""
A customer's wish to be forgotten: what of a record is personal, overwritten.  Pure.

Ids, states, hashes, amounts and dates stay: they prove what was done, keep a second order out, and are what
books and reports are made of.  Whatever says who the customer is and where he lives, or was written freely,
goes: names, addresses, notes, values of characteristics, reasons in words.  An id that is itself an address
or a telephone number is overwritten too.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final, TypeVar

import msgspec

from canonical.amendments import Amendment, CancelTask, ItemChange, OrderPatch, Piece
from canonical.commands import AmendOrder, OrderRef, Origin
from canonical.errors import CODES, Fault
from canonical.instructions import InstructionLine
from canonical.order import (
    Address,
    ErrorMessage,
    Order,
    OrderContent,
    OrderItem,
    PartyRef,
    Place,
    Product,
    RelatedParty,
)
from canonical.parties import alias_of

from .port import JournalEntry
from .record import Alias, Amending, Cancelling, Instructed, Line, Record, Step

__all__ = [
    "FORGOTTEN",
    "forgotten",
    "forgotten_content",
    "forgotten_entry",
    "is_forgotten",
    "pseudonym",
]

FORGOTTEN: Final = "forgotten"
"""The description of an order whose customer was forgotten."""

_TELLING = frozenset({"email", "phone"})
"""Types of party aliases that are personal by themselves."""

# An address of e-mail; a telephone number that says that it is one.
_TELLS: Final = re.compile(r".*@.*|(?:tel:)?\+[0-9][0-9 ()./-]{5,}", re.ASCII | re.DOTALL)

_ID: Final = re.compile(r".*[iI]d", re.DOTALL)
"""Names of outputs that are ids: ``crm.accountId``."""

_OUR_WORDS: Final = frozenset(
    {
        "amendment_applied",
        "amendment_asked",
        "amendment_queued",
        "amendment_state",
        "asked_again",
        "cancel_asked",
        "completed_by_hand",
        "conversation_resumed",
        "customer_answered",
        "draft_abandoned",
        "draft_begun",
        "draft_edited",
        "follow_on_drafted",
        "inquired",
        "inquiry_outdated",
        "instruction_received",
        "instruction_sent",
        "item_edited",
        "line_cancelled",
        "line_cut",
        "line_failed",
        "line_skipped",
        "native_kept",
        "not_applied",
        "number_reused",
        "optional_ended",
        "order_accepted",
        "part_planned",
        "reply_superseded",
        "retried",
        "start_awaited",
        "status_changed",
        "submitted_again",
    }
)
"""Events whose text is the hub's own or an operator's, and quotes nobody."""

_QUOTED: Final = frozenset({"earlier", "later"})
"""Facts of the journal that are what somebody had said."""

Content = TypeVar("Content", bound=OrderContent)


def is_forgotten(order: Order) -> bool:
    """Whether it was overwritten."""
    return order.description == FORGOTTEN


def pseudonym(party: str) -> str:
    """What stands for a party's id that is personal by itself; the same each time, and telling nothing."""
    return f"{FORGOTTEN}:{alias_of(party).id}"


def forgotten(record: Record) -> Record:
    """A record of an order that has ended, without what is personal; the second time nothing changes."""
    return msgspec.structs.replace(
        record,
        order=_order(record.order),
        lines=tuple(_line(one) for one in record.lines),
        instructions=tuple(_instructed(one) for one in record.instructions),
        aliases=tuple(_alias(one) for one in record.aliases),
        outputs={name: value if _ID.fullmatch(name) else "" for name, value in record.outputs.items()},
        amendments=tuple(_amending(one) for one in record.amendments),
        cancels=tuple(_cancelling(one) for one in record.cancels),
        steps=tuple(_step(one) for one in record.steps),
        offers=(),
    )


def forgotten_content(content: Content) -> Content:
    """What a sender said of an order, without what is personal."""
    return msgspec.structs.replace(
        content,
        product_order_item=tuple(_item(one) for one in content.product_order_item),
        external_id=tuple(msgspec.structs.replace(one, id=_id(one.id)) for one in content.external_id),
        related_party=tuple(_party(one) for one in content.related_party),
        place=_places(content.place),
        description=FORGOTTEN,
        note=(),
    )


def forgotten_entry(entry: JournalEntry) -> JournalEntry:
    """An entry of the journal that quotes nobody: what happened, and its facts, without what was said."""
    own = entry.event in _OUR_WORDS or (entry.event == "reply_folded" and "verb" not in entry.data)
    code = CODES.get(entry.data.get("code", ""), "")
    data = {name: _id(value) for name, value in entry.data.items() if name not in _QUOTED}
    return replace(entry, text=entry.text if own else code or "what was said is forgotten", data=data)


def _order(order: Order) -> Order:
    return msgspec.structs.replace(
        forgotten_content(order),
        channel=tuple(msgspec.structs.replace(one, actor="") for one in order.channel),
        product_order_error_message=tuple(_error(one) for one in order.product_order_error_message),
        product_order_jeopardy_alert=_without_message(order.product_order_jeopardy_alert),
        product_order_milestone=_without_message(order.product_order_milestone),
    )


def _without_message(values: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(msgspec.structs.replace(one, message="") for one in values)


def _error(message: ErrorMessage) -> ErrorMessage:
    return msgspec.structs.replace(message, reason=CODES.get(message.code, ""))


def _party(one: RelatedParty) -> RelatedParty:
    id_ = one.party_or_party_role.id
    personal = alias_of(id_).type in _TELLING or _TELLS.fullmatch(id_) is not None
    party = PartyRef(id=pseudonym(id_) if personal else id_)
    return msgspec.structs.replace(one, party_or_party_role=party)


def _places(places: Iterable[Place]) -> tuple[Place, ...]:
    return tuple(Place(role=one.role, place=Address(id=_id(one.place.id))) for one in places)


def _id(value: str) -> str:
    """An id, unless it is an address or a telephone number."""
    return pseudonym(value) if _TELLS.fullmatch(value) else value


def _item(item: OrderItem) -> OrderItem:
    product = item.product
    values = (msgspec.structs.replace(one, value="") for one in product.product_characteristic)
    return msgspec.structs.replace(
        item,
        product=Product(
            id=_id(product.id),
            product_serial_number=_id(product.product_serial_number),
            product_characteristic=tuple(values),
            place=_places(product.place),
        ),
        note=(),
        line_ref=_id(item.line_ref),
        product_order_item=tuple(_item(one) for one in item.product_order_item),
    )


def _line(line: Line) -> Line:
    return msgspec.structs.replace(line, reason="") if line.reason else line


def _instructed(one: Instructed) -> Instructed:
    return msgspec.structs.replace(one, lines=tuple(_told(line) for line in one.lines)) if one.lines else one


def _told(line: InstructionLine) -> InstructionLine:
    was = None if line.was is None else _item(line.was)
    return InstructionLine(number=line.number, item=_item(line.item), was=was)


def _alias(one: Alias) -> Alias:
    value = _id(one.value)
    return one if value == one.value else msgspec.structs.replace(one, value=value)


def _fault(fault: Fault | None) -> Fault | None:
    return None if fault is None else Fault(code=fault.code, what=CODES.get(fault.code, ""))


def _step(step: Step) -> Step:
    return msgspec.structs.replace(step, fault=_fault(step.fault))


# What was asked of the order later.


def _amending(one: Amending) -> Amending:
    said = one.command
    command = AmendOrder(origin=_origin(said.origin), about=_about(said.about), scope=said.scope)
    return msgspec.structs.replace(one, amendment=_amendment(one.amendment), command=command)


def _amendment(one: Amendment) -> Amendment:
    return msgspec.structs.replace(
        one,
        pieces=tuple(_piece(piece) for piece in one.pieces),
        fields=None if one.fields is None else _patch(one.fields),
        fault=_fault(one.fault),
    )


def _patch(patch: OrderPatch) -> OrderPatch:
    parties, places = patch.related_party, patch.place
    return msgspec.structs.replace(
        patch,
        related_party=None if parties is None else tuple(_party(one) for one in parties),
        place=None if places is None else _places(places),
        note=(),
    )


def _piece(piece: Piece) -> Piece:
    changes = tuple(_change(one) for one in piece.changes)
    return msgspec.structs.replace(piece, changes=changes, fault=_fault(piece.fault))


def _change(change: ItemChange) -> ItemChange:
    wanted = None if change.wanted is None else _item(change.wanted)
    return msgspec.structs.replace(change, wanted=wanted, line_ref=_id(change.line_ref))


def _cancelling(one: Cancelling) -> Cancelling:
    return Cancelling(task=_task(one.task), origin=_origin(one.origin))


def _task(task: CancelTask) -> CancelTask:
    return msgspec.structs.replace(task, reason="", fault=_fault(task.fault))


def _origin(origin: Origin) -> Origin:
    """Its numbers; what an acknowledgement needed besides is needed no more."""
    return msgspec.structs.replace(origin, details={}, document=_id(origin.document))


def _about(about: OrderRef) -> OrderRef:
    return msgspec.structs.replace(about, value=_id(about.value))

"""
Provisioning of internet access: TMF641 v4.1 service orders by HTTP, their states back.

Native format: docs/systems/oss-internet.md.  Samples: tests/fixtures/oss_internet/.
Standard: TMF641 Service Ordering v4.1.0 (``ServiceOrder_Create``, ``ServiceOrderStateChangeEvent``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from adapters.formats.json_node import Node
from adapters.formats.json_strict import read_json
from adapters.kit.contract import CallSpec, Native, Stamp
from canonical.errors import Rejected, shown
from canonical.instructions import Instruction, InstructionLine
from canonical.keys import content_hash
from canonical.order import Characteristic, Place
from canonical.replies import LineReply, Receipt, Reference, Reply
from canonical.states import State
from canonical.systems import Attachment, Meaning, SystemProfile, Verb

__all__ = ["OssInternetAdapter"]

_CONTENT_TYPE = "application/json"
_PATH = "/serviceOrder"
_EVENT = "ServiceOrderStateChangeEvent"
_MAX_ID = 128
_MAX_REASON = 2000
_MAX_LINE = 10_000

_ALIAS = "serviceOrder"
_REFERENCE = "reference"
_HUB_REFERENCE = "hubReference"

# Not a state of TMF641: our word for an HTTP answer that is an error.
_REFUSED = "refused"

# States that a service order goes through while nothing needs to be told.
_UNDER_WAY = frozenset({"acknowledged", "inProgress"})

_PROFILE = SystemProfile(
    name="oss.internet",
    attachment=Attachment.CALL,
    words={
        "acknowledged": Meaning(state=State.IN_PROGRESS),
        "inProgress": Meaning(state=State.IN_PROGRESS),
        "assessingCancellation": Meaning(state=State.IN_PROGRESS),
        "pendingCancellation": Meaning(state=State.IN_PROGRESS),
        "pending": Meaning(state=State.PENDING),
        "held": Meaning(state=State.HELD, code="E_SYSTEM_HELD"),
        "completed": Meaning(state=State.COMPLETED),
        "rejected": Meaning(state=State.REJECTED, code="E_SYSTEM_REFUSED"),
        # Nobody of ours asked for these ends: a person decides what comes next.
        "failed": Meaning(state=State.HELD, code="E_SYSTEM_REFUSED"),
        "partial": Meaning(state=State.HELD, code="E_SYSTEM_REFUSED"),
        "cancelled": Meaning(state=State.HELD, code="E_SYSTEM_REFUSED"),
        _REFUSED: Meaning(state=State.HELD, code="E_SYSTEM_REFUSED"),
    },
    reference_type=_REFERENCE,
)


class OssInternetAdapter:
    """Order services from internet provisioning, and read their states."""

    profile = _PROFILE
    counters: tuple[str, ...] = ()

    def instruct(self, instruction: Instruction, stamp: Stamp) -> Native:
        """
        A ``ServiceOrder`` to be posted; the instruction's key is its ``externalId``.

        Raises:
            Rejected: ``E_ACTION`` for anything but ``do``.
        """
        if instruction.verb is not Verb.DO:
            raise Rejected("E_ACTION", f"oss.internet cannot {instruction.verb.value}", "verb", Verb.DO.value)
        number = len(instruction.lines)
        return Native(
            body=msgspec.json.encode(_service_order(instruction)),
            content_type=_CONTENT_TYPE,
            summary=f"ServiceOrder {instruction.reference}, {number} item{'s' * (number != 1)}",
            call=CallSpec(path=_PATH),
        )

    def read_reply(self, native: Native) -> Iterator[Reply | Receipt | Rejected]:
        """
        What is in one of three bodies: an event, the answer to the call, or the error that the call got.

        An answer names its instruction only when the system echoes ``externalId``, an error never does; the
        hub knows which call it made.  Properties that are not known are passed over.

        Raises:
            Rejected: The body is none of the three.
        """
        document = read_json(native.body)
        key = content_hash(native.body)
        if document.has("event") or document.has("eventType"):
            yield _event(document, key)
        elif document.has("code") and not document.has("id"):
            yield _refusal(document, key)
        else:
            yield from _answer(document, key)


def _service_order(instruction: Instruction) -> dict[str, Any]:
    return _said(
        externalId=instruction.key,
        category="internet",
        description=f"Order {instruction.order_id}, part {instruction.position} {instruction.part}",
        requestedCompletionDate=instruction.requested_completion_date,
        externalReference=[
            # TMF641 wants a name for each.
            {"id": value, "name": value, "externalReferenceType": kind}
            for kind, value in _references(instruction)
        ],
        serviceOrderItem=[_ordered_item(line, instruction.place) for line in instruction.lines],
    ) | {"@type": "ServiceOrder"}


def _references(instruction: Instruction) -> Iterator[tuple[str, str]]:
    if instruction.external_id:
        yield "purchaseOrder", instruction.external_id[0].id
    yield _HUB_REFERENCE, instruction.reference


def _ordered_item(line: InstructionLine, place: tuple[Place, ...]) -> dict[str, Any]:
    item = line.item
    service = _said(
        name=item.product_offering.id,
        serviceCharacteristic=[_characteristic(one) for one in item.product.product_characteristic],
        place=[_place(one) for one in item.product.place or place],
    )
    return {
        "id": str(line.number),
        "action": item.action.value,
        "quantity": item.quantity,
        "service": service,
    }


def _characteristic(one: Characteristic) -> dict[str, str]:
    return {"name": one.name, "value": one.value, "valueType": one.value_type}


def _place(one: Place) -> dict[str, Any]:
    where = one.place
    return {"@type": "GeographicAddress", "role": one.role} | _said(
        id=where.id,
        name=where.name,
        streetName=where.street,
        city=where.city,
        stateOrProvince=where.state_or_province,
        postcode=where.postcode,
        country=where.country,
    )


def _said(**fields: Any) -> dict[str, Any]:
    """What there is something to say of."""
    return {name: value for name, value in fields.items() if value not in ("", None, [])}


def _event(document: Node, key: str) -> Reply:
    document.child("eventType").enum((_EVENT,))
    happened = document.get("eventTime")
    order = document.child("event").child("serviceOrder")
    reply = _reply(order, _optional(document, "eventId") or key, order.child("state").text(_MAX_ID))
    return msgspec.structs.replace(reply, happened=happened.instant() if happened else None)


def _answer(order: Node, key: str) -> Iterator[Reply | Receipt]:
    """The receipt that every answer is, and the reply that it is when the order is already decided."""
    reply = _reply(order, key, _optional(order, "state"))
    yield Receipt(system=_PROFILE.name, key=f"{key}.receipt", about=reply.about, gives=reply.gives)
    if reply.word and reply.word not in _UNDER_WAY:
        yield reply


def _reply(order: Node, key: str, word: str) -> Reply:
    number = Reference(type=_ALIAS, value=order.child("id").text(_MAX_ID))
    return Reply(
        system=_PROFILE.name,
        key=key,
        about=(*_named(order), number),
        word=word,
        lines=tuple(_line(each) for each in order.children("serviceOrderItem") if each.has("state")),
        gives=(number,),
        reason=_reasons(order),
        where=f"{order.where}.state",
    )


def _named(order: Node) -> Iterator[Reference]:
    """Our own ids, when the system gives them back: the key is surest."""
    if key := _optional(order, "externalId"):
        yield Reference(type="key", value=key)
    for each in order.children("externalReference"):
        if _optional(each, "externalReferenceType") == _HUB_REFERENCE:
            yield Reference(type=_REFERENCE, value=each.child("id").text(_MAX_ID))


def _line(item: Node) -> LineReply:
    number = item.child("id")
    text = number.text(_MAX_ID)
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= _MAX_LINE):
        raise number.reject("E_VALUE", f"no item {shown(text)} was ordered", f"1 to {_MAX_LINE}")
    return LineReply(
        line=int(text),
        word=item.child("state").text(_MAX_ID),
        reason=_reasons(item),
        where=f"{item.where}.state",
    )


def _refusal(error: Node, key: str) -> Reply:
    """An HTTP error's body (TMF630 ``Error``), which names no order at all."""
    said = (_prose(error, "reason"), _prose(error, "message"))
    return Reply(system=_PROFILE.name, key=key, about=(), word=_REFUSED, reason=_joined(said), where="$.code")


def _reasons(node: Node) -> str:
    notes = [_prose(each, "text") for each in node.children("note")]
    errors = [_prose(each, "reason") for each in node.children("errorMessage")]
    return _joined((*errors, *notes))


def _joined(parts: Iterable[str]) -> str:
    return "; ".join(filter(None, parts))[:_MAX_REASON]


def _prose(node: Node, name: str) -> str:
    found = node.get(name)
    return found.text(_MAX_REASON, lines=True, blank=True) if found else ""


def _optional(node: Node, name: str) -> str:
    found = node.get(name)
    return found.text(_MAX_ID, blank=True).strip() if found else ""

"""
From an instruction to what is called: a service order, a change of one, a cancel of it or of items.

Source: TMF641 v4.1.0, ``ServiceOrder_Create``, ``ServiceOrder_Update``, ``CancelServiceOrder_Create``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from adapters.kit.contract import CallSpec
from canonical.instructions import Instruction, InstructionLine
from canonical.order import Characteristic, Place

__all__ = ["HUB_REFERENCE", "cancel", "change", "service_order"]

HUB_REFERENCE = "hubReference"
"""Type of the external reference that is ours of the instruction."""

_ORDERS = "/serviceOrder"
# RFC 3986 section 2.3, all that need not be escaped in a path.
_ESCAPED = re.compile(r"[^A-Za-z0-9._~-]")

Asked = tuple[CallSpec, dict[str, Any]]


def service_order(instruction: Instruction) -> Asked:
    """A new service order, whose ``externalId`` is the instruction's key."""
    return CallSpec(path=_ORDERS), _said(
        externalId=instruction.key,
        category="internet",
        description=_description(instruction),
        requestedCompletionDate=instruction.requested_completion_date,
        externalReference=[
            # TMF641 wants a name for each.
            {"id": value, "name": value, "externalReferenceType": kind}
            for kind, value in _references(instruction)
        ],
        serviceOrderItem=_items(instruction),
    ) | {"@type": "ServiceOrder"}


def change(instruction: Instruction, earlier: str) -> Asked:
    """
    Other values for items of the service order that was posted under the key ``earlier``.

    It says nothing of external ids and references: those stay the service order's own.
    """
    path = f"{_ORDERS}/{_ESCAPED.sub(_escaped, earlier)}"
    return CallSpec(method="PATCH", path=path), _said(
        description=_description(instruction),
        requestedCompletionDate=instruction.requested_completion_date,
        note=[
            {"id": instruction.reference, "text": f"Change {instruction.reference}"},
            *({"id": f"{number}.{place}", "text": text} for number, place, text in _said_now(instruction)),
        ],
        serviceOrderItem=_items(instruction),
    )


def _said_now(instruction: Instruction) -> Iterator[tuple[int, int, str]]:
    """Notes of items that the system does not have yet, such as the customer's word on what it asks."""
    for line in instruction.lines:
        known = line.was.note if line.was is not None else ()
        for place, note in enumerate(line.item.note, 1):
            if note not in known:
                yield line.number, place, note.text


def cancel(instruction: Instruction, earlier: str) -> Asked:
    """A cancel of the named items of the service order that was posted under the key ``earlier``."""
    return CallSpec(path="/cancelServiceOrder"), {
        "externalId": instruction.key,
        "cancellationReason": f"{_description(instruction)}: {instruction.reference}",
        "serviceOrder": {"id": earlier},
        "serviceOrderItem": [{"id": str(line.number)} for line in instruction.lines],
        "@type": "CancelServiceOrder",
    }


def _escaped(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "replace"))


def _description(instruction: Instruction) -> str:
    return f"Order {instruction.order_id}, part {instruction.position} {instruction.part}"


def _references(instruction: Instruction) -> Iterator[tuple[str, str]]:
    if instruction.external_id:
        yield "purchaseOrder", instruction.external_id[0].id
    yield HUB_REFERENCE, instruction.reference


def _items(instruction: Instruction) -> list[dict[str, Any]]:
    return [_ordered_item(line, instruction.place) for line in instruction.lines]


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

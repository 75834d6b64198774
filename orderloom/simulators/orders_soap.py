"""
Generated orders in native bytes: a call centre's SWIOrderUpsert, in SOAP 1.1.

Described, element by element, in docs/channels/callcenter.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree as ET

from .order import GeneratedLine, GeneratedOrder

__all__ = ["PRODUCT", "upsert"]

PRODUCT = "PRODUCT"
"""Qualifier of the names that a line has products by."""

_SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
_SERVICE = "http://siebel.com/asi"
_DATA = "http://siebel.com/OrderManagement/Order/Data"

_ACTIONS = {"add": "Add", "noChange": "Existing"}


def upsert(order: GeneratedOrder) -> bytes:
    """One order in one envelope; one that repeats another is spaced anew, so that its bytes differ."""
    envelope = ET.Element(f"{{{_SOAP}}}Envelope")
    body = ET.SubElement(envelope, f"{{{_SOAP}}}Body")
    request = ET.SubElement(body, f"{{{_SERVICE}}}SWIOrderUpsert_Input")
    one = _inside(_inside(request, "ListOfSWIOrderIO"), "SWIOrder")
    person = order.customer.removeprefix("C-")
    _fields(
        one,
        Id=f"R{order.number}",
        OrderNumber=order.number,
        Revision="1",
        Status="Open",
        AccountId=order.customer,
        AccountName=f"Customer {order.customer}",
        CurrencyCode="USD",
        ShipToAddress=f"{int(person) % 200 + 1} Harbour Road",
        ShipToCity="Austin",
        ShipToState="TX",
        ShipToPostalCode="78701",
        ShipToCountry="US",
    )
    listed = _inside(one, "ListOfSWIOrderItem")
    for line, parent in _flat(order.lines, ""):
        item = _inside(listed, "SWIOrderItem")
        _fields(item, Id=_row(line.id), LineNumber=line.id)
        if parent:
            _fields(item, ParentOrderItemId=_row(parent))
        _fields(item, ActionCode=_ACTIONS[line.action], Product=line.codes[0][1], Qty=str(line.quantity))
    if order.fault == "same":
        ET.indent(envelope)
    return bytes(ET.tostring(envelope, encoding="utf-8", xml_declaration=True))


def _flat(lines: tuple[GeneratedLine, ...], parent: str) -> Iterator[tuple[GeneratedLine, str]]:
    for line in lines:
        yield line, parent
        yield from _flat(line.lines, line.id)


def _row(line: str) -> str:
    return f"1-L{line}"


def _inside(node: ET.Element, name: str) -> ET.Element:
    return ET.SubElement(node, f"{{{_DATA}}}{name}")


def _fields(node: ET.Element, **said: str) -> None:
    for name, text in said.items():
        _inside(node, name).text = text

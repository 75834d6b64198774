"""
Generated orders in native bytes: the log of a store's till, ARTS POSLog, with a sale over the counter in it.

Described, element by element, in docs/channels/store.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree as ET

from .order import GeneratedLine, GeneratedOrder

__all__ = ["GTIN", "ITEM_ID", "receipt_of", "sequence_of", "till_log"]

GTIN, ITEM_ID = "GTIN", "ITEM-ID"
"""Qualifiers of the codes that a line names its product by."""

_RETAIL = "http://www.nrf-arts.org/IXRetail/namespace/"
_STORE, _TILL, _DAY = "0117", "4", "2026-11-02"
_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def receipt_of(sequence: str) -> str:
    """The number that the hub knows an order of the till by."""
    return f"{_STORE}.{_TILL}.{_DAY.replace('-', '')}.{sequence}"


def sequence_of(seed: int, place: int) -> str:
    """A till's number for an order: six characters, so that billing's 22 hold the whole receipt number."""
    number, digits = seed % 10_000 * 100_000 + place, ""
    while number:
        number, digit = divmod(number, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits.rjust(6, "0")


def till_log(order: GeneratedOrder) -> bytes:
    """One transaction; one that repeats another is spaced anew, so that its bytes differ."""
    log = ET.Element(f"{{{_RETAIL}}}POSLog")
    one = _inside(log, "Transaction")
    sequence = order.number.removeprefix(receipt_of(""))
    _fields(one, RetailStoreID=_STORE, WorkstationID=_TILL, SequenceNumber=sequence, BusinessDayDate=_DAY)
    _fields(one, CurrencyCode="USD")
    retail = _inside(one, "RetailTransaction")
    _fields(_inside(retail, "Customer"), CustomerID=order.customer, Name=f"Customer {order.customer}")
    gum = _inside(retail, "LineItem")
    _fields(gum, SequenceNumber="0")
    _fields(_inside(gum, "Sale"), ItemID="GUM", Quantity="1")
    for line, link in _flat(order.lines, ""):
        _line(retail, line, link)
    if order.fault == "same":
        ET.indent(log)
    return bytes(ET.tostring(log, encoding="utf-8", xml_declaration=True))


def _line(retail: ET.Element, line: GeneratedLine, link: str) -> None:
    item = _inside(retail, "LineItem")
    _fields(item, SequenceNumber=line.id)
    ordered = _inside(item, "CustomerOrderForPickup")
    for kind, code in line.codes:
        if kind == GTIN:
            identity = _inside(ordered, "POSIdentity")
            identity.set("POSIDType", kind)
            _fields(identity, POSItemID=code)
        else:
            _fields(ordered, ItemID=code)
    _fields(ordered, Quantity=str(line.quantity), RegularSalesUnitPrice="99.00")
    if link:
        _fields(ordered, ItemLink=link)


def _flat(lines: tuple[GeneratedLine, ...], link: str) -> Iterator[tuple[GeneratedLine, str]]:
    for line in lines:
        yield line, link
        yield from _flat(line.lines, line.id)


def _inside(node: ET.Element, name: str) -> ET.Element:
    return ET.SubElement(node, f"{{{_RETAIL}}}{name}")


def _fields(node: ET.Element, **said: str) -> None:
    for name, text in said.items():
        _inside(node, name).text = text

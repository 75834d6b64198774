"""
What a call centre understands of the SOAP it is sent: answers, faults, status notices.

Described, element by element, in docs/channels/callcenter.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree as ET

from .told_of_order import ToldOfOrder

__all__ = ["from_soap"]

_ENVELOPES = ("http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope")
_DATA = "{http://siebel.com/OrderManagement/Order/Data}"
_DESK = "callcenter.desk"


def from_soap(body: bytes) -> Iterator[ToldOfOrder]:
    """
    A record for each order in a message, or for each error in a fault.

    Raises:
        ValueError: It is no SOAP envelope with one element in its body.
    """
    try:
        # The hub writes it, and Python's expat stops entities that multiply.
        root = ET.fromstring(body)  # noqa: S314
    except ET.ParseError as error:
        raise ValueError(str(error)) from error
    uri = root.tag[1:].partition("}")[0]
    inside = root.find(f"{{{uri}}}Body")
    if uri not in _ENVELOPES or inside is None or len(inside) != 1:
        raise ValueError(f"no envelope: {root.tag}")
    kind = inside[0].tag.partition("}")[2]
    if kind == "Fault":
        for one in inside.iter(f"{_DATA}Error"):
            text = f"{_text(one, 'ErrorPlace')}: {_text(one, 'ErrorText')}"
            yield ToldOfOrder(_DESK, _text(one, "OrderNumber"), kind, _text(one, "ErrorCode"), text=text)
        return
    for one in inside.iter(f"{_DATA}SWIInteraction"):
        if kind == "SWIInteraction_Output":
            yield ToldOfOrder(_DESK, _text(one, "Id"), kind, "")
    for order in inside.iter(f"{_DATA}SWIOrder"):
        said = [_text(order, name) for name in ("Notice", "Progress", "ErrorCode", "StatusReason")]
        yield ToldOfOrder(
            _DESK,
            _text(order, "OrderNumber"),
            kind,
            _text(order, "Status"),
            tuple(
                (_text(item, "LineNumber"), _text(item, "Status"))
                for item in order.iter(f"{_DATA}SWIOrderItem")
            ),
            about=_text(order, "IntegrationId"),
            text=" ".join(filter(None, said)),
        )


def _text(node: ET.Element, name: str) -> str:
    return node.findtext(f"{_DATA}{name}", "")

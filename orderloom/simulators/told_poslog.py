"""
What a store understands of the POSLog it is sent: outcomes of its transactions, statuses of orders.

Described, element by element, in docs/channels/store.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree as ET

from .told_of_order import ToldOfOrder

__all__ = ["from_poslog"]

_RETAIL = "{http://www.nrf-arts.org/IXRetail/namespace/}"
_OURS = "{urn:orderloom:store:1}"
_NUMBERS = ("RetailStoreID", "WorkstationID", "BusinessDayDate", "SequenceNumber")


def from_poslog(endpoint: str, body: bytes) -> Iterator[ToldOfOrder]:
    """
    A record for each transaction.

    Raises:
        ValueError: It is no POSLog.
    """
    try:
        # The hub writes it, and Python's expat stops entities that multiply.
        root = ET.fromstring(body)  # noqa: S314
    except ET.ParseError as wrong:
        raise ValueError(str(wrong)) from wrong
    if root.tag != f"{_RETAIL}POSLog":
        raise ValueError(f"no POSLog: {root.tag}")
    for one in root.iter(f"{_RETAIL}Transaction"):
        number = ".".join(filter(None, (_number(one, name) for name in _NUMBERS)))
        said = one.find(f"{_RETAIL}CustomerOrderTransaction")
        if said is None:
            raise ValueError(f"a transaction that says nothing: {number}")
        error = said.find(f"{_OURS}Error")
        outcome = said.findtext(f"{_OURS}Outcome", "")
        words = [error.get("Code", ""), error.text or ""] if error is not None else []
        words += [said.findtext(f"{_OURS}{name}", "") for name in ("Progress", "Reason")]
        offer = said.find(f"{_OURS}Recommendation")
        if offer is not None:
            words += [offer.findtext(f"{_OURS}{name}", "") for name in ("Apology", "Text")]
        yield ToldOfOrder(
            endpoint,
            number,
            "Outcome" if outcome else said.findtext(f"{_OURS}Notice", "Error"),
            outcome or said.findtext(f"{_RETAIL}OrderStatus", ""),
            tuple(
                (line.findtext(f"{_RETAIL}SequenceNumber", ""), line.findtext(f"{_RETAIL}OrderStatus", ""))
                for line in said.iter(f"{_RETAIL}LineItem")
            ),
            about=said.findtext(f"{_RETAIL}OrderID", ""),
            text=" ".join(filter(None, words)),
        )


def _number(transaction: ET.Element, name: str) -> str:
    text = transaction.findtext(_RETAIL + name, "")
    return text.replace("-", "") if name == "BusinessDayDate" else text

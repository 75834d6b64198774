"""
What a partner said and wants to hear again (its date, its own codes), kept on the order as notes.

The notes are the partner's own, by its name, and come before any other note of it.
"""

from __future__ import annotations

import datetime as dt

from canonical.order import Note, Order, OrderItem

__all__ = ["code_note", "codes_of", "date_note", "date_of"]

_DATE = "purchase order of "


def date_note(endpoint: str, date: dt.date) -> Note:
    """BEG05."""
    return Note(text=f"{_DATE}{date.isoformat()}", author=endpoint)


def date_of(order: Order, endpoint: str) -> dt.date:
    """
    The date of ``endpoint``'s purchase order; the day the hub took the order, when it came another way.
    """
    said = next((one.text for one in order.note if one.author == endpoint), "")
    return (
        dt.date.fromisoformat(said.removeprefix(_DATE))
        if said.startswith(_DATE)
        else order.creation_date.date()
    )


def code_note(endpoint: str, qualifier: str, code: str, offering: str) -> Note:
    """
    One pair of PO106 and the following that names the offering; the qualifier has two characters.

    The offering stands with it: a change, by whoever, may put another one into the line.
    """
    return Note(text=f"{qualifier} {code}{_names(offering)}", author=endpoint)


def codes_of(item: OrderItem, endpoint: str) -> tuple[str, ...]:
    """
    The pairs by which ``endpoint`` named what the line holds now, flat; the hub's own code (``VN``, the
    seller's item number) when there are none.
    """
    names = _names(item.product_offering.id)
    said = (one.text for one in item.note if one.author == endpoint and one.text.endswith(names))
    pairs = (one.removesuffix(names).partition(" ") for one in dict.fromkeys(said))
    flat = tuple(element for qualifier, _, code in pairs for element in (qualifier, code))
    return flat or ("VN", item.product_offering.id)


def _names(offering: str) -> str:
    return f" names {offering}"

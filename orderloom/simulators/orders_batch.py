"""
Generated orders in native bytes: a batch of direct mail, records of 200 bytes in EBCDIC (cp037), FB.

Described, column by column, in docs/channels/directmail.md.
"""

from __future__ import annotations

from collections.abc import Sequence

from .order import GeneratedLine, GeneratedOrder

__all__ = ["OFFER_CODE", "batch", "number_of"]

OFFER_CODE = "OFFER-CODE"
"""Qualifier of the codes that a record's lines have."""

_PAGE = "cp037"
_LENGTH = 200
_WRITTEN = "20261102"
_CAMPAIGN = "AUTUMN26"
_SENDER = "PRINTCO"
_CANARY = "[]!^|@"

# Cents; every card has a price, and the trailer their sum.
_PRICE = 9900
_MOST_ITEMS = 5

_STREETS = ("Harbour Road", "Mill Lane", "Station Square", "Orchard Way")


def number_of(name: str, sequence: int) -> str:
    """The number that the hub knows a record's order by: BATCH-ID and SEQ."""
    return f"{name}-{sequence:07}"


def batch(name: str, orders: Sequence[GeneratedOrder]) -> bytes:
    """One file: header, a detail for each order under the SEQ in its number, trailer."""
    head = f"H{name:10}{_WRITTEN}{_CAMPAIGN:8}{_SENDER:8}USD{_CANARY}".encode(_PAGE)
    details = [_detail(order) for order in orders]
    end = b"".join((_text("T", 1), packed(len(orders), 7), packed(_PRICE * len(orders), 13)))
    blank = " ".encode(_PAGE)
    return b"".join(record.ljust(_LENGTH, blank) for record in (head, *details, end))


def packed(number: int, digits: int) -> bytes:
    """A number in packed decimal (COMP-3), two digits a byte and the sign in the last half."""
    width = digits + 1 + (digits + 1) % 2
    return bytes.fromhex(f"{abs(number):0{digits}}{'D' if number < 0 else 'C'}".zfill(width))


def _detail(order: GeneratedOrder) -> bytes:
    first, *others = order.lines
    others = others[:_MOST_ITEMS]
    person = int(order.customer.removeprefix("C-"))
    return b"".join(
        (
            _text("D", 1),
            packed(int(order.number[-7:]), 7),
            _text(order.customer, 12),
            _text(_code(first), 8),
            _text("A", 1),
            packed(first.quantity, 3),
            packed(_PRICE, 9),
            _text(f"Customer {order.customer}", 30),
            _text(f"{person % 200 + 1} {_STREETS[person % len(_STREETS)]}", 30),
            _text("Austin", 20),
            _text("TX78701", 12),
            _text("US", 2),
            _text(_card(person), 21),
            _text(f"{len(others):02}", 2),
            *(_text(_code(one), 8) + packed(one.quantity, 3) for one in others),
        )
    )


def _code(line: GeneratedLine) -> str:
    return line.codes[0][1]


def _card(person: int) -> str:
    """What else the reply card says, of the kinds that there are."""
    return ("", f"P{f'+1512555{person:04}':15}18", "D20361201", "GWith love")[person % 4]


def _text(text: str, length: int) -> bytes:
    return text.ljust(length).encode(_PAGE)

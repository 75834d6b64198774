"""
The header of a batch: which batch it is, whose, and what holds for all of its records.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import msgspec

from adapters.formats.fixed import (
    CANARY,
    Raw,
    Record,
    Spot,
    decode,
    field_of,
    page_of_canary,
)
from adapters.formats.values import key, plain_text
from canonical.errors import Rejected, shown

from .layouts import HEADER, TRAILER
from .profile import Agreement

__all__ = ["Head", "decoded", "header", "kind_of", "names"]

_KINDS = {"H": "header", "D": "detail", "Q": "inquiry", "T": "trailer"}

# What names a batch: as an origin's detail, in the header, and with the most characters it has.
_NAMES = (("batch", "BATCH-ID", 10), ("sender", "SENDER-ID", 8))


class Head(msgspec.Struct, frozen=True):
    """
    The header of a batch.
    """

    batch: str
    sender: str
    campaign: str
    currency: str
    written: date


def header(first: Raw | None, agreed: Agreement) -> Head:
    """
    The header of a batch.

    Args:
        first: The file's first record; None when it holds none.

    Raises:
        Rejected: It is none, or wrong.
    """
    if first is None:
        raise Rejected("E_EMPTY", "the file holds no record", "", "a batch")
    kind = kind_of(first, agreed)
    if kind != "H":
        code = "E_FW_SEQUENCE" if kind in _KINDS else "E_FW_TYPE"
        what = f"the file begins with {_KINDS.get(kind, shown(kind))}"
        raise Rejected(code, what, str(Spot(1, 1, 1, "REC-TYPE")), "a header, H")
    return _head(_checked_page(decoded(first, agreed), agreed), agreed)


def names(first: Raw | None, agreed: Agreement) -> Mapping[str, str]:
    """
    What names the batch, ``batch`` and ``sender``, each if it can be read: whatever else is wrong with the
    header, its sender is told which batch it was.
    """
    if first is None or kind_of(first, agreed) != "H":
        return {}
    found = ((said, _named(first, name, most, agreed)) for said, name, most in _NAMES)
    return {said: value for said, value in found if value}


def _named(first: Raw, name: str, most: int, agreed: Agreement) -> str:
    try:
        return key(field_of(first.data, HEADER, name, agreed.page), name, max_len=most)
    except Rejected:
        return ""


def kind_of(raw: Raw, agreed: Agreement) -> str:
    """The letter with which a record begins."""
    return raw.data[:1].decode(agreed.page.codec, "replace")


def decoded(raw: Raw, agreed: Agreement) -> Record:
    """
    A header or a trailer, field by field.

    Raises:
        Rejected: As :func:`~adapters.formats.fixed.decode`.
    """
    layout = HEADER if kind_of(raw, agreed) == "H" else TRAILER
    return decode(raw.data, layout, agreed.page, number=raw.number, variable=agreed.form.variable)


def _checked_page(record: Record, agreed: Agreement) -> Record:
    canary: bytes = record["CANARY"]
    if canary.strip(bytes([agreed.page.blank])) and canary != CANARY.encode(agreed.page.codec):
        found = page_of_canary(canary)
        what = f"the canary is written in {found}" if found else f"{canary.hex().upper()} is no canary"
        raise Rejected("E_FW_CODEPAGE", what, record.where("CANARY"), f"{CANARY} in {agreed.page.name}")
    return record


def _head(record: Record, agreed: Agreement) -> Head:
    currency = record["CURRENCY"] or agreed.currency
    if not (currency.isascii() and currency.isalpha() and currency.isupper() and len(currency) == 3):
        raise Rejected("E_VALUE", shown(currency), record.where("CURRENCY"), "an ISO 4217 code, or blanks")
    return Head(
        batch=key(record["BATCH-ID"], record.where("BATCH-ID"), max_len=10),
        sender=key(record["SENDER-ID"], record.where("SENDER-ID"), max_len=8),
        campaign=plain_text(record["CAMPAIGN"], record.where("CAMPAIGN"), 8),
        currency=currency,
        written=record["FILE-DATE"],
    )

"""
The records of a batch: header, details, inquiries, trailer.  ``docs/channels/directmail.md`` is printed from
here.

A detail is 200 bytes; in RECFM VB it ends with its last item.
"""

from __future__ import annotations

from adapters.formats.fixed import (
    CANARY,
    FILLER,
    Absent,
    Date,
    Field,
    Group,
    Layout,
    Occurs,
    Usage,
    When,
)

__all__ = ["DETAIL", "HEADER", "INQUIRY", "LENGTH", "TRAILER"]

LENGTH = 200
"""Bytes of every record, in and out."""

_COMP_3 = Usage.COMP_3


def _text(name: str, length: int, about: str = "", constant: str = "") -> Field:
    return Field(name=name, picture=f"X({length})", about=about, constant=constant)


def _packed(name: str, picture: str, about: str) -> Field:
    return Field(name=name, picture=picture, usage=_COMP_3, about=about)


HEADER = Layout(
    "HDR",
    (
        _text("REC-TYPE", 1, "`H`", "H"),
        _text("BATCH-ID", 10, "your number of the batch: letters, digits, `.` `_` `:` `-`; left-justified"),
        Field(name="FILE-DATE", picture="9(8)", date=Date.CCYYMMDD, about="when the file was written"),
        _text("CAMPAIGN", 8, "what the cards answer to; may be blank"),
        _text("SENDER-ID", 8, "your name, as agreed: letters and digits"),
        _text("CURRENCY", 3, "ISO 4217 code of the prices; blank: the agreed one"),
        Field(
            name="CANARY",
            picture=f"X({len(CANARY)})",
            usage=Usage.BYTES,
            about=f"the characters `{CANARY}`, or blanks: shows the code page",
        ),
        _text(FILLER, 156),
    ),
)

_PHONE_CARD = Group(
    name="PHONE-CARD",
    redefines="CARD",
    when=When("CARD-TYPE", ("P",)),
    elements=(
        _text("PHONE", 15, "where the customer wants to be called"),
        Field(
            name="CALL-HOUR",
            picture="9(2)",
            absent=(Absent.BLANKS,),
            about="not before this hour, 00 to 23",
        ),
    ),
)
_DATE_CARD = Group(
    name="DATE-CARD",
    redefines="CARD",
    when=When("CARD-TYPE", ("D",)),
    elements=(
        Field(name="WANTED-DATE", picture="9(8)", date=Date.CCYYMMDD, about="when the goods are wanted"),
    ),
)
_GIFT_CARD = Group(
    name="GIFT-CARD",
    redefines="CARD",
    when=When("CARD-TYPE", ("G",)),
    elements=(_text("GREETING", 20, "what to write on the gift"),),
)

DETAIL = Layout(
    "DTL",
    (
        _text("REC-TYPE", 1, "`D`", "D"),
        _packed("SEQ", "9(7)", "number in the batch, 1 or more; ascending, gaps may be"),
        _text("CUST-ACCT", 12, "the customer's account: letters, digits, `.` `_` `:` `-`"),
        _text("OFFER-CODE", 8, "code of the offering"),
        _text("ACTION", 1, "`A` add; `M` modify and `D` delete are not taken yet"),
        _packed("QTY", "S9(3)", "how many, 1 or more"),
        _packed("PRICE", "S9(7)V99", "price of one, 0 or more; counted in the hash total"),
        _text("NAME", 30, "name of the customer"),
        _text("STREET", 30, "street and number"),
        _text("CITY", 20),
        _text("STATE", 2),
        _text("ZIP", 10),
        _text("COUNTRY", 2, "ISO 3166 code"),
        Field(
            name="CARD-TYPE",
            picture="X(1)",
            values={"P": "telephone", "D": "date", "G": "gift", "": "nothing"},
            about="what else the reply card says",
        ),
        Field(name="CARD", picture="X(20)", usage=Usage.BYTES, about="as `CARD-TYPE` says"),
        _PHONE_CARD,
        _DATE_CARD,
        _GIFT_CARD,
        Field(name="ITEM-CNT", picture="9(2)", about="how many items follow, 0 to 5"),
        Group(
            name="ITEMS",
            occurs=Occurs(5, 0, "ITEM-CNT"),
            about="what else is ordered, at the catalogue's price",
            elements=(
                _text("ITEM-CODE", 8, "code of the offering"),
                _packed("ITEM-QTY", "S9(3)", "how many, 1 or more"),
            ),
        ),
    ),
)

INQUIRY = Layout(
    "INQ",
    (
        _text("REC-TYPE", 1, "`Q`", "Q"),
        _packed("SEQ", "9(7)", "as in a detail: one count for both"),
        _text(
            "ORDER", 22, "the order's number: yours (`BATCH-ID`, a hyphen, seven digits of `SEQ`), or ours"
        ),
        _text(FILLER, 173),
    ),
)

TRAILER = Layout(
    "TRL",
    (
        _text("REC-TYPE", 1, "`T`", "T"),
        _packed("COUNT", "9(7)", "records between header and trailer"),
        _packed("HASH-TOTAL", "S9(11)V99", "sum of `PRICE` over all details"),
        _text(FILLER, 188),
    ),
)

"""
The records of a charge message and of a result message.  ``docs/systems/billing.md`` is printed from here.

CODE-PAGE stands in both headers: its letters are the same bytes in every page of a family, so that a message
says itself how to read it.
"""

from __future__ import annotations

from adapters.formats.fixed import FILLER, Absent, Date, Field, Group, Layout, Occurs

__all__ = [
    "CHARGE",
    "CHARGES",
    "CHARGES_END",
    "LENGTH",
    "RESULT",
    "RESULTS",
    "RESULTS_END",
    "REVERSAL",
]

LENGTH = 160
"""Bytes of every record, both ways."""


def _text(name: str, length: int, about: str = "", constant: str = "") -> Field:
    return Field(name=name, picture=f"X({length})", about=about, constant=constant)


def _prose(name: str, length: int, about: str) -> Field:
    return Field(name=name, picture=f"X({length})", about=about, free=True)


def _digits(name: str, length: int, about: str) -> Field:
    return Field(name=name, picture=f"9({length})", about=about)


def _day(name: str, about: str) -> Field:
    return Field(
        name=name, picture="9(8)", date=Date.CCYYMMDD, absent=(Absent.ZEROS, Absent.BLANKS), about=about
    )


_PAGE = _text("CODE-PAGE", 9, "code page of this message: `CP037`, `CP500`, `CP273`, `CP1140`, `ASCII`…")
_TIME = _digits("TIME", 6, "HHMMSS, UTC")
_KEY = "key of the instruction: the same work has the same key, for ever"
_REF = "short reference of the instruction"

CHARGES = Layout(
    "CHARGES",
    (
        _text("REC-TYPE", 1, "`B`", "B"),
        _PAGE,
        _digits("MSG-NO", 9, "our number of this message: 1, 2, 3… without gaps"),
        _day("DATE", "when it was written, UTC"),
        _TIME,
        _text("KEY", 36, _KEY),
        _text("REF", 22, _REF),
        Field(
            name="VERB",
            picture="X(1)",
            values={"D": "charge these lines", "R": "reverse what was charged for them"},
        ),
        _prose("ORDER-NO", 22, "the number that the customer's channel has for the order; cut when longer"),
        _text("ACCOUNT", 20, "account that the CRM gave; blank when it gave none"),
        _prose("CUSTOMER", 20, "name, for people"),
        _digits("LINES", 4, "line records that follow"),
        _text(FILLER, 2),
    ),
)

REVERSAL = Layout(
    "REVERSAL",
    (
        _text("REC-TYPE", 1, "`V`; follows a header with `VERB` `R`, and no other", "V"),
        _text("UNDOES", 36, "`KEY` of the charges that are reversed, for the lines that follow"),
        _text(FILLER, 123),
    ),
)

CHARGE = Layout(
    "CHARGE",
    (
        _text("REC-TYPE", 1, "`L`", "L"),
        _digits("LINE", 4, "number of the line, stable"),
        Field(name="ACTION", picture="X(1)", values={"A": "add", "M": "modify", "D": "delete"}),
        _text("OFFERING", 32, "id of the offering"),
        _digits("QTY", 7, "how many"),
        _day("START-DATE", "when it is wanted; zeros: as soon as it is done"),
        _digits("PRICE-CNT", 1, "prices that follow, 0 to 4; without one the tariff's price"),
        Group(
            name="PRICES",
            occurs=Occurs(4, 0, "PRICE-CNT"),
            elements=(
                Field(
                    name="PRICE-TYPE",
                    picture="X(1)",
                    values={"O": "once", "R": "recurring", "U": "usage"},
                ),
                _prose("PERIOD", 8, "of a recurring price: `month`"),
                Field(name="AMOUNT", picture="S9(9)V99", about="of one"),
                _text("CURRENCY", 3, "ISO 4217"),
            ),
        ),
        _text(FILLER, 14),
    ),
)

CHARGES_END = Layout(
    "END",
    (
        _text("REC-TYPE", 1, "`E`", "E"),
        _digits("LINES", 4, "line records in the message"),
        Field(
            name="TOTAL",
            picture="S9(13)V99",
            about="sum of all `AMOUNT`, with their own signs also in a reversal",
        ),
        _text(FILLER, 140),
    ),
)

RESULTS = Layout(
    "RESULTS",
    (
        _text("REC-TYPE", 1, "`R`", "R"),
        _PAGE,
        _text(
            "REPLY-NO",
            12,
            "your number of this result: the same result with it once more changes nothing; may be blank",
        ),
        _day("DATE", "when it was decided, UTC; zeros or blanks: not said"),
        Field(name="TIME", picture="9(6)", absent=(Absent.BLANKS,), about="HHMMSS, UTC"),
        _text("KEY", 36, "as in the charges; or blank, and `REF` says it"),
        _text("REF", 22, "as in the charges"),
        _text(
            "RESULT", 2, "a word of the table, said of all lines without a record; blank: said line by line"
        ),
        _text("BILL-ACCT", 20, "account that is billed, for later parts; may be blank"),
        _digits("LINES", 4, "line records that follow"),
        _text("TEXT", 40, "why, for people"),
    ),
)

RESULT = Layout(
    "RESULT",
    (
        _text("REC-TYPE", 1, "`S`", "S"),
        _digits("LINE", 4, "number of the line, as in the charges"),
        _text("RESULT", 2, "a word of the table"),
        _text("CHARGE-ID", 20, "your number of the charge; may be blank"),
        _text("TEXT", 60, "why, for people"),
        _text(FILLER, 73),
    ),
)

RESULTS_END = Layout(
    "END",
    (
        _text("REC-TYPE", 1, "`E`", "E"),
        _digits("LINES", 4, "line records in the message"),
        _text(FILLER, 155),
    ),
)

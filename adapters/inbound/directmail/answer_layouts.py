"""
The records that go back: acknowledgement (header, a verdict for each record, trailer) and status.
"""

from __future__ import annotations

from adapters.formats.fixed import FILLER, Absent, Date, Field, Layout

__all__ = ["ACK_HEADER", "ACK_TRAILER", "STATUS", "VERDICT"]

_NO_NUMBER = (Absent.BLANKS,)


def _text(name: str, length: int, about: str = "", constant: str = "") -> Field:
    return Field(name=name, picture=f"X({length})", about=about, constant=constant)


def _prose(name: str, length: int, about: str) -> Field:
    return Field(name=name, picture=f"X({length})", about=about, free=True)


def _digits(name: str, length: int, about: str) -> Field:
    return Field(name=name, picture=f"9({length})", about=about)


_FILE_NO = _digits("FILE-NO", 9, "our number of this file: 1, 2, 3… without gaps")
_DATE = Field(name="DATE", picture="9(8)", date=Date.CCYYMMDD, about="when it was written, UTC")
_TIME = _digits("TIME", 6, "HHMMSS, UTC")
_BATCH = _text("BATCH-ID", 10, "your number of the batch; blank when it could not be read")
_SEQ = Field(
    name="SEQ", picture="9(7)", absent=_NO_NUMBER, about="its `SEQ`; blank when that could not be read"
)
_ORDER = _text("ORDER-ID", 22, "our number of the order; blank when there is none")
_CODE = _text("CODE", 20, "error code; blank when nothing is wrong")

ACK_HEADER = Layout(
    "ACK",
    (
        _text("REC-TYPE", 1, "`A`", "A"),
        _BATCH,
        _text("SENDER-ID", 8, "your name, as in the header"),
        _FILE_NO,
        _DATE,
        _TIME,
        _text(FILLER, 158),
    ),
)

VERDICT = Layout(
    "VER",
    (
        _text("REC-TYPE", 1, "`V`", "V"),
        _digits("RECORD-NO", 7, "place of the record in your file, the header is 1; 0: the whole file"),
        _SEQ,
        Field(
            name="VERDICT",
            picture="X(1)",
            values={
                "A": "accepted",
                "S": "same as before, accepted then",
                "R": "refused",
                "W": "waits for a person, the verdict follows",
            },
        ),
        _ORDER,
        _CODE,
        _digits("COL-FROM", 4, "first column of the field that is wrong; 0: no single field"),
        _digits("COL-TO", 4, "its last column"),
        _prose("FIELD", 20, "its name, with its turn in a table: `ITEM-CODE(2)`"),
        _prose("TEXT", 114, "what is wrong, and what is allowed"),
    ),
)

ACK_TRAILER = Layout(
    "END",
    (
        _text("REC-TYPE", 1, "`Z`", "Z"),
        Field(
            name="RESULT",
            picture="X(1)",
            values={
                "A": "every record is accepted",
                "P": "some are not, see their verdicts",
                "R": "the whole file is refused, nothing of it was taken",
            },
        ),
        _digits("COUNT", 7, "verdicts in this file"),
        _digits("ACCEPTED", 7, "of them `A`"),
        _digits("SAME", 7, "of them `S`"),
        _digits("REFUSED", 7, "of them `R`"),
        _digits("WAITING", 7, "of them `W`"),
        _text(FILLER, 163),
    ),
)

STATUS = Layout(
    "STS",
    (
        _text("REC-TYPE", 1, "`S`", "S"),
        _BATCH,
        _SEQ,
        _FILE_NO,
        _DATE,
        _TIME,
        _ORDER,
        _text(
            "KIND",
            20,
            "`accepted`, `information-required`, `delayed`, `shipped`, `changed`, `ended`, `status`",
        ),
        _text(
            "STATE", 20, "state of the order: `acknowledged`, `inProgress`, `held`, `completed`…; blank: none"
        ),
        Field(
            name="PROMISED",
            picture="9(8)",
            date=Date.CCYYMMDD,
            absent=(Absent.ZEROS,),
            about="when it is expected to be done",
        ),
        _digits("DONE", 3, "lines that are done"),
        _digits("LINES", 3, "lines in all"),
        _CODE,
        _prose("TEXT", 63, "why, for people"),
    ),
)

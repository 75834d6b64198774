"""
From result records to a reply.
"""

from __future__ import annotations

import datetime as dt
from itertools import islice

from adapters.formats.fixed import (
    CodePage,
    Format,
    Layout,
    Raw,
    Recfm,
    Record,
    code_page,
    cut,
    decode,
    field_of,
    pieces,
    refuse_text_mode,
)
from adapters.formats.sniff import refuse_unreadable
from canonical.errors import Rejected, shown
from canonical.keys import content_hash
from canonical.replies import LineReply, Reference, Reply

from .layouts import LENGTH, RESULT, RESULTS, RESULTS_END
from .words import PROFILE

__all__ = ["read_results"]

# What LINES can count; a message with more is refused before any of them is read.
_MAX_LINES = 9_999
# The letter R that every result begins with, and the page that is meant when CODE-PAGE is blank.
_FAMILIES = {"R".encode("cp037"): "cp037", b"R": "ascii"}
# A record descriptor word, in VB.
_WORD = 4
_FORMS = {0: Format(Recfm.FB, LENGTH), _WORD: Format(Recfm.VB, LENGTH + _WORD)}


def read_results(data: bytes) -> Reply:
    """
    The reply in a result message, whose own bytes say code page and record format.

    Raises:
        Rejected: With record, columns and field of what is wrong; ``E_RECORDS`` for more lines than LINES
            can count.
    """
    refuse_unreadable(data, "fixed width")
    form, family = _written(data)
    try:
        return _reply_in(data, form, family)
    except Rejected:
        refuse_text_mode(data, form)
        raise


def _reply_in(data: bytes, form: Format, family: CodePage) -> Reply:
    first, *others = _cut(data, form)
    page = _page(first, family)
    head = _decoded(first, RESULTS, page, form)
    lines = _lines(others, page, form)
    if head["LINES"] != len(lines):
        what = f"says {head['LINES']}, but {len(lines)} line records were sent"
        raise Rejected("E_FW_COUNT", what, head.where("LINES"), str(len(lines)))
    if not head["RESULT"] and not lines:
        raise Rejected("E_MISSING", "no result is said", head.where("RESULT"), "a result, or line records")
    return _reply(head, lines, data)


def _written(data: bytes) -> tuple[Format, CodePage]:
    for start, form in _FORMS.items():
        family = _FAMILIES.get(data[start : start + 1])
        if family is not None:
            return form, code_page(family)
    what = f"the message begins with {shown(data[:8])}"
    raise Rejected("E_FW_TYPE", what, "record 1 cols 1-1 REC-TYPE", "R, in EBCDIC or ASCII")


def _cut(data: bytes, form: Format) -> list[Raw]:
    """All records; header and trailer stand around the lines."""
    most = _MAX_LINES + 2
    records = list(islice(cut(pieces(data), form), most + 1))
    if len(records) > most:
        what = f"more than {_MAX_LINES} line records"
        raise Rejected("E_RECORDS", what, f"record {records[-1].number}", f"at most {_MAX_LINES}")
    return records


def _page(first: Raw, family: CodePage) -> CodePage:
    """The page that the header names, in letters which are the same in its whole family."""
    named = str(field_of(first.data, RESULTS, "CODE-PAGE", family, number=1)).lower()
    if not named:
        return family
    where = "record 1 cols 2-10 CODE-PAGE"
    page = code_page(named, where)
    if page.ebcdic != family.ebcdic:
        raise Rejected("E_FW_CODEPAGE", f"says {shown(named)}, and is written otherwise", where, family.name)
    return page


def _lines(raws: list[Raw], page: CodePage, form: Format) -> list[Record]:
    """The line records; the last record is the trailer, and counts them."""
    kinds = [raw.data[:1].decode(page.codec, "replace") for raw in raws]
    for raw, kind in zip(raws, kinds, strict=True):
        if kind != ("E" if raw is raws[-1] else "S"):
            raise _out_of_place(raw, kind, last=raw is raws[-1])
    if not raws:
        raise Rejected("E_FW_SEQUENCE", "the message ends here, without a trailer", "record 1", "a record E")
    end = _decoded(raws[-1], RESULTS_END, page, form)
    found = [_decoded(raw, RESULT, page, form) for raw in raws[:-1]]
    if end["LINES"] != len(found):
        what = f"says {end['LINES']}, but {len(found)} line records were sent"
        raise Rejected("E_FW_COUNT", what, end.where("LINES"), str(len(found)))
    _refuse_twice(found)
    return found


def _out_of_place(raw: Raw, kind: str, *, last: bool) -> Rejected:
    where = f"record {raw.number} cols 1-1 REC-TYPE"
    if kind not in {"R", "S", "E"}:
        return Rejected("E_FW_TYPE", f"a record {shown(kind)}", where, "E" if last else "S")
    if last:
        return Rejected("E_FW_SEQUENCE", f"the message ends with a record {kind}", where, "the trailer E")
    what = "more records follow the trailer E" if kind == "E" else "a second header R"
    return Rejected("E_FW_SEQUENCE", what, where, "one result a message: a header, its lines, a trailer")


def _refuse_twice(lines: list[Record]) -> None:
    """A line said twice: which of the two words is true nobody can say."""
    known = set()
    for line in lines:
        if line["LINE"] in known:
            what = f"line {line['LINE']} is there twice"
            raise Rejected("E_DUPLICATE_LINE", what, line.where("LINE"), "one record a line")
        known.add(line["LINE"])


def _decoded(raw: Raw, layout: Layout, page: CodePage, form: Format) -> Record:
    return decode(raw.data, layout, page, number=raw.number, variable=form.variable)


def _reply(head: Record, lines: list[Record], data: bytes) -> Reply:
    about = tuple(
        Reference(type=kind, value=head[name])
        for kind, name in (("key", "KEY"), (PROFILE.reference_type, "REF"))
        if head[name]
    )
    if not about:
        raise Rejected("E_KEY_MISSING", "the result names no charges", head.where("KEY"), "KEY or REF")
    charges = (line["CHARGE-ID"] for line in lines)
    return Reply(
        system=PROFILE.name,
        key=head["REPLY-NO"] or content_hash(data),
        about=about,
        word=head["RESULT"],
        lines=tuple(_line(one) for one in lines),
        gives=tuple(Reference(type="charge", value=one) for one in dict.fromkeys(charges) if one),
        outputs={"accountId": head["BILL-ACCT"]} if head["BILL-ACCT"] else {},
        reason=head["TEXT"],
        happened=_happened(head),
        where=head.where("RESULT"),
    )


def _line(record: Record) -> LineReply:
    if not record["LINE"]:
        raise Rejected("E_RANGE", "line 0", record.where("LINE"), "1 or more")
    if not record["RESULT"]:
        raise Rejected("E_MISSING", "no result is said", record.where("RESULT"), "a word of the table")
    return LineReply(
        word=record["RESULT"], line=record["LINE"], reason=record["TEXT"], where=record.where("RESULT")
    )


def _happened(head: Record) -> dt.datetime | None:
    if head["DATE"] is None:
        return None
    hours, rest = divmod(head["TIME"] or 0, 10_000)
    minutes, seconds = divmod(rest, 100)
    try:
        time = dt.time(hours, minutes, seconds)
    except ValueError:
        raise Rejected("E_DATE", f"{head['TIME']:06} is no time", head.where("TIME"), "HHMMSS") from None
    return dt.datetime.combine(head["DATE"], time, dt.UTC)

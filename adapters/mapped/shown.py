"""
Messages of mapped channels field by field, for people: tables under their agreed columns, records by layout.

JSON and XML need nothing agreed.  What comes and what is written back are told apart by how they begin.
"""

from __future__ import annotations

from codecs import BOM_UTF8
from dataclasses import replace
from functools import partial

from adapters.formats.csv_cut import cells, cut_rows
from adapters.formats.csv_decoded import decode_csv
from adapters.formats.csv_dialect import Dialect
from adapters.formats.decoded import Decoding
from adapters.formats.fixed import Format, Layout, Raw, Recfm, Source, code_page, decode
from adapters.formats.fixed_decoded import decode_chosen
from adapters.formats.sniff import ARCHIVES, looks_like
from canonical.errors import Rejected

from .read_records import Deck

__all__ = ["shown_records", "shown_table"]

# Formats that are told by how they begin, and are none of ours.
_OTHERS = frozenset({"X12", "XML", "JSON", "EDIFACT", *ARCHIVES})


def shown_table(
    head: bytes, source: Source, asked: Dialect, answered: Dialect | None, *, certain: bool
) -> Decoding | None:
    """A table as the agreed dialects have it; None for what is none, and unless ``certain`` for any other."""
    fits = [one for one in (asked, answered) if one is not None and _begins(head, one)]
    if not fits and (not certain or looks_like(head) in _OTHERS):
        return None
    if not certain and not asked.header:
        return None  # so many cells are in many tables
    dialect = fits[0] if fits else asked
    return Decoding(f"CSV, delimiter {dialect.delimiter!r}", decode_csv(source, dialect, agreed=True))


def _begins(head: bytes, dialect: Dialect) -> bool:
    """Whether the first row is the agreed header, or has as many cells as there are columns."""
    head = head.removeprefix(BOM_UTF8) if dialect.mark else head
    try:
        line = next(cut_rows((head,), dialect), None)
        found = () if line is None else cells(line, dialect)
    except Rejected:
        return False
    if line is None or not dialect.header:
        return len(found) == len(dialect.columns)
    names = {line.data[one.first : one.last].decode(dialect.codec, "replace") for one in found}
    return names <= set(dialect.columns) and set(dialect.columns) - set(dialect.optional) <= names


def shown_records(
    head: bytes, source: Source, deck: Deck, answer: Layout | None, *, page: str, certain: bool
) -> Decoding | None:
    """Records by the agreed layouts; None for what are none, and unless ``certain`` for any other."""
    if page:
        deck = replace(deck, page=code_page(page))
    asked, length = _begins_well(head, deck), deck.length
    choice = partial(_by_kind, deck)
    if not asked and certain and answer is not None and _is(head, answer, deck):
        layout, length = deck.ended(answer), answer.length
        choice = partial(_always, layout)
    elif not asked and (not certain or looks_like(head) in _OTHERS):
        return None
    form = Format(Recfm.FB, length + len(deck.line_end))
    name = f"{form.recfm} records of {form.lrecl} bytes, {deck.page.name}"
    return Decoding(name, decode_chosen(source, choice, deck.page, form), ascii=not deck.page.ebcdic)


def _begins_well(head: bytes, deck: Deck) -> bool:
    """Whether the first record is of a known kind; where there is one kind only, whether it can be read."""
    try:
        _, layout = deck.kind(Raw(1, 0, head[: deck.length]))
    except Rejected:
        return False
    return len(deck.kinds) > 1 or _is(head, layout, deck)


def _is(head: bytes, layout: Layout, deck: Deck) -> bool:
    own, rest = head[: layout.length], head[layout.length :]
    try:
        decode(own, layout, deck.page)
    except Rejected:
        return False
    return rest.startswith(deck.line_end)


def _by_kind(deck: Deck, raw: Raw) -> Layout:
    return deck.ended(deck.kind(raw)[1])


def _always(layout: Layout, raw: Raw) -> Layout:
    return layout

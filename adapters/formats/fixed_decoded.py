"""
Files of fixed-width records, field by field.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from canonical.errors import Fault, Rejected, shown

from .decoded import DecodedField, unreadable
from .fixed_codepage import CANARY, CodePage, code_page, page_of_canary
from .fixed_field import field_reader
from .fixed_layout import FILLER, Field, Layout, Slot
from .fixed_picture import Usage
from .fixed_read import field_of
from .fixed_records import Format, Raw, Recfm, Source, cut, pieces

__all__ = ["Choice", "Family", "decode_chosen", "decode_records", "family_of", "sniff_records"]

Family = Mapping[str, Layout]
"""The kinds of record of one file, by the first character of each."""

Choice = Callable[[Raw], Layout]
"""The layout of a record; raises ``Rejected`` for one that is of no kind."""

# In all pages of a family letters are the same bytes, so that one stands for it.
_PAGES = ("cp037", "ascii")
_WORD = 4
# Where the first record begins: at once, behind its descriptor word, behind that of its block too.
_BEGINNINGS = {Recfm.FB: 0, Recfm.VB: _WORD, Recfm.VB_BLOCKS: 2 * _WORD}


def decode_records(source: Source, family: Family, page: CodePage, form: Format) -> Iterator[DecodedField]:
    """
    The fields of each record; what lies behind a length that cannot be right is not looked at.

    A field that cannot be read is given with its fault, and the next field is read.  Fillers are left out
    while they are blank.
    """
    return decode_chosen(source, lambda raw: _by_letter(raw, family, page), page, form)


def decode_chosen(source: Source, choice: Choice, page: CodePage, form: Format) -> Iterator[DecodedField]:
    """The same for records whose kinds are told in another way than by their first character."""
    records = cut(pieces(source), form)
    end = number = 0
    while True:
        try:
            raw = next(records, None)
        except Rejected as error:
            yield unreadable(error, number + 1, end)
            return
        if raw is None:
            return
        number, end = raw.number, raw.offset + len(raw.data)
        yield from _record(raw, choice, page)


def family_of(first: bytes, families: Sequence[Family], page: CodePage) -> Family | None:
    """The family that has a record which begins as ``first`` does, or None."""
    letter = first[:1].decode(page.codec, "replace")
    return next((family for family in families if letter in family), None)


def sniff_records(
    head: bytes, families: Sequence[Family], pages: Sequence[CodePage] = (), form: Format | None = None
) -> tuple[Family, CodePage, Format] | None:
    """
    Family, code page and record format that ``head`` (a first record at least) suggests, or None.

    Args:
        pages: The only ones to be tried, if there are any.
        form: The only format to be tried, if it is known.
    """
    for recfm, start in _BEGINNINGS.items():
        if form is not None and form.recfm is not recfm:
            continue
        for page in pages or tuple(map(code_page, _PAGES)):
            family = family_of(head[start:], families, page)
            if family is not None and _descriptors_fit(head, recfm):
                longest = max(layout.length for layout in family.values())
                found = form or Format(recfm, longest + _WORD * (recfm is not Recfm.FB))
                return family, page if pages else _named(head[start:], family, page), found
    return None


def _descriptors_fit(head: bytes, recfm: Recfm) -> bool:
    words = [head[at : at + _WORD] for at in range(0, _BEGINNINGS[recfm], _WORD)]
    return all(len(word) == _WORD and word[2:] == b"\0\0" and word[:2] > b"\0\4" for word in words)


def _named(first: bytes, family: Family, page: CodePage) -> CodePage:
    """The page that the first record names itself (CODE-PAGE), or shows by its canary; else ``page``."""
    layout = family[first[:1].decode(page.codec, "replace")]
    try:
        for field in layout.fields():
            if field.name == "CODE-PAGE":
                named = str(field_of(first, layout, field.name, page))
                return code_page(named.lower()) if named else page
            if field.name == "CANARY" and field.shape.length == len(CANARY):
                canary = page_of_canary(field_of(first, layout, field.name, page))
                return code_page(canary) if canary else page
    except Rejected:
        pass
    return page


def _by_letter(raw: Raw, family: Family, page: CodePage) -> Layout:
    letter = raw.data[:1].decode(page.codec, "replace")
    if letter not in family:
        where = f"record {raw.number} cols 1-1"
        raise Rejected("E_FW_TYPE", f"begins with {shown(letter)}", where, ", ".join(family))
    return family[letter]


def _record(raw: Raw, choice: Choice, page: CodePage) -> Iterator[DecodedField]:
    try:
        layout = choice(raw)
    except Rejected as error:
        yield unreadable(error, raw.number, raw.offset, raw.data)
        return
    walk = _Walk(raw, layout, page)
    yield from walk.slots(layout.slots, 0, "")
    if walk.end < len(raw.data) and raw.data[walk.end :].strip(bytes([page.blank, 0])):
        yield walk.told(walk.end, "", raw.data[walk.end :], "", None)


class _Walk:
    """The way through one record: as a reader goes, but past whatever is wrong."""

    def __init__(self, raw: Raw, layout: Layout, page: CodePage) -> None:
        self.raw = raw
        self.layout = layout
        self.page = page
        self.end = 0
        self._shift = 0
        self._scalars: dict[str, Any] = {}

    def slots(self, slots: Sequence[Slot], base: int, path: str) -> Iterator[DecodedField]:
        for slot in slots:
            element = slot.element
            if element.when and self._scalars.get(element.when.field) not in element.when.values:
                continue
            turns = self._turns(slot)
            for turn in range(turns):
                name = f"{path}{element.name}" + f"({turn + 1})" * (element.occurs is not None)
                at = base + slot.start + turn * slot.size
                if isinstance(element, Field):
                    yield from self._field(element, at, slot.size, name)
                else:
                    yield from self.slots(slot.inside, at, f"{name}.")
            if self.layout.slides:
                self._shift += (slot.most - turns) * slot.size

    def told(self, at: int, path: str, data: bytes, value: str, fault: Fault | None) -> DecodedField:
        return DecodedField(self.raw.number, self.layout.name, self.raw.offset + at, path, data, value, fault)

    def _turns(self, slot: Slot) -> int:
        """How often a table stands there; as often as there is room when its count makes no sense."""
        occurs = slot.element.occurs
        if occurs is None or not occurs.depending:
            return slot.most
        count = self._scalars.get(occurs.depending)
        return count if isinstance(count, int) and 0 <= count <= occurs.most else 0

    def _field(self, field: Field, start: int, size: int, path: str) -> Iterator[DecodedField]:
        at = start - self._shift
        data = self.raw.data[at : at + size]
        if not data:
            return
        self.end = max(self.end, at + len(data))
        if field.name == FILLER:
            if data.strip(bytes([self.page.blank, 0])):
                yield self.told(at, path, data, "", None)
            return
        value, fault = None, None
        try:
            if len(data) < size:
                raise Rejected("E_FW_SHORT", f"{len(data)} bytes", "", f"{size} bytes")
            value = _reader(field, self.page)(data)
        except Rejected as error:
            columns = f"record {self.raw.number} cols {at + 1}-{at + size} {path}"
            fault = Fault(code=error.code, what=error.what, where=columns, allowed=error.allowed)
        self._scalars[field.name] = value
        yield self.told(at, path, data, self._text(field, value), fault)

    def _text(self, field: Field, value: Any) -> str:
        if field.usage is Usage.BYTES and isinstance(value, bytes):
            return value.decode(self.page.codec, "replace").rstrip()
        return "" if value is None else str(value)


@lru_cache(maxsize=2048)  # making a field's reader costs more than reading it
def _reader(field: Field, page: CodePage) -> Callable[[bytes], Any]:
    return field_reader(field, page)

"""
What an adapter wrote, read again by its own format's strict reader: the texts of its fields, in their order.

A message that its own reader refuses is none.  And a text that comes back as other fields than it went out,
or shorter, was lost on the way: everything is written twice, with letters in its texts and with signs.
"""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from adapters.formats.fixed import Format, code_page, cut, decode
from adapters.formats.fixed_decoded import Family, family_of
from adapters.formats.json_node import Node
from adapters.formats.json_strict import read_json
from adapters.formats.mml import read_commands
from adapters.formats.mml_decoded import looks_like_mml
from adapters.formats.sniff import looks_like
from adapters.formats.soap import Version, read_envelope
from adapters.formats.x12 import Unreadable, read_interchanges
from adapters.formats.xml_read import read_xml
from canonical.errors import Fault, Rejected, shown
from canonical.notices import Notice
from canonical.order import (
    Address,
    ErrorMessage,
    JeopardyAlert,
    Milestone,
    Note,
    Order,
    OrderContent,
    PartyRef,
)

from .contract import DescribedAdapter, Native, ReadBackAdapter, Stamp

__all__ = ["SIGNS", "lost_signs"]

# What stands in a text where another has a sign.
_LETTER = "x"

# Whatever ends, quotes, escapes or separates in some format, and what some code page lacks.  No other control
# characters: no reader lets one in.
SIGNS = (*string.punctuation, "\n", "\t", "é", "€", "\u2028", "😀")
"""Signs that a text for people may have."""

# What people write or read; the rest are ids, words and codes, which have rules of their own.
_FREE: Mapping[type, tuple[str, ...]] = {
    Notice: ("reason",),
    Fault: ("what", "where", "allowed"),
    Milestone: ("message",),
    JeopardyAlert: ("message",),
    ErrorMessage: ("reason",),
    Note: ("text",),
    PartyRef: ("name",),
    Address: ("name", "street", "city"),
    OrderContent: ("description",),
    Order: ("description",),
}
_ENCODINGS = ("UTF-8", "US-ASCII", "ISO-8859-1", "ISO-8859-15", "WINDOWS-1252")

_Said = TypeVar("_Said", bound=msgspec.Struct)


def lost_signs(
    adapter: object, said: _Said, write: Callable[[_Said], Native | None], stamp: Stamp
) -> list[str]:
    """
    The signs that do not come back in the text that they were in: they begin another field, or end theirs.

    Args:
        write: What ``adapter`` writes with ``stamp``; None for what it does not say.  It may refuse, too.

    Raises:
        Rejected: What was written is refused by the reader of its format.
        LookupError: Nobody knows its format.
    """
    if _texts(adapter, said, write, stamp) is None:
        return []
    letters = _texts(adapter, _spoken(said, _LETTER), write, stamp)
    found = {sign: _texts(adapter, _spoken(said, sign), write, stamp) for sign in SIGNS}
    return [
        sign
        for sign, signs in found.items()
        if letters is not None and signs is not None and not _same(letters, signs)
    ]


def _texts(
    adapter: object, said: _Said, write: Callable[[_Said], Native | None], stamp: Stamp
) -> tuple[str, ...] | None:
    """The texts of what is written; None when nothing is, or the format cannot say it."""
    try:
        native = write(said)
    except Rejected:
        return None
    return None if native is None else _read(adapter, native, stamp)


def _read(adapter: object, native: Native, stamp: Stamp) -> tuple[str, ...]:
    if isinstance(adapter, ReadBackAdapter):
        return tuple(adapter.reads_back(native, stamp))
    if isinstance(adapter, DescribedAdapter):
        settings = stamp.endpoint.format if stamp.endpoint else stamp.settings
        return tuple(_of_records(native.body, adapter.record_families, settings))
    form = "MML" if looks_like_mml(native.body) else looks_like(native.body)
    if form not in _READERS:
        msg = "it writes a format of its own: give it reads_back(native, stamp), see docs/adapters.md"
        raise LookupError(msg)
    return tuple(_READERS[form](native.body))


def _spoken(said: _Said, sign: str) -> _Said:
    """The same with ``sign`` between two letters for each text in it that people write or read."""
    return msgspec.structs.replace(said, **_changes(said, f"a{sign}b"))


def _changes(said: Any, text: str) -> dict[str, Any]:
    free = _FREE.get(type(said), ())
    found: dict[str, Any] = {name: text for name in free if getattr(said, name)}
    for name in said.__struct_fields__:
        value = getattr(said, name)
        if isinstance(value, msgspec.Struct):
            found[name] = msgspec.structs.replace(value, **_changes(value, text))
        elif isinstance(value, tuple) and value and isinstance(value[0], msgspec.Struct):
            found[name] = tuple(msgspec.structs.replace(one, **_changes(one, text)) for one in value)
    return found


def _same(letters: Sequence[str], signs: Sequence[str]) -> bool:
    return len(letters) == len(signs) and all(map(_same_text, letters, signs))


def _same_text(letters: str, signs: str) -> bool:
    # In a field of fixed width blanks at the end are nothing.
    one, other = letters.rstrip(), signs.rstrip()
    free = {_LETTER, _LETTER.upper()}
    return len(one) == len(other) and all(a == b or a in free for a, b in zip(one, other, strict=True))


def _of_x12(body: bytes) -> Iterator[str]:
    for one in read_interchanges(body):
        if isinstance(one, Unreadable):
            raise Rejected.of(one.fault)
        of_groups = (group.fault for group in one.groups)
        of_sets = (each.fault for group in one.groups for each in group.sets)
        for fault in (one.fault, *of_groups, *of_sets):
            if fault is not None:
                raise Rejected.of(fault)
        yield from (one.isa.sender.id, one.isa.receiver.id, one.isa.control)
        sets = (each for group in one.groups for each in group.sets)
        for segment in (*one.notes, *(segment for each in sets for segment in each.segments)):
            yield segment.id
            yield from segment.elements


def _of_xml(body: bytes) -> Iterator[str]:
    root = read_xml(body, encodings=_ENCODINGS)
    if root.uri in set(Version):
        read_envelope(body, faults=True)
    for node in root.walk():
        yield node.path
        yield from node.attributes.values()
        yield node.value


def _of_json(body: bytes) -> Iterator[str]:
    return _json_texts(read_json(body))


def _json_texts(node: Node) -> Iterator[str]:
    match node.value:
        case dict():
            for name, inside in node.members():
                yield name
                yield from _json_texts(inside)
        case list():
            for inside in node.items():
                yield inside.where
                yield from _json_texts(inside)
        case value:
            yield str(value)


def _of_mml(body: bytes) -> Iterator[str]:
    for command in read_commands(body):
        yield command.name
        for name, value in command.parameters.items():
            yield from (name, str(value))


_READERS = {"X12": _of_x12, "XML": _of_xml, "JSON": _of_json, "MML": _of_mml}


def _of_records(body: bytes, families: Sequence[Family], settings: Mapping[str, str]) -> Iterator[str]:
    page = code_page(settings.get("code_page", "cp037"))
    form = Format.of(settings, max(layout.length for family in families for layout in family.values()))
    family: Family | None = None
    for raw in cut((body,), form):
        family = family or family_of(raw.data, families, page)
        layout = (family or {}).get(raw.data[:1].decode(page.codec, "replace"))
        if layout is None:
            raise Rejected("E_FW_TYPE", f"begins with {shown(raw.data[:1])}", f"record {raw.number}")
        own, rest = raw.data[: layout.length], raw.data[layout.length :]
        if rest.strip(bytes([page.blank])):
            raise Rejected("E_FW_LONG", f"{layout.name} of {len(raw.data)} bytes", f"record {raw.number}")
        yield layout.name
        yield from _flat(decode(own, layout, page, number=raw.number, variable=form.variable).values)


def _flat(value: Any) -> Iterator[str]:
    match value:
        case Mapping():
            for inside in value.values():
                yield from _flat(inside)
        case tuple() | list():
            for inside in value:
                yield from _flat(inside)
        case _:
            yield str(value)

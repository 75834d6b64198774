"""
A mapping checked against itself: what its types cannot say, each fault with the key that it is about.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from adapters.formats.fixed import Field
from canonical.errors import Rejected, shown
from canonical.notices import NoticeKind
from canonical.states import Action
from canonical.zones import zone_of

from .answer import TOKEN
from .days import check_form
from .entry import line_paths, order_paths, source
from .model import ChannelMap, Column, Day, FixedShape, From, Source
from .read_records import deck_of
from .read_table import dialect_of
from .write import writer_of

__all__ = ["Wrong", "check"]

KeyPath = tuple[str | int, ...]

# Of an element or attribute, as XML has them, without prefix: the namespace is declared, not spelt.
_XML_NAME = re.compile(r"[^\W\d][\w.-]*")
# Characters of a customer's token: R and six groups of four.
_TOKEN_LENGTH = 31
_WHOLE = re.compile(r"[1-9][0-9]{0,5}", re.ASCII)


class Wrong(NamedTuple):
    """``what`` is wrong at ``path``: names of tables, places in lists."""

    path: KeyPath
    what: str
    allowed: str = ""


def check(mapping: ChannelMap) -> tuple[Wrong, ...]:
    """All that is wrong with it."""
    shapes = tuple(_shapes(mapping))
    if shapes:
        return shapes
    made = tuple(_made(mapping))
    return made or (*_paths(mapping), *_ways(mapping), *_sources(mapping), *_values(mapping))


def _shapes(mapping: ChannelMap) -> Iterator[Wrong]:
    for name in ("csv", "fixed", "json", "xml"):
        there = getattr(mapping, name) is not None
        if there and name != mapping.format:
            yield Wrong((name,), f"is there, and the format is {mapping.format}", f"[{mapping.format}] only")
        if not there and name == mapping.format:
            yield Wrong(("format",), f"there is no table [{name}]", "the table of the format")


def _made(mapping: ChannelMap) -> Iterator[Wrong]:
    """What the formats themselves refuse."""
    if mapping.csv is not None:
        yield from _tried(("csv",), lambda: mapping.csv and dialect_of(mapping.csv))
    if mapping.fixed is not None:
        yield from _tried(("fixed",), lambda: mapping.fixed and deck_of(mapping.fixed))
    if mapping.answer is not None:
        yield from _tried(
            ("answer", "columns"), lambda: mapping.answer and writer_of(mapping, mapping.answer)
        )


def _tried(path: KeyPath, make: Callable[[], object]) -> Iterator[Wrong]:
    try:
        make()
    except Rejected as error:
        yield Wrong(path, error.what, error.allowed)
    except ValueError as error:
        yield Wrong(path, str(error))


def _paths(mapping: ChannelMap) -> Iterator[Wrong]:
    """Columns and fields that are named, and are not there."""
    head = tuple(filter(None, (mapping.message.number, mapping.message.sender)))
    if mapping.csv is not None:
        columns = frozenset(mapping.csv.columns)
        for table, paths in _tables(mapping, head):
            yield from _unknown(table, paths, columns, "columns")
    elif mapping.fixed is not None:
        yield from _fixed_paths(mapping, mapping.fixed, head)
    else:
        for table, paths in _tables(mapping, head):
            for path in paths:
                yield from _no_way((table,), path, mapping, attribute=True)


def _ways(mapping: ChannelMap) -> Iterator[Wrong]:
    """To orders, lines and what is not read."""
    shape = mapping.json or mapping.xml
    if shape is None:
        return
    for name in ("orders", "lines"):
        if way := getattr(shape, name):
            yield from _no_way((mapping.format, name), way, mapping, attribute=False)
    for place, way in enumerate(shape.ignored):
        yield from _no_way((mapping.format, "ignored", place), way, mapping, attribute=True)
    if mapping.xml is not None and not _XML_NAME.fullmatch(mapping.xml.root):
        yield Wrong(("xml", "root"), f"{shown(mapping.xml.root)} is no name", "of an element, without prefix")


def _no_way(table: KeyPath, path: str, mapping: ChannelMap, *, attribute: bool) -> Iterator[Wrong]:
    """A way that no message can have would be nothing in all of them, and nobody would be told."""
    if mapping.format == "json":
        steps = path.split(".")
        if not all(steps) or steps[0] == "$" or "[" in path:
            yield Wrong(table, f"{shown(path)} is no way", "names with . between them, and no $ or [0]")
        return
    *steps, last = path.split("/")
    last = last[1:] if attribute and last.startswith("@") else last
    if not all(map(_XML_NAME.fullmatch, (*steps, last))):
        allowed = "names of elements without prefix, / between them" + ", an @attribute last" * attribute
        yield Wrong(table, f"{shown(path)} is no way", allowed)


def _sources(mapping: ChannelMap) -> Iterator[Wrong]:
    """Where values come from: one place each, and nothing said that is never heeded."""
    order, line = mapping.order, mapping.line
    given: list[tuple[KeyPath, Source | None]] = [
        (("order", name), getattr(order, name))
        for name in ("asks", "conversation", "description", "category", "priority", "note")
    ]
    for kind, tables in (("party", order.party), ("place", order.place)):
        for role, table in tables.items():
            given += [(("order", kind, role, name), getattr(table, name)) for name in table.__struct_fields__]
    names = ("offering", "action", "quantity", "serial", "note")
    given += [(("line", name), getattr(line, name)) for name in names]
    given += [(("line", "characteristics", name), one) for name, one in line.characteristics.items()]
    for path, one in given:
        if one is not None and (wrong := _wrong_source(path, one)):
            yield wrong


def _wrong_source(path: KeyPath, given: Source) -> Wrong | None:
    found = source(given)
    if bool(found.path) == bool(found.always):
        what = "comes from two places" if found.path else "comes from nowhere"
        return Wrong(path, what, "from = or always =")
    if not found.path and (found.words or found.default):
        return Wrong(path, "words and default are for what a message says", "only with from =")
    if found.code and path != ("line", "offering"):
        return Wrong(path, "only an offering has a code", "without code =")
    return None


def _tables(mapping: ChannelMap, head: tuple[str, ...]) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield "message", head
    yield "order", order_paths(mapping.order)
    yield "line", line_paths(mapping.line)


def _fixed_paths(mapping: ChannelMap, shape: FixedShape, head: tuple[str, ...]) -> Iterator[Wrong]:
    fields = {one.role: frozenset(field.name for field in one.fields) for one in shape.record}
    first = fields.get("header") or fields.get("order") or fields["line"]
    order = fields.get("order") or fields["line"]
    yield from _unknown("message", head, first, "fields of the first record")
    yield from _unknown("order", order_paths(mapping.order), order, "fields of the order")
    yield from _unknown("line", line_paths(mapping.line), fields["line"], "fields of the line")
    for place, one in enumerate(shape.record):
        if one.count and one.count not in fields[one.role]:
            yield Wrong(
                ("fixed", "record", place, "count"), f"no field {shown(one.count)}", "one of the record"
            )


def _unknown(table: str, paths: tuple[str, ...], known: frozenset[str], what: str) -> Iterator[Wrong]:
    for path in paths:
        if path not in known:
            yield Wrong((table,), f"{shown(path)} is none of the {what}", ", ".join(sorted(known)))


def _values(mapping: ChannelMap) -> Iterator[Wrong]:
    action = source(mapping.line.action)
    said = ({action.always, action.default} - {""}) | set(action.words.values())
    if odd := said - set(Action):
        yield Wrong(("line", "action"), f"unknown action {shown(min(odd))}", f"one of {', '.join(Action)}")
    if mapping.line.quantity is not None:
        quantity = source(mapping.line.quantity)
        numbers = ({quantity.always, quantity.default} - {""}) | set(quantity.words.values())
        for one in sorted(one for one in numbers if not _WHOLE.fullmatch(one)):
            yield Wrong(("line", "quantity"), f"{shown(one)} is no quantity", "a whole number from 1 on")
    for name in ("requested", "requested_start"):
        day: Day | None = getattr(mapping.order, name)
        if day:
            yield from _written(("order", name), day)
    if mapping.order.asks is not None:
        yield from _asks(source(mapping.order.asks))
        if mapping.answer is None or NoticeKind.STATUS.value not in mapping.answer.tell:
            yield Wrong(("order", "asks"), "nobody would be answered", "with status in tell of [answer]")
    yield from _columns(mapping)


def _asks(given: From) -> Iterator[Wrong]:
    if given.always:
        yield Wrong(("order", "asks"), "every message would be a question, or none", "from =")
    answers = ({given.default} - {""}) | set(given.words.values())
    if odd := answers - {"yes", "no"}:
        yield Wrong(("order", "asks"), f"{shown(min(odd))} is no answer", "yes or no")


def _columns(mapping: ChannelMap) -> Iterator[Wrong]:
    for place, column in enumerate(mapping.answer.columns if mapping.answer else ()):
        if column.value == TOKEN and column.picture and not _holds_token(column):
            yield Wrong(("answer", "columns", place), "is too short for a token", "X(31) at least")
        if column.value and column.always:
            yield Wrong(("answer", "columns", place), "comes from two places", "value = or always =")
        yield from _written(("answer", "columns", place), column)


def _holds_token(column: Column) -> bool:
    return Field(name=column.name, picture=column.picture).shape.length >= _TOKEN_LENGTH


def _written(path: KeyPath, one: Day | Column) -> Iterator[Wrong]:
    if wrong := check_form(one.form):
        yield Wrong((*path, "form"), wrong, "as YYYY-MM-DD hh:mm, YYYYDDD, or iso")
    yield from _tried((*path, "zone"), lambda: zone_of(one.zone, "zone"))

"""
A mapping checked against itself: what its types cannot say, each fault with the key that it is about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from canonical.errors import Rejected, shown
from canonical.states import Action
from canonical.zones import zone_of

from .days import check_form
from .entry import line_paths, order_paths, source
from .model import ChannelMap, Column, Day, FixedShape
from .read_records import deck_of
from .read_table import dialect_of
from .write import writer_of

__all__ = ["Wrong", "check"]

KeyPath = tuple[str | int, ...]


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
    return made or (*_paths(mapping), *_values(mapping))


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
                sign = "." if mapping.format == "json" else "/"
                if not all(path.split(sign)):
                    yield Wrong((table,), f"{shown(path)} is no way", f"names with {sign} between them")


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
    said = {action.always, action.default, *action.words.values()} - {""}
    if odd := said - set(Action):
        yield Wrong(("line", "action"), f"unknown action {shown(min(odd))}", f"one of {', '.join(Action)}")
    if not action.path and not action.always:
        yield Wrong(("line", "action"), "comes from nowhere", "from = or always =")
    for name in ("requested", "requested_start"):
        day: Day | None = getattr(mapping.order, name)
        if day:
            yield from _written(("order", name), day)
    for place, column in enumerate(mapping.answer.columns if mapping.answer else ()):
        yield from _written(("answer", "columns", place), column)


def _written(path: KeyPath, one: Day | Column) -> Iterator[Wrong]:
    if wrong := check_form(one.form):
        yield Wrong((*path, "form"), wrong, "as YYYY-MM-DD hh:mm, YYYYDDD, or iso")
    yield from _tried((*path, "zone"), lambda: zone_of(one.zone, "zone"))

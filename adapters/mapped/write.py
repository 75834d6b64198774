"""
Rows of an answer as bytes, in the format in which the channel's orders come.

Texts are for people on the other side: what their encoding lacks becomes ``?``, line ends and other control
characters become blanks, and a field of fixed width is cut.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from adapters.formats.csv_dialect import MAX_FIELD, Dialect
from adapters.formats.csv_write import write_rows
from adapters.formats.fixed import Field, Format, Layout, Recfm, code_page, encode, join
from adapters.formats.xml_element import Element
from adapters.formats.xml_names import name_in
from adapters.formats.xml_write import sayable, write_xml

from .answer import Cells
from .model import Answer, ChannelMap, FixedShape, XmlShape
from .read_table import dialect_of
from .read_tree import JSON_SIGN

__all__ = ["CONTENT_TYPES", "Writer", "answer_layout", "writer_of"]

CONTENT_TYPES: Mapping[str, str] = {
    "csv": "text/csv",
    "fixed": "application/octet-stream",
    "json": "application/json",
    "xml": "application/xml",
}

Writer = Callable[[Sequence[Cells]], bytes]

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_JSON = msgspec.json.Encoder()


def writer_of(mapping: ChannelMap, answer: Answer) -> Writer:
    """
    What writes the answers of a channel.

    Raises:
        ValueError: Its columns cannot be written in this format.
    """
    names = tuple(one.name for one in answer.columns)
    if len(set(names)) < len(names):
        raise ValueError("each name once")
    if mapping.csv is not None:
        return _csv(dialect_of(mapping.csv, names))
    if mapping.fixed is not None:
        return _fixed(mapping.fixed, answer)
    if mapping.xml is not None:
        return _xml(mapping.xml, answer)
    _nested(dict.fromkeys(names, ""))
    return lambda rows: _JSON.encode({answer.list: [_nested(row) for row in rows]})


def answer_layout(answer: Answer) -> Layout:
    """
    The one record of an answer in fixed width.

    Raises:
        ValueError: A column has no picture, or one that is no text's.
    """
    missing = [one.name for one in answer.columns if not one.picture]
    if missing:
        raise ValueError(f"{', '.join(missing)}: a picture is needed, as X(10)")
    fields = tuple(Field(name=one.name, picture=one.picture, free=True) for one in answer.columns)
    if odd := [one.name for one in fields if one.shape.numeric]:
        raise ValueError(f"{', '.join(odd)}: texts only, as X(10)")
    return Layout("ANSWER", fields)


def _csv(dialect: Dialect) -> Writer:
    def write(rows: Sequence[Cells]) -> bytes:
        clean = [{name: _sayable(text, dialect) for name, text in row.items()} for row in rows]
        return b"".join(write_rows(clean, dialect))

    return write


def _sayable(text: str, dialect: Dialect) -> str:
    plain = _CONTROL.sub(" ", text)[: MAX_FIELD // 4].encode(dialect.codec, "replace").decode(dialect.codec)
    return plain if dialect.quote else plain.replace(dialect.delimiter, " ")


def _fixed(shape: FixedShape, answer: Answer) -> Writer:
    layout, page, end = answer_layout(answer), code_page(shape.code_page), shape.line_end.encode()
    form = Format(Recfm.FB, layout.length + len(end))

    def write(rows: Sequence[Cells]) -> bytes:
        return b"".join(join((encode(row, layout, page) + end for row in rows), form, page.blank))

    return write


def _xml(shape: XmlShape, answer: Answer) -> Writer:
    uri = shape.namespace
    prefixes = {uri: ""} if uri else {}

    def element(row: Cells) -> Element:
        inside = tuple(
            Element(name_in(uri, name), sayable(_CONTROL.sub(" ", text)))
            for name, text in row.items()
            if not name.startswith("@")
        )
        attributes = {
            name[1:]: sayable(_CONTROL.sub(" ", text)) for name, text in row.items() if name.startswith("@")
        }
        return Element(name_in(uri, answer.row), "", inside, attributes)

    def write(rows: Sequence[Cells]) -> bytes:
        return write_xml(Element(name_in(uri, answer.list), "", tuple(map(element, rows))), prefixes)

    write([{one.name: "" for one in answer.columns}])
    return write


def _nested(row: Cells) -> dict[str, Any]:
    """``order.id`` as a property within a property."""
    made: dict[str, Any] = {}
    for name, text in row.items():
        *steps, last = name.split(JSON_SIGN)
        node = made
        for step in steps:
            node = node.setdefault(step, {})
            if not isinstance(node, dict):
                raise ValueError(f"{name}: {step} is a text, and cannot hold another")  # noqa: TRY004 - a value
        if last in node:
            raise ValueError(f"{name}: stands twice")
        node[last] = text
    return made

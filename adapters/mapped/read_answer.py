"""
Answers read again, as their receivers read them: the texts of each row, in the order of the columns.

The hub reads no answer.  The conformance suite does, to see that nothing of a text is lost in them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from adapters.formats.csv_read import read_rows
from adapters.formats.fixed import Format, Recfm, code_page, cut, decode
from adapters.formats.json_node import Node
from adapters.formats.json_strict import read_json
from adapters.formats.xml_node import XmlNode
from adapters.formats.xml_read import read_xml
from canonical.errors import Rejected

from .model import Answer, ChannelMap, FixedShape, XmlShape
from .read_table import dialect_of
from .read_tree import JSON_SIGN
from .write import answer_layout

__all__ = ["Reader", "reader_of"]

Reader = Callable[[bytes], Iterator[str]]
"""Raises ``Rejected`` for what is no answer of the channel."""

# Characters of one text; as many as XML lets through.
_MOST = 64 * 1024


def reader_of(mapping: ChannelMap, answer: Answer) -> Reader:
    """
    What reads the answers of a channel.
    """
    names = tuple(one.name for one in answer.columns)
    if mapping.csv is not None:
        dialect = dialect_of(mapping.csv, names)
        return lambda body: (row[name] for row in read_rows(body, dialect) for name in names)
    if mapping.fixed is not None:
        return _fixed(mapping.fixed, answer)
    if mapping.xml is not None:
        return _xml(mapping.xml, answer)
    return lambda body: (
        _property(row, name) for row in read_json(body).children(answer.list) for name in names
    )


def _fixed(shape: FixedShape, answer: Answer) -> Reader:
    layout, page, end = answer_layout(answer), code_page(shape.code_page), shape.line_end.encode()
    form = Format(Recfm.FB, layout.length + len(end))

    def read(body: bytes) -> Iterator[str]:
        for raw in cut((body,), form):
            if not raw.data.endswith(end):
                raise Rejected("E_FW_LENGTH", "no line end", f"record {raw.number}", "one")
            record = decode(raw.data[: layout.length], layout, page, number=raw.number)
            yield from (record[one.name] for one in answer.columns)

    return read


def _xml(shape: XmlShape, answer: Answer) -> Reader:
    def read(body: bytes) -> Iterator[str]:
        rows = read_xml(body).all(answer.row, shape.namespace)
        return (_element(row, one.name) for row in rows for one in answer.columns)

    return read


def _element(row: XmlNode, name: str) -> str:
    if name.startswith("@"):
        return row.attribute(name[1:], max_len=_MOST) or ""
    return row.child(name).text(_MOST, lines=True, blank=True)


def _property(row: Node, name: str) -> str:
    node = row
    for step in name.split(JSON_SIGN):
        node = node.child(step)
    return node.text(_MOST, lines=True, blank=True)

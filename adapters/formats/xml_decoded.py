"""
XML documents, attribute by attribute and text by text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

# Its dangers are document types and entities, and both are refused here.
from xml.parsers import expat

from canonical.errors import Rejected

from .decoded import DecodedField, unreadable
from .fixed_records import Source, pieces
from .sniff import looks_like

__all__ = ["decode_xml"]

_MAX_DEPTH = 64
# Bytes of one tag or comment: expat reads one that is not yet complete again with every piece.
_MAX_TAG = 1024 * 1024
# In a row, and none of them says anything: nobody waits for what may stand behind them.
_MOST_SILENT = 100_000

_ATTRIBUTE = re.compile(rb"\s+([^\s=>]+)\s*=\s*(?:\"[^\"]*\"|'[^']*')")
_NAME = re.compile(rb"<[^\s/>]+")


def decode_xml(source: Source) -> Iterator[DecodedField]:
    """
    Each attribute and each text under its path, as ``/Envelope/Body/Order/@id``; a record is an element.

    Names stand as the document writes them.  It ends where the document is none any more, or has a document
    type: nothing is ever fetched or expanded.
    """
    reading = _Reading()
    chunks = pieces(source)
    piece = next(chunks, b"")
    if looks_like(piece) not in {"XML", ""} or not piece.strip():
        found = looks_like(piece) or "nothing"
        yield unreadable(Rejected("E_FORMAT_SNIFF", f"looks like {found}", "byte 0", "XML"), 1, 0, piece[:64])
        return
    while piece:
        following = next(chunks, b"")
        fault = reading.feed(piece, last=not following)
        yield from reading.taken()
        if fault is not None:
            yield unreadable(fault, reading.record, reading.at)
            return
        piece = following


class _Reading:
    """One parser, the way down to where it stands, and what it has found since it was asked last."""

    def __init__(self) -> None:
        self.record = 1
        self.at = 0
        self._data = b""
        self._base = 0
        self._path: list[str] = []
        self._numbers: list[int] = []
        self._starts: list[int] = []
        self._texts: list[str] = []
        self._fields: list[DecodedField] = []
        self._elements = 0
        self._spoke = 0
        self._fed = 0
        self._reached = 0
        self._parser = self._new_parser()

    def feed(self, data: bytes, *, last: bool) -> Rejected | None:
        """Why nothing can be read any more, or None."""
        self._data += data
        self._fed += len(data)
        try:
            self._parser.Parse(data, last)
        except expat.ExpatError as error:
            self.at = max(self._parser.ErrorByteIndex, self._reached)
            where = f"line {error.lineno} column {error.offset + 1} at byte {self.at}"
            return Rejected("E_XML_SYNTAX", expat.ErrorString(error.code), where, "well-formed XML")
        except Rejected as rejected:
            return rejected
        # A newer expat puts off what does not end in this piece, and knows no place until it goes on (-1).
        self._reached = max(self._reached, self._parser.CurrentByteIndex)
        if not last and self._fed - self._reached > _MAX_TAG:
            self.at = self._reached
            what = "one tag or comment does not end"
            return Rejected("E_TOO_LARGE", what, f"byte {self.at}", f"at most {_MAX_TAG} bytes")
        kept = min([self._reached, *self._starts[-1:]])
        self._data, self._base = self._data[kept - self._base :], kept
        return None

    def taken(self) -> list[DecodedField]:
        """What was found since the last time."""
        found, self._fields = self._fields, []
        return found

    def _new_parser(self) -> expat.XMLParserType:
        parser = expat.ParserCreate()
        parser.ordered_attributes = True
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = self._refuse
        return parser

    def _refuse(self, *_: object) -> None:
        self.at = self._parser.CurrentByteIndex
        where = f"line {self._parser.CurrentLineNumber} at byte {self.at}"
        raise Rejected("E_XML_DTD", "a document type", where, "a document without one")

    def _start(self, name: str, attributes: list[str]) -> None:
        self._leaf()
        self.at = self._parser.CurrentByteIndex
        self._elements += 1
        self.record = self._elements
        self._path.append(name)
        self._numbers.append(self._elements)
        if len(self._path) > _MAX_DEPTH:
            raise Rejected("E_DEPTH", "nested too deep", f"byte {self.at}", f"at most {_MAX_DEPTH} levels")
        if self._elements - self._spoke > _MOST_SILENT:
            what = f"{_MOST_SILENT} elements in a row without a text or an attribute"
            raise Rejected("E_RECORDS", what, f"byte {self.at}", "elements that say something")
        if attributes:
            self._attributes(attributes)

    def _attributes(self, told: list[str]) -> None:
        start = self.at - self._base
        places, tag = _written(self._data, start)
        for name, value in zip(told[::2], told[1::2], strict=True):
            at, raw = places.get(name.encode(), (start, tag))
            self._found(f"@{name}", self._base + at, raw, value)

    def _text(self, text: str) -> None:
        if not self._texts:
            self._starts = [self._parser.CurrentByteIndex]
        self._texts.append(text)

    def _end(self, _: str) -> None:
        self._leaf()
        self.at = self._parser.CurrentByteIndex
        self._path.pop()
        self._numbers.pop()
        self.record = self._numbers[-1] if self._numbers else self._elements

    def _leaf(self) -> None:
        """The text that has just ended; blanks between elements are none."""
        value, [start] = "".join(self._texts), self._starts or [0]
        end = self._parser.CurrentByteIndex
        if value.strip():
            self._found("", start, self._data[start - self._base : end - self._base], value.strip())
        self._texts, self._starts = [], []

    def _found(self, last: str, at: int, raw: bytes, value: str) -> None:
        self._spoke = self._elements
        path = "/".join(("", *self._path, *filter(None, [last])))
        self._fields.append(DecodedField(self.record, self._path[-1], at, path, raw, value))


def _written(data: bytes, start: int) -> tuple[Mapping[bytes, tuple[int, bytes]], bytes]:
    """Where each attribute of the tag at ``start`` stands, by name, with its bytes; and the tag itself."""
    found: dict[bytes, tuple[int, bytes]] = {}
    name = _NAME.match(data, start)
    at = name.end() if name else start
    while (one := _ATTRIBUTE.match(data, at)) is not None:
        found[one[1]] = one.start(1), data[one.start(1) : one.end()]
        at = one.end()
    return found, data[start : data.find(b">", at) + 1]

"""
Strict XML: one document to nodes, or a long one record by record.

Encoding, size and form are checked, and nothing is ever fetched or expanded.  What is refused here is what
readers silently disagree about: document types, mixed content, comments within a value, substituted types.
Standard: XML 1.0 and Namespaces in XML 1.0.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Protocol

from .sniff import refuse_unreadable
from .xml_build import Builder, Limits
from .xml_encoding import UTF_8, Decoding, declared_encoding
from .xml_node import XmlNode

__all__ = ["Limits", "read_records", "read_xml"]

_LIMITS = Limits()
# Bytes read at once from a file.
_PIECE = 64 * 1024
# A declaration is found in the first so many bytes.
_HEAD = 512


class _Source(Protocol):
    def read(self, size: int, /) -> bytes: ...


def read_xml(data: bytes, *, encodings: Collection[str] = UTF_8, limits: Limits = _LIMITS) -> XmlNode:
    """
    The root of one document.

    Args:
        encodings: What it may be declared as; UTF-8, US-ASCII, ISO-8859-1, ISO-8859-15, WINDOWS-1252.

    Raises:
        Rejected: ``E_EMPTY``, ``E_TOO_LARGE``, ``E_BOM``, ``E_FORMAT_SNIFF``, ``E_ENCODING``,
            ``E_XML_SYNTAX``, ``E_XML_DTD``, ``E_XML_EXTERNAL``, ``E_XML_ATTRS``, ``E_XML_MIXED``,
            ``E_XML_REPEAT`` (an id given twice), ``E_XML_NAMESPACE`` (an undeclared prefix), ``E_XML_TYPE``,
            ``E_DEPTH``, ``E_RECORDS`` or ``E_FIELD_SIZE``, with path, line, column and byte.
    """
    refuse_unreadable(data, "XML", limit=limits.message)
    encoding = declared_encoding(data[:_HEAD], encodings)
    Decoding(encoding).feed(data, last=True)
    builder = Builder(limits, encoding)
    builder.feed(data, last=True)
    if builder.root is None:  # pragma: no cover - expat refuses a document without a root
        raise AssertionError
    return builder.root


def read_records(
    source: _Source, record: Sequence[str], *, encodings: Collection[str] = UTF_8, limits: Limits = _LIMITS
) -> Iterator[XmlNode]:
    """
    The elements ``record`` of a document of any length, one by one as they end; memory holds one piece of the
    file and the records in it.

    Args:
        record: Names from the root to the element, ``{namespace}local``; nothing else may stand beside them.
            A record's ``parent`` has the attributes of the element around it.

    Raises:
        Rejected: While iterating, as :func:`read_xml`; ``E_UNKNOWN`` for an element beside the records.
            What was given before stands: whoever creates things of records checks the whole file first.
    """
    head = _read_full(source, _HEAD)
    refuse_unreadable(head, "XML")
    encoding = declared_encoding(head, encodings)
    decoding, builder = Decoding(encoding), Builder(limits, encoding, record)
    piece = head
    while piece:
        decoding.feed(piece, last=False)
        builder.feed(piece, last=False)
        yield from _taken(builder)
        piece = source.read(_PIECE)
    decoding.feed(b"", last=True)
    builder.feed(b"", last=True)
    yield from _taken(builder)


def _read_full(source: _Source, size: int) -> bytes:
    """
    ``size`` bytes, or all that there are.
    """
    found = b""
    while len(found) < size and (more := source.read(size - len(found))):
        found += more
    return found


def _taken(builder: Builder) -> Iterator[XmlNode]:
    done, builder.records = builder.records, []
    yield from done

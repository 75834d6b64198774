"""
Hostile XML, made from a good document: what makes careless readers fetch files, run out of memory, or lie.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from adapters.formats.sniff import looks_like

__all__ = ["hostile_xml"]

# Alone they are documents too: a channel that speaks no XML has to refuse them as well.
_PLAIN = b'<?xml version="1.0" encoding="UTF-8"?>\n<order><id>1</id></order>'

_DECLARATION = re.compile(rb"\s*<\?xml[^>]*\?>")
_ROOT = re.compile(rb"<([A-Za-z_][^\s/>]*)[^>]*>")

_LAUGHS = b"".join(b'<!ENTITY l%d "%s">' % (n + 1, b"&l%d;" % n * 10) for n in range(9))
_DOCTYPES = {
    "a document type": b"<!DOCTYPE order>",
    "an entity of its own": b'<!DOCTYPE order [<!ENTITY a "b">]>',
    "a billion laughs": b'<!DOCTYPE order [<!ENTITY l0 "lol">' + _LAUGHS + b"]>",
    "one long entity": b'<!DOCTYPE order [<!ENTITY a "' + b"a" * 50_000 + b'">]>',
    "an entity from a file": b'<!DOCTYPE order [<!ENTITY a SYSTEM "file:///etc/hostname">]>',
    "an entity over HTTP": b'<!DOCTYPE order [<!ENTITY a SYSTEM "http://127.0.0.1:9/a">]>',
    "a parameter entity": b'<!DOCTYPE order [<!ENTITY % a SYSTEM "file:///etc/hostname"> %a;]>',
    "a document type elsewhere": b'<!DOCTYPE order SYSTEM "http://127.0.0.1:9/order.dtd">',
}
_USED = {
    "an entity of its own": b"&a;",
    "a billion laughs": b"&l9;",
    "one long entity": b"&a;" * 2000,
    "an entity from a file": b"&a;",
    "an entity over HTTP": b"&a;",
}
_INSIDE = {
    "XInclude": (
        b'<i:include xmlns:i="http://www.w3.org/2001/XInclude" href="file:///etc/hostname" parse="text"/>',
        "E_XML_EXTERNAL",
    ),
    "XOP": (
        b'<x:Include xmlns:x="http://www.w3.org/2004/08/xop/include" href="cid:1@example.org"/>',
        "E_XML_EXTERNAL",
    ),
    "5,000 levels": (b"<a>" * 5000 + b"</a>" * 5000, ""),
    "50,000 attributes": (b"<a " + b" ".join(b'a%d=""' % n for n in range(50_000)) + b"/>", ""),
    "a control character by number": (b"&#1;", ""),
    "an entity that nobody declared": (b"&nobody;", ""),
    "a raw control character": (b"\x01", ""),
}
_HEADS = {
    "UTF-7": b'<?xml version="1.0" encoding="UTF-7"?>',
    "UTF-16 that is none": b'<?xml version="1.0" encoding="UTF-16"?>',
    "an unknown encoding": b'<?xml version="1.0" encoding="rot13-evil"?>',
}


def hostile_xml(sample: bytes) -> Iterator[tuple[str, bytes, str]]:
    """
    ``(what is done, bytes, the code it must be refused with)``; an empty code means any.

    From a sample that is no XML they are made of a small document, and any code will do: that channel speaks
    another format.
    """
    speaks = looks_like(sample) == "XML"
    for name, body, code in _made(sample if speaks else _PLAIN):
        yield name, body, code if speaks else ""


def _made(document: bytes) -> Iterator[tuple[str, bytes, str]]:
    declared = _DECLARATION.match(document)
    head, rest = (declared[0], document[declared.end() :]) if declared else (b"", document)
    for name, doctype in _DOCTYPES.items():
        yield name, head + doctype + _with_child(rest, _USED.get(name, b"")), "E_XML_DTD"
    for name, (inside, code) in _INSIDE.items():
        yield name, head + _with_child(rest, inside), code
    for name, lie in _HEADS.items():
        yield name, lie + rest, ""
    yield "two roots", document + rest, ""


def _with_child(document: bytes, inside: bytes) -> bytes:
    """``document`` with ``inside`` at the beginning of its root element."""
    root = _ROOT.search(document)
    if root is None or root[0].endswith(b"/>"):
        return document + inside
    return document[: root.end()] + inside + document[root.end() :]

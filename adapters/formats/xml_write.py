"""
XML written: the same element is the same bytes, and what is written reads back equal.

All namespaces are declared at the root, attributes stand in the order given, and empty elements are closed at
once.  Line ends and tabs that a reader would normalise are written as character references.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from canonical.errors import Rejected, shown

from .xml_element import Element
from .xml_names import XML, local_name, namespace

__all__ = ["sayable", "write_long_xml", "write_xml"]

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
# XML 1.0, production 2: what is no Char cannot be written, not even as a reference.
_NO_CHAR = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,255}")
_TEXT = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}
_ATTRIBUTE = _TEXT | {'"': "&quot;", "\n": "&#10;", "\t": "&#9;"}
_IN_TEXT = str.maketrans(_TEXT)
_IN_ATTRIBUTE = str.maketrans(_ATTRIBUTE)
_INDENT = " "


def sayable(text: str) -> str:
    """
    ``text`` with each character that XML cannot hold replaced by ``?``.
    """
    return _NO_CHAR.sub("?", text)


def write_xml(root: Element, prefixes: Mapping[str, str], *, indent: bool = True) -> bytes:
    """
    A document in UTF-8 with its declaration, ending in a line end.

    Args:
        prefixes: By namespace, the prefix it is written with; an empty one makes it the default.
        indent: One line an element; texts are not touched.

    Raises:
        Rejected: ``E_CONTROL_CHAR`` for a text that XML cannot hold (see :func:`sayable`), with its element.
        ValueError: A name that is none, a namespace without a prefix, or an element with text and elements.
    """
    writer = _Writer(prefixes, indent=indent)
    lines = "".join(writer.pieces(root, 0, writer.declarations()))
    return (_HEAD + lines + ("" if lines.endswith("\n") else "\n")).encode()


def write_long_xml(
    root: Element, children: Iterable[Element], prefixes: Mapping[str, str]
) -> Iterator[bytes]:
    """
    What :func:`write_xml` writes of ``root`` with ``children`` in it, piece by piece and never held whole.

    Raises:
        Rejected, ValueError: As :func:`write_xml`, when it is come to.
    """
    writer = _Writer(prefixes, indent=True)
    begun = False
    for child in children:
        inside = "".join(writer.pieces(child, 1))
        yield ((_HEAD + writer.opening(root) if not begun else "") + inside).encode()
        begun = True
    yield writer.closing(root).encode() if begun else write_xml(root, prefixes)


class _Writer:
    def __init__(self, prefixes: Mapping[str, str], *, indent: bool) -> None:
        if len(set(prefixes.values())) != len(prefixes):
            msg = f"two namespaces share a prefix: {dict(prefixes)}"
            raise ValueError(msg)
        self._prefixes = {**prefixes, XML: "xml"}
        self._indent = indent

    def declarations(self) -> str:
        return "".join(
            f' {"xmlns:" + prefix if prefix else "xmlns"}="{uri.translate(_IN_ATTRIBUTE)}"'
            for uri, prefix in self._prefixes.items()
            if uri != XML
        )

    def opening(self, root: Element) -> str:
        name = self._name(root.name, attribute=False)
        return f"<{name}{self.declarations()}{self._attributes(root)}>\n"

    def closing(self, root: Element) -> str:
        return f"</{self._name(root.name, attribute=False)}>\n"

    def pieces(self, element: Element, depth: int, declarations: str = "") -> Iterator[str]:
        name = self._name(element.name, attribute=False)
        if element.text and element.children:
            msg = f"{element.name} has a text and elements"
            raise ValueError(msg)
        lead, end = (_INDENT * depth, "\n") if self._indent else ("", "")
        yield f"{lead}<{name}{declarations}{self._attributes(element)}"
        if element.children:
            yield ">" + end
            for each in element.children:
                yield from self.pieces(each, depth + 1)
            yield f"{lead}</{name}>{end}"
        elif element.text:
            yield f">{_checked(element.text, name).translate(_IN_TEXT)}</{name}>{end}"
        else:
            yield "/>" + end

    def _attributes(self, element: Element) -> str:
        return "".join(
            f' {self._name(name, attribute=True)}="{_checked(value, name).translate(_IN_ATTRIBUTE)}"'
            for name, value in element.attributes.items()
        )

    def _name(self, name: str, *, attribute: bool) -> str:
        uri, local = namespace(name), local_name(name)
        if not _NAME.fullmatch(local):
            msg = f"{name!r} is no name"
            raise ValueError(msg)
        if not uri:
            if not attribute and "" in self._prefixes.values():
                msg = f"{name!r} would fall into the default namespace"
                raise ValueError(msg)
            return local
        prefix = self._prefixes.get(uri)
        if prefix is None or (attribute and not prefix):
            msg = f"no prefix for {name!r}"
            raise ValueError(msg)
        return f"{prefix}:{local}" if prefix else local


def _checked(text: str, name: str) -> str:
    if found := _NO_CHAR.search(text):
        raise Rejected("E_CONTROL_CHAR", f"XML cannot hold {shown(found[0])}", name, "characters of XML 1.0")
    return text

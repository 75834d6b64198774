"""
Messages that are trees: JSON and XML.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from adapters.formats.json_node import Node
from adapters.formats.json_node import step as json_step
from adapters.formats.json_strict import read_json
from adapters.formats.xml_names import name_in
from adapters.formats.xml_node import XmlNode
from adapters.formats.xml_read import read_xml
from canonical.errors import Rejected, shown

from .entry import Document, Entry, Known, Message, head_ways, known_ways
from .model import ChannelMap, JsonShape, XmlShape

__all__ = ["JSON_SIGN", "XML_SIGN", "read_elements", "read_objects"]

JSON_SIGN = "."
XML_SIGN = "/"

# Orders of one message, and lines of one order; lines of all orders of a message, which is worked on at once.
_MOST = 1_000
_MOST_LINES = 10_000
_MAX_TEXT = 4_000


def read_objects(body: bytes, mapping: ChannelMap, shape: JsonShape) -> Message:
    """
    The orders of a JSON document.

    Raises:
        Rejected: As :func:`~adapters.formats.json_strict.read_json`; ``E_MISSING`` (no orders),
            ``E_UNKNOWN`` or ``E_RECORDS`` (more lines than a message may have).
    """
    root = read_json(body)
    of_order, of_line = known_ways(mapping, shape.ignored, shape.orders, shape.lines, JSON_SIGN)

    def document(order: Node) -> Document:
        entry = _Object(order, of_order)
        if not shape.lines:
            return Document.of_rows((entry,))
        return Document(entry, lambda: _objects(order, shape.lines, of_line))

    if not shape.orders:
        return Message(_Object(root, of_order), (document(root),))
    head = _Object(root, head_ways(mapping, shape.ignored, shape.orders, JSON_SIGN))
    head.check()
    orders = _listed(root, shape.orders)
    _refuse_crowd((_lines_of(one, shape.lines) for one in orders), root.where)
    return Message(head, tuple(document(one) for one in orders))


def read_elements(body: bytes, mapping: ChannelMap, shape: XmlShape) -> Message:
    """
    The orders of an XML document.

    Raises:
        Rejected: As :func:`~adapters.formats.xml_read.read_xml`; ``E_XML_NAMESPACE``, ``E_UNKNOWN`` (another
            root, too), ``E_MISSING`` (no orders), ``E_RECORDS`` (more lines than a message may have).
    """
    root = read_xml(body)
    if root.local != shape.root:
        raise root.reject("E_UNKNOWN", f"the document is {shown(root.local)}", shape.root)
    if root.name != name_in(shape.namespace, shape.root):
        raise root.foreign(shape.namespace)
    of_order, of_line = known_ways(mapping, shape.ignored, shape.orders, shape.lines, XML_SIGN)

    def document(order: XmlNode) -> Document:
        entry = _Element(order, of_order)
        if not shape.lines:
            return Document.of_rows((entry,))
        return Document(entry, lambda: [_Element(one, of_line) for one in _elements(order, shape.lines)])

    if not shape.orders:
        return Message(_Element(root, of_order), (document(root),))
    head = _Element(root, head_ways(mapping, shape.ignored, shape.orders, XML_SIGN))
    head.check()
    orders = _elements(root, shape.orders)
    _refuse_crowd((_lines_in(one, shape.lines) for one in orders), root.where)
    return Message(head, tuple(document(one) for one in orders))


def _refuse_crowd(lines: Iterable[int], where: str) -> None:
    total = sum(lines)
    if total > _MOST_LINES:
        raise Rejected("E_RECORDS", f"{total} lines", where, f"at most {_MOST_LINES} in a message")


class _Object:
    """One JSON object."""

    def __init__(self, node: Node, known: Known) -> None:
        self._node = node
        self._known = known

    def text(self, path: str, *, loose: bool = False) -> str | None:
        """A string; with ``loose`` what is none, as JSON writes it."""
        found = self._find(path)
        if found is None:
            return None
        match found.value:
            case bool() if loose:
                return str(found.value).lower()
            case int() if loose:
                return str(found.integer())
            case Decimal() if loose:
                return format(found.decimal(), "f")
            case _:
                return found.text(_MAX_TEXT, lines=True, blank=True).strip() or None

    def where(self, path: str = "") -> str:
        """The JSON path."""
        return self._node.where + "".join(json_step(one) for one in path.split(JSON_SIGN) if path)

    def number(self, path: str) -> str | None:
        """A number, or a string that is one; ``true`` is none."""
        node = self._find(path)
        if node is not None and isinstance(node.value, bool):
            raise node.reject("E_TYPE", f"is {node.kind}", "a number")
        return self.text(path, loose=True)

    def check(self) -> None:
        """Refuse properties that the mapping does not name."""
        _check_object(self._node, self._known)

    def _find(self, path: str) -> Node | None:
        return _way(self._node, path)


def _way(node: Node, path: str) -> Node | None:
    *steps, last = path.split(JSON_SIGN)
    for step in steps:
        inner = node.get(step)
        if inner is None:
            return None
        node = inner
    return node.get(last)


def _check_object(node: Node, known: Known) -> None:
    for name, child in node.members():
        if name not in known:
            raise child.reject("E_UNKNOWN", f"unknown property {shown(name)}", f"one of {', '.join(known)}")
        inner = known[name]
        if inner is not None and child.value is not None:
            _check_object(child, inner)


def _listed(node: Node, path: str) -> tuple[Node, ...]:
    found = _way(node, path)
    if found is None:
        where = node.where + "".join(map(json_step, path.split(JSON_SIGN)))
        raise Rejected("E_MISSING", "the list is missing", where, "at least one in it")
    return found.items(low=1, high=_MOST)


def _lines_of(order: Node, path: str) -> int:
    """How many they are; what is wrong with them is the order's own fault."""
    try:
        found = _way(order, path) if path else None
    except Rejected:
        return 0
    return len(found.value) if found is not None and isinstance(found.value, list) else 1


def _objects(order: Node, path: str, known: Known) -> Sequence[Entry]:
    return [_Object(one, known) for one in _listed(order, path)]


class _Element:
    """One XML element."""

    def __init__(self, node: XmlNode, known: Known) -> None:
        self._node = node
        self._known = known

    def text(self, path: str, *, loose: bool = False) -> str | None:
        """The element's text, or the attribute."""
        node, last = self._reach(path)
        if node is None:
            return None
        if last.startswith("@"):
            return node.attribute(last[1:]) or None
        found = node.get(last)
        return None if found is None else found.text(_MAX_TEXT, lines=True, blank=True) or None

    def where(self, path: str = "") -> str:
        """XPath, line, column and byte of the element, or of the one that lacks it."""
        node: XmlNode | None = self._node
        deepest = self._node
        for step in path.split(XML_SIGN) if path else ():
            node = None if step.startswith("@") else deepest.get(step)
            if node is None:
                return f"{deepest.where}, {step}"
            deepest = node
        return deepest.where

    def number(self, path: str) -> str | None:
        """The text: XML has no numbers of its own."""
        return self.text(path)

    def check(self) -> None:
        """Refuse elements and attributes that the mapping does not name."""
        _check_element(self._node, self._known)

    def _reach(self, path: str) -> tuple[XmlNode | None, str]:
        *steps, last = path.split(XML_SIGN)
        node: XmlNode | None = self._node
        for step in steps:
            node = node.get(step) if node is not None else None
        return node, last


def _check_element(node: XmlNode, known: Known) -> None:
    node.refuse_unknown([name for name in known if not name.startswith("@")])
    for name in node.attributes:
        if not name.startswith("{") and f"@{name}" not in known:
            allowed = ", ".join(one for one in known if one.startswith("@")) or "none"
            raise node.reject("E_UNKNOWN", f"unknown attribute {shown(name)}", allowed)
    for child in node.children:
        inner = known.get(child.local)
        if inner is not None:
            _check_element(child, inner)


def _lines_in(order: XmlNode, path: str) -> int:
    """As :func:`_lines_of`."""
    found = [order]
    for step in path.split(XML_SIGN) if path else ():
        found = [inner for one in found for inner in one.children if inner.local == step]
    return len(found)


def _elements(node: XmlNode, path: str) -> tuple[XmlNode, ...]:
    *steps, last = path.split(XML_SIGN)
    for step in steps:
        node = node.child(step)
    return node.all(last, low=1, high=_MOST)

"""
Objects read member by member, in the document's order, so that the first fault told is the first one there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from adapters.formats.json_node import MAX_TEXT, Node
from canonical.errors import shown

__all__ = ["Table", "array", "currency", "identifier", "line", "members", "patched", "prose"]

# By property: the canonical field's name, and how its value is read.
Table = Mapping[str, tuple[str, Callable[[Node], Any]]]

_MAX_ID = 128
_MAX_PROSE = 4000
_CURRENCY = re.compile(r"[A-Z]{3}")


def members(
    node: Node, table: Table, *, ignored: Collection[str] = (), needed: Iterable[str] = ()
) -> dict[str, Any]:
    """
    The canonical fields of an object; ``null`` is as good as absent.

    Args:
        table: What is read.
        ignored: Properties that may be there and are not looked at, besides those that begin with ``@``.
        needed: Properties that must be there.

    Raises:
        Rejected: ``E_UNKNOWN``, ``E_MISSING``, or what the readers say.
    """
    found: dict[str, Any] = {}
    for name, child in node.members():
        if name in table:
            field, read = table[name]
            if child.value is not None:
                found[field] = read(child)
        elif name not in ignored and not name.startswith("@"):
            raise child.reject("E_UNKNOWN", f"unknown property {shown(name)}", f"one of {', '.join(table)}")
    for name in needed:
        if node.child(name).value is None:
            raise node.child(name).reject("E_MISSING", "is null")
    return found


def patched(
    node: Node, table: Table, *, cleared: Mapping[str, Any], ignored: Collection[str] = ()
) -> dict[str, Any]:
    """
    The canonical fields of an object that changes another one (RFC 7396): ``null`` takes something away.

    Args:
        table: What is read.
        cleared: What may be taken away, and the field's value then.
        ignored: As for :func:`members`.

    Raises:
        Rejected: ``E_VALUE`` for what cannot be taken away, ``E_UNKNOWN``, or what the readers say.
    """
    found: dict[str, Any] = {}
    for name, child in node.members():
        if name in table:
            field, read = table[name]
            if child.value is None and name not in cleared:
                raise child.reject("E_VALUE", "cannot be taken away", "a value")
            found[field] = cleared[name] if child.value is None else read(child)
        elif name not in ignored and not name.startswith("@"):
            raise child.reject("E_UNKNOWN", f"unknown property {shown(name)}", f"one of {', '.join(table)}")
    return found


def array(read: Callable[[Node], Any]) -> Callable[[Node], tuple[Any, ...]]:
    """A reader of arrays of what ``read`` reads."""
    return lambda node: tuple(read(each) for each in node.items())


def identifier(node: Node) -> str:
    """
    An id that somebody else gave: 1 to 128 visible characters, no blank at either end.

    Raises:
        Rejected: ``E_KEY_FORMAT``, besides what :meth:`Node.text` says.
    """
    text = _plain(node, _MAX_ID) or node.text(_MAX_ID)
    if not text.isprintable() or text != text.strip():
        allowed = f"1 to {_MAX_ID} visible characters, no blank at either end"
        raise node.reject("E_KEY_FORMAT", f"{shown(text)} is not an identifier", allowed)
    return text


def line(node: Node) -> str:
    """One line of text, which may be empty."""
    return _plain(node, MAX_TEXT) or node.text(blank=True)


def prose(node: Node) -> str:
    """Text of several lines, at most 4000 characters."""
    return _plain(node, _MAX_PROSE) or node.text(_MAX_PROSE, lines=True, blank=True)


def currency(node: Node) -> str:
    """
    A currency code, ISO 4217: three capital letters.

    Raises:
        Rejected: ``E_VALUE``.
    """
    text = line(node)
    if not _CURRENCY.fullmatch(text):
        raise node.reject("E_VALUE", f"{shown(text)} is no currency", "three capital letters, ISO 4217")
    return text


def _plain(node: Node, longest: int) -> str:
    """The text when nothing can be wrong with it, which is nearly always: then its path is not needed."""
    text = node.value
    if isinstance(text, str) and len(text) <= longest and text.isprintable() and not text.isspace():
        return text
    return ""

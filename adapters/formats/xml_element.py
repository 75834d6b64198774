"""
An XML element as plain data, to be written: equal when what it says is equal, wherever it stood.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from .xml_names import name_in

__all__ = ["Element", "Vocabulary"]


@dataclass(frozen=True, slots=True)
class Element:
    """
    A name, attributes, and either a text or elements.

    Args:
        name: ``{namespace}local``.
        attributes: By name, spelled the same.
    """

    name: str
    text: str = ""
    children: tuple[Element, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """
    Makes elements of one namespace: ``order("Status", "Open")``, ``order("Order", [id, status])``.
    """

    uri: str = ""

    def __call__(
        self,
        local: str,
        content: str | Element | Iterable[Element] = "",
        attributes: Mapping[str, str] | None = None,
    ) -> Element:
        """
        An element with a text, or with elements.
        """
        name, said = name_in(self.uri, local), attributes or {}
        match content:
            case str():
                return Element(name, content, (), said)
            case Element():
                return Element(name, "", (content,), said)
            case _:
                return Element(name, "", tuple(content), said)

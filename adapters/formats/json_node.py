"""
Typed access to a parsed JSON document; every error says where, as a path from ``$``.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Collection, Iterator
from decimal import Decimal

from canonical.errors import Rejected, shown

from . import values

__all__ = ["Node", "step"]

# What a message may hold in one array, unless its reader says otherwise: ten times the largest order we
# know of.
MAX_RECORDS = 10_000
# Names, street lines, product names; notes say their own limit.
MAX_TEXT = 256

_WIDEST = 10**values.MAX_DIGITS - 1
_PLAIN_NAME = re.compile(r"[A-Za-z_@][A-Za-z0-9_-]{0,63}")
_KINDS: dict[type, str] = {
    str: "a string",
    bool: "a boolean",
    int: "an integer",
    Decimal: "a number",
    dict: "an object",
    list: "an array",
    type(None): "null",
}


def step(name: str) -> str:
    """
    One property in a path: ``.name``, or quoted and escaped when it is not a plain name.
    """
    return f".{name}" if _PLAIN_NAME.fullmatch(name) else f"[{shown(name)}]"


class Node:
    """
    One value of a document and the way to it.

    Numbers are ``int`` or ``Decimal``; ``true`` is no integer.  All readers raise ``Rejected``: ``E_TYPE``
    when the value is of another type, ``E_MISSING`` when a mandatory property is absent, and what they say
    themselves.
    """

    __slots__ = ("_parent", "_step", "value")

    def __init__(self, value: object, parent: Node | None = None, step: str | int = "$") -> None:
        self.value = value
        self._parent = parent
        self._step = step

    @property
    def where(self) -> str:
        """
        The path, as in ``$.productOrderItem[0].quantity``.
        """
        if self._parent is None:
            return str(self._step)
        last = f"[{self._step}]" if isinstance(self._step, int) else step(self._step)
        return self._parent.where + last

    @property
    def kind(self) -> str:
        """
        What JSON calls the value: ``a string``, ``an array``...
        """
        return _KINDS.get(type(self.value), "a number")

    def reject(self, code: str, what: str, allowed: str = "") -> Rejected:
        """
        An error about this value, to be raised by the caller.
        """
        return Rejected(code, what, self.where, allowed)

    def has(self, name: str) -> bool:
        """
        Whether the object has this property, with a value other than null.
        """
        return self._object().get(name) is not None

    def child(self, name: str) -> Node:
        """
        A mandatory property.
        """
        members = self._object()
        if name not in members:
            raise Rejected("E_MISSING", "the property is missing", self.where + step(name))
        return Node(members[name], self, name)

    def get(self, name: str) -> Node | None:
        """
        An optional property; None when absent or null.
        """
        value = self._object().get(name)
        return None if value is None else Node(value, self, name)

    def items(self, *, low: int = 0, high: int = MAX_RECORDS) -> tuple[Node, ...]:
        """
        The elements of an array, between ``low`` and ``high`` of them.

        Raises:
            Rejected: ``E_MISSING`` for too few, ``E_RECORDS`` for too many.
        """
        if not isinstance(self.value, list):
            raise self._wrong("an array")
        if len(self.value) < low:
            raise self.reject("E_MISSING", f"{len(self.value)} elements", f"at least {low}")
        if len(self.value) > high:
            raise self.reject("E_RECORDS", f"{len(self.value)} elements", f"at most {high}")
        return tuple(Node(each, self, index) for index, each in enumerate(self.value))

    def children(self, name: str, *, high: int = MAX_RECORDS) -> tuple[Node, ...]:
        """
        The elements of an optional array; none when the property is absent or null.
        """
        found = self.get(name)
        return found.items(high=high) if found else ()

    def members(self) -> Iterator[tuple[str, Node]]:
        """
        The properties of an object, in the document's order.
        """
        for name, value in self._object().items():
            yield name, Node(value, self, name)

    def refuse_unknown(self, known: Collection[str]) -> None:
        """
        Refuse an object that has other properties than these.

        Raises:
            Rejected: ``E_UNKNOWN``, at the first of them.
        """
        for name, node in self.members():
            if name not in known:
                allowed = f"one of {', '.join(sorted(known))}"
                raise node.reject("E_UNKNOWN", f"unknown property {shown(name)}", allowed)

    def text(self, max_len: int = MAX_TEXT, *, lines: bool = False, blank: bool = False) -> str:
        """
        A string without control characters; ``lines`` lets tabs and line ends pass, ``blank`` an empty one.

        Raises:
            Rejected: ``E_FIELD_SIZE``, ``E_CONTROL_CHAR`` or ``E_MISSING`` (empty).
        """
        text = values.plain_text(self._string(), self.where, max_len, lines=lines)
        if not blank and not text.strip():
            raise self.reject("E_MISSING", "the text is empty")
        return text

    def key(self, max_len: int = 64) -> str:
        """
        An identifier: letters, digits and ``. _ : -``.

        Raises:
            Rejected: ``E_KEY_MISSING`` or ``E_KEY_FORMAT``.
        """
        return values.key(self._string(), self.where, max_len=max_len)

    def enum(self, allowed: Collection[str], *, code: str = "E_VALUE") -> str:
        """
        A string that is one of ``allowed``.

        Raises:
            Rejected: ``code``.
        """
        value = self._string()
        if value not in allowed:
            raise self.reject(code, f"unknown value {shown(value)}", f"one of {', '.join(sorted(allowed))}")
        return value

    def integer(self, low: int | None = None, high: int | None = None) -> int:
        """
        An integer between ``low`` and ``high`` (both included), of at most 18 digits.

        Raises:
            Rejected: ``E_RANGE``.
        """
        if isinstance(self.value, bool) or not isinstance(self.value, int):
            raise self._wrong("an integer")
        low = -_WIDEST if low is None else low
        return values.whole(self.value, self.where, low, _WIDEST if high is None else high)

    def decimal(
        self, low: Decimal | int | None = None, high: Decimal | int | None = None, *, scale: int | None = None
    ) -> Decimal:
        """
        A number without exponent, of at most 18 digits and, with ``scale``, at most so many behind the point.

        Raises:
            Rejected: ``E_NUMBER`` (minus zero), ``E_RANGE``.
        """
        if isinstance(self.value, bool) or not isinstance(self.value, int | Decimal):
            raise self._wrong("a number")
        number = Decimal(self.value)
        if number.is_zero() and number.is_signed():
            raise self.reject("E_NUMBER", "minus zero", "0")
        plain = Decimal(format(number, "f"))
        _, digits, exponent = plain.as_tuple()
        if len(digits) > values.MAX_DIGITS:
            raise self.reject("E_RANGE", f"{shown(plain)} is too long", f"at most {values.MAX_DIGITS} digits")
        if scale is not None and isinstance(exponent, int) and -exponent > scale:
            raise self.reject("E_RANGE", f"{shown(plain)} is too fine", f"at most {scale} decimal places")
        return values.ranged(plain, self.where, low, high)

    def boolean(self) -> bool:
        """
        ``true`` or ``false``.
        """
        if not isinstance(self.value, bool):
            raise self._wrong("a boolean")
        return self.value

    def instant(self) -> dt.datetime:
        """
        An RFC 3339 instant with its zone, in UTC.

        Raises:
            Rejected: ``E_DATE``.
        """
        return values.instant(self._string(), self.where)

    def _object(self) -> dict[str, object]:
        if not isinstance(self.value, dict):
            raise self._wrong("an object")
        return self.value

    def _string(self) -> str:
        if not isinstance(self.value, str):
            raise self._wrong("a string")
        return self.value

    def _wrong(self, wanted: str) -> Rejected:
        got = self.kind
        if not isinstance(self.value, dict | list | None):
            got = f"{got}, {self._shown()}"
        return self.reject("E_TYPE", f"is {got}", wanted)

    def _shown(self) -> str:
        return str(self.value).lower() if isinstance(self.value, bool) else shown(self.value)

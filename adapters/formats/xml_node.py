"""
Typed access to a parsed XML document; every error says where: path, line, column and byte.

The path is XPath with the sender's own prefixes: ``/s:Envelope/s:Body[1]/o:Order[2]``.  Elements are looked
up in the namespace of the element they stand in, unless the caller names another; the same name in a
namespace that nobody asked for is refused, never taken.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from decimal import Decimal

from canonical.errors import Rejected, shown

from . import values
from .xml_element import Element
from .xml_names import XSI, local_name, name_in, namespace, printable

__all__ = ["MAX_RECORDS", "XmlNode"]

# What a message may hold of one element, unless its reader says otherwise: as for JSON.
MAX_RECORDS = 10_000
# Names, street lines, product names; notes say their own limit.
MAX_TEXT = 256

_BLANKS = " \t\r\n"
_NIL = name_in(XSI, "nil")
_TRUE = frozenset({"true", "1"})
_FALSE = frozenset({"false", "0"})


class XmlNode:
    """
    One element of a document, and the way to it.

    Texts are read without the blanks around them.  All readers raise ``Rejected``: ``E_MISSING`` when a
    mandatory element is absent, ``E_XML_REPEAT`` when one stands there twice, ``E_XML_NAMESPACE`` when it is
    of another namespace, ``E_XML_MIXED`` when elements stand where a text was wanted, ``E_XML_TYPE`` when
    ``xsi:nil`` empties something mandatory; and what they say themselves.
    """

    __slots__ = (
        "attributes",
        "byte",
        "children",
        "column",
        "dropped",
        "interrupted",
        "line",
        "name",
        "parent",
        "pieces",
        "place",
        "prefix",
        "size",
    )

    def __init__(
        self,
        name: str,
        prefix: str,
        attributes: Mapping[str, str],
        place: tuple[int, int, int],
        parent: XmlNode | None,
    ) -> None:
        self.name = name
        self.prefix = prefix
        self.attributes = attributes
        self.line, self.column, self.byte = place
        self.parent = parent
        self.children: list[XmlNode] = []
        self.pieces: list[str] = []
        self.size = 0
        # A comment or instruction stands within: readers disagree what the text is then.
        self.interrupted = False
        # Children that were handed over and forgotten, when records are read one by one.
        self.dropped = 0
        # Which of its name it is in its parent, from 1; 0 until somebody asks.
        self.place = 0

    @property
    def path(self) -> str:
        """XPath from the root."""
        name = f"{self.prefix}:{self.local}" if self.prefix else self.local
        if self.parent is None:
            return f"/{printable(name)}"
        return f"{self.parent.path}/{printable(name)}[{self._position()}]"

    @property
    def where(self) -> str:
        """Path, line and column from 1, and byte from 0, of the element's first character."""
        return f"{self.path} line {self.line} column {self.column} at byte {self.byte}"

    @property
    def local(self) -> str:
        """The name without namespace."""
        return local_name(self.name)

    @property
    def uri(self) -> str:
        """The namespace; empty when there is none."""
        return namespace(self.name)

    @property
    def value(self) -> str:
        """The text as it is, blanks and all; empty for an element that holds elements."""
        return "" if self.children else "".join(self.pieces)

    @property
    def nil(self) -> bool:
        """Whether ``xsi:nil`` says that there is no value."""
        return self.attributes.get(_NIL, "").strip(_BLANKS) in _TRUE

    def reject(self, code: str, what: str, allowed: str = "") -> Rejected:
        """An error about this element, to be raised by the caller."""
        return Rejected(code, what, self.where, allowed)

    def element(self) -> Element:
        """The same as plain data."""
        return Element(
            self.name, self.value, tuple(each.element() for each in self.children), dict(self.attributes)
        )

    def has(self, local: str, uri: str | None = None) -> bool:
        """Whether there is such an element, with something in it."""
        found = self.get(local, uri)
        return found is not None and bool(found.children or found.value.strip(_BLANKS))

    def child(self, local: str, uri: str | None = None) -> XmlNode:
        """A mandatory element, which may not be nil."""
        found = self._only(local, uri)
        if found is None:
            raise Rejected("E_MISSING", f"the element {shown(local)} is missing", self.where)
        if found.nil:
            raise found.reject("E_XML_TYPE", "is nil", "a value")
        return found

    def get(self, local: str, uri: str | None = None) -> XmlNode | None:
        """An optional element; None when absent or nil."""
        found = self._only(local, uri)
        return None if found is None or found.nil else found

    def all(
        self, local: str, uri: str | None = None, *, low: int = 0, high: int = MAX_RECORDS
    ) -> tuple[XmlNode, ...]:
        """
        The elements of that name, between ``low`` and ``high`` of them.

        Raises:
            Rejected: ``E_MISSING`` for too few, ``E_RECORDS`` for too many.
        """
        wanted = name_in(self.uri if uri is None else uri, local)
        found = tuple(each for each in self.children if each.name == wanted)
        if not found:
            self._refuse_namesake(wanted)
        if len(found) < low:
            raise self.reject("E_MISSING", f"{len(found)} elements {shown(local)}", f"at least {low}")
        if len(found) > high:
            raise found[high].reject("E_RECORDS", f"{len(found)} elements {shown(local)}", f"at most {high}")
        return found

    def refuse_unknown(self, known: Collection[str], uri: str | None = None) -> None:
        """
        Refuse any element that is none of these local names, or of another namespace.

        Raises:
            Rejected: ``E_UNKNOWN`` or ``E_XML_NAMESPACE``, at the first of them.
        """
        wanted = self.uri if uri is None else uri
        for each in self.children:
            if each.uri != wanted:
                raise each.foreign(wanted)
            if each.local not in known:
                allowed = f"one of {', '.join(sorted(known))}"
                raise each.reject("E_UNKNOWN", f"unknown element {shown(each.local)}", allowed)

    def refuse_attributes(self, known: Collection[str]) -> None:
        """
        Refuse any attribute that is none of these, but for those of other namespaces.

        Raises:
            Rejected: ``E_UNKNOWN``, at the first of them.
        """
        for name in self.attributes:
            if not name.startswith("{") and name not in known:
                allowed = ", ".join(sorted(known)) or "none"
                raise Rejected("E_UNKNOWN", f"unknown attribute {shown(name)}", self._at(name), allowed)

    def foreign(self, wanted: str) -> Rejected:
        """The error that this element is of another namespace than ``wanted``."""
        what = f"{shown(self.local)} of namespace {shown(self.uri)}" if self.uri else "in no namespace"
        return self.reject("E_XML_NAMESPACE", what, wanted or "no namespace")

    def attribute(self, name: str, *, max_len: int = MAX_TEXT) -> str | None:
        """An optional attribute; its name as ``{namespace}local``, mostly just ``local``."""
        found = self.attributes.get(name)
        if found is None:
            return None
        found = found.strip(_BLANKS)
        if len(found) <= max_len and found.isprintable():  # quick, and true of nearly all
            return found
        return values.plain_text(found, self._at(name), max_len)

    def flag(self, name: str) -> bool:
        """
        An attribute that is ``true`` or ``1``, as XML Schema writes them; one that is not there is false.

        Raises:
            Rejected: ``E_VALUE``: neither that nor ``false`` or ``0``, so that nobody knows what is meant.
        """
        found = self.attribute(name) or "false"
        if found not in _TRUE | _FALSE:
            raise Rejected("E_VALUE", f"unknown value {shown(found)}", self._at(name), "true, false, 1 or 0")
        return found in _TRUE

    def walk(self) -> Iterator[XmlNode]:
        """This element and all in it, in the document's order."""
        waiting = [self]
        while waiting:
            node = waiting.pop()
            yield node
            waiting += reversed(node.children)

    def text(self, max_len: int = MAX_TEXT, *, lines: bool = False, blank: bool = False) -> str:
        """
        The text without control characters; ``lines`` lets tabs and line ends pass, ``blank`` an empty one.

        Raises:
            Rejected: ``E_FIELD_SIZE``, ``E_CONTROL_CHAR`` or ``E_MISSING`` (empty).
        """
        found = self._leaf()
        if len(found) <= max_len and found.isprintable() and found:  # quick, and true of nearly all
            return found
        if not found and not blank:
            raise self.reject("E_MISSING", "the element is empty")
        return values.plain_text(found, self.where, max_len, lines=lines)

    def key(self, max_len: int = 64) -> str:
        """
        An identifier: letters, digits and ``. _ : -``.

        Raises:
            Rejected: ``E_KEY_MISSING`` or ``E_KEY_FORMAT``.
        """
        found = self._leaf()
        try:
            return values.key(found, "", max_len=max_len)
        except Rejected as error:
            raise self._placed(error) from None

    def enum(self, allowed: Collection[str], *, code: str = "E_VALUE") -> str:
        """
        A text that is one of ``allowed``.

        Raises:
            Rejected: ``code``.
        """
        found = self._leaf()
        if found not in allowed:
            raise self.reject(code, f"unknown value {shown(found)}", f"one of {', '.join(sorted(allowed))}")
        return found

    def integer(self, low: int | None = None, high: int | None = None) -> int:
        """
        A whole number between ``low`` and ``high`` (both included).

        Raises:
            Rejected: ``E_NUMBER`` or ``E_RANGE``.
        """
        found = self._leaf()
        try:
            return values.integer(found, "", low, high)
        except Rejected as error:
            raise self._placed(error) from None

    def decimal(
        self, low: Decimal | int | None = None, high: Decimal | int | None = None, *, scale: int | None = None
    ) -> Decimal:
        """
        A plain number; with ``scale``, of at most so many digits behind the point.

        Raises:
            Rejected: ``E_NUMBER`` or ``E_RANGE``.
        """
        found = self._leaf()
        try:
            number = values.ranged(values.decimal(found, ""), "", low, high)
        except Rejected as error:
            raise self._placed(error) from None
        if scale is not None and len(found.partition(".")[2]) > scale:
            raise self.reject("E_RANGE", f"{shown(found)} is too fine", f"at most {scale} decimal places")
        return number

    def boolean(self) -> bool:
        """
        ``true``, ``false``, ``1`` or ``0``, as XML Schema writes them.

        Raises:
            Rejected: ``E_VALUE``.
        """
        return self.enum(_TRUE | _FALSE) in _TRUE

    def instant(self) -> dt.datetime:
        """
        An instant with its zone, in UTC.

        Raises:
            Rejected: ``E_DATE``.
        """
        found = self._leaf()
        try:
            return values.instant(found, "")
        except Rejected as error:
            raise self._placed(error) from None

    def _only(self, local: str, uri: str | None) -> XmlNode | None:
        wanted = name_in(self.uri if uri is None else uri, local)
        found: XmlNode | None = None
        for each in self.children:
            if each.name == wanted:
                if found is not None:
                    raise each.reject("E_XML_REPEAT", f"{shown(local)} stands there again", "one")
                found = each
        if found is None:
            self._refuse_namesake(wanted)
        return found

    def _refuse_namesake(self, wanted: str) -> None:
        """Called when there is no ``wanted``: one of the same local name is a mistake, and no absence."""
        local = local_name(wanted)
        for each in self.children:
            if each.local == local:
                raise each.foreign(namespace(wanted))

    def _leaf(self) -> str:
        if self.children:
            first = self.children[0]
            raise first.reject("E_XML_MIXED", f"the element {shown(first.local)} in a text", "text only")
        if self.nil:
            raise self.reject("E_XML_TYPE", "is nil", "a value")
        return "".join(self.pieces).strip(_BLANKS)

    def _placed(self, error: Rejected) -> Rejected:
        """
        The same error with its place: to find that costs a look at all siblings, so it waits for an error.
        """
        return Rejected(error.code, error.what, self.where, error.allowed)

    def _at(self, name: str) -> str:
        place = f"line {self.line} column {self.column} at byte {self.byte}"
        return f"{self.path}/@{printable(local_name(name))} {place}"

    def _position(self) -> int:
        """How many of the same name stand before it, and itself; found for all siblings at once."""
        if self.parent is None:
            return 1
        if not self.place:
            counts: dict[str, int] = {}
            for each in self.parent.children:
                each.place = counts[each.name] = counts.get(each.name, self.parent.dropped) + 1
        return self.place

"""
Builds nodes from expat's events, within limits, and stops at what no document of ours has.

Expat is fed with nothing but the document: whatever would make it, or a reader after it, fetch or multiply
something (a document type, an entity, XInclude, XOP) is refused at its first character, before it could.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

# Its dangers are document types and entities, and both are refused here.
from xml.parsers import expat

from canonical.errors import Rejected, shown

from .sniff import MAX_MESSAGE
from .xml_names import XINCLUDE, XML, XOP, XSI, local_name, name_in, namespace
from .xml_node import XmlNode

__all__ = ["Builder", "Limits"]

# Stands between the parts of a name as expat tells it; no document can hold it.
_SEPARATOR = "\x01"
_BLANKS = " \t\r\n"
_TYPE = name_in(XSI, "type")
_NIL = name_in(XSI, "nil")
# Characters.
_MAX_URI = 1_024
# Names that are looked at once only; no vocabulary of ours has as many.
_MOST_NAMES = 10_000
_NONE: Mapping[str, str] = MappingProxyType({})
_OUTSIDE = frozenset({XINCLUDE, XOP})
# Two elements of one id: whoever checks a signature may look at the one, and a reader at the other.
_IDS = (
    name_in(XML, "id"),
    name_in("http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd", "Id"),
)
_NAMESPACE_ERRORS = frozenset({27, 28, 38, 39, 40})  # unbound, undeclared and reserved prefixes
_ENCODING_ERRORS = frozenset({6, 18, 19})


@dataclass(frozen=True, slots=True)
class Limits:
    """
    How much a document may hold.

    Args:
        message: Bytes, of a document that is read whole.
        depth: Elements within each other, the root included.
        attributes: Of one element, its namespace declarations included.
        text: Characters of one text or attribute.
        elements: Of a document that is read whole, else of one record; each costs some 500 bytes of ours.
        name: Characters of an element's or attribute's name.
        token: Bytes of one tag, comment or instruction, when records are read one by one: expat reads one
            that is not yet complete again with every piece.
    """

    message: int = MAX_MESSAGE
    depth: int = 64
    attributes: int = 256
    text: int = 64 * 1024
    elements: int = 100_000
    name: int = 256
    token: int = 1024 * 1024


class Builder:
    """
    One document's parser, and what it has made so far.

    Args:
        record: Names from the root down to the elements that are handed over one by one in :attr:`records`;
            none for a document that is read whole.
    """

    def __init__(self, limits: Limits, encoding: str, record: Sequence[str] = ()) -> None:
        self.root: XmlNode | None = None
        self.records: list[XmlNode] = []
        self._limits = limits
        self._record = record
        self._node: XmlNode | None = None
        self._depth = 0
        self._elements = 0
        self._declared = 0
        self._ids: set[str] = set()
        self._names: dict[str, tuple[str, str]] = {}
        self._fed = 0
        self._reached = 0
        self._parser = self._new_parser(encoding)

    def feed(self, data: bytes, *, last: bool) -> None:
        """
        Read the next bytes of the document.

        Raises:
            Rejected: As :func:`adapters.formats.xml_read.read_xml` says.
        """
        self._fed += len(data)
        try:
            self._parser.Parse(data, last)
        except expat.ExpatError as error:
            raise self._worded(error) from None
        # A newer expat puts off what does not end in this piece, and knows no place until it goes on (-1).
        self._reached = max(self._reached, self._parser.CurrentByteIndex)
        if not last and self._fed - self._reached > self._limits.token:
            what = "one tag, comment or instruction does not end"
            raise self._here("E_TOO_LARGE", what, f"at most {self._limits.token} bytes")

    def _new_parser(self, encoding: str) -> expat.XMLParserType:
        parser = expat.ParserCreate(encoding, _SEPARATOR)
        parser.namespace_prefixes = True
        parser.ordered_attributes = True
        parser.buffer_text = True
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.CommentHandler = self._interrupt
        parser.ProcessingInstructionHandler = self._interrupt
        parser.StartNamespaceDeclHandler = self._declare
        parser.StartDoctypeDeclHandler = self._refuse_type
        # Never reached, since a document type is refused first; they stand here in case that ever changes.
        parser.EntityDeclHandler = self._refuse_type
        parser.ExternalEntityRefHandler = self._refuse_type
        parser.SkippedEntityHandler = self._refuse_type
        return parser

    def _start(self, told: str, attributes: list[str]) -> None:
        parent, parser = self._node, self._parser
        known = self._names.get(told)
        name, prefix = known or _split(told)
        place = (parser.CurrentLineNumber, parser.CurrentColumnNumber + 1, parser.CurrentByteIndex)
        node = XmlNode(name, prefix, _NONE, place, parent)
        if parent is None:
            self.root = node
        else:
            self._into(parent, node)
        self._node = node
        self._depth += 1
        self._elements += 1
        self._measure(node, attributes)
        if not known:
            self._meet(told, node)
        if attributes:
            node.attributes = self._attributes(node, attributes)
        if self._depth <= len(self._record):
            self._refuse_other(node, self._record[self._depth - 1])

    def _into(self, parent: XmlNode, node: XmlNode) -> None:
        if parent.pieces:
            if not _blank(parent.pieces):
                parent.children.append(node)
                raise node.reject("E_XML_MIXED", f"the element {shown(node.local)} in a text", "text only")
            parent.pieces.clear()
            parent.size = 0
        parent.children.append(node)

    def _measure(self, node: XmlNode, attributes: list[str]) -> None:
        limits = self._limits
        if self._depth > limits.depth:
            raise node.reject("E_DEPTH", "nested too deep", f"at most {limits.depth} levels")
        if self._elements > limits.elements:
            raise node.reject("E_RECORDS", "too many elements", f"at most {limits.elements}")
        if len(attributes) // 2 + self._declared > limits.attributes:
            raise self._too_many_attributes(node.path)
        self._declared = 0

    def _meet(self, told: str, node: XmlNode) -> None:
        """Look at a name once; there are few, and many elements of each."""
        if len(node.local) > self._limits.name or len(node.prefix) > self._limits.name:
            raise self._long_name()
        if node.uri in _OUTSIDE:
            what = f"{shown(node.local)} refers elsewhere"
            raise node.reject("E_XML_EXTERNAL", what, "all in one message")
        if len(self._names) < _MOST_NAMES:
            self._names[told] = (node.name, node.prefix)

    def _attributes(self, node: XmlNode, told: list[str]) -> dict[str, str]:
        found: dict[str, str] = {}
        for name, value in zip(told[::2], told[1::2], strict=True):
            if len(name) > self._limits.name + _MAX_URI:
                raise self._long_name()
            if len(value) > self._limits.text:
                allowed = f"at most {self._limits.text} characters"
                raise node.reject("E_FIELD_SIZE", f"an attribute of {len(value)} characters", allowed)
            found[_split(name)[0]] = value
        if _TYPE in found:
            what = f"xsi:type {shown(found[_TYPE])} puts another type in the place of this one"
            raise node.reject("E_XML_TYPE", what, "no xsi:type")
        if _NIL in found and found[_NIL].strip(_BLANKS) not in {"true", "false", "1", "0"}:
            raise node.reject("E_XML_TYPE", f"xsi:nil is {shown(found[_NIL])}", "true or false")
        for name in _IDS:
            self._refuse_twin(node, found.get(name))
        return found

    def _refuse_twin(self, node: XmlNode, identity: str | None) -> None:
        if identity is None:
            return
        if identity in self._ids:
            raise node.reject("E_XML_REPEAT", f"the id {shown(identity)} was given before", "each id once")
        self._ids.add(identity)

    def _refuse_other(self, node: XmlNode, wanted: str) -> None:
        if node.name == wanted:
            return
        if node.local == local_name(wanted):
            raise node.foreign(namespace(wanted))
        raise node.reject("E_UNKNOWN", f"unknown element {shown(node.local)}", local_name(wanted))

    def _end(self, _: str) -> None:
        node = self._node
        if node is None:  # pragma: no cover - expat ends only what it began
            return
        if node.interrupted and node.pieces and not _blank(node.pieces):
            raise node.reject("E_XML_MIXED", "a comment or instruction within a text", "text only")
        if node.nil and (node.children or node.pieces):
            raise node.reject("E_XML_TYPE", "is nil, and holds something", "nothing in it")
        if self._depth == len(self._record):
            self._hand_over(node)
        self._node = node.parent
        self._depth -= 1

    def _hand_over(self, node: XmlNode) -> None:
        self.records.append(node)
        self._elements = 0
        self._ids.clear()
        if node.parent is not None:
            node.parent.children.pop()
            node.parent.dropped += 1
            node.place = node.parent.dropped

    def _text(self, text: str) -> None:
        node = self._node
        if node is None:  # pragma: no cover - expat tells no blanks outside of the root
            return
        if node.children or self._depth < len(self._record):
            if text.strip(_BLANKS):
                raise node.reject("E_XML_MIXED", f"the text {shown(text)} among elements", "elements only")
            return
        node.size += len(text)
        if node.size > self._limits.text:
            what = f"a text of more than {self._limits.text} characters"
            raise node.reject("E_FIELD_SIZE", what, f"at most {self._limits.text} characters")
        node.pieces.append(text)

    def _interrupt(self, *_: str) -> None:
        if self._node is not None:
            self._node.interrupted = True

    def _declare(self, prefix: str | None, uri: str | None) -> None:
        self._declared += 1
        if self._declared > self._limits.attributes:
            raise self._too_many_attributes(self._path())
        if len(prefix or "") > self._limits.name or len(uri or "") > _MAX_URI:
            raise self._long_name()

    def _refuse_type(self, *_: object) -> int:
        raise self._here("E_XML_DTD", "a document type or an entity", "elements and texts only")

    def _too_many_attributes(self, path: str) -> Rejected:
        what = "too many attributes and namespaces on one element"
        return Rejected("E_XML_ATTRS", what, self._where(path), f"at most {self._limits.attributes}")

    def _long_name(self) -> Rejected:
        allowed = f"at most {self._limits.name} characters, of a namespace {_MAX_URI}"
        return self._here("E_FIELD_SIZE", "a name that is too long", allowed)

    def _here(self, code: str, what: str, allowed: str) -> Rejected:
        return Rejected(code, what, self._where(self._path()), allowed)

    def _where(self, path: str) -> str:
        line, column = self._parser.CurrentLineNumber, self._parser.CurrentColumnNumber + 1
        at = max(self._reached, self._parser.CurrentByteIndex)
        return f"{path} line {line} column {column} at byte {at}"

    def _path(self) -> str:
        return self._node.path if self._node is not None else "/"

    def _worded(self, error: expat.ExpatError) -> Rejected:
        code = "E_XML_SYNTAX"
        if error.code in _NAMESPACE_ERRORS:
            code = "E_XML_NAMESPACE"
        elif error.code in _ENCODING_ERRORS:
            code = "E_ENCODING"
        at = max(self._parser.ErrorByteIndex, self._reached)
        where = f"{self._path()} line {error.lineno} column {error.offset + 1} at byte {at}"
        return Rejected(code, expat.ErrorString(error.code) or "no XML", where, "one well-formed document")


def _split(told: str) -> tuple[str, str]:
    """``({namespace}local, prefix)`` of a name as expat tells it."""
    uri, separator, rest = told.partition(_SEPARATOR)
    if not separator:
        return told, ""
    local, _, prefix = rest.partition(_SEPARATOR)
    return name_in(uri, local), prefix


def _blank(pieces: Sequence[str]) -> bool:
    return not any(each.strip(_BLANKS) for each in pieces)

"""
SOAP 1.1 and 1.2: an envelope with one request or answer in it, read and written; faults written and read.

What the header says is taken only as far as it must be: a block that has to be understood and is not, is
refused.  Signatures are not verified here, so a signed message is refused instead of trusted.  The request is
the body's one child, found by its place and never by an id that something else refers to.
Standards: SOAP 1.1 (W3C note of May 2000), SOAP 1.2 part 1, WS-Addressing 1.0 for ``Action``.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from canonical.errors import shown

from .xml_element import Element
from .xml_names import SIGNATURE, XML, local_name, name_in
from .xml_node import XmlNode
from .xml_read import Limits, read_xml
from .xml_write import sayable, write_xml

__all__ = [
    "Blame",
    "Envelope",
    "SoapFault",
    "Version",
    "envelope_bytes",
    "fault_bytes",
    "read_envelope",
    "read_fault",
]

_LIMITS = Limits()
_ACTION_BLOCK = name_in("http://www.w3.org/2005/08/addressing", "Action")
_ACTION = re.compile(r";\s*action\s*=\s*\"?([^\";]*)\"?", re.IGNORECASE)
_SIGNED = name_in(SIGNATURE, "")


class Version(StrEnum):
    """By the namespace of the envelope."""

    V1_1 = "http://schemas.xmlsoap.org/soap/envelope/"
    V1_2 = "http://www.w3.org/2003/05/soap-envelope"

    @property
    def content_type(self) -> str:
        """Of a message of this version, in UTF-8."""
        kind = "text/xml" if self is Version.V1_1 else "application/soap+xml"
        return f"{kind}; charset=utf-8"


class Blame(StrEnum):
    """Whose fault it is; SOAP 1.1's words, 1.2 says Sender and Receiver."""

    CLIENT = "Client"
    SERVER = "Server"


# The roles that whoever takes a request has; blocks for another are none of our business.
_OURS: Mapping[Version, tuple[str, frozenset[str]]] = {
    Version.V1_1: ("actor", frozenset({"", "http://schemas.xmlsoap.org/soap/actor/next"})),
    Version.V1_2: (
        "role",
        frozenset({"", f"{Version.V1_2}/role/next", f"{Version.V1_2}/role/ultimateReceiver"}),
    ),
}
_BLAMED_1_2 = {Blame.CLIENT: "Sender", Blame.SERVER: "Receiver"}


@dataclass(frozen=True, slots=True)
class Envelope:
    """
    One message.

    Args:
        body: The one element in its body.
        headers: The blocks of its header.
        action: What the content type or the header says that is asked; empty when neither says.
    """

    version: Version
    body: XmlNode
    headers: tuple[XmlNode, ...]
    action: str


@dataclass(frozen=True, slots=True)
class SoapFault:
    """A fault as told: its code without prefix, its text, and what stands in its detail."""

    code: str
    text: str
    detail: tuple[XmlNode, ...] = ()


def read_envelope(
    data: bytes,
    *,
    content_type: str = "",
    understood: Collection[str] = (),
    faults: bool = False,
    limits: Limits = _LIMITS,
) -> Envelope:
    """
    The envelope of a message.

    Args:
        content_type: Of the message; SOAP 1.2 puts the action there.
        understood: Names of header blocks, ``{namespace}local``, that the caller heeds.
        faults: Whether a fault may come, that is whether this is an answer.

    Raises:
        Rejected: ``E_SOAP``, ``E_XML_NAMESPACE`` (a SOAP version that is none), ``E_XML_REPEAT`` (a header
            block that stands there twice and is heeded), or as for any XML.
    """
    root = read_xml(data, limits=limits)
    version = _version(root)
    header, body = _halves(root)
    blocks = tuple(header.children) if header else ()
    for block in blocks:
        _refuse_demand(block, version, understood)
    _refuse_twins(blocks, (*understood, _ACTION_BLOCK))
    for each in root.walk():
        if each.name.startswith(_SIGNED):
            raise each.reject("E_SOAP", "a signature, which nobody here verifies", "unsigned messages")
    request = _request(body, version, faults=faults)
    action = _action(blocks, content_type)
    _refuse_other_action(action, request)
    return Envelope(version, request, blocks, action)


def read_fault(envelope: Envelope) -> SoapFault | None:
    """
    The fault in an answer, or None when it is none.

    Raises:
        Rejected: ``E_MISSING``, ``E_XML_REPEAT``… when it is not laid out as the standard says.
    """
    fault = envelope.body
    if fault.name != name_in(envelope.version, "Fault"):
        return None
    if envelope.version is Version.V1_1:
        code, text = fault.child("faultcode", ""), fault.child("faultstring", "")
        detail = fault.get("detail", "")
    else:
        code = fault.child("Code").child("Value")
        text = fault.child("Reason").all("Text", low=1)[0]
        detail = fault.get("Detail")
    said = text.text(4_000, lines=True, blank=True)
    return SoapFault(code.text().rpartition(":")[2], said, tuple(detail.children) if detail else ())


def envelope_bytes(version: Version, body: Element, prefixes: Mapping[str, str]) -> bytes:
    """A message with ``body`` as its one element; ``prefixes`` by namespace, besides the envelope's."""
    return _enveloped(version, body, prefixes)


def fault_bytes(
    version: Version,
    blame: Blame,
    text: str,
    detail: Iterable[Element] = (),
    prefixes: Mapping[str, str] | None = None,
) -> bytes:
    """A message that says what went wrong; what XML cannot hold of ``text`` becomes ``?``."""
    inside = tuple(detail)
    if version is Version.V1_1:
        # In SOAP 1.1 the envelope's own children of a fault are in no namespace.
        said = [Element("faultcode", f"soap:{blame}"), Element("faultstring", sayable(text))]
        said += [Element("detail", "", inside)] if inside else []
    else:
        code = Element(name_in(version, "Value"), f"soap:{_BLAMED_1_2[blame]}")
        reason = Element(name_in(version, "Text"), sayable(text), (), {name_in(XML, "lang"): "en"})
        said = [
            Element(name_in(version, "Code"), "", (code,)),
            Element(name_in(version, "Reason"), "", (reason,)),
        ]
        said += [Element(name_in(version, "Detail"), "", inside)] if inside else []
    return _enveloped(version, Element(name_in(version, "Fault"), "", tuple(said)), prefixes or {})


def _enveloped(version: Version, content: Element, prefixes: Mapping[str, str]) -> bytes:
    body = Element(name_in(version, "Body"), "", (content,))
    envelope = Element(name_in(version, "Envelope"), "", (body,))
    return write_xml(envelope, {version.value: "soap", **prefixes})


def _version(root: XmlNode) -> Version:
    if root.local != "Envelope":
        raise root.reject("E_SOAP", f"the document is a {shown(root.local)}", "a SOAP Envelope")
    for version in Version:
        if root.uri == version:
            return version
    raise root.foreign(" or ".join(Version))


def _halves(root: XmlNode) -> tuple[XmlNode | None, XmlNode]:
    """Header, if there is one, and body; nothing else may stand in an envelope."""
    root.refuse_unknown(("Header", "Body"))
    header, body = root.get("Header"), root.get("Body")
    if body is None:
        raise root.reject("E_SOAP", "the envelope has no body", "one Body")
    if header is not None and root.children[0] is not header:
        raise header.reject("E_SOAP", "the header stands behind the body", "Header, then Body")
    return header, body


def _refuse_demand(block: XmlNode, version: Version, understood: Collection[str]) -> None:
    demand = block.flag(name_in(version, "mustUnderstand"))
    attribute, ours = _OURS[version]
    role = block.attribute(name_in(version, attribute), max_len=1_024) or ""
    if demand and role in ours and block.name not in understood:
        allowed = ", ".join(sorted(map(local_name, understood))) or "no such block"
        raise block.reject("E_SOAP", f"the header {shown(block.local)} must be understood", allowed)


def _refuse_twins(blocks: Iterable[XmlNode], heeded: Collection[str]) -> None:
    """Of two that say who sends, or what is asked, one reader takes the first and another the last."""
    seen: set[str] = set()
    for block in blocks:
        if block.name in seen:
            raise block.reject("E_XML_REPEAT", f"{shown(block.local)} stands there again", "one")
        if block.name in heeded:
            seen.add(block.name)


def _request(body: XmlNode, version: Version, *, faults: bool) -> XmlNode:
    if len(body.children) != 1:
        raise body.reject("E_SOAP", f"{len(body.children)} elements in the body", "one")
    [request] = body.children
    if request.name == name_in(version, "Fault") and not faults:
        raise request.reject("E_SOAP", "a fault where a request was wanted", "a request")
    return request


def _action(blocks: Iterable[XmlNode], content_type: str) -> str:
    for block in blocks:
        if block.name == _ACTION_BLOCK:
            return block.text(1_024)
    found = _ACTION.search(content_type)
    return found[1].strip() if found else ""


def _refuse_other_action(action: str, request: XmlNode) -> None:
    """
    Refuse an action that names another operation than the body asks for.

    The last word of an action, as toolkits write them, is the operation, mostly without what says that it is
    the request of it: ``…/Order_Input`` is asked by the action ``…/Order``.
    """
    word = re.split(r"[/:#]", action.rstrip("/"))[-1] if action else ""
    if word and not (request.local == word or _stem(request.local) == _stem(word)):
        what = f"the action {shown(word)} asks something else than the body's {shown(request.local)}"
        raise request.reject("E_SOAP", what, "an action and a body that agree")


def _stem(name: str) -> str:
    return re.sub(r"_?(?:Input|Request|In)$", "", name)

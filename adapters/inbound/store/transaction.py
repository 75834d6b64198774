"""
One transaction of a till: the order it takes, the questions it asks, or the reason why it is neither.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from msgspec.structs import replace

from adapters.formats.values import calendar_date
from adapters.formats.xml_node import XmlNode
from canonical.commands import AmendOrder, Command, Origin, RejectedDocument, SaveDraft, SubmitOrder
from canonical.errors import Rejected, shown
from canonical.order import ExternalId, Note, OrderContent, PartyRef, RelatedParty
from canonical.references import References

from .conversation import is_kept, read_interaction, read_resume, refuse_both, resumes, talk_in, talked
from .earlier import ORDER, change_in, read_change, read_wish
from .lines import DELIVERY, INTERACTION, PICKUP, PREVIOUS, Line, lines_of, read_items
from .profile import Agreement
from .vocabulary import CHANNEL, NUMBER_TYPE

__all__ = ["NOTHING", "TRANSACTION", "documents_in", "read_transaction"]

TRANSACTION = "Transaction"
"""Document type of a transaction that can be neither read nor used."""

NOTHING = "E_NO_ORDER"
"""Code of a transaction that orders nothing: it is answered as ignored."""

_PART = re.compile(r"[A-Za-z0-9-]{1,20}", re.ASCII)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
# What a till trains with, or has broken off, never happened.
_NEVER = {"CancelFlag": "the transaction was cancelled", "TrainingModeFlag": "the till is in training mode"}


@dataclass(frozen=True, slots=True)
class _Asked:
    """
    What a transaction asks for, as far as it can be told without the catalogue.

    Args:
        lines: Those that are our business.
        change: The earlier order that the ordered lines change, if they change one.
        talk: The draft that they keep or complete, if they do; ``kept``: the till has put them aside.
        wishes: What is asked of the other earlier orders, and what happened.
    """

    named: Origin
    lines: tuple[Line, ...]
    change: Line | None
    wishes: tuple[Command, ...]
    talk: Line | None = None
    kept: bool = False

    @property
    def orders(self) -> bool:
        """Whether something is ordered, kept or changed, besides what is asked."""
        return self.change is not None or self.talk is not None or bool(self.ordered)

    @property
    def ordered(self) -> list[Line]:
        """The lines that order something."""
        return [one for one in self.lines if one.kind in (PICKUP, DELIVERY)]


def read_transaction(
    node: XmlNode, origin: Origin, agreed: Agreement, references: References
) -> Iterator[Command | RejectedDocument]:
    """
    The order, or the change of an earlier one, if it has lines that order something; and what is asked of
    each earlier order that it names.  Else one rejected document.  What is wrong with the order harms nothing
    that is asked beside it.
    """
    try:
        asked = _read(node, origin, agreed)
    except Rejected as rejected:
        yield RejectedDocument(origin=_nameable(node, origin), fault=rejected.fault)
        return
    if asked.orders:
        try:
            yield _wanted(node, asked, _priced(node, agreed), references)
        except Rejected as rejected:
            yield RejectedDocument(origin=asked.named, fault=rejected.fault)
    yield from asked.wishes


def documents_in(node: XmlNode, agreed: Agreement) -> int:
    """How many documents :func:`read_transaction` gives, whatever the catalogue says."""
    try:
        asked = _read(node, Origin(channel=CHANNEL), agreed)
    except Rejected:
        return 1
    return len(asked.wishes) + asked.orders


def _read(node: XmlNode, origin: Origin, agreed: Agreement) -> _Asked:
    named = _named(node, replace(origin, document_type=TRANSACTION))
    _refuse_other_store(node, agreed)
    lines = _lines(node)
    earlier = [one for one in lines if one.kind == PREVIOUS]
    change, talk = change_in(earlier), talk_in(earlier)
    refuse_both(change, talk)
    wishes = [_wish(one, named, agreed) for one in earlier if one is not change and one is not talk]
    happened = [read_interaction(one, node, named) for one in lines if one.kind == INTERACTION]
    return _Asked(named, lines, change, (*wishes, *happened), talk, is_kept(node))


def _wish(one: Line, named: Origin, agreed: Agreement) -> Command:
    return read_resume(one, named) if resumes(one) else read_wish(one, named, agreed)


def _wanted(
    node: XmlNode, asked: _Asked, agreed: Agreement, references: References
) -> AmendOrder | SubmitOrder | SaveDraft:
    if asked.change is not None:
        return read_change(asked.change, asked.ordered, asked.named, agreed, references)
    return _order(node, asked, agreed, references)


def _nameable(node: XmlNode, origin: Origin) -> Origin:
    """With the till's numbers, if they can be read: it is told which of its transactions is refused."""
    plain = replace(origin, document_type=TRANSACTION)
    try:
        return _named(node, plain)
    except Rejected:
        return plain


def _named(node: XmlNode, origin: Origin) -> Origin:
    """
    A till's transaction is known by store, till, business day and sequence number.
    """
    day = _day(node.child("BusinessDayDate"))
    parts = [_part(node.child(local)) for local in ("RetailStoreID", "WorkstationID", "SequenceNumber")]
    store, till, sequence = parts
    number = f"{store}.{till}.{day}.{sequence}"
    return replace(origin, document=number, details={"receipt": number})


def _day(node: XmlNode) -> str:
    text = node.text(32)
    if _DAY.fullmatch(text):
        try:
            return f"{calendar_date(text.replace('-', ''), ''):%Y%m%d}"
        except Rejected:
            pass
    raise node.reject("E_DATE", f"{shown(text)} is not a date", "CCYY-MM-DD")


def _part(node: XmlNode) -> str:
    text = node.text(64)
    if not _PART.fullmatch(text):
        raise node.reject("E_KEY_FORMAT", f"{shown(text)} is not a number", "1 to 20 letters, digits and -")
    return text


def _refuse_other_store(node: XmlNode, agreed: Agreement) -> None:
    store = node.child("RetailStoreID")
    if store.text(64) != agreed.store:
        what = f"store {shown(store.text(64))} in a message of store {shown(agreed.store)}"
        raise store.reject("E_IDENTITY", what, "one store in a message")


def _lines(node: XmlNode) -> tuple[Line, ...]:
    """
    What concerns customer orders.

    Raises:
        Rejected: ``E_NO_ORDER``, with the reason; ``E_VALUE`` for a flag that is neither true nor false, and
            what :func:`lines_of` says.
    """
    for flag, why in _NEVER.items():
        if node.flag(flag):
            raise node.reject(NOTHING, why, "a transaction that took place")
    retail = node.get("RetailTransaction")
    if retail is None:
        raise node.reject(NOTHING, "it is no retail transaction", "RetailTransaction")
    lines = lines_of(retail)
    if not lines:
        raise retail.reject(NOTHING, "no line orders anything", "a CustomerOrder line")
    return lines


def _priced(node: XmlNode, agreed: Agreement) -> Agreement:
    """
    The agreement with the transaction's own currency, when it has one.
    """
    said = node.get("CurrencyCode")
    if said is None:
        return agreed
    code = said.text(3)
    if not (len(code) == 3 and code.isascii() and code.isalpha() and code.isupper()):
        raise said.reject("E_VALUE", f"{shown(code)} is no currency", "three capital letters, ISO 4217")
    return Agreement(agreed.endpoint, agreed.zone, code)


def _order(
    node: XmlNode, asked: _Asked, agreed: Agreement, references: References
) -> SubmitOrder | SaveDraft:
    items, wanted = read_items(asked.ordered, agreed, references)
    owner = agreed.endpoint.id
    earlier = (one for one in asked.lines if one.kind == PREVIOUS and not one.node.has("Action"))
    known = [one.node.child("OrderID").text(128) for one in earlier if not resumes(one)]
    content = OrderContent(
        product_order_item=items,
        external_id=(ExternalId(owner=owner, external_identifier_type=NUMBER_TYPE, id=asked.named.document),),
        related_party=tuple(_parties(node)),
        requested_completion_date=wanted,
        note=tuple(Note(text=f"customer has order {one} already", author=owner) for one in known),
    )
    return talked(replace(asked.named, document_type=ORDER), content, asked.talk, kept=asked.kept)


def _parties(node: XmlNode) -> Iterator[RelatedParty]:
    """
    The customer, and who served.
    """
    customer, operator = node.child("RetailTransaction").get("Customer"), node.get("OperatorID")
    if customer is not None:
        name = customer.get("Name")
        party = PartyRef(id=customer.child("CustomerID").text(128), name=name.text() if name else "")
        yield RelatedParty(role="customer", party_or_party_role=party)
    if operator is not None:
        party = PartyRef(id=operator.text(128), name=operator.attribute("OperatorName") or "")
        yield RelatedParty(role="salesAgent", party_or_party_role=party)

"""
One record between header and trailer: an order, a question about one, or what is wrong with it first.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from adapters.formats.fixed import Layout, Raw, Record, decode
from adapters.formats.values import key
from canonical.commands import AskStatus, OrderRef, Origin, RejectedDocument, SubmitOrder
from canonical.errors import Rejected, shown
from canonical.order import (
    Address,
    Characteristic,
    ExternalId,
    ItemPrice,
    Money,
    Note,
    OfferingRef,
    OrderContent,
    OrderItem,
    PartyRef,
    Place,
    Product,
    RelatedParty,
)
from canonical.references import Offering, References
from canonical.states import Action

from .batch import sequence_of
from .header import Head, kind_of
from .layouts import DETAIL, INQUIRY
from .profile import CHANNEL, Agreement

__all__ = ["CODE_TYPE", "read_record"]

CODE_TYPE = "OFFER-CODE"
"""Type of this channel's codes in the catalogue."""

_KINDS = ("D", "Q")
_ADD = "A"
_NOT_YET = {"M": "modify", "D": "delete"}


def read_record(
    raw: Raw, head: Head, agreed: Agreement, references: References
) -> SubmitOrder | AskStatus | RejectedDocument:
    """
    The order of one detail, or the question of one inquiry.

    An order's number is BATCH-ID and SEQ: the same record of a corrected file has the same number again.
    Nothing that changes when a file is written again (date, place in the file) is part of the order.
    """
    kind = kind_of(raw, agreed)
    layout = INQUIRY if kind == "Q" else DETAIL
    origin = _origin(raw, head, agreed, layout)
    try:
        if kind not in _KINDS:
            raise Rejected("E_FW_TYPE", shown(kind), f"record {raw.number} cols 1-1 REC-TYPE", "D or Q")
        record = decode(raw.data, layout, agreed.page, number=raw.number, variable=agreed.form.variable)
        if layout is INQUIRY:
            number = key(record["ORDER"], record.where("ORDER"), max_len=22)
            return AskStatus(origin=origin, about=OrderRef(value=number))
        return SubmitOrder(origin=origin, order=_content(record, origin, head, agreed, references))
    except Rejected as rejected:
        return RejectedDocument(origin=origin, fault=rejected.fault)


def _origin(raw: Raw, head: Head, agreed: Agreement, layout: Layout) -> Origin:
    sequence = _sequence(raw, agreed)
    return Origin(
        channel=CHANNEL,
        endpoint=agreed.endpoint.id,
        envelope=f"{head.sender}/{head.batch}",
        document_type=layout.name,
        document=f"{head.batch}-{sequence}" if sequence else "",
        position=raw.number - 1,
        details={
            "record": str(raw.number),
            "batch": head.batch,
            "sender": head.sender,
            "sequence": sequence,
        },
    )


def _sequence(raw: Raw, agreed: Agreement) -> str:
    number = sequence_of(raw.data, agreed.page) if kind_of(raw, agreed) in _KINDS else None
    return "" if number is None else f"{number:07}"


def _content(
    record: Record, origin: Origin, head: Head, agreed: Agreement, references: References
) -> OrderContent:
    _check_action(record)
    account = key(record["CUST-ACCT"], record.where("CUST-ACCT"), max_len=12)
    items = tuple(_items(record, head, agreed, references))
    party = PartyRef(id=account, name=record["NAME"])
    return OrderContent(
        product_order_item=items,
        external_id=(
            ExternalId(owner=origin.endpoint, external_identifier_type="batchRecord", id=origin.document),
        ),
        related_party=(RelatedParty(role="customer", party_or_party_role=party),),
        place=_place(record),
        requested_completion_date=_wanted(record),
        note=tuple(Note(text=text, author=origin.endpoint) for text in _notes(record)),
    )


def _check_action(record: Record) -> None:
    action = record["ACTION"]
    if action == _ADD:
        return
    where = record.where("ACTION")
    if action in _NOT_YET:
        raise Rejected("E_ACTION", f"{shown(action)} ({_NOT_YET[action]}) is not taken yet", where, _ADD)
    raise Rejected("E_ACTION", f"no action {shown(action)}", where, _ADD)


def _items(record: Record, head: Head, agreed: Agreement, references: References) -> Iterator[OrderItem]:
    product = _product(head)
    price = record["PRICE"]
    if price < 0:
        raise Rejected("E_RANGE", f"{price} is negative", record.where("PRICE"), "0 or more")
    money = ItemPrice(price_type="oneTime", price=Money(value=price, unit=head.currency))
    first = _offering(record["OFFER-CODE"], record.where("OFFER-CODE"), agreed, references)
    number = _quantity(record["QTY"], record.where("QTY"), first)
    yield _item("1", first, number, product, (money,))
    for turn, row in enumerate(record["ITEMS"], 1):
        more = _offering(row["ITEM-CODE"], record.where("ITEM-CODE", turn), agreed, references)
        number = _quantity(row["ITEM-QTY"], record.where("ITEM-QTY", turn), more)
        yield _item(str(turn + 1), more, number, product, ())


def _product(head: Head) -> Product:
    if not head.campaign:
        return Product()
    return Product(product_characteristic=(Characteristic(name="campaign", value=head.campaign),))


def _offering(code: str, where: str, agreed: Agreement, references: References) -> Offering:
    if not code:
        raise Rejected("E_MISSING", "no offering is named", where, f"an {CODE_TYPE} of the catalogue")
    return references.offering_by_code(agreed.endpoint, CODE_TYPE, code, where)


def _quantity(number: int, where: str, offering: Offering) -> int:
    most = offering.max_quantity
    if not 1 <= number <= most:
        raise Rejected("E_RANGE", f"quantity {number}", where, f"1 to {most} of {offering.id}")
    return number


def _item(
    number: str, offering: Offering, quantity: int, product: Product, price: tuple[ItemPrice, ...]
) -> OrderItem:
    return OrderItem(
        id=number,
        line_ref=number,
        action=Action.ADD,
        product_offering=OfferingRef(id=offering.id, name=offering.name),
        quantity=quantity,
        product=product,
        item_price=price,
        category=offering.category,
    )


def _place(record: Record) -> tuple[Place, ...]:
    said = [record[name] for name in ("STREET", "CITY", "STATE", "ZIP", "COUNTRY")]
    if not any(said):
        return ()
    street, city, state, postcode, country = said
    address = Address(
        name=record["NAME"],
        street=street,
        city=city,
        state_or_province=state,
        postcode=postcode,
        country=country,
    )
    return (Place(role="deliveryAddress", place=address),)


def _wanted(record: Record) -> dt.datetime | None:
    """The day on a date card; the format says no zone, so it is a day in UTC."""
    card = record.values.get("DATE-CARD")
    return dt.datetime.combine(card["WANTED-DATE"], dt.time(), dt.UTC) if card else None


def _notes(record: Record) -> Iterator[str]:
    """What a card says that no field of an order has."""
    phone, gift = (record.values.get(name) for name in ("PHONE-CARD", "GIFT-CARD"))
    if phone:
        hour = phone["CALL-HOUR"]
        if hour is not None and hour > 23:
            raise Rejected("E_RANGE", f"hour {hour}", record.where("CALL-HOUR"), "00 to 23")
        if not phone["PHONE"]:
            raise Rejected("E_MISSING", "no telephone number", record.where("PHONE"), "a number")
        yield f"call {phone['PHONE']}" + (f" from {hour:02}:00" if hour is not None else "")
    if gift and gift["GREETING"]:
        yield f"greeting: {gift['GREETING']}"

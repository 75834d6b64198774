"""
What the web channel is told: the order, events about it, and errors, as TMF622 v5 JSON.

Field names and types: TMF622 Product Ordering v5.0.0.  Its ``ProductOrder`` has no ``place``, ``version``
or ``progress``; they are written all the same, as TMF630 lets an entity be extended.  Equal input gives
equal bytes: properties stand in the order in which they are written here.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from canonical.errors import Fault
from canonical.keys import message_id
from canonical.notices import Notice
from canonical.order import (
    Address,
    Characteristic,
    ErrorMessage,
    ItemPrice,
    JeopardyAlert,
    Milestone,
    Money,
    Note,
    Order,
    OrderItem,
    Place,
    Product,
    RelatedParty,
)
from canonical.states import State

from .characteristics import typed_value

__all__ = [
    "Json",
    "entity",
    "error_document",
    "error_reference",
    "event_document",
    "item_document",
    "item_refs",
    "json_bytes",
    "money",
    "order_document",
    "order_href",
]

_ENCODER = msgspec.json.Encoder()

# Relative: the portal knows under which host it reaches the hub, the hub does not.
_HREF = "/productOrdering/v5/productOrder/"
_ERRORS = "docs/errors.md#"
_CHANNEL = "web"

# Codes of bytes that are no readable JSON document; everything else is readable and wrong.
_UNREADABLE = frozenset(
    {
        "E_EMPTY", "E_TOO_LARGE", "E_BOM", "E_ENCODING", "E_CONTROL_CHAR", "E_FORMAT_SNIFF", "E_ARCHIVE",
        "E_CHARSET", "E_COMPRESSION", "E_TRAILING", "E_DEPTH", "E_FIELD_SIZE", "E_RECORDS", "E_JSON_SYNTAX",
        "E_JSON_DUPKEY",
    }
)  # fmt: skip

Json = dict[str, Any]


def json_bytes(document: Json) -> bytes:
    """The JSON text of ``document``, UTF-8, compact."""
    return _ENCODER.encode(document)


def order_document(order: Order) -> Json:
    """
    ``order`` as a TMF622 v5 ``ProductOrder``.

    ``channel`` tells names and roles only: who sat at another channel's desk is not the web's business, nor
    are the numbers that others have given the order.
    """
    others = {one.endpoint for one in order.channel if one.channel.id != _CHANNEL}
    return entity(
        "ProductOrder",
        id=order.id,
        href=order_href(order.id),
        externalId=[
            entity(
                "ExternalIdentifier",
                owner=one.owner,
                externalIdentifierType=one.external_identifier_type,
                id=one.id,
            )
            for one in order.external_id
            if one.owner not in others
        ],
        state=order.state.value,
        version=order.version,
        progress={"done": order.progress.done, "total": order.progress.total},
        **_dates(order),
        category=order.category,
        description=order.description,
        priority=order.priority,
        channel=_channels(order),
        relatedParty=[_party(one) for one in order.related_party],
        place=[_place(one) for one in order.place],
        productOrderItem=[item_document(one) for one in order.product_order_item],
        orderRelationship=[
            entity("OrderRelationship", id=one.id, relationshipType=one.relationship_type)
            for one in order.order_relationship
        ],
        note=[_note(one) for one in order.note],
        productOrderMilestone=[_milestone(order.id, one) for one in order.product_order_milestone],
        productOrderJeopardyAlert=[_alert(order.id, one) for one in order.product_order_jeopardy_alert],
        productOrderErrorMessage=[_error(order.id, one) for one in order.product_order_error_message],
    )


def order_href(order_id: str) -> str:
    """The address of an order, relative to wherever the portal reaches the hub."""
    return _HREF + order_id


def event_document(
    kind: str, notice: Notice, order: Order, at: datetime, *, about: str = "", **more: Json
) -> Json:
    """
    A TMF622 v5 event of type ``kind`` with the whole order in it.

    Args:
        about: Id of what happened, where order, version, kind and instant do not tell one event from another.
        more: What stands in the event beside the order.

    ``timeOccurred`` is the spelling of v5's ``Event`` (its ``BaseEvent`` has one r less).  The event's id
    comes from order, version, kind and instant of the notice, so that the same event always has the same id.
    """
    cause = ("web event", order.id, str(order.version), notice.kind.value, notice.at.isoformat())
    return entity(
        kind,
        eventId=message_id(*cause, about) if about else message_id(*cause),
        eventType=kind,
        eventTime=at,
        timeOccurred=notice.at,
        correlationId=order.id,
        title=f"order {notice.kind.value}: {order.state.value}",
        description=notice.reason,
        event={**more, "productOrder": order_document(order)},
    )


def error_document(fault: Fault, subject: str) -> Json:
    """A TMF622 v5 ``Error``; ``subject`` names, for people, what it is about."""
    place = f"{fault.where}: " if fault.where else ""
    return entity(
        "Error",
        code=fault.code,
        reason=place + fault.what,
        message=f"{subject}: {fault}",
        status=_http_status(fault.code),
        referenceError=error_reference(fault.code),
    )


def error_reference(code: str) -> str:
    """Where a code is explained."""
    return _ERRORS + code


def _http_status(code: str) -> str:
    if code == "E_NOT_FOUND":
        return "404"
    return "400" if code in _UNREADABLE else "422"


def entity(kind: str, /, **fields: Any) -> Json:
    """An object with its ``@type``; empty text, empty lists and what is unknown are left out."""
    return {"@type": kind, **{name: value for name, value in fields.items() if value not in ("", None, [])}}


def _dates(order: Order) -> Json:
    return {
        "creationDate": order.creation_date,
        "requestedStartDate": order.requested_start_date,
        "requestedCompletionDate": order.requested_completion_date,
        "expectedCompletionDate": order.expected_completion_date,
        "completionDate": order.completion_date,
        "cancellationDate": order.cancellation_date,
        "cancellationReason": order.cause.value if order.cause else None,
    }


def _channels(order: Order) -> list[Json]:
    return [
        entity(
            "RelatedChannel",
            role=one.role.value,
            channel=entity("ChannelRef", id=one.channel.id, name=one.channel.name),
        )
        for one in order.channel
    ]


def _party(one: RelatedParty) -> Json:
    who = one.party_or_party_role
    return entity(
        "RelatedPartyRefOrPartyRoleRef",
        role=one.role,
        partyOrPartyRole=entity("PartyRef", id=who.id, name=who.name),
    )


def _place(one: Place) -> Json:
    return entity("RelatedPlaceRefOrValue", role=one.role, place=_address(one.place))


def _address(one: Address) -> Json:
    if one == Address(id=one.id, name=one.name) and one.id:
        return entity("PlaceRef", id=one.id, name=one.name)
    return entity(
        "GeographicAddress",
        id=one.id,
        name=one.name,
        streetName=one.street,
        city=one.city,
        stateOrProvince=one.state_or_province,
        postcode=one.postcode,
        country=one.country,
    )


def item_document(item: OrderItem) -> Json:
    """``item`` as a TMF622 v5 ``ProductOrderItem``, with those that it bundles."""
    offering = item.product_offering
    return entity(
        "ProductOrderItem",
        id=item.id,
        action=item.action.value,
        quantity=item.quantity,
        state=item.state.value if item.state and item.state is not State.DRAFT else None,
        productOffering=entity("ProductOfferingRef", id=offering.id, name=offering.name),
        product=_product(item.product) if item.product != Product() else None,
        productOrderItemRelationship=[
            entity("OrderItemRelationship", id=one.id, relationshipType=one.relationship_type)
            for one in item.product_order_item_relationship
        ],
        itemPrice=[_price(one) for one in item.item_price],
        note=[_note(one) for one in item.note],
        choiceGroup=item.choice_group,
        productOrderItem=[item_document(one) for one in item.product_order_item],
    )


def _product(product: Product) -> Json:
    return entity(
        "Product",
        id=product.id,
        productSerialNumber=product.product_serial_number,
        productCharacteristic=[_characteristic(one) for one in product.product_characteristic],
        place=[_place(one) for one in product.place],
    )


def _characteristic(one: Characteristic) -> Json:
    kind, value = typed_value(one.value, one.value_type)
    return {"@type": kind, "name": one.name, "valueType": one.value_type, "value": value}


def _price(one: ItemPrice) -> Json:
    amount = money(one.price)
    return entity(
        "OrderPrice",
        name=one.name,
        priceType=one.price_type,
        recurringChargePeriod=one.recurring_charge_period,
        price=entity("Price", dutyFreeAmount=amount),
    )


def money(amount: Money) -> Json:
    """TMF622's ``Money``, to the digit: through a float 0.10 could come out as something else."""
    return {"unit": amount.unit, "value": msgspec.Raw(format(amount.value, "f").encode())}


def _note(one: Note) -> Json:
    return entity("Note", author=one.author, text=one.text)


def _milestone(order_id: str, one: Milestone) -> Json:
    return entity(
        "ProductOrderMilestone",
        id=one.id,
        name=one.name,
        milestoneDate=one.milestone_date,
        message=one.message,
        productOrderItem=item_refs(order_id, one.product_order_item),
    )


def _alert(order_id: str, one: JeopardyAlert) -> Json:
    return entity(
        "ProductOrderJeopardyAlert",
        id=one.id,
        name=one.name,
        alertDate=one.alert_date,
        message=one.message,
        productOrderItem=item_refs(order_id, one.product_order_item),
    )


def _error(order_id: str, one: ErrorMessage) -> Json:
    return entity(
        "ProductOrderErrorMessage",
        code=one.code,
        reason=one.reason,
        timestamp=one.timestamp,
        referenceError=error_reference(one.code),
        productOrderItem=item_refs(order_id, one.product_order_item),
    )


def item_refs(order_id: str, ids: Iterable[str]) -> list[Json]:
    """References to items of the order."""
    return [entity("ProductOrderItemRef", productOrderId=order_id, productOrderItemId=one) for one in ids]

"""
What the hub's adapters make of a file of the samples that may lie beside the checkout.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from adapters.inbound.callcenter import CallCenterAdapter
from adapters.inbound.directmail import DirectMailAdapter
from adapters.inbound.kiosk import KioskAdapter
from adapters.inbound.partner import PartnerAdapter
from adapters.inbound.store import StoreAdapter
from adapters.inbound.web import WebAdapter
from adapters.kit import Native
from adapters.outbound.oss_mobile import OssMobileAdapter
from canonical.commands import AmendOrder, RejectedDocument, SubmitOrder
from canonical.errors import Rejected
from canonical.order import every_item
from canonical.references import Code, Endpoint, Identifier, Offering, References
from canonical.replies import Receipt, Reply

EXPECTED = tomllib.loads((Path(__file__).parent / "expected.toml").read_text(encoding="utf-8"))

CHANNELS = {
    one.channel: one
    for one in (
        CallCenterAdapter(),
        DirectMailAdapter(),
        KioskAdapter(),
        PartnerAdapter(),
        StoreAdapter(),
        WebAdapter(),
    )
}
SYSTEMS = {one.profile.name: one for one in (OssMobileAdapter(),)}


def references():
    """The senders of the samples, and the offerings that they name, as the table has them."""
    endpoints = (
        Endpoint(
            id=one["id"],
            channel=one["id"].partition(".")[0],
            out_queue=f"channel.{one['id']}.out",
            identifiers=tuple(Identifier(qualifier=q, value=v) for q, v in one["identifiers"]),
            hub=Identifier(qualifier=one["hub"][0], value=one["hub"][1]) if "hub" in one else None,
            format=one.get("format", {}),
        )
        for one in EXPECTED["profile"]
    )
    offerings = (
        Offering(
            id=id_,
            name=id_,
            category="device",
            max_quantity=1000,
            codes=tuple(Code(owner=owner, type=kind, code=code) for owner, kind, code in codes),
        )
        for id_, codes in EXPECTED["offering"].items()
    )
    return References.of("samples", offerings, endpoints)


def made_of(body, taken):
    """What a channel's or system's adapter says of a file, one line for each thing said."""
    side, name = next(iter(taken.items()))
    native = Native(body=body, content_type="")
    try:
        found = (
            CHANNELS[name].translate(native, references())
            if side == "channel"
            else SYSTEMS[name].read_reply(native)
        )
        return [_summary(one) for one in found]
    except Rejected as refused:
        return [_summary(refused)]


def _summary(said):
    match said:
        case Rejected() | RejectedDocument():
            return f"refused {said.fault.code} at {said.fault.where}"
        case SubmitOrder(origin=origin, order=order):
            items = every_item(order.product_order_item)
            wanted = ", ".join(
                f"{one.action.value} {one.quantity} {one.product_offering.id}" for one in items
            )
            return f"SubmitOrder {origin.document}: {wanted}"
        case AmendOrder(origin=origin, scope=scope):
            return f"AmendOrder {origin.document}: {scope.value}: {_wanted(said)}"
        case Reply(word=word, lines=lines):
            return f"Reply {word} of {len(lines)} lines"
        case Receipt():
            return "Receipt"
        case _:
            return f"{type(said).__name__} {said.origin.document}".rstrip()


def _wanted(amendment):
    """What an amendment asks of items."""
    whole = every_item(amendment.order.product_order_item) if amendment.order else ()
    said = [f"{one.action.value} {one.quantity} {one.product_offering.id}" for one in whole]
    said += [f"add {one.quantity} {one.product_offering.id}" for one in amendment.add]
    said += [f"change {one.item} to {one.quantity}" for one in amendment.change]
    return ", ".join([*said, *(f"remove {one}" for one in amendment.remove)])

"""
Small rule books and orders for the tests of planning.
"""

from __future__ import annotations

from datetime import UTC, datetime
from textwrap import dedent

from canonical.order import (
    ChannelRef,
    ChannelRole,
    Characteristic,
    OfferingRef,
    Order,
    OrderContent,
    OrderItem,
    PartyRef,
    Product,
    RelatedChannel,
    RelatedParty,
)
from canonical.states import Action, State
from canonical.systems import Attachment, SystemProfile
from routes.catalogue import fill
from routes.rules import RuleSet, read

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)

PROFILES = {
    name: SystemProfile(
        name=name,
        attachment=attachment,
        words={},
        reference_type="reference",
        milestones=("shipped",) if name == "warehouse" else (),
    )
    for name, attachment in {
        "crm": Attachment.QUEUE,
        "warehouse": Attachment.QUEUE,
        "oss.internet": Attachment.CALL,
        "oss.mobile": Attachment.QUEUE,
        "billing": Attachment.QUEUE,
    }.items()
}

CATALOGUE = """
    [[offering]]
    id = "PHONE"
    name = "Phone"
    category = "device"
    max_quantity = 5
    codes = [{ owner = "partner.acme", type = "VP", code = "PH-1" }]

    [[offering]]
    id = "CASE"
    name = "Case"
    category = "device"

    [[offering]]
    id = "LINE"
    name = "Line"
    category = "internet"

    [[offering]]
    id = "BUNDLE"
    name = "Bundle"
    category = "bundle"
    bundle = true
"""

ENDPOINTS = {
    "web.portal": """
        id = "web.portal"
        channel = "web"
        name = "Portal"
        out_queue = "channel.web.out"
    """,
    "partner.acme": """
        id = "partner.acme"
        channel = "partner"
        name = "Acme"
        out_queue = "channel.partner.acme.out"

        [[identifier]]
        qualifier = "ZZ"
        value = "ACME"
    """,
}

_ITEM = '{"productOrderItem": [{"id": "1", "action": "add", "productOffering": {"id": "%s"}}]}'
SAMPLES = {
    "routes/samples/phone.json": _ITEM % "PHONE",
    "routes/samples/line.json": _ITEM % "LINE",
}

EVERYTHING = """
    [[route]]
    name = "everything"
    why = "tests need a route that takes all"
    when = { }

      [[route.part]]
      name = "crm"
      system = "crm"

      [[route.test]]
      order = "samples/phone.json"
      expect = ["crm"]
"""


def texts(*routes: str, catalogue: str = CATALOGUE, **endpoints: str) -> dict[str, str]:
    """Rule files with one file for each text of ``routes``; ``endpoints`` replace the two that are there."""
    files = {f"routes/rules-{number}.toml": dedent(text) for number, text in enumerate(routes, start=1)}
    files["routes/catalogue/all.toml"] = dedent(catalogue)
    profiles = {f"endpoints/{name}.toml": dedent(text) for name, text in (endpoints or ENDPOINTS).items()}
    return files | profiles | SAMPLES


def rules_of(*routes: str, catalogue: str = CATALOGUE) -> RuleSet:
    """The rule set that these routes make with the small catalogue."""
    return read(texts(*routes, catalogue=catalogue), PROFILES)


def route(name: str, when: str = "{ }", *parts: str) -> str:
    """One route as TOML; ``parts`` are the inner lines of its parts."""
    blocks = "\n".join(f"[[route.part]]\n{part}\n" for part in parts)
    return f"""
[[route]]
name = "{name}"
why = "reason of {name}"
when = {when}
{blocks}
[[route.test]]
order = "samples/phone.json"
expect_error = "E_NO_ROUTE"
"""


def part(name: str, *lines: str, system: str = "crm") -> str:
    """The inner lines of a part."""
    return "\n".join([f'name = "{name}"', f'system = "{system}"', *lines])


def item(
    name: str = "1", offering: str = "PHONE", action: str = "add", *held: OrderItem, **more: object
) -> OrderItem:
    """One item; ``held`` are the items of a bundle, ``speed="fast"`` a characteristic, the rest fields."""
    fields = {
        key: more.pop(key)
        for key in ("quantity", "line_ref", "product_order_item_relationship")
        if key in more
    }
    characteristics = tuple(Characteristic(name=key, value=str(value)) for key, value in more.items())
    return OrderItem(
        id=name,
        action=Action(action),
        product_offering=OfferingRef(id=offering),
        product=Product(product_characteristic=characteristics),
        product_order_item=held,
        **fields,
    )


def content(*items: OrderItem, **fields: object) -> OrderContent:
    """What a sender says; ``customer="C-1"`` is its customer."""
    customer = fields.pop("customer", None)
    parties = (
        (RelatedParty(role="customer", party_or_party_role=PartyRef(id=str(customer))),) if customer else ()
    )
    return OrderContent(product_order_item=items or (item(),), related_party=parties, **fields)


def order(rules: RuleSet, *items: OrderItem, endpoint: str = "web.portal", **fields: object) -> Order:
    """An order as the hub plans it: filled in by the catalogue, captured by ``endpoint``."""
    filled = fill(content(*items, **fields), rules.references)
    captured = RelatedChannel(
        role=ChannelRole.CAPTURE,
        channel=ChannelRef(id=endpoint.partition(".")[0]),
        endpoint=endpoint,
        at=NOON,
    )
    return Order(
        id="OL1",
        state=State.ACKNOWLEDGED,
        version=1,
        creation_date=NOON,
        rules_version=rules.version,
        channel=(captured,),
        **{name: getattr(filled, name) for name in OrderContent.__struct_fields__},
    )

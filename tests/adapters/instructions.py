"""
Builders of instructions for the system adapters' tests.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec

from canonical.instructions import Instruction, InstructionLine
from canonical.order import (
    Address,
    Characteristic,
    ExternalId,
    OfferingRef,
    OrderItem,
    PartyRef,
    Place,
    Product,
    RelatedParty,
)
from canonical.states import Action
from canonical.systems import Verb

KEY = "1f0c2f5e-6a0b-5c59-9a68-0a3d1f0f7b11"
CHANGE_KEY = "5b8f1a80-2a4e-5f0c-8c53-6e1d9b8c7d22"
ORDER = "OL2T5Q8V9WXY3Z4A7B"

HOME = Place(
    role="installationAddress",
    place=Address(
        id="SITE-77120",
        street="12 Harbour Street",
        city="Springfield",
        state_or_province="OR",
        postcode="97477",
        country="US",
    ),
)
DOOR = Place(role="deliveryAddress", place=Address(name="Ada King", street="1 Mill Lane", city="Salem"))
CUSTOMER = RelatedParty(role="customer", party_or_party_role=PartyRef(id="CUST-8810", name="Ada King"))
PURCHASE_ORDER = ExternalId(owner="partner.acme", external_identifier_type="purchaseOrder", id="4500000042")


def line(number: int = 1, offering: str = "INTERNET-500", **changes: Any) -> InstructionLine:
    """A line that adds one of ``offering``."""
    item = {
        "id": f"item-{number}",
        "action": Action.ADD,
        "product_offering": OfferingRef(id=offering, name=f"{offering} by name"),
    }
    return InstructionLine(number=number, item=OrderItem(**item | changes))


def instruction(system: str, part: str, **changes: Any) -> Instruction:
    """An instruction to ``system`` to do one line."""
    said = {
        "key": KEY,
        "reference": f"{ORDER}-1",
        "order_id": ORDER,
        "order_version": 1,
        "system": system,
        "part": part,
        "position": "1/3",
        "verb": Verb.DO,
        "revision": 0,
        "lines": (line(),),
        "created": datetime(2026, 9, 1, 12, 30, 15, tzinfo=UTC),
    }
    return Instruction(**said | changes)


def fibre_at_home(**changes: Any) -> InstructionLine:
    """A line whose product has properties, and a place of its own."""
    product = Product(
        product_characteristic=(
            Characteristic(name="downloadMbps", value="500", value_type="integer"),
            Characteristic(name="note", value='tab\tquote"'),
        ),
        place=(HOME,),
    )
    return line(product=product, **changes)


def changing(told: Instruction, *lines: InstructionLine, verb: Verb = Verb.MODIFY) -> Instruction:
    """The instruction that changes lines of ``told``, or takes them back."""
    return msgspec.structs.replace(
        told,
        key=CHANGE_KEY,
        reference=f"{told.reference}.1",
        order_version=2,
        verb=verb,
        revision=1,
        lines=lines,
        undoes=told.key,
    )


def undoing(told: Instruction, *lines: InstructionLine) -> Instruction:
    """The instruction that takes lines of ``told`` back."""
    return changing(told, *lines, verb=Verb.UNDO)


def turned(was: InstructionLine, **changes: Any) -> InstructionLine:
    """A line whose item shall become another."""
    return InstructionLine(number=was.number, item=msgspec.structs.replace(was.item, **changes), was=was.item)

"""
Whatever a system is told to change or to take back, it is told in its own format, or refused in words.
"""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.kit import INQUIRY, InquiringAdapter, Native, Stamp
from adapters.outbound.billing import BillingAdapter
from adapters.outbound.crm import CrmAdapter
from adapters.outbound.oss_internet import OssInternetAdapter
from adapters.outbound.oss_mobile import OssMobileAdapter
from adapters.outbound.warehouse import WarehouseAdapter
from canonical.errors import CODES, Rejected
from canonical.instructions import InstructionLine
from canonical.order import (
    Address,
    Characteristic,
    ExternalId,
    ItemPrice,
    Money,
    OfferingRef,
    OrderItem,
    PartyRef,
    Place,
    Product,
    RelatedParty,
)
from canonical.states import Action
from canonical.systems import Verb
from tests.adapters.instructions import CHANGE_KEY, KEY, ORDER, instruction

ADAPTERS = {
    adapter.profile.name: adapter
    for adapter in (
        CrmAdapter(),
        WarehouseAdapter(),
        OssInternetAdapter(),
        OssMobileAdapter(),
        BillingAdapter(),
    )
}
AT = datetime(2026, 9, 1, 12, 30, 15, tzinfo=UTC)

# Ids as they are, and whatever a text can hold that a format may not.
texts = st.text(st.characters(codec="utf-8"), max_size=40) | st.sampled_from(
    ["", "*~>", 'say "%%"', "\x00", "é"]
)
ids = st.sampled_from([KEY, CHANGE_KEY, "CASE-01", "..", "a/b?c", "A*B~"]) | st.text(min_size=1, max_size=128)
places = st.builds(
    Place,
    role=st.sampled_from(["deliveryAddress", "installationAddress"]),
    place=st.builds(Address, id=texts, name=texts, street=texts, city=texts, country=texts, postcode=texts),
)
prices = st.builds(
    ItemPrice,
    price_type=st.sampled_from(["oneTime", "recurring", "usage"]) | ids,
    price=st.builds(
        Money, value=st.decimals(allow_nan=False, allow_infinity=False), unit=st.sampled_from(["USD"]) | ids
    ),
    recurring_charge_period=texts,
)
products = st.builds(
    Product,
    product_serial_number=texts,
    product_characteristic=st.lists(st.builds(Characteristic, name=ids, value=texts), max_size=3).map(tuple),
    place=st.lists(places, max_size=2).map(tuple),
)
items = st.builds(
    OrderItem,
    id=ids,
    action=st.sampled_from(Action),
    product_offering=st.builds(OfferingRef, id=ids, name=texts),
    quantity=st.integers(1, 1_000_000),
    product=products,
    item_price=st.lists(prices, max_size=5).map(tuple),
)
lines = st.builds(InstructionLine, number=st.integers(1, 100_000), item=items, was=st.none() | items)
instructions = st.builds(
    lambda **said: msgspec.structs.replace(instruction("x", "x"), **said),
    key=ids,
    reference=st.just(f"{ORDER}-1.1") | ids,
    verb=st.sampled_from([Verb.MODIFY, Verb.UNDO]),
    revision=st.integers(1, 99),
    undoes=st.just(KEY) | ids | st.just(""),
    lines=st.lists(lines, min_size=1, max_size=4).map(tuple),
    place=st.lists(places, max_size=2).map(tuple),
    related_party=st.lists(
        st.builds(
            RelatedParty,
            role=st.just("customer"),
            party_or_party_role=st.builds(PartyRef, id=ids, name=texts),
        ),
        max_size=1,
    ).map(tuple),
    external_id=st.lists(
        st.builds(ExternalId, owner=ids, external_identifier_type=ids, id=ids), max_size=1
    ).map(tuple),
    requested_completion_date=st.none() | st.datetimes(timezones=st.just(UTC)),
    inputs=st.dictionaries(st.just("crm.accountId"), texts),
)


@pytest.mark.parametrize("system", ADAPTERS)
@settings(max_examples=50, deadline=None)
@given(one=instructions)
def test_every_change_is_told_or_refused(system, one):
    """With a code that people can look up, and a place; the same way each time."""
    found = outcome(ADAPTERS[system], one)

    assert found == outcome(ADAPTERS[system], one)
    for each in found:
        assert each.body if isinstance(each, Native) else each.code in CODES and each.where


def outcome(adapter, one):
    """What is told, and what is asked about it, or why neither is."""
    numbers = dict.fromkeys((*adapter.counters, INQUIRY), 7)
    stamp = Stamp(at=AT, numbers=numbers)
    said = [adapter.instruct, *([adapter.inquire] if isinstance(adapter, InquiringAdapter) else [])]
    found = []
    for say in said:
        try:
            native = say(msgspec.structs.replace(one, system=adapter.profile.name), stamp)
        except Rejected as rejected:
            found.append(rejected.fault)
        else:
            found.append(native)
    return found

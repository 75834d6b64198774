"""
A store's profile and codes, and its messages, for the adapter's tests.
"""

from __future__ import annotations

from pathlib import Path

from adapters.inbound.store import StoreAdapter
from adapters.kit import Native
from canonical.references import Code, Endpoint, Identifier, Offering, References

FIXTURES = Path(__file__).parents[1] / "fixtures" / "store"
SAMPLES = {path.stem: path.read_bytes() for path in sorted(FIXTURES.glob("*.xml"))}

STORE = Endpoint(
    id="store.0117",
    channel="store",
    out_queue="channel.store.0117.out",
    identifiers=(Identifier(qualifier="STORE", value="0117"),),
    format={"zone": "America/Chicago", "currency": "USD"},
)
OTHER = Endpoint(
    id="store.0042",
    channel="store",
    out_queue="channel.store.0042.out",
    identifiers=(Identifier(qualifier="STORE", value="0042"),),
)


def _offering(identity, name, category, gtin="", **more):
    codes = [Code(owner="store", type="ITEM-ID", code=identity)]
    codes += [Code(owner="store", type="GTIN", code=gtin)] if gtin else []
    return Offering(id=identity, name=name, category=category, codes=tuple(codes), **more)


OFFERINGS = (
    _offering("INTERNET-500", "Internet 500", "internet", max_quantity=1),
    _offering("HANDSET-A", "Handset A, black", "device", "00076123400003"),
    _offering("CASE-01", "Case, clear", "device", "00076123400010"),
    _offering("ROUTER-AX", "Router AX", "device"),
    _offering("BUNDLE-HOME", "Home bundle", "bundle"),
)

ONE = References.of("test", OFFERINGS, (STORE,))
TWO = References.of("test", OFFERINGS, (STORE, OTHER))


def line(number="1", inside="<ItemID>CASE-01</ItemID>", kind="CustomerOrderForPickup", flags=""):
    """One LineItem."""
    held = f"<{kind}>{inside}</{kind}>" if kind else inside
    return f"<LineItem{flags}><SequenceNumber>{number}</SequenceNumber>{held}</LineItem>"


SALE = line("9", "<ItemID>CASE-01</ItemID><Quantity>1</Quantity>", "Sale")


def previous(order, number="5"):
    """A line that names an earlier order."""
    return line(number, f"<OrderID>{order}</OrderID>", "PreviousCustomerOrder")


def transaction(*lines, flags="", more="", retail=True, **said):
    """One Transaction."""
    facts = {
        "RetailStoreID": "0117", "WorkstationID": "4", "SequenceNumber": "7", "BusinessDayDate": "2026-09-02",
    } | said  # fmt: skip
    head = "".join(f"<{name}>{text}</{name}>" for name, text in facts.items() if text is not None)
    body = f"<RetailTransaction>{more}{''.join(lines or (line(),))}</RetailTransaction>" if retail else more
    return f"<Transaction{flags}>{head}{body}</Transaction>"


def message(*transactions):
    """One POSLog."""
    inside = "".join(transactions or (transaction(),))
    return f'<POSLog xmlns="http://www.nrf-arts.org/IXRetail/namespace/">{inside}</POSLog>'.encode()


def read(body, references=ONE):
    """What the adapter makes of a message."""
    return list(StoreAdapter().translate(Native(body=body, content_type="application/xml"), references))

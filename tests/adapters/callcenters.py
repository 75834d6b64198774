"""
A call centre's profile and product names, and its messages, for the adapter's tests.
"""

from __future__ import annotations

from pathlib import Path

from adapters.inbound.callcenter import CallCenterAdapter
from adapters.kit import Native
from canonical.references import Code, Endpoint, Identifier, Offering, References

FIXTURES = Path(__file__).parents[1] / "fixtures" / "callcenter"
SAMPLES = {path.stem: path.read_bytes() for path in sorted(FIXTURES.glob("*.xml"))}

DESK = Endpoint(
    id="callcenter.desk",
    channel="callcenter",
    out_queue="channel.callcenter.desk.out",
    identifiers=(Identifier(qualifier="FROM", value="urn:desk"),),
    format={"zone": "America/Chicago", "currency": "USD"},
)
OTHER = Endpoint(
    id="callcenter.other",
    channel="callcenter",
    out_queue="channel.callcenter.other.out",
    identifiers=(Identifier(qualifier="FROM", value="urn:other"),),
)


def _offering(identity, name, category, product, **more):
    codes = (Code(owner="callcenter", type="PRODUCT", code=product),)
    return Offering(id=identity, name=name, category=category, codes=codes, **more)


OFFERINGS = (
    _offering("INTERNET-500", "Internet 500", "internet", "Home Internet 500", max_quantity=1),
    _offering("HANDSET-A", "Handset A, black", "device", "Handset A black"),
    _offering("CASE-01", "Case, clear", "device", "Case clear"),
    _offering("ROUTER-AX", "Router AX", "device", "Router AX"),
    _offering("BUNDLE-HOME", "Home bundle", "bundle", "Home Bundle"),
)

ONE = References.of("test", OFFERINGS, (DESK,))
TWO = References.of("test", OFFERINGS, (DESK, OTHER))

ENVELOPE = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" xmlns:a="http://siebel.com/asi" '
    'xmlns:d="http://siebel.com/OrderManagement/Order/Data">{header}<s:Body><a:SWIOrderUpsert_Input>'
    "<d:ListOfSWIOrderIO>{orders}</d:ListOfSWIOrderIO></a:SWIOrderUpsert_Input></s:Body></s:Envelope>"
)


def fields(**said):
    """Elements of these names and texts, in this order; None leaves one out."""
    return "".join(f"<d:{name}>{text}</d:{name}>" for name, text in said.items() if text is not None)


def line(number="1", more="", **said):
    """One SWIOrderItem."""
    facts = {"Id": f"1-L{number}", "LineNumber": number, "ActionCode": "Add", "Product": "Case clear"} | said
    return f"<d:SWIOrderItem>{fields(**facts)}{more}</d:SWIOrderItem>"


def order(*lines, more="", **said):
    """One SWIOrder."""
    facts = {"Id": "1-4KQ7", "OrderNumber": "1-7", "Status": "Pending"} | said
    listed = fields(ListOfSWIOrderItem="".join(lines or (line(),)))
    return f"<d:SWIOrder>{fields(**facts)}{more}{listed}</d:SWIOrder>"


def message(*orders, header=""):
    """One upsert."""
    return ENVELOPE.format(header=header, orders="".join(orders or (order(),))).encode()


def read(body, references=ONE, content_type=""):
    """What the adapter makes of a message."""
    return list(CallCenterAdapter().translate(Native(body=body, content_type=content_type), references))

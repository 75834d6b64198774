"""
A channel as small as can be, and right: lists of orders in ASCII, for the conformance suite to be tried on.

``T 0001`` says the list's number, ``O A-1 HANDSET-A`` is one order of one item, ``E 1`` counts them.  ``R``
acknowledges a list, ``N|shipped|why`` tells of an order.
"""

from __future__ import annotations

from adapters.formats.sniff import refuse_unreadable
from adapters.kit import Native
from canonical.commands import Origin, RejectedDocument, SubmitOrder
from canonical.errors import Rejected, shown
from canonical.order import ExternalId, OfferingRef, OrderContent, OrderItem
from canonical.references import Endpoint, References
from canonical.states import Action
from tests.adapters.catalogue import OFFERINGS

LIST = b"T 0001\nO A-1 HANDSET-A\nO A-2 CASE-01\nE 2\n"
TOYS = References.of(
    "test",
    OFFERINGS,
    (
        Endpoint(id="toy.shop", channel="toy", out_queue="channel.toy.out"),
        Endpoint(id="shop.other", channel="shop", out_queue="channel.shop.out"),
    ),
)


class ToyAdapter:
    channel = "toy"
    counters = ()

    def translate(self, native, references):
        refuse_unreadable(native.body, "list")
        lines = self.lines(native.body)
        head, *orders, end = lines if len(lines) > 2 else [""] * 3
        if not head.startswith("T ") or end.split(" ") != ["E", str(len(orders))]:
            raise Rejected("E_FW_COUNT", "no whole list", "line 1", "T, O..., E with their count")
        for position, line in enumerate(orders, 1):
            yield self.order(line, self.origin(head[2:], native.body, position), references)

    def acknowledge(self, intake, stamp):
        return Native(body=f"R {intake.envelope}\n".encode(), content_type="text/plain", summary="taken")

    def render(self, notice, stamp):
        line = f"N|{notice.kind}|{self.sayable(notice.reason)}\n"
        return Native(body=line.encode("ascii"), content_type="text/plain", summary="told")

    def reads_back(self, native, stamp):
        return [field for line in self.lines(native.body) for field in line.split("|")]

    def sayable(self, text):
        return "".join(one if one != "|" and one.isascii() and one.isprintable() else "?" for one in text)

    def lines(self, body):
        try:
            text = body.decode("ascii")
        except UnicodeDecodeError as error:
            raise Rejected("E_ENCODING", "no ASCII", f"byte {error.start}", "ASCII") from None
        if not text.endswith("\n") or not text.replace("\n", "").isprintable():
            raise Rejected("E_CONTROL_CHAR", "no lines of text", "the end", "whole lines")
        return text.splitlines()

    def origin(self, number, body, position):
        return Origin(
            channel="toy", endpoint="toy.shop", envelope=number, document_type="O", position=position
        )

    def order(self, line, origin, references):
        try:
            return SubmitOrder(origin=origin, order=self.content(line, references))
        except Rejected as error:
            return RejectedDocument(origin=origin, fault=error.fault)

    def content(self, line, references):
        match line.split(" "):
            case ["O", number, code]:
                offering = references.offering(code, f"order {number}")
                item = OrderItem(id="1", action=Action.ADD, product_offering=OfferingRef(id=offering.id))
                known = ExternalId(owner="toy", external_identifier_type="number", id=number)
                return OrderContent(product_order_item=(item,), external_id=(known,))
        raise Rejected("E_TYPE", f"no order: {shown(line)}", "line", "O, number, offering")

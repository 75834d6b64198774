"""
The story: one customer in three channels, one who wants to leave, a home with a silent system; six channels.
"""

from __future__ import annotations

from datetime import datetime

from .player import AUSTIN
from .scene import Act, Pause, Repair, Scene

__all__ = [
    "ALL_ACTS",
    "CHANNELS",
    "CUSTOMER",
    "ENDS",
    "HANDSET",
    "HOME",
    "LEAVING",
    "PHONE",
    "START",
    "TRIPLE",
    "WAITED",
]

START = datetime(2026, 11, 2, 9, 0, tzinfo=AUSTIN)
"""A Monday."""

_WEB, _ACME, _GLOBEX = "channel.web.out", "channel.partner.acme.out", "channel.partner.globex.out"
_PRINTCO = "channel.directmail.printco.out"
_DESK, _STORE = "channel.callcenter.out", "channel.store.0117.out"
_KIOSK = "channel.kiosk.mall-1.out"

PHONE, HANDSET = "W-30001", "HANDSET-B"
"""The customer's order, and the phone that she takes."""

WAITED = "0117.4.20261102.63"
"""The disconnect that waits for an answer."""

TRIPLE = "W-30002"
"""The home's order."""

_SOLD, _CART = "0117.4.20261102.51", "20261102-0007"

ENDS = (
    PHONE,
    TRIPLE,
    "W-20001",
    "4500001001",
    "4500001003",
    "G-7701",
    "B2026-1102-0000001",
    "B2026-1102-0000003",
    "1-80451",
    _SOLD,
    _CART,
)
"""Every order of the story that is carried out, by its sender's number."""

CUSTOMER = Act(
    "One customer, three channels, one order",
    (
        Scene(
            "a customer looks at five phones on the web, and keeps them",
            "web",
            "web-five-phones.json",
            _WEB,
            "ProductOrder",
            {"token": '"conversationToken": ?"([^"]+)"', "conversation": '"conversationId": ?"([^"]+)"'},
            PHONE,
        ),
        Scene(
            "she calls the call centre and says her token: it sees the five",
            "callcenter",
            "callcenter-looks.xml",
            _DESK,
            "SWIConversationQuery_Output",
            {},
            PHONE,
        ),
        Scene(
            "the call centre narrows it down: two phones, and a plan",
            "callcenter",
            "callcenter-narrows.xml",
            _DESK,
            "SWIOrderUpsert_Output",
            {"token": "ConversationToken>(R-[^<]+)<"},
            PHONE,
        ),
        Scene(
            "in the store she shows the token that the call centre gave her: the till sees what is left",
            "store",
            "store-looks.xml",
            _STORE,
            "conversation",
            {"token": "Token[^>]*>(R-[^<]+)<"},
            PHONE,
        ),
        Scene(
            "she takes one of the two, and the store completes the order",
            "store",
            "store-completes.xml",
            _STORE,
            "Outcome",
            {},
            PHONE,
        ),
        Pause("it is evening; the handset has not left the warehouse", START.replace(hour=19), PHONE),
        Scene(
            "on the web she changes her plan, 50 GB for 20 GB",
            "web",
            "web-plan.json",
            _WEB,
            "ProductOrder",
            {},
            PHONE,
        ),
        Scene(
            "and has the call centre add a case, which sends the whole order once more",
            "callcenter",
            "callcenter-adds.xml",
            _DESK,
            "SWIOrderUpsert_Output",
            {},
            PHONE,
        ),
        Pause("the night passes; the warehouse ships", START.replace(day=3, hour=8), PHONE),
    ),
)

LEAVING = Act(
    "A complaint in one channel, a disconnect in another",
    (
        Scene(
            "another customer complains at the call centre",
            "callcenter",
            "callcenter-complaint.xml",
            _DESK,
            "SWIInteraction_Output",
        ),
        Scene(
            "and wants to leave, in the store: the till is told what to say first",
            "store",
            "store-disconnect.xml",
            _STORE,
            "information-required",
            {"question": r"Question>([^<\s]+)<"},
        ),
        Scene(
            "a month free is offered, and taken",
            "store",
            "store-stays.xml",
            _STORE,
            "Outcome",
            {"credit": r"<OrderID>(OL\w+)<"},
        ),
    ),
)

HOME = Act(
    "A home of internet, telephone and television, and a system that is silent",
    (
        Scene(
            "the web sells all three, promised for Monday evening",
            "web",
            "web-triple-play.json",
            _WEB,
            "ProductOrder",
            {"token": '"conversationToken": ?"([^"]+)"'},
            TRIPLE,
        ),
        Scene(
            "the customer shows the token to a kiosk: it is told of the order from now on",
            "kiosk",
            "kiosk-looks.json",
            _KIOSK,
            "conversation",
            {},
            TRIPLE,
        ),
        Pause("a day passes, and television does not answer", START.replace(day=4, hour=9), TRIPLE),
        Repair(
            "the operator has the channels switched by hand, and says so",
            TRIPLE,
            "tv",
            "switched at the head-end by hand",
            "ticket-4711",
        ),
    ),
)

CHANNELS = Act(
    "Six channels: good messages and bad ones",
    (
        Scene(
            "the web shop sells a home bundle: internet, and the router for it",
            "web",
            "web-bundle.json",
            _WEB,
            "ProductOrderStateChangeEvent",
        ),
        Scene(
            "Acme sends three orders in one X12 interchange; one names an unknown product",
            "partner",
            "acme-850.edi",
            _ACME,
            "855",
        ),
        Scene(
            "Globex orders a handset, with separators of its own; the warehouse has none",
            "partner",
            "globex-850.edi",
            _GLOBEX,
            "855",
        ),
        Scene(
            "a mainframe sends a batch of three reply cards in EBCDIC; one has letters in its price",
            "directmail",
            "printco-batch.ebcdic",
            _PRINTCO,
            "STS",
        ),
        Scene(
            "Acme, not sure that it was heard, sends the same three again",
            "partner",
            "acme-850-resent.edi",
            _ACME,
            "997",
        ),
        Scene("Acme asks about Globex's order, and learns nothing", "partner", "acme-869.edi", _ACME, "870"),
        Scene("the web shop sends half a document", "web", "web-truncated.json", _WEB, "Error"),
        Scene("the web shop sells what no route takes yet: parked, not lost", "web", "web-gadget.json"),
        Scene(
            "the call centre enters a home bundle over SOAP: a list whose lines name their parents",
            "callcenter",
            "callcenter-bundle.xml",
            _DESK,
            "SWIOrderUpsert_Output",
        ),
        Scene(
            "the customer wants a slower line before anybody was told of the line: the router goes on",
            "callcenter",
            "callcenter-revision.xml",
            _DESK,
            "UpdateLineItems_Input",
        ),
        Scene(
            "a till of store 0117 sends its log: chewing gum, and a handset with a plan to be picked up",
            "store",
            "store-log.xml",
            _STORE,
            "Outcome",
        ),
        Scene(
            "the customer is back at the till and asks how it goes",
            "store",
            "store-question.xml",
            _STORE,
            "status",
        ),
        Scene(
            "a kiosk at the mall sells a mobile plan and two cases",
            "kiosk",
            "kiosk-cart.json",
            _KIOSK,
            "taken",
        ),
        Scene(
            "the kiosk, not sure that it was heard, sends its cart again, in other bytes: one order",
            "kiosk",
            "kiosk-cart-again.json",
            _KIOSK,
            "taken",
        ),
        Pause("three hours pass: a handset was on backorder, a router slow", START.replace(day=4, hour=12)),
    ),
)

ALL_ACTS = (CUSTOMER, LEAVING, HOME, CHANNELS)

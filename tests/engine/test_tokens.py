"""
Tokens are left out of answers that are kept, and others put in their places.
"""

from __future__ import annotations

import json
import re
from datetime import timedelta

from broker.port import Properties
from orderloom.engine.tokens import fill_in, fresh_token, leave_out, places
from tests.engine.shipped import START, Shipped

FIRST, SECOND = "R-0000-0000-0000-0000-0000-0001", "R-0000-0000-0000-0000-0000-0002"


def test_each_token_leaves_a_place_as_long_as_it():
    """Where it stood, with its number: a kept answer may speak of several orders."""
    body = f"<a>{SECOND}</a><b>{FIRST}</b>".encode()
    kept = leave_out(body, {1: FIRST, 2: SECOND})

    assert b"<a>R-UUUU-UUUU-UUUU-UUUU-0000-0002</a><b>R-UUUU-UUUU-UUUU-UUUU-0000-0001</b>" == kept
    assert {1, 2} == places(kept)
    assert body == fill_in(kept, {1: FIRST, 2: SECOND})


def test_also_in_ebcdic():
    """Records of a mainframe: its code pages agree on letters, digits and the hyphen."""
    for page in ("cp037", "cp500", "cp273", "cp1140"):
        body = f"{FIRST} {SECOND}".encode(page)
        kept = leave_out(body, {1: FIRST})

        assert f"R-UUUU-UUUU-UUUU-UUUU-0000-0001 {SECOND}".encode(page) == kept
        assert {1} == places(kept)
        assert body == fill_in(kept, {1: FIRST})


def test_what_is_no_token_of_the_answer_stays():
    """Somebody else's, that a sender has quoted; and an answer without any."""
    body = f"said {SECOND}".encode()

    assert body == leave_out(body, {1: FIRST})
    assert body == leave_out(body, {1: ""})
    assert frozenset() == places(body)


def test_a_place_for_which_there_is_none_stays_empty():
    """Its order is gone."""
    kept = leave_out(FIRST.encode(), {1: FIRST})

    assert kept == fill_in(kept, {1: ""})


def test_every_token_is_found():
    """Whichever letters it has."""
    for _ in range(200):
        token = fresh_token()
        assert token.encode() not in leave_out(token.encode(), {7: token})


LOG = '<POSLog xmlns="http://www.nrf-arts.org/IXRetail/namespace/">{}</POSLog>'
SALE = (
    "<Transaction><RetailStoreID>0117</RetailStoreID><WorkstationID>4</WorkstationID>"
    "<SequenceNumber>{}</SequenceNumber><BusinessDayDate>2026-11-02</BusinessDayDate><RetailTransaction>"
    "<LineItem><SequenceNumber>1</SequenceNumber><CustomerOrderForPickup><ItemID>CASE-01</ItemID>"
    "<Quantity>1</Quantity></CustomerOrderForPickup></LineItem></RetailTransaction></Transaction>"
)
TOLD = re.compile(rb"<OrderID>(OL\w+)</OrderID>.*?<ol:Token>(R-[0-9-]+)</ol:Token>", re.DOTALL)


def test_each_order_of_a_resend_gets_a_token_of_its_own(tmp_path):
    """Two transactions of one message, sent again: each opens the order beside which it stood."""
    hub = Shipped(tmp_path, split=False)
    body = LOG.format("".join(SALE.format(number) for number in (1, 2))).encode()
    told = []
    for minute in (0, 2):
        hub.take(("store", body, Properties(content_type="text/xml")), START + timedelta(minutes=minute))
        told += [pair for one in taken(hub, "channel.store.0117.out") for pair in TOLD.findall(one)]

    opened = []
    for number, (_, token) in enumerate(told):
        ask = {"kioskId": "MALL-1", "txn": f"T-{number}", "resumeToken": token.decode()}
        message = ("kiosk", json.dumps(ask).encode(), Properties(content_type="application/json"))
        hub.take(message, START + timedelta(minutes=10 + number))
        [answer] = [
            json.loads(one) for one in taken(hub, "channel.kiosk.mall-1.out") if b'"conversation"' in one
        ]
        opened += [one["order"].encode() for one in answer["orders"]]
    hub.close()

    assert 4 == len({token for _, token in told})
    assert [order for order, _ in told] == opened
    assert 2 == len(set(opened))


def taken(hub, queue):
    """The bodies on a queue, which are then gone."""
    found = []
    while (one := hub.broker.get(queue)) is not None:
        hub.broker.ack(one)
        found.append(one.body)
    return found

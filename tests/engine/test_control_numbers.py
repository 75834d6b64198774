"""
Control numbers of partners in the whole hub: each is a key, used once, and no place in a sequence.
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapters.kit.contract import Native
from broker.port import Properties
from canonical.errors import CODES
from tests.adapters.partners import group, interchange, order, segments
from tests.engine.shipped import START, Shipped

OUT = "channel.partner.acme.out"
ACCEPTED = ["AK2*850*0001", "AK5*A", "AK9*A*1*1*1"]


@pytest.fixture
def hub(tmp_path):
    """The shipped hub with its adapters inside."""
    made = Shipped(tmp_path, split=False)
    yield made
    made.close()


def numbered(control: str, number: str, **changes: str) -> bytes:
    """An interchange with one order under these two numbers."""
    return interchange(group(order(number=number)), control=control, trailer=control, **changes)


def answered(hub: Shipped, body: bytes) -> list[list[str]]:
    """The segments of each message that comes of it."""
    before = len(hub.said()[OUT])
    hub.take(("partner", body, Properties()), hub.now + timedelta(seconds=5))
    return [segments(Native(body=one, content_type="")) for one, _ in hub.said()[OUT][before:]]


def test_a_number_is_used_once(hub):
    """E-12: other content under ISA13 is refused by a TA1 and noted with code and place; the next passes."""
    [first, *_] = answered(hub, numbered("000000078", "PO-1"))
    [second] = answered(hub, numbered("000000078", "PO-2"))
    [third, *_] = answered(hub, numbered("000000079", "PO-2"))

    assert START < hub.now
    assert [["AK1*PO*77", *ACCEPTED]] * 2 == [first, third]
    assert ["TA1*000000078*261121*0930*R*025"] == second
    [refused] = [one for one in hub.store.journal("") if one.event == "document_rejected"]
    assert f"envelope: {CODES['E_EDI_DUPLICATE']} [E_EDI_DUPLICATE]" == refused.text


def test_the_same_bytes_are_the_same_interchange(hub):
    """E-12: a resend is no second use of the number: it gets its acknowledgement once more, and no TA1."""
    [first, *_] = answered(hub, numbered("000000078", "PO-1"))
    hub.now += timedelta(seconds=61)
    again = answered(hub, numbered("000000078", "PO-1"))

    assert first in again
    assert not [one for one in again for line in one if line.startswith("TA1")]
    assert 1 == sum(hub.store.counts().values())


def test_a_lower_number_is_as_good_as_any(hub):
    """
    E-13: taken.  Nothing is flagged, because a number is a key and no sequence: behind a queue with several
    readers, and after a redelivery, the order of arrival says nothing about the sender.
    """
    [higher, *_] = answered(hub, numbered("000000078", "PO-1"))
    [lower, *_] = answered(hub, numbered("000000077", "PO-2"))

    assert [["AK1*PO*77", *ACCEPTED]] * 2 == [higher, lower]
    assert 2 == sum(hub.store.counts().values())

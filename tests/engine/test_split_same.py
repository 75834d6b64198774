"""
Both shapes do the same: the shipped hub once with its adapters inside, once with each on its own.

The same native messages, valid, faulty and odd; afterwards every table of the store and every message on
every queue is equal, byte for byte.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from broker.port import Properties
from canonical.codec import encode
from canonical.translated import Translation
from orderloom.engine.forwarded import _read
from orderloom.hub_topology import ORDERS_IN, REPLIES_IN
from orderloom.simulators.orders import Mix, generate, messages
from tests.engine.shipped import START, Message, Shipped

SAMPLES = Path(__file__).parents[1] / "fixtures"

# Less than a lease; what is sent again comes more than a minute later.
_APART = timedelta(seconds=5)


def plain(channel: str, body: bytes, **given: object) -> Message:
    return channel, body, Properties(content_type="application/json" if channel == "web" else None, **given)


def natives() -> Iterator[Message]:
    """Mixed orders with faults and repeats, every sample file, and odd messages."""
    found = list(messages(generate(5, 70, Mix(gadgets=0.1, faulty=0.3, calls=0.1, tills=0.1))))
    for channel, body in found:
        yield plain(channel, body)
    for channel in ("web", "partner", "directmail", "callcenter", "store", "kiosk"):
        for file in sorted((SAMPLES / channel).rglob("*")):
            if file.is_file() and "out" not in file.parts:
                yield plain(channel, file.read_bytes())
    yield from _odd(next(body for channel, body in found if channel == "web"))
    for channel, body in found[:6]:
        yield plain(channel, body)


def _odd(order: bytes) -> Iterator[Message]:
    document = json.loads(order) | {"externalId": [{"id": "ODD-1"}]}
    body = json.dumps(document).encode()
    yield plain("web", gzip.compress(body), content_encoding="gzip", message_id="m-1", type="theirs")
    yield plain("web", b"\x1f\x8bnot really", content_encoding="gzip")
    yield plain("web", json.dumps(document | {"note": [{"text": "a\x00b"}]}).encode())
    yield plain("web", json.dumps(document | {"externalId": [{"id": "\ud800"}]}).encode())
    yield plain("web", b"[" * 5000)
    yield plain("web", b'{"@type": "ProductOrderStatusRequest", "orderId": "ODD-1"}')
    yield plain("web", b'{"@type": "ProductOrderStatusRequest", "orderId": "ODD-1"}')
    moved = {"x-parked-id": "no id", "x-attempt": 1, "colour": "red", "x-death": "hidden", "long": "x" * 400}
    yield plain("partner", b"nothing that anybody can read", headers=moved, correlation_id="c-1")
    yield plain("partner", b"")
    yield plain("partner", b"nothing that anybody can read", timestamp=START)
    yield plain("web", b"x" * (8 * 1024 * 1024 + 1))
    yield plain("web", json.dumps(document | {"description": "y" * (12 * 1024 * 1024)}).encode())


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """The two, after the same messages at the same times."""
    hubs = [Shipped(tmp_path_factory.mktemp(name), split=name == "split") for name in ("joined", "split")]
    for turn, message in enumerate(natives()):
        for hub in hubs:
            hub.take(message, START + turn * _APART)
    yield hubs
    for hub in hubs:
        hub.close()


def test_both_shapes_keep_the_same(both):
    """Orders, lines, keys, answers, journal, parked messages, counters: row for row."""
    joined, split = (one.kept() for one in both)

    assert joined.keys() == split.keys()
    for table, rows in joined.items():
        assert rows == split[table], table
    assert 30 < len(joined["orders"])
    assert 4 < len(joined["parked"])


def test_both_shapes_say_the_same(both):
    """Answers, instructions, announcements and handles: body, properties and headers."""
    joined, split = (one.said() for one in both)

    assert joined.keys() == split.keys()
    for queue, told in joined.items():
        assert told == split[queue], queue
    assert [] == [name for name in split if name.startswith((ORDERS_IN, REPLIES_IN)) and split[name]]
    assert joined["channel.partner.acme.out"]
    assert joined["channel.partner.in.parked"]


def test_what_our_own_adapters_write_is_known_by_its_bytes(both):
    """Read and written again it is the same, so that nothing has to be looked at twice."""
    _, split = both
    adapters = {runner.forwarder.channel: runner.forwarder for runner in split.runners}
    made = 0
    for channel, body, properties in natives():
        split.broker.publish("", "unrouted", body, properties)
        delivery = split.broker.get("unrouted")
        assert delivery is not None
        split.broker.ack(delivery)
        sent = adapters[channel](delivery)
        if sent.properties.type == "translation.v1":
            made += 1
            assert sent.body == encode(_read(sent.body, Translation, ORDERS_IN))

    assert 60 < made

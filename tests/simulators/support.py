"""
A broker of one dictionary, a neighbourhood on it, and instructions as the hub would write them.
"""

from __future__ import annotations

import json
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Condition

from orderloom.simulators import x12
from orderloom.simulators.neighbourhood import ALL_SYSTEMS, Neighbourhood
from orderloom.simulators.script import Script
from orderloom.simulators.transport import InProcessTransport
from orderloom.simulators.x12 import Group, Interchange, Set

__all__ = ["DictBroker", "crm_order", "neighbourhood", "service_order", "shipping_order"]

_WRITTEN = datetime(2026, 11, 2, 8, 30, tzinfo=UTC)

Taken = tuple[str, bytes, str, Mapping[str, str]]


class DictBroker:
    """
    Queues in a dictionary; an exchange ``reply.crm`` leads to ``system.crm.replies``, ``drop.web`` to
    ``channel.web.in``, the default exchange to the queue of that name.
    """

    def __init__(self) -> None:
        self.changed = Condition()
        self.queues: dict[str, deque[tuple[bytes, str, Mapping[str, str]]]] = defaultdict(deque)
        self.seen: dict[str, list[bytes]] = defaultdict(list)
        self.unsettled: dict[int, Taken] = {}
        self._tokens = 0

    def publish(
        self, exchange: str, routing_key: str, body: bytes, content_type: str, headers: Mapping[str, str]
    ) -> None:
        kind, _, name = exchange.partition(".")
        queue = {"reply": f"system.{name}.replies", "drop": f"channel.{name}.in"}.get(kind, routing_key)
        with self.changed:
            self.queues[queue].append((body, content_type, headers))
            self.seen[queue].append(body)
            self.changed.notify_all()

    def get(self, queue: str, wait: float) -> tuple[object, bytes, str, Mapping[str, str]] | None:
        with self.changed:
            if not self.changed.wait_for(lambda: self.queues[queue], wait):
                return None
            self._tokens += 1
            body, content_type, headers = self.queues[queue].popleft()
            self.unsettled[self._tokens] = (queue, body, content_type, headers)
            return self._tokens, body, content_type, headers

    def ack(self, token: object) -> None:
        with self.changed:
            del self.unsettled[int(str(token))]
            self.changed.notify_all()

    def give_back(self) -> None:
        """What a broker does when a consumer dies: the unsettled go back to the front."""
        with self.changed:
            for _, (queue, *message) in sorted(self.unsettled.items(), reverse=True):
                self.queues[queue].appendleft(tuple(message))
            self.unsettled.clear()

    def tell(self, system: str, body: bytes) -> None:
        """Put an instruction into a system's queue."""
        self.publish("", f"system.{system}.in", body, "", {})

    def replies(self, system: str, count: int, limit: float = 5.0) -> list[bytes]:
        """The first ``count`` replies of a system; fails when they do not come within ``limit`` seconds."""
        queue = f"system.{system}.replies"
        with self.changed:
            arrived = self.changed.wait_for(lambda: len(self.seen[queue]) >= count, limit)
            assert arrived, f"{len(self.seen[queue])} of {count} replies of {system}"
            return list(self.seen[queue])

    def settled(self, limit: float = 5.0) -> bool:
        """Whether all that was told is acknowledged, at last."""
        with self.changed:
            return self.changed.wait_for(
                lambda: (
                    not self.unsettled and not any(self.queues[f"system.{one}.in"] for one in ALL_SYSTEMS)
                ),
                limit,
            )


@contextmanager
def neighbourhood(
    broker: DictBroker, rules: list[dict[str, object]] | Script = (), log: Path | None = None, **more: object
) -> Iterator[Neighbourhood]:
    """All systems on the broker."""
    script = rules if isinstance(rules, Script) else Script.of({"rules": list(rules)})
    systems = Neighbourhood(InProcessTransport(broker), script, log, **more)
    systems.start()
    try:
        yield systems
    finally:
        systems.stop()
        broker.give_back()


def crm_order(key: str, number: str = "PO-1", *, offerings: tuple[str, ...] = ("HANDSET-A",)) -> bytes:
    """A customer order for the CRM."""
    lines = [
        {"line": place, "itemId": str(place), "offering": one, "name": one, "quantity": 1, "action": "add"}
        for place, one in enumerate(offerings, 1)
    ]
    order = {
        "messageType": "customerOrder",
        "requestId": key,
        "reference": f"OL{key}-1",
        "orderId": f"OL{key}",
        "verb": "do",
        "purchaseOrder": number,
        "customer": {"id": "C-1", "name": "Someone"},
        "lines": lines,
    }
    return json.dumps(order).encode()


def shipping_order(
    key: str,
    number: str = "PO-1",
    *,
    control: int = 1,
    lines: tuple[tuple[str, int], ...] = (("HANDSET-A", 2),),
) -> bytes:
    """A 940 for the warehouse, with lines of offering and quantity."""
    segments = [
        ("W05", "N", f"OL{key}-2", number),
        ("N1", "ST", "Someone", "92", "C-1"),
        ("N9", "ZZ", key),
    ]
    for place, (offering, quantity) in enumerate(lines, 1):
        segments += [("LX", str(place)), ("W01", str(quantity), "EA", "", "VN", offering)]
    segments.append(("W76", str(sum(quantity for _, quantity in lines))))
    one = Set("940", f"{control:04}", tuple(segments))
    return x12.write(
        Interchange(
            ("ZZ", "ORDERLOOM"),
            ("ZZ", "WAREHOUSE1"),
            f"{control:09}",
            (Group("OW", str(control), (one,)),),
        ),
        _WRITTEN,
    )


def service_order(key: str, number: str = "PO-1", *, offerings: tuple[str, ...] = ("INTERNET-500",)) -> bytes:
    """A TMF641 service order for internet provisioning."""
    order = {
        "externalId": key,
        "category": "internet",
        "externalReference": [
            {"id": number, "externalReferenceType": "purchaseOrder"},
            {"id": f"OL{key}-3", "externalReferenceType": "hubReference"},
        ],
        "serviceOrderItem": [
            {"id": str(place), "action": "add", "quantity": 1, "service": {"name": one}}
            for place, one in enumerate(offerings, 1)
        ],
        "@type": "ServiceOrder",
    }
    return json.dumps(order).encode()


def mobile_commands(
    key: str, number: str = "PO-1", *, offerings: tuple[str, ...] = ("MOBILE-20", "MOBILE-50")
) -> bytes:
    """A command for each line, for mobile provisioning."""
    return "".join(
        f'ADD SUB:KEY="{key}",REF="OL{key}-4",LINE={place},OFFER="{one}",QTY=1,ORDER="{number}";\n'
        for place, one in enumerate(offerings, 1)
    ).encode()


def mobile_inquiry(key: str) -> bytes:
    """The question what became of an instruction."""
    return f'LST SUB:KEY="{key}",REF="OL{key}-4";\n'.encode()


def charges(
    key: str, number: str = "PO-1", *, offerings: tuple[str, ...] = ("HANDSET-A", "CASE-01")
) -> bytes:
    """Charges for billing, in records of 160 bytes, cp037."""
    lines = [f"L{place:04}A{one:32}{1:07}{0:08}0" for place, one in enumerate(offerings, 1)]
    about = f"{key:36}{f'OL{key}-5':22}D{number:22}{'':40}{len(lines):04}"
    head = f"B{'CP037':9}{1:09}{_WRITTEN:%Y%m%d%H%M%S}{about}"
    records = (head, *lines, f"E{len(lines):04}{0:015}")
    return "".join(one.ljust(160) for one in records).encode("cp037")

"""
An engine on a bench: the shipped web, crm, oss.internet and oss.mobile adapters, the memory broker, SQLite,
and a clock that is moved by hand.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from adapters.inbound.web import WebAdapter
from adapters.outbound.crm import CrmAdapter
from adapters.outbound.oss_internet import OssInternetAdapter
from adapters.outbound.oss_mobile import OssMobileAdapter
from broker.memory import MemoryBroker, Stepping
from broker.port import Delivery, Properties
from broker.topology import BindingSpec, ExchangeSpec, QueueSpec, Topology
from canonical.keys import instruction_key, order_id
from orderloom.calls import Call, CallKind, CallResult
from orderloom.correlation.record import Record
from orderloom.correlation.sqlite import SqliteStore
from orderloom.engine.engine import Engine
from orderloom.engine.hub import Hub, Limits, SystemLink
from orderloom.hub_topology import ORDERS_IN, REPLIES_IN, Lane, LaneKind
from orderloom.identity import IDENTITY_QUEUE, Identity
from orderloom.worker import Worker
from routes.model import RuleSet
from routes.rules import read
from tests.engine.faults import Fuse, FusedCalls, FusedClient, FusedStore

RULES = {
    "routes/all.toml": """
[[route]]
name = "customer"
why = "whoever has a line is a customer first"
when = { item = { category = "internet" } }
  [[route.part]]
  name = "crm"
  system = "crm"
  [[route.test]]
  order = "samples/internet.json"
  channel = "web"
  endpoint = "web.portal"
  expect = ["crm", "internet"]

[[route]]
name = "internet"
why = "lines are built by the network"
when = { item = { category = "internet" } }
  [[route.part]]
  name = "internet"
  system = "oss.internet"
  items = { category = "internet" }
  after = ["crm"]
  [[route.test]]
  order = "samples/internet.json"
  channel = "web"
  endpoint = "web.portal"
  expect = ["crm", "internet"]

[[route]]
name = "mobile"
why = "subscribers are set up by mobile provisioning"
when = { item = { category = "mobile" } }
  [[route.part]]
  name = "mobile"
  system = "oss.mobile"
  items = { category = "mobile" }
  [[route.test]]
  order = "samples/mobile.json"
  channel = "web"
  endpoint = "web.portal"
  expect = ["mobile"]
""",
    "routes/catalogue/all.toml": """
[[offering]]
id = "NET"
name = "Internet"
category = "internet"

[[offering]]
id = "SIM"
name = "Mobile"
category = "mobile"

[[offering]]
id = "GADGET"
name = "A gadget that no route takes"
category = "gadget"
""",
    "endpoints/web.toml": """
id = "web.portal"
channel = "web"
name = "Web shop"
out_queue = "channel.web.out"
""",
    "routes/samples/internet.json": json.dumps(
        {"productOrderItem": [{"id": "1", "action": "add", "productOffering": {"id": "NET"}}]}
    ),
    "routes/samples/mobile.json": json.dumps(
        {"productOrderItem": [{"id": "1", "action": "add", "productOffering": {"id": "SIM"}}]}
    ),
}

# The rules with a route for what no route takes in the others.
GADGETS = RULES | {
    "routes/gadgets.toml": """
[[route]]
name = "gadgets"
why = "gadgets are customer care's"
when = { item = { category = "gadget" } }
  [[route.part]]
  name = "gadget"
  system = "crm"
  items = { category = "gadget" }
  [[route.test]]
  order = "samples/gadget.json"
  channel = "web"
  endpoint = "web.portal"
  expect = ["gadget"]
""",
    "routes/samples/gadget.json": json.dumps(
        {"productOrderItem": [{"id": "1", "action": "add", "productOffering": {"id": "GADGET"}}]}
    ),
}

CONSUMED = {
    "channel.web.in": Lane("channel.web.in", LaneKind.CHANNEL, "web", 400),
    "system.crm.replies": Lane("system.crm.replies", LaneKind.REPLIES, "crm", 400, weight=2),
    "system.oss.internet.replies": Lane(
        "system.oss.internet.replies", LaneKind.REPLIES, "oss.internet", 400, weight=2
    ),
    "system.oss.mobile.replies": Lane(
        "system.oss.mobile.replies", LaneKind.REPLIES, "oss.mobile", 400, weight=2
    ),
    "system.oss.internet.work": Lane("system.oss.internet.work", LaneKind.WORK, "oss.internet", 16),
}
CRM_REPLIES = "system.crm.replies"
OSS_REPLIES = "system.oss.internet.replies"
OSS_WORK = "system.oss.internet.work"
MOBILE_IN = "system.oss.mobile.in"
MOBILE_REPLIES = "system.oss.mobile.replies"
# Seconds that mobile provisioning has to answer here: longer than any of its answers takes.
MOBILE_WITHIN = 120
OTHERS = ("channel.web.out", "system.crm.in", MOBILE_IN, "orders.recent", "status.recent", IDENTITY_QUEUE)

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


# When an adapter stands before the hub, which takes what that sends.
SPLIT = {
    **{queue: lane for queue, lane in CONSUMED.items() if lane.kind is not LaneKind.CHANNEL},
    ORDERS_IN: Lane(ORDERS_IN, LaneKind.COMMANDS, "", 400),
    REPLIES_IN: Lane(REPLIES_IN, LaneKind.SAID, "", 400, weight=2),
}


def topology(lanes: Mapping[str, Lane] = CONSUMED) -> Topology:
    """What the bench needs of a broker."""
    held = {**CONSUMED, **lanes}
    outs = (f"channel.{lane.name}.out" for lane in held.values() if lane.kind is LaneKind.CHANNEL)
    ins = (f"system.{lane.name}.in" for lane in held.values() if lane.kind is LaneKind.REPLIES)
    names = dict.fromkeys((*held, *(f"{queue}.parked" for queue in held), *OTHERS, *outs, *ins))
    outside = [queue for queue in (ORDERS_IN, REPLIES_IN) if queue in lanes]
    return Topology(
        owner="bench",
        exchanges=(
            ExchangeSpec(name="drop.web", type="fanout"),
            ExchangeSpec(name="orders", type="topic"),
            ExchangeSpec(name="status", type="topic"),
            *(ExchangeSpec(name=queue, type="fanout") for queue in outside),
        ),
        queues=tuple(QueueSpec(name=name) for name in names),
        bindings=(
            BindingSpec(exchange="drop.web", queue="channel.web.in", routing_key=""),
            BindingSpec(exchange="orders", queue="orders.recent", routing_key="#"),
            BindingSpec(exchange="status", queue="status.recent", routing_key="#"),
            *(BindingSpec(exchange=queue, queue=queue) for queue in outside),
        ),
    )


@dataclass
class Calls:
    """A call driver by hand: what was submitted, and the results that a test puts in."""

    made: list[Call] = field(default_factory=list)
    results: list[CallResult] = field(default_factory=list)

    def submit(self, call: Call) -> None:
        self.made.append(call)

    def collect(self) -> list[CallResult]:
        found, self.results = self.results, []
        return found


def oss_answer(key: str, state: str = "acknowledged") -> bytes:
    """What internet provisioning answers to a call."""
    document = {"id": f"SO-{key[:8]}", "externalId": key, "state": state}
    return json.dumps({**document, "@type": "ServiceOrder"}).encode()


def oss_event(key: str, state: str = "completed", event: str = "") -> bytes:
    """What internet provisioning tells later."""
    told = {"id": f"SO-{key[:8]}", "externalId": key, "state": state}
    return json.dumps(
        {
            "eventId": event or f"EV-{key[:8]}-{state}",
            "eventType": "ServiceOrderStateChangeEvent",
            "event": {"serviceOrder": told},
        }
    ).encode()


def crm_result(key: str, result: str = "OK", number: str = "", **more: Any) -> bytes:
    """What the CRM says of one request."""
    said = {"messageType": "customerOrderResult", "requestId": key, "result": result, **more}
    return json.dumps({**said, "resultId": number or f"R-{key}-{result}"}).encode()


def order(number: str = "W-1", *, offering: str = "NET", quantity: int = 1) -> bytes:
    """A TMF622 order of the web shop."""
    return json.dumps(
        {
            "@type": "ProductOrder",
            "externalId": [{"owner": "web", "externalIdentifierType": "orderId", "id": number}],
            "productOrderItem": [
                {
                    "@type": "ProductOrderItem",
                    "id": "1",
                    "action": "add",
                    "quantity": quantity,
                    "productOffering": {"id": offering},
                }
            ],
        }
    ).encode()


@lru_cache(maxsize=16)
def but_for_tokens(body: bytes) -> bytes:
    """An answer without the customer's tokens in it, which are others each time."""
    return re.sub(rb"R(-[0-9A-Z]{4}){6}", b"R", body)


def rules_of(texts: tuple[tuple[str, str], ...]) -> RuleSet:
    """The rule set of these texts; read once, for every bench."""
    adapters = (CrmAdapter(), OssInternetAdapter(), OssMobileAdapter())
    return read(dict(texts), {one.profile.name: one.profile for one in adapters})


class Rig:
    """
    The bench; ``restart`` is what a crash and a new process would bring.

    Args:
        fuse: Ends the process at one of its port operations.
        seed: Lets the broker confirm and deliver in its own time, by this chance.
    """

    lanes: Mapping[str, Lane] = CONSUMED
    """What the worker consumes."""

    def __init__(
        self,
        folder: Path,
        limits: Limits | None = None,
        rules: Mapping[str, str] = RULES,
        *,
        fuse: Fuse | None = None,
        seed: int | None = None,
    ) -> None:
        self.folder = folder
        self.limits = limits or Limits()
        self.now = START
        stepping = Stepping(self._seconds, seed) if seed is not None else None
        self.broker = MemoryBroker(topology(self.lanes), stepping=stepping)
        self.fuse = fuse or Fuse()
        self.rules = dict(rules)
        self.pinned: dict[str, RuleSet] = {}
        self.workers = 0
        self.minted = itertools.count(1)
        self.web = WebAdapter()
        self.crm = CrmAdapter()
        self.oss = OssInternetAdapter()
        self.mobile = OssMobileAdapter()
        self.mobile.profile = msgspec.structs.replace(self.mobile.profile, answer_within=MOBILE_WITHIN)
        self.start()

    def start(self) -> None:
        """A new process: its connections, and the engine."""
        self._connect()
        self.store.register(self.name, "bench", self.workers, self.now, 10.0)
        self.engine = Engine(self.hub(), self.store, self.client, self.calls, self.name)
        self.client.start({queue: lane.prefetch for queue, lane in self.lanes.items()})
        self.engine.adopt(self.now)

    def _seconds(self) -> float:
        return self.now.timestamp()

    def _connect(self) -> None:
        self.workers += 1
        self.name = f"worker-{self.workers}"
        self.store = FusedStore(SqliteStore(self.folder / "bench.db"), self.fuse)
        self.calls = FusedCalls(Calls(), self.fuse)
        self.client = FusedClient(self.broker.connect(self.name), self.fuse)

    def hub(self) -> Hub:
        links = {
            one.profile.name: SystemLink(adapter=one, profile=one.profile)
            for one in (self.crm, self.oss, self.mobile)
        }
        return Hub(
            channels={"web": self.web},
            systems=links,
            lanes=self.lanes,
            rules=lambda: rules_of(tuple(self.rules.items())),
            pinned=self.pinned.get,
            limits=self.limits,
            mint=lambda: f"R-0000-0000-0000-0000-0000-{next(self.minted):04d}",
        )

    def crash(self) -> None:
        """The process is gone: what was not settled comes again, what was not committed never was."""
        self.client.close()
        self.store.close()

    def restart(self) -> None:
        self.crash()
        self.start()

    def drop(self, body: bytes, queue: str = "", *, coding: str | None = None, **headers: Any) -> None:
        """What a sender does: bytes onto the channel's exchange (or straight onto a queue)."""
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        properties = Properties(content_type="application/json", content_encoding=coding, headers=names)
        self.broker.publish("" if queue else "drop.web", queue, body, properties)

    def step(self, seconds: float = 0.0) -> None:
        """One turn of the engine, ``seconds`` later."""
        self.now += timedelta(seconds=seconds)
        self.engine.step(self.client.collect(self.limits.batch, 0.0), self.now)

    def settle(self, seconds: float = 0.1, turns: int = 30) -> None:
        """Turn until nothing is left to do."""
        for _ in range(turns):
            self.step(seconds)
            self.engine.sweep(self.now)
            if self.engine.idle and not any(self.broker.depth(queue) for queue in {**CONSUMED, **self.lanes}):
                return

    def taken(self, queue: str) -> list[Delivery]:
        """Take everything from a queue, as its reader would."""
        found = []
        while (delivery := self.broker.get(queue)) is not None:
            self.broker.ack(delivery)
            found.append(delivery)
        return found

    def bodies(self, queue: str) -> list[Any]:
        """Everything in a queue, taken and read as JSON."""
        return [json.loads(one.body) for one in self.taken(queue)]

    def completed(self, number: str = "W-1") -> Record:
        """Let an order run to its end; what was written on the way is taken from the queues."""
        self.drop(order(number))
        self.settle()
        self.answer_crm()
        self.settle()
        self.answer_call()
        self.settle()
        self.tell_oss(number)
        self.settle()
        return self.record(number)

    def tell_oss(self, number: str = "W-1", state: str = "completed", event: str = "") -> None:
        """Let internet provisioning send an event about an order."""
        self.drop(oss_event(self.key("internet", number), state, event), OSS_REPLIES)

    def key(self, part: str, number: str = "W-1") -> str:
        """The instruction key of a part of an order."""
        return instruction_key(order_id("web.portal", "ProductOrder", number), part, "do", 0)

    def states(self, number: str = "W-1") -> dict[str, str]:
        """The state of each line of an order, by part, and that of the order itself."""
        record = self.record(number)
        return {line.part: line.state.value for line in record.lines} | {"order": record.order.state.value}

    def told(self) -> list[str]:
        """The types of what is on the web shop's queue, taken from it."""
        return [one.properties.type or "" for one in self.taken("channel.web.out")]

    def events(self, number: str = "W-1") -> list[str]:
        """What the journal of an order says has happened."""
        return [one.event for one in self.store.journal(self.record(number).id)]

    def timers(self) -> dict[str, datetime]:
        """Every timer, by name."""
        with self.store.begin() as tx:
            return {one.key: one.due for one in tx.due(self.now + timedelta(days=999), 10_000)}

    def answer_crm(self, result: str = "OK", **more: Any) -> list[dict[str, Any]]:
        """Let the CRM answer everything that waits for it; returns its answers."""
        answers = []
        for request in self.bodies("system.crm.in"):
            answer = crm_result(request["requestId"], result, **more)
            self.drop(answer, CRM_REPLIES)
            answers.append(json.loads(answer))
        return answers

    def answer_call(
        self,
        kind: CallKind = CallKind.ANSWERED,
        body: bytes | None = None,
        status: int | None = 201,
        **more: Any,
    ) -> Call:
        """End the oldest call: answered with a service order unless told otherwise."""
        call = self.calls.made.pop(0)
        content = oss_answer(call.key) if body is None and kind is CallKind.ANSWERED else body or b""
        self.calls.results.append(
            CallResult(
                call.key,
                call.attempt,
                call.system,
                kind,
                status,
                content,
                "application/json",
                inquiry=call.inquiry,
                **more,
            )
        )
        return call

    def record(self, number: str = "W-1") -> Record:
        """The order that the web shop knows by this number."""
        [order_id] = {order_id for _, order_id in self.store.find(number)}
        found = self.store.order(order_id)
        assert found is not None
        return found

    def lost_broker(self) -> None:
        """The broker's data are gone: another one, with nothing in it, is at the same address."""
        self.crash()
        self.broker = MemoryBroker(topology(self.lanes))
        self.start()

    def depths(self, queues: Iterable[str]) -> dict[str, int]:
        """How many messages are in each of these queues."""
        return {queue: self.broker.depth(queue) for queue in queues}


class WorkerRig(Rig):
    """The bench with a whole worker, which keeps its lease, sweeps, adopts and knows its broker."""

    def start(self) -> None:
        self._connect()
        identity = Identity(self._identity, self._write_identity)
        self.worker = Worker(
            self.hub(),
            self.store,
            self.client,
            self.calls,
            tuple(self.lanes.values()),
            clock=lambda: self.now,
            identity=identity,
            name=self.name,
        )
        self.worker.start()
        self.engine = self.worker.engine

    def step(self, seconds: float = 0.0) -> None:
        self.now += timedelta(seconds=seconds)
        self.worker.tick(0.0)

    def _identity(self) -> bytes | None:
        return next((one.body for one in self.broker.peek(IDENTITY_QUEUE, 1)), None)

    def _write_identity(self, body: bytes) -> None:
        self.taken(IDENTITY_QUEUE)
        self.broker.publish("", IDENTITY_QUEUE, body, Properties(content_type="text/plain"))

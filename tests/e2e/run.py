"""
Many orders at once, and what is asked of the hub afterwards.

Inputs, script, oracle and the systems' own notes stand on one side, what the hub did and said on the other.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

from canonical.order import OrderItem, every_item
from orderloom.simulators.calls import conflicts
from orderloom.simulators.channels import Readers
from orderloom.simulators.order import GeneratedOrder
from orderloom.simulators.orders import messages
from orderloom.simulators.told import ToldOfOrder
from tests.oracle.oracle import Outcome, foretell
from tests.support.hub import RunningHub

__all__ = ["Applied", "Run"]

# ISR01 for an order's state: data element 368 of release 004010, as docs/channels/partner.md has it.  What a
# system asks of the customer is told by an 865, whose BCA02 is AH.
ISR: Mapping[str, str] = {
    "inProgress": "IN",
    "pending": "AH",
    "held": "PH",
    "completed": "CL",
    "partial": "CP",
    "failed": "UN",
    "rejected": "DE",
    "cancelled": "IC",
}

# The same in the words of the call centre and of the stores, as their pages have it.
WORDS: Mapping[str, Mapping[str, str]] = {
    "partner": ISR,
    "callcenter": {
        "inProgress": "In Progress",
        "pending": "Awaiting Customer",
        "held": "On Hold",
        "completed": "Complete",
        "partial": "Partially Complete",
        "failed": "Failed",
        "rejected": "Rejected",
        "cancelled": "Cancelled",
    },
    "store": {
        "inProgress": "InProcess",
        "pending": "AwaitingCustomer",
        "held": "Delayed",
        "completed": "Completed",
        "partial": "PartlyCompleted",
        "failed": "Failed",
        "rejected": "Rejected",
        "cancelled": "Canceled",
    },
}

_COUNTED = ("partner.acme", "partner.globex", "directmail.printco")

# Records that are about a document as it was sent, and no word about an order.
_RECEIPTS = {"997", "TA1", "VER", "Error", "Fault", "Outcome", "refused"}

# VERDICT in a file that acknowledges a batch.
_VERDICTS: Mapping[str, str] = {"accepted": "A", "repeated": "S", "rejected": "R", "parked": "W"}

# The same in a till's log that is answered.
_OUTCOMES: Mapping[str, str] = {"accepted": "Accepted", "repeated": "Repeated", "rejected": "Rejected"}

# Seconds for all batches to be acknowledged.
_ACKNOWLEDGED = 240.0

_PARKED = tuple(
    f"channel.{channel}.in.parked"
    for channel in ("web", "partner", "directmail", "callcenter", "store", "kiosk")
)


class Applied:
    """How much the systems have applied so far, read from the end of their growing log."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._read = 0
        self._count = 0

    def count(self) -> int:
        if self._log.exists():
            with self._log.open("rb") as text:
                text.seek(self._read)
                news = text.read()
            whole = news[: news.rfind(b"\n") + 1]
            self._read += len(whole)
            self._count += whole.count(b'"applied":true')
        return self._count


@dataclass
class Run:
    """
    Orders, and what the oracle says of each.

    Args:
        readers: What the channels are told, from before the first order was dropped.
    """

    hub: RunningHub
    readers: Readers
    orders: Sequence[GeneratedOrder]
    script: Mapping[str, Any]
    outcomes: Sequence[Outcome] = field(init=False)

    def __post_init__(self) -> None:
        self.outcomes = foretell([order.as_data() for order in self.orders], dict(self.script))

    # -- what is to be expected

    @property
    def both(self) -> Iterator[tuple[GeneratedOrder, Outcome]]:
        """Every document with its outcome."""
        return zip(self.orders, self.outcomes, strict=True)

    @property
    def accepted(self) -> list[tuple[GeneratedOrder, Outcome]]:
        """The documents that became orders."""
        return [(order, outcome) for order, outcome in self.both if outcome.verdict == "accepted"]

    @property
    def states(self) -> Counter[str]:
        """Orders by last state."""
        return Counter(outcome.status for _, outcome in self.accepted)

    @property
    def instructed(self) -> Counter[tuple[str, str]]:
        """How many different instructions there are, by system and order number."""
        counted: Counter[tuple[str, str]] = Counter()
        for order, outcome in self.accepted:
            for system, number in outcome.instructions:
                counted[system, order.number] += number
        return +counted

    @property
    def parked(self) -> set[bytes]:
        """The messages of which something is parked."""
        return {order.native for order, outcome in self.both if outcome.verdict == "parked"}

    # -- how it goes

    def drop(self) -> None:
        """
        Drop every message; returns when the broker has them all.

        A corrected batch is dropped when its first version has been acknowledged: nobody can correct what he
        has not been told of, and of two messages in a dead worker's hands the second may be taken first.
        """
        corrected = {order.message for order in self.orders if order.fault == "mended"}
        first = [order for order in self.orders if order.message not in corrected]
        again = [order for order in self.orders if order.message in corrected]
        self.hub.drop(*messages(first))
        if again:
            judged = {order.number for order in again} & {order.number for order in first}
            self.hub.until("batches acknowledged", lambda: judged <= self._judged(), _ACKNOWLEDGED, 0.5)
            self.hub.drop(*messages(again))

    def _judged(self) -> set[str]:
        """Documents of batches that have a verdict."""
        return {one.document for one in self.readers.records if one.kind == "VER"}

    def until_every_order_has_its_state(self, limit: float) -> None:
        """Wait until as many orders are in each state as should be, and the systems have been told all."""
        try:
            self.hub.until("every order in its state", lambda: self.hub.states() == self.states, limit, 0.25)
        except AssertionError as error:
            raise AssertionError(f"{error}: {self.hub.states()}, wrong: {self.wrong()[:5]}") from None
        self._until_instructed(60)

    def _until_instructed(self, limit: float) -> None:
        """
        Wait until the systems were told as much as they should be, or give up: see :meth:`applied_once`.

        An order whose CRM never answers is held from then on, and stays so in every state that its other
        parts pass through: its state being right says nothing of them.
        """
        end = monotonic() + limit
        pause = Event()
        while self._keys_told() != self.instructed and monotonic() < end:
            pause.wait(0.5)

    def until_told(self, limit: float) -> None:
        """Wait until the channels' last words are as they should be, or give up: see :meth:`last_words`."""
        self.readers.wait(lambda: not list(self._wrong_words()), limit)

    # -- what has come of it

    def wrong(self) -> list[str]:
        """Orders whose state, or an item's, is another than the oracle's."""
        return [
            f"{order.number}: {why}"
            for order, outcome in self.accepted
            if (why := self._differs(order, outcome))
        ]

    def _differs(self, order: GeneratedOrder, outcome: Outcome) -> str:
        record = self.hub.order(order.number, order.endpoint)
        if record is None:
            return "no such order"
        items = {
            _line(order, one): str(one.state)
            for one in every_item(record.order.product_order_item)
            if one.state is not None and one.action != "noChange"
        }
        found = (str(record.order.state), items)
        expected = (outcome.status, dict(outcome.items))
        return "" if expected == found else f"expected {expected}, is {found}"

    def applied_once(self) -> None:
        """Each system got the instructions that it should, and applied none of them twice."""
        applied: Counter[tuple[str, str]] = Counter()
        for entry in self._instructions():
            applied[entry["system"], entry["key"]] += entry["applied"]
        assert self.instructed == self._keys_told()
        assert set() == {name for name, times in applied.items() if times > 1}

    def _instructions(self) -> Iterator[Mapping[str, Any]]:
        # An inquiry applies nothing, and names the instruction by its key alone.
        return (one for one in self.hub.entries() if "key" in one and one["outcome"] != "inquire")

    def _keys_told(self) -> Counter[tuple[str, str]]:
        """How many different instructions the systems were told, by system and order number."""
        keys: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
        for entry in self._instructions():
            keys[entry["system"], entry["order_number"]].add(entry["key"])
        return Counter({name: len(found) for name, found in keys.items()})

    def gapless(self) -> None:
        """
        Warehouse and billing saw every control number from 1 to the number of their instructions; a number
        that came again came with the same bytes.  What partners and card senders are sent has no gap, either.
        """
        entries = self.hub.entries()
        for system, counter in (("warehouse", "interchange"), ("warehouse", "group"), ("billing", "message")):
            told = [entry for entry in entries if entry.get("system") == system and entry.get("control")]
            expected = sum(number for (name, _), number in self.instructed.items() if name == system)
            assert set(range(1, expected + 1)) == {int(one["control"][counter]) for one in told}, counter
            assert [] == conflicts(told, counter)
        for endpoint in _COUNTED:
            bodies = self._numbered(endpoint)
            assert set(range(1, len(bodies) + 1)) == set(bodies), endpoint
            assert [] == [number for number, found in bodies.items() if len(found) > 1]

    def _numbered(self, endpoint: str) -> Mapping[int, set[bytes]]:
        """
        What an endpoint was sent, by interchange control number or FILE-NO.

        A resend's answer has its old number; nothing else may come under a number that was used.
        """
        bodies: defaultdict[int, set[bytes]] = defaultdict(set)
        for one in self.readers.kept:
            if one.queue == f"channel.{endpoint}.out":
                bodies[int(one.records[0].control[0])].add(one.body)
        return bodies

    def last_words(self) -> None:
        """The last that each endpoint was told of each of its orders is the order's last state."""
        assert [] == list(self._wrong_words())[:5]

    def _wrong_words(self) -> Iterator[str]:
        """An 855 without our number of the order refuses a document, and is no word about an order."""
        last = {
            (one.endpoint, one.document): one
            for one in self.readers.records
            if one.kind not in _RECEIPTS and (one.kind != "855" or one.about)
        }
        for order, outcome in self.accepted:
            said = last.get((order.endpoint, order.number))
            expected = WORDS.get(order.channel, {}).get(outcome.status, outcome.status)
            if said is None or said.status != expected:
                yield f"{order.endpoint} {order.number}: expected {expected}, was told {said}"

    def answered(self) -> None:
        """Every message was acknowledged in its channel's own way, every document as the oracle says."""
        assert [] == [one.fault for one in self.readers.kept if one.fault]
        records = self.readers.records
        assert [] == list(self._wrong_receipts(records))[:5]
        assert [] == list(self._wrong_refusals(records))[:5]

    def _wrong_receipts(self, records: Sequence[ToldOfOrder]) -> Iterator[str]:
        """
        997 for sets, a verdict for each record of a batch, an outcome for each transaction; web, call centre
        and kiosk are answered with the order itself.
        """
        receipts = {
            (one.endpoint, one.about, one.document): one.status for one in records if one.kind == "997"
        }
        taken = {"ProductOrder", "SWIOrderUpsert_Output", "taken"}
        orders = {one.document for one in records if one.kind in taken}
        verdicts = {(one.document, one.status) for one in records if one.kind in {"VER", "Outcome"}}
        for order, outcome in self.both:
            if order.channel == "partner":
                expected = "R" if order.fault == "count" else "A"
                found = receipts.get((order.endpoint, order.control[1], order.control[2]))
                if found != expected:
                    yield f"{order.endpoint} {order.control}: expected {expected}, got {found}"
            elif order.channel == "directmail":
                if (order.number, _VERDICTS[outcome.verdict]) not in verdicts:
                    yield f"{order.endpoint} {order.number}: no verdict {outcome.verdict}"
            elif order.channel == "store":
                # What is parked is answered later.
                expected = _OUTCOMES.get(outcome.verdict, "")
                if expected and (order.number, expected) not in verdicts:
                    yield f"{order.endpoint} {order.number}: no outcome {outcome.verdict}"
            elif outcome.verdict in {"accepted", "repeated"} and order.number not in orders:
                yield f"{order.number}: no acknowledgement"

    def _wrong_refusals(self, records: Sequence[ToldOfOrder]) -> Iterator[str]:
        """855 with RD, a verdict R, an outcome, an Error, a Fault or a refusal, that names code and order."""
        refused = {("855", "RD"), ("VER", "R"), ("Outcome", "Rejected")}
        errors = {"Error", "Fault", "refused"}
        told = [one for one in records if one.kind in errors or (one.kind, one.status) in refused]
        for order, outcome in self.both:
            if outcome.verdict != "rejected" or order.fault == "count":
                continue
            codes = {
                one.status if one.kind in errors else one.text.split(" ")[0]
                for one in told
                if one.endpoint == order.endpoint and order.number in (one.document, *one.text.split(" "))
            }
            if order.code not in codes:
                yield f"{order.endpoint} {order.number}: expected {order.code}, got {codes}"

    def nothing_left(self, limit: float = 30.0) -> None:
        """
        Nothing is unsent, nothing waits in a queue, and only what must be is parked.

        Args:
            limit: Seconds; a system holds a message until it has said all that it will say to it.
        """
        self.hub.until_empty(_PARKED, limit)
        rows = self.hub.store.parked()
        natives = [self.hub.store.native(row.native) for row in rows]
        assert sorted(self.parked) == sorted(native.body for native in natives if native is not None)
        assert {row.code for row in rows} <= {"E_ITEM_NOT_ROUTED"}
        # A handle whose confirm a killed worker did not see is there twice; each says whose it is.
        handles = {
            (queue, message["properties"]["headers"]["x-parked-id"])
            for queue in _PARKED
            for message in self.hub.messages(queue)
        }
        assert {(f"{row.queue}.parked", row.id) for row in rows} == handles

    def orders_kept(self) -> None:
        """There are as many orders as were accepted: none lost, none invented, none merged."""
        assert len(self.accepted) == sum(self.hub.states().values())


def _line(order: GeneratedOrder, item: OrderItem) -> str:
    """The sender's line number of an item; the call centre has row ids as well."""
    return item.id if order.channel == "callcenter" else item.line_ref or item.id


def load_script(path: Path) -> Mapping[str, Any]:
    """A simulator script as the oracle reads it."""
    return dict(json.loads(path.read_text("utf-8")))


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._began = monotonic()

    @property
    def seconds(self) -> float:
        return monotonic() - self._began


def share(total: int, parts: Iterable[float]) -> list[int]:
    """Shares of ``total``, as whole numbers."""
    return [int(total * part) for part in parts]

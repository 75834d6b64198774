"""
The stage on which orders are played: the shipped hub on the memory broker, with its neighbours.

Everything that goes in is a native message, and everything that comes out is read by readers that share
nothing with the hub's.  The clock is moved by hand; neighbours answer when a story says so.  What somebody
got is told in short lines, with the hub's orders called OL1, OL2…: ``940 R OL1-2.1 1=HANDSET-A x1``.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from broker.port import Properties
from orderloom.acts import act_on
from orderloom.calls import CallKind, CallResult
from orderloom.correlation.fallout import Act, ActKind, Chosen
from orderloom.hub_topology import drop_exchange, reply_exchange
from orderloom.rules import default_folder, read_folder
from orderloom.settings import SystemSettings, load
from orderloom.simulators import x12
from orderloom.simulators.answers import Told
from orderloom.simulators.billing import Billing
from orderloom.simulators.calls import CallLog
from orderloom.simulators.crm import Crm
from orderloom.simulators.internet import Internet
from orderloom.simulators.mobile import Mobile
from orderloom.simulators.neighbour import Neighbour, Reply
from orderloom.simulators.script import Behaviour
from orderloom.simulators.standing import standing
from orderloom.simulators.warehouse import Warehouse
from tests.engine.shipped import Shipped

__all__ = ["FIXTURES", "Stage"]

FIXTURES = Path(__file__).parents[1] / "fixtures" / "stories"

NEIGHBOURS: tuple[type[Neighbour], ...] = (Crm, Warehouse, Mobile, Billing, Internet)

_ORDER = re.compile(r"OL[0-9A-Z]{16}")

# Seconds from one act to the next, and of one turn of the worker: a whole act is done within one second.
_ACT, _TURN = 10.0, 0.01
# A neighbour's own answers are ready after so many seconds, which is never: they are let out by hand.
_BY_HAND = 1e9


class Stage(Shipped):
    """
    The shipped hub and its simulated neighbours.

    Args:
        rules: Rule files that are added to the shipped ones, or take their place; by name.
        alone: Only ``rules`` and the shipped endpoints.
        more: Further systems, of which an adapter is installed.
        patient: Systems that have a year to answer.
    """

    def __init__(
        self,
        folder: Path,
        rules: Mapping[str, str] | None = None,
        *,
        alone: bool = False,
        more: tuple[type[Neighbour], ...] = (),
        patient: tuple[str, ...] = (),
    ) -> None:
        settings = load(None, {"ORDERLOOM_STORE": str(folder / "hub.db")})
        systems = {**settings.systems, **{one.name: _system(one.name) for one in more}}
        for name in patient:
            systems[name] = replace(systems[name], answer_within=365 * 86_400)
        settings = replace(settings, rules=_written(folder / "rules", rules or {}, alone), systems=systems)
        super().__init__(folder, split=False, settings=settings)
        self._act = self.now
        self.folder = folder
        self.log = CallLog()
        self.neighbours = {one.name: one(self, self.log, lambda: self.now) for one in (*NEIGHBOURS, *more)}
        self.moods: dict[tuple[str, str], Behaviour] = {}
        self.ready: dict[str, dict[str, Reply]] = {name: {} for name in self.neighbours}
        self.letters: list[tuple[str, bytes]] = []
        self._news: dict[str, list[str]] = {}
        self._orders: dict[str, str] = {}
        self._parked = [one for one in self.broker.queues() if one.endswith(".parked")]
        self._outs = [one for one in self.broker.queues() if re.fullmatch(r"channel\..*\.out", one)]

    # What happens.

    def drop(self, channel: str, body: bytes) -> None:
        """An endpoint sends something."""
        self._happens(drop_exchange(channel), body)

    def will(self, system: str, kind: str, verb: str = "do", **more: Any) -> None:
        """From now on a neighbour treats what it is told so; the kinds are those of its scripts."""
        self.moods[system, verb] = Behaviour(kind, delay=_BY_HAND, **more)

    def answers(self, system: str, *, most: int = 1_000) -> None:
        """A neighbour lets out the answers that it has ready, in the order in which it was told."""
        for id_ in list(self.ready[system])[:most]:
            self.says(system, self.neighbours[system].encode(self.ready[system].pop(id_).body))

    def says(self, system: str, body: bytes) -> None:
        """A neighbour sends something, whatever it may be."""
        self._happens(reply_exchange(system), body)

    def act(self, kind: str, number: str, **chosen: str) -> None:
        """A person decides about what is held of the order with this number."""
        [order] = {id_ for _, id_ in self.store.find(number)}
        act = Act(id=f"act-{kind}", kind=ActKind(kind), by="cli:ada", why="asked", chosen=Chosen(**chosen))
        act_on(self.worker.hub, self.store, act, order, self.now)
        self.later(seconds=2)

    def later(self, **time: float) -> None:
        """Time passes."""
        self._begin(timedelta(**time))
        self.work()

    def _happens(self, exchange: str, body: bytes) -> None:
        self._begin(timedelta(seconds=_ACT))
        self.broker.publish(exchange, "", body, Properties())
        self.work()

    def _begin(self, after: timedelta) -> None:
        """The next act, so long after the beginning of the last one: whatever that took."""
        self.now = self._act = self._act + after

    def work(self) -> None:
        """Let the hub work until nobody gets anything any more."""
        idle = 0
        while idle < 3:
            self.worker.tick(0.0)
            self.now += timedelta(seconds=_TURN)
            idle = 0 if self._deliver() else idle + 1

    # What comes of it.

    def news(self) -> dict[str, list[str]]:
        """What everybody got since this was asked last; who is not named got nothing."""
        found, self._news = self._news, {}
        return found

    def has(self) -> dict[str, dict[str, str]]:
        """What each system has in the end, line by line, for each part that is not empty."""
        held = standing(self.log.entries)
        return {
            f"{system} {self._short(part)}": {number: _content(one) for number, one in lines.items()}
            for (system, part), lines in held.items()
            if lines
        }

    def written(self, story: str) -> None:
        """
        Everything that anybody got, byte for byte, is what the files of this story say.

        With ``ORDERLOOM_WRITE`` set they are written.
        """
        found = {f"{number:02}-{who}": body for number, (who, body) in enumerate(self.letters, 1)}
        if os.environ.get("ORDERLOOM_WRITE"):
            for name, body in found.items():
                (FIXTURES / story / name).write_bytes(body)
        expected = {one.name: one.read_bytes() for one in sorted((FIXTURES / story).glob("*"))}
        assert list(expected) == list(found)
        for name, body in expected.items():
            assert body == found[name], name

    def behaviour(self, system: str, number: str, offerings: tuple[str, ...] = (), verb: str = "do") -> Any:
        """The script of all neighbours."""
        return self.moods.get((system, verb), Behaviour("ok", delay=_BY_HAND))

    def _deliver(self) -> int:
        """Bring to everybody what is for them; returns how much that was."""
        count = len(self.calls.made)
        while self.calls.made:
            self._called(self.calls.made.pop(0))
        for name in self.neighbours:
            if name != "oss.internet":
                count += sum(self._told(name, body) for body in self._taken(f"system.{name}.in"))
        for queue in self._outs:
            for body in self._taken(queue):
                count += self._got(queue[len("channel.") : -len(".out")], body)
        for queue in (*self._parked, "unrouted"):
            for one in iter(lambda name=queue: self.broker.get(name), None):
                self.broker.ack(one)
                self._hear("parked", f"{queue} {one.properties.headers.get('x-error-code')}")
                count += 1
        return count

    def _taken(self, queue: str) -> Iterator[bytes]:
        while (found := self.broker.get(queue)) is not None:
            self.broker.ack(found)
            yield found.body

    def _told(self, system: str, body: bytes) -> int:
        self.letters.append((system, body))
        neighbour = self.neighbours[system]
        for told in neighbour.read(body):
            for line in _instructed(system, told):
                self._hear(system, line)
            taken = neighbour.take(told, body)
            self._prepare(system, (*taken.others, *taken.replies), told.changes)
        return 1

    def _called(self, call: Any) -> None:
        self.letters.append((call.system, call.native.body))
        spec, internet = call.native.call, self.neighbours[call.system]
        self._hear(call.system, _service_order(spec.method, json.loads(call.native.body)))
        answer = internet.call(call.id, call.native.body, spec.method, spec.path)
        self._prepare(call.system, answer.events, spec.path != "/serviceOrder")
        kind = CallKind.ANSWERED if answer.status < 400 else CallKind.REFUSED
        self.calls.results.append(
            CallResult(
                call.key, call.attempt, call.system, kind, answer.status, answer.body, "application/json",
                inquiry=call.inquiry, spec=spec,
            )
        )  # fmt: skip

    def _prepare(self, system: str, replies: tuple[Reply, ...], changes: bool) -> None:
        """
        Receipts leave at once; answers wait, but for those that a change has made void.

        The answer to a change comes before what else is to be said, unless that has crossed it.
        """
        neighbour = self.neighbours[system]
        for one in replies:
            if one.after == 0.0:
                body = neighbour.encode(one.body)
                self.broker.publish(reply_exchange(system), "", body, Properties())
        crossed = any(one.after < 0.0 for one in replies)
        own = {one.id: one for one in replies if one.after >= _BY_HAND}
        rest = self.ready[system] | {one.id: one for one in replies if 0.0 != one.after < _BY_HAND}
        ordered = own | rest if changes and not crossed else rest | own
        self.ready[system] = {id_: one for id_, one in ordered.items() if neighbour.stands(one)}

    def _got(self, who: str, body: bytes) -> int:
        self.letters.append((who, body))
        for line in _READERS[who.partition(".")[0]](body):
            self._hear(who, line)
        return 1

    def _hear(self, who: str, line: str) -> None:
        self._news.setdefault(who, []).append(self._short(line))

    def _short(self, line: str) -> str:
        """With the hub's orders by the order in which somebody heard of them."""
        return _ORDER.sub(lambda found: self._orders.setdefault(found[0], f"OL{len(self._orders) + 1}"), line)


def _system(name: str) -> SystemSettings:
    return SystemSettings(name=name, adapter=name)


def _written(folder: Path, rules: Mapping[str, str], alone: bool) -> Path:
    shipped = read_folder(default_folder())
    kept = {name: text for name, text in shipped.items() if not alone or name.startswith("endpoints/")}
    for name, text in (kept | dict(rules)).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


# How systems read.

_VERBS = {
    "warehouse": {"do": "940 N", "modify": "940 R", "undo": "940 F"},
    "billing": {"do": "D", "undo": "R"},
}


def _instructed(system: str, told: Told) -> Iterator[str]:
    """An instruction in one line, or, for systems that are told line by line, one for each."""
    verb = _VERBS.get(system, {}).get(told.verb, told.verb)
    lines = [f"{one.number}={_line(one.offering, one.quantity, one.properties)}" for one in told.lines]
    if system == "oss.mobile":
        earlier = {"modify": " changes", "undo": " undoes"}.get(told.verb, "")
        for one, text in zip(told.lines, lines, strict=True):
            yield f"{one.command} SUB {told.reference} {text}{earlier}"
        return
    yield f"{verb} {told.reference} {', '.join(lines)}"


def _line(offering: str, quantity: object, properties: Any) -> str:
    return " ".join((offering, f"x{quantity}", *(f"{name}={value}" for name, value in properties)))


def _content(one: Mapping[str, Any]) -> str:
    return _line(one["offering"], one["quantity"], sorted(one["properties"].items()))


def _service_order(method: str, said: Mapping[str, Any]) -> str:
    if said.get("@type") == "CancelServiceOrder":
        reference = said["cancellationReason"].rpartition(": ")[2]
        return f"cancel {reference} {', '.join(one['id'] for one in said['serviceOrderItem'])}"
    known = {one["externalReferenceType"]: one["id"] for one in said.get("externalReference", ())}
    reference = known.get("hubReference") or said["note"][0]["id"]
    return f"{method} {reference} {', '.join(map(_service, said['serviceOrderItem']))}"


def _service(item: Mapping[str, Any]) -> str:
    service = item["service"]
    values = [(one["name"], one["value"]) for one in service.get("serviceCharacteristic", ())]
    where = "".join(f" at {one.get('streetName') or one['id']}" for one in service.get("place", ()))
    does = "" if item["action"] == "add" else f"{item['action']} "
    return f"{does}{item['id']}={_line(service['name'], item['quantity'], values)}{where}"


# How endpoints read.


def _x12(body: bytes) -> Iterator[str]:
    interchange = x12.read(body)
    for segment in interchange.loose:
        yield "*".join(segment)
    for _, one in interchange.sets:
        words = (word for segment in one.segments for word in _segment(one.kind, segment))
        yield " ".join((one.kind, *words))


def _segment(kind: str, segment: tuple[str, ...]) -> Iterator[str]:
    """What of a segment a story is about."""
    at = {place: text for place, text in enumerate(segment) if text}
    match segment[0], kind:
        case (("BAK" | "BCA"), _):
            yield " ".join((at[2], "/".join(filter(None, (at[3], at.get(5, "") if kind == "865" else "")))))
        case (("PRF" | "AK1"), _):
            yield " ".join(segment[1:3] if kind == "997" else (at[1],))
        case (("PO1" | "POC" | "AK2"), _):
            amount = {"PO1": at.get(2), "POC": at.get(3)}.get(segment[0])
            words = [at[1], at.get(2) if segment[0] != "PO1" else None, f"x{amount}" if amount else None]
            yield f"| {' '.join(filter(None, words))}"
        case (("ACK" | "ISR" | "AK5"), _):
            yield at[1]
        case "N9", _:
            yield f"{at[2]} until {at[4]} {at[5]}" if at[1] == "PR" else at[2]
        case "SAC", _:
            yield f"costs {at[5]}"


def _web(body: bytes) -> Iterator[str]:
    said = json.loads(body)
    if said["@type"] == "Error":
        yield f"Error {said['code']}"
        return
    event = said.get("event", {"productOrder": said})
    order = event["productOrder"]
    progress = order["progress"]
    kind = said["@type"].replace("ProductOrder", "").removesuffix("Event") or "Order"
    words = [kind, order["state"], f"v{order['version']}", f"{progress['done']}/{progress['total']}"]
    items = order["productOrderItem"]
    words += [f"| {one['id']} {one.get('state', 'draft')} {one['productOffering']['id']}" for one in items]
    if amendment := event.get("amendment"):
        words.append(f"| {amendment['requestId']} {amendment['state']}")
        words += [f"| {word}" for piece in amendment["piece"] for word in _pieces(piece)]
    if cancel := event.get("cancelProductOrder"):
        words.append(" ".join(("| cancel", cancel["state"], *cancel.get("past", ()))))
    yield " ".join(words)


def _pieces(piece: Mapping[str, Any]) -> Iterator[str]:
    why = piece.get("error", {}).get("code", "")
    cost = f"costs {piece['charge']['value']}" if "charge" in piece else ""
    later = "follow-on" if piece.get("orderRelationship") else ""
    for one in piece["change"]:
        item = one.get("item", {}).get("productOrderItemId", "order")
        yield " ".join(filter(None, (one["kind"], item, piece["state"], why, cost, later)))


def _xml(body: bytes, parts: Mapping[str, str], leaves: tuple[str, ...]) -> str:
    """The texts of some elements of a document in their order; those in ``parts`` begin something new."""
    words = []
    for one in ET.fromstring(body).iter():  # noqa: S314 -- the hub wrote it
        name = one.tag.rpartition("}")[2]
        if name in parts:
            words.append(f"{parts[name]}{''.join(f' {value}' for value in one.attrib.values())}".strip())
        elif name in leaves:
            words.append((one.text or "").strip() or one.attrib.get("Code", ""))
    return " ".join(filter(None, words))


_SOAP_PARTS = {
    "SWIOrderUpsert_Output": "Upsert",
    "SWIOrderAnswer_Output": "Answer",
    "SWIInteraction_Output": "Interaction",
    "UpdateLineItems_Input": "UpdateLineItems",
    "Fault": "Fault",
    "SWIOrderItem": "|",
    "SWIOrderChange": "| change",
    "SWIOrderItemChange": "|",
    "SWIOrderCancel": "| cancel",
}
_SOAP_LEAVES = (
    *("OrderNumber", "Status", "Notice", "Progress", "LineNumber", "Document", "ChangeCode", "Qty", "Charge"),
    *("AnswerBy", "Past", "ErrorCode"),
)
_POSLOG_PARTS = {"LineItem": "|", "Change": "| change", "ChangedLine": "|", "Cancel": "| cancel"}
_POSLOG_LEAVES = ("Outcome", "Notice", "OrderStatus", "Progress", "SequenceNumber", "Quantity", "Error")


def _batch(body: bytes) -> Iterator[str]:
    text = body.decode("cp037")
    head, *records = [text[at : at + 200] for at in range(0, len(text), 200)]
    if head[0] == "S":
        yield " ".join((head[1:11].strip(), head[11:18], *head[63:103].split(), head[111:114], head[114:117]))
        return
    *verdicts, end = records
    said = (f"| {one[8:15]} {one[15]} {one[38:58]}".strip() for one in verdicts)
    yield " ".join((head[1:11].strip(), end[1], *said))


def _kiosk(body: bytes) -> Iterator[str]:
    said = json.loads(body)
    words = [said["txn"], said["answer"], *([said["state"]] if "state" in said else [])]
    words += [f"| {one['line']} {one['state']}" for one in said.get("lines", ())]
    words += [said["error"]["code"]] if "error" in said else []
    if change := said.get("change"):
        words.append(f"| {change['txn']} {change['state']}")
        words += [
            " ".join(
                filter(None, (f"| {one['change']} {one.get('line', '')}".rstrip(), one["state"], _why(one)))
            )
            for one in change["lines"]
        ]
    if cancel := said.get("cancel"):
        words.append(" ".join(("| cancel", cancel["state"], *cancel.get("past", ()))))
    yield " ".join(words)


def _why(one: Mapping[str, Any]) -> str:
    cost = f"costs {one['charge']['value']}" if "charge" in one else ""
    return " ".join(filter(None, (one.get("error", {}).get("code", ""), cost)))


_READERS: Mapping[str, Callable[[bytes], Iterator[str]]] = {
    "partner": _x12,
    "web": _web,
    "callcenter": lambda body: iter((_xml(body, _SOAP_PARTS, _SOAP_LEAVES),)),
    "store": lambda body: iter((_xml(body, _POSLOG_PARTS, _POSLOG_LEAVES),)),
    "directmail": _batch,
    "kiosk": _kiosk,
}

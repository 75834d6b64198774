"""
The bench for conversations: four channels that speak the canonical language itself, so that a test says what
is asked and reads what is told, and everything between is the hub's own.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec

from adapters.kit.contract import Native, Stamp
from broker.port import Delivery, Properties
from canonical.codec import decode, encode
from canonical.commands import (
    Answer,
    AskStatus,
    Command,
    OrderRef,
    Origin,
    RecordInteraction,
    RejectedDocument,
    Resume,
    SaveDraft,
    SubmitOrder,
)
from canonical.keys import order_id
from canonical.notices import Intake, Notice, Verdict
from canonical.order import (
    Characteristic,
    OfferingRef,
    OrderContent,
    OrderItem,
    PartyRef,
    Product,
    RelatedParty,
)
from canonical.references import References
from canonical.states import Action
from orderloom.engine.hub import Hub, Limits, SystemLink
from orderloom.hub_topology import Lane, LaneKind
from tests.engine.faults import Fuse
from tests.engine.rig import CONSUMED, RULES, Rig, rules_of

__all__ = ["DAY", "Spoken", "TalkRig", "customer", "draft", "item"]

DAY = 86_400.0

_SPOKEN = ("web", "callcenter", "store", "partner")
_ENDPOINTS = {
    f"endpoints/{name}.toml": f'id = "{name}"\nchannel = "{name.partition(".")[0]}"\nname = "{name}"\n'
    f'out_queue = "channel.{name.partition(".")[0]}.out"\n'
    for name in ("web.portal", "callcenter.desk", "store.0117", "partner.acme")
}
TALK = {name: text for name, text in RULES.items() if not name.startswith("endpoints/")} | _ENDPOINTS

_LANES = {f"channel.{name}.in": Lane(f"channel.{name}.in", LaneKind.CHANNEL, name, 400) for name in _SPOKEN}


class Spoken:
    """An adapter whose native format is the canonical language, one document a message."""

    counters: tuple[str, ...] = ()
    conversing = True

    def __init__(self, channel: str) -> None:
        self.channel = channel

    def translate(self, native: Native, references: References) -> Iterator[Command | RejectedDocument]:
        yield decode(native.body, Command | RejectedDocument)

    def acknowledge(self, intake: Intake, stamp: Stamp) -> Native | None:
        return Native(encode(intake), "application/json")

    def render(self, notice: Notice, stamp: Stamp) -> Native | None:
        return Native(encode(notice), "application/json", notice.reason)


def item(id_: str = "1", offering: str = "SIM", quantity: int = 1, **more: Any) -> OrderItem:
    """One item; further fields by name, any other word is a characteristic."""
    known = set(OrderItem.__struct_fields__)
    fields = {name: value for name, value in more.items() if name in known}
    values = tuple(
        Characteristic(name=name, value=value) for name, value in more.items() if name not in known
    )
    return OrderItem(
        **{
            "id": id_,
            "action": Action.ADD,
            "product_offering": OfferingRef(id=offering),
            "quantity": quantity,
            "product": Product(product_characteristic=values),
            **fields,
        }
    )


def customer(*aliases: str) -> tuple[RelatedParty, ...]:
    """The customer, by these aliases."""
    return tuple(RelatedParty(role="customer", party_or_party_role=PartyRef(id=one)) for one in aliases)


def draft(*items: OrderItem, **fields: Any) -> OrderContent:
    """What a document says."""
    return OrderContent(product_order_item=items, **fields)


class TalkRig(Rig):
    """The bench; tokens are counted, so that two runs are the same."""

    lanes: Mapping[str, Lane] = {
        **{queue: lane for queue, lane in CONSUMED.items() if lane.kind is not LaneKind.CHANNEL},
        **_LANES,
    }

    def __init__(
        self,
        folder: Path,
        limits: Limits | None = None,
        rules: Mapping[str, str] = TALK,
        *,
        fuse: Fuse | None = None,
        seed: int | None = None,
    ) -> None:
        self._minted = itertools.count(1)
        self._numbers = itertools.count(1)
        super().__init__(folder, limits, rules, fuse=fuse, seed=seed)

    def hub(self) -> Hub:
        links = {
            one.profile.name: SystemLink(adapter=one, profile=one.profile)
            for one in (self.crm, self.oss, self.mobile)
        }
        return Hub(
            channels={name: Spoken(name) for name in _SPOKEN},
            systems=links,
            lanes=self.lanes,
            rules=lambda: rules_of(tuple(self.rules.items())),
            limits=self.limits,
            mint=lambda: f"R-0000-0000-0000-0000-0000-{next(self._minted):04d}",
        )

    # What endpoints send.

    def send(self, command: Command, *, message_id: str = "") -> None:
        """Drop a document, and let the hub work."""
        number = message_id or f"m-{next(self._numbers)}"
        properties = Properties(content_type="application/json", message_id=number)
        self.broker.publish("", f"channel.{command.origin.channel}.in", encode(command), properties)
        self.settle()

    @staticmethod
    def origin(endpoint: str, number: str, kind: str = "Order") -> Origin:
        channel = endpoint.partition(".")[0]
        return Origin(
            channel=channel,
            endpoint=endpoint,
            envelope=f"{kind}/{number}",
            document_type=kind,
            document=number,
        )

    def save(self, endpoint: str, number: str, content: OrderContent, save: int = 1, **more: Any) -> Verdict:
        """Save a draft; ``save`` tells one saving under a number from the next."""
        origin = self.origin(endpoint, number)
        origin = msgspec.structs.replace(origin, envelope=f"{origin.envelope}/{save}")
        return self.verdict(SaveDraft(origin=origin, order=content, **more))

    def submit(
        self, endpoint: str, number: str, content: OrderContent, sent: int = 1, **more: Any
    ) -> Verdict:
        """Submit an order; ``sent`` tells one sending under a number from the next."""
        origin = msgspec.structs.replace(self.origin(endpoint, number), envelope=f"submit/{number}/{sent}")
        return self.verdict(SubmitOrder(origin=origin, order=content, **more))

    def resume(self, endpoint: str, about: str, type_: str = "", *, message_id: str = "") -> Notice:
        """Resume; the answer."""
        number = str(next(self._numbers))
        ask = Resume(origin=self.origin(endpoint, number, "Resume"), about=OrderRef(value=about, type=type_))
        self.send(ask, message_id=message_id)
        notices = [one for one in self.notices(endpoint) if one.asked == about]
        [found] = notices
        return found

    def ask(self, endpoint: str, about: str) -> Notice:
        """Ask for a status; the answer."""
        number = str(next(self._numbers))
        self.send(AskStatus(origin=self.origin(endpoint, number, "Ask"), about=OrderRef(value=about)))
        [found] = [one for one in self.notices(endpoint) if one.asked == about]
        return found

    def happened(self, endpoint: str, kind: str, party: str, text: str = "", number: str = "") -> Verdict:
        """Record an interaction."""
        origin = self.origin(endpoint, number or str(next(self._numbers)), "Interaction")
        return self.verdict(RecordInteraction(origin=origin, kind=kind, party=party, text=text))

    def answer(
        self, endpoint: str, about: str, question: str, number: str = "", *, accepted: bool
    ) -> Verdict:
        """Answer a question."""
        origin = self.origin(endpoint, number or str(next(self._numbers)), "Answer")
        return self.verdict(
            Answer(origin=origin, about=OrderRef(value=about), question=question, accepted=accepted)
        )

    def verdict(self, command: Command) -> Verdict:
        """
        Send a document; the verdict in its acknowledgement, everything else stays on the queue.

        A minute passes before: a repeat is answered no more often.
        """
        self.now += timedelta(seconds=61)
        self.send(command)
        queue = f"channel.{command.origin.channel}.out"
        found, others = [], []
        for one in self.taken(queue):
            if one.properties.type == "acknowledgement.v1":
                found.append(decode(one.body, Intake))
            else:
                others.append(one)
        for one in others:
            self.broker.publish("", queue, one.body, one.properties)
        [intake] = found
        [verdict] = intake.verdicts
        return verdict

    # What endpoints are told.

    def notices(self, endpoint: str) -> list[Notice]:
        """What an endpoint was told, taken from its queue; acknowledgements are passed over."""
        return [decode(one.body, Notice) for one in self.letters(endpoint)]

    def letters(self, endpoint: str) -> list[Delivery]:
        """The messages with what an endpoint was told, taken from its queue."""
        queue = f"channel.{endpoint.partition('.')[0]}.out"
        return [one for one in self.taken(queue) if one.properties.type != "acknowledgement.v1"]

    def kinds(self, endpoint: str) -> list[str]:
        """The kinds of what an endpoint was told."""
        return [one.kind.value for one in self.notices(endpoint)]

    def order_of(self, endpoint: str, number: str) -> str:
        """The hub's id of what an endpoint sent first under a number."""
        return order_id(endpoint, "Order", number)

    def sweep(self, seconds: float) -> None:
        """So much later, what is due is carried out."""
        self.settle(seconds, turns=1)
        self.settle()

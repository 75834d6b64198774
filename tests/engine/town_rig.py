"""
The small town on the engine's bench: three channels and all its systems, which speak the canonical language.

So what an order goes through is the hub's own: intake, store, outbox, broker; and whatever is asked of the
order, its systems remember what they have (:mod:`tests.correlation.town`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from random import Random

from adapters.kit.contract import Native, Stamp
from broker.port import Delivery, Properties
from canonical.amendments import Amendment, CancelTask, PieceState
from canonical.codec import decode, encode
from canonical.commands import Answer, Command, OrderRef, SaveDraft, SubmitOrder
from canonical.errors import Fault, Rejected
from canonical.instructions import Instruction
from canonical.keys import order_id
from canonical.notices import Intake, Notice, NoticeKind
from canonical.order import OrderContent, every_item
from canonical.replies import Receipt, Reply
from canonical.systems import SystemProfile, Verb
from orderloom.acts import act_on
from orderloom.correlation.fallout import Act, ActKind, Chosen, held
from orderloom.correlation.port import ParkedState
from orderloom.correlation.record import Record
from orderloom.engine.hub import Hub, SystemLink
from orderloom.hub_topology import Lane, LaneKind
from tests.correlation.town import CHANNELS, IT_OFFERS, PROFILES, Neighbour, checked_end, said_of, town_rules
from tests.engine.rig import Rig
from tests.engine.talk_rig import Spoken, TalkRig

__all__ = ["DESK", "STORE", "WEB", "Town", "TownRig"]

WEB, STORE, DESK = CHANNELS
_CHANNELS = tuple(one.partition(".")[0] for one in CHANNELS)
_OUT = {one: f"channel.{one.partition('.')[0]}.out" for one in CHANNELS}
_LANES = {f"channel.{name}.in": Lane(f"channel.{name}.in", LaneKind.CHANNEL, name, 400) for name in _CHANNELS}
_LANES |= {
    f"system.{name}.replies": Lane(f"system.{name}.replies", LaneKind.REPLIES, name, 400, weight=2)
    for name in PROFILES
}


class SpokenSystem:
    """A system whose format is the canonical language."""

    counters: tuple[str, ...] = ()

    def __init__(self, profile: SystemProfile) -> None:
        self.profile = profile

    def instruct(self, instruction: Instruction, stamp: Stamp) -> Native:
        return Native(encode(instruction), "application/json")

    def read_reply(self, native: Native) -> Iterator[Reply | Receipt | Rejected]:
        yield decode(native.body, Reply)


class TownRig(Rig):
    """A bench in the town."""

    lanes: Mapping[str, Lane] = _LANES

    def hub(self) -> Hub:
        return Hub(
            channels={name: Spoken(name) for name in _CHANNELS},
            systems={
                name: SystemLink(adapter=SpokenSystem(one), profile=one) for name, one in PROFILES.items()
            },
            lanes=self.lanes,
            rules=town_rules,
            limits=self.limits,
            mint=lambda: f"R-0000-0000-0000-0000-0000-{next(self.minted):04d}",
        )


class Town:
    """
    Everybody around one bench, and one order that three channels have a part in.

    Args:
        longest: Seconds that an answer takes at most.
        chance: Lets systems answer late, twice, and no to changes; None has them agree, at once and once.
        asks: A system that offers something else than it was told first; the web says yes.
    """

    def __init__(
        self, rig: TownRig, chance: Random | None = None, longest: float = 5.0, asks: str = ""
    ) -> None:
        self.rig = rig
        self.longest = longest
        self.chance = chance
        self.asks = asks
        self.systems = {name: Neighbour(name) for name in PROFILES}
        self.heard: dict[str, set[bytes]] = defaultdict(set)
        self.told: dict[str, dict[str, Notice]] = {one: {} for one in CHANNELS}
        self.verdicts: dict[str, Fault | None] = {}
        self.tokens: list[str] = []
        self.first = 1
        """The version of the order that was submitted."""
        self.sent = 0
        self.acts = 0
        self.coming: list[tuple[float, int, Callable[[], None]]] = []
        self.answered: set[str] = set()

    # The order.

    @property
    def order(self) -> str:
        """The hub's id of the order."""
        return order_id(WEB, "Order", "D-1")

    def ordered(self, content: OrderContent) -> Iterator[Command]:
        """
        Begun on the web, looked at in the store, submitted at the call centre: known to all three.

        Each shows the token that came with the answer to the one before.
        """
        nothing = OrderContent(product_order_item=())
        yield SaveDraft(TalkRig.origin(WEB, "D-1"), content)
        yield SaveDraft(TalkRig.origin(STORE, "D-2"), nothing, self.tokens[-1])
        yield SubmitOrder(TalkRig.origin(DESK, "D-3"), nothing, self.tokens[-1])

    def record(self) -> Record:
        """The order as it is in the store."""
        found = self.rig.store.order(self.order)
        assert found is not None
        return found

    def send(self, command: Command) -> None:
        """Drop a document."""
        self.sent += 1
        properties = Properties(content_type="application/json", message_id=f"m-{self.sent}")
        self.rig.broker.publish("", f"channel.{command.origin.channel}.in", encode(command), properties)

    # What everybody does.

    def act(self) -> None:
        """Everybody takes what is there, and does what is due."""
        for name, system in self.systems.items():
            for message in self.rig.taken(f"system.{name}.in"):
                self._instructed(system, message)
        for endpoint, queue in _OUT.items():
            for message in self.rig.taken(queue):
                self._hear(endpoint, message)
        now = self.rig.now.timestamp()
        due = sorted((one for one in self.coming if one[0] <= now), key=lambda one: one[:2])
        self.coming = [one for one in self.coming if one[0] > now]
        for _, _, act in due:
            act()

    def _instructed(self, system: Neighbour, message: Delivery) -> None:
        instruction = decode(message.body, Instruction)
        self.heard[instruction.key].add(message.body)
        for reply in system.told(instruction, self._choices(instruction)):
            self.say(reply)

    def _choices(self, instruction: Instruction) -> Iterator[int]:
        """What is to be done is done, what is to be undone is undone; a change may be refused."""
        refusals = (0, 0, 0, 0, 3)
        if (instruction.system, instruction.revision) == (self.asks, 0):
            yield IT_OFFERS
        while True:
            refused = self.chance is not None and instruction.verb is Verb.MODIFY
            yield self.chance.choice(refusals) if self.chance and refused else 0

    def goes_on(self) -> bool:
        """Every system comes a step further with something."""
        replies = [one for system in self.systems.values() for one in system.goes_on(self._pick(9))]
        for reply in replies:
            self.say(reply)
        return bool(replies)

    def _pick(self, most: int) -> int:
        return self.chance.randrange(most) if self.chance else 0

    def say(self, reply: Reply) -> None:
        """A system says something, once or several times, sooner or later."""
        for _ in range(1 + (self._pick(4) == 1)):
            self.later(lambda: self.rig.drop(encode(reply), f"system.{reply.system}.replies"))

    def later(self, act: Callable[[], None]) -> None:
        """In some seconds."""
        seconds = self.chance.uniform(0, self.longest) if self.chance else 0.0
        self.coming.append((self.rig.now.timestamp() + seconds, len(self.coming), act))

    def _hear(self, endpoint: str, message: Delivery) -> None:
        if message.properties.type == "acknowledgement.v1":
            for verdict in decode(message.body, Intake).verdicts:
                self.tokens += [verdict.token] if verdict.token else []
                self.verdicts[verdict.origin.document] = verdict.fault
            return
        notice = decode(message.body, Notice)
        id_ = message.properties.message_id or ""
        known = self.told[endpoint].setdefault(id_, notice)
        assert known == notice, "one id for two notices"
        if known is notice and notice.kind is NoticeKind.INFORMATION_REQUIRED and notice.amendment:
            self._asked(endpoint, notice)

    def _asked(self, endpoint: str, notice: Notice) -> None:
        """Whoever asked for the change says yes to what it costs; the web, to what a system offers."""
        amendment = notice.amendment
        if amendment is None or _asker(amendment) != endpoint:
            return
        for piece in amendment.pieces:
            if piece.state is PieceState.AWAITING_CUSTOMER and piece.question not in self.answered:
                self.answered.add(piece.question)
                origin = TalkRig.origin(endpoint, f"A-{piece.question}", "Answer")
                about = OrderRef(value=self.order)
                self.send(Answer(origin, about, question=piece.question, accepted=True))

    def person(self) -> None:
        """Somebody looks at what is held, makes it so at its system, and says that it is."""
        record = self.record()
        items = {one.id: one for one in every_item(record.order.product_order_item)}
        for one in held(record):
            part, item = one.line.key
            system = self.systems[record.part(part).system]
            if one.step is None:
                system.gets((part, item), said_of(part, items[item], record.order), done=True)
            self.acts += 1
            chosen = Chosen(part=part, item=item, code=one.code)
            act = Act(f"act-{self.acts}", ActKind.COMPLETE, "cli:ada", "looked at", chosen)
            act_on(self.rig.hub(), self.rig.store, act, record.id, self.rig.now)

    @property
    def quiet(self) -> bool:
        """Whether nothing is on its way anywhere."""
        broker = self.rig.broker
        queues = [*self.rig.lanes, *_OUT.values(), *(f"system.{name}.in" for name in self.systems)]
        busy = any(broker.depth(queue) or broker.unsettled(queue) for queue in queues)
        return not (busy or self.coming or self.rig.store.unsent())

    # What must be so in the end.

    def finals(self) -> Counter[str]:
        """How often each amendment, and each cancel, was answered to whoever had asked for it."""
        found: Counter[str] = Counter()
        for endpoint, notices in self.told.items():
            for notice in notices.values():
                task = notice.amendment or notice.cancel
                if notice.kind is NoticeKind.CHANGED and task and _asker(task) == endpoint:
                    found[task.id] += 1
        return found

    def check(self) -> None:
        """One consistent result: everything answered once, every system has what the order says."""
        record = self.record()
        checked_end(record, self.systems, self.first)
        asked = [one.amendment.id for one in record.amendments] + [one.task.id for one in record.cancels]
        assert dict.fromkeys(asked, 1) == self.finals()
        # An answer may come when the question has lapsed.
        refused = [(one, taken) for one, taken in self.verdicts.items() if taken and not one.startswith("A-")]
        assert [] == refused
        assert {1} == {len(bodies) for bodies in self.heard.values()}
        assert {one.key for one in record.instructions} == set(self.heard)
        assert () == self.rig.store.unsent()
        assert () == self.rig.store.parked(ParkedState.OPEN)
        assert [] == self.waits()

    def waits(self) -> list[str]:
        """Timers that are still set, but for those of drafts: a wish that came too late is kept as one."""
        return [one for one in self.rig.timers() if not one.startswith("abandon|")]


def _asker(task: Amendment | CancelTask) -> str:
    """Who is told what becomes of it in any case; of what a system asks, the web."""
    asks = isinstance(task, Amendment) and task.part
    return WEB if asks else task.endpoint

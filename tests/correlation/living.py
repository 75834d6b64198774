"""
Lives of one order in the small town: commands of three channels, systems with a will of their own, replies in
any order and more than once, silence, and a person who settles what is held.

Every act is chosen by numbers, so that a life can be lived again, and made shorter.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain, repeat

import msgspec

from canonical.amendments import CancelScope, ItemPatch, OrderPatch, PieceState, Scope
from canonical.changing import merged
from canonical.commands import AmendOrder, Answer, CancelOrder, OrderRef, Origin, SubmitOrder
from canonical.errors import Rejected
from canonical.keys import amendment_id
from canonical.order import (
    Address,
    Characteristic,
    ItemRelationship,
    OfferingRef,
    Order,
    OrderContent,
    OrderItem,
    PartyRef,
    Place,
    Product,
    RelatedParty,
    every_item,
)
from canonical.replies import Reply
from canonical.states import Action, State
from canonical.systems import Verb
from orderloom.correlation.changing import amend, answer, cancel
from orderloom.correlation.fallout import Act, ActKind, Chosen, Held, carry_out, held
from orderloom.correlation.fold import accept, draft_order, fold_timer
from orderloom.correlation.fold_reply import fold_reply
from orderloom.correlation.folded import Dispatch, Folded, World
from orderloom.correlation.port import Timer
from orderloom.correlation.record import Record
from routes.amend import propose
from routes.catalogue import fill
from routes.plan import make_plan
from tests.correlation.town import CHANNELS, OFFERINGS, PROFILES, Neighbour, said_of, town_rules

__all__ = ["NOON", "Life"]

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)

_KINDS = tuple(OFFERINGS)
_COLOURS = ("black", "red", "blue")
_CITIES = ("Salem", "Boston")

# What a system agrees to when it is asked at the end: everything.
_WILLING: Iterator[int] = repeat(0)


class Life:
    """
    One order from its acceptance on.

    Args:
        items: By category, with the number of the item that each relies on (0: none).
        bundled: The first of them, so many, are held by a bundle.
    """

    def __init__(self, *items: tuple[str, int], bundled: int = 0) -> None:
        self.rules = town_rules()
        self.world = World(PROFILES, self.rules.references.endpoints, self._propose)
        self.now = NOON
        self.acts: list[Folded] = []
        self.count = 0
        self.systems = {name: Neighbour(name) for name in PROFILES}
        self.waiting: dict[str, list[Dispatch]] = {name: [] for name in PROFILES}
        self.coming: list[Reply] = []
        self.heard: list[Reply] = []
        self.timers: dict[str, Timer] = {}
        made = tuple(self._item(str(number), *one) for number, one in enumerate(items, 1))
        if bundled:
            offering = OfferingRef(id="BUNDLE")
            held = made[:bundled]
            bundle = OrderItem(id="B", action=Action.ADD, product_offering=offering, product_order_item=held)
            made = (bundle, *made[bundled:])
        content = fill(OrderContent(product_order_item=made), self.rules.references)
        origin = Origin(channel="web", endpoint=CHANNELS[0], document_type="ProductOrder", document="W-1")
        order = draft_order(SubmitOrder(origin=origin, order=content), content, self.rules.version, NOON)
        self.took(accept(order, make_plan(order, self.rules, PROFILES), self.world, self.now))

    def _propose(self, order: Order, command: AmendOrder):
        return propose(order, command, self.rules, PROFILES)

    @staticmethod
    def _item(name: str, kind: str, relies_on: int = 0, colour: str = "black") -> OrderItem:
        values = [Characteristic(name="color", value=colour)]
        if kind == "line":
            at = NOON + timedelta(days=3)
            values.append(Characteristic(name="appointment", value=at.isoformat()))
        tie = ItemRelationship(id=str(relies_on), relationship_type="reliesOn")
        return OrderItem(
            id=name,
            line_ref=name,
            action=Action.ADD,
            product_offering=OfferingRef(id=OFFERINGS[kind][0]),
            product=Product(product_characteristic=tuple(values)),
            product_order_item_relationship=(tie,) if 0 < relies_on < int(name) else (),
        )

    # How it is.

    @property
    def record(self) -> Record:
        return self.acts[-1].record

    @property
    def order(self) -> Order:
        return self.record.order

    def took(self, folded: Folded) -> None:
        """An act has its consequences: systems are told, timers set."""
        self.acts.append(folded)
        for one in folded.dispatches:
            self.waiting[one.instruction.system].append(one)
        for key in folded.cleared:
            self.timers.pop(key, None)
        for timer in folded.timers:
            self.timers[timer.key] = timer

    def do(self, fold: Callable[[], Folded]) -> None:
        """Fold something, unless it is refused as a whole: then it changes nothing."""
        self.now += timedelta(minutes=1)
        try:
            folded = fold()
        except Rejected:
            return
        self.took(folded)

    def origin(self, channel: int, kind: str) -> Origin:
        self.count += 1
        endpoint = CHANNELS[channel % len(CHANNELS)]
        return Origin(
            channel=endpoint.partition(".")[0],
            endpoint=endpoint,
            document_type=kind,
            document=f"{kind}-{self.count}",
        )

    def id_of(self, origin: Origin) -> str:
        return amendment_id(self.record.id, origin.endpoint, origin.document_type, origin.document)

    # What systems do.

    def works(self, system: int, choices: Sequence[int]) -> None:
        """A system carries out the oldest instruction that it has not looked at."""
        name = list(self.waiting)[system % len(self.waiting)]
        if self.waiting[name]:
            one = self.waiting[name].pop(0)
            self.coming += self.systems[name].told(one.instruction, chain(choices, _WILLING))

    def goes_on(self, system: int, place: int) -> None:
        """A system comes further with something."""
        name = list(self.systems)[system % len(self.systems)]
        self.coming += self.systems[name].goes_on(place)

    def hears(self, place: int, *, again: bool = False) -> None:
        """One of the replies that are under way comes, or one that came before, once more."""
        among = self.heard if again else self.coming
        if among:
            reply = among[place % len(among)]
            if not again:
                self.coming.remove(reply)
                self.heard.append(reply)
            self.now += timedelta(minutes=1)
            self.took(fold_reply(self.record, reply, self.world, self.now))

    def fires(self) -> None:
        """The next timer comes due."""
        if self.timers:
            timer = min(self.timers.values(), key=lambda one: (one.due, one.key))
            del self.timers[timer.key]
            self.now = max(self.now, timer.due)
            self.do(lambda: fold_timer(self.record, timer, self.world, self.now))

    # What channels ask for.

    def amends(self, command: AmendOrder) -> None:
        """An amendment comes."""
        id_ = self.id_of(command.origin)
        self.do(lambda: amend(self.record, command, id_, self.world, self.now))

    def delta(self, channel: int, *wishes: int, atomic: bool = False, stale: bool = False) -> None:
        """One or more wishes in one document."""
        change: dict[str, ItemPatch] = {}
        add: list[OrderItem] = []
        remove: list[str] = []
        fields: OrderPatch | None = None
        names = [one.id for one in every_item(self.order.product_order_item)]
        for wish in wishes:
            kind, rest = wish % 8, wish // 8
            name = names[rest % len(names)]
            value = rest // len(names)
            if kind == 0:
                add.append(self._item(str(20 + len(add)), _KINDS[rest % 4], relies_on=value % 3))
            elif kind == 1 and name not in change and name not in remove:
                remove.append(name)
            elif kind == 2:
                fields = self._fields(rest)
            elif name not in change and name not in remove:
                change[name] = self._patch(name, kind, value)
        command = AmendOrder(
            origin=self.origin(channel, "change"),
            about=OrderRef(value="W-1"),
            scope=Scope.DELTA,
            change=tuple(change.values()),
            add=tuple(add),
            remove=tuple(remove),
            fields=fields,
            atomic=atomic,
            base=1 if stale else None,
        )
        self.amends(command)

    def becomes(self, name: str, offering: str) -> None:
        """An item is to be of another offering."""
        patch = ItemPatch(item=name, product_offering=OfferingRef(id=offering))
        origin = self.origin(0, "change")
        self.amends(AmendOrder(origin, OrderRef(value="W-1"), Scope.DELTA, change=(patch,)))

    @staticmethod
    def _fields(value: int) -> OrderPatch:
        if value % 2:
            return OrderPatch(
                place=(Place(role="deliveryAddress", place=Address(city=_CITIES[value // 2 % 2])),)
            )
        who = PartyRef(id=f"C-{value // 2 % 2}")
        return OrderPatch(related_party=(RelatedParty(role="customer", party_or_party_role=who),))

    def _patch(self, name: str, kind: int, value: int) -> ItemPatch:
        if kind in (3, 4):
            colour = Characteristic(name="color", value=_COLOURS[value % len(_COLOURS)])
            return ItemPatch(item=name, product_characteristic=(colour,))
        if kind == 5:
            return ItemPatch(item=name, quantity=1 + value % 3)
        now = next(one for one in every_item(self.order.product_order_item) if one.id == name)
        category = _KINDS[value % 4] if kind == 7 or now.category not in OFFERINGS else now.category
        return ItemPatch(item=name, product_offering=OfferingRef(id=OFFERINGS[category][value // 4 % 2]))

    def whole(self, channel: int, wish: int) -> None:
        """The order as it is, without some item, or with another colour of one."""
        alive = [one for one in self.order.product_order_item if one.state is not State.CANCELLED]
        if not alive:
            return
        place, what = wish % len(alive), wish // len(alive)
        one = alive[place]
        if what % 2:
            left = [item for item in alive if item is not one] or alive
        else:
            values = (Characteristic(name="color", value=_COLOURS[what // 2 % len(_COLOURS)]),)
            new = msgspec.structs.replace(one, product=Product(product_characteristic=values))
            left = [new if item is one else item for item in alive]
        said = tuple(msgspec.structs.replace(item, state=None, cause=None) for item in left)
        command = AmendOrder(
            origin=self.origin(channel, "whole"),
            about=OrderRef(value="W-1"),
            scope=Scope.WHOLE,
            order=OrderContent(product_order_item=said),
        )
        self.amends(command)

    def cancels(self, channel: int, which: int, *, possible: bool) -> None:
        """The order, or one item of it."""
        names = [one.id for one in every_item(self.order.product_order_item)]
        items = () if which % 5 == 0 else (names[which // 5 % len(names)],)
        command = CancelOrder(
            origin=self.origin(channel, "cancel"),
            about=OrderRef(value="W-1"),
            items=items,
            scope=CancelScope.WHAT_IS_POSSIBLE if possible else CancelScope.ALL,
        )
        id_ = self.id_of(command.origin)
        self.do(lambda: cancel(self.record, command, id_, self.world, self.now))

    def questions(self) -> list[str]:
        """The questions that wait for the customer."""
        return [
            piece.question
            for one in self.record.amendments
            for piece in one.amendment.pieces
            if piece.state is PieceState.AWAITING_CUSTOMER
        ]

    def answers(self, channel: int, place: int, *, yes: bool) -> None:
        """The customer's word on one of them."""
        if asked := self.questions():
            command = Answer(
                origin=self.origin(channel, "answer"),
                about=OrderRef(value="W-1"),
                question=asked[place % len(asked)],
                accepted=yes,
            )
            self.do(lambda: answer(self.record, command, self.world, self.now))

    # What a person does.

    def settles(self, place: int, *, gives_up: bool = False) -> None:
        """A person looks at something that is held, makes it so at its system, and says that it is."""
        found = held(self.record)
        if not found:
            return
        one = found[place % len(found)]
        where, name = one.line.key, self.record.part(one.line.part).system
        if self.waiting[name] or any(one.system == name for one in self.coming):
            return  # its word is on the way
        system = self.systems[name]
        undo = one.step is not None and one.step.verb is Verb.UNDO
        kind = ActKind.CANCEL if gives_up else ActKind.COMPLETE
        ended = one.line.state.terminal and one.line.state is not State.COMPLETED
        if (one.step is None and gives_up) or (undo and not gives_up) or ended:
            system.loses(where)
        elif not undo or where not in system.has:
            content = said_of(where[0], self._meant(one, gives_up=gives_up), self.order)
            system.gets(where, content, done=one.step is None)
        self._acts(kind, one)

    def _meant(self, one: Held, *, gives_up: bool) -> OrderItem:
        """How an item is to be at its system."""
        told = [line.item for line in one.sent.lines if line.item.id == one.line.item] if one.sent else []
        if one.step is not None and told and not gives_up:
            return told[0]
        if one.step is not None and not gives_up and (wanted := self._wished(one)) is not None:
            return wanted
        return next(item for item in every_item(self.order.product_order_item) if item.id == one.line.item)

    def _wished(self, one: Held) -> OrderItem | None:
        """How the change wants an item whose system cannot be told of it."""
        if one.step is None:
            return None
        item = next(item for item in every_item(self.order.product_order_item) if item.id == one.line.item)
        for amending in self.record.amendments:
            if amending.amendment.id == one.step.cause:
                for change in amending.amendment.pieces[one.step.piece - 1].changes:
                    if change.item == item.id:
                        return merged(item, change)
        return None

    def tells_again(self, place: int) -> None:
        """A person has something told again that is held."""
        if found := held(self.record):
            self._acts(ActKind.RETRY, found[place % len(found)])

    def _acts(self, kind: ActKind, one: Held) -> None:
        self.count += 1
        chosen = Chosen(part=one.line.part, item=one.line.item, code=one.code)
        act = Act(id=f"act-{self.count}", kind=kind, by="cli:ada", why="looked at", chosen=chosen)
        self.do(lambda: carry_out(self.record, act, self.world, self.now))

    # To the end.

    def runs_out(self, limit: int = 600) -> None:
        """
        Everybody does what is asked: systems agree, replies come, questions are answered, a person settles
        what is held.
        """
        for _ in range(limit):
            if self.moves_on():
                continue
            acts = len(self.acts)
            for place in range(len(self.questions())):
                self.answers(0, place, yes=True)
                if len(self.acts) > acts:
                    break
            if len(self.acts) > acts:
                continue
            # None of them can be answered while a change of the same is under way.
            if held(self.record):
                self.settles(0)
            else:
                return
        raise AssertionError(f"no end after {limit} acts")

    def moves_on(self, times: int = 1) -> bool:
        """Systems do what they are told, and are heard; False when they have nothing to do."""
        moved = True
        for _ in range(times):
            busy = [place for place, told in enumerate(self.waiting.values()) if told]
            going = [place for place, one in enumerate(self.systems.values()) if one.open()]
            if self.coming:
                self.hears(0)
            elif busy:
                self.works(busy[0], ())
            elif going:
                self.goes_on(going[0], 0)
            else:
                moved = False
        return moved

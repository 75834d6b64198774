"""
One order in the shipped world (its routes, catalogue and systems), and what is done to it, act by act.

No bytes and no broker: commands and replies go straight into the fold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache, partial

import msgspec

from adapters.outbound.billing import BillingAdapter
from adapters.outbound.crm import CrmAdapter
from adapters.outbound.oss_internet import OssInternetAdapter
from adapters.outbound.oss_mobile import OssMobileAdapter
from adapters.outbound.warehouse import WarehouseAdapter
from canonical.amendments import Amendment, CancelScope, ItemPatch, Scope
from canonical.commands import AmendOrder, Answer, CancelOrder, OrderRef, Origin, SubmitOrder
from canonical.keys import amendment_id
from canonical.notices import NoticeKind
from canonical.order import (
    Characteristic,
    OfferingRef,
    Order,
    OrderContent,
    OrderItem,
    Product,
    every_item,
)
from canonical.replies import LineReply, Reference, Reply
from canonical.states import Action
from canonical.systems import SystemProfile
from orderloom.correlation.changing import amend, answer, cancel
from orderloom.correlation.fold import accept, draft_order, fold_timer
from orderloom.correlation.fold_reply import fold_reply
from orderloom.correlation.folded import Folded, World
from orderloom.correlation.overlay import shown_lines
from orderloom.correlation.record import Instructed, Record
from orderloom.rules import default_folder, load
from routes.amend import propose
from routes.catalogue import fill
from routes.model import RuleSet
from routes.plan import make_plan

__all__ = ["CAPTURE", "NOON", "Shop", "changed", "colour", "item", "profiles"]

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
CAPTURE = "web.portal"

ADAPTERS = (CrmAdapter, WarehouseAdapter, OssInternetAdapter, OssMobileAdapter, BillingAdapter)

# The word of each system for "done".
DONE: Mapping[str, str] = {
    "crm": "OK",
    "warehouse": "CC",
    "oss.internet": "completed",
    "oss.mobile": "0",
    "billing": "00",
}


@cache
def rules() -> RuleSet:
    """The shipped rules."""
    return load(default_folder(), profiles())


@cache
def profiles() -> Mapping[str, SystemProfile]:
    """What the shipped systems can do."""
    return {one.profile.name: one.profile for one in ADAPTERS}


def colour(value: str) -> Characteristic:
    """A product's colour."""
    return Characteristic(name="color", value=value)


def item(name: str, offering: str, *values: Characteristic, **more: object) -> OrderItem:
    """One item to be added."""
    return OrderItem(
        id=name,
        action=Action.ADD,
        product_offering=OfferingRef(id=offering),
        product=Product(product_characteristic=values),
        **more,  # type: ignore[arg-type]
    )


def changed(name: str, offering: str = "", *values: Characteristic, quantity: int | None = None) -> ItemPatch:
    """What is to change of an item."""
    return ItemPatch(
        item=name,
        product_offering=OfferingRef(id=offering) if offering else None,
        product_characteristic=values,
        quantity=quantity,
    )


class Shop:
    """
    One order from its acceptance on.

    ``last`` is what the last act brought about; ``acts`` is everything that any act has.
    """

    def __init__(
        self, *items: OrderItem, among: RuleSet | None = None, starts: datetime | None = None
    ) -> None:
        self.rules = among or rules()
        plan = partial(self._propose)
        self.world = World(profiles(), self.rules.references.endpoints, plan)
        self.now = NOON
        self.acts: list[Folded] = []
        self.numbers = 0
        wanted = OrderContent(product_order_item=items, requested_start_date=starts)
        content = fill(wanted, self.rules.references)
        origin = Origin(channel="web", endpoint=CAPTURE, document_type="ProductOrder", document="W-1")
        order = draft_order(SubmitOrder(origin=origin, order=content), content, self.rules.version, NOON)
        self.took(accept(order, make_plan(order, self.rules, profiles()), self.world, self.now))

    def _propose(self, order: Order, command: AmendOrder):
        return propose(order, command, self.rules, profiles())

    def took(self, folded: Folded) -> Folded:
        self.acts.append(folded)
        return folded

    @property
    def record(self) -> Record:
        return self.acts[-1].record

    @property
    def order(self) -> Order:
        return self.record.order

    # What is done.

    def later(self, minutes: float = 1) -> None:
        self.now += timedelta(minutes=minutes)

    def _origin(self, endpoint: str, kind: str) -> Origin:
        self.numbers += 1
        channel = endpoint.split(".", maxsplit=1)[0]
        return Origin(
            channel=channel, endpoint=endpoint, document_type=kind, document=f"{kind}-{self.numbers}"
        )

    def amend(
        self,
        *change: ItemPatch,
        add: Sequence[OrderItem] = (),
        remove: Sequence[str] = (),
        endpoint: str = CAPTURE,
        **more: object,
    ) -> Amendment:
        """A delta; returns the amendment as it is right after."""
        self.later()
        command = AmendOrder(
            origin=self._origin(endpoint, "change"),
            about=OrderRef(value="W-1"),
            scope=Scope.DELTA,
            change=change,
            add=tuple(add),
            remove=tuple(remove),
            **more,  # type: ignore[arg-type]
        )
        return self.change(command)

    def whole(self, *items: OrderItem, endpoint: str = CAPTURE, **more: object) -> Amendment:
        """The order once more, as it shall be."""
        self.later()
        command = AmendOrder(
            origin=self._origin(endpoint, "whole"),
            about=OrderRef(value="W-1"),
            scope=Scope.WHOLE,
            order=OrderContent(product_order_item=items, **more),  # type: ignore[arg-type]
        )
        return self.change(command)

    def change(self, command: AmendOrder) -> Amendment:
        """An amendment, as it comes."""
        origin = command.origin
        id_ = amendment_id(self.record.id, origin.endpoint, origin.document_type, origin.document)
        self.took(amend(self.record, command, id_, self.world, self.now))
        return self.amendment(id_)

    def cancel(
        self,
        *items: str,
        scope: CancelScope = CancelScope.ALL,
        endpoint: str = CAPTURE,
        reason: str = "",
    ) -> str:
        """A cancel; returns the id of its task."""
        self.later()
        command = CancelOrder(
            origin=self._origin(endpoint, "cancel"),
            about=OrderRef(value="W-1"),
            items=items,
            scope=scope,
            reason=reason,
        )
        origin = command.origin
        id_ = amendment_id(self.record.id, origin.endpoint, origin.document_type, origin.document)
        self.took(cancel(self.record, command, id_, self.world, self.now))
        return id_

    def answer(self, question: str, *, yes: bool, endpoint: str = CAPTURE) -> Folded:
        """The customer's word."""
        self.later()
        command = Answer(
            origin=self._origin(endpoint, "answer"),
            about=OrderRef(value="W-1"),
            question=question,
            accepted=yes,
        )
        return self.took(answer(self.record, command, self.world, self.now))

    def says(
        self, part: str, word: str = "", *, verb: str = "do", lines: Sequence[int] = (), nth: int = -1
    ) -> Folded:
        """The system of a part answers the last instruction with this verb (or an earlier one)."""
        self.later()
        sent = [one for one in self.record.instructions if (one.part, one.verb) == (part, verb)][nth]
        return self.hears(self.reply(sent, word, lines))

    def reply(self, sent: Instructed, word: str = "", lines: Sequence[int] = ()) -> Reply:
        """An answer to an instruction; the system's word for "done" unless there is another."""
        self.numbers += 1
        said = word or DONE[sent.system]
        return Reply(
            system=sent.system,
            key=f"R-{self.numbers}",
            about=(Reference(type="key", value=sent.key),),
            word="" if lines else said,
            lines=tuple(LineReply(word=said, line=one) for one in lines),
        )

    def hears(self, reply: Reply) -> Folded:
        return self.took(fold_reply(self.record, reply, self.world, self.now))

    def done_changes(self, *told: str) -> None:
        """``mobile modify``, ``billing-mobile undo``… are carried out, each the last of its kind."""
        for one in told:
            part, verb = one.split()
            changed = {
                ("warehouse", "modify"): "TA",
                ("warehouse", "undo"): "TA",
                ("internet", "undo"): "done",
            }
            self.says(part, changed.get((part, verb), "changed" if part == "internet" else ""), verb=verb)

    def due(self, kind: str, told: str = "") -> Folded:
        """The newest timer of this kind has come; of an answer, perhaps of what a part was told to do."""
        part, _, verb = told.partition(" ")
        keys = {
            one.key for one in self.record.instructions if not told or (one.part, one.verb) == (part, verb)
        }
        timers = [one for act in self.acts for one in act.timers if one.kind == kind]
        timer = [one for one in timers if one.data.get("key") in keys or not told][-1]
        self.now = max(self.now, timer.due)
        return self.took(fold_timer(self.record, timer, self.world, self.now))

    def done(self, *parts: str) -> None:
        """These parts are carried out."""
        for part in parts:
            self.says(part)

    # How it is.

    def sent(self) -> list[str]:
        """What was sent in the last act: ``mobile modify [1]`` with the lines' items."""
        return [
            f"{one.instruction.part} {one.instruction.verb} "
            f"[{' '.join(line.item.id for line in one.instruction.lines)}]"
            for one in self.acts[-1].dispatches
        ]

    def all_sent(self, since: int = 0) -> list[str]:
        """As :meth:`sent`, of all acts from one on."""
        return [
            f"{one.instruction.part} {one.instruction.verb} "
            f"[{' '.join(line.item.id for line in one.instruction.lines)}]"
            for act in self.acts[since:]
            for one in act.dispatches
        ]

    def lines(self) -> dict[str, str]:
        """The state of each line as it is shown, by ``part/item``."""
        record = self.record
        shown = shown_lines({one.key: one for one in record.lines}, record.steps)
        return {f"{part}/{name}": one.state.value for (part, name), one in shown.items()}

    def item(self, name: str) -> OrderItem:
        return next(one for one in every_item(self.order.product_order_item) if one.id == name)

    def amendment(self, id_: str) -> Amendment:
        return next(one.amendment for one in self.record.amendments if one.amendment.id == id_)

    def told(self, endpoint: str = CAPTURE) -> list[NoticeKind]:
        """The kinds of the last act's notices to an endpoint."""
        return [one.kind for one in self.acts[-1].notices if one.endpoint == endpoint]

    def value(self, name: str, characteristic: str) -> str | None:
        """What a characteristic of an item is in force."""
        found = next(one for one in self.order.product_order_item if one.id == name)
        return found.product.value(characteristic)

    def offering(self, name: str) -> str:
        """Which offering an item is in force."""
        return next(one for one in self.order.product_order_item if one.id == name).product_offering.id

    def bare(self) -> Record:
        """The record without what grows with each act."""
        return msgspec.structs.replace(self.record, told=())

"""
The conditions of a route's ``when``: each looks at an order, says yes or no, and says what it saw.

Data and no expressions, so that ``routes check`` can prove of two routes that no order matches both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter

from canonical.errors import shown
from canonical.order import ChannelRole, Order, OrderItem, every_item
from canonical.references import Offering

from .selectors import WORK, Selector, Wanted

__all__ = ["Clause", "Facts", "FieldIs", "HasItem", "PartyIs", "StartGiven", "contradict"]

# What `when` may ask of the order itself; an endpoint's id begins with its channel.
_FIELDS = {
    "channel": attrgetter("channel"),
    "endpoint": attrgetter("endpoint"),
    "category": attrgetter("order.category"),
}

# Explanations are read by people: five ids tell what fifty would.
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Facts:
    """
    What conditions look at.

    Args:
        channel: The channel that captured the order, and below the endpoint; empty when nobody did.
        items: Every item, bundles before what they hold.
        work: The items to be served: those without items of their own whose action is not noChange.
    """

    order: Order
    channel: str
    endpoint: str
    items: tuple[OrderItem, ...]
    work: tuple[OrderItem, ...]

    @classmethod
    def of(cls, order: Order) -> Facts:
        """The facts of ``order``, whose categories must have been filled in."""
        items = tuple(every_item(order.product_order_item))
        work = tuple(item for item in items if not item.product_order_item and item.action in WORK)
        origin = next((one for one in order.channel if one.role is ChannelRole.CAPTURE), None)
        if origin is None:
            return cls(order, "", "", items, work)
        return cls(order, origin.channel.id, origin.endpoint, items, work)


@dataclass(frozen=True, slots=True)
class FieldIs:
    """The order's channel, endpoint or category is what is wanted."""

    field: str
    wanted: Wanted

    def holds(self, facts: Facts) -> bool:
        return self.wanted.fits(_FIELDS[self.field](facts))

    def saw(self, facts: Facts) -> str:
        value = _FIELDS[self.field](facts)
        return f"{self.field} is {shown(value)}" if value else f"no {self.field} is given"

    def __str__(self) -> str:
        return f"{self.field} {self.wanted}"


@dataclass(frozen=True, slots=True)
class PartyIs:
    """The id of the first party in ``role`` is what is wanted."""

    role: str
    wanted: Wanted

    def holds(self, facts: Facts) -> bool:
        party = facts.order.party(self.role)
        return party is not None and self.wanted.fits(party.id)

    def saw(self, facts: Facts) -> str:
        party = facts.order.party(self.role)
        return f"{self.role} is {shown(party.id)}" if party else f"no {self.role} is given"

    def __str__(self) -> str:
        return f"{self.role} {self.wanted}"


@dataclass(frozen=True, slots=True)
class StartGiven:
    """The order has a requested start date, or (``given`` false) has none."""

    given: bool

    def holds(self, facts: Facts) -> bool:
        return (facts.order.requested_start_date is not None) is self.given

    def saw(self, facts: Facts) -> str:
        date = facts.order.requested_start_date
        return f"requested start is {date.isoformat()}" if date else "no requested start is given"

    def __str__(self) -> str:
        return "a requested start is given" if self.given else "no requested start is given"


@dataclass(frozen=True, slots=True)
class HasItem:
    """Some item (bundles count too) is of this kind, or (``some`` false) none is."""

    selector: Selector
    some: bool = True

    def holds(self, facts: Facts) -> bool:
        takes = self.selector.takes
        return any(takes(item) for item in facts.items) is self.some

    def saw(self, facts: Facts) -> str:
        ids = [item.id for item in facts.items if self.selector.takes(item)]
        more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
        return f"item {', '.join(ids[:_NAMED])}{more}" if ids else f"none of {len(facts.items)} items"

    def __str__(self) -> str:
        return f"{'some' if self.some else 'no'} item's {self.selector}"


Clause = FieldIs | PartyIs | StartGiven | HasItem


def contradict(some: Sequence[Clause], others: Sequence[Clause], offerings: Mapping[str, Offering]) -> bool:
    """Whether it is certain that no order fulfils all of both lists; False also means "not known"."""
    everything = (*some, *others)
    return any(
        _exclude(one, other, offerings)
        for place, one in enumerate(everything)
        for other in everything[place + 1 :]
    )


def _exclude(one: Clause, other: Clause, offerings: Mapping[str, Offering]) -> bool:
    match one, other:
        case FieldIs(), FieldIs():
            return _fields_exclude(one, other)
        case PartyIs(), PartyIs():
            return one.role == other.role and not one.wanted.overlaps(other.wanted)
        case StartGiven(), StartGiven():
            return one.given is not other.given
        case HasItem(some=True), HasItem(some=False):
            return one.selector.within(other.selector, offerings)
        case HasItem(some=False), HasItem(some=True):
            return other.selector.within(one.selector, offerings)
    return False


def _fields_exclude(one: FieldIs, other: FieldIs) -> bool:
    if one.field == other.field:
        return not one.wanted.overlaps(other.wanted)
    if {one.field, other.field} == {"channel", "endpoint"}:
        channel, endpoint = (one, other) if one.field == "channel" else (other, one)
        return not any(channel.wanted.fits(name.partition(".")[0]) for name in endpoint.wanted.one_of)
    return False

"""
Recommendations: rules that say what a channel should propose because of what happened, or of what is ordered.

A rule has one trigger (an interaction, an item of an order, a draft that lapsed) and may want something to
have happened before.  With ``ask_first`` an order waits for the customer's answer.  Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from canonical.order import OfferingRef, OrderContent, every_item

from .selectors import Selector

__all__ = ["After", "Happened", "RecommendationRule", "Trigger", "on_abandoned", "on_interaction", "on_order"]


class Happened(NamedTuple):
    """An interaction of the customer's."""

    kind: str
    at: datetime


@dataclass(frozen=True, slots=True)
class After:
    """An interaction of one of these kinds within so many seconds before."""

    kinds: frozenset[str]
    within: int

    def holds(self, happened: Iterable[Happened], now: datetime) -> bool:
        """Whether there is one."""
        since = now - timedelta(seconds=self.within)
        return any(one.kind in self.kinds and one.at >= since for one in happened)


@dataclass(frozen=True, slots=True)
class Trigger:
    """What a rule waits for: exactly one of the three."""

    kinds: frozenset[str] = frozenset()
    items: Selector | None = None
    abandoned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RecommendationRule:
    """
    One rule.

    Args:
        offering: What a yes orders.
        text: The proposal in words for the customer; ``reason`` and ``apology`` for whoever speaks with him.
        valid_for: Seconds that it stands.
        channels: Where it is shown.
        at_most: So many to one customer in ``per`` seconds.
        ask_first: The order waits for the answer, for ``answer_by`` seconds at most.
    """

    name: str
    why: str
    file: str
    trigger: Trigger
    after: After | None = None
    offering: OfferingRef
    text: str
    reason: str = ""
    apology: str = ""
    valid_for: int
    channels: frozenset[str]
    at_most: int = 1
    per: int
    ask_first: bool = False
    answer_by: int | None = None

    def fits(self, happened: Iterable[Happened], made: Iterable[datetime], now: datetime) -> bool:
        """
        Whether it may be made now.

        Args:
            happened: The customer's interactions.
            made: When this rule's recommendations were made to the customer.
        """
        if self.after is not None and not self.after.holds(happened, now):
            return False
        since = now - timedelta(seconds=self.per)
        return sum(at > since for at in made) < self.at_most


def on_interaction(rules: Sequence[RecommendationRule], kind: str) -> list[RecommendationRule]:
    """The rules that an interaction of this kind triggers."""
    return [one for one in rules if kind in one.trigger.kinds]


def on_order(rules: Sequence[RecommendationRule], content: OrderContent) -> list[RecommendationRule]:
    """The rules that some item of an order triggers; categories must have been filled in."""
    items = tuple(every_item(content.product_order_item))
    return [
        one for one in rules if one.trigger.items is not None and any(map(one.trigger.items.takes, items))
    ]


def on_abandoned(rules: Sequence[RecommendationRule]) -> list[RecommendationRule]:
    """The rules that a draft triggers when it lapses."""
    return [one for one in rules if one.trigger.abandoned]

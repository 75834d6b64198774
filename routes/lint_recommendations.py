"""
What is wrong with recommendations: offers that nobody sells or serves, rules that can never be used.
"""

from __future__ import annotations

from collections.abc import Iterator

from canonical.errors import Fault, shown

from .documents import Kind
from .draft import Draft, Placed
from .recommendations import RecommendationRule

__all__ = ["lint_recommendations"]


def lint_recommendations(draft: Draft) -> Iterator[Fault]:
    """Every fault in the recommendations that a schema cannot see."""
    seen: dict[str, Placed[RecommendationRule]] = {}
    for placed in draft.recommendations:
        rule = placed.value
        first = seen.setdefault(rule.name, placed)
        if first is not placed:
            where = f"first at {first.fault((), '').where}"
            yield placed.fault(("name",), f"recommendation {shown(rule.name)} stands twice", where)
        yield from _asked(placed)
        if Kind.CATALOGUE not in draft.broken:
            yield from _offered(placed, draft)


def _asked(placed: Placed[RecommendationRule]) -> Iterator[Fault]:
    rule = placed.value
    if rule.ask_first and rule.trigger.items is None:
        yield placed.fault(("ask_first",), "there is no order that could wait", "only with when.order")
    if rule.ask_first and rule.answer_by is None:
        yield placed.fault(("ask_first",), "nobody says how long the order waits", "answer_by")
    if rule.answer_by is not None and not rule.ask_first:
        yield placed.fault(("answer_by",), "no order waits for the answer", "only with ask_first")


def _offered(placed: Placed[RecommendationRule], draft: Draft) -> Iterator[Fault]:
    rule, catalogue = placed.value, draft.catalogue
    if rule.offering.id not in catalogue:
        what = f"unknown offering {shown(rule.offering.id)}"
        yield placed.fault(("offer",), what, f"one of {', '.join(sorted(catalogue))}")
    elif Kind.ROUTES not in draft.broken and not _served(rule, draft):
        yield placed.fault(("offer",), f"no part serves {rule.offering.id}", "an offering that is fulfilled")
    items = rule.trigger.items
    if items is not None and not items.offered(catalogue):
        yield placed.fault(("when", "order"), f"no offering fits: {items}")


def _served(rule: RecommendationRule, draft: Draft) -> bool:
    parts = (part for placed in draft.routes for part in placed.value.parts)
    return rule.offering.id not in draft.bundles and any(
        rule.offering.id in part.items.offered(draft.catalogue) for part in parts
    )

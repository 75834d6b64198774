"""
Why an order is planned as it is: its parts with their reasons, and what every route saw in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from canonical.base import Canonical, Id, Text
from canonical.errors import Fault, Rejected
from canonical.order import Order
from canonical.plan import PartPlan
from canonical.systems import SystemProfile

from .conditions import Clause, Facts
from .model import Route, RuleSet
from .plan import make_plan

__all__ = ["ClauseVerdict", "Explanation", "RouteVerdict", "explain", "explained"]


class ClauseVerdict(Canonical, frozen=True):
    """One condition, whether it holds, and what was found in the order."""

    clause: Text
    holds: bool
    saw: Text


class RouteVerdict(Canonical, frozen=True):
    """Whether a route takes the order, with all its conditions; one without conditions takes any."""

    route: Id
    takes: bool
    why: Text
    file: Text
    clauses: tuple[ClauseVerdict, ...]


class Explanation(Canonical, frozen=True):
    """The plan of one order and why; ``fault`` instead of parts when it cannot be planned."""

    rules_version: Id
    parts: tuple[PartPlan, ...]
    routes: tuple[RouteVerdict, ...]
    fault: Fault | None = None


def explain(order: Order, rules: RuleSet, profiles: Mapping[str, SystemProfile]) -> Explanation:
    """Plan ``order`` and say why; an order that cannot be planned is explained too."""
    facts = Facts.of(order)
    verdicts = tuple(_route(route, facts) for route in rules.routes)
    try:
        plan = make_plan(order, rules, profiles)
    except Rejected as error:
        return Explanation(rules_version=rules.version, parts=(), routes=verdicts, fault=error.fault)
    return Explanation(rules_version=rules.version, parts=plan.parts, routes=verdicts)


def explained(explanation: Explanation) -> tuple[str, ...]:
    """The same for people, line by line."""
    return tuple(_lines(explanation))


def _route(route: Route, facts: Facts) -> RouteVerdict:
    clauses = tuple(_clause(clause, facts) for clause in route.when)
    return RouteVerdict(
        route=route.name, takes=route.takes(facts), why=route.why, file=route.file, clauses=clauses
    )


def _clause(clause: Clause, facts: Facts) -> ClauseVerdict:
    return ClauseVerdict(clause=str(clause), holds=clause.holds(facts), saw=clause.saw(facts))


def _lines(explanation: Explanation) -> Iterator[str]:
    yield f"rules {explanation.rules_version}"
    if explanation.fault:
        yield f"no plan: {explanation.fault}"
    for part in explanation.parts:
        yield from _part(part, len(explanation.parts))
    for verdict in explanation.routes:
        yield from _verdict(verdict)


def _part(part: PartPlan, total: int) -> Iterator[str]:
    waits = f", after {', '.join(part.after)}" if part.after else ""
    check = "check" if part.valid_for is None else f"check, good for {part.valid_for} s"
    marks = "".join(f", {mark}" for mark, has in ((check, part.check), ("optional", part.optional)) if has)
    calendar = f" of calendar {part.calendar}" if part.calendar else ""
    due = f", due {part.due}{calendar}" if part.due else ""
    head = f"part {part.number}/{total} {part.name}: {part.system}"
    yield f"{head}, items {', '.join(part.items)}{waits}{marks}{due}"
    if change := _change(part):
        yield f"  a change {change}"
    yield f"  because route {part.reason.route} takes it ({part.reason.clause}): {part.reason.why}"


def _change(part: PartPlan) -> str:
    """What a change of it costs, and from when on there can be none; empty when it is always free."""
    said = []
    if part.soft_ponr and part.change_charge is not None:
        price = part.change_charge.price
        said.append(f"costs {price.value} {price.unit} from {part.soft_ponr} on")
    if part.hard_ponr:
        said.append(f"is refused from {part.hard_ponr} on")
    return ", ".join(said)


def _verdict(verdict: RouteVerdict) -> Iterator[str]:
    yield f"route {verdict.route} {'takes' if verdict.takes else 'does not take'} the order ({verdict.file})"
    for clause in verdict.clauses:
        yield f"  {'yes' if clause.holds else 'no '}  {clause.clause} (found: {clause.saw})"
    if not verdict.clauses:
        yield "  yes  any order"

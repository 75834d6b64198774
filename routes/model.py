"""
Rules as values: routes with their parts and tests, and the rule set of one version that planning works with.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from canonical.calendars import Calendar
from canonical.errors import Fault
from canonical.plan import AskRule, ChangeCharge, OnFallout, Reason
from canonical.references import References

from .conditions import Clause, Facts
from .recommendations import RecommendationRule
from .selectors import ALL_WORK, Selector

__all__ = ["CalendarRule", "PartRule", "Route", "RouteTest", "RuleSet", "Step"]


@dataclass(frozen=True, slots=True)
class PartRule:
    """A part as a route declares it; field by field what :class:`canonical.plan.PartPlan` says."""

    name: str
    system: str
    items: Selector = ALL_WORK
    after: tuple[str, ...] = ()
    due: str = ""
    calendar: str = ""
    answer_within: int | None = None
    optional: bool = False
    check: bool = False
    valid_for: int | None = None
    on_fallout: OnFallout = OnFallout.HOLD
    concerns: tuple[str, ...] = ()
    soft_ponr: str = ""
    hard_ponr: str = ""
    change_charge: ChangeCharge | None = None
    ask: AskRule | None = None


@dataclass(frozen=True, slots=True)
class CalendarRule:
    """A calendar, and the systems that work by it unless a part says otherwise."""

    calendar: Calendar
    why: str
    file: str
    systems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RouteTest:
    """
    An order and what must become of it.

    Args:
        order: Name of the sample among the rule files, ``routes/samples/….json``.
        expect: Names of all parts of the plan, in the order of their numbers.
        expect_error: Code of the refusal, when the order must not be planned.
    """

    order: str
    expect: tuple[str, ...] = ()
    expect_error: str = ""
    channel: str = ""
    endpoint: str = ""


@dataclass(frozen=True, slots=True)
class Route:
    """One route; it takes an order when every clause of ``when`` holds, so an empty one takes any order."""

    name: str
    why: str
    file: str
    when: tuple[Clause, ...]
    parts: tuple[PartRule, ...]
    tests: tuple[RouteTest, ...]

    def takes(self, facts: Facts) -> bool:
        """Whether this route adds its parts to the order's plan."""
        return all(clause.holds(facts) for clause in self.when)

    @property
    def clause(self) -> str:
        """``when`` in words."""
        return "; ".join(str(clause) for clause in self.when) or "any order"


@dataclass(frozen=True, slots=True)
class Step:
    """A part made ready for planning: the index of its route, and the reason that all plans give for it."""

    route: int
    part: PartRule
    reason: Reason


@dataclass(frozen=True, slots=True)
class RuleSet:
    """
    Routes, catalogue and endpoints of one version, found sound.

    Args:
        version: ``r-`` and 12 hexadecimal digits of the SHA-256 of all rule texts but the samples.
        steps: The parts of all routes, each after everything it can wait for, checks first.
        warnings: What is allowed and yet likely a mistake: offerings that no part serves, parts without a
            ``due`` where others have one.
        samples: Text of each sample by its name, for the routes' tests.
        recommendations: What should be proposed to customers, by name.
        calendars: By name.
    """

    version: str
    routes: tuple[Route, ...]
    references: References
    steps: tuple[Step, ...]
    warnings: tuple[Fault, ...] = ()
    samples: Mapping[str, str] = field(default_factory=dict)
    recommendations: tuple[RecommendationRule, ...] = ()
    calendars: Mapping[str, Calendar] = field(default_factory=dict)

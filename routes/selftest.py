"""
The tests that routes carry: each sample order is planned, and the plan compared with what its test expects.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from canonical.errors import Rejected
from canonical.systems import SystemProfile

from .conditions import Facts
from .model import Route, RouteTest, RuleSet
from .plan import make_plan
from .trial import trial_order

__all__ = ["RouteTestResult", "selftest"]


@dataclass(frozen=True, slots=True)
class RouteTestResult:
    """
    What came of one test of a route.

    Args:
        number: 1-based place of the test in its route; 0 speaks of the route's tests together.
        fault: What differs, in words; empty when the test passed.
    """

    route: str
    file: str
    number: int
    order: str
    fault: str = ""

    @property
    def passed(self) -> bool:
        return not self.fault

    def __str__(self) -> str:
        name = f"{self.route} test {self.number} ({self.order})" if self.number else f"{self.route}"
        return f"{'ok  ' if self.passed else 'FAIL'} {name}" + (f": {self.fault}" if self.fault else "")


def selftest(rules: RuleSet, profiles: Mapping[str, SystemProfile]) -> tuple[RouteTestResult, ...]:
    """Run every test of every route; a route that none of its tests makes match has failed as well."""
    return tuple(result for route in rules.routes for result in _route(route, rules, profiles))


def _route(route: Route, rules: RuleSet, profiles: Mapping[str, SystemProfile]) -> Iterator[RouteTestResult]:
    reached = False
    for number, test in enumerate(route.tests, start=1):
        found, takes = _run(route, test, rules, profiles)
        reached = reached or takes
        fault = _difference(test, found)
        yield RouteTestResult(route.name, route.file, number, test.order, fault)
    if not reached:
        fault = "none of its tests has an order that the route takes"
        yield RouteTestResult(route.name, route.file, 0, "", fault)


def _run(
    route: Route, test: RouteTest, rules: RuleSet, profiles: Mapping[str, SystemProfile]
) -> tuple[tuple[str, ...] | Rejected, bool]:
    """Names of the plan's parts or the refusal, and whether the route takes the order."""
    try:
        order = trial_order(rules.samples[test.order], rules, test.channel, test.endpoint)
    except Rejected as error:
        return error, False
    takes = route.takes(Facts.of(order))
    try:
        return tuple(part.name for part in make_plan(order, rules, profiles).parts), takes
    except Rejected as error:
        return error, takes


def _difference(test: RouteTest, found: tuple[str, ...] | Rejected) -> str:
    if isinstance(found, Rejected):
        return "" if found.code == test.expect_error else f"expected {_expected(test)}, got {found}"
    return "" if found == test.expect else f"expected {_expected(test)}, got {', '.join(found)}"


def _expected(test: RouteTest) -> str:
    return test.expect_error or ", ".join(test.expect)

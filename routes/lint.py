"""
What is wrong with the routes as a whole: unknown names, parts named twice, circles, unreachable parts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from canonical.errors import CODES, Fault, shown
from canonical.ponr import COMPLETED, Ponr, parse_ponr
from canonical.references import Offering
from canonical.systems import SystemProfile

from .conditions import FieldIs, HasItem, contradict
from .documents import Kind
from .draft import Draft, Placed
from .lines import KeyPath
from .model import PartRule, Route, RouteTest
from .ordering import in_order, waits
from .selectors import Selector

__all__ = ["gaps", "lint_routes", "meeting"]

Meet = Callable[[int, int], bool]


def meeting(routes: Collection[Route], offerings: Mapping[str, Offering]) -> Meet:
    """Whether two routes, by index, can take one order; worked out once, as it is asked again and again."""
    apart = {
        (a, b)
        for (a, one), (b, other) in combinations(enumerate(routes), 2)
        if contradict(one.when, other.when, offerings)
    }
    return lambda a, b: (min(a, b), max(a, b)) not in apart


def lint_routes(draft: Draft, profiles: Mapping[str, SystemProfile]) -> Iterator[Fault]:
    """Every fault in the routes that a schema cannot see."""
    look = _Look(draft, meeting([placed.value for placed in draft.routes], draft.catalogue))
    for index, placed in enumerate(draft.routes):
        yield from look.route(index, placed)
        for place, part in enumerate(placed.value.parts):
            yield from _system(placed, place, part, profiles)
            yield from _points(placed, place, part, profiles)
            if part.valid_for is not None and not part.check:
                what = "nothing is reserved by it"
                yield placed.fault(("part", place, "valid_for"), what, "only with check = true")
            yield from look.part(index, placed, place)
        for place, test in enumerate(placed.value.tests):
            yield from look.test(placed, place, test)
    yield from look.cycles()
    yield from _currencies(draft)


def gaps(draft: Draft) -> Iterator[Fault]:
    """One warning for each category with offerings that no part serves: orders for them will be parked."""
    parts = [part for placed in draft.routes for part in placed.value.parts]
    served = {name for part in parts for name in part.items.offered(draft.catalogue)}
    unserved: dict[str, list[Placed[Offering]]] = {}
    for placed in draft.offerings:
        if placed.value.id not in served | draft.bundles:
            unserved.setdefault(placed.value.category, []).append(placed)
    for category, found in sorted(unserved.items()):
        names = ", ".join(placed.value.id for placed in found)
        yield found[0].fault(("category",), f"no part serves {names} of category {shown(category)}")


def _system(
    placed: Placed[Route], place: int, part: PartRule, profiles: Mapping[str, SystemProfile]
) -> Iterator[Fault]:
    if part.system not in profiles:
        what = f"unknown system {shown(part.system)}"
        yield placed.fault(("part", place, "system"), what, _one_of(profiles))


def _currencies(draft: Draft) -> Iterator[Fault]:
    """What the parts of one change cost is added up: all charges are in one currency."""
    first = ""
    for placed in draft.routes:
        for place, part in enumerate(placed.value.parts):
            if part.change_charge is None:
                continue
            unit = part.change_charge.price.unit
            first = first or unit
            if unit != first:
                what = f"a charge in {unit}, and others in {first}"
                yield placed.fault(("part", place, "change_charge"), what, "one currency for all")


def _points(
    placed: Placed[Route], place: int, part: PartRule, profiles: Mapping[str, SystemProfile]
) -> Iterator[Fault]:
    """Points of no return that can never come, and charges that nobody will ever be asked for."""
    profile = profiles.get(part.system)
    for key, text in (("soft_ponr", part.soft_ponr), ("hard_ponr", part.hard_ponr)):
        if not text or profile is None:
            continue
        point = parse_ponr(text)
        if point.seconds is None and point.name not in (*profile.milestones, COMPLETED):
            what = f"{part.system} has no milestone {shown(point.name)}"
            yield placed.fault(("part", place, key), what, _one_of((*profile.milestones, COMPLETED)))
    if part.soft_ponr and part.change_charge is None:
        yield placed.fault(("part", place, "soft_ponr"), "what a change costs is not said", "a change_charge")
    if part.change_charge is not None and not part.soft_ponr:
        yield placed.fault(("part", place, "change_charge"), "it is never asked for", "a soft_ponr")
    if profile is not None and part.soft_ponr and part.hard_ponr:
        soft, hard = parse_ponr(part.soft_ponr), parse_ponr(part.hard_ponr)
        if _no_earlier(soft, hard, (*profile.milestones, COMPLETED)):
            what = f"a change never costs anything: from {part.hard_ponr} on it is refused"
            yield placed.fault(("part", place, "soft_ponr"), what, "an earlier point than hard_ponr")


def _no_earlier(soft: Ponr, hard: Ponr, milestones: Sequence[str]) -> bool:
    """Whether one point surely comes with another or after it; a time and a milestone cannot be compared."""
    if soft.seconds is not None and hard.seconds is not None:
        return soft.name == hard.name and soft.seconds <= hard.seconds
    if soft.seconds is None and hard.seconds is None and {soft.name, hard.name} <= set(milestones):
        return milestones.index(soft.name) >= milestones.index(hard.name)
    return False


@dataclass(frozen=True, slots=True)
class _Look:
    """One look over all rules: what each check needs to know of the rest."""

    draft: Draft
    meet: Meet

    def route(self, index: int, placed: Placed[Route]) -> Iterator[Fault]:
        route = placed.value
        for earlier in self.draft.routes[:index]:
            if earlier.value.name == route.name:
                yield placed.fault(("name",), f"route {shown(route.name)} stands twice", _first(earlier))
        if contradict(route.when, (), self.draft.catalogue):
            yield placed.fault(("when",), f"no order can be both: {route.clause}")
        yield from self._endpoints(placed)
        for clause in route.when:
            if isinstance(clause, HasItem):
                key = "item" if clause.some else "no_item"
                yield from self._names(placed, ("when", key), clause.selector)

    def _endpoints(self, placed: Placed[Route]) -> Iterator[Fault]:
        known = {one.value.id for one in self.draft.endpoints}
        for clause in placed.value.when:
            if isinstance(clause, FieldIs) and clause.field == "endpoint":
                yield from self._known_endpoints(placed, ("when", "endpoint"), clause.wanted.one_of, known)

    def _names(self, placed: Placed[Route], path: KeyPath, selector: Selector) -> Iterator[Fault]:
        """Categories and offerings that the catalogue does not know, or does not have together."""
        if Kind.CATALOGUE in self.draft.broken:
            return
        catalogue = self.draft.catalogue
        categories = {one.category for one in catalogue.values()}
        unknown = [
            *_unknown(placed, (*path, "category"), selector.categories, categories),
            *_unknown(placed, (*path, "offering"), selector.offerings, catalogue),
        ]
        yield from unknown
        if not unknown and not selector.offered(catalogue):
            yield placed.fault(path, f"no offering fits: {selector}")

    def part(self, index: int, placed: Placed[Route], place: int) -> Iterator[Fault]:
        part = placed.value.parts[place]
        yield from self._twice(index, placed, place)
        yield from self._names(placed, ("part", place, "items"), part.items)
        yield from self._unreachable(placed, place)
        for name in part.after:
            yield from self._after(index, placed, place, name)

    def _twice(self, index: int, placed: Placed[Route], place: int) -> Iterator[Fault]:
        name = placed.value.parts[place].name
        if Kind.CATALOGUE in self.draft.broken:
            return  # which orders two routes share cannot be known without it
        for earlier, other in enumerate(self.draft.routes[: index + 1]):
            before = other.value.parts[:place] if earlier == index else other.value.parts
            if any(part.name == name for part in before) and self.meet(earlier, index):
                where = f"route {shown(other.value.name)}"
                what = f"part {shown(name)} is also in {where}, and one order can match both"
                yield placed.fault(
                    ("part", place, "name"), what, "another name, or conditions that exclude each other"
                )

    def _unreachable(self, placed: Placed[Route], place: int) -> Iterator[Fault]:
        catalogue, items = self.draft.catalogue, placed.value.parts[place].items
        path = ("part", place, "items")
        offered = items.offered(catalogue)
        if offered and offered <= self.draft.bundles:
            yield placed.fault(
                path, "only bundles fit, which are never served themselves", "the items they hold"
            )
        for clause in placed.value.when:
            if isinstance(clause, HasItem) and not clause.some and items.within(clause.selector, catalogue):
                yield placed.fault(path, f"the part can never serve an item: the route wants {clause}")

    def _after(self, index: int, placed: Placed[Route], place: int, name: str) -> Iterator[Fault]:
        path = ("part", place, "after")
        holders = [
            (other, part)
            for other, holder in enumerate(self.draft.routes)
            for part in holder.value.parts
            if part.name == name
        ]
        if not holders:
            if Kind.ROUTES not in self.draft.broken:
                yield placed.fault(path, f"unknown part {shown(name)}", _one_of(self._part_names()))
            return
        met = [part for other, part in holders if self.meet(index, other)]
        if not met:
            yield placed.fault(path, f"part {shown(name)} is never in the same plan")
        if placed.value.parts[place].check and not all(part.check for part in met):
            yield placed.fault(
                path, f"a check cannot wait for {shown(name)}, which is none", "checks run first"
            )

    def _part_names(self) -> set[str]:
        return {part.name for placed in self.draft.routes for part in placed.value.parts}

    def test(self, placed: Placed[Route], place: int, test: RouteTest) -> Iterator[Fault]:
        path: KeyPath = ("test", place)
        if test.order not in self.draft.samples:
            yield placed.fault((*path, "order"), f"no such sample: {test.order}", _one_of(self.draft.samples))
        if Kind.ROUTES not in self.draft.broken:
            yield from _unknown(placed, (*path, "expect"), test.expect, self._part_names(), "part")
        if test.expect_error and test.expect_error not in CODES:
            yield placed.fault((*path, "expect_error"), f"unknown error code {shown(test.expect_error)}")
        if test.endpoint:
            known = {one.value.id for one in self.draft.endpoints}
            yield from self._known_endpoints(placed, (*path, "endpoint"), [test.endpoint], known)
        if test.endpoint and test.channel not in {"", test.endpoint.partition(".")[0]}:
            yield placed.fault((*path, "channel"), f"{test.endpoint} is not an endpoint of {test.channel}")

    def _known_endpoints(
        self, placed: Placed[Route], path: KeyPath, names: Collection[str], known: Collection[str]
    ) -> Iterator[Fault]:
        if Kind.ENDPOINT not in self.draft.broken:
            yield from _unknown(placed, path, names, known)

    def cycles(self) -> Iterator[Fault]:
        routes = [placed.value for placed in self.draft.routes]
        for cycle in in_order(routes, waits(routes, self.meet))[1]:
            names = [routes[route].parts[part].name for route, part in cycle]
            route, part = cycle[0]
            said = " waits for ".join([*names, names[0]])
            yield self.draft.routes[route].fault(("part", part, "after"), f"parts wait in a circle: {said}")


def _unknown(
    placed: Placed[Route],
    path: KeyPath,
    names: Collection[str] | None,
    known: Collection[str],
    word: str = "",
) -> Iterator[Fault]:
    for name in sorted(set(names or ()) - set(known)):
        yield placed.fault(path, f"unknown {word or path[-1]} {shown(name)}", _one_of(known))


def _one_of(names: Collection[str]) -> str:
    return f"one of {', '.join(sorted(names))}" if names else "there are none"


def _first(placed: Placed[Route]) -> str:
    return f"first at {placed.fault((), '').where}"

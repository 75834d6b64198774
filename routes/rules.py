"""
Rules from texts: routes, catalogue and endpoints read, checked as a whole, and made ready for planning.

Either everything is sound, or nothing is used and every fault is told at once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace

from canonical.calendars import parse_due
from canonical.errors import Fault
from canonical.plan import Reason
from canonical.references import References
from canonical.systems import SystemProfile

from .documents import Document, Kind, RulesError, kind_of, read_document
from .draft import Draft
from .lint import gaps, lint_routes, meeting
from .lint_calendars import lint_calendars, without_due
from .lint_recommendations import lint_recommendations
from .lint_references import lint_references
from .model import PartRule, Route, RouteTest, RuleSet, Step
from .ordering import Node, in_order, waits

__all__ = ["PartRule", "Route", "RouteTest", "RuleSet", "RulesError", "Step", "read", "version_of"]


def read(texts: Mapping[str, str], profiles: Mapping[str, SystemProfile]) -> RuleSet:
    """
    The rule set that ``texts`` make.

    Args:
        texts: By relative name: ``routes/*.toml``, ``routes/catalogue/*.toml``,
            ``routes/recommendations/*.toml``, ``routes/calendars/*.toml``, ``endpoints/*.toml`` and
            ``routes/samples/*.json``.
        profiles: The systems that routes may name.

    Raises:
        RulesError: With all faults; each has file, line and key.
    """
    documents, samples, broken, faults = _read_all(texts)
    draft = Draft.of(documents, samples, broken)
    faults += lint_references(draft)
    faults += lint_routes(draft, profiles)
    faults += lint_recommendations(draft)
    faults += lint_calendars(draft, profiles)
    if faults:
        raise RulesError(faults)
    return _ruleset(draft, version_of(texts))


def version_of(texts: Mapping[str, str]) -> str:
    """
    The version of the rules in ``texts``: ``r-`` and 12 hexadecimal digits.

    Samples do not count, as no order is planned by them.
    """
    counted = sorted((name, text) for name, text in texts.items() if kind_of(name) is not Kind.SAMPLE)
    return "r-" + hashlib.sha256(json.dumps(counted).encode()).hexdigest()[:12]


def _read_all(
    texts: Mapping[str, str],
) -> tuple[list[Document], dict[str, str], set[Kind], list[Fault]]:
    documents: list[Document] = []
    samples: dict[str, str] = {}
    broken: set[Kind] = set()
    faults: list[Fault] = []
    for file, text in sorted(texts.items()):
        match kind_of(file):
            case None:
                faults.append(_misplaced(file))
            case Kind.SAMPLE:
                samples[file] = text
            case kind:
                try:
                    documents.append(read_document(file, kind, text))
                except RulesError as error:
                    broken.add(kind)
                    faults += error.faults
    return documents, samples, broken, faults


def _misplaced(file: str) -> Fault:
    places = (
        "routes/*.toml, routes/catalogue/*.toml, routes/recommendations/*.toml, routes/calendars/*.toml, "
        "routes/samples/*.json, endpoints/*.toml"
    )
    return Fault(code="E_ROUTES", what="no place for a rule file", where=file, allowed=places)


def _ruleset(draft: Draft, version: str) -> RuleSet:
    # By name, so that neither files nor the order of routes in them changes what a plan looks like.
    routes = tuple(sorted((placed.value for placed in draft.routes), key=lambda route: route.name))
    offerings = draft.catalogue
    references = References.of(version, offerings.values(), (placed.value for placed in draft.endpoints))
    ordered, _ = in_order(routes, waits(routes, meeting(routes, offerings)))
    calendars = [placed.value for placed in draft.calendars]
    of_system = {system: one.calendar.name for one in calendars for system in one.systems}
    return RuleSet(
        version=version,
        routes=routes,
        references=references,
        steps=tuple(_step(routes, node, version, of_system) for node in ordered),
        warnings=(*gaps(draft), *without_due(draft)),
        samples=draft.samples,
        recommendations=tuple(
            sorted((placed.value for placed in draft.recommendations), key=lambda rule: rule.name)
        ),
        calendars={one.calendar.name: one.calendar for one in calendars},
    )


def _step(routes: tuple[Route, ...], node: Node, version: str, of_system: Mapping[str, str]) -> Step:
    route = routes[node[0]]
    part = route.parts[node[1]]
    counts = bool(part.due) and parse_due(part.due).working_days > 0
    calendar = part.calendar or of_system.get(part.system, "") if counts else ""
    reason = Reason(route=route.name, rules_version=version, clause=route.clause, why=route.why)
    return Step(node[0], replace(part, calendar=calendar), reason)

"""
Rules as written, before anybody has checked that they fit together: values, each with its place.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Generic, TypeVar

import msgspec

from canonical.calendars import MIDNIGHT, WEEKDAYS, WHOLE_DAY, Calendar
from canonical.errors import Fault, Rejected
from canonical.order import Money, OfferingRef
from canonical.plan import AskRule, ChangeCharge, Declined, OnFallout, Unanswered
from canonical.ponr import seconds_of
from canonical.references import Endpoint, Offering
from canonical.states import Action
from canonical.zones import zone_of

from .conditions import Clause, FieldIs, HasItem, PartyIs, StartGiven
from .documents import Document, Kind
from .lines import KeyPath
from .model import CalendarRule, PartRule, Route, RouteTest
from .recommendations import After, RecommendationRule, Trigger
from .selectors import WORK, Selector, Wanted

__all__ = ["Draft", "Placed"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Placed(Generic[T]):
    """A value, and where it is written."""

    value: T
    document: Document
    path: KeyPath = ()

    def fault(self, below: KeyPath, what: str, allowed: str = "") -> Fault:
        """``what`` is wrong at the key ``below`` this value."""
        return self.document.fault((*self.path, *below), what, allowed)


@dataclass(frozen=True, slots=True)
class Draft:
    """
    Everything that was read.

    Args:
        bundles: Ids of offerings that are only ordered with the items they hold.
        broken: Kinds of which some file could not be read; what refers to them cannot be judged.
        unsound: What is wrong with calendars that a schema accepts; they are none of ``calendars``.
    """

    routes: tuple[Placed[Route], ...]
    offerings: tuple[Placed[Offering], ...]
    endpoints: tuple[Placed[Endpoint], ...]
    bundles: frozenset[str]
    samples: Mapping[str, str]
    broken: frozenset[Kind]
    recommendations: tuple[Placed[RecommendationRule], ...] = ()
    calendars: tuple[Placed[CalendarRule], ...] = ()
    unsound: tuple[Fault, ...] = ()

    @classmethod
    def of(cls, documents: Iterable[Document], samples: Mapping[str, str], broken: Iterable[Kind]) -> Draft:
        """The values of ``documents``, which their schemas have accepted."""
        by_kind: dict[Kind, list[Document]] = {kind: [] for kind in Kind}
        for document in documents:
            by_kind[document.kind].append(document)
        calendars, unsound = _calendars(by_kind[Kind.CALENDARS])
        raw_offerings = [one for document in by_kind[Kind.CATALOGUE] for one in _each(document, "offering")]
        return cls(
            routes=tuple(
                Placed(_route(raw, document.file), document, path)
                for document in by_kind[Kind.ROUTES]
                for raw, document, path in _each(document, "route")
            ),
            offerings=tuple(Placed(_offering(raw), document, path) for raw, document, path in raw_offerings),
            endpoints=tuple(Placed(_endpoint(one.table), one) for one in by_kind[Kind.ENDPOINT]),
            bundles=frozenset(raw["id"] for raw, _, _ in raw_offerings if raw.get("bundle")),
            samples=samples,
            broken=frozenset(broken) | ({Kind.CALENDARS} if unsound else frozenset()),
            recommendations=tuple(
                Placed(_recommendation(raw, document.file), document, path)
                for document in by_kind[Kind.RECOMMENDATIONS]
                for raw, document, path in _each(document, "recommendation")
            ),
            calendars=calendars,
            unsound=unsound,
        )

    @property
    def catalogue(self) -> Mapping[str, Offering]:
        """The offerings by id."""
        return {placed.value.id: placed.value for placed in self.offerings}


def _each(document: Document, key: str) -> list[tuple[Any, Document, KeyPath]]:
    return [(raw, document, (key, place)) for place, raw in enumerate(document.table[key])]


def _route(raw: Mapping[str, Any], file: str) -> Route:
    return Route(
        name=raw["name"],
        why=raw["why"],
        file=file,
        when=tuple(_clauses(raw["when"])),
        parts=tuple(_part(part) for part in raw["part"]),
        tests=tuple(_test(test) for test in raw["test"]),
    )


def _clauses(when: Mapping[str, Any]) -> Iterable[Clause]:
    # In this order whatever the file's, so that the same route always gives the same reason.
    for name in ("channel", "endpoint", "category"):
        if name in when:
            yield FieldIs(name, _wanted(when[name]))
    for role in sorted(when.get("party", {})):
        yield PartyIs(role, _wanted(when["party"][role]))
    for key, some in (("item", True), ("no_item", False)):
        for condition in _listed(when.get(key, [])):
            yield HasItem(_selector(condition), some)
    if "requested_start" in when:
        yield StartGiven(when["requested_start"])


def _part(raw: Mapping[str, Any]) -> PartRule:
    return PartRule(
        name=raw["name"],
        system=raw["system"],
        items=_selector(raw.get("items", {})),
        after=tuple(sorted(raw.get("after", ()))),
        due=raw.get("due", ""),
        calendar=raw.get("calendar", ""),
        answer_within=raw.get("answer_within"),
        optional=raw.get("optional", False),
        check=raw.get("check", False),
        valid_for=seconds_of(raw["valid_for"]) if "valid_for" in raw else None,
        on_fallout=OnFallout(raw.get("on_fallout", OnFallout.HOLD)),
        concerns=tuple(sorted(raw.get("concerns", ()))),
        soft_ponr=raw.get("soft_ponr", ""),
        hard_ponr=raw.get("hard_ponr", ""),
        change_charge=_charge(raw["change_charge"]) if "change_charge" in raw else None,
        ask=_ask(raw["ask"]) if "ask" in raw else None,
    )


def _charge(raw: Mapping[str, Any]) -> ChangeCharge:
    price = Money(value=Decimal(raw["amount"]), unit=raw["currency"])
    return ChangeCharge(price=price, valid_for=seconds_of(raw["valid_for"]))


def _ask(raw: Mapping[str, Any]) -> AskRule:
    default = AskRule()
    within = raw.get("answer_within")
    return AskRule(
        answer_within=default.answer_within if within is None else seconds_of(within),
        unanswered=Unanswered(raw.get("unanswered", default.unanswered)),
        declined=Declined(raw.get("declined", default.declined)),
    )


def _test(raw: Mapping[str, Any]) -> RouteTest:
    return RouteTest(
        order=f"routes/{raw['order']}",
        expect=tuple(raw.get("expect", ())),
        expect_error=raw.get("expect_error", ""),
        channel=raw.get("channel", ""),
        endpoint=raw.get("endpoint", ""),
    )


def _selector(raw: Mapping[str, Any]) -> Selector:
    characteristics = raw.get("characteristic", {})
    return Selector(
        categories=frozenset(_listed(raw["category"])) if "category" in raw else None,
        offerings=frozenset(_listed(raw["offering"])) if "offering" in raw else None,
        actions=frozenset(Action(one) for one in _listed(raw["action"])) if "action" in raw else WORK,
        characteristics=tuple((name, _wanted(characteristics[name])) for name in sorted(characteristics)),
    )


def _wanted(raw: Any) -> Wanted:
    return Wanted(prefix=raw["prefix"]) if isinstance(raw, dict) else Wanted(frozenset(_listed(raw)))


def _listed(raw: Any) -> list[Any]:
    return raw if isinstance(raw, list) else [raw]


def _recommendation(raw: Mapping[str, Any], file: str) -> RecommendationRule:
    when, after = raw["when"], raw.get("after")
    trigger = Trigger(
        kinds=frozenset(_listed(when.get("interaction", []))),
        items=_selector(when["order"]) if "order" in when else None,
        abandoned="draft" in when,
    )
    return RecommendationRule(
        name=raw["name"],
        why=raw["why"],
        file=file,
        trigger=trigger,
        after=After(frozenset(_listed(after["interaction"])), seconds_of(after["within"])) if after else None,
        offering=OfferingRef(id=raw["offer"]),
        text=raw["text"],
        reason=raw.get("reason", ""),
        apology=raw.get("apology", ""),
        valid_for=seconds_of(raw["valid_for"]),
        channels=frozenset(_listed(raw["channels"])),
        at_most=raw.get("at_most", 1),
        per=seconds_of(raw["per"]),
        ask_first=raw.get("ask_first", False),
        answer_by=seconds_of(raw["answer_by"]) if "answer_by" in raw else None,
    )


def _calendars(
    documents: Iterable[Document],
) -> tuple[tuple[Placed[CalendarRule], ...], tuple[Fault, ...]]:
    """The calendars, and what is wrong with those that are none: days and hours that there are not."""
    found: list[Placed[CalendarRule]] = []
    faults: list[Fault] = []
    for document in documents:
        for raw, _, path in _each(document, "calendar"):
            wrong = [Placed(raw, document, path).fault(*one) for one in _no_calendar(raw)]
            faults += wrong
            if not wrong:
                found.append(Placed(_calendar(raw, document.file), document, path))
    return tuple(found), tuple(faults)


def _no_calendar(raw: Mapping[str, Any]) -> Iterable[tuple[KeyPath, str, str]]:
    try:
        zone_of(raw["zone"], "")
    except Rejected as rejected:
        yield ("zone",), rejected.what, rejected.allowed
    opens, closes = _hours(raw)
    if opens >= closes:
        yield ("hours",), f"{raw['hours']} ends before it begins", "as in 08:00-17:00"
    for place, day in enumerate(raw.get("holidays", ())):
        try:
            dt.date.fromisoformat(day)
        except ValueError:
            yield ("holidays", place), f"{day} is no day", "as in 2026-12-25"


def _calendar(raw: Mapping[str, Any], file: str) -> CalendarRule:
    opens, closes = _hours(raw)
    calendar = Calendar(
        name=raw["name"],
        zone=zone_of(raw["zone"], "zone"),
        days=frozenset(WEEKDAYS.index(day) for day in raw["days"]),
        opens=opens,
        closes=closes,
        holidays=frozenset(dt.date.fromisoformat(day) for day in raw.get("holidays", ())),
    )
    return CalendarRule(calendar, raw["why"], file, tuple(raw.get("systems", ())))


def _hours(raw: Mapping[str, Any]) -> tuple[dt.timedelta, dt.timedelta]:
    if "hours" not in raw:
        return MIDNIGHT, WHOLE_DAY
    opens, closes = (_since_midnight(text) for text in raw["hours"].split("-"))
    return opens, closes


def _since_midnight(text: str) -> dt.timedelta:
    hours, minutes = map(int, text.split(":"))
    return dt.timedelta(hours=hours, minutes=minutes)


def _offering(raw: Mapping[str, Any]) -> Offering:
    return msgspec.convert({_camel(key): value for key, value in raw.items() if key != "bundle"}, Offering)


def _endpoint(raw: Mapping[str, Any]) -> Endpoint:
    named = {_camel(key): value for key, value in raw.items() if key != "identifier"}
    return msgspec.convert({**named, "identifiers": raw.get("identifier", [])}, Endpoint)


def _camel(key: str) -> str:
    first, *rest = key.split("_")
    return first + "".join(word.capitalize() for word in rest)

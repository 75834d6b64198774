"""
What is wrong with catalogue and endpoints as a whole: things that stand twice, owners that nobody knows.
"""

from __future__ import annotations

from collections.abc import Iterator

from canonical.errors import Fault, shown
from canonical.references import Code, Endpoint, Offering

from .documents import Kind
from .draft import Draft, Placed

__all__ = ["lint_references"]


def lint_references(draft: Draft) -> Iterator[Fault]:
    """Every fault in catalogue and endpoints that a schema cannot see."""
    yield from _offerings(draft)
    yield from _codes(draft)
    yield from _endpoints(draft)


def _offerings(draft: Draft) -> Iterator[Fault]:
    seen: dict[str, Placed[Offering]] = {}
    for placed in draft.offerings:
        first = seen.setdefault(placed.value.id, placed)
        if first is not placed:
            yield placed.fault(("id",), f"offering {shown(placed.value.id)} stands twice", _first(first))


def _codes(draft: Draft) -> Iterator[Fault]:
    owners = {name for placed in draft.endpoints for name in (placed.value.id, placed.value.channel)}
    judged = Kind.ENDPOINT not in draft.broken
    seen: dict[Code, Placed[Offering]] = {}
    for placed in draft.offerings:
        for place, code in enumerate(placed.value.codes):
            path = ("codes", place)
            if code in seen:
                what = f"{code.type} code {shown(code.code)} of {code.owner} stands twice"
                yield placed.fault(path, what, _first(seen[code]))
            seen.setdefault(code, placed)
            if judged and code.owner not in owners:
                what = f"unknown owner {shown(code.owner)}"
                yield placed.fault((*path, "owner"), what, f"one of {', '.join(sorted(owners))}")


def _endpoints(draft: Draft) -> Iterator[Fault]:
    names: dict[str, Placed[Endpoint]] = {}
    senders: dict[tuple[str, str, str], Placed[Endpoint]] = {}
    for placed in draft.endpoints:
        one = placed.value
        if names.setdefault(one.id, placed) is not placed:
            yield placed.fault(("id",), f"endpoint {shown(one.id)} stands twice", _first(names[one.id]))
        yield from _names(placed)
        for place, identifier in enumerate(one.identifiers):
            key = (one.channel, identifier.qualifier, identifier.value)
            if key in senders:
                name = f"{identifier.qualifier}/{identifier.value}"
                what = f"identifier {name} stands twice on channel {one.channel}"
                yield placed.fault(("identifier", place), what, _first(senders[key]))
            senders.setdefault(key, placed)


def _names(placed: Placed[Endpoint]) -> Iterator[Fault]:
    one = placed.value
    if one.id.partition(".")[0] != one.channel:
        yield placed.fault(
            ("id",), f"{shown(one.id)} is not of channel {one.channel}", f"{one.channel}.<name>"
        )
    queues = (f"channel.{one.channel}.out", f"channel.{one.id}.out")
    if one.out_queue not in queues:
        yield placed.fault(
            ("out_queue",), f"unknown queue {shown(one.out_queue)}", f"one of {', '.join(queues)}"
        )


def _first(placed: Placed[Offering] | Placed[Endpoint]) -> str:
    return f"first at {placed.fault((), '').where}"

"""
What has to have come of the story, looked up in what was really sent and kept.  Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from canonical.notices import NoticeKind
from canonical.states import State
from orderloom.cli.text import counted
from orderloom.correlation.port import JournalEntry
from orderloom.correlation.record import Record
from orderloom.simulators.standing import standing

__all__ = ["Check", "change_checks", "delay_checks", "end_checks", "leaving_checks"]

Call = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that has to be so, in a sentence for people, and whether it is."""

    says: str
    holds: bool

    def __str__(self) -> str:
        return f"{'yes' if self.holds else 'NO '}  {self.says}"


def change_checks(record: Record, calls: Sequence[Call], handset: str) -> Iterator[Check]:
    """The handset was shipped once, nothing was charged for the changes, and billing has what was taken."""
    told = [one for one in calls if one["system"] == "warehouse" and _holds(one, record, handset)]
    shipped = sum(_advised(one, handset) for one in told if one["applied"])
    what = f"{counted(len(told), 'order')} to the warehouse (940), {counted(shipped, 'advice')} (945)"
    yield Check(f"the handset was shipped once: {what}", (len(told), shipped) == (1, 1))
    pieces = [piece for one in record.amendments for piece in one.amendment.pieces]
    costs = [piece.charge for piece in pieces if piece.charge is not None]
    applied = bool(pieces) and all(piece.state == "applied" for piece in pieces)
    says = f"no charge arose: {counted(len(pieces), 'change')} applied, {counted(len(costs), 'quote')}"
    yield Check(says, applied and not costs)
    wanted = sorted(
        (one.product_offering.id, one.quantity)
        for one in record.order.product_order_item
        if one.state is State.COMPLETED
    )
    has = sorted(
        (line["offering"], line["quantity"])
        for (system, part), lines in standing(calls).items()
        if system == "billing" and part.startswith(record.id)
        for line in lines.values()
    )
    billed = ", ".join(f"{number} x {name}" for name, number in has)
    yield Check(f"billed is what was taken, and nothing else: {billed or 'nothing'}", has == wanted != [])


def leaving_checks(waited: Record, credit: Record, calls: Sequence[Call]) -> Iterator[Check]:
    """Nobody was told of a disconnect, and the month is given."""
    told = [one for one in calls if str(one["reference"]).startswith(waited.id)]
    yield Check(
        f"the disconnect was withdrawn: {counted(len(told), 'system')} heard of it",
        waited.order.state is State.CANCELLED and not told,
    )
    given = ", ".join(one.product_offering.id for one in credit.order.product_order_item)
    yield Check(f"instead there is {given}, {credit.order.state}", credit.order.state is State.COMPLETED)


def delay_checks(record: Record, journal: Sequence[JournalEntry]) -> Iterator[Check]:
    """Every channel heard of the delay before the promised day, and a person has mended it."""
    promised = record.order.requested_completion_date
    channels = {one.endpoint for one in record.order.channel}
    heard = {one.endpoint: one.at for one in record.told if one.kind is NoticeKind.DELAYED}
    last = max(heard.values(), default=None)
    early = promised is not None and all(at < promised for at in heard.values())
    when = f"on {_day(last)}, promised for {_day(promised)}" if last and promised else "never"
    says = f"{counted(len(heard), 'channel')} of {len(channels)} heard of the delay: {when}"
    yield Check(says, set(heard) == channels and early)
    acts = [one for one in journal if one.event == "completed_by_hand"]
    says = "; ".join(f"{one.actor}: {one.text}" for one in acts)
    yield Check(f"a person has mended it: {says or 'nobody'}", len(acts) == 1)


def end_checks(
    records: Mapping[str, Record], differing: Sequence[str], calls: Sequence[Call]
) -> Iterator[Check]:
    """Every order has ended as it should, all channels were told the same, and nothing was done twice."""
    keys = [(one["system"], one["key"]) for one in calls if one["applied"]]
    yield Check(
        f"nothing was done twice: {len(keys)} instructions, {len(set(keys))} keys",
        len(keys) == len(set(keys)),
    )
    says = "; ".join(differing) or "in every step"
    yield Check(f"all channels of an order were told the same: {says}", not differing)
    for number, record in records.items():
        order = record.order
        done = f"{order.progress.done}/{order.progress.total} lines done"
        yield Check(f"{number:<18} {order.id}  {order.state:<10} {done}", order.state is State.COMPLETED)


def _day(at: datetime) -> str:
    return f"{at:%A} {at.day} {at:%B}"


def _holds(call: Call, record: Record, offering: str) -> bool:
    own = str(call["reference"]).startswith(record.id)
    return own and any(line["offering"] == offering for line in call.get("told", ()))


def _advised(call: Call, offering: str) -> int:
    """How many shipping advices say that it left: a W12 with CC."""
    lines = (segment.split("*") for one in call["answers"] for segment in str(one["body"]).split("~"))
    return sum(line[:2] == ["W12", "CC"] and offering in line for line in lines)

"""
``orderloom now``: one screen for the person on call.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import click

from canonical.amendments import Amendment, CancelTask, Piece, PieceState
from canonical.states import State
from orderloom.clock_marks import SWEEP, keeps_time, last_run
from orderloom.correlation.breaker_port import Breaker
from orderloom.correlation.intake_files import IntakeFile
from orderloom.correlation.port import ParkedRow, UnsentSummary
from orderloom.correlation.record import Record
from orderloom.correlation.reports_port import OpenChange
from orderloom.pauses import Pauses, read_pauses

from .context import Here, here, say
from .text import age, counted, instant, one_line, size, table

__all__ = ["clock_says", "now"]

_NO_WORKER = "none, nothing is taken and nothing leaves (orderloom worker)"

# With the other sections it fits a screen of 40 lines.
_OLDEST = 10


@click.command()
@here
def now(place: Here) -> None:
    """
    Show on one screen what waits, and for whom.

    Orders by state; the orders that have waited longest, and what for; amendments and cancels that are
    not decided; parked messages by code;
    systems that owe an answer, and those that calls do not reach; files that are being taken; what has not
    left yet, by destination; what somebody has paused; which workers live, and whether the clock does.

    Example:
      orderloom now
    """
    at = place.now()
    with place.store() as store:
        changes = store.open_changes(_OLDEST)
        counts, oldest, parked = store.counts(), store.oldest_open(_OLDEST), store.parked()
        overdue, unsent, files = store.overdue(at), store.unsent(), store.open_files(_OLDEST)
        pauses, workers = read_pauses(store), store.workers(at)
        swept, away = last_run(store, SWEEP), store.breakers()
    click.echo(f"{instant(at)}  {counted(sum(counts.values()), 'order')}")
    say(_section("orders by state", _counts(counts)))
    say(_section("waiting longest", [_order(record, at) for record in oldest]))
    if changes:
        say(_section("changes under way", [_change(one, at) for one in changes]))
    say(_section("parked, by code", _parked(parked, at)))
    say(_section("systems overdue", _overdue(overdue, at)))
    if away:
        say(_section("systems that calls do not reach", [_away(one, at) for one in away]))
    if files:
        say(_section("files", [_file(one, at) for one in files]))
    say(_section("unsent", [_unsent(one, at) for one in unsent]))
    say(_section("paused", _paused(pauses, at)))
    say(["", f"workers: {', '.join(sorted(workers)) or _NO_WORKER}"])
    say([f"clock: {clock_says(swept, at)}"])


def clock_says(swept: datetime | None, at: datetime) -> str:
    """Whether a clock lives, by when it last swept."""
    if swept is None:
        return "none, workers keep the time"
    ago = f"swept {age(at - swept)} ago"
    return ago if keeps_time(swept, at) else f"{ago}, workers keep the time"


def _section(title: str, rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield ""
    yield title if rows else f"{title}: none"
    yield from table(rows)


def _counts(counts: Mapping[str, int]) -> list[tuple[str, str]]:
    return [(state, str(counts[state])) for state in State if counts.get(state)]


def _order(record: Record, at: datetime) -> tuple[str, ...]:
    since = max((line.since for line in record.lines), default=record.order.creation_date)
    waits = dict.fromkeys(
        f"{line.part} {line.state}{f' [{line.code}]' if line.code else ''}"
        for line in record.lines
        if line.sent and not line.state.terminal
    )
    start = record.order.requested_start_date
    if start is not None and start > at:
        waits = {f"begins {instant(start)}": None}
    number = next((alias.value for alias in record.aliases if alias.owner != "hub"), "")
    return record.id, number, record.order.state, f"for {age(at - since)}", ", ".join(waits)


def _change(one: OpenChange, at: datetime) -> tuple[str, ...]:
    """Whose it is, how far it has come, and until when the customer may answer."""
    asked = one.change
    if isinstance(asked, CancelTask):
        kind, until = "cancel", None
    else:
        kind, until = (
            "question" if asked.part else "amendment",
            min(filter(None, (piece.answer_by for piece in _asking(asked))), default=None),
        )
    said = f"until {instant(until)}" if until is not None else ""
    return one.order_id, one.number, kind, asked.state, asked.endpoint, f"for {age(at - asked.at)}", said


def _asking(amendment: Amendment) -> Iterator[Piece]:
    return (one for one in amendment.pieces if one.state is PieceState.AWAITING_CUSTOMER)


def _parked(rows: Sequence[ParkedRow], at: datetime) -> list[tuple[str, ...]]:
    oldest: dict[str, datetime] = {}
    for row in rows:
        oldest[row.code] = min(row.at, oldest.get(row.code, row.at))
    return [
        (code, str(number), f"oldest {age(at - oldest[code])} ago")
        for code, number in Counter(row.code for row in rows).most_common()
    ]


def _overdue(systems: Mapping[str, tuple[int, datetime]], at: datetime) -> list[tuple[str, ...]]:
    return [
        (name, counted(number, "instruction"), f"oldest sent {age(at - sent)} ago")
        for name, (number, sent) in sorted(systems.items())
    ]


def _away(one: Breaker, at: datetime) -> tuple[str, ...]:
    failed = f"{counted(one.failures, 'call')} failed, the first {age(at - one.since)} ago"
    if one.opened is None:
        return one.system, failed, "called as ever", one_line(one.reason)
    probe = "one call is under way, to see"
    if not one.probe:
        probe = f"next try in {age(max(one.next_probe - at, timedelta()))}"
    return one.system, failed, probe, one_line(one.reason)


def _file(one: IntakeFile, at: datetime) -> tuple[str, ...]:
    refused = one.rejected + one.waiting
    done = f"{one.judged:,} of {one.records:,} records" if one.records else size(one.size)
    return one.endpoint, one.name, one.state, done, f"{refused:,} refused", f"for {age(at - one.at)}"


def _paused(pauses: Pauses, at: datetime) -> list[tuple[str, ...]]:
    return [
        (kind, name, f"for {age(at - one.at)}", one.by, one.why)
        for (kind, name), one in pauses.found.items()
        if one.until is None
    ]


def _unsent(one: UnsentSummary, at: datetime) -> tuple[str, ...]:
    return one.destination, counted(one.rows, "message"), size(one.size), f"oldest {age(at - one.oldest)}"

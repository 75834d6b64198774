"""
``orderloom report``: demand, leakage and flow, from what the store has anyway.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from canonical.codec import encode

from .context import Here, here, say
from .spans import SPAN
from .text import age, counted, instant, table

if TYPE_CHECKING:
    from orderloom.reports.flow import Flow, Share

__all__ = ["report"]

_BILLING = ("billing",)
_PROVISIONING = ("oss.", "warehouse")
"""Names of systems, or how they begin, that provision something unless the command says which."""

_json = click.option("--json", "as_json", is_flag=True, help="As JSON, for programs.")


@click.group()
def report() -> None:
    """
    Sums over all orders; nothing is locked, and nothing more is kept for them.

    Examples:
      orderloom report demand --system warehouse
      orderloom report leakage --after 7d
      orderloom report flow --since 30d --json
    """


@report.command("demand")
@click.option("--system", default="", help="Only of this system.")
@_json
@here
def demand_(place: Here, system: str, *, as_json: bool) -> None:
    """
    What is still to be done, by offering, system, place and week of the promised date.

    Example:
      orderloom report demand --system warehouse
    """
    from orderloom.correlation.reports_port import Span
    from orderloom.reports.demand import demand
    from orderloom.reports.pages import every_order

    with place.store() as store:
        rows = demand(every_order(store, Span.OPEN), system=system)
    if as_json:
        _each(rows)
        return
    head = ("offering", "action", "system", "place", "week", "open", "promised")
    cells = (
        (one.offering, one.action, one.system, one.place, one.week, str(one.open), str(one.promised))
        for one in rows
    )
    say(table(cells, head, indent=""))
    total, promised = sum(one.open for one in rows), sum(one.promised for one in rows)
    click.echo(f"{total} open, {promised} of them promised")


@report.command("leakage")
@click.option(
    "--after", type=SPAN, default="7d", show_default=True, metavar="SPAN", help="Only what is so for as long."
)
@click.option("--since", type=SPAN, metavar="SPAN", help="Only orders that changed within it; all otherwise.")
@click.option("--billing", multiple=True, help="A system that bills (default: billing).")
@click.option("--provisioning", multiple=True, help="A system that provisions (default: oss.…, warehouse).")
@_json
@here
def leakage_(
    place: Here,
    *,
    after: timedelta,
    since: timedelta | None,
    billing: tuple[str, ...],
    provisioning: tuple[str, ...],
    as_json: bool,
) -> None:
    """
    What was provisioned and is not billed, and what was lost or cancelled and is still provisioned.

    Example:
      orderloom report leakage --after 7d --since 90d
    """
    from orderloom.correlation.reports_port import Span
    from orderloom.reports.leakage import leakage
    from orderloom.reports.pages import every_order

    at = place.now()
    begins = provisioning or tuple(name for name in place.settings.systems if name.startswith(_PROVISIONING))
    with place.store() as store:
        orders = every_order(store, Span.ALL, since=None if since is None else at - since)
        rows = leakage(orders, by=at - after, billing=billing or _BILLING, provisioning=begins)
    if as_json:
        _each(rows)
        return
    head = ("what", "order", "number", "item", "offering", "by", "for", "why")
    cells = (
        (
            one.kind,
            one.order_id,
            one.number,
            one.item,
            one.offering,
            ", ".join(one.systems),
            age(at - one.since),
            one.why,
        )
        for one in rows
    )
    say(table(cells, head, indent=""))
    click.echo(counted(len(rows), "item"))


@report.command("flow")
@click.option(
    "--since", type=SPAN, default="30d", show_default=True, metavar="SPAN", help="Orders that ended in it."
)
@_json
@here
def flow_(place: Here, *, since: timedelta, as_json: bool) -> None:
    """
    How long orders took, what held them up, what went right at once, which promises were kept.

    Example:
      orderloom report flow --since 30d
    """
    from orderloom.correlation.reports_port import Span
    from orderloom.reports.flow import flow
    from orderloom.reports.pages import every_order

    at = place.now()
    with place.store() as store:
        found = flow(
            every_order(store, Span.ENDED, since=at - since, events=True),
            every_order(store, Span.OPEN),
            since=at - since,
            until=at,
            amendments=store.amendments(at - since),
            drafts_abandoned=store.drafts_abandoned(at - since),
        )
    if as_json:
        click.echo(encode(found))
    else:
        say(_flow(found))


def _each(rows: Iterable[object]) -> None:
    """One JSON object a line."""
    for one in rows:
        click.echo(encode(one))


def _flow(found: Flow) -> Iterator[str]:

    total = sum(found.ended.values())
    yield f"{counted(total, 'order')} ended since {instant(found.since)}"
    yield from _section("ended as", [(state, str(number)) for state, number in found.ended.items()])
    cycles = [
        (
            one.channel or "all",
            str(one.orders),
            *(age(timedelta(seconds=s)) for s in (one.p50, one.p90, one.p99)),
        )
        for one in found.cycle
    ]
    yield from _section("from acceptance to completion", cycles, ("channel", "orders", "p50", "p90", "p99"))
    held = [
        (one.system, one.code, f"{one.orders} of {one.of}", _percent(one.orders, one.of))
        for one in found.fallout
    ]
    yield from _section("held, by system and code", held)
    amended = found.amendments
    shares = [
        ("right first time", *_share(found.right_first_time)),
        ("promises kept", *_share(found.promises)),
        ("open past their date", *_share(found.overdue)),
    ]
    yield from _section("shares", shares)
    names = ("free", "charged", "refused", "lapsed", "open")
    changes = [(name, str(number)) for name in names if (number := getattr(amended, name))]
    yield from _section("changes asked for", changes)
    yield from ("", f"drafts abandoned: {found.drafts_abandoned}")


def _section(title: str, rows: Sequence[Sequence[str]], head: Sequence[str] = ()) -> Iterator[str]:
    yield ""
    yield title if rows else f"{title}: none"
    yield from table(rows, head)


def _share(share: Share) -> tuple[str, str]:
    return f"{share.count} of {share.of}", _percent(share.count, share.of)


def _seconds(number: int) -> str:
    return age(timedelta(seconds=number))


def _percent(count: int, of: int) -> str:
    return f"{100 * count / of:.1f} %" if of else ""

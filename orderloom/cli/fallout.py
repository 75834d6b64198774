"""
``orderloom fallout``: work that cannot go on without a person; look, tell again, edit, or end by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, TypeVar

import click
import msgspec

from canonical.amendments import ItemPatch
from canonical.errors import Rejected
from canonical.order import Characteristic, OfferingRef
from orderloom.correlation.fallout import Act, ActKind, Chosen, Held, carry_out, held
from orderloom.correlation.folded import World
from orderloom.correlation.record import Record
from orderloom.correlation.reports_port import HeldLine

from .context import Here, Refused, actor, here, say
from .fallout_acts import Wanted, act_on_all, hub_of
from .fallout_advice import advice
from .lookup import find_records
from .spans import SPAN
from .text import age, counted, instant, table

__all__ = ["fallout"]

# More than a person reads at once.
_LISTED = 200

_F = TypeVar("_F", bound=Callable[..., Any])


@click.group()
def fallout() -> None:
    """
    Look at held lines, have them told again, edit them, or say how they end.

    Examples:
      orderloom fallout list --system oss.internet --older-than 2h
      orderloom fallout show 4500000042
      orderloom fallout retry --code E_NO_ANSWER --system crm --why "it is back" --dry-run
      orderloom fallout complete 4500000042 --part internet --why "switched by hand, ticket 4711"
    """


def _filters(command: _F) -> _F:
    """Which held lines: by their code, their system, their age."""
    for option in (
        click.option("--older-than", type=SPAN, metavar="SPAN", help="Only those held as long: 30m, 2h, 7d."),
        click.option("--system", default="", help="Only those of this system."),
        click.option("--code", default="", help="Only those held for this."),
    ):
        command = option(command)
    return command


def _acting(command: _F) -> _F:
    """What every act is told: which lines, why, and whether it is meant."""
    command = _filters(command)
    for option in (
        click.option("--item", default="", help="Only those of this item."),
        click.option("--part", default="", help="Only those of this part."),
        click.option("--why", required=True, help="For the journal; no names of customers."),
        click.option("--dry-run", "dry", is_flag=True, help="Say what would happen, and change nothing."),
        click.option("--yes", is_flag=True, help="Do not ask, although it is not one order that was named."),
        click.option(
            "--act",
            "id_",
            default="",
            metavar="ID",
            help="The act's id: under one id it is done once an order.",
        ),
    ):
        command = option(command)
    return command


_key = click.argument("key", required=False, default="")
_not_applied = click.option(
    "--not-applied", is_flag=True, help="The system's owner says that it does not have the work."
)


@fallout.command("list")
@_filters
@click.option(
    "--limit", type=click.IntRange(min=1), default=_LISTED, show_default=True, help="The oldest so many."
)
@here
def list_(place: Here, code: str, system: str, older_than: timedelta | None, limit: int) -> None:
    """
    List held lines, the longest held first: whose they are, and what is to be done.

    Example:
      orderloom fallout list --code E_NO_ANSWER
    """
    at = place.now()
    with place.store() as store:
        rows = store.held_lines(code=code, system=system, held_by=_held_by(at, older_than))
    head = ("order", "number", "part", "item", "held for", "code", "owner", "what to do")
    say(table((_row(one, at) for one in rows[:limit]), head, indent=""))
    rest = len(rows) - limit
    orders = counted(len({one.order_id for one in rows}), "order")
    more = f", {rest} younger not shown (--limit)" if rest > 0 else ""
    click.echo(f"{counted(len(rows), 'line')} of {orders}{more}")


@fallout.command()
@click.argument("key")
@here
def show(place: Here, key: str) -> None:
    """
    Show the held lines of the order that anybody knows as KEY, and what a retry would do.

    Example:
      orderloom fallout show 4500000042
    """
    at = place.now()
    with place.store() as store:
        hub = hub_of(place, store)
        world = hub.world(hub.rules())
        records = find_records(store, key)
    found = [(record, one) for record in records for one in held(record)]
    if not found:
        raise Refused("E_STATE", "nothing of it is held", key, "`orderloom fallout list`")
    for number, (record, one) in enumerate(found):
        if number:
            click.echo()
        say(table(_facts(record, one, world, at), indent=""))


@fallout.command("retry")
@_key
@_acting
@_not_applied
@here
def retry_(place: Here, /, *, not_applied: bool, **wanted: Any) -> None:
    """
    Tell held lines to their systems again.

    Where it is not known whether a system has the work, it is told under the same key, or asked, as it
    declares; where it has refused, it is told anew under another key.

    Examples:
      orderloom fallout retry 4500000042 --part internet --why "port was freed"
      orderloom fallout retry --code E_CALL_FAILED --system oss.internet --why "it is up again" --yes
    """
    act_on_all(place, ActKind.RETRY, Wanted(**wanted), not_applied=not_applied)


@fallout.command("complete")
@_key
@_acting
@click.option(
    "--output", "outputs", multiple=True, metavar="NAME=VALUE", help="What later parts want to know of it."
)
@here
def complete_(place: Here, /, *, outputs: tuple[str, ...], **wanted: Any) -> None:
    """
    Say that held lines were done by hand; what waited for them goes on.

    A line that waits to be taken back by hand (E_BY_HAND) is cancelled by it.

    Example:
      orderloom fallout complete 4500000042 --part crm --output accountId=A-1 --why "entered by hand"
    """
    act_on_all(place, ActKind.COMPLETE, Wanted(**wanted), outputs=dict(_pairs(outputs, "--output")))


@fallout.command("skip")
@_key
@_acting
@here
def skip_(place: Here, /, **wanted: Any) -> None:
    """
    Go on without held lines: nobody did them, and they count as done.

    Example:
      orderloom fallout skip 4500000042 --part crm --why "known there already"
    """
    act_on_all(place, ActKind.SKIP, Wanted(**wanted))


@fallout.command("cancel")
@_key
@_acting
@here
def cancel_(place: Here, /, **wanted: Any) -> None:
    """
    Give held lines up, and what waits for them; nothing is taken back from any system.

    Example:
      orderloom fallout cancel 4500000042 --item 3 --why "never made again, customer knows"
    """
    act_on_all(place, ActKind.CANCEL, Wanted(**wanted))


@fallout.command("fail")
@_key
@_acting
@here
def fail_(place: Here, /, **wanted: Any) -> None:
    """
    Say that held lines have failed; what waits for them is cancelled.

    Example:
      orderloom fallout fail 4500000042 --part internet --why "no line can be built there"
    """
    act_on_all(place, ActKind.FAIL, Wanted(**wanted))


@fallout.command("edit")
@click.argument("key")
@_acting
@click.option(
    "--set",
    "values",
    multiple=True,
    required=True,
    metavar="NAME=VALUE",
    help="quantity, offering, or the name of a characteristic (characteristic.NAME in case of doubt).",
)
@_not_applied
@here
def edit_(place: Here, /, *, values: tuple[str, ...], not_applied: bool, **wanted: Any) -> None:
    """
    Change the content of a held item, and tell it anew; systems that were told before are not told.

    Example:
      orderloom fallout edit 4500000042 --item 1 --set offering=HANDSET-B --why "A is sold out"
    """
    meant = Wanted(**wanted)
    if not meant.item:
        raise click.UsageError("edit wants --item")
    patch = _patch(meant.item, dict(_pairs(values, "--set")))
    act_on_all(
        place,
        ActKind.EDIT,
        msgspec.structs.replace(meant, item=""),  # named by the patch, also by its sender's line id
        not_applied=not_applied,
        patch=patch,
    )


def _pairs(given: tuple[str, ...], option: str) -> Iterator[tuple[str, str]]:
    for one in given:
        name, equals, value = one.partition("=")
        if not (name and equals):
            raise click.UsageError(f"{option}: {one!r} is no NAME=VALUE")
        yield name, value


def _patch(item: str, values: dict[str, str]) -> ItemPatch:
    quantity = values.pop("quantity", None)
    if quantity is not None and not (quantity.isascii() and quantity.isdigit()):
        raise click.UsageError(f"--set: quantity {quantity!r} is no whole number")
    offering = values.pop("offering", None)
    named = {name.removeprefix("characteristic."): value for name, value in values.items()}
    return ItemPatch(
        item=item,
        quantity=None if quantity is None else int(quantity),
        product_offering=None if offering is None else OfferingRef(id=offering),
        product_characteristic=tuple(Characteristic(name=name, value=value) for name, value in named.items()),
    )


def _held_by(at: datetime, older_than: timedelta | None) -> datetime | None:
    return None if older_than is None else at - older_than


def _row(one: HeldLine, at: datetime) -> tuple[str, ...]:
    owner, do = advice(one.code, one.system)
    part = f"{one.verb} of {one.part}" if one.verb else one.part
    return one.order_id, one.number, part, one.item, age(at - one.since), one.code, owner, do


def _facts(record: Record, one: Held, world: World, at: datetime) -> list[tuple[str, str]]:
    line, sent = one.line, one.sent
    system = record.part(line.part).system
    owner, do = advice(one.code, system)
    fault = one.step.fault if one.step is not None else None
    facts = [
        ("order", record.id),
        ("held", f"{one}, {system}"),
        ("since", f"{instant(one.since)}, for {age(at - one.since)}"),
        ("code", one.code),
        ("why", line.reason if fault is None else str(fault)),
        ("said", line.word),
        ("told", f"{sent.reference}, {counted(sent.attempt, 'time')}" if sent else "not yet"),
        ("key", sent.key if sent else ""),
        ("owner", owner),
        ("what to do", do),
        ("a retry", _retried(record, one, world, at)),
    ]
    return [(name, value) for name, value in facts if value]


def _retried(record: Record, one: Held, world: World, at: datetime) -> str:
    """What a retry would do, as its journal would say it; or why it cannot be."""
    chosen = Chosen(part=one.line.part, item=one.line.item, code=one.code)
    act = Act(id="show", kind=ActKind.RETRY, by=actor(), why="-", chosen=chosen)
    try:
        folded = carry_out(record, act, world, at)
    except Rejected as no:
        return f"is refused: {no}"
    told = (entry.text for entry in folded.journal if entry.event in ("retried", "inquired"))
    return "; ".join(told).replace(": -", "")

"""
``orderloom parked``: messages that nobody could understand; look, send back, set aside.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import click

from canonical.codec import decode
from canonical.errors import Fault
from orderloom.correlation.port import JournalEntry, ParkedRow, ParkedState, Store
from orderloom.engine.messages import Props

from .context import Here, Refused, actor, complain, here, say
from .decode import RECORDS, known_of, lines_of
from .parked_acts import Act, discard, replay
from .preview import LIMIT, preview
from .text import counted, instant, one_line, size, table

__all__ = ["parked"]

_ALL = "all"
_SHORTEST_ID = 6

# More than a person reads at once; a flood of parked messages does not flood the terminal.
_LISTED = 200


@click.group()
def parked() -> None:
    """
    Look at parked messages, send them back, or set them aside.

    Examples:
      orderloom parked list --code E_OFFERING
      orderloom parked show 3f0c7a
      orderloom parked replay 3f0c7a --why "catalogue has HX-C-BLK now"
      orderloom parked discard 3f0c7a --why "test message of the partner"
    """


@parked.command("list")
@click.option(
    "--state",
    type=click.Choice([*(one.value for one in ParkedState), _ALL]),
    default=ParkedState.OPEN.value,
    show_default=True,
    help="Where they stand.",
)
@click.option("--code", help="Only those with this error code.")
@click.option(
    "--limit", type=click.IntRange(min=1), default=_LISTED, show_default=True, help="The newest so many."
)
@here
def list_(place: Here, state: str, code: str | None, limit: int) -> None:
    """
    List parked messages, newest first; how many there are in all is in the last line.

    Example:
      orderloom parked list --state all
    """
    with place.store() as store:
        rows = store.parked(None if state == _ALL else ParkedState(state))
    shown = [row for row in rows if code is None or row.code == code]
    say(table(map(_row, shown[:limit]), ("id", "at", "queue", "state", "times", "fault"), indent=""))
    rest = len(shown) - limit
    click.echo(counted(len(shown), "message") + (f", {rest} older not shown (--limit)" if rest > 0 else ""))


@parked.command()
@click.argument("id_", metavar="ID")
@click.option("--all", "whole", is_flag=True, help="The whole body, not the first 4 KiB.")
@click.option("--raw", is_flag=True, help="Nothing but the bytes, for a file or another program.")
@here
def show(place: Here, id_: str, *, whole: bool, raw: bool) -> None:
    """
    Show one parked message: fault, history, properties, bytes with their offsets, fields.

    ID may be shortened as long as it stays unique (at least 6 characters).

    Examples:
      orderloom parked show 3f0c7a
      orderloom parked show 3f0c7a --raw > message.edi
    """
    with place.store() as store:
        row = _found(store, id_)
        native, story = store.native(row.native), store.journal(row.id)
    body = native.body if native is not None else b""
    if native is None and raw:
        raise Refused("E_NOT_FOUND", _gone(place), f"parked {row.id}")
    if raw:
        click.echo(body, nl=False)
        return
    say(table(_facts(row), indent=""))
    say(["", "history"])
    say(table(_story(row, story)))
    say(["", "properties"])
    say(table(_properties(decode(row.properties, Props))))
    say(["", f"body, {size(len(body))}" if native is not None else f"body: {_gone(place)}"])
    say(preview(body, None if whole else LIMIT))
    if body:
        say(["", *lines_of(body, known_of(place, **_sender(row.queue)), None if whole else RECORDS)])


@parked.command("replay")
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@click.option("--why", required=True, help="For the journal: what has changed since.")
@here
def replay_(place: Here, ids: tuple[str, ...], why: str) -> None:
    """
    Send parked messages back to their queues, unchanged, for the running worker to try again.

    Example:
      orderloom parked replay 3f0c7a --why "catalogue has HX-C-BLK now"
    """
    _act(place, ids, why, replay, "goes back to {queue} with the next turn of a worker")


@parked.command("discard")
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@click.option("--why", required=True, help="For the journal: why nobody will miss it.")
@here
def discard_(place: Here, ids: tuple[str, ...], why: str) -> None:
    """
    Set parked messages aside for good; row and history stay, and the bytes as long as settings say.

    Example:
      orderloom parked discard 3f0c7a --why "test message of the partner"
    """
    _act(place, ids, why, discard, "discarded")


def _sender(queue: str) -> dict[str, str]:
    """Whose message it is, by its queue: ``channel.<channel>.in``, ``system.<name>.replies``."""
    side, _, rest = queue.partition(".")
    name = rest.rpartition(".")[0]
    return {side: name} if side in {"channel", "system"} and name else {}


def _act(
    place: Here,
    ids: Iterable[str],
    why: str,
    do: Callable[[Store, str, Act], ParkedRow],
    told: str,
) -> None:
    act = Act(actor(), why, place.now())
    done: list[ParkedRow] = []
    refused: list[Fault] = []
    with place.store() as store:
        for id_ in dict.fromkeys(ids):
            try:
                done.append(do(store, _found(store, id_).id, act))
            except Refused as no:
                refused.append(no.fault)
    for row in done:
        click.echo(f"{row.id}  {told.format(queue=row.queue)}")
    _sweep(place, done)
    if refused:
        complain(*refused, status=1)


def _sweep(place: Here, rows: Iterable[ParkedRow]) -> None:
    """The act is done; a handle that stays behind is a nuisance and no more."""
    from .handles import sweep_handles

    for note in sweep_handles(place.settings, list(rows)):
        click.echo(note, err=True)


def _gone(place: Here) -> str:
    """Why there are no bytes; their hash is on the row for ever."""
    return f"removed: bytes that nobody needs are kept {place.settings.retention.native} days"


def _found(store: Store, id_: str) -> ParkedRow:
    matching = [row for row in store.parked(None) if row.id.startswith(id_)]
    if len(matching) == 1 and len(id_) >= _SHORTEST_ID:
        return matching[0]
    what = f"{id_!r} is short for {len(matching)} messages" if matching else f"no parked message {id_!r}"
    allowed = f"an id of `orderloom parked list --state all`, at least {_SHORTEST_ID} characters of it"
    raise Refused("E_NOT_FOUND", what, "", allowed)


def _row(row: ParkedRow) -> tuple[str, ...]:
    fault = decode(row.fault, Fault)
    return row.id, instant(row.at), row.queue, row.state, str(row.times), str(fault)


def _facts(row: ParkedRow) -> list[tuple[str, str]]:
    fault = decode(row.fault, Fault)
    facts = [
        ("id", row.id),
        ("code", fault.code),
        ("where", fault.where),
        ("what", fault.what),
        ("allowed", fault.allowed),
        ("queue", row.queue),
        ("order", row.order_id),
        ("state", row.state),
        ("by", row.actor),
        ("at", instant(row.closed_at) if row.closed_at else ""),
        ("why", row.why),
    ]
    return [(name, value) for name, value in facts if value]


def _story(row: ParkedRow, entries: Iterable[JournalEntry]) -> Iterator[tuple[str, ...]]:
    yield instant(row.at), "parked", "hub", f"{counted(row.times, 'time')}, last for {row.code}"
    for one in entries:
        yield instant(one.at), one.event, one.actor, one.text


def _properties(props: Props) -> list[tuple[str, str]]:
    facts = [
        ("message_id", props.message_id),
        ("correlation_id", props.correlation_id),
        ("type", props.type),
        ("content_type", props.content_type),
        ("timestamp", instant(props.at)),
    ]
    facts += [(f"header {one_line(name)}", str(value)) for name, value in sorted(props.headers.items())]
    return [(name, value) for name, value in facts if value]

"""
``orderloom journal``: the story of one order, as it was written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import click

from canonical.codec import encode
from orderloom.correlation.port import JournalEntry, Store

from .context import Here, here, say
from .decode import RECORDS, known_of, lines_of
from .lookup import find_records
from .text import instant, one_line, table

__all__ = ["journal"]

# The fact that names native bytes.
_NATIVE = "native"


@click.command()
@click.argument("key")
@click.option("--json", "as_json", is_flag=True, help="JSON, one entry a line, for programs.")
@click.option("--decoded", is_flag=True, help="Also each native message that it names, field by field.")
@here
def journal(place: Here, key: str, *, as_json: bool, decoded: bool) -> None:
    """
    Tell the story of the order that anybody knows as KEY, oldest first.

    Messages, decisions, statuses and acts of operators; entries are never changed.

    Example:
      orderloom journal 4500000042
      orderloom journal 4500000042 --decoded
    """
    with place.store() as store:
        stories = [(record.id, store.journal(record.id)) for record in find_records(store, key)]
        natives = _natives(store, stories) if decoded else {}
    for number, (order_id, entries) in enumerate(stories):
        if as_json:
            say(encode(entry).decode() for entry in entries)
            continue
        if number:
            click.echo()
        if not entries:
            days = place.settings.retention.journal
            click.echo(f"{order_id}: removed, entries are kept {days} days after the order's end")
            continue
        rows = [(instant(one.at), one.event, one.actor, one.text, _facts(one.data)) for one in entries]
        say(table(rows, ("at", "event", "by", "what", "facts"), indent=""))
        for one in entries:
            if (hash_ := one.data.get(_NATIVE, "")) in natives:
                say(_fields(place, one, natives[hash_]))


def _natives(store: Store, stories: Iterable[tuple[str, Sequence[JournalEntry]]]) -> Mapping[str, bytes]:
    """The bytes that the entries name, as far as they are still kept."""
    named = {one.data[_NATIVE] for _, entries in stories for one in entries if _NATIVE in one.data}
    found = {hash_: store.native(hash_) for hash_ in sorted(named)}
    return {hash_: row.body for hash_, row in found.items() if row is not None}


def _fields(place: Here, entry: JournalEntry, body: bytes) -> Iterator[str]:
    """One message, read as its sender or receiver writes: the entry says who that is."""
    who = entry.data.get("endpoint") or entry.actor
    yield ""
    yield f"{instant(entry.at)}  {entry.event}  {one_line(entry.text)}"
    if who in place.adapters.outbound:
        yield from lines_of(body, known_of(place, system=who), RECORDS)
    else:
        channel = who.partition(".")[0]
        known = channel in place.adapters.inbound
        sender = {"channel": channel, "endpoint": who} if known else {}
        yield from lines_of(body, known_of(place, **sender), RECORDS)


def _facts(data: Mapping[str, str]) -> str:
    return " ".join(f"{name}={value}" for name, value in data.items())

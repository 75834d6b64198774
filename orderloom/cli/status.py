"""
``orderloom status``: the one supported answer to "what is the status of order X?".
"""

from __future__ import annotations

import click

from canonical.codec import encode

from .context import Here, here, say
from .lookup import find_records, seen_by, unreached
from .timeline import endpoint_view, timeline

__all__ = ["status"]


@click.command()
@click.argument("key")
@click.option("--as", "endpoint", metavar="ENDPOINT", help="Only what this endpoint may see.")
@click.option("--json", "as_json", is_flag=True, help="JSON, one order a line, for programs.")
@here
def status(place: Here, key: str, endpoint: str | None, *, as_json: bool) -> None:
    """
    Show the order that anybody knows as KEY.

    KEY is the hub's order id, a purchase order number, a cart id, or an id that a system gave.
    An id that several orders have shows them all.

    Examples:
      orderloom status 4500000042
      orderloom status OL7M2K4Q9XH3TZ8RWA --json
      orderloom status 4500000042 --as partner.acme
    """
    with place.store() as store:
        records = find_records(store, key, endpoint)
        not_told = {} if endpoint is not None else unreached(store)
    for number, record in enumerate(records):
        if as_json:
            seen = record if endpoint is None else seen_by(record.order, endpoint)
            click.echo(encode(seen))
            continue
        if number:
            click.echo()
        say(
            timeline(record, not_told) if endpoint is None else endpoint_view(seen_by(record.order, endpoint))
        )

"""
``orderloom drop``: give a native message to a channel, as its sender would.
"""

from __future__ import annotations

from typing import BinaryIO

import click

from .context import Here, Refused, complain, here, sentence
from .text import size

__all__ = ["drop"]

# A queue message may not be larger; more comes by drop folder.
_LARGEST = 8 * 1024 * 1024
_BEGINNINGS = (
    (b"ISA", "application/edi-x12"),
    (b"UNA", "application/edifact"),
    (b"UNB", "application/edifact"),
    (b"{", "application/json"),
    (b"<", "application/xml"),
)


@click.command()
@click.argument("channel")
@click.argument("file", type=click.File("rb"))
@click.option("--content-type", help="Default: told from the first bytes.")
@here
def drop(place: Here, channel: str, file: BinaryIO, content_type: str | None) -> None:
    """
    Put FILE (- for standard input) on CHANNEL's drop exchange, and wait for the broker's confirm.

    Examples:
      orderloom drop partner order.edi
      orderloom drop web - < order.json
    """
    from broker.tools import DropFailed, Dropper
    from orderloom.hub_topology import drop_exchange

    settings = place.settings
    if channel not in settings.channels:
        what = f"unknown channel {channel!r}"
        complain(sentence("E_CONFIG", what, "drop", f"one of {', '.join(settings.channels)}"))
    where = getattr(file, "name", "standard input")
    body = file.read(_LARGEST + 1)
    if not body:
        raise Refused("E_EMPTY", "it holds no bytes", where)
    if len(body) > _LARGEST:
        raise Refused("E_TOO_LARGE", f"more than {size(_LARGEST)}", where)
    url, _ = settings.broker.required()
    exchange = drop_exchange(channel)
    plain = settings.broker.allow_plain
    try:
        with Dropper(url, name="orderloom drop", allow_plain=plain) as dropper:
            dropper.drop(exchange, channel, body, content_type=content_type or _told(body))
    except DropFailed as failed:
        complain(sentence("E_BROKER", f"not taken: {failed}"), status=1)
    click.echo(f"{size(len(body))} on {exchange}, confirmed")


def _told(body: bytes) -> str:
    """What the bytes begin with; the hub does not rely on it."""
    head = body.removeprefix(b"\xef\xbb\xbf").lstrip()[:3]
    return next((kind for mark, kind in _BEGINNINGS if head.startswith(mark)), "application/octet-stream")

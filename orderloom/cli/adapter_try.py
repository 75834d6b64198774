"""
``orderloom adapter try``: messages through the whole hub, in this process, with simulated systems.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from broker.port import Properties
from canonical.codec import decode
from canonical.errors import Fault
from canonical.states import State
from orderloom.correlation.port import Store
from orderloom.correlation.record import Record
from orderloom.hub_topology import ORDERS_EXCHANGE, channel_in, drop_exchange, parked_queue
from orderloom.logging import set_up_logging
from orderloom.running import Embedded
from orderloom.settings import Settings
from orderloom.simulators.script import Script

from .context import complain, sentence
from .decode import lines_of
from .story.stage import neighboured
from .text import instant, one_line, size

if TYPE_CHECKING:
    from orderloom.decoding import Known

__all__ = ["play"]

# Seconds: for all systems to answer, and of silence after which nobody says any more.
_LIMIT = 45.0
_SILENCE = 1.0
_TERMINAL = frozenset(state for state in State if state.terminal)
# Orders of one message that are looked at.
_MOST = 1_000
_SCRIPT = "scripts/calm.json"
# Records shown of an answer that is no text.
_RECORDS = 5
# Of several messages each is sent after an answer and so many seconds of silence, or when none has come for
# so long; what systems are told first they answer later than that.
_NEXT, _UNANSWERED = 0.2, 2.0
_SLOWLY = {"rules": [{"behaviour": "slow", "delay": 2.0}]}


def play(settings: Settings, channel: str, messages: Sequence[tuple[str, bytes]], known: Known) -> bool:
    """
    Drop messages on ``channel``, print all that its endpoints are told, and how the orders ended.

    Args:
        messages: A name for people, and the bytes.
        known: Layouts and code pages by which answers that are no text are shown.

    Returns:
        Whether nothing of them was refused.
    """
    set_up_logging("CRITICAL")
    calm = json.loads(files("orderloom.simulators").joinpath(_SCRIPT).read_text("utf-8"))
    script = Script.of(calm if len(messages) == 1 else _SLOWLY)
    with TemporaryDirectory(prefix="orderloom-try-") as folder:
        there = replace(settings, store=Path(folder) / "orderloom.db")
        with neighboured(there, script) as (hub, *_):
            for number, (name, body) in enumerate(messages, 1):
                exchange = drop_exchange(channel)
                click.echo(f"-> {exchange}  {name}, {size(len(body))}")
                hub.broker.publish(exchange, "", body, Properties())
                if number < len(messages):
                    _until_answered(hub, channel, known)
            orders = _watch(hub, channel, known)
            refused = any(one.event == "document_rejected" for one in hub.store.journal(""))
    _print_orders(orders)
    return not refused


def _until_answered(hub: Embedded, channel: str, known: Known) -> None:
    """Print what is told until nothing more comes for now."""
    ends, quiet = time.monotonic() + _UNANSWERED, 0.0
    while time.monotonic() < (quiet or ends):
        if _hear(hub, channel, known):
            quiet = time.monotonic() + _NEXT


def _hear(hub: Embedded, channel: str, known: Known) -> bool:
    """Print what the channel's endpoints are told now; whether it was anything."""
    heard = False
    endpoints = hub.hub.rules().references.of_channel(channel)
    for queue, sender in {one.out_queue: one.name for one in endpoints}.items():
        found = hub.broker.get(queue, 0.05)
        if found is not None:
            _print(queue, found.properties.headers, found.body, replace(known, endpoint=sender))
            hub.broker.ack(found)
            heard = True
    if hub.broker.depth(parked_queue(channel_in(channel))):
        complain(*_parked(hub.store), status=1)
    return heard


def _watch(hub: Embedded, channel: str, known: Known) -> tuple[Record, ...]:
    """Print what is told until all orders have ended, or wait for their day, and nothing more comes."""
    ends, last, told = time.monotonic() + _LIMIT, time.monotonic(), False
    while True:
        if time.monotonic() > ends:
            _print_orders(_orders(hub.store, _accepted(hub)))
            complain(sentence("E_NO_ANSWER", "not all was answered in time", channel), status=1)
        if _hear(hub, channel, known):
            last, told = time.monotonic(), True
        orders = tuple(_orders(hub.store, _accepted(hub)))
        over = all(one.order.state in _TERMINAL or _later(one) for one in orders)
        if (told or orders) and over and time.monotonic() - last > _SILENCE:
            return orders


def _print_orders(orders: Iterable[Record]) -> None:
    for record in orders:
        order = record.order
        done = f"{order.progress.done}/{order.progress.total}"
        known = ", ".join(dict.fromkeys(one.id for one in order.external_id))
        start = f", which begin at {instant(order.requested_start_date)}" if _later(record) else ""
        click.echo(f"{known}  {order.id}  {order.state}  {done} lines done{start}")


def _later(record: Record) -> bool:
    """Whether it waits for the day that its sender wants."""
    start = record.order.requested_start_date
    return start is not None and start > datetime.now(UTC) and not record.order.progress.done


def _print(queue: str, headers: Mapping[str, object], body: bytes, known: Known) -> None:
    click.echo(f"<- {queue}  {one_line(str(headers.get('summary', '')))}")
    try:
        lines = body.decode("utf-8").splitlines()
    except UnicodeDecodeError:
        lines = [f"({size(len(body))})", *lines_of(body, known, _RECORDS)]
    for line in lines:
        click.echo(f"   {one_line(line.rstrip().expandtabs(4))}")


def _orders(store: Store, ids: Iterable[str]) -> Iterator[Record]:
    for one in ids:
        record = store.order(one)
        if record is not None:
            yield record


def _accepted(hub: Embedded) -> tuple[str, ...]:
    """Ids of the orders that were announced, in the order in which they were."""
    recent = hub.broker.peek(f"{ORDERS_EXCHANGE}.recent", _MOST)
    return tuple(dict.fromkeys(one.properties.correlation_id or "" for one in recent))


def _parked(store: Store) -> tuple[Fault, ...]:
    return tuple(decode(row.fault, Fault) for row in store.parked())

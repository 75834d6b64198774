"""
The story of ``orderloom demo`` and ``orderloom hub``: native messages in, what everybody is told, the end.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import click

from orderloom.correlation.port import Store
from orderloom.correlation.record import Record
from orderloom.simulators.channels import Kept, Readers

from .context import complain, sentence
from .text import instant
from .timeline import timeline

__all__ = [
    "CONTENT_TYPES",
    "STORY",
    "Scene",
    "print_end",
    "print_told",
    "story_file",
    "tell",
    "wait_for_the_end",
]

CONTENT_TYPES = {
    "web": "application/json",
    "partner": "application/edi-x12",
    "directmail": "application/octet-stream",
    "callcenter": "text/xml",
    "store": "application/xml",
    "kiosk": "application/json",
}

# Generous: the whole story takes some seconds on a small machine.
_LIMIT = 45.0


@dataclass(frozen=True, slots=True)
class Scene:
    """
    One native message of the story.

    Args:
        queue: Where it is answered; ``answer`` is the type of the last message that answers it at once,
            empty when nothing does yet.
    """

    says: str
    channel: str
    file: str
    queue: str = ""
    answer: str = ""


_WEB, _ACME, _GLOBEX = "channel.web.out", "channel.partner.acme.out", "channel.partner.globex.out"
_PRINTCO = "channel.directmail.printco.out"
_DESK, _STORE = "channel.callcenter.out", "channel.store.0117.out"
_KIOSK = "channel.kiosk.mall-1.out"

STORY = (
    Scene(
        "the web shop sells a home bundle: internet, and the router for it",
        "web",
        "web-bundle.json",
        _WEB,
        "ProductOrderStateChangeEvent",
    ),
    Scene(
        "Acme sends three orders in one X12 interchange; one names an unknown product",
        "partner",
        "acme-850.edi",
        _ACME,
        "855",
    ),
    Scene(
        "Globex orders a handset, with separators of its own; the warehouse has none",
        "partner",
        "globex-850.edi",
        _GLOBEX,
        "855",
    ),
    Scene(
        "a mainframe sends a batch of three reply cards in EBCDIC; one has letters in its price",
        "directmail",
        "printco-batch.ebcdic",
        _PRINTCO,
        "STS",
    ),
    Scene(
        "Acme, not sure that it was heard, sends the same three again",
        "partner",
        "acme-850-resent.edi",
        _ACME,
        "997",
    ),
    Scene("Acme asks about Globex's order, and learns nothing", "partner", "acme-869.edi", _ACME, "870"),
    Scene("the web shop sends half a document", "web", "web-truncated.json", _WEB, "Error"),
    Scene("the web shop sells what no route takes yet: parked, not lost", "web", "web-gadget.json"),
    Scene(
        "the call centre enters a home bundle over SOAP: a list whose lines name their parents",
        "callcenter",
        "callcenter-bundle.xml",
        _DESK,
        "SWIOrderUpsert_Output",
    ),
    Scene(
        "the customer wants a slower line, while the router is at the warehouse: only the line is touched",
        "callcenter",
        "callcenter-revision.xml",
        _DESK,
        "UpdateLineItems_Input",
    ),
    Scene(
        "a till of store 0117 sends its log: chewing gum, and a handset with a plan to be picked up",
        "store",
        "store-log.xml",
        _STORE,
        "Outcome",
    ),
    Scene(
        "the customer is back at the till and asks how it goes",
        "store",
        "store-question.xml",
        _STORE,
        "status",
    ),
    Scene(
        "a kiosk at the mall sells a mobile plan and two cases",
        "kiosk",
        "kiosk-cart.json",
        _KIOSK,
        "taken",
    ),
    Scene(
        "the kiosk, not sure that it was heard, sends its cart again, in other bytes: one order",
        "kiosk",
        "kiosk-cart-again.json",
        _KIOSK,
        "taken",
    ),
)

_SOLD, _CART = "0117.4.20261102.51", "20261102-0007"

# Every order of the story that ends, by its sender's number.
_ENDS = (
    "W-20001",
    "4500001001",
    "4500001003",
    "G-7701",
    "B2026-1102-0000001",
    "B2026-1102-0000003",
    "1-80451",
    _SOLD,
    _CART,
)


def story_file(name: str) -> bytes:
    """A file of the story."""
    return files("orderloom.cli").joinpath("story", name).read_bytes()


def tell(drop: Callable[[Scene, bytes], None], readers: Readers) -> None:
    """Drop scene after scene, each when the one before was answered."""
    for number, scene in enumerate(STORY, 1):
        click.echo(f"\n{number}. {scene.says}")
        body = story_file(scene.file)
        before = len(readers.kept)
        _print("->", f"drop.{scene.channel}", f"{scene.file}, {len(body)} bytes")
        drop(scene, body)
        if scene.answer and not readers.wait(_answered(scene, before, readers), _LIMIT):
            complain(sentence("E_NO_ANSWER", f"nothing came back for {scene.file}"), status=1)
    click.echo("\nwaiting for the systems (a handset is on backorder, a router slow: two seconds)")


def _answered(scene: Scene, before: int, readers: Readers) -> Callable[[], bool]:
    def look() -> bool:
        news = [one for one in readers.kept[before:] if one.queue == scene.queue]
        return any(record.kind == scene.answer for one in news for record in one.records)

    return look


_printing = threading.Lock()


def _print(arrow: str, where: str, what: str) -> None:
    with _printing:
        click.echo(f"   {datetime.now(UTC):%H:%M:%S} {arrow} {where:<30} {what}")


def print_told(kept: Kept) -> None:
    """Show what an endpoint was told."""
    for record in kept.records:
        lines = " ".join(f"{line}={word}" for line, word in record.lines)
        said = (record.kind, record.document, record.status, lines, record.text)
        _print("<-", kept.queue, " ".join(one for one in said if one)[:110])


def wait_for_the_end(store: Store) -> Mapping[str, Record]:
    """The story's orders by their senders' numbers, once all have completed."""
    ends = time.monotonic() + _LIMIT
    pause = threading.Event()
    while True:
        records = _records(store)
        if len(records) == len(_ENDS) and all(one.order.state == "completed" for one in records.values()):
            return records
        if time.monotonic() > ends:
            states = ", ".join(f"{number} {one.order.state}" for number, one in records.items())
            complain(sentence("E_NO_ANSWER", f"not all orders completed: {states}"), status=1)
        pause.wait(0.05)


def _records(store: Store) -> Mapping[str, Record]:
    found = {}
    for number in _ENDS:
        for _, order_id in store.find(number):
            record = store.order(order_id)
            if record is not None:
                found[number] = record
    return found


def print_end(records: Mapping[str, Record], seconds: float, config: Path) -> None:
    """Each order's time line and final status, and what to try next."""
    for number, record in records.items():
        click.echo(f"\n== {number}")
        for line in timeline(record):
            click.echo(line)
    click.echo("")
    for number, record in records.items():
        order = record.order
        done = f"{order.progress.done}/{order.progress.total}"
        ended = instant(order.completion_date) if order.completion_date else ""
        click.echo(f"{number:<18} {order.id}  {order.state:<10} {done} lines done  {ended}")
    click.echo(f"\n{len(records)} orders completed in {seconds:.1f} s. Look around in what is left on disk:")
    for command in ("status 4500001001", "journal G-7701", "now", "parked list"):
        click.echo(f"  .venv/bin/orderloom --config {config} {command}")

"""
What the correlation store costs per order: accepting new orders, and folding replies into known ones.

    python bench/store.py [--orders 200] [--rounds 15] [--folder DIR | --url postgresql://...]

One round is one transaction of that many orders, committed and synced.  Printed are medians in
microseconds per order, with and without the commit, which waits for the disk.  Reference: the last column
is what this process worked, the rest is waiting; PostgreSQL works in processes of its own.
"""

# ruff: noqa: INP001  (a script, no package)
from __future__ import annotations

import argparse
import json
import os
import secrets
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

import msgspec
import psycopg

from canonical import order as o
from canonical.keys import content_hash, instruction_key, instruction_reference, order_id
from canonical.notices import NoticeKind
from canonical.plan import PartPlan, Plan, Reason
from canonical.states import Action, State
from canonical.systems import Verb
from orderloom.correlation.port import (
    Changes,
    InboxRow,
    IntakeRow,
    JournalEntry,
    NativeRow,
    OutboxRow,
    Store,
    Timer,
)
from orderloom.correlation.postgres import PostgresStore
from orderloom.correlation.record import Alias, Instructed, Line, Record, Told
from orderloom.correlation.sqlite import SqliteStore

_SIZE = """
select sum(pg_total_relation_size(oid)) from pg_class
where relkind = 'r' and relnamespace = to_regnamespace(%s)
"""

# A store, what it runs on, and how many bytes it takes.
Place: TypeAlias = tuple[Store, str, Callable[[], int]]

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PARTS = ("crm", "internet", "voice", "tv")
ENDPOINT = "partner.acme"
# About what a message of ours carries.
PROPERTIES = json.dumps(
    {"message_id": "0" * 36, "correlation_id": "0" * 18, "headers": {"k": "v" * 120}}
).encode()


def document(number: int) -> o.Order:
    """An order of four items, about 3 KB of JSON."""
    address = o.Address(street="Main Street 1", city="Springfield", postcode="62701", country="US")
    traits = tuple(o.Characteristic(name=f"characteristic-{one}", value="v" * 20) for one in range(3))
    items = tuple(
        o.OrderItem(
            id=str(at),
            action=Action.ADD,
            product_offering=o.OfferingRef(id=f"{name}-100", name=f"{name} 100"),
            product=o.Product(
                product_characteristic=traits, place=(o.Place(role="delivery", place=address),)
            ),
            category=name,
            line_ref=str(at),
            state=State.ACKNOWLEDGED,
        )
        for at, name in enumerate(PARTS, 1)
    )
    purchase = o.ExternalId(owner=ENDPOINT, external_identifier_type="purchaseOrder", id=f"PO{number}")
    channel = o.ChannelRef(id="partner")
    return o.Order(
        id=order_id(ENDPOINT, "850", f"PO{number}"),
        state=State.IN_PROGRESS,
        version=1,
        creation_date=NOW,
        rules_version="a" * 12,
        product_order_item=items,
        external_id=(purchase,),
        related_party=(o.RelatedParty(role="customer", party_or_party_role=o.PartyRef(id=f"C{number}")),),
        channel=(o.RelatedChannel(role=o.ChannelRole.CAPTURE, channel=channel, endpoint=ENDPOINT, at=NOW),),
        progress=o.Progress(done=0, total=4),
    )


def new_record(number: int) -> Record:
    """An accepted order: four parts, the first instructed, its acceptance told."""
    doc = document(number)
    reason = Reason(
        route="triple-play", rules_version="a" * 12, clause="when.category", why="product book 4.2"
    )
    parts = tuple(
        PartPlan(name=name, number=at, system=f"oss.{name}", items=(str(at),), reason=reason)
        for at, name in enumerate(PARTS, 1)
    )
    reference = instruction_reference(doc.id, 1, 0)
    return Record(
        order=doc,
        plan=Plan(rules_version="a" * 12, parts=parts),
        lines=tuple(
            Line(part=name, item=str(at), number=1, state=State.ACKNOWLEDGED, since=NOW)
            for at, name in enumerate(PARTS, 1)
        ),
        instructions=(
            Instructed(
                key=instruction_key(doc.id, "crm", "do", 0),
                part="crm",
                system="oss.crm",
                verb=Verb.DO,
                reference=reference,
                sent_at=NOW,
            ),
        ),
        told=(Told(endpoint=ENDPOINT, kind=NoticeKind.ACCEPTED, version=1, at=NOW, state=doc.state),),
        aliases=(
            Alias(owner=ENDPOINT, type="purchaseOrder", value=f"PO{number}"),
            Alias(owner="oss.crm", type="reference", value=reference, part="crm"),
        ),
    )


def accepted(start: int, orders: int) -> Changes:
    """What accepting a batch writes; per order: 5 outbox rows, 3 natives, 4 journal entries."""
    changes = Changes(owner="bench")
    for number in range(start, start + orders):
        record = new_record(number)
        changes.records.append((None, record))
        for kind in ("envelope", "business"):
            changes.inbox.append(InboxRow(f"{kind}|{ENDPOINT}|{number}", "0" * 64, record.id, NOW))
        bodies = [f"{kind}{number}".encode() * 60 for kind in ("ISA*850", "ISA*855", "ISA*940")]
        hashes = [content_hash(body) for body in bodies]
        for name, body in zip(hashes, bodies, strict=True):
            changes.natives[name] = NativeRow(name, body, "application/EDI-X12", NOW)
        changes.intakes.append(
            IntakeRow(
                str(number), "partner", ENDPOINT, str(number), "channel.partner.in", hashes[0], b"[]", NOW
            )
        )
        changes.outbox += [_message(record.id, f"queue.{at}", "") for at in range(3)]
        changes.outbox += [_message(record.id, f"system.{at}", hashes[at]) for at in (1, 2)]
        changes.journal += [
            JournalEntry(record.id, NOW, f"event_{at}", "one sentence for people", {"part": "crm"})
            for at in range(4)
        ]
        key = f"{record.id}|answer-by"
        changes.timers[key] = Timer(key, NOW + timedelta(hours=1), "answer-by", record.id, {"part": "crm"})
    changes.counters["partner.acme|interchange"] = start
    return changes


def replied(before: Record) -> Record:
    """One reply folded in: a line and its item done, progress and version moved, one more notice."""
    done = NOW + timedelta(seconds=5)
    line = msgspec.structs.replace(before.lines[0], state=State.COMPLETED, since=done, word="DONE", sent=True)
    first = msgspec.structs.replace(before.order.product_order_item[0], state=State.COMPLETED)
    doc = msgspec.structs.replace(
        before.order,
        version=before.order.version + 1,
        product_order_item=(first, *before.order.product_order_item[1:]),
        progress=o.Progress(done=1, total=4),
    )
    answered = msgspec.structs.replace(before.instructions[0], answered_at=done)
    told = Told(endpoint=ENDPOINT, kind=NoticeKind.CHANGED, version=doc.version, at=done, state=doc.state)
    return msgspec.structs.replace(
        before,
        order=doc,
        lines=(line, *before.lines[1:]),
        instructions=(answered,),
        told=(*before.told, told),
    )


def _message(order: str, queue: str, native: str) -> OutboxRow:
    return OutboxRow(
        order_id=order,
        destination=queue,
        exchange="",
        routing_key=queue,
        properties=PROPERTIES,
        mandatory=True,
        at=NOW,
        body=None if native else b"x" * 3000,
        native=native,
    )


class Watch:
    """Microseconds per order, by name of what was measured."""

    def __init__(self, orders: int) -> None:
        self._orders = orders
        self._times: dict[str, list[tuple[float, float]]] = {}

    @contextmanager
    def over(self, name: str) -> Iterator[None]:
        """Measure the body: time on the wall and time of the processor."""
        wall, worked = time.perf_counter(), time.process_time()
        yield
        spent = (time.perf_counter() - wall, time.process_time() - worked)
        self._times.setdefault(name, []).append(spent)

    def report(self) -> str:
        """A line for each name."""
        lines = [f"{'µs per order, median':<34}{'wall':>8}{'cpu':>8}"]
        for name, times in self._times.items():
            wall, worked = (statistics.median(one) * 1e6 / self._orders for one in zip(*times, strict=True))
            lines.append(f"{name:<34}{wall:8.0f}{worked:8.0f}")
        return "\n".join(lines)


def run(store: Store, orders: int, rounds: int) -> Watch:
    """Accept, load and save, mark sent: each once a round."""
    watch = Watch(orders)
    for turn in range(rounds):
        changes = accepted(turn * orders, orders)
        ids = [after.id for _, after in changes.records]
        keys = [after.aliases[0].key for _, after in changes.records]
        with watch.over("accept, with commit"):
            sent = _accept(watch, store, changes, keys)
        with watch.over("reply: load and save, with commit"), store.begin() as transaction:
            with watch.over("reply: aliases and load"):
                transaction.aliases(keys)
                records = transaction.orders(ids)
            pairs = [(one, replied(one)) for one in records.values()]
            with watch.over("reply: save differences"):
                transaction.apply(Changes(records=pairs, owner="bench"))
        _measured(watch, "mark 5 rows sent, with commit", store, Changes(sent=list(sent)))
    return watch


def _accept(watch: Watch, store: Store, changes: Changes, keys: list[str]) -> Sequence[int]:
    with store.begin() as transaction, watch.over("accept, without commit"):
        transaction.inbox([one.key for one in changes.inbox])
        transaction.aliases(keys)
        transaction.waiting(keys)
        transaction.counters(changes.counters)
        return transaction.apply(changes)


def _measured(watch: Watch, name: str, store: Store, changes: Changes) -> None:
    with watch.over(name), store.begin() as transaction:
        transaction.apply(changes)


def main(write: Callable[[str], object] = sys.stdout.write) -> None:
    """Run in a new folder, or in a new schema, and print."""
    arguments = argparse.ArgumentParser(description=__doc__.strip().splitlines()[0])
    arguments.add_argument("--orders", type=int, default=200)
    arguments.add_argument("--rounds", type=int, default=15)
    arguments.add_argument(
        "--folder", type=Path, default=None, help="where the SQLite file is made, and removed"
    )
    arguments.add_argument("--url", help="measure PostgreSQL there, in a schema that is made and removed")
    chosen = arguments.parse_args()
    place = _on_postgres(chosen.url) if chosen.url else _on_sqlite(chosen.folder)
    with place as (store, name, size):
        store.register("bench", "localhost", os.getpid(), NOW, 10)
        watch = run(store, chosen.orders, chosen.rounds)
        store.close()
        each = size() // (chosen.orders * chosen.rounds)
    write(f"{name}, {chosen.orders} orders a batch, {chosen.rounds} batches\n")
    write(f"{watch.report()}\n{'bytes on disk per order':<34}{each:8d}\n")


@contextmanager
def _on_sqlite(folder: Path | None) -> Iterator[Place]:
    with tempfile.TemporaryDirectory(dir=folder) as made:
        file = Path(made) / "bench.db"
        yield (
            SqliteStore(file),
            f"SQLite {sqlite3.sqlite_version}",
            lambda: sum(one.stat().st_size for one in file.parent.iterdir()),
        )


@contextmanager
def _on_postgres(url: str) -> Iterator[Place]:
    schema = f"bench_{secrets.token_hex(4)}"
    with psycopg.connect(url, autocommit=True) as db:
        db.execute(f"create schema {schema}")

        def size() -> int:
            found = db.execute(_SIZE, (schema,)).fetchone()
            return int(found[0]) if found else 0

        joint = "&" if "?" in url else "?"
        store = PostgresStore(f"{url}{joint}options=-csearch_path%3D{schema}")
        try:
            yield store, f"PostgreSQL {db.info.server_version // 10_000}", size
        finally:
            db.execute(f"drop schema {schema} cascade")


if __name__ == "__main__":
    main()

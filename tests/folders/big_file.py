"""
A file of any length in a drop folder: found, checked, sealed, and what that takes of memory.

Run as a program, since the most memory that a process ever had never falls again.
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from adapters.inbound.directmail import DirectMailAdapter
from orderloom.correlation.sqlite import SqliteStore
from orderloom.folders.jobs import Check
from orderloom.folders.places import place_of
from orderloom.folders.poll import poll_folders
from orderloom.settings import load
from tests.adapters.batches import PRINTCO
from tests.adapters.big_batch import Made, kibibytes

NOW = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)


def taken(count: int) -> dict[str, int]:
    """Put a file of so many records into a folder, and take it as far as its first pass."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "orderloom.toml").write_text('[channels.directmail]\nfolder = "drop"\n', "utf-8")
        settings = load(folder / "orderloom.toml", {})
        place = place_of(folder / "drop", PRINTCO.id)
        place.make()
        source = Made(count)
        with (place.incoming / "CARDS.DAT").open("wb") as file:
            while piece := source.read(1 << 20):
                file.write(piece)
        store = SqliteStore(folder / "orderloom.db")
        for look in range(2):
            poll_folders(settings, store, NOW + timedelta(minutes=look))
        [row] = store.open_files(9)
        found = Check(place, row, DirectMailAdapter(), PRINTCO, threading.Event())()
        store.close()
        assert found.checked.fault is None, found.checked.fault
        return {"records": found.checked.records, "bytes": row.size, "seal": len(found.seal)}


def main(count: int) -> None:
    """Print what was found, what it cost, and by how much memory grew after a first small file."""
    taken(2000)
    before, started = kibibytes(), time.monotonic()
    found = taken(count)
    cost = {"grown_kib": kibibytes() - before, "peak_kib": kibibytes(), "seconds": time.monotonic() - started}
    print(json.dumps(found | cost))  # noqa: T201 - whoever started us reads it


if __name__ == "__main__":
    main(int(sys.argv[1]))

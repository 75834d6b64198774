from __future__ import annotations

import faulthandler
import json
import os
import subprocess
import sys
from pathlib import Path

from tests.folders import big_file

ROOT = Path(__file__).parents[2]
# The design's million takes a minute: only when the whole is asked for.
FULL = os.environ.get("ORDERLOOM_FULL") == "1"
RECORDS = 1_000_000 if FULL else 20_000
# Two pieces of a MiB, and what an allocator rounds up; the file held whole would take 4 MiB, or 200.
MOST_KIB = 3072 if not FULL else 4096


def test_memory_does_not_grow_with_the_file(capsys):
    """A file is found, moved, checked and sealed in as much memory as a small one."""
    if FULL:
        # The watchdog of the test run takes so long a test for one that hangs; the limit below is its own.
        faulthandler.cancel_dump_traceback_later()
    run = subprocess.run(
        [sys.executable, big_file.__file__, str(RECORDS)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
    )
    assert 0 == run.returncode, run.stderr
    found = json.loads(run.stdout)
    with capsys.disabled():
        sys.stdout.write(
            f"\ndrop folder: {RECORDS} records, peak {found['peak_kib'] / 1024:.0f} MiB, "
            f"grown by {found['grown_kib']} KiB, {found['seconds']:.0f} s\n"
        )

    size = (RECORDS + 2) * 200
    blocks = -(-size // 2**20)
    assert {"records": RECORDS, "bytes": size, "seal": 16 * blocks} == {
        name: found[name] for name in ("records", "bytes", "seal")
    }
    assert found["grown_kib"] < MOST_KIB

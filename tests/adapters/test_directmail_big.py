from __future__ import annotations

import faulthandler
import json
import os
import subprocess
import sys
from pathlib import Path

from tests.adapters import big_batch

ROOT = Path(__file__).parents[2]
# The design's million takes minutes: only when the whole is asked for.
RECORDS = 1_000_000 if os.environ.get("ORDERLOOM_FULL") == "1" else 50_000
# Interpreters allot memory in arenas; a batch held whole would take 200 bytes a record, its orders far more.
MOST_KIB = 4096


def test_memory_does_not_grow_with_the_file(capsys):
    """Both passes and the acknowledgement of a large batch need no more memory than those of a small one."""
    if RECORDS > 50_000:
        # The watchdog of the test run takes so long a test for one that hangs; the limit below is its own.
        faulthandler.cancel_dump_traceback_later()
    run = subprocess.run(
        [sys.executable, big_batch.__file__, str(RECORDS)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=1800,
        check=False,
    )
    assert 0 == run.returncode, run.stderr
    found = json.loads(run.stdout)
    bad = RECORDS // big_batch.BAD_EVERY
    with capsys.disabled():
        sys.stdout.write(
            f"\ndirectmail: {RECORDS} records, peak {found['peak_kib'] / 1024:.0f} MiB, "
            f"grown by {found['grown_kib']} KiB, {found['seconds']:.0f} s\n"
        )

    assert {"records": RECORDS, "orders": RECORDS - bad, "refused": bad} == {
        name: found[name] for name in ("records", "orders", "refused")
    }
    assert (RECORDS + 2) * 200 == found["bytes"] == found["answered"]
    assert found["grown_kib"] < MOST_KIB

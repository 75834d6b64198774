"""
``python -m bench.flow``: see the package's text.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from broker.private_node import PrivateNode
from tests.support.postgres import Postgres

from .course import Course
from .rounds import run

_RESULT = Path("var/bench.json")


def main() -> int:
    """Start the servers, run all rounds, print the table, write the JSON."""
    parser = argparse.ArgumentParser(prog="python -m bench.flow", description=__doc__)
    parser.add_argument("--orders", type=int, default=400, help="of a lap (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, help="laps of each (default: %(default)s)")
    parser.add_argument("--result", type=Path, default=_RESULT, help="JSON file (default: %(default)s)")
    chosen = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
        PrivateNode(label="bench") as node,
        Postgres("bench") as server,
    ):
        result = run(Course(node, Path(folder)), server, chosen.orders, chosen.rounds, _say)
    chosen.result.parent.mkdir(parents=True, exist_ok=True)
    chosen.result.write_text(json.dumps(result, indent=2) + "\n", "utf-8")
    return 0


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())

"""
Ends what this process started when this process is gone, however it went: SIGKILL runs no handler.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

__all__ = ["Keeper"]

# Its input ends with the process that holds the other end.  It waits some seconds for the processes to be
# gone before it removes their folder: what still runs still writes.
_SCRIPT = """
read -r _
folder=$1 how=$2
shift 2
for one in "$@"; do kill -s "$how" -- "$one"; done
for _ in 1 2 3 4 5 6 7 8 9 10; do
  alive=
  for one in "$@"; do kill -s 0 -- "$one" && alive=yes; done
  [ "$alive" ] || break
  sleep 1
done
[ -z "$folder" ] || rm -rf -- "$folder"
"""


class Keeper:
    """
    Watches over processes until it is dismissed.

    Args:
        ids: Processes to end, or with a minus sign process groups.
        how: Name of the signal.
        folder: Removed when they are gone; None: it stays.
    """

    def __init__(self, ids: Sequence[int], how: str, folder: Path | None = None) -> None:
        told = [str(folder or ""), how, *map(str, ids)]
        self._process = subprocess.Popen(  # noqa: S603 -- a script of our own
            ["/bin/sh", "-c", _SCRIPT, "orderloom-keeper", *told],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def dismiss(self) -> None:
        """They are looked after by whoever started them."""
        self._process.kill()
        self._process.communicate()

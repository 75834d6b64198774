"""
The memory of the simulated systems: a file of JSON lines, synced entry by entry, read again at start.

One entry for each call that came in.  The entry of the call that was applied also holds the answers,
bytes and all: that a repeated key gets the same answer is then a matter of looking it up, also after a kill.
The entry of a change that was made holds what it leaves of the answers to the instruction that it changes.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from threading import RLock
from typing import Any

__all__ = ["CallLog", "conflicts", "gaps", "read_log"]

Entry = dict[str, Any]


class CallLog:
    """
    Calls by system and key.

    Args:
        path: The file, made when it is not there; None keeps everything in memory only.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.lock = RLock()
        self.entries: list[Entry] = []
        self._applied: dict[tuple[str, str], Entry] = {}
        self._calls: Counter[tuple[str, str]] = Counter()
        self._numbers: dict[tuple[str, str], int] = {}
        self._sent: set[str] = set()
        self._has: dict[tuple[str, str], Mapping[str, Any]] = {}
        self._answers: dict[tuple[str, str], list[Entry]] = {}
        self._changes: dict[tuple[str, str], list[Entry]] = {}
        self._withdrawn: set[tuple[str, str]] = set()
        for entry in _recover(path) if path else ():
            self._learn(entry)
        self._file = path.open("ab") if path else None

    def append(self, entry: Entry) -> None:
        """Keep one entry; it is on the disk when this returns."""
        with self.lock:
            if self._file is not None:
                self._file.write(json.dumps(entry, separators=(",", ":")).encode() + b"\n")
                self._file.flush()
                os.fsync(self._file.fileno())
            self._learn(entry)

    def applied(self, system: str, key: str) -> Entry | None:
        """The entry under which ``system`` applied ``key``, if it did."""
        with self.lock:
            return self._applied.get((system, key))

    def answers(self, system: str, key: str) -> list[Entry]:
        """What ``system`` answers to ``key``, as it stands now: ``id``, ``after`` and ``body`` of each."""
        with self.lock:
            return self._answers.get((system, key), [])

    def withdrawn(self, answer: str, body: str) -> bool:
        """Whether a change has taken the place of this answer before it was due."""
        with self.lock:
            return (answer, body) in self._withdrawn

    def has(self, system: str, part: str) -> Mapping[str, Any]:
        """What ``system`` has of a part, line by line."""
        with self.lock:
            return self._has.get((system, part), {})

    def changes(self, system: str, key: str) -> list[Entry]:
        """The changes that ``system`` has made of what was first told under ``key``."""
        with self.lock:
            return self._changes.get((system, key), [])

    def calls(self, system: str, key: str) -> int:
        """How often ``system`` was told ``key`` so far."""
        with self.lock:
            return self._calls[system, key]

    def unsent(self, system: str) -> list[tuple[Entry, Mapping[str, Any]]]:
        """Answers of ``system`` that no entry says were sent, with the call they answer."""
        with self.lock:
            return [
                (entry, answer)
                for (owner, key), entry in self._applied.items()
                for answer in self.answers(owner, key)
                if owner == system and answer["id"] not in self._sent
            ]

    def next_number(self, system: str, counter: str) -> int:
        """The next control number; an entry must keep it under ``numbers`` before it is used."""
        with self.lock:
            number = self._numbers.get((system, counter), 0) + 1
            self._numbers[system, counter] = number
            return number

    def close(self) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def _learn(self, entry: Entry) -> None:
        self.entries.append(entry)
        if "sent" in entry:
            self._sent.add(entry["sent"])
            return
        name = (entry["system"], entry["key"])
        self._calls[name] += 1
        if entry["applied"]:
            self._apply(entry)
        for counter, number in entry.get("numbers", {}).items():
            owner = (entry["system"], counter)
            self._numbers[owner] = max(self._numbers.get(owner, 0), number)

    def _apply(self, entry: Entry) -> None:
        name = (entry["system"], entry["key"])
        self._applied.setdefault(name, entry)
        self._answers.setdefault(name, entry.get("answers", []))
        if "has" in entry:
            self._has[entry["system"], entry["part"]] = entry["has"]
        changed = (entry["system"], entry.get("first", ""))
        if entry.get("made"):
            self._changes.setdefault(changed, []).append(entry)
        if "revised" in entry:
            stand = {(one["id"], one["body"]) for one in entry["revised"]}
            before = {(one["id"], one["body"]) for one in self._answers.get(changed, ())}
            self._withdrawn = (self._withdrawn | before) - stand
            self._answers[changed] = entry["revised"]


def _recover(path: Path) -> list[Entry]:
    if not path.exists():
        return []
    whole = path.read_bytes()
    complete = whole[: whole.rfind(b"\n") + 1]  # a kill may have cut the last line
    if complete != whole:
        os.truncate(path, len(complete))
    return [json.loads(line) for line in complete.splitlines()]


def read_log(path: Path) -> list[Entry]:
    """The entries of a log that another process may be writing; a line not yet whole is left out."""
    whole = path.read_bytes() if path.exists() else b""
    return [json.loads(line) for line in whole[: whole.rfind(b"\n") + 1].splitlines()]


def gaps(entries: Iterable[Entry], counter: str = "interchange") -> list[int]:
    """Control numbers missing between the lowest and the highest that came in."""
    seen = {int(entry["control"][counter]) for entry in entries if counter in entry.get("control", {})}
    return sorted(set(range(min(seen), max(seen) + 1)) - seen) if seen else []


def conflicts(entries: Iterable[Entry], counter: str = "interchange") -> list[int]:
    """Control numbers that came in more than once with other bytes; a repeat byte for byte is none."""
    hashes: dict[int, set[str]] = {}
    for entry in entries:
        if counter in entry.get("control", {}):
            hashes.setdefault(int(entry["control"][counter]), set()).add(entry["sha256"])
    return sorted(number for number, distinct in hashes.items() if len(distinct) > 1)

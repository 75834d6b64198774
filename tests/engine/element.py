"""
A network element that carries a command out as often as it gets it, and loses commands and answers.

What carries its messages to it drops one whose id it had: that is a delivery again, and no telling again.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from random import Random

from broker.port import Delivery
from tests.engine.rig import MOBILE_REPLIES

__all__ = ["Element", "mml"]

_COMMAND = re.compile(r'(?P<verb>ADD|LST) SUB:KEY="(?P<key>[^"]+)",REF="(?P<reference>[^"]+)"(?P<rest>.*);')
_LINE = re.compile(r",LINE=([0-9]+)")
_ASKED = re.compile(r",ASK=([0-9]+)")

# So often at most one instruction meets with a loss: whoever loses more is a person's to look at.
_LOSSES = 3


class Element:
    """
    Mobile provisioning.

    Args:
        chance: Lets it lose commands, and answers to commands; None only what ``losing`` says.
    """

    def __init__(self, chance: Random | None = None) -> None:
        self._chance = chance
        self._had: set[str] = set()
        self._losses: Counter[str] = Counter()
        self._lines: dict[str, set[str]] = defaultdict(set)
        self._serial = 0
        self.losing: list[str] = []
        """What becomes of the next commands: "command" and "answer" are lost, "" is answered."""
        self.carried_out: Counter[str] = Counter()
        """How often the command of an instruction was carried out."""
        self.asked: Counter[str] = Counter()
        """How often it was asked what became of an instruction."""

    def told(self, message: Delivery, heard: dict[str, set[bytes]]) -> Iterator[tuple[str, bytes]]:
        """Do what a message says; gives the answers, each with its queue."""
        id_ = message.properties.message_id or ""
        if id_ in self._had:
            return
        self._had.add(id_)
        found = _COMMAND.match(message.body.decode())
        assert found is not None, message.body
        if found["verb"] == "LST":
            self.asked[found["key"]] += 1
            yield MOBILE_REPLIES, self._listed(found)
            return
        heard[found["key"]].add(message.body)
        lost = self._lost(found["key"])
        if lost != "command":
            self.carried_out[found["key"]] += 1
            self._lines[found["key"]] |= set(_LINE.findall(found["rest"]))
        if not lost:
            for line in _LINE.findall(found["rest"]):
                yield MOBILE_REPLIES, self._answer(found, f",LINE={line}", "0")

    def _lost(self, key: str) -> str:
        if self.losing:
            return self.losing.pop(0)
        if self._chance is None or self._losses[key] >= _LOSSES or self._chance.random() < 0.5:
            return ""
        self._losses[key] += 1
        return self._chance.choice(("command", "answer"))

    def _listed(self, found: re.Match[str]) -> bytes:
        lines = sorted(self._lines[found["key"]])
        rows = "\n".join(f"LINE = {line}\nRESULT = 0\n" for line in lines)
        [number] = _ASKED.findall(found["rest"])
        return self._answer(found, f",ASK={number}", "0" if lines else "3002", rows)

    def _answer(self, found: re.Match[str], more: str, code: str, rows: str = "") -> bytes:
        self._serial += 1
        key, reference = found["key"], found["reference"]
        return mml(found["verb"], key, reference, more, code=code, rows=rows, serial=self._serial)


def mml(
    verb: str, key: str, reference: str = "", more: str = "", *, code: str, rows: str = "", serial: int = 0
) -> bytes:
    """An answer as an element prints it; without a serial number it is known by its content alone."""
    head = f"+++    HSS    2026-03-02 09:00:00\nO&M    #{serial:06}\n" if serial else ""
    named = f'KEY="{key}"' + (f',REF="{reference}"' if reference else "")
    return f"{head}%%{verb} SUB:{named}{more};%%\nRETCODE = {code}\n\n{rows}\n---    END\n".encode()

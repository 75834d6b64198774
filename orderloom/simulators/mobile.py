"""
The simulated mobile provisioning: MML commands on a queue, each answered as a network element prints it.

Described in docs/systems/oss-mobile.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from .answers import Line, Told, Vocabulary, answers
from .neighbour import Neighbour, Reply, Taken, token
from .script import Behaviour

__all__ = ["Mobile"]

_ELEMENT = "HSS-SIM"
_COMMAND = re.compile(r"(ADD|MOD|RMV|LST) SUB:(.*);")
_PARAMETER = re.compile(r"(?<![A-Z0-9_])([A-Z][A-Z0-9_]*)=(?:\"([^\"]*)\"|([0-9]+))(?:,|$)")
_INQUIRY = "inquire"
# The parameter that names the instruction which is changed, or taken back.
_CHANGES = {"CHANGES": "modify", "UNDOES": "undo"}
# No property of the subscriber's.
_OURS = {"KEY", "REF", "LINE", "OFFER", "QTY", "ORDER", "ACCOUNT", "SERIAL", "WANTED", *_CHANGES}
_LOSING = ("lose_command", "lose_answer")

_TEXTS = {
    "0": "Operation is successful",
    "100": "Accepted for execution",
    "1001": "A parameter is not valid",
    "2001": "The subscriber has to confirm",
    "3002": "No such subscriber",
    "3003": "The card is in use",
    "4001": "The number has been ported away",
    "5001": "The system is busy",
}


class Mobile(Neighbour):
    """Sets up the subscribers of each order, and answers command by command."""

    name = "oss.mobile"
    content_type = "text/plain"
    vocabulary = Vocabulary(
        done="0",
        rejected="1001",
        backorder="5001",
        refused="3003",
        progress="100",
        needs_customer="2001",
        contrary="1001",
        changed="0",
        unchanged="3003",
        too_late="4001",
    )

    def read(self, body: bytes) -> list[Told]:
        """
        Read the commands of one instruction, or one inquiry.

        Raises:
            ValueError: They are none, or of different instructions.
        """
        commands = [_command(line) for line in body.decode("ascii").splitlines()]
        if len({said.get("KEY") for _, said in commands}) != 1 or not commands[0][1].get("KEY"):
            raise ValueError("not the commands of one instruction: KEY differs, or is missing")
        verb, first = commands[0]
        asked = verb == "LST"
        named = next((name for name in _CHANGES if name in first), "")
        return [
            Told(
                key=first["KEY"],
                reference=first.get("REF", ""),
                order_number=first.get("ORDER", ""),
                verb=_INQUIRY if asked else _CHANGES.get(named, "do"),
                lines=() if asked else tuple(_line(command, said) for command, said in commands),
                control={"verb": verb} | ({"asked": first.get("ASK", "")} if asked else {}),
                earlier=first.get(named, ""),
            )
        ]

    def render(self, told: Told, behaviour: Behaviour, at: datetime, numbers: dict[str, int]) -> list[Reply]:
        """One message for each command and answer."""
        written: dict[tuple[int, str], Reply] = {}
        sent = []
        for answer in answers(behaviour, self.vocabulary, len(told.lines), changes=told.changes):
            for line, word in told.spoken(answer.words):
                name = (answer.reply, line.number)
                if name not in written:
                    echo = _echo(told, line)
                    got = word == "0" and not told.changes
                    given = (f'MSISDN = "{token("", told.key, line.number)}"',) if got else ()
                    written[name] = self._answer(echo, word, given, at, numbers)
                sent.append(Reply(written[name].id, answer.after, written[name].body))
        return sent

    def take(self, told: Told, body: bytes) -> Taken:
        """An inquiry tells what was applied, and changes nothing; everything else as other systems do."""
        if told.verb == _INQUIRY:
            return self._inquired(told, body)
        behaviour = self._behaviour(told)
        if behaviour.kind not in _LOSING or self._told(told.key) >= behaviour.times:
            return super().take(told, body)
        if behaviour.kind == "lose_answer":
            return replace(super().take(told, body), replies=())
        self.turn_away(told, body, "lost")
        return Taken(behaviour, repeat=False, replies=())

    def _told(self, key: str) -> int:
        """How often an instruction has come, inquiries about it aside."""
        with self._log.lock:
            own = [one for one in self._log.entries if (one["system"], one.get("key")) == (self.name, key)]
        return sum(one["outcome"] != _INQUIRY for one in own)

    def _inquired(self, told: Told, body: bytes) -> Taken:
        with self._log.lock:
            at = self._now()
            numbers: dict[str, int] = {}
            applied = self._log.applied(self.name, told.key)
            asked = f",ASK={told.control['asked']}" if told.control["asked"] else ""
            echo = f'LST SUB:KEY="{told.key}",REF="{told.reference}"{asked}'
            stand = self._log.answers(self.name, told.key)
            rows = [row for one in stand for row in _listed(one["body"])]
            reply = self._answer(echo, "0" if rows else "3002", rows, at, numbers)
            self._log.append(self._entry(told, body, at, _INQUIRY) | {"numbers": numbers})
        # One that never says what it has applied does not say so when it is asked either.
        mute = applied is not None and not stand
        return Taken(Behaviour("ok"), repeat=True, replies=() if mute else (reply,))

    def _answer(
        self, echo: str, code: str, rows: tuple[str, ...] | list[str], at: datetime, numbers: dict[str, int]
    ) -> Reply:
        serial = numbers["serial"] = self._log.next_number(self.name, "serial")
        lines = (
            f"+++    {_ELEMENT}    {at:%Y-%m-%d %H:%M:%S}",
            f"O&M    #{serial:06}",
            f"%%{echo};%%",
            f"RETCODE = {code} {_TEXTS[code]}",
            "",
            *rows,
            "",
            "---    END",
        )
        return Reply(f"{_ELEMENT}#{serial:06}", 0.0, "\n".join(lines) + "\n")


def _command(line: str) -> tuple[str, Mapping[str, str]]:
    found = _COMMAND.fullmatch(line)
    if found is None:
        raise ValueError(f"no command: {line[:60]!r}")
    said = {name: text or number for name, text, number in _PARAMETER.findall(found[2])}
    return found[1], said


def _echo(told: Told, line: Line) -> str:
    """Of the command what says which it is."""
    named = f'KEY="{told.key}",REF="{told.reference}",LINE={line.number}'
    earlier = next((f',{name}="{told.earlier}"' for name, verb in _CHANGES.items() if verb == told.verb), "")
    return f"{line.command} SUB:{named}{earlier}"


def _line(command: str, said: Mapping[str, str]) -> Line:
    properties = tuple((name, value) for name, value in said.items() if name not in _OURS and value)
    try:
        return Line(said["LINE"], said["OFFER"], int(said["QTY"]), properties, command)
    except KeyError as missing:
        raise ValueError(f"the command lacks {missing}") from missing


def _listed(answer: str) -> list[str]:
    """LINE and RESULT of an answer that was given."""
    line, code = (re.search(pattern, answer) for pattern in (r"LINE=(\d+)", r"RETCODE = (\d+)"))
    return [f"LINE = {line[1]}", f"RESULT = {code[1]}", ""] if line and code else []

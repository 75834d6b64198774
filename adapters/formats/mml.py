"""
MML, the command language of network elements: commands written, answers read.

A command is ``VERB OBJECT:NAME=VALUE,…;``.  An answer repeats it between ``%%``, says ``RETCODE = n text``,
may go on with lines ``NAME = value`` and ends with ``---    END``.  Source: ITU-T Z.300 to Z.341 for the
commands; the frame of answers as mobile network elements print it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

import msgspec

from canonical.errors import Rejected, shown

from .sniff import refuse_unreadable

__all__ = [
    "MAX_ANSWERS",
    "Answer",
    "Command",
    "Value",
    "read_answers",
    "read_commands",
    "sayable",
    "write_commands",
]

Value = str | int
"""Texts are written in quotes, numbers are not."""

MAX_ANSWERS = 1_000
"""Answers of one message: they are taken in at once, and meanwhile the worker does nothing else."""

# Bytes.  As many answers of 4 KiB each; each parameter in them costs a few microseconds.
_MAX_MESSAGE = 4 * 1024 * 1024
# An inquiry about 10,000 lines is answered in four lines of text each, and some of title.
_MAX_LINES = 50_000
# Characters.  No element prints longer lines; what is read of one costs no more than its length.
_MAX_LINE = 8_000
# Between these an element repeats a command.
_ECHO = "%%"

_NAME = re.compile(r"[A-Z][A-Z0-9_]*")
_HEAD = re.compile(r"\s*(?P<verb>[A-Z]+) (?P<object>[A-Z][A-Z0-9_]*)\s*(?::|;|$)")
_PARAMETER = re.compile(
    r"\s*(?P<name>[A-Z][A-Z0-9_]*)\s*=\s*(?:\"(?P<text>[^\"]*)\"|(?P<bare>[^\s\",;]*))\s*(?:,|;|$)"
)
_RETCODE = re.compile(r"\s*RETCODE\s*=\s*(?P<code>[0-9]{1,9})(?:\s+(?P<text>.*))?")
_FIELD = re.compile(r"\s*(?P<name>[A-Z][A-Z0-9_]*(?: [A-Z0-9_]+)*)\s*=\s*(?P<value>.*)")
_ORIGIN = re.compile(r"\+\+\+\s+(?P<element>\S+)(?:\s.*)?")
_SERIAL = re.compile(r"\S+\s+#(?P<serial>[0-9A-Za-z]+)\s*")
_END = re.compile(r"---\s+END\s*")
_LINE = re.compile(r"\r\n|\n|\r")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# A quote would end the value, and two percent signs the echo.
_UNSAYABLE = re.compile(r"[^\x20-\x7e]|\"|%%")


class Command(msgspec.Struct, frozen=True):
    """
    One command, ``ADD SUB`` with its parameters; a parameter stands there once.
    """

    verb: str
    object: str
    parameters: Mapping[str, Value]

    @property
    def name(self) -> str:
        """
        Verb and object.
        """
        return f"{self.verb} {self.object}"


class Answer(msgspec.Struct, frozen=True):
    """
    The answer to one command.

    Args:
        command: What was answered; its values are texts.
        code: RETCODE without leading zeros; ``0`` is success.
        text: What stands behind it.
        rows: The lines ``NAME = value`` that follow, a mapping for each block between blank lines.
        element: Who answers, and ``serial``, under which number; empty when the answer does not say.
        line: Where the answer begins, and ``code_line``, where RETCODE stands, 1-based.
    """

    command: Command
    code: str
    text: str
    rows: tuple[Mapping[str, str], ...]
    element: str
    serial: str
    line: int
    code_line: int


def write_commands(commands: Iterable[Command]) -> bytes:
    """
    Commands as text, one a line.

    Raises:
        Rejected: ``E_VALUE`` for what cannot be said: no name, a quote, ``%%``, anything but ASCII;
            ``E_FIELD_SIZE`` for a command whose repetition in an answer would be too long to be read.
    """
    return "".join(f"{_fitting(one)}\n" for one in commands).encode("ascii")


def read_commands(data: bytes) -> Iterator[Command]:
    """
    The commands in ``data``, one a line, as :func:`write_commands` writes them; all values are texts.

    Raises:
        Rejected: As :func:`read_answers`; ``E_MML_SYNTAX`` at the first line that is no command.
    """
    refuse_unreadable(data, "MML", limit=_MAX_MESSAGE)
    for number, line in enumerate(_lines(data), 1):
        if line.strip():
            _refuse_long(number, (line,))
            if not line.rstrip().endswith(";"):
                what = f"{shown(line)} has no end"
                raise Rejected("E_MML_SYNTAX", what, f"line {number}", "a semicolon")
            yield _command(line, f"line {number}")


def read_answers(data: bytes) -> Iterator[Answer | Rejected]:
    """
    The answers in ``data``; one that cannot be read is given as its refusal, and the next is read.

    Raises:
        Rejected: ``E_EMPTY``, ``E_TOO_LARGE``, ``E_BOM``, ``E_FORMAT_SNIFF``, ``E_ENCODING``,
            ``E_CONTROL_CHAR``; ``E_RECORDS`` for more than :data:`MAX_ANSWERS`.  Then none is given.
    """
    refuse_unreadable(data, "MML", limit=_MAX_MESSAGE)
    blocks = list(islice(_blocks(_lines(data)), MAX_ANSWERS + 1))
    if len(blocks) > MAX_ANSWERS:
        where = f"line {blocks[-1][0]}"
        raise Rejected("E_RECORDS", f"more than {MAX_ANSWERS} answers", where, f"at most {MAX_ANSWERS}")
    for start, block, ended in blocks:
        try:
            _refuse_long(start, block)
            if not ended:
                what = "the answer has no end"
                raise Rejected("E_MML_SYNTAX", what, f"line {start + len(block) - 1}", "a line ---    END")
            yield _answer(start, block)
        except Rejected as rejected:
            yield rejected


def sayable(text: str) -> bool:
    """
    Whether a text can be a value: printable ASCII without quotes and ``%%``.
    """
    return not _UNSAYABLE.search(text)


def _fitting(command: Command) -> str:
    written = _written(command)
    most = _MAX_LINE - 2 * len(_ECHO)
    if len(written) > most:
        raise Rejected("E_FIELD_SIZE", f"{len(written)} characters", command.name, f"at most {most}")
    return written


def _written(command: Command) -> str:
    for name in (command.verb, command.object, *command.parameters):
        if not _NAME.fullmatch(name):
            raise Rejected("E_VALUE", f"{shown(name)} is no name", command.name, "capitals, digits and _")
    said = ",".join(f"{name}={_value(name, value)}" for name, value in command.parameters.items())
    return f"{command.name}:{said};"


def _value(name: str, value: Value) -> str:
    if isinstance(value, int):
        return str(value)
    if found := _UNSAYABLE.search(value):
        what = f"{shown(found[0])} cannot be written in MML"
        raise Rejected("E_VALUE", what, name, "printable ASCII without quotes and %%")
    return f'"{value}"'


def _lines(data: bytes) -> Sequence[str]:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        what = f"byte {data[error.start]:02X} is no UTF-8"
        raise Rejected("E_ENCODING", what, f"byte {error.start}", "UTF-8") from None
    if found := _CONTROL.search(text):
        before = _LINE.split(text[: found.start()])
        byte = len(text[: found.start()].encode())
        where = f"line {len(before)} column {len(before[-1]) + 1} at byte {byte}"
        what = f"control character {shown(found[0])}"
        raise Rejected("E_CONTROL_CHAR", what, where, "printable characters")
    lines = _LINE.split(text, _MAX_LINES)
    if len(lines) > _MAX_LINES:
        where = f"line {len(lines)}"
        raise Rejected("E_RECORDS", f"more than {_MAX_LINES} lines of text", where, f"at most {_MAX_LINES}")
    return lines


def _refuse_long(start: int, lines: Sequence[str]) -> None:
    for number, line in enumerate(lines, start):
        if len(line) > _MAX_LINE:
            raise Rejected(
                "E_FIELD_SIZE", f"{len(line)} characters", f"line {number}", f"at most {_MAX_LINE}"
            )


def _blocks(lines: Sequence[str]) -> Iterator[tuple[int, Sequence[str], bool]]:
    """Line number, lines and whether they end as they should, for each answer."""
    start = 0
    for place, line in enumerate(lines):
        if _END.fullmatch(line):
            yield start + 1, lines[start : place + 1], True
            start = place + 1
    if any(line.strip() for line in lines[start:]) or not start:
        yield start + 1, lines[start:], False


def _answer(start: int, lines: Sequence[str]) -> Answer:
    place, command = _echo(start, lines)
    code_place, found = _code(start, place, lines)
    element, serial = _origin(lines[:place])
    return Answer(
        command=command,
        code=found["code"].lstrip("0") or "0",
        text=(found["text"] or "").strip(),
        rows=tuple(_rows(lines[code_place + 1 : -1])),
        element=element,
        serial=serial,
        line=start,
        code_line=start + code_place,
    )


def _echo(start: int, lines: Sequence[str]) -> tuple[int, Command]:
    """Its place, and the command in it: the only one, or what follows could answer either."""
    places = [place for place, line in enumerate(lines) if line.strip().startswith(_ECHO)]
    if not places:
        raise Rejected("E_MML_SYNTAX", "the answer repeats no command", f"line {start}", "%%command%%")
    if len(places) > 1:
        raise _two("repeats a second command", start + places[1])
    place = places[0]
    text = lines[place].strip()
    if len(text) < 2 * len(_ECHO) or not text.endswith(_ECHO):
        raise Rejected("E_MML_SYNTAX", "the command is cut off", f"line {start + place}", "%%command%%")
    return place, _command(text[2:-2], f"line {start + place}")


def _code(start: int, echo: int, lines: Sequence[str]) -> tuple[int, re.Match[str]]:
    """Place and parts of the RETCODE: the only one, and behind the command that it is about."""
    codes = [(place, match) for place, line in enumerate(lines) if (match := _RETCODE.fullmatch(line))]
    if len(codes) > 1:
        raise _two("has a second RETCODE", start + codes[1][0])
    if not codes or codes[0][0] < echo:
        raise Rejected(
            "E_MML_SYNTAX", "the answer has no RETCODE", f"line {start + echo}", "RETCODE = n text"
        )
    return codes[0]


def _two(what: str, line: int) -> Rejected:
    """What two answers are refused with when the end of the first was lost."""
    return Rejected("E_MML_SYNTAX", f"the answer {what}", f"line {line}", "---    END before it")


def _command(text: str, where: str) -> Command:
    head = _HEAD.match(text)
    if head is None:
        raise Rejected("E_MML_SYNTAX", f"{shown(text)} is no command", where, "VERB OBJECT:NAME=VALUE;")
    parameters: dict[str, Value] = {}
    at = head.end()
    end = len(text.rstrip(" ;"))
    while at < end:
        found = _PARAMETER.match(text, at)
        if found is None or found["name"] in parameters:
            raise Rejected(
                "E_MML_SYNTAX", f"{shown(text[at:])} is no parameter", where, "NAME=VALUE, each once"
            )
        parameters[found["name"]] = found["text"] if found["text"] is not None else found["bare"]
        at = found.end()
    return Command(head["verb"], head["object"], parameters)


def _origin(lines: Iterable[str]) -> tuple[str, str]:
    element = serial = ""
    for line in lines:
        if found := _ORIGIN.fullmatch(line.strip()):
            element = found["element"]
        elif found := _SERIAL.fullmatch(line.strip()):
            serial = found["serial"]
    return element, serial


def _rows(lines: Iterable[str]) -> Iterator[Mapping[str, str]]:
    """Blocks of ``NAME = value``; titles, rules and counts between them are for people."""
    row: dict[str, str] = {}
    for line in (*lines, ""):
        found = _FIELD.fullmatch(line)
        if found:
            row[found["name"]] = found["value"].strip().strip('"')
        elif not line.strip() and row:
            yield row
            row = {}

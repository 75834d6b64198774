"""
The simulated warehouse: X12 940 shipping orders in, a 997 and 945 shipping advices out.

Release 004010: 940 (OW), 945 (SW), 997 (FA).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from . import x12
from .answers import Line, Told, Vocabulary, answers
from .calls import CallLog
from .neighbour import Neighbour, Reply, token
from .script import Behaviour
from .x12 import element

__all__ = ["Warehouse"]

_SELF = ("ZZ", "WAREHOUSE1")
_HUB = ("ZZ", "ORDERLOOM")

_VERBS = {"N": "do", "F": "undo"}


class Warehouse(Neighbour):
    """Acknowledges each shipping order, then says line by line what it shipped."""

    name = "warehouse"
    content_type = "application/edi-x12"
    vocabulary = Vocabulary(done="CC", rejected="NS", backorder="BK", contrary="NS")

    def read(self, body: bytes) -> list[Told]:
        """
        Read the shipping orders of an interchange.

        Raises:
            ValueError: It holds none, or one without what is needed to answer it.
        """
        interchange = x12.read(body)
        found = [
            _told(interchange.control, group.control, one)
            for group, one in interchange.sets
            if one.kind == "940"
        ]
        if not found:
            raise ValueError("the interchange holds no 940")
        return found

    def render(self, told: Told, behaviour: Behaviour, at: datetime, numbers: dict[str, int]) -> list[Reply]:
        """The 997 and the 945s; a repeated 945 is the same bytes."""
        press = _Press(self._log, at, numbers)
        if behaviour.kind == "refused":
            return [press.acknowledgement(told, refused=True)]
        if behaviour.kind == "early":
            advices = self._advices(told, behaviour, press)
            receipt = press.acknowledgement(told, refused=False)
            return [*advices, Reply(receipt.id, behaviour.delay + behaviour.then, receipt.body)]
        return [press.acknowledgement(told, refused=False), *self._advices(told, behaviour, press)]

    def _advices(self, told: Told, behaviour: Behaviour, press: _Press) -> list[Reply]:
        written: dict[int, Reply] = {}
        sent = []
        for answer in answers(behaviour, self.vocabulary, len(told.lines)):
            if answer.reply not in written:
                words = () if behaviour.kind == "header_only" else answer.words
                written[answer.reply] = press.advice(told, words)
            advice = written[answer.reply]
            sent.append(Reply(advice.id, answer.after, advice.body))
        return sent


class _Press:
    """Writes interchanges to the hub, each under the next control numbers."""

    def __init__(self, log: CallLog, at: datetime, numbers: dict[str, int]) -> None:
        self._log = log
        self._at = at
        self._numbers = numbers

    def acknowledgement(self, told: Told, *, refused: bool) -> Reply:
        """A 997 for the group of one 940."""
        fault = (("AK3", "W05", "2", "", "8"), ("AK4", "3", "324", "7", told.order_number)) if refused else ()
        verdict = ("R", "5") if refused else ("A",)
        return self._write(
            "FA",
            "997",
            (
                ("AK1", "OW", told.control["group"]),
                ("AK2", "940", told.control["set"]),
                *fault,
                ("AK5", *verdict),
                ("AK9", verdict[0], "1", "1", "0" if refused else "1"),
            ),
        )

    def advice(self, told: Told, words: tuple[str, ...]) -> Reply:
        """A 945; without words it has a header only."""
        full = all(word == "CC" for word in words)
        shipment = token("SH", told.key)
        header = (
            "W06",
            "F" if full else "P",
            told.reference,
            f"{self._at:%Y%m%d}",
            shipment,
            "",
            told.order_number,
        )
        shipped = [_shipped(line, word) for line, word in zip(told.lines, words, strict=False)]
        lines = (
            segment
            for line, word, done in zip(told.lines, words, shipped, strict=False)
            for segment in _line(line, word, done)
        )
        return self._write("SW", "945", (header, *lines, ("W03", str(sum(shipped)), "0", "LB")))

    def _write(self, code: str, kind: str, segments: tuple[tuple[str, ...], ...]) -> Reply:
        numbers = {name: self._log.next_number("warehouse", name) for name in ("interchange", "group")}
        self._numbers |= numbers
        control, group = f"{numbers['interchange']:09}", str(numbers["group"])
        one = x12.Set(kind, f"{numbers['group']:04}", segments)
        interchange = x12.Interchange(_SELF, _HUB, control, (x12.Group(code, group, (one,)),))
        body = x12.write(interchange, self._at).decode("latin-1")
        return Reply(f"{control}/{group}/{one.control}", 0.0, body)


def _told(interchange: str, group: str, one: x12.Set) -> Told:
    header = _only(one, "W05")
    key = next((element(s, 2) for s in one.segments if s[0] == "N9" and element(s, 1) == "ZZ"), "")
    if not key or not element(header, 2):
        raise ValueError(f"set {one.control}: no N9*ZZ with the key, or no W05-02")
    return Told(
        key=key,
        reference=element(header, 2),
        order_number=element(header, 3),
        verb=_VERBS.get(element(header, 1), "modify"),
        lines=tuple(_lines(one)),
        control={"interchange": interchange, "group": group, "set": one.control},
    )


def _only(one: x12.Set, name: str) -> tuple[str, ...]:
    found = [segment for segment in one.segments if segment[0] == name]
    if len(found) != 1:
        raise ValueError(f"set {one.control}: {len(found)} {name} segments (exactly one)")
    return found[0]


def _lines(one: x12.Set) -> Iterator[Line]:
    number = ""
    for segment in one.segments:
        if segment[0] == "LX":
            number = element(segment, 1)
        elif segment[0] == "W01":
            pairs = dict(zip(segment[4::2], segment[5::2], strict=False))
            yield Line(number, pairs.get("VN", ""), int(element(segment, 1)))


def _shipped(line: Line, word: str) -> int:
    return {"CC": line.quantity, "BP": line.quantity // 2}.get(word, 0)


def _line(line: Line, word: str, shipped: int) -> Iterator[tuple[str, ...]]:
    yield ("LX", line.number)
    left = str(line.quantity - shipped)
    yield ("W12", word, str(line.quantity), str(shipped), left, "EA", "", "VN", line.offering)

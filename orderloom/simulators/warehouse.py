"""
The simulated warehouse: X12 940 shipping orders in, a 997 and 945 shipping advices out; an 824 for a change.

Release 004010: 940 (OW), 945 (SW), 824 (AG), 997 (FA).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial

from . import x12
from .answers import Line, Told, Vocabulary, answers
from .calls import CallLog
from .neighbour import Neighbour, Reply, token
from .script import Behaviour
from .x12 import element

__all__ = ["Warehouse"]

_SELF = ("ZZ", "WAREHOUSE1")
_HUB = ("ZZ", "ORDERLOOM")

_VERBS = {"N": "do", "R": "modify", "F": "undo"}


class Warehouse(Neighbour):
    """Acknowledges each shipping order, then says line by line what it shipped."""

    name = "warehouse"
    content_type = "application/edi-x12"
    vocabulary = Vocabulary(
        done="CC",
        rejected="NS",
        backorder="BK",
        contrary="NS",
        changed="TA",
        unchanged="TR",
        too_late="TR/814",
    )

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
        if told.changes:
            return [
                press.acknowledgement(told, refused=False),
                *self._written(told, behaviour, press.verdict),
            ]
        if told.again:
            return self._advices(told, behaviour, press)
        if behaviour.kind == "refused":
            return [press.acknowledgement(told, refused=True)]
        if behaviour.kind == "early":
            advices = self._advices(told, behaviour, press)
            receipt = press.acknowledgement(told, refused=False)
            return [*advices, Reply(receipt.id, behaviour.delay + behaviour.then, receipt.body)]
        return [press.acknowledgement(told, refused=False), *self._advices(told, behaviour, press)]

    def _advices(self, told: Told, behaviour: Behaviour, press: _Press) -> list[Reply]:
        bare = behaviour.kind == "header_only" and not told.gone
        return self._written(told, behaviour, partial(press.advice, bare=bare))

    def _written(
        self, told: Told, behaviour: Behaviour, write: Callable[[Told, tuple[str, ...]], Reply]
    ) -> list[Reply]:
        """One interchange for each answer; two answers that are one reply are the same one."""
        written: dict[int, Reply] = {}
        sent = []
        for answer in answers(behaviour, self.vocabulary, len(told.lines), changes=told.changes):
            if answer.reply not in written:
                written[answer.reply] = write(told, answer.words)
            one = written[answer.reply]
            sent.append(Reply(one.id, answer.after, one.body))
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

    def verdict(self, told: Told, words: tuple[str, ...]) -> Reply:
        """An 824 that takes a change, or says why not; all words are the same."""
        verdict, _, error = words[0].partition("/")
        cited = ("TN", told.reference, "", "", "", "", told.control["group"], told.control["set"], "940")
        why = {"814": "GOODS HAVE LEFT", "024": "NO SUCH SHIPPING ORDER"}
        code = error or "024"
        return self._write(
            "AG",
            "824",
            (
                ("BGN", "11", token("CH", told.key), f"{self._at:%Y%m%d}"),
                ("OTI", verdict, *cited),
                ("REF", "ZZ", told.key),
                *((("TED", code, why[code]),) if verdict == "TR" else ()),
            ),
        )

    def advice(self, told: Told, words: tuple[str, ...], *, bare: bool = False) -> Reply:
        """A 945; a bare one has a header only."""
        spoken = () if bare else told.spoken(words)
        full = all(word == "CC" for _, word in spoken)
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
        shipped = [_shipped(line, word) for line, word in spoken]
        lines = (
            segment
            for (line, word), done in zip(spoken, shipped, strict=True)
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
    named = {element(s, 1): element(s, 2) for s in one.segments if s[0] == "N9"}
    key = named.get("ZZ", "")
    if not key or not element(header, 2):
        raise ValueError(f"set {one.control}: no N9*ZZ with the key, or no W05-02")
    if element(header, 1) not in _VERBS:
        raise ValueError(f"set {one.control}: W05-01 is {element(header, 1)!r} (one of {', '.join(_VERBS)})")
    return Told(
        key=key,
        reference=element(header, 2),
        order_number=element(header, 3),
        verb=_VERBS[element(header, 1)],
        lines=tuple(_lines(one)),
        control={"interchange": interchange, "group": group, "set": one.control},
        earlier=named.get("F8", ""),
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

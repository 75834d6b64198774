"""
The simulated billing: charge records on a queue, result records on an exchange, in the page of the charges.

Records of 160 characters, described in docs/systems/billing.md; here they are cut by column.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from .answers import Line, Told, Vocabulary, answers
from .neighbour import Neighbour, Reply, token
from .script import Behaviour

__all__ = ["Billing"]

_LENGTH = 160
# Pages that CODE-PAGE may name, and the two in which it can be read.
_PAGES = ("cp037", "cp500", "cp273", "cp1140", "ascii", "iso8859-1", "cp1252")
_FAMILIES = ("cp037", "ascii")
# In VB a record follows its length, two bytes, and two of zero; in blocks the same again stands before it.
_WORD = 4

_REASONS = {
    "05": "booked with the next bill run",
    "10": "no payment details",
    "20": "the account is locked",
    "30": "no such tariff",
    "40": "the bill is out",
    "90": "the ledger is closed",
}


class Billing(Neighbour):
    """Books the charges of each order, and says so for each line."""

    name = "billing"
    content_type = "application/octet-stream"
    vocabulary = Vocabulary(
        done="00",
        rejected="30",
        backorder="05",
        refused="20",
        progress="05",
        needs_customer="10",
        contrary="30",
        changed="00",
        unchanged="20",
        too_late="40",
    )

    def read(self, body: bytes) -> list[Told]:
        """
        Read a charge message.

        Raises:
            ValueError: It is none, or its records do not add up.
        """
        page, records = _records(body)
        head, *charges, end = records
        reversal = charges.pop(0) if charges and charges[0][:1] == "V" else ""
        if bool(reversal) != (head[91] == "R"):
            raise ValueError("a reversal has a record V, and nothing else has one")
        if head[:1] != "B" or end[:1] != "E" or {one[:1] for one in charges} - {"L"}:
            raise ValueError("not a header B, lines L and a trailer E")
        if not int(head[154:158]) == int(end[1:5]) == len(charges):
            raise ValueError(f"{len(charges)} lines, but header and trailer count otherwise")
        return [
            Told(
                key=head[33:69].rstrip(),
                reference=head[69:91].rstrip(),
                order_number=head[92:114].rstrip(),
                verb={"D": "do", "R": "undo"}.get(head[91], head[91]),
                lines=tuple(Line(str(int(one[1:5])), one[6:38].rstrip(), int(one[38:45])) for one in charges),
                control={"message": str(int(head[10:19])), "page": page},
                earlier=reversal[1:37].rstrip(),
            )
        ]

    def render(self, told: Told, behaviour: Behaviour, at: datetime, numbers: dict[str, int]) -> list[Reply]:
        """One result message for each answer."""
        return [
            self._result(told, answer.reply, answer.words, answer.after, at)
            for answer in answers(behaviour, self.vocabulary, len(told.lines), changes=told.changes)
        ]

    def encode(self, body: str) -> bytes:
        """The records in the code page that their header names."""
        return body.encode(body[1:10].strip().lower())

    def _result(self, told: Told, number: int, words: Sequence[str], after: float, at: datetime) -> Reply:
        known = token("R", told.key, str(number))[:12]
        spoken = told.spoken(tuple(words))
        word = spoken[0][1]
        lines = list(_lines(told, spoken)) if told.gone or len(set(words)) > 1 else []
        head = (
            f"R{told.control['page'].upper():9}{known:12}{at:%Y%m%d%H%M%S}{told.key:36}{told.reference:22}"
            f"{word:2}{token('B', told.order_number or told.reference)[:20]:20}{len(lines):04}"
            f"{_REASONS.get(word, ''):40}"
        )
        records = (head, *lines, f"E{len(lines):04}")
        return Reply(known, after, "".join(one.ljust(_LENGTH) for one in records))


def _records(body: bytes) -> tuple[str, list[str]]:
    """The page, and the records as text."""
    raws = list(_cut(body))
    for family in _FAMILIES:
        if len(raws) > 1 and raws[0][:1] == "B".encode(family):
            page = raws[0][1:10].decode(family).strip().lower()
            if page in _PAGES:
                return page, [raw.decode(page).ljust(_LENGTH) for raw in raws]
    raise ValueError("no charge message: neither EBCDIC nor ASCII B, or an unknown code page")


def _cut(body: bytes) -> Iterator[bytes]:
    if body[:1] in {"B".encode(family) for family in _FAMILIES}:
        yield from (body[at : at + _LENGTH] for at in range(0, len(body), _LENGTH))
        return
    at = 0
    while at + _WORD <= len(body):
        length = int.from_bytes(body[at : at + 2], "big")
        if length < _WORD or at + length > len(body):
            raise ValueError(f"byte {at}: a record of {length} bytes")
        record = body[at + _WORD : at + length]
        # In blocks the word counts a record with its own word.
        inner = int.from_bytes(record[:2], "big")
        yield record[_WORD:] if inner == len(record) else record
        at += length


def _lines(told: Told, spoken: Sequence[tuple[Line, str]]) -> Iterator[str]:
    for line, word in spoken:
        charge = token("CH", told.key, line.number) if word == "00" and not told.changes else ""
        yield f"S{int(line.number):04}{word:2}{charge:20}{_REASONS.get(word, ''):60}"

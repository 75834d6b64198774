"""
A batch of any length that is never held: made while it is read, run through both passes, its memory measured.

Run as a program, since the most memory that a process ever had never falls again.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Iterator

from adapters.inbound.directmail import DirectMailAdapter
from adapters.inbound.directmail.answers import Totals, acknowledgement
from canonical.commands import RejectedDocument, SubmitOrder
from canonical.notices import Outcome, Verdict
from tests.adapters.batches import BATCH, PRINTCO, packed, put, references, stamp

CENTS = 49900
# Every so many records one is bad.
BAD_EVERY = 1000


class Made:
    """A stream that writes its batch as it is read."""

    def __init__(self, count: int) -> None:
        self._records = self._make(count)
        self._left = b""

    def read(self, size: int, /) -> bytes:
        while len(self._left) < size and (block := b"".join(self._some(300))):
            self._left += block
        piece, self._left = self._left[:size], self._left[size:]
        return piece

    def _some(self, number: int) -> Iterator[bytes]:
        for _, record in zip(range(number), self._records, strict=False):
            yield record

    @staticmethod
    def _make(count: int) -> Iterator[bytes]:
        good, bad = BATCH.detail(1, cents=CENTS), BATCH.detail(1, cents=CENTS, code="NOPE")
        yield BATCH.header()
        for number in range(1, count + 1):
            yield put(bad if number % BAD_EVERY == 0 else good, 2, packed(number, 7))
        yield BATCH.trailer(count, count * CENTS)


def kibibytes() -> int:
    """The most memory this process ever had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def both_passes(count: int) -> dict[str, int]:
    """Check, read and acknowledge a batch of so many records."""
    adapter, known, totals = DirectMailAdapter(), references(), Totals()
    summary = adapter.check(Made(count), PRINTCO)
    assert summary.fault is None, summary.fault
    found = {"records": summary.records, "orders": 0, "refused": 0, "bytes": summary.size}

    def verdicts() -> Iterator[Verdict]:
        for _, command in adapter.records(Made(count), PRINTCO, known):
            if isinstance(command, RejectedDocument):
                found["refused"] += 1
                yield Verdict(origin=command.origin, outcome=Outcome.REJECTED, fault=command.fault)
            elif isinstance(command, SubmitOrder):
                found["orders"] += 1
                yield Verdict(origin=command.origin, outcome=Outcome.ACCEPTED)

    found["answered"] = sum(map(len, acknowledgement(verdicts(), stamp(), totals)))
    return found


def main(count: int) -> None:
    """Print what was found, what it cost, and by how much memory grew after a first small batch."""
    both_passes(2000)
    before, started = kibibytes(), time.monotonic()
    found = both_passes(count)
    cost = {"grown_kib": kibibytes() - before, "peak_kib": kibibytes(), "seconds": time.monotonic() - started}
    print(json.dumps(found | cost))  # noqa: T201 - whoever started us reads it


if __name__ == "__main__":
    main(int(sys.argv[1]))

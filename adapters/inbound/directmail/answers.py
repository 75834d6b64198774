"""
What goes back: one acknowledgement file a batch, and a status file for each notice.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from adapters.formats.fixed import Layout, Spot, encode, join
from adapters.kit.contract import Stamp
from canonical.errors import Fault
from canonical.notices import Notice, Outcome, Verdict
from canonical.order import Order
from canonical.states import State

from .answer_layouts import ACK_HEADER, ACK_TRAILER, STATUS, VERDICT
from .profile import Agreement

__all__ = ["Totals", "acknowledgement", "status", "unknown"]

_LETTERS = {
    Outcome.ACCEPTED: "A",
    Outcome.REPEATED: "S",
    Outcome.REJECTED: "R",
    Outcome.PARKED: "W",
}
_NUMBER = re.compile(r"(?P<batch>.{1,10})-(?P<sequence>[0-9]{7})")
# An order in one of these states is shown with the last error that was recorded.
_BAD = frozenset({State.PENDING, State.HELD, State.FAILED, State.REJECTED, State.PARTIAL, State.CANCELLED})
# Of a number that is nobody's as much is repeated as there is room for.
_ORDER_ID = 22
# What three digits hold; no detail has so many lines.
_MOST_LINES = 999


class Totals:
    """
    How many verdicts of each kind were written; complete when the file is.
    """

    def __init__(self) -> None:
        self.by_letter = dict.fromkeys(_LETTERS.values(), 0)
        self.whole = False

    def count(self, verdict: Verdict) -> None:
        """
        Count one verdict.
        """
        self.by_letter[_LETTERS[verdict.outcome]] += 1
        self.whole = self.whole or verdict.origin.details.get("level") == "file"

    @property
    def result(self) -> str:
        """
        ``A``, ``P`` or ``R``, as the trailer says it.
        """
        if self.whole:
            return "R"
        return "P" if self.by_letter["R"] or self.by_letter["W"] else "A"

    def __str__(self) -> str:
        if self.whole:
            return "refused as a whole"
        accepted, same, refused, waiting = self.by_letter.values()
        told = ((accepted, "accepted"), (same, "same as before"), (refused, "refused"), (waiting, "waiting"))
        return ", ".join(f"{number} {word}" for number, word in told if number) or "nothing"


def acknowledgement(
    verdicts: Iterable[Verdict], stamp: Stamp, totals: Totals | None = None
) -> Iterator[bytes]:
    """
    The acknowledgement file for ``verdicts``, in the order in which they come, piece by piece; none for none.

    Args:
        stamp: With the endpoint, and its number ``file``.
        totals: Counts what is written.
    """
    if stamp.endpoint is None:
        return iter(())
    agreed = Agreement.of(stamp.endpoint)
    records = _acknowledgement(verdicts, stamp, agreed, totals or Totals())
    return join(records, agreed.form, agreed.page.blank)


def status(notice: Notice, order: Order, stamp: Stamp, agreed: Agreement) -> bytes:
    """
    The status file, of one record, for ``notice`` about ``order``.
    """
    promised = order.expected_completion_date
    trouble = order.product_order_error_message[-1] if order.product_order_error_message else None
    said = {
        **_numbered(notice.document),
        **_stamped(stamp),
        "ORDER-ID": order.id,
        "KIND": notice.kind.value,
        "STATE": order.state.value,
        "PROMISED": promised.date() if promised else None,
        "DONE": min(order.progress.done, _MOST_LINES),
        "LINES": min(order.progress.total, _MOST_LINES),
        "CODE": trouble.code if trouble and order.state in _BAD else "",
        "TEXT": notice.reason or (trouble.reason if trouble and order.state in _BAD else ""),
    }
    return b"".join(join((_record(said, STATUS, agreed),), agreed.form, agreed.page.blank))


def unknown(notice: Notice, stamp: Stamp, agreed: Agreement) -> bytes:
    """
    The answer to an inquiry about an order that its sender has not: a record without a state.
    """
    numbered = _numbered(notice.asked)
    fault = notice.fault
    said = {
        **numbered,
        **_stamped(stamp),
        "ORDER-ID": notice.asked[:_ORDER_ID] if numbered["SEQ"] is None else "",
        "KIND": notice.kind.value,
        "STATE": "",
        "PROMISED": None,
        "DONE": 0,
        "LINES": 0,
        "CODE": fault.code if fault else "",
        "TEXT": fault.what if fault else "",
    }
    return b"".join(join((_record(said, STATUS, agreed),), agreed.form, agreed.page.blank))


def _numbered(number: str) -> dict[str, Any]:
    """A number of the sender's in its two halves."""
    found = _NUMBER.fullmatch(number)
    return {
        "BATCH-ID": found["batch"] if found else "",
        "SEQ": int(found["sequence"]) if found else None,
    }


def _acknowledgement(
    verdicts: Iterable[Verdict], stamp: Stamp, agreed: Agreement, totals: Totals
) -> Iterator[bytes]:
    each = iter(verdicts)
    first = next(each, None)
    if first is None:
        return
    details = first.origin.details
    named = {"BATCH-ID": details.get("batch", ""), "SENDER-ID": details.get("sender", "")}
    yield _record(named | _stamped(stamp), ACK_HEADER, agreed)
    for verdict in itertools.chain((first,), each):
        totals.count(verdict)
        yield _record(_verdict(verdict), VERDICT, agreed)
    accepted, same, refused, waiting = totals.by_letter.values()
    counted = {"ACCEPTED": accepted, "SAME": same, "REFUSED": refused, "WAITING": waiting}
    end = {"RESULT": totals.result, "COUNT": sum(counted.values())} | counted
    yield _record(end, ACK_TRAILER, agreed)


def _verdict(verdict: Verdict) -> dict[str, Any]:
    details = verdict.origin.details
    fault = verdict.fault
    spot = (Spot.of(fault.where) if fault else None) or Spot()
    sequence = details.get("sequence", "")
    return {
        "RECORD-NO": int(details.get("record", spot.record)),
        "SEQ": int(sequence) if sequence else None,
        "VERDICT": _LETTERS[verdict.outcome],
        "ORDER-ID": verdict.order_id or (verdict.order.id if verdict.order else ""),
        "CODE": fault.code if fault else "",
        "COL-FROM": spot.first,
        "COL-TO": spot.last,
        "FIELD": spot.field,
        "TEXT": _sentence(fault, known=spot != Spot()) if fault else "",
    }


def _sentence(fault: Fault, *, known: bool) -> str:
    """What is wrong and what is allowed; with the place, when no columns say it."""
    place = f"{fault.where}: " if fault.where and not known else ""
    allowed = f" ({fault.allowed})" if fault.allowed else ""
    return f"{place}{fault.what}{allowed}"


def _stamped(stamp: Stamp) -> dict[str, Any]:
    return {
        "FILE-NO": stamp.numbers["file"],
        "DATE": stamp.at.date(),
        "TIME": int(f"{stamp.at:%H%M%S}"),
    }


def _record(values: Mapping[str, Any], layout: Layout, agreed: Agreement) -> bytes:
    return encode(values, layout, agreed.page, variable=agreed.form.variable)

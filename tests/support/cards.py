"""
Batches of reply cards, and acknowledgements in words.
"""

from __future__ import annotations

from collections.abc import Collection

from adapters.formats.fixed import Format, code_page, cut, field_of
from adapters.inbound.directmail.answer_layouts import ACK_HEADER, ACK_TRAILER, VERDICT
from tests.adapters.batches import BATCH

__all__ = ["batch", "told", "verdicts"]


def batch(
    count: int = 12, *, bad: Collection[int] = (), name: str = "B1", code: str = "NOPE", **header: str
) -> bytes:
    """A batch of so many records; those in ``bad`` name an offering that the catalogue does not have."""
    details = [BATCH.detail(one, code=code if one in bad else "HANDSETA") for one in range(1, count + 1)]
    return BATCH.file(details, header=BATCH.header(batch=name, **header))


def verdicts(count: int, *, rest: str = "A", **others: str) -> dict[int, str]:
    """A verdict for each record; ``others`` as ``r3="E_OFFERING"``."""
    return {one: others.get(f"r{one}", rest) for one in range(1, count + 1)}


def told(body: bytes) -> tuple[str, str, dict[int | str, str]]:
    """An acknowledgement in words: (batch, result, {SEQ or "file": verdict or code})."""
    page = code_page("cp037", "test")
    head, *verdicts, end = (raw.data for raw in cut((body,), Format.of({}, 200)))
    found: dict[int | str, str] = {}
    for one in verdicts:
        number = field_of(one, VERDICT, "SEQ", page)
        said = field_of(one, VERDICT, "CODE", page) or field_of(one, VERDICT, "VERDICT", page)
        key = number if number is not None else "file"
        assert key not in found, "a record is told twice"
        found[key] = said
    batch_id = field_of(head, ACK_HEADER, "BATCH-ID", page)
    return batch_id, field_of(end, ACK_TRAILER, "RESULT", page), found

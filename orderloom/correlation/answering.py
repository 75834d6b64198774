"""
Who is told what of amendments and cancels: whoever asked is answered, the others hear of the new version.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from canonical.amendments import Amendment, PieceState, TaskState
from canonical.notices import Notice, NoticeKind
from canonical.order import Order
from canonical.references import Endpoint

from .record import Amending, Cancelling, Record, Told
from .tell import document_at, endpoints_of

__all__ = ["answers_of", "open_questions", "told_of", "with_questions"]


def told_of(notice: Notice, order: Order) -> Told:
    """What is kept of a notice about ``order``, before it has bytes."""
    return Told(
        endpoint=notice.endpoint,
        kind=notice.kind,
        version=order.version,
        at=notice.at,
        state=order.state,
        about=_about(notice),
    )


def _about(notice: Notice) -> str:
    """Id of what a notice answers; empty when it answers nothing."""
    if notice.amendment is not None:
        return notice.amendment.id
    return notice.cancel.id if notice.cancel is not None else ""


def answers_of(
    before: Record,
    order: Order,
    endpoints: Mapping[str, Endpoint],
    now: datetime,
    *,
    amendments: Mapping[str, Amending],
    cancels: Mapping[str, Cancelling],
) -> tuple[Notice, ...]:
    """What the step from ``before`` has to tell of amendments and cancels: answers and questions."""
    if not amendments and not cancels:
        return ()
    tell = _Tell(order, endpoints, now)
    old = {one.amendment.id: one.amendment for one in before.amendments}
    found: list[Notice] = []
    for key, amending in amendments.items():
        found += tell.amendment(old.get(key), amending)
    ended = {one.task.id for one in before.cancels if one.task.state is not TaskState.IN_PROGRESS}
    for key, cancelling in cancels.items():
        if cancelling.task.state is not TaskState.IN_PROGRESS and key not in ended:
            found += tell.cancel(cancelling)
    return tuple(_once(before, order, found))


def _once(before: Record, order: Order, notices: Sequence[Notice]) -> Iterator[Notice]:
    """
    Whoever asked is answered; of a new version an endpoint is told once.

    Questions are not that, nor is the end of a question that everybody was asked.
    """
    changed = NoticeKind.CHANGED
    knows = {one.endpoint for one in before.told if (one.kind, one.version) == (changed, order.version)}
    knows |= {one.endpoint for one in notices if one.kind is changed and one.origin is not None}
    for one in notices:
        asked = one.origin is not None or (one.amendment is not None and one.amendment.part != "")
        if one.kind is changed and not asked:
            if one.endpoint in knows:
                continue
            knows.add(one.endpoint)
        yield one


def with_questions(
    answers: Iterable[Notice], news: Iterable[Notice], amendments: Iterable[Amending]
) -> Iterator[Notice]:
    """
    News of an order, with the question that it waits for when it waits for the customer.

    Whoever is told the question itself in the same step is not told once more that there is one.
    """
    asked = {one.endpoint for one in answers if one.kind is NoticeKind.INFORMATION_REQUIRED}
    waiting = (one.amendment for one in amendments if one.amendment.part and _questions(one.amendment))
    question = next(waiting, None)
    for one in news:
        if one.kind is not NoticeKind.INFORMATION_REQUIRED:
            yield one
        elif one.endpoint not in asked:
            yield msgspec.structs.replace(one, amendment=question)


def open_questions(
    record: Record, endpoint: str, endpoints: Mapping[str, Endpoint], now: datetime
) -> Iterator[Notice]:
    """
    What an order asks of the customer, for an endpoint that asks how the order stands.

    It may have come to the order since, or have lost sight of the question; who wants to hear of none is told
    none.
    """
    tell = _Tell(record.order, endpoints, now)
    for amending in record.amendments:
        if _questions(amending.amendment):
            yield from tell.question(amending, endpoint)


class _Tell:
    def __init__(self, order: Order, endpoints: Mapping[str, Endpoint], now: datetime) -> None:
        self._order = order
        self._endpoints = endpoints
        self._now = now

    def amendment(self, old: Amendment | None, amending: Amending) -> Iterator[Notice]:
        new = amending.amendment
        if new.settled and (old is None or not old.settled):
            applied = any(one.state is PieceState.APPLIED for one in new.pieces)
            # What a system has asked was asked of all of them.
            yield from self._everybody(NoticeKind.CHANGED, amending, others=applied or bool(new.part))
        elif _questions(new) - _questions(old):
            yield from self._everybody(NoticeKind.INFORMATION_REQUIRED, amending, others=True)

    def question(self, amending: Amending, endpoint: str) -> Iterator[Notice]:
        """To one endpoint alone."""
        asked = self._everybody(NoticeKind.INFORMATION_REQUIRED, amending, others=True)
        yield from (one for one in asked if one.endpoint == endpoint)

    def _everybody(self, kind: NoticeKind, amending: Amending, *, others: bool) -> Iterator[Notice]:
        origin = amending.command.origin
        for endpoint in self._who(kind, origin.endpoint, others=others):
            notice = self._notice(kind, endpoint, amendment=amending.amendment)
            asked = endpoint == origin.endpoint
            yield msgspec.structs.replace(notice, origin=origin) if asked else notice

    def _who(self, kind: NoticeKind, asked: str, *, others: bool) -> Iterator[str]:
        """Whoever asked, whatever its profile says; the others hear what they want to."""
        for endpoint in dict.fromkeys((asked, *endpoints_of(self._order))):
            profile = self._endpoints.get(endpoint)
            if profile is not None and (endpoint == asked or (others and kind in profile.notices)):
                yield endpoint

    def cancel(self, cancelling: Cancelling) -> Iterator[Notice]:
        task, origin = cancelling.task, cancelling.origin
        for endpoint in self._who(NoticeKind.CHANGED, task.endpoint, others=task.version is not None):
            asked = endpoint == task.endpoint
            notice = self._notice(NoticeKind.CHANGED, endpoint)
            yield msgspec.structs.replace(notice, cancel=task, origin=origin if asked else None)

    def _notice(self, kind: NoticeKind, endpoint: str, amendment: Amendment | None = None) -> Notice:
        return Notice(
            kind=kind,
            endpoint=endpoint,
            at=self._now,
            order=self._order,
            document=document_at(self._order, endpoint),
            amendment=amendment,
        )


def _questions(amendment: Amendment | None) -> set[str]:
    if amendment is None:
        return set()
    return {one.question for one in amendment.pieces if one.state is PieceState.AWAITING_CUSTOMER}

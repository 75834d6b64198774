"""
What a store is told: the outcome of each transaction, the status of an order.

POSLog has an order's number and status; what it has no words for stands in a namespace of our own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from adapters.formats.xml_element import Element
from adapters.formats.xml_write import sayable, write_long_xml, write_xml
from adapters.kit.contract import Native
from canonical.conversation import ConversationView
from canonical.errors import Fault, shown
from canonical.notices import Notice, NoticeKind, Outcome, Verdict
from canonical.order import Order, OrderItem, every_item
from canonical.states import State

from .changes import change_elements
from .conversation import HAPPENED, conversation_elements, draft_lines, recommendation, token_elements
from .earlier import ANSWER, CANCEL, CHANGE, ORDER
from .profile import Agreement
from .transaction import NOTHING
from .vocabulary import NUMBER_TYPE, PREFIXES, STATE_WORDS, ours, retail

__all__ = [
    "acknowledgement",
    "answer",
    "conversation_answer",
    "outcomes",
    "refused_later",
    "status_notice",
]

_CONTENT_TYPE = "application/xml"
_OUTCOMES = {Outcome.ACCEPTED: "Accepted", Outcome.REPEATED: "Repeated", Outcome.REJECTED: "Rejected"}
_IGNORED = "Ignored"
# Documents of which it is told that they were taken; a question is answered by a notice.
_TAKEN = frozenset({ORDER, CHANGE, CANCEL, ANSWER, HAPPENED})
# An item in one of these states is shown with the last error that was recorded for it.
_BAD = frozenset({State.PENDING, State.HELD, State.FAILED, State.REJECTED, State.CANCELLED})


def acknowledgement(verdicts: Sequence[Verdict]) -> Native | None:
    """
    One POSLog with the outcome of each transaction; None when there is nothing to say yet.

    What is parked, and a question that was taken, is answered later.
    """
    told = [one for one in verdicts if _speaks(one)]
    if not told:
        return None
    counts: dict[str, int] = {}
    for one in told:
        word = _outcome(one)
        counts[word] = counts.get(word, 0) + 1
    summary = ", ".join(f"{count} {word.lower()}" for word, count in counts.items())
    return _native([_transaction(one.origin.document, _verdict(one)) for one in told], summary)


def outcomes(verdicts: Iterable[Verdict]) -> Iterator[bytes]:
    """
    The same for a file, piece by piece.
    """
    told = (_transaction(one.origin.document, _verdict(one)) for one in verdicts if _speaks(one))
    return write_long_xml(retail("POSLog"), told, PREFIXES)


def status_notice(notice: Notice, order: Order, agreed: Agreement) -> Native:
    """
    A POSLog with the status of the order and of each of its lines.
    """
    number = _own_number(notice, order)
    summary = f"status of {number}: {notice.kind.value}, {order.state.value}"
    said = [ours("Notice", notice.kind.value), *_status(notice, order, agreed)]
    return _native([_transaction(number, said)], summary)


def refused_later(notice: Notice) -> Native | None:
    """
    The outcome of a change or a cancel that was taken, waited for its order, and is refused; None for what
    was refused at once, which the acknowledgement has told.
    """
    asked = notice.cancel or notice.amendment
    if asked is None:
        return None
    fault = notice.fault or asked.fault or Fault(code="E_NOT_FOUND", what="there is no such order")
    number = notice.origin.document if notice.origin else asked.document
    said = [ours("Outcome", _OUTCOMES[Outcome.REJECTED]), _error(fault)]
    return _native([_transaction(number, said)], f"1 rejected, {fault.code}")


def answer(notice: Notice, agreed: Agreement) -> Native:
    """
    The answer to a question; the same when the order is not there and when it is another's.
    """
    asked = notice.origin.details.get("receipt", "") if notice.origin else ""
    order = notice.order
    if order is None or notice.fault is not None:
        what = f"no order is known by {shown(notice.asked)}"
        fault = notice.fault or Fault(code="E_NOT_FOUND", what=what, where="OrderID")
        said = [retail("OrderID", sayable(notice.asked)), _error(fault)]
        return _native([_transaction(asked, said)], f"status of {shown(notice.asked)}: {fault.code}")
    said = [ours("Notice", NoticeKind.STATUS.value), *_status(notice, order, agreed)]
    return _native([_transaction(asked, said)], f"status of {order.id}: {order.state.value}")


def conversation_answer(notice: Notice, view: ConversationView, agreed: Agreement) -> Native:
    """
    What was said so far.
    """
    asked = notice.origin.details.get("receipt", "") if notice.origin else ""
    said = [ours("Notice", "conversation"), *conversation_elements(view, agreed)]
    return _native([_transaction(asked, said)], f"conversation {view.id or shown(notice.asked)}")


def _speaks(verdict: Verdict) -> bool:
    if verdict.outcome is Outcome.REJECTED:
        return verdict.fault is not None
    return verdict.outcome is not Outcome.PARKED and verdict.origin.document_type in _TAKEN


def _outcome(verdict: Verdict) -> str:
    if verdict.fault is not None and verdict.fault.code == NOTHING:
        return _IGNORED
    return _OUTCOMES[verdict.outcome]


def _verdict(verdict: Verdict) -> list[Element]:
    outcome = ours("Outcome", _outcome(verdict))
    if verdict.fault is not None:
        return [outcome, _error(verdict.fault)]
    order = verdict.order
    state = order.state if order else State.ACKNOWLEDGED
    number = order.id if order else verdict.order_id
    if not number:  # a change may have come before its order
        return [outcome]
    said = [outcome, retail("OrderID", number), retail("OrderStatus", STATE_WORDS[state])]
    return [*said, *token_elements(order, verdict.token)]


def _status(notice: Notice, order: Order, agreed: Agreement) -> Iterator[Element]:
    yield retail("OrderID", order.id)
    yield retail("OrderStatus", STATE_WORDS[order.state])
    yield ours("Progress", f"{order.progress.done}/{order.progress.total}")
    if notice.reason:
        yield ours("Reason", sayable(notice.reason))
    if order.expected_completion_date:
        yield ours("ExpectedDateTime", agreed.written(order.expected_completion_date))
    if order.completion_date:
        yield ours("CompletedDateTime", agreed.written(order.completion_date))
    if order.state is State.DRAFT:
        yield from draft_lines(order)
    else:
        for item in every_item(order.product_order_item):
            yield retail("LineItem", list(_line(order, item)))
    yield from change_elements(notice, order, agreed)
    if notice.recommendation is not None:
        yield recommendation(notice.recommendation, agreed)


def _line(order: Order, item: OrderItem) -> Iterator[Element]:
    yield retail("SequenceNumber", sayable(item.line_ref or item.id))
    yield retail("OrderStatus", STATE_WORDS[item.state or State.ACKNOWLEDGED])
    for trouble in reversed(order.product_order_error_message):
        if item.state in _BAD and item.id in trouble.product_order_item:
            yield ours("Error", sayable(trouble.reason), {"Code": trouble.code})
            return


def _error(fault: Fault) -> Element:
    where = {"Where": sayable(fault.where)} if fault.where else {}
    allowed = {"Allowed": sayable(fault.allowed)} if fault.allowed else {}
    return ours("Error", sayable(fault.what), {"Code": fault.code, **where, **allowed})


def _own_number(notice: Notice, order: Order) -> str:
    own = (
        one.id
        for one in order.external_id
        if one.owner == notice.endpoint and one.external_identifier_type == NUMBER_TYPE
    )
    return next(own, "") or notice.document


def _transaction(number: str, said: Sequence[Element]) -> Element:
    """
    A transaction under the four numbers that the till gave it; without them when nobody knows them.
    """
    names = ("RetailStoreID", "WorkstationID", "BusinessDayDate", "SequenceNumber")
    parts = sayable(number).split(".")[:4]
    known = (
        [retail(name, _day(name, part)) for name, part in zip(names, parts, strict=True)] if parts[3:] else []
    )
    return retail("Transaction", [*known, retail("CustomerOrderTransaction", said)])


def _day(name: str, part: str) -> str:
    return f"{part[:4]}-{part[4:6]}-{part[6:]}" if name == "BusinessDayDate" else part


def _native(transactions: Sequence[Element], summary: str) -> Native:
    body = write_xml(retail("POSLog", transactions), PREFIXES)
    return Native(body, _CONTENT_TYPE, f"POSLog: {summary}")

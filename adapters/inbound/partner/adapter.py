"""
The partner channel's adapter: one interchange a message, answered in the sender's own separators.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from adapters.formats.x12 import Group, Interchange, TransactionSet, Unreadable, read_interchanges
from adapters.formats.x12_agreement import CONTENT_TYPE, COUNTERS, Agreement
from adapters.kit.contract import Native, Stamp
from canonical.commands import Command, Origin, RejectedDocument
from canonical.errors import Fault, Rejected, shown
from canonical.notices import Intake, Notice, NoticeKind
from canonical.references import Endpoint, References

from .acknowledge import Answer, answer_to
from .change_answer import change_answer, change_refusal, is_answered
from .change_request import read_change
from .inquiry import read_inquiry
from .order_response import order_response, refusal
from .profile import CHANNEL, agreement_with, fault_of_group, fault_of_interchange, isa_where
from .purchase_order import read_purchase_order
from .receipts import read_receipts, read_ta1
from .source import detailed, from_group, from_interchange, from_set, syntax
from .status_report import status_report
from .trailing import trailing

__all__ = ["PartnerAdapter"]

_SETS = frozenset({"850", "860", "869", "997"})

Read = Command | RejectedDocument


class PartnerAdapter:
    """
    Translate trading partners' X12: 850 orders, 860 changes, 869 questions, 997 and TA1 receipts.

    Who sends is told by ISA05 and ISA06; an interchange of an unknown sender is one rejected document without
    an endpoint.
    """

    channel = CHANNEL
    counters: tuple[str, ...] = COUNTERS

    def translate(self, native: Native, references: References) -> Iterator[Command | RejectedDocument]:
        """
        One document a transaction set; one for a whole interchange that cannot be used, and one for what
        follows the first interchange.

        Raises:
            Rejected: No interchange header can be read, so nobody can be answered.
        """
        for position, one in enumerate(_documents(native.body, references), 1):
            yield replace(one, origin=replace(one.origin, position=position))

    def acknowledge(self, intake: Intake, stamp: Stamp) -> Native | None:
        """
        One interchange: a 997 for each functional group, TA1 for what is refused as a whole; None for
        receipts, and for what was acknowledged before.
        """
        answer = None if intake.replayed else answer_to(intake.verdicts)
        if answer is None or stamp.endpoint is None:
            return None
        return _acknowledgement(answer, agreement_with(stamp.endpoint), stamp)

    def render(self, notice: Notice, stamp: Stamp) -> Native | None:
        """
        An 855 when an order is decided or refused, an 865 for what became of a change or a cancel, or what it
        waits for; an 870 for all else.  None for what the 997 has said.
        """
        if stamp.endpoint is None:
            return None
        agreed = agreement_with(stamp.endpoint)
        order, number = notice.order, stamp.numbers["interchange"]
        if notice.kind is NoticeKind.REJECTED:
            told = refusal(notice, stamp.at) or change_refusal(notice, stamp.at)
        elif notice.kind is NoticeKind.ACCEPTED:
            told = order_response(notice, order, agreed, stamp.at) if order else None
        elif order is not None and is_answered(notice):
            told = change_answer(notice, order, agreed, stamp.at)
        else:
            told = status_report(notice, order, agreed, stamp.at, str(number))
        if told is None:
            return None
        body = agreed.interchange(stamp.at, stamp.numbers, told.functional_id, [(told.code, told.segments)])
        return Native(body=body, content_type=CONTENT_TYPE, summary=told.summary)


def _acknowledgement(answer: Answer, agreed: Agreement, stamp: Stamp) -> Native:
    sets = [(one.code, one.segments) for one in answer.sets]
    body = agreed.interchange(stamp.at, stamp.numbers, "FA", sets, notes=answer.notes)
    return Native(body=body, content_type=CONTENT_TYPE, summary=answer.summary)


def _documents(data: bytes, references: References) -> Iterator[Read]:
    found = read_interchanges(data, expected=_SETS)
    first = next(found)
    if isinstance(first, Unreadable):
        raise Rejected.of(first.fault)
    sender = first.isa.sender
    endpoint = references.sender(CHANNEL, sender.qualifier, sender.id)
    origin = from_interchange(first.isa, endpoint.id if endpoint else "")
    if endpoint is None:
        yield _whole(origin, _unknown(first))
        return
    agreed = agreement_with(endpoint)
    fault = fault_of_interchange(first, endpoint, agreed)
    inside = () if fault else tuple(_inside(first, origin, endpoint, agreed, references))
    yield from inside or (_whole(origin, fault or _nothing(first)),)
    for extra in found:
        if isinstance(extra, Unreadable):
            yield trailing(data, extra, origin)


def _inside(
    interchange: Interchange, origin: Origin, endpoint: Endpoint, agreed: Agreement, references: References
) -> Iterator[Read]:
    if interchange.notes:
        yield from read_ta1(interchange, origin)
    for group in interchange.groups:
        within = from_group(origin, group)
        fault = fault_of_group(group, agreed)
        if fault:
            yield from _condemned(group, within, fault)
            continue
        for transaction_set in group.sets:
            if transaction_set.fault:
                yield syntax(from_set(within, transaction_set), transaction_set.fault)
            else:
                yield from _document(transaction_set, within, endpoint, agreed, references)


def _document(
    transaction_set: TransactionSet,
    group: Origin,
    endpoint: Endpoint,
    agreed: Agreement,
    references: References,
) -> Iterator[Read]:
    match transaction_set.code:
        case "850":
            yield read_purchase_order(transaction_set, group, endpoint, agreed, references)
        case "860":
            yield read_change(transaction_set, group, endpoint, agreed, references)
        case "869":
            yield read_inquiry(transaction_set, group, agreed)
        case _:
            yield from read_receipts(transaction_set, group)


def _condemned(group: Group, origin: Origin, fault: Fault) -> Iterator[RejectedDocument]:
    """All sets of a group that is refused; one document for the group when it has none."""
    marked = detailed(origin, group=fault.code)
    whole = detailed(marked, level="group")
    if not group.sets:
        yield syntax(whole, fault)
    for transaction_set in group.sets:
        own = transaction_set.fault if transaction_set.fault != group.fault else None
        yield syntax(from_set(marked if own else whole, transaction_set), own or fault)


def _whole(origin: Origin, fault: Fault) -> RejectedDocument:
    return syntax(detailed(origin, level="interchange"), fault)


def _unknown(interchange: Interchange) -> Fault:
    sender = interchange.isa.sender
    return Fault(
        code="E_IDENTITY",
        what=f"unknown sender {shown(f'{sender.qualifier}/{sender.id}')}",
        where=isa_where(6, interchange.offset),
        allowed="an identifier of a profile",
    )


def _nothing(interchange: Interchange) -> Fault:
    where = f"byte {interchange.end}"
    return Fault(
        code="E_EDI_STRUCTURE",
        what="the interchange holds no transaction set",
        where=where,
        allowed="at least one",
    )

"""
What the call centre is told: the outcome of an upsert, a fault, the status of an order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from adapters.formats.soap import Blame, Version, envelope_bytes, fault_bytes
from adapters.formats.xml_element import Element
from adapters.kit.contract import Native
from canonical.errors import Fault, shown
from canonical.notices import Notice, NoticeKind, Outcome, Verdict
from canonical.order import Order, OrderItem, every_item
from canonical.states import State

from .changes import change_elements
from .conversation import INTERACTION, draft_items, interaction_taken, recommendation
from .order import ANSWERED, CANCEL, REVISION
from .profile import Agreement
from .vocabulary import PREFIXES, ROW_TYPE, STATE_WORDS, data, service, texts

__all__ = ["acknowledgement", "answer", "refused_later", "status_notice"]

# An item in one of these states is shown with the last error that was recorded for it.
_BAD = frozenset({State.PENDING, State.HELD, State.FAILED, State.REJECTED, State.CANCELLED})
# Documents of which it is told that they were taken; the order that they are about may not be there yet.
_TAKEN = frozenset({REVISION, CANCEL, ANSWERED, INTERACTION})
# Characters of a fault's text: a path may be long, and the whole of it stands in the detail too.
_LONGEST = 4_000


def acknowledgement(verdicts: Sequence[Verdict], version: Version) -> Native | None:
    """
    One answer to one message: a fault when nothing of it was taken, else each order with what became of it;
    None when there is nothing to say yet.
    """
    told = [one for one in verdicts if one.outcome is not Outcome.PARKED and _speaks(one)]
    if not told:
        return None
    if all(one.origin.document_type == INTERACTION and one.fault is None for one in told):
        return interaction_taken(told, version)
    refused = [one for one in told if one.outcome is Outcome.REJECTED]
    if len(refused) == len(verdicts):
        return _refusal(refused, version)
    listed = data("ListOfSWIOrderIO", [_verdict(one) for one in told])
    operation = "SWIOrderAnswer" if told[0].origin.document_type == ANSWERED else "SWIOrderUpsert"
    body = envelope_bytes(version, service(f"{operation}_Output", listed), PREFIXES)
    summary = f"{operation}_Output: {len(told) - len(refused)} taken, {len(refused)} refused"
    return Native(body, version.content_type, summary)


def status_notice(notice: Notice, order: Order, agreed: Agreement) -> Native:
    """
    ``UpdateLineItems`` with the status of the order and of each of its items.
    """
    listed = data("ListOfSWIOrderIO", _status(notice, order, agreed))
    body = envelope_bytes(agreed.version, service("UpdateLineItems_Input", listed), PREFIXES)
    number = _own_number(notice, order)
    summary = f"UpdateLineItems for {number}: {notice.kind.value}, {order.state.value}"
    return Native(body, agreed.version.content_type, summary)


def refused_later(notice: Notice, version: Version) -> Native | None:
    """
    A fault for a change or a cancel that was taken, waited for its order, and is refused; None for a document
    that was refused at once, which its answer has told.
    """
    asked = notice.cancel or notice.amendment
    if asked is None:
        return None
    fault = notice.fault or asked.fault or Fault(code="E_NOT_FOUND", what="there is no such order")
    details = notice.origin.details if notice.origin else {}
    return _fault([(details.get("number") or shown(asked.document), details.get("row", ""), fault)], version)


def answer(notice: Notice, agreed: Agreement, version: Version) -> Native:
    """
    The answer to a question for a status; a fault when there is no such order of the asker's.
    """
    order = notice.order
    if order is None or notice.fault is not None:
        what = f"no order is known by {shown(notice.asked)}"
        fault = notice.fault or Fault(code="E_NOT_FOUND", what=what, where="OrderNumber")
        return _fault([(notice.asked, "", fault)], version)
    listed = data("ListOfSWIOrderIO", _status(notice, order, agreed))
    body = envelope_bytes(version, service("SWIOrderQuery_Output", listed), PREFIXES)
    return Native(body, version.content_type, f"SWIOrderQuery_Output {notice.asked}: {order.state.value}")


def _speaks(verdict: Verdict) -> bool:
    """
    A question that was taken is answered by a notice, and by nothing before.
    """
    known = verdict.order is not None or bool(verdict.order_id)
    return known or verdict.fault is not None or verdict.origin.document_type in _TAKEN


def _refusal(refused: Sequence[Verdict], version: Version) -> Native | None:
    told = [
        (one.origin.details.get("number", ""), one.origin.details.get("row", ""), one.fault)
        for one in refused
        if one.fault
    ]
    return _fault(told, version) if told else None


def _fault(told: Sequence[tuple[str, str, Fault]], version: Version) -> Native:
    number, _, first = told[0]
    about = f"order {number}: " if number else ""
    detail = [data("Error", list(_fault_fields(*one))) for one in told]
    text = f"{about}{first}"[:_LONGEST]
    body = fault_bytes(version, Blame.CLIENT, text, detail, PREFIXES)
    return Native(body, version.content_type, f"Fault {first.code}: {number or 'the message'}")


def _fault_fields(number: str, row: str, fault: Fault) -> Iterator[Element]:
    yield from texts({"OrderNumber": number, "Id": row, "ErrorCode": fault.code})
    yield from texts({"ErrorPlace": fault.where, "ErrorText": fault.what, "Allowed": fault.allowed})


def _verdict(verdict: Verdict) -> Element:
    details, order = verdict.origin.details, verdict.order
    fields = texts({"Id": details.get("row", ""), "OrderNumber": details.get("number", "")})
    if verdict.outcome is Outcome.REJECTED and verdict.fault:
        fault = verdict.fault
        said = {"ErrorCode": fault.code, "ErrorPlace": fault.where, "ErrorText": fault.what}
        return data("SWIOrder", [*fields, data("Status", "Rejected"), *texts(said)])
    number = order.id if order else verdict.order_id
    state = STATE_WORDS[order.state if order else State.ACKNOWLEDGED] if number else ""
    said = {"IntegrationId": number, "Status": state}
    if order is not None:
        said |= {"ConversationId": order.conversation_id, "ConversationToken": verdict.token}
    return data("SWIOrder", [*fields, *texts(said)])


def _status(notice: Notice, order: Order, agreed: Agreement) -> Element:
    said = {
        "Id": _known_as(order, agreed, ROW_TYPE),
        "OrderNumber": _own_number(notice, order),
        "IntegrationId": order.id,
        "Revision": str(order.version),
        "Status": STATE_WORDS[order.state],
        "StatusReason": notice.reason,
        "Notice": "" if notice.kind is NoticeKind.STATUS else notice.kind.value,
        "Progress": f"{order.progress.done}/{order.progress.total}",
        "ExpectedDate": _when(agreed, order),
        "CompletedDate": agreed.written(order.completion_date) if order.completion_date else "",
    }
    if order.state is State.DRAFT:
        items = list(draft_items(order))
    else:
        items = [_item(order, one) for one in every_item(order.product_order_item)]
    more = list(change_elements(notice, order, agreed))
    if notice.recommendation is not None:
        more.append(recommendation(notice.recommendation, agreed))
    return data("SWIOrder", [*texts(said), data("ListOfSWIOrderItem", items), *more])


def _when(agreed: Agreement, order: Order) -> str:
    return agreed.written(order.expected_completion_date) if order.expected_completion_date else ""


def _known_as(order: Order, agreed: Agreement, kind: str) -> str:
    own = (one for one in order.external_id if one.owner == agreed.endpoint.id)
    return next((one.id for one in own if one.external_identifier_type == kind), "")


def _own_number(notice: Notice, order: Order) -> str:
    """
    Under which the endpoint knows the order; a revision's number ends with a stroke and its count.
    """
    own = (one.id for one in order.external_id if one.owner == notice.endpoint)
    return next(own, "") or notice.document or order.id


def _item(order: Order, item: OrderItem) -> Element:
    trouble = next(
        (
            one
            for one in reversed(order.product_order_error_message)
            if item.state in _BAD and item.id in one.product_order_item
        ),
        None,
    )
    said = {
        "Id": item.line_ref,
        "LineNumber": item.id,
        "Status": STATE_WORDS[item.state or State.ACKNOWLEDGED],
        "ErrorCode": trouble.code if trouble else "",
        "ErrorText": trouble.reason if trouble else "",
    }
    return data("SWIOrderItem", texts(said))

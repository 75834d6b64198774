"""
CRM: customer orders as JSON onto its queue, their results back.

Native format: docs/systems/crm.md.  Samples: tests/fixtures/crm/.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from adapters.formats.json_node import Node
from adapters.formats.json_strict import read_json
from adapters.kit.contract import Native, Stamp
from adapters.kit.verbs import earlier
from canonical.errors import Rejected
from canonical.instructions import Instruction, InstructionLine
from canonical.keys import content_hash
from canonical.order import OrderItem, PartyRef
from canonical.replies import ORDER_NUMBER, LineReply, Receipt, Reference, Reply
from canonical.states import State
from canonical.systems import Attachment, Meaning, SystemProfile, Verb

__all__ = ["CrmAdapter"]

_CONTENT_TYPE = "application/json"
_RESULT = "customerOrderResult"
_MAX_ID = 128
_MAX_REASON = 2000

# What the CRM gives for later parts to use.
_ACCOUNT = "accountId"

_ALL = (Verb.DO, Verb.MODIFY, Verb.UNDO)
_PROFILE = SystemProfile(
    name="crm",
    attachment=Attachment.QUEUE,
    words={
        "OK": Meaning(state=State.COMPLETED, answers=_ALL),
        "BACKLOG": Meaning(state=State.IN_PROGRESS, answers=_ALL),
        "NEEDS-CUSTOMER": Meaning(state=State.PENDING),
        # Somebody can mend what the CRM refuses; what it calls invalid it will never take.
        "REFUSED": Meaning(state=State.HELD, code="E_SYSTEM_REFUSED", answers=_ALL),
        "INVALID": Meaning(state=State.REJECTED, code="E_SYSTEM_REFUSED", answers=(Verb.DO, Verb.MODIFY)),
        "TOO-LATE": Meaning(state=State.HELD, code="E_TOO_LATE", answers=(Verb.MODIFY, Verb.UNDO), past=True),
    },
    reference_type="reference",
    verbs=_ALL,
)


class CrmAdapter:
    """Tell the CRM of customer orders, and read what became of them."""

    profile = _PROFILE
    counters: tuple[str, ...] = ()

    def instruct(self, instruction: Instruction, stamp: Stamp) -> Native:
        """
        A ``customerOrder`` message; one that changes or takes back an earlier one names it.

        Raises:
            Rejected: ``E_KEY_MISSING`` when it should name one and has none to name.
        """
        changed = earlier(instruction, _PROFILE)
        number = len(instruction.lines)
        does = "" if instruction.verb is Verb.DO else f"{instruction.verb.value} "
        return Native(
            body=msgspec.json.encode(_order(instruction, changed)),
            content_type=_CONTENT_TYPE,
            summary=f"customerOrder {does}{instruction.reference}, {number} line{'s' * (number != 1)}",
        )

    def read_reply(self, native: Native) -> Iterator[Reply | Receipt | Rejected]:
        """
        The result in a ``customerOrderResult`` message.

        Properties that are not known are passed over: the CRM may say more than it used to.

        Raises:
            Rejected: The message cannot be read, or does not say which order it is about.
        """
        result = read_json(native.body)
        result.child("messageType").enum((_RESULT,))
        yield Reply(
            system=_PROFILE.name,
            key=_optional(result, "resultId") or content_hash(native.body),
            about=_about(result),
            word=result.child("result").text(_MAX_ID),
            lines=tuple(_line(each) for each in result.children("lines")),
            outputs=_outputs(result),
            reason=_reason(result),
            where="$.result",
            verb=_verb(result),
        )


def _order(instruction: Instruction, changed: str) -> dict[str, Any]:
    customer = next(
        (one.party_or_party_role for one in instruction.related_party if one.role == "customer"), None
    )
    said = {
        "messageType": "customerOrder",
        "requestId": instruction.key,
        "reference": instruction.reference,
        "orderId": instruction.order_id,
        "verb": instruction.verb.value,
        "earlierRequestId": changed or None,
        "purchaseOrder": instruction.external_id[0].id if instruction.external_id else "",
        "customer": _customer(customer) if customer else None,
        "lines": [_ordered_line(one) for one in instruction.lines],
        "requestedDate": instruction.requested_completion_date,
    }
    return {name: value for name, value in said.items() if value is not None}


def _customer(customer: PartyRef) -> dict[str, str]:
    return {"id": customer.id, "name": customer.name}


def _ordered_line(line: InstructionLine) -> dict[str, Any]:
    said = {"line": line.number, **_content(line.item)}
    return said | {"was": _content(line.was)} if line.was else said


def _content(item: OrderItem) -> dict[str, Any]:
    said = {
        "itemId": item.id,
        "offering": item.product_offering.id,
        "name": item.product_offering.name,
        "quantity": item.quantity,
        "action": item.action.value,
    }
    properties = [{"name": one.name, "value": one.value} for one in item.product.product_characteristic]
    return said | {"characteristics": properties} if properties else said


def _about(result: Node) -> tuple[Reference, ...]:
    """The instruction; a result that does not say it is about an order."""
    named = (("key", "requestId"), (_PROFILE.reference_type, "reference"))
    given = ((kind, _optional(result, name)) for kind, name in named)
    found = tuple(Reference(type=kind, value=value) for kind, value in given if value)
    if order := _optional(result, "orderId") or _optional(result, "purchaseOrder"):
        found = found or (Reference(type=ORDER_NUMBER, value=order),)
    if not found:
        allowed = "requestId, reference, orderId or purchaseOrder"
        raise result.reject("E_KEY_MISSING", "the result names no order", allowed)
    return found


def _line(node: Node) -> LineReply:
    return LineReply(
        line=node.child("line").integer(1),
        word=node.child("result").text(_MAX_ID),
        reason=_reason(node),
        where=f"{node.where}.result",
    )


def _verb(result: Node) -> Verb | None:
    """What is answered, when the CRM says so."""
    found = result.get("verb")
    return Verb(found.enum([one.value for one in Verb])) if found else None


def _outputs(result: Node) -> dict[str, str]:
    account = _optional(result, "accountId")
    return {_ACCOUNT: account} if account else {}


def _reason(node: Node) -> str:
    found = node.get("reason")
    return found.text(_MAX_REASON, lines=True, blank=True) if found else ""


def _optional(node: Node, name: str) -> str:
    found = node.get(name)
    return found.text(_MAX_ID, blank=True).strip() if found else ""

"""
From what internet provisioning says to replies: answers to calls, and events.

Source: TMF641 v4.1.0, ``ServiceOrder``, ``CancelServiceOrder``, ``Error`` and the events about them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from adapters.formats.json_node import Node
from adapters.formats.json_strict import read_json
from adapters.kit.contract import Native
from canonical.errors import shown
from canonical.keys import content_hash
from canonical.order import Characteristic
from canonical.replies import LineReply, Offer, Receipt, Reference, Reply
from canonical.systems import Verb

from .requests import HUB_REFERENCE
from .words import CHANGED, PENDING, PROFILE, REFUSED, TOO_LATE, UNDER_WAY

__all__ = ["read_answer"]

_MAX_ID = 128
_MAX_REASON = 2000
_MAX_LINE = 10_000

_ORDER = "serviceOrder"
_CANCEL = "cancelServiceOrder"
# The code of an error that means: past the point of no return.
_PAST = "PONR"
_FAILED = "terminatedWithError"


def read_answer(native: Native) -> Iterator[Reply | Receipt]:
    """
    What is in one of the bodies that may come; ``native.call`` says which call an answer is to.

    Raises:
        Rejected: It is none of them, or lacks what is needed.
    """
    document = read_json(native.body)
    key = content_hash(native.body)
    if document.has("event") or document.has("eventType"):
        yield _event(document, key)
    elif document.has("code") and not document.has("id"):
        yield _refusal(document, key)
    elif document.has(_ORDER):
        yield from _answer(_task(document, key))
    elif native.call is not None and native.call.method == "PATCH":
        yield from _answer(_changed(document, key))
    else:
        yield from _answer(_reply(document, key, _optional(document, "state")))


def _answer(reply: Reply) -> Iterator[Reply | Receipt]:
    """The receipt that every answer is, and the reply that it is when it decides at once."""
    yield Receipt(system=PROFILE.name, key=f"{reply.key}.receipt", about=reply.about, gives=reply.gives)
    if reply.word and reply.word not in UNDER_WAY:
        yield reply


def _event(document: Node, key: str) -> Reply:
    kind = document.child("eventType").enum(tuple(_EVENTS))
    happened = document.get("eventTime")
    key = _optional(document, "eventId") or key
    said = _EVENTS[kind](document.child("event"), key, _optional(document, "correlationId"))
    return said if happened is None else msgspec.structs.replace(said, happened=happened.instant())


def _state_event(event: Node, key: str, _: str) -> Reply:
    order = event.child(_ORDER)
    return _reply(order, key, order.child("state").text(_MAX_ID))


def _question_event(event: Node, key: str, _: str) -> Reply:
    """The order waits, whatever state it names; so does each item in it that says nothing of its own."""
    order = event.child(_ORDER)
    lines = tuple(_line(each, PENDING) for each in order.children("serviceOrderItem"))
    reply = _reply(order, key, PENDING)
    return msgspec.structs.replace(reply, lines=lines, where=order.where)


def _change_event(event: Node, key: str, answers: str) -> Reply:
    """``answers`` is the change's key; the service order's own key names what was posted first."""
    order = event.child(_ORDER)
    reply = _changed(order, key)
    named = (Reference(type="key", value=answers),) if answers else ()
    errors = _errors(order)
    word = _refused(errors) if errors else CHANGED
    where = errors[0].where if errors else order.where
    return msgspec.structs.replace(reply, about=(*named, *reply.about), word=word, where=where)


def _cancel_event(event: Node, key: str, answers: str) -> Reply:
    task = event.child(_CANCEL)
    task.child("state").text(_MAX_ID)
    reply = _task(task, key)
    named = (Reference(type="key", value=answers),) if answers else ()
    return msgspec.structs.replace(reply, about=named or reply.about)


_EVENTS: Mapping[str, Callable[[Node, str, str], Reply]] = {
    "ServiceOrderStateChangeEvent": _state_event,
    "ServiceOrderInformationRequiredEvent": _question_event,
    "ServiceOrderAttributeValueChangeEvent": _change_event,
    "CancelServiceOrderStateChangeEvent": _cancel_event,
}


def _reply(order: Node, key: str, word: str) -> Reply:
    """What a service order says of the instruction that it was posted with."""
    number = Reference(type=_ORDER, value=order.child("id").text(_MAX_ID))
    return Reply(
        system=PROFILE.name,
        key=key,
        about=(*_named(order), number),
        word=word,
        lines=tuple(_line(each) for each in order.children("serviceOrderItem") if each.has("state")),
        gives=(number,),
        reason=_reasons(order),
        where=f"{order.where}.state",
        verb=Verb.DO,
    )


def _changed(order: Node, key: str) -> Reply:
    """What a service order says of a change; its state is not the change's."""
    number = Reference(type=_ORDER, value=order.child("id").text(_MAX_ID))
    return Reply(
        system=PROFILE.name,
        key=key,
        about=(number,),
        word=CHANGED,
        reason=_reasons(order),
        where=order.where,
        verb=Verb.MODIFY,
    )


def _task(task: Node, key: str) -> Reply:
    """What a cancel says of itself."""
    own, number = _optional(task, "externalId"), task.child("id").text(_MAX_ID)
    named = (Reference(type="key", value=own),) if own else ()
    state = _optional(task, "state")
    errors = _errors(task)
    late = state == _FAILED and _refused(errors) == TOO_LATE
    return Reply(
        system=PROFILE.name,
        key=key,
        about=(*named, Reference(type=_CANCEL, value=number)),
        word=TOO_LATE if late else state,
        gives=(Reference(type=_CANCEL, value=number),),
        reason=_joined((*(_prose(one, "reason") for one in errors), _prose(task, "completionMessage"))),
        where=f"{task.where}.state",
        verb=Verb.UNDO,
    )


def _refusal(error: Node, key: str) -> Reply:
    """An HTTP error's body (TMF630 ``Error``), which names no order at all."""
    said = (_prose(error, "reason"), _prose(error, "message"))
    word = _refused((error,))
    return Reply(system=PROFILE.name, key=key, about=(), word=word, reason=_joined(said), where="$.code")


def _refused(errors: Iterable[Node]) -> str:
    return TOO_LATE if any(_code(one) == _PAST for one in errors) else REFUSED


def _code(error: Node) -> str:
    """The code of an error, which some systems write as a number."""
    found = error.get("code")
    return found.value if found is not None and isinstance(found.value, str) else ""


def _errors(node: Node) -> tuple[Node, ...]:
    """``errorMessage``: of a service order several, of a cancel one."""
    found = node.get("errorMessage")
    return () if found is None else found.items() if isinstance(found.value, list) else (found,)


def _named(order: Node) -> Iterator[Reference]:
    """Our own ids, when the system gives them back: the key is surest."""
    if key := _optional(order, "externalId"):
        yield Reference(type="key", value=key)
    for each in order.children("externalReference"):
        if _optional(each, "externalReferenceType") == HUB_REFERENCE:
            yield Reference(type=PROFILE.reference_type, value=each.child("id").text(_MAX_ID))


def _line(item: Node, otherwise: str = "") -> LineReply:
    """What is said of an item; ``otherwise`` where it names no state."""
    number = item.child("id")
    text = number.text(_MAX_ID)
    if not (text.isascii() and text.isdigit() and 0 < int(text) <= _MAX_LINE):
        raise number.reject("E_VALUE", f"no item {shown(text)} was ordered", f"1 to {_MAX_LINE}")
    state = item.get("state")
    if state is None and otherwise:
        word, where = otherwise, item.where
    else:
        word, where = item.child("state").text(_MAX_ID), f"{item.where}.state"
    offer = _offer(item) if word == PENDING else None
    return LineReply(line=int(text), word=word, reason=_reasons(item), where=where, offer=offer)


def _offer(item: Node) -> Offer | None:
    """What an item that waits says that it could be: the hub finds out in what it is another."""
    count, service = item.get("quantity"), item.get("service")
    offer = Offer(
        quantity=count.integer(1, _MAX_LINE) if count is not None else None,
        offering=_optional(service, "name") if service is not None else "",
        product_characteristic=_characteristics(service) if service is not None else (),
    )
    return offer if offer != Offer() else None


def _characteristics(service: Node) -> tuple[Characteristic, ...]:
    return tuple(
        Characteristic(
            name=one.child("name").text(_MAX_ID),
            value=one.child("value").text(_MAX_REASON, blank=True),
            value_type=_optional(one, "valueType") or "string",
        )
        for one in service.children("serviceCharacteristic")
    )


def _reasons(node: Node) -> str:
    notes = [_prose(each, "text") for each in node.children("note")]
    errors = [_prose(each, "reason") for each in _errors(node)]
    return _joined((*errors, *notes))


def _joined(parts: Iterable[str]) -> str:
    return "; ".join(filter(None, parts))[:_MAX_REASON]


def _prose(node: Node, name: str) -> str:
    found = node.get(name)
    return found.text(_MAX_REASON, lines=True, blank=True) if found else ""


def _optional(node: Node, name: str) -> str:
    found = node.get(name)
    return found.text(_MAX_ID, blank=True).strip() if found else ""

"""
Calls to systems: claimed before they are made, and their ends folded like any other reply.

A claim is committed before the call; the delivery on ``system.<name>.work`` stays open until the end of
the call is recorded, so that its prefetch bounds how many are under way and a crash brings it back.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import msgspec

from adapters.kit.contract import Stamp
from canonical.errors import Fault, Rejected
from canonical.instructions import Instruction
from canonical.keys import content_hash
from canonical.states import State
from canonical.systems import Repeat, Verb
from orderloom.calls import Call, CallKind
from orderloom.correlation.fold import answer_due, call_failed, instruct_failed
from orderloom.correlation.port import Claim
from orderloom.correlation.record import Instructed, Record, StepState
from orderloom.pauses import Kind

from .breaking import begin_probe, give_back, hear, until_probe
from .hub import SystemLink
from .items import FromCall, FromWork
from .keys import item_hash, taken_key
from .replying import fold_said
from .unit import Unit

__all__ = ["take_call", "take_work"]

# Seconds before each retry of a failed call; after the last, if its system is not away, the lines are held.
_RETRIES = (1.0, 5.0, 15.0, 60.0, 300.0)

# Seconds that a claim outlives two calls, one of which it may wait for: a slow commit.
_CLAIM_MARGIN = 30.0

# Who has closed the row of a parked message when nobody had: a confirm was lost, and it was sent twice.
_COPY = "its copy"


def take_work(unit: Unit, item: FromWork) -> None:
    """Claim the call, unless it has lost its point or another worker is at it."""
    back = unit.returned(item.delivery, content_hash(item.delivery.body))
    if back is not None:
        unit.unpark(back, "console")
    unit.close_open(item.delivery.queue, item_hash(item), _COPY)
    record = unit.records.get(item.instruction.order_id)
    sent = _sent(record, item.instruction.key)
    if record is None or sent is None or not _waits(record, sent):
        unit.changes.claims_done.append(item.call_id)  # a dead worker's, whose end nobody needs
        return
    if item.call_id in unit.under_way:
        return  # a call of our own: the delivery joins it
    if _outdated(item, sent):
        return
    claim = unit.claims.get(item.call_id)
    # A claim of ours without a call is one whose commit was of unknown fate: nobody has called.
    others = claim is not None and claim.lease > unit.now and claim.worker not in unit.names
    if others or _too_soon(unit, item) or unit.pauses.get(Kind.SYSTEM, item.system) is not None:
        unit.deferred.append(item)
        return
    link = unit.hub.systems[item.system]
    if claim is not None and claim.worker not in unit.names and _once_only(item, claim, link):
        _ended_unheard(unit, record, sent, claim)
        return
    if not begin_probe(unit, item, _lease(link)):
        unit.away.add(item.system)
        unit.deferred.append(item)
        return
    try:
        _claim(unit, record, sent, item, link)
    except Rejected as rejected:
        give_back(unit, item)
        unit.take(instruct_failed(record, sent.key, rejected, unit.world, unit.now), f"{sent.key}|instruct")


def _outdated(item: FromWork, sent: Instructed) -> bool:
    """Whether another telling, or another question, has taken the place of this one."""
    if item.inquiry:
        return not sent.inquiring or item.inquiry < sent.inquiries
    return item.attempt < sent.attempt or sent.inquiring or (sent.received and item.attempt == 1)


def _too_soon(unit: Unit, item: FromWork) -> bool:
    """An instruction that is being called with now may be applied right after the answer that it is not."""
    told = unit.claims.get(item.instruction.key) if item.inquiry else None
    return told is not None and told.lease > unit.now


def _once_only(item: FromWork, claim: Claim, link: SystemLink) -> bool:
    """Whether the call that somebody had claimed may have been made, and must not be made again blindly."""
    return not item.inquiry and claim.attempt >= item.attempt and link.profile.repeat is not Repeat.KEY


def _ended_unheard(unit: Unit, record: Record, sent: Instructed, claim: Claim) -> None:
    """Its worker has died, and nobody knows how the call ended."""
    unit.changes.claims_done.append(claim.key)
    what = Fault(code="E_CALL_FAILED", what=f"{claim.worker} ended while it called {sent.system}")
    asked = unit.hub.systems[sent.system].profile.repeat is Repeat.INQUIRE
    folded = call_failed(
        record, sent.key, what, unit.world, unit.now, retry_in=_RETRIES[0] if asked else None, unknown=True
    )
    unit.take(folded, f"{sent.key}|{sent.attempt}|unheard")


def _sent(record: Record | None, key: str) -> Instructed | None:
    return next((one for one in record.instructions if one.key == key), None) if record is not None else None


def _waits(record: Record, sent: Instructed) -> bool:
    """
    What silence holds is still called for: perhaps nobody has called yet, for the queue was long.

    What was told anew since, under another key, is not.
    """
    if sent.verb is not Verb.DO:
        return any(one.key == sent.key and one.state is not StepState.DONE for one in record.steps)
    newer = [one for one in record.instructions if one.verb is Verb.DO and one.revision > sent.revision]
    return any(
        sent.holds(line) and line.awaited and not any(one.holds(line) for one in newer)
        for line in record.lines
    )


def _claim(unit: Unit, record: Record, sent: Instructed, item: FromWork, link: SystemLink) -> None:
    # The stamp is the instruction's own instant: the same instruction has the same bytes at every attempt.
    instruction: Instruction = item.instruction
    stamp = Stamp(at=instruction.created, settings=link.settings)
    if item.inquiry:
        native = link.inquire(instruction, stamp, item.inquiry)
    else:
        native = link.adapter.instruct(instruction, stamp)
        if kept := unit.tx.natives([sent.native]).get(sent.native):
            # What other parts have brought since may read differently; one key is always sent with one body.
            native = replace(native, body=kept.body, content_type=kept.content_type)
    claim = Claim(item.call_id, record.id, sent.attempt, unit.worker, unit.now + _lease(link))
    unit.under_way.add(claim.key)
    unit.changes.claims.append(claim)
    unit.later(answer_due(record, sent, unit.world, unit.now))
    digest = sent.native if item.inquiry else unit.keep(native.body, native.content_type)
    if sent.native != digest:
        # Whoever was not called yet was not asked yet: what silence there was, was the queue's.
        asked = sent.asked if sent.native else 0
        _replace(unit, record, msgspec.structs.replace(sent, native=digest, asked=asked))
    unit.calls.append(
        Call(
            key=sent.key,
            attempt=sent.attempt,
            system=item.system,
            native=native,
            timeout=link.timeout,
            inquiry=item.inquiry,
        )
    )


def _lease(link: SystemLink) -> timedelta:
    return timedelta(seconds=2 * link.timeout + _CLAIM_MARGIN)


def _replace(unit: Unit, record: Record, sent: Instructed) -> None:
    others = tuple(sent if one.key == sent.key else one for one in record.instructions)
    unit.records[record.id] = msgspec.structs.replace(record, instructions=others)


def take_call(unit: Unit, item: FromCall) -> None:
    """Record how a call ended: what the system said, or when it is tried again."""
    result = item.result
    hear(unit, item)
    order_id = unit.aliases.get(f"{result.system}|key|{result.key}")
    record = unit.records.get(order_id or "")
    if record is None:
        return
    unit.changes.claims_done.append(result.id)
    fault = item.fault
    if result.kind in (CallKind.ANSWERED, CallKind.REFUSED) and item.said:
        try:
            for said in item.said:
                key = taken_key(said, unit.inbox)
                if key not in unit.inbox:
                    fold_said(unit, said, record.id, unit.keep(result.body, result.content_type), key)
        except Rejected as rejected:
            fault = rejected.fault
        else:
            return
    _failed(unit, item, unit.records[record.id], fault)


def _failed(unit: Unit, item: FromCall, record: Record, fault: Fault | None) -> None:
    result = item.result
    sent = _sent(record, result.key)
    if sent is None or (result.inquiry and (not sent.inquiring or result.inquiry < sent.inquiries)):
        return  # of a question that has been answered, or asked again
    what = fault or Fault(code="E_CALL_FAILED", what=f"{result.system} gave no answer that can be read")
    folded = call_failed(
        record,
        result.key,
        what,
        unit.world,
        unit.now,
        retry_in=_retry_in(unit, item, record, sent),
        unknown=result.inquiry > 0 or result.kind is not CallKind.TRANSIENT,
        down=until_probe(unit, result.system) is not None,
    )
    unit.take(folded, f"{result.id}|{result.attempt}|failed")


def _retry_in(unit: Unit, item: FromCall, record: Record, sent: Instructed) -> float | None:
    """
    Seconds until it is called again, or asked; None for a person.

    Permanent is a refusal; a person decides, too, when the call itself is wrong, or nobody knows whether one
    was carried out that must not be twice.  All else is transient: told again where that is the same once
    more, asked where it must be; as long as its system is away, and otherwise so many times.
    """
    result = item.result
    link = unit.hub.systems[result.system]
    once = result.kind is not CallKind.TRANSIENT and link.profile.repeat is Repeat.NEVER
    if once or result.kind in (CallKind.REFUSED, CallKind.OPERATOR):
        return None
    tries = result.attempt + sent.inquiries
    probe = until_probe(unit, result.system)
    if probe is None and tries > len(_RETRIES) and not _young(unit, record, sent):
        return None
    # Asked too soon, it could apply after its answer what it was still reading.
    asked = link.profile.repeat is Repeat.INQUIRE and result.kind is CallKind.UNKNOWN
    pause = probe if probe is not None else _RETRIES[min(tries, len(_RETRIES)) - 1]
    return max(pause, result.retry_after or 0.0, link.timeout if asked else 0.0)


def _young(unit: Unit, record: Record, sent: Instructed) -> bool:
    """Whether its lines have not been in progress for so long that anything may hold them."""
    since = [line.since for line in record.lines if sent.holds(line) and line.state is State.IN_PROGRESS]
    wait = timedelta(seconds=unit.hub.limits.hold_after)
    return any(unit.now - one < wait for one in since)

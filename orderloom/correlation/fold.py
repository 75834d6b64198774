"""
The fold: one order and one thing that happened, into the order afterwards and what follows.

``(record, event, now) -> Folded``: pure, total, and told the time.  Replies may come in any order,
late, twice or early; a terminal order never moves.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import msgspec

from canonical.commands import SubmitOrder
from canonical.errors import Fault, HubError
from canonical.keys import order_id
from canonical.order import ChannelRef, ChannelRole, ExternalId, Order, OrderContent, RelatedChannel
from canonical.plan import Plan
from canonical.replies import Receipt
from canonical.states import State
from canonical.systems import Repeat, SystemProfile, Verb

from .amending import lapse
from .checks import CHECK, expire
from .folded import Folded, World
from .holding import hold_told, open_lines, open_steps
from .inquiry import MOST, inquire
from .naming import first_names
from .outage import reached
from .port import Timer
from .record import Alias, Instructed, Line, Record
from .step_replies import refuse_step
from .tell import endpoints_of
from .telling import instruction_of
from .working import Working, answer_timer, respond_timer

__all__ = [
    "accept",
    "answer_due",
    "call_failed",
    "draft_order",
    "fold_receipt",
    "fold_timer",
    "instruct_failed",
    "numbers_of",
    "planned_aliases",
]


def draft_order(command: SubmitOrder, content: OrderContent, rules_version: str, now: datetime) -> Order:
    """
    The order that a submission becomes, before it is planned.

    ``content`` is the command's, with names and categories filled in from the catalogue.
    """
    origin = command.origin
    capture = RelatedChannel(
        role=ChannelRole.CAPTURE, channel=ChannelRef(id=origin.channel), endpoint=origin.endpoint, at=now
    )
    own = ExternalId(owner=origin.endpoint, external_identifier_type=origin.document_type, id=origin.document)
    others = tuple(one for one in content.external_id if one != own)
    fields = {name: getattr(content, name) for name in OrderContent.__struct_fields__}
    return Order(
        **{**fields, "external_id": (own, *others)},
        id=order_id(origin.endpoint, origin.document_type, origin.document),
        state=State.ACKNOWLEDGED,
        version=1,
        creation_date=now,
        rules_version=rules_version,
        channel=(capture,),
    )


def planned_aliases(order: Order, plan: Plan, world: World) -> tuple[Alias, ...]:
    """Every id under which the order can be asked for, or answered, from the moment it is accepted."""
    known = [Alias(owner="hub", type="orderId", value=order.id), *numbers_of(order)]
    for part in plan.parts:
        known += first_names(order.id, part, world.profiles[part.system])
    return tuple(dict.fromkeys(known))


def numbers_of(order: Order) -> Iterator[Alias]:
    """The numbers that endpoints know the order by; whose owner is none of them is the first one's."""
    endpoints = endpoints_of(order)
    for one in order.external_id:
        owner = one.owner if one.owner in endpoints else endpoints[0]
        yield Alias(owner=owner, type=one.external_identifier_type, value=one.id)


def accept(order: Order, plan: Plan, world: World, now: datetime, draft: Record | None = None) -> Folded:
    """
    Take a planned order in, and send what waits for nothing, once its requested start has come.

    Args:
        draft: What it was before; whoever completed it is the last on the order's channel list.
    """
    lines = tuple(
        Line(part=part.name, item=item, number=number, state=State.ACKNOWLEDGED, since=now)
        for part in plan.parts
        for number, item in enumerate(part.items, 1)
    )
    told, aliases = (draft.told, draft.aliases) if draft else ((), ())
    before = Record(order=order, plan=plan, lines=lines, told=told, aliases=aliases)
    work = Working(before, world, now)
    work.alias(*planned_aliases(order, plan, world))
    endpoint = order.channel[-1].endpoint
    work.announce("submitted")
    work.note("order_accepted", f"accepted from {endpoint}, {len(plan.parts)} parts", actor=endpoint)
    for part in plan.parts:
        work.note(
            "part_planned", f"{part.name}: {part.reason.clause}", route=part.reason.route, system=part.system
        )
    for one in endpoints_of(order):
        if (profile := world.endpoints.get(one)) is not None:
            work.set_timer(respond_timer(order.id, one), "respond-by", profile.respond_by, endpoint=one)
    if not work.started:
        work.await_start()
    return work.finish()


def fold_receipt(record: Record, receipt: Receipt, world: World, now: datetime) -> Folded:
    """
    A system got a message, or could not read it: then the lines of that part are held.

    Raises:
        Rejected: ``E_UNMATCHED`` when the receipt fits no instruction of the order.
    """
    work = Working(record, world, now)
    sent = instruction_of(work, receipt.system, tuple((one.type, one.value) for one in receipt.about))
    work.given(receipt.system, sent.part, receipt.gives)
    if receipt.fault is not None:
        _refused(work, sent, receipt.fault)
    elif sent.key in work.instructions and not sent.received:
        work.instructions[sent.key] = msgspec.structs.replace(sent, received=True)
        reached(work, sent)
        work.note("instruction_received", f"{receipt.system} has {sent.part}", actor=receipt.system)
    return work.finish()


def _refused(work: Working, sent: Instructed, fault: Fault) -> None:
    if steps := open_steps(work, sent):
        for step in steps:
            refuse_step(work, step, fault)
        return
    if open_lines(work, sent):
        hold_told(work, sent, fault)
        return
    what = f"{sent.part} has ended, but {sent.system} says: {fault}"
    work.note("reply_contradicted", what, actor=sent.system)


def instruct_failed(record: Record, key: str, error: HubError, world: World, now: datetime) -> Folded:
    """The system's format cannot say the instruction: its lines are held, or its change is refused."""
    work = Working(record, world, now)
    sent = work.instructions[key]
    for step in open_steps(work, sent):
        refuse_step(work, step, error.fault)
    if sent.verb is Verb.DO:
        hold_told(work, sent, error.fault)
    work.clear_timer(answer_timer(sent.key))
    return work.finish()


def call_failed(
    record: Record,
    key: str,
    fault: Fault,
    world: World,
    now: datetime,
    *,
    retry_in: float | None,
    unknown: bool = False,
    down: bool = False,
) -> Folded:
    """
    A call did not give an answer.

    Args:
        retry_in: Seconds until it is tried again under the same key; None holds the lines.
        unknown: The system may have carried it out: one that must be inquired is then asked instead.
        down: So do all calls to it: it is not for this instruction that one is asked more often than usual.
    """
    work = Working(record, world, now)
    sent = work.instructions.get(key)
    if sent is None or not (open_lines(work, sent) or open_steps(work, sent)):
        return work.finish()
    if retry_in is None:
        hold_told(work, sent, fault)
        return work.finish()
    more = ({"unknown": "call"} if unknown else {}) | ({"down": sent.system} if down else {})
    work.set_timer(f"retry|{key}", "retry", retry_in, key=key, **more)
    work.note(
        "call_failed", f"{sent.system}: {fault}; next try in {retry_in:g} s", actor=sent.system, key=key
    )
    return work.finish()


def fold_timer(record: Record, timer: Timer, world: World, now: datetime) -> Folded:
    """
    Something is due; a timer that has lost its point changes nothing.

    Of ``start`` and ``forecast`` nothing needs doing here: at the end of every step whatever is ready is
    sent, and the forecast made.
    """
    work = Working(record, world, now)
    work.clear_timer(timer.key)
    if timer.kind == "respond-by":
        work.respond_due = (timer.data["endpoint"],)
    elif timer.kind == "quote":
        lapse(work, timer.data["amendment"], int(timer.data["piece"]))
    elif timer.kind == CHECK:
        expire(work, timer.data["part"])
    elif timer.kind in ("answer-by", "retry"):
        sent = work.instructions.get(timer.data["key"])
        if sent is not None and _worth_asking(work, sent, timer.kind):
            _ask_again(work, sent, timer)
    return work.finish()


def _worth_asking(work: Working, sent: Instructed, kind: str) -> bool:
    """
    Silence is measured while a line is in progress, or since the first call for one that silence had held;
    a failed call is tried again until it is answered.
    """
    if open_steps(work, sent):
        return True
    lines = open_lines(work, sent)
    silent_too = kind == "retry" or sent.asked == 0
    return any(line.awaited if silent_too else line.state is State.IN_PROGRESS for line in lines)


def answer_due(record: Record, sent: Instructed, world: World, now: datetime) -> Timer:
    """The timer of an answer that is waited for from now: a call is made, whenever it was queued."""
    seconds = record.part(sent.part).answer_within or world.profiles[sent.system].answer_within
    due = now + timedelta(seconds=seconds)
    return Timer(answer_timer(sent.key), due, "answer-by", record.id, {"key": sent.key})


def _ask_again(work: Working, sent: Instructed, timer: Timer) -> None:
    part = work.parts[sent.part]
    profile = work.world.profiles[sent.system]
    if timer.kind == "retry":
        _try_again(work, sent, timer, profile)
        return
    work.instructions[sent.key] = overdue = msgspec.structs.replace(sent, asked=sent.asked + 1)
    if profile.repeat is Repeat.INQUIRE and not sent.inquiring and sent.inquiries < MOST:
        inquire(work, overdue, f"{sent.system} has not answered {sent.part}")
        return
    if overdue.asked == 1 and profile.repeat is Repeat.KEY:
        work.note("asked_again", f"{sent.system} has not answered {sent.part}; asked again", key=sent.key)
        work.repeat(overdue)
        work.set_timer(answer_timer(sent.key), "answer-by", work.answer_within(part), key=sent.key)
        return
    if (left := work.world.hold_after - (work.now - sent.sent_at).total_seconds()) > 0:
        work.set_timer(answer_timer(sent.key), "answer-by", left, key=sent.key)
        return
    what = f"{sent.system} has not answered since {sent.sent_at:%Y-%m-%d %H:%M:%S} UTC"
    if sent.inquiring:
        what += ", nor when it was asked whether it had applied it"
    hold_told(work, sent, Fault(code="E_NO_ANSWER", what=what), silent=True)


def _try_again(work: Working, sent: Instructed, timer: Timer, profile: SystemProfile) -> None:
    """
    After an unknown outcome (a call's, or of all that a lost broker held) only what may be repeated freely
    goes out again; who must be inquired is asked.
    """
    if profile.repeat is Repeat.KEY or not {"lost", "unknown"} & timer.data.keys():
        work.repeat(sent)
        return
    lost = "lost" in timer.data
    why = f"the {timer.data['lost']} was lost" if lost else "nobody knows how the call ended"
    if profile.repeat is Repeat.INQUIRE and (lost or "down" in timer.data or sent.inquiries < MOST):
        inquire(work, sent, why)
        return
    what = f"{why}, and {sent.system} may have {sent.part} or not"
    hold_told(work, sent, Fault(code="E_CALL_FAILED", what=what))

"""
The fold of a reply: a system's words about its lines, in any order, early, late, twice or contradictory.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import msgspec

from canonical.errors import Rejected, shown
from canonical.replies import LineReply, Reply
from canonical.states import Cause, State
from canonical.systems import Meaning, SystemProfile, Verb

from .checks import verdict
from .doubt import settle_doubt
from .folded import Folded, World
from .holding import is_current, open_lines, open_steps
from .inquiry import another_time, settle_inquiry
from .milestones import further
from .pieces import NOT_UNDONE
from .record import Instructed, Line, Record
from .step_replies import answer_given_up, answer_step
from .telling import answers, instruction_of
from .working import Working, answer_timer

__all__ = ["fold_reply"]

_CONTRADICTION = "E_CONTRADICTION"


def fold_reply(record: Record, reply: Reply, world: World, now: datetime) -> Folded:
    """
    Apply a reply to the lines it speaks of.

    On an open line it counts whenever it comes; on a line that has ended it is shown, and a word that
    contradicts the end is shown as a fault.  Nothing is applied when any word or line is unknown.

    Raises:
        Rejected: ``E_UNMATCHED`` (no such instruction or line), ``E_AMBIGUOUS_REPLY``, ``E_REPLY_WORD``.
    """
    work = Working(record, world, now)
    profile = world.profiles[reply.system]
    about = tuple((one.type, one.value) for one in reply.about)
    sent = instruction_of(work, reply.system, about, partial(answers, reply, profile))
    if reply.verb not in (None, sent.verb):
        what = f"{reply.system} answers {reply.verb}, and {sent.reference} was told to {sent.verb}"
        raise Rejected("E_UNMATCHED", what, reply.where)
    if reply.inquiry is not None and reply.word and reply.word == profile.not_applied and not reply.lines:
        another_time(work, sent, reply)
        return work.finish()
    said = list(_said(work, sent, reply, profile))
    work.given(reply.system, sent.part, reply.gives)
    _outputs(work, reply, after_the_end=bool(said) and all(one.line.state.terminal for one in said))
    for one in said:
        _hear(work, sent, one, reply)
    if reply.inquiry is not None:
        settle_inquiry(work, sent, reply)
    _answered(work, sent)
    settle_doubt(work, reply.system)
    return work.finish()


@dataclass(frozen=True, slots=True)
class _Said:
    """One word about one line."""

    line: Line
    word: LineReply
    meaning: Meaning


def _hear(work: Working, sent: Instructed, said: _Said, reply: Reply) -> None:
    """A word about a line: of what is done to it, or of the line itself."""
    if sent.verb in said.meaning.answers and sent.verb is not Verb.DO:
        _hear_of_step(work, sent, said, reply)
    elif sent.verb is Verb.DO and sent.holds(said.line) and not is_current(work, sent, said.line):
        line, word = said.line, said.word.word
        about = f"{reply.system} says {word} of an earlier {line.part} for item {line.item}"
        work.note("reply_superseded", about, actor=reply.system, word=word)
    else:
        _apply(work, said, reply, late=sent.asked > 0)


def _hear_of_step(work: Working, sent: Instructed, said: _Said, reply: Reply) -> None:
    line, word = said.line, said.word
    reason = word.reason or reply.reason
    about = f"{reply.system} says {word.word} to {sent.verb.value} {line.part} for item {line.item}"
    about = f"{about}: {reason}" if reason else about
    step = next((one for one in open_steps(work, sent) if one.line == line.key), None)
    if step is None:
        work.note("reply_late", f"{about}; that was settled", actor=reply.system, word=word.word)
        answer_given_up(work, sent.key, line.key, said.meaning)
        return
    event = "reply_late" if sent.asked > 0 else "reply_folded"
    work.note(event, about, actor=reply.system, word=word.word, verb=sent.verb.value)
    answer_step(work, step, said.meaning, about)


def _outputs(work: Working, reply: Reply, *, after_the_end: bool) -> None:
    """Keep what the system gives for later parts; after the end it may add to that, and change nothing."""
    given = {f"{reply.system}.{name}": value for name, value in reply.outputs.items()}
    work.outputs = given | work.outputs if after_the_end else work.outputs | given


def _said(work: Working, sent: Instructed, reply: Reply, profile: SystemProfile) -> Iterator[_Said]:
    lines = [line for line in work.lines.values() if line.part == sent.part]
    named = set()
    for word in reply.lines:
        line = _named(lines, word, work, reply)
        named.add(line.key)
        _refuse_other_action(work, line, reply, word.where)
        meaning = _meaning(profile, sent.verb, word.word, word.where or reply.where)
        yield _Said(line, word, meaning)
    if not reply.word:
        return
    meaning = _meaning(profile, sent.verb, reply.word, reply.where)
    asked = {one.line for one in open_steps(work, sent)}
    for line in lines:
        if line.key in named or not sent.holds(line) or (_gone(line) and line.key not in asked):
            continue
        if _of_action(work, line, reply):
            yield _Said(line, LineReply(word=reply.word, reason=reply.reason), meaning)


def _gone(line: Line) -> bool:
    """Whether a word about the whole part does not speak of this line: it was cut, or has been taken back."""
    return line.state is State.CANCELLED and (not line.sent or line.cause is Cause.CUSTOMER)


def _of_action(work: Working, line: Line, reply: Reply) -> bool:
    return reply.action is None or reply.action is work.items[line.item].action


def _refuse_other_action(work: Working, line: Line, reply: Reply, where: str) -> None:
    """What answers a removal says nothing of an addition."""
    if not _of_action(work, line, reply):
        action = work.items[line.item].action
        what = f"{reply.system} answers {reply.action}, and line {line.number} was told to {action}"
        raise Rejected("E_UNMATCHED", what, where or reply.where)


def _named(lines: list[Line], word: LineReply, work: Working, reply: Reply) -> Line:
    fits = [
        line
        for line in lines
        if (
            line.number == word.line
            if word.line is not None
            else work.items[line.item].product_offering.id == word.offering
        )
    ]
    if len(fits) == 1:
        return fits[0]
    which = f"line {word.line}" if word.line is not None else f"offering {shown(word.offering)}"
    code = "E_AMBIGUOUS_REPLY" if fits else "E_UNMATCHED"
    numbers = ", ".join(str(line.number) for line in lines)
    raise Rejected(code, f"{reply.system} speaks of {which}", word.where or reply.where, f"lines {numbers}")


def _meaning(profile: SystemProfile, verb: Verb, word: str, where: str) -> Meaning:
    """A word that cannot answer the verb may still speak of the line itself, whatever it was told last."""
    found = profile.words.get(word)
    if found is None or not {verb, Verb.DO} & set(found.answers):
        known = sorted(name for name, one in profile.words.items() if verb in one.answers)
        what = f"{profile.name} said {shown(word)}" + ("" if found is None else f" to {verb.value}")
        raise Rejected("E_REPLY_WORD", what, where, "one of " + ", ".join(known))
    return found


def _apply(work: Working, said: _Said, reply: Reply, *, late: bool) -> None:
    line, word, meaning = work.lines[said.line.key], said.word, said.meaning
    reason = word.reason or reply.reason
    about = f"{reply.system} says {word.word} of {line.part} for item {line.item}"
    if line.state.terminal:
        _after_the_end(work, line, meaning, about, reply)
        return
    state = verdict(work.parts[line.part], meaning)
    code = meaning.code if state in (State.HELD, State.REJECTED, State.PENDING) else ""
    if line.code == NOT_UNDONE:
        work.move(line, line.state, word=word.word, quantity=word.quantity)
        work.note("reply_folded", f"{about}; it stays held", actor=reply.system, word=word.word)
        return
    milestone = further(work.world.profiles[reply.system], line.milestone, meaning.milestone)
    work.move(
        line,
        state,
        word=word.word,
        code=code,
        reason=reason,
        quantity=word.quantity,
        milestone=milestone,
    )
    if code:
        work.fault(line, code, f"{about}: {reason}" if reason else about)
    event = "reply_late" if late else "reply_folded"
    facts = {"word": word.word, "state": state.value} | ({"code": code} if code else {})
    work.note(event, about, actor=reply.system, **facts)


def _after_the_end(work: Working, line: Line, meaning: Meaning, about: str, reply: Reply) -> None:
    if meaning.state is line.state:
        return
    if line.cause is Cause.CUSTOMER:
        contradicts = meaning.state is State.COMPLETED  # it was taken back: whatever else is said fits that
    else:
        contradicts = meaning.state.terminal or meaning.state is State.HELD
    event = "reply_contradicted" if contradicts else "reply_late"
    work.note(
        event, f"{about}, but the line is {line.state.value}", actor=reply.system, state=meaning.state.value
    )
    if contradicts and not work.before.order.state.terminal:
        _open_fallout(work, line, f"{about}, but the line is {line.state.value}")


def _open_fallout(work: Working, line: Line, what: str) -> None:
    """A line that has ended is not held; that a person has to look is shown on the order, and counted."""
    shown_before = work.order.product_order_error_message
    work.fault(line, _CONTRADICTION, what)
    if work.order.product_order_error_message is not shown_before:
        system = work.parts[line.part].system
        work.note("fallout", f"{line.part}: {what}", code=_CONTRADICTION, part=line.part, system=system)


def _answered(work: Working, sent: Instructed) -> None:
    known = work.instructions.get(sent.key)
    if known is None:
        return
    part = work.parts[sent.part]
    waits = any(line.state is State.IN_PROGRESS for line in open_lines(work, sent))
    if waits or open_steps(work, sent):
        work.set_timer(answer_timer(sent.key), "answer-by", work.answer_within(part), key=sent.key)
        return
    work.clear_timer(answer_timer(sent.key))
    work.clear_timer(f"retry|{sent.key}")
    if known.answered_at is None or known.inquiring:
        at = known.answered_at or work.now
        answered = msgspec.structs.replace(known, received=True, inquiring=False, answered_at=at)
        work.instructions[sent.key] = answered

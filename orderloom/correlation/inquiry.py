"""
Asking before telling again: what a system that must be inquired is asked, and what its answer brings about.

After an unknown outcome the system is asked what became of the instruction.  Its answer is the outcome, or
that it never carried the instruction out; only then is it told again, under the same key.
"""

from __future__ import annotations

from typing import Final

import msgspec

from canonical.errors import Fault
from canonical.replies import Reply
from canonical.states import State
from canonical.systems import Verb

from .holding import hold, hold_told, open_lines, open_steps
from .record import Instructed, Line
from .working import Working, answer_timer

__all__ = ["MOST", "another_time", "inquire", "settle_inquiry"]

MOST: Final = 6
"""How often one instruction is told, and asked for, before a person looks: as often as a call is made."""


def inquire(work: Working, sent: Instructed, why: str) -> None:
    """Ask what became of ``sent``; the answer has as long as that to an instruction."""
    asking = msgspec.structs.replace(sent, inquiries=sent.inquiries + 1, inquiring=True)
    work.inquire(asking)
    work.clear_timer(f"retry|{sent.key}")
    seconds = work.answer_within(work.parts[sent.part])
    work.set_timer(answer_timer(sent.key), "answer-by", seconds, key=sent.key)
    text = f"{why}; {sent.system} is asked whether it applied {sent.part}"
    work.note("inquired", text, key=sent.key, inquiry=str(asking.inquiries))


def another_time(work: Working, sent: Instructed, reply: Reply) -> None:
    """
    The system says that it never carried ``sent`` out: it is told again.

    Only in answer to the last question: what is said to an earlier one may have been true before the
    instruction was told again, and telling it a third time would have it done twice.
    """
    known = work.instructions.get(sent.key)
    if known is None or not _is_answer(known, reply):
        text = f"{reply.system} says to an earlier question that it never applied {sent.part}"
        work.note("inquiry_outdated", text, actor=reply.system, key=sent.key)
        return
    work.instructions[known.key] = closed = msgspec.structs.replace(known, inquiring=False)
    lines = open_lines(work, sent)
    heard = (line for line in work.lines.values() if sent.verb is Verb.DO and sent.holds(line))
    said = [line for line in heard if line.word]
    if said:
        what = f"{reply.system} says that it never applied {sent.part}, and had said {said[0].word} of it"
        hold_told(work, sent, Fault(code="E_CONTRADICTION", what=what))
    elif closed.attempt >= MOST:
        what = f"{reply.system} was told {closed.attempt} times, and says that it never applied {sent.part}"
        hold_told(work, sent, Fault(code="E_NO_ANSWER", what=what))
    elif any(line.awaited for line in lines) or open_steps(work, sent):
        _tell_again(work, closed, lines)


def _tell_again(work: Working, sent: Instructed, lines: list[Line]) -> None:
    for line in lines:
        if line.awaited:
            work.move(line, State.IN_PROGRESS, code="", reason="")
    again = work.repeat(msgspec.structs.replace(sent, asked=0))
    seconds = work.answer_within(work.parts[sent.part])
    work.set_timer(answer_timer(sent.key), "answer-by", seconds, key=sent.key)
    text = f"{sent.system} says that it never applied {sent.part}; told again, the {again.attempt}. time"
    work.note("not_applied", text, actor=sent.system, key=sent.key, attempt=str(again.attempt))


def settle_inquiry(work: Working, sent: Instructed, reply: Reply) -> None:
    """
    The answer has told of some lines; the others it does not know, and telling them alone is not possible.

    The whole instruction would carry out a second time what was carried out: a person decides.
    """
    known = work.instructions.get(sent.key)
    if known is None or not _is_answer(known, reply):
        return
    work.instructions[known.key] = msgspec.structs.replace(known, inquiring=False)
    left = [line for line in open_lines(work, sent) if line.awaited and not line.word]
    if left:
        numbers = ", ".join(str(line.number) for line in left)
        what = f"{reply.system} was asked, and of {sent.part} does not know line {numbers}"
        hold(work, sent.part, Fault(code="E_NO_ANSWER", what=what), left)
    if open_steps(work, sent):
        what = f"{reply.system} was asked, and does not know all of {sent.verb.value} {sent.part}"
        hold_told(work, sent, Fault(code="E_NO_ANSWER", what=what))


def _is_answer(known: Instructed, reply: Reply) -> bool:
    return known.inquiring and reply.inquiry in (0, known.inquiries)

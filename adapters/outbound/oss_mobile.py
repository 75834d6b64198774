"""
Provisioning of mobile subscribers: MML commands onto its queue, RETCODEs back.

Native format: docs/systems/oss-mobile.md.  Samples: tests/fixtures/oss_mobile/.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from adapters.formats.mml import Answer, Command, Value, read_answers, sayable, write_commands
from adapters.kit.contract import INQUIRY, Native, Stamp
from canonical.errors import Rejected, shown
from canonical.instructions import Instruction, InstructionLine
from canonical.keys import message_id
from canonical.replies import LineReply, Receipt, Reference, Reply
from canonical.states import Action, State
from canonical.systems import Attachment, Meaning, Repeat, SystemProfile, Verb

__all__ = ["NOT_APPLIED", "OssMobileAdapter"]

_CONTENT_TYPE = "text/plain"
_OBJECT = "SUB"
_INQUIRY = "LST"
_NUMBER = "ASK"
_VERBS = {Action.ADD: "ADD", Action.MODIFY: "MOD", Action.DELETE: "RMV"}
# What an answer may repeat: anything else was somebody else's command.
_SENT = tuple(f"{verb} {_OBJECT}" for verb in (*_VERBS.values(), _INQUIRY))

NOT_APPLIED = "3002"
"""The word for "no such subscriber": as the answer to an inquiry, the instruction was never carried out."""

# What the subscriber got, for later parts to use: name in the answer to name of the output.
_GIVEN = {"MSISDN": "msisdn", "IMSI": "imsi", "ICCID": "iccid"}
_ACCOUNT = "crm.accountId"
_MAX_REASON = 2000
_MAX_LINE = 10_000
# Names of our own parameters and of what elements say: a characteristic has none of them, also where we
# leave ours out, because what one says must never be taken for what the other means.
_RESERVED = frozenset(
    {
        "ACCOUNT",
        _NUMBER,
        "KEY",
        "LINE",
        "OFFER",
        "ORDER",
        "QTY",
        "REF",
        "RETCODE",
        "SERIAL",
        "WANTED",
    }
)
_NO_NAME = re.compile(r"[^A-Z0-9]")

_REFUSED = "E_SYSTEM_REFUSED"
_PROFILE = SystemProfile(
    name="oss.mobile",
    attachment=Attachment.QUEUE,
    words={
        "0": Meaning(state=State.COMPLETED),
        "100": Meaning(state=State.IN_PROGRESS),  # taken, carried out later
        "1001": Meaning(state=State.REJECTED, code=_REFUSED),  # a parameter it will never take
        "1002": Meaning(state=State.REJECTED, code=_REFUSED),  # no such offer
        "2001": Meaning(state=State.PENDING),  # the subscriber has to confirm
        "3001": Meaning(state=State.HELD, code=_REFUSED),  # the subscriber exists already
        NOT_APPLIED: Meaning(state=State.HELD, code=_REFUSED),  # no such subscriber
        "3003": Meaning(state=State.HELD, code=_REFUSED),  # number or card in use
        "5001": Meaning(state=State.HELD, code="E_SYSTEM_HELD"),  # busy
        "5002": Meaning(state=State.HELD, code="E_SYSTEM_HELD"),  # no capacity or licence left
    },
    reference_type="reference",
    # An element carries a command out as often as it gets it: after an unknown outcome, ask first.
    repeat=Repeat.INQUIRE,
    not_applied=NOT_APPLIED,
    answer_within=600,
)


class OssMobileAdapter:
    """Tell mobile provisioning what to set up, and read what it says."""

    profile = _PROFILE
    counters: tuple[str, ...] = ()

    def instruct(self, instruction: Instruction, stamp: Stamp) -> Native:
        """
        A command for each line.

        Raises:
            Rejected: ``E_ACTION`` for anything but ``do``, and for an action without a command; ``E_VALUE``
                for values that MML cannot say; ``E_FIELD_SIZE`` for a command too long to be repeated.
        """
        if instruction.verb is not Verb.DO:
            raise Rejected("E_ACTION", f"oss.mobile cannot {instruction.verb.value}", "verb", Verb.DO.value)
        commands = [_command(line, instruction) for line in instruction.lines]
        number = len(commands)
        summary = f"MML {instruction.reference}, {number} command{'s' * (number != 1)}"
        return Native(write_commands(commands), _CONTENT_TYPE, summary)

    def inquire(self, instruction: Instruction, stamp: Stamp) -> Native:
        """
        The question what became of ``instruction``; its answer names the lines that were carried out, or is
        :data:`NOT_APPLIED`, and repeats the number of the question.
        """
        command = Command(_INQUIRY, _OBJECT, _named(instruction) | {_NUMBER: stamp.numbers[INQUIRY]})
        return Native(write_commands((command,)), _CONTENT_TYPE, f"MML inquiry {instruction.reference}")

    def read_reply(self, native: Native) -> Iterator[Reply | Receipt | Rejected]:
        """
        A reply for each answer, about the line whose command it repeats; for an inquiry, about all lines.

        Raises:
            Rejected: Nothing of it can be read; or there are too many answers (``E_RECORDS``).
        """
        for answer in read_answers(native.body):
            if isinstance(answer, Rejected):
                yield answer
                continue
            try:
                yield _reply(answer)
            except Rejected as rejected:
                yield rejected


def _named(instruction: Instruction) -> dict[str, Value]:
    return {"KEY": instruction.key, "REF": instruction.reference}


def _command(line: InstructionLine, instruction: Instruction) -> Command:
    item = line.item
    where = f"line {line.number}"
    if item.action not in _VERBS:
        raise Rejected("E_ACTION", f"no command for {item.action.value}", where, "add, modify, delete")
    said: dict[str, Value] = _named(instruction) | {
        "LINE": line.number,
        "OFFER": item.product_offering.id,
        "QTY": item.quantity,
    }
    order = instruction.external_id[0].id if instruction.external_id else ""
    if order and sayable(order):
        said["ORDER"] = order
    if account := instruction.inputs.get(_ACCOUNT):
        said["ACCOUNT"] = account
    if item.product.product_serial_number:
        said["SERIAL"] = item.product.product_serial_number
    if instruction.requested_completion_date:
        said["WANTED"] = f"{instruction.requested_completion_date:%Y%m%d}"
    for one in item.product.product_characteristic:
        name = _NO_NAME.sub("", one.name.upper())
        if name in _RESERVED or name in said or not name[:1].isalpha():
            what = f"the characteristic {shown(one.name)} cannot be a parameter"
            raise Rejected("E_VALUE", what, where, f"a name of its own, not {', '.join(sorted(_RESERVED))}")
        said[name] = one.value
    return Command(_VERBS[item.action], _OBJECT, said)


def _reply(answer: Answer) -> Reply:
    if answer.command.name not in _SENT:
        what = f"an answer to {answer.command.name}, which the hub never sends"
        raise Rejected("E_UNMATCHED", what, f"line {answer.line}", ", ".join(_SENT))
    said = answer.command.parameters
    about = tuple(
        Reference(type=kind, value=str(said[name])[:128])
        for kind, name in (("key", "KEY"), (_PROFILE.reference_type, "REF"))
        if said.get(name)
    )
    if not about:
        what = f"the answer to {answer.command.name} names no instruction"
        raise Rejected("E_KEY_MISSING", what, f"line {answer.line}", "KEY or REF")
    inquired = answer.command.verb == _INQUIRY
    if inquired and answer.code not in ("0", NOT_APPLIED):
        # It speaks of the question and not of the instruction.
        what = f"the inquiry was answered with {shown(answer.code)}"
        raise Rejected("E_REPLY_WORD", what, f"line {answer.code_line}", f"0 or {NOT_APPLIED}")
    lines = _listed(answer) if inquired else _told(answer)
    return Reply(
        system=_PROFILE.name,
        key=_key(answer),
        about=about,
        word="" if lines else NOT_APPLIED if inquired and answer.code == "0" else answer.code,
        lines=lines,
        outputs={} if inquired else _outputs(answer),
        reason=_reason(answer.text),
        where=f"line {answer.code_line}",
        inquiry=_asked(answer) if inquired else None,
    )


def _asked(answer: Answer) -> int:
    """Which inquiry is answered; 0 when the answer does not repeat it."""
    number = str(answer.command.parameters.get(_NUMBER, ""))
    return _number(number, _NUMBER, f"line {answer.line}") if number else 0


def _told(answer: Answer) -> tuple[LineReply, ...]:
    """The line whose command is answered; none when the command names no line."""
    where = f"line {answer.code_line}"
    given = str(answer.command.parameters.get("LINE", ""))
    if not given:
        return ()
    number = _number(given, "LINE", where)
    return (LineReply(word=answer.code, line=number, reason=_reason(answer.text), where=where),)


def _listed(answer: Answer) -> tuple[LineReply, ...]:
    """What an inquiry found of each line."""
    where = f"line {answer.code_line}"
    return tuple(
        LineReply(
            word=str(_number(row.get("RESULT", ""), "RESULT", where, least=0)),
            line=_number(row["LINE"], "LINE", where),
            reason=_reason(row.get("TEXT", "")),
            where=where,
        )
        for row in answer.rows
        if "LINE" in row
    )


def _number(text: str, name: str, where: str, *, least: int = 1) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 6 and least <= int(text) <= _MAX_LINE):
        raise Rejected("E_VALUE", f"{name} is {shown(text)}", where, f"{least} to {_MAX_LINE}")
    return int(text)


def _outputs(answer: Answer) -> dict[str, str]:
    """``msisdn.2`` is the number that line 2 got."""
    line = str(answer.command.parameters.get("LINE", ""))
    found = {_GIVEN[name]: value for row in answer.rows for name, value in row.items() if name in _GIVEN}
    return {f"{name}.{line}": value for name, value in found.items() if line and value}


def _key(answer: Answer) -> str:
    """Its number at the element; without one its content."""
    if answer.element and answer.serial:
        return f"{answer.element}#{answer.serial}"[:128]
    said = (f"{name}={value}" for name, value in answer.command.parameters.items())
    rows = (f"{name}={value}" for row in answer.rows for name, value in row.items())
    return message_id("mml", answer.command.name, *said, answer.code, answer.text, *rows)


def _reason(text: str) -> str:
    return text[:_MAX_REASON]

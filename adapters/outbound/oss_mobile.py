"""
Provisioning of mobile subscribers: MML commands onto its queue, RETCODEs back.

Native format: docs/systems/oss-mobile.md.  Samples: tests/fixtures/oss_mobile/.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from adapters.formats.mml import Answer, Command, Value, read_answers, sayable, write_commands
from adapters.kit.contract import INQUIRY, Native, Stamp
from adapters.kit.verbs import earlier
from canonical.errors import Rejected, shown
from canonical.instructions import Instruction, InstructionLine
from canonical.keys import message_id
from canonical.order import OrderItem
from canonical.replies import LineReply, Receipt, Reference, Reply
from canonical.states import Action, State
from canonical.systems import Attachment, Meaning, Repeat, SystemProfile, Verb

__all__ = ["NOT_APPLIED", "OssMobileAdapter"]

_CONTENT_TYPE = "text/plain"
_OBJECT = "SUB"
_INQUIRY = "LST"
_NUMBER = "ASK"
_VERBS = {Action.ADD: "ADD", Action.MODIFY: "MOD", Action.DELETE: "RMV"}
# What takes back what an action did.
_INVERSE = {Action.ADD: "RMV", Action.MODIFY: "MOD", Action.DELETE: "ADD"}
# The parameter that names the instruction which is changed, or taken back: by it an answer shows its verb.
_EARLIER = {Verb.MODIFY: "CHANGES", Verb.UNDO: "UNDOES"}
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
        *_EARLIER.values(),
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
_CHANGES = (Verb.MODIFY, Verb.UNDO)
_ALL = (Verb.DO, *_CHANGES)


def _says(state: State, code: str = "", answers: tuple[Verb, ...] = _ALL) -> Meaning:
    return Meaning(state=state, code=code, answers=answers)


_PROFILE = SystemProfile(
    name="oss.mobile",
    attachment=Attachment.QUEUE,
    words={
        "0": _says(State.COMPLETED),
        "100": _says(State.IN_PROGRESS),  # taken, carried out later
        "1001": _says(State.REJECTED, _REFUSED),  # a parameter it will never take
        "1002": _says(State.REJECTED, _REFUSED),  # no such offer
        "2001": _says(State.PENDING, answers=(Verb.DO,)),  # the subscriber has to confirm
        "3001": _says(State.HELD, _REFUSED),  # the subscriber exists already
        NOT_APPLIED: _says(State.HELD, _REFUSED),  # no such subscriber
        "3003": _says(State.HELD, _REFUSED),  # number or card in use
        # Billed, or ported away: it stays as it is.
        "4001": Meaning(state=State.HELD, code="E_TOO_LATE", answers=_CHANGES, past=True),
        "5001": _says(State.HELD, "E_SYSTEM_HELD"),  # busy
        "5002": _says(State.HELD, "E_SYSTEM_HELD"),  # no capacity or licence left
    },
    reference_type="reference",
    # An element carries a command out as often as it gets it: after an unknown outcome, ask first.
    repeat=Repeat.INQUIRE,
    not_applied=NOT_APPLIED,
    verbs=_ALL,
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
            Rejected: ``E_ACTION`` for an action without a command, and for a removal that is to be changed;
                ``E_KEY_MISSING`` for a change of nothing; ``E_VALUE`` for values that MML cannot say;
                ``E_FIELD_SIZE`` for a command too long to be repeated.
        """
        changed = earlier(instruction, _PROFILE)
        commands = [_command(line, instruction, changed) for line in instruction.lines]
        number = len(commands)
        does = "" if instruction.verb is Verb.DO else f"{instruction.verb.value} "
        summary = f"MML {does}{instruction.reference}, {number} command{'s' * (number != 1)}"
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


def _command(line: InstructionLine, instruction: Instruction, changed: str) -> Command:
    item = line.item
    where = f"line {line.number}"
    verb = _verb(item.action, instruction.verb, where)
    said: dict[str, Value] = _named(instruction) | {"LINE": line.number}
    if changed:
        said[_EARLIER[instruction.verb]] = changed
    said |= {"OFFER": item.product_offering.id, "QTY": item.quantity}
    order = instruction.external_id[0].id if instruction.external_id else ""
    if order and sayable(order):
        said["ORDER"] = order
    if account := instruction.inputs.get(_ACCOUNT):
        said["ACCOUNT"] = account
    if item.product.product_serial_number:
        said["SERIAL"] = item.product.product_serial_number
    if instruction.requested_completion_date:
        said["WANTED"] = f"{instruction.requested_completion_date:%Y%m%d}"
    if instruction.verb is Verb.UNDO and item.action is Action.MODIFY:
        return Command(verb, _OBJECT, said)  # what it was before, only the element knows
    properties = _properties(item, where, said)
    gone = _properties(line.was, where, said) if line.was and instruction.verb is Verb.MODIFY else {}
    return Command(verb, _OBJECT, said | dict.fromkeys(gone, "") | properties)


def _verb(action: Action, verb: Verb, where: str) -> str:
    if action not in _VERBS:
        raise Rejected("E_ACTION", f"no command for {action.value}", where, "add, modify, delete")
    if verb is Verb.UNDO:
        return _INVERSE[action]
    if verb is Verb.MODIFY:
        if action is Action.DELETE:
            raise Rejected("E_ACTION", "a removal cannot be changed", where, "add, modify")
        return _VERBS[Action.MODIFY]
    return _VERBS[action]


def _properties(item: OrderItem, where: str, taken: Mapping[str, Value]) -> dict[str, Value]:
    """The characteristics of a product, each under a name that nothing else in its command has."""
    found: dict[str, Value] = {}
    for one in item.product.product_characteristic:
        name = _NO_NAME.sub("", one.name.upper())
        if name in _RESERVED or name in taken or name in found or not name[:1].isalpha():
            what = f"the characteristic {shown(one.name)} cannot be a parameter"
            raise Rejected("E_VALUE", what, where, f"a name of its own, not {', '.join(sorted(_RESERVED))}")
        found[name] = one.value
    return found


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
        verb=None if inquired else _answered(answer),
        action=None if inquired else _action(answer),
    )


def _answered(answer: Answer) -> Verb:
    """The verb of the command that is repeated: one that names no earlier instruction is a first one."""
    named = (verb for verb, name in _EARLIER.items() if name in answer.command.parameters)
    return next(named, Verb.DO)


def _action(answer: Answer) -> Action | None:
    """The item's action, told from command and verb; an item that was added or changed is changed alike."""
    verb = _answered(answer)
    if verb is Verb.MODIFY:
        return None
    said = _INVERSE if verb is Verb.UNDO else _VERBS
    return next(action for action, command in said.items() if command == answer.command.verb)


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

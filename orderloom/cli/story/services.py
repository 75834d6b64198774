"""
Telephony and television of the demonstration: two systems of one small JSON format.

Told ``{"does": "do", "key": …, "reference": …, "number": "W-30002", "lines": [{"line": 1, "service": …,
"quantity": 1}]}``, with ``earlier`` in a change; answers ``{"key": …, "answer": "R-1", "said": "DONE"}``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from adapters.formats.json_strict import read_json
from adapters.kit.contract import Native, Stamp
from adapters.kit.verbs import earlier
from canonical.instructions import Instruction
from canonical.replies import Reference, Reply
from canonical.states import State
from canonical.systems import Attachment, Meaning, SystemProfile, Verb

__all__ = ["TelevisionAdapter", "VoiceAdapter"]

_MAX_ID = 128
_ALL = (Verb.DO, Verb.MODIFY, Verb.UNDO)
_WORDS = {
    "DONE": Meaning(state=State.COMPLETED, answers=_ALL),
    "NEVER": Meaning(state=State.REJECTED, code="E_SYSTEM_REFUSED"),
    "STUCK": Meaning(state=State.HELD, code="E_SYSTEM_REFUSED", answers=_ALL),
}
# Seconds: a switch answers at once, or not at all.
_ANSWERS_WITHIN = 2 * 3600


class _Services:
    """Tells such a system what to switch on, and reads what it says."""

    profile: SystemProfile
    counters: tuple[str, ...] = ()

    def instruct(self, instruction: Instruction, stamp: Stamp) -> Native:
        """
        One object.

        Raises:
            Rejected: ``E_KEY_MISSING``, a change or an undo that does not say of what.
        """
        changed = earlier(instruction, self.profile)
        said: dict[str, Any] = {
            "does": instruction.verb.value,
            "key": instruction.key,
            "reference": instruction.reference,
            "number": instruction.external_id[0].id if instruction.external_id else "",
            "lines": [
                {
                    "line": one.number,
                    "service": one.item.product_offering.id,
                    "quantity": one.item.quantity,
                }
                for one in instruction.lines
            ],
        }
        if changed:
            said["earlier"] = changed
        summary = f"{instruction.verb.value} {instruction.reference}"
        return Native(body=msgspec.json.encode(said), content_type="application/json", summary=summary)

    def read_reply(self, native: Native) -> Iterator[Reply]:
        """
        One answer, about all lines of an instruction.

        Raises:
            Rejected: It cannot be read, or lacks ``key``, ``answer`` or ``said``.
        """
        answer = read_json(native.body)
        yield Reply(
            system=self.profile.name,
            key=answer.child("answer").text(_MAX_ID),
            about=(Reference(type="key", value=answer.child("key").text(_MAX_ID)),),
            word=answer.child("said").text(_MAX_ID),
            where="$.said",
        )


def _profile(name: str) -> SystemProfile:
    return SystemProfile(
        name=name,
        attachment=Attachment.QUEUE,
        words=_WORDS,
        reference_type="reference",
        verbs=_ALL,
        answer_within=_ANSWERS_WITHIN,
    )


class VoiceAdapter(_Services):
    """Telephony."""

    profile = _profile("oss.voice")


class TelevisionAdapter(_Services):
    """Television."""

    profile = _profile("oss.tv")

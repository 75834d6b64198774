"""
Telephony and television of the demonstration: systems that are told, and answer, in lines of words.

::

    do 1f0c2f5e… OL2T5Q8V9WXY3Z4A7B-3 W-30002 -
    1 TV-BASIC 1

    DONE 1f0c2f5e… R-1
"""

from __future__ import annotations

from collections.abc import Iterator

from adapters.kit.contract import Native, Stamp
from canonical.errors import Rejected
from canonical.instructions import Instruction
from canonical.replies import Reference, Reply
from canonical.states import State
from canonical.systems import Attachment, Meaning, SystemProfile, Verb

__all__ = ["TelevisionAdapter", "VoiceAdapter"]

_ALL = (Verb.DO, Verb.MODIFY, Verb.UNDO)
_WORDS = {
    "DONE": Meaning(state=State.COMPLETED, answers=_ALL),
    "NEVER": Meaning(state=State.REJECTED, code="E_SYSTEM_REFUSED"),
    "STUCK": Meaning(state=State.HELD, code="E_SYSTEM_REFUSED", answers=_ALL),
}
# Seconds: a switch answers at once, or not at all.
_ANSWERS_WITHIN = 2 * 3600


class _Words:
    """Tells a system in words, and reads its words."""

    profile: SystemProfile
    counters: tuple[str, ...] = ()

    def instruct(self, instruction: Instruction, stamp: Stamp) -> Native:
        """Verb, key, reference, the channel's number and what is changed; then the lines."""
        number = instruction.external_id[0].id
        head = (
            instruction.verb, instruction.key, instruction.reference, number, instruction.undoes or "-",
        )  # fmt: skip
        lines = [
            f"{one.number} {one.item.product_offering.id} {one.item.quantity}" for one in instruction.lines
        ]
        return Native(body="\n".join((" ".join(head), *lines)).encode(), content_type="text/plain")

    def read_reply(self, native: Native) -> Iterator[Reply]:
        """
        Word, key, and the answer's own number.

        Raises:
            Rejected: ``E_TYPE``, it is no such line.
        """
        match native.body.decode("utf-8", errors="replace").split():
            case [word, key, number]:
                about = (Reference(type="key", value=key),)
                yield Reply(system=self.profile.name, key=number, about=about, word=word)
            case _:
                raise Rejected("E_TYPE", "no answer", "line 1", "word, key, number")


def _profile(name: str) -> SystemProfile:
    return SystemProfile(
        name=name,
        attachment=Attachment.QUEUE,
        words=_WORDS,
        reference_type="reference",
        verbs=_ALL,
        answer_within=_ANSWERS_WITHIN,
    )


class VoiceAdapter(_Words):
    """Telephony."""

    profile = _profile("oss.voice")


class TelevisionAdapter(_Words):
    """Television."""

    profile = _profile("oss.tv")

"""
Of which instruction a system speaks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from canonical.errors import Rejected
from canonical.keys import instruction_key, instruction_reference
from canonical.replies import Reply
from canonical.systems import SystemProfile, Verb

from .record import Instructed
from .working import Working

__all__ = ["answers", "instruction_of", "meant"]


def instruction_of(
    work: Working,
    system: str,
    about: tuple[tuple[str, str], ...],
    answers: Callable[[Verb], bool] = lambda verb: True,
) -> Instructed:
    """
    The instruction that a system speaks of, sent or not: a reply may come before the record of the sending.

    Named by its own key, reference or control number it is that one; otherwise the oldest of its part that
    has no answer, among those whose verb what was said can answer (``answers``).

    Raises:
        Rejected: ``E_UNMATCHED``; ``E_AMBIGUOUS_REPLY`` when only the order is named and more than one part
            waits for an answer, or when key and reference are of two instructions.
    """
    named = list(dict.fromkeys(key for one in about for key in _named(work, system, one)))
    if len(named) > 1:
        parts = " and ".join(work.instructions[key].part for key in named)
        what = f"{system} speaks of {parts} of order {work.order.id}"
        raise Rejected("E_AMBIGUOUS_REPLY", what, "", "a key and a reference of one instruction")
    if named:
        return work.instructions[named[0]]
    part = work.parts[_part_meant(work, system, about, answers)]
    told = [one for one in work.instructions.values() if one.part == part.name]
    waiting = [one for one in told if one.answered_at is None and answers(one.verb)]
    if waiting or told:
        return waiting[0] if waiting else told[-1]
    return Instructed(
        key=instruction_key(work.order.id, part.name, Verb.DO, 0),
        part=part.name,
        system=system,
        verb=Verb.DO,
        reference=instruction_reference(work.order.id, part.number, 0),
        sent_at=work.now,
    )


def answers(reply: Reply, profile: SystemProfile, verb: Verb) -> bool:
    """Whether all words of a reply can answer a verb; a word that nobody knows can answer any."""
    if reply.verb is not None:
        return verb is reply.verb
    words = (reply.word, *(one.word for one in reply.lines))
    return all(verb in profile.words[word].answers for word in words if word in profile.words)


def meant(
    work: Working, system: str, about: tuple[tuple[str, str], ...], answers: Callable[[Verb], bool]
) -> list[Instructed]:
    """Every instruction that a system may speak of, one unless it is ambiguous."""
    named = [key for one in about for key in _named(work, system, one)]
    if named:
        return [work.instructions[key] for key in dict.fromkeys(named)]
    parts = _parts_named(work, system, about) or _parts_that_fit(work, system, answers)
    waiting = [one for one in work.instructions.values() if one.answered_at is None and answers(one.verb)]
    return [next(one for one in waiting if one.part == name) for name in parts if _waits(waiting, name)]


def _waits(waiting: list[Instructed], part: str) -> bool:
    return any(one.part == part for one in waiting)


def _named(work: Working, system: str, reference: tuple[str, str]) -> Iterator[str]:
    """Keys of the instructions that a reference of the hub's own names."""
    kind, value = reference
    profile = work.world.profiles[system]
    for one in work.instructions.values():
        if one.system != system:
            continue
        own = (kind == "key" and value == one.key) or (
            kind == profile.reference_type and value == one.reference
        )
        if own or (kind in one.numbers and str(one.numbers[kind]) == value):
            yield one.key


def _part_meant(
    work: Working, system: str, about: tuple[tuple[str, str], ...], answers: Callable[[Verb], bool]
) -> str:
    """The part of the first reference that is known; failing that, the only one that can be meant."""
    named = _parts_named(work, system, about)
    if len(named) > 1:
        what = f"{system} speaks of {' and '.join(named)} of order {work.order.id}"
        raise Rejected("E_AMBIGUOUS_REPLY", what, "", "a key and a reference of one instruction")
    known = _known_parts(work, system)
    for reference in about:
        if reference in known:
            return known[reference]
    fits = _parts_that_fit(work, system, answers)
    if len(fits) == 1:
        return fits[0]
    code = "E_AMBIGUOUS_REPLY" if fits else "E_UNMATCHED"
    raise Rejected(
        code, f"{system} speaks of order {work.order.id}, parts that fit: {', '.join(fits) or 'none'}"
    )


def _known_parts(work: Working, system: str) -> dict[tuple[str, str], str]:
    """The part that each id at a system is about."""
    return {(one.type, one.value): one.part for one in work.aliases if one.owner == system and one.part}


def _parts_named(work: Working, system: str, about: tuple[tuple[str, str], ...]) -> list[str]:
    """The parts that references of the hub's own are about, sent or not."""
    known = _known_parts(work, system)
    own = {"key", work.world.profiles[system].reference_type}
    return list(dict.fromkeys(known[one] for one in about if one in known and one[0] in own))


def _parts_that_fit(work: Working, system: str, answers: Callable[[Verb], bool]) -> list[str]:
    """The system's parts that wait for an answer; all of them when none does."""
    fits = [part.name for part in work.parts.values() if part.system == system]
    if len(fits) > 1:
        unanswered = [one for one in work.instructions.values() if one.answered_at is None]
        waiting = {one.part for one in unanswered if answers(one.verb)}
        fits = [name for name in fits if name in waiting] or fits
    return fits

"""
What a behaviour makes of an instruction: answers with their times and words.  Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from .script import VERBS, Behaviour

__all__ = ["Answer", "Line", "Told", "Vocabulary", "answers"]


@dataclass(frozen=True, slots=True)
class Line:
    """
    One line of an instruction as the system reads it.

    Args:
        properties: Name and value of what else is wanted of it.
        command: What the system is to do for it, where it is told so line by line.
    """

    number: str
    offering: str
    quantity: int
    properties: tuple[tuple[str, str], ...] = ()
    command: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """
    One instruction as a system reads it.

    Args:
        order_number: The channel's own number of the order.
        earlier: Key of the instruction that it changes or takes back.
        gone: Numbers of lines that were taken back since: nothing is said of them any more.
        again: Whether its answers are made anew, since something was changed.
    """

    key: str
    reference: str
    order_number: str
    verb: str
    lines: tuple[Line, ...]
    control: Mapping[str, str]
    earlier: str = ""
    gone: frozenset[str] = frozenset()
    again: bool = False

    @property
    def changes(self) -> bool:
        """Whether it is about an earlier instruction."""
        return self.verb in VERBS[1:]

    @property
    def part(self) -> str:
        """Its reference without the revision: what the system does for one order."""
        return self.reference.partition(".")[0]

    def spoken(self, words: tuple[str, ...]) -> tuple[tuple[Line, str], ...]:
        """Each line with its word, but for those that are gone."""
        pairs = zip(self.lines, words, strict=True)
        return tuple((line, word) for line, word in pairs if line.number not in self.gone)

    @property
    def offerings(self) -> tuple[str, ...]:
        """What is asked for, line by line."""
        return tuple(line.offering for line in self.lines)


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """
    The words of one system for what every system can say.

    Args:
        changed, unchanged, too_late: Of a change, or of what is taken back.
    """

    done: str
    rejected: str
    backorder: str
    refused: str = ""
    progress: str = ""
    needs_customer: str = ""
    contrary: str = ""
    changed: str = ""
    unchanged: str = ""
    too_late: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """
    One reply.

    Args:
        after: Seconds from applying the instruction.
        reply: Two answers with the same number are the same bytes under the same key.
        words: One for each line.
    """

    after: float
    reply: int
    words: tuple[str, ...]


def answers(
    behaviour: Behaviour, vocabulary: Vocabulary, lines: int, *, changes: bool = False
) -> tuple[Answer, ...]:
    """The answers to an instruction with so many lines, in the order of their times."""
    if changes:
        vocabulary = replace(vocabulary, done=vocabulary.changed, refused=vocabulary.unchanged)
    speak = _SPOKEN.get(behaviour.kind, _done)
    return speak(behaviour, vocabulary, lines)


def _all(word: str, lines: int) -> tuple[str, ...]:
    return (word,) * lines


def _once(word: str, behaviour: Behaviour, lines: int) -> tuple[Answer, ...]:
    return (Answer(behaviour.delay, 0, _all(word, lines)),)


def _twice(first: str, second: str, behaviour: Behaviour, lines: int) -> tuple[Answer, ...]:
    later = behaviour.delay + behaviour.then
    return (*_once(first, behaviour, lines), Answer(later, 1, _all(second, lines)))


def _done(behaviour: Behaviour, vocabulary: Vocabulary, lines: int) -> tuple[Answer, ...]:
    return _once(vocabulary.done, behaviour, lines)


def _duplicate(behaviour: Behaviour, vocabulary: Vocabulary, lines: int) -> tuple[Answer, ...]:
    replies = {"same": (0, 0), "new": (0, 1), "both": (0, 0, 1)}[behaviour.repeat]
    words = _all(vocabulary.done, lines)
    return tuple(
        Answer(behaviour.delay + (behaviour.then if place else 0.0), reply, words)
        for place, reply in enumerate(replies)
    )


def _backorder(behaviour: Behaviour, vocabulary: Vocabulary, lines: int) -> tuple[Answer, ...]:
    word = behaviour.word or vocabulary.backorder
    if behaviour.completes:
        return _twice(word, vocabulary.done, behaviour, lines)
    return _once(word, behaviour, lines)


def _lines(behaviour: Behaviour, vocabulary: Vocabulary, lines: int) -> tuple[Answer, ...]:
    other = behaviour.word or vocabulary.done
    words = tuple(behaviour.words.get(place, other) for place in range(1, lines + 1))
    return (Answer(behaviour.delay, 0, words),)


_SPOKEN: Mapping[str, Callable[[Behaviour, Vocabulary, int], tuple[Answer, ...]]] = {
    "silent": lambda behaviour, vocabulary, lines: (
        _done(behaviour, vocabulary, lines) if behaviour.answers_repeat else ()
    ),
    "duplicate": _duplicate,
    "out_of_order": lambda one, words, lines: _twice(words.done, words.progress, one, lines),
    "contradictory": lambda one, words, lines: _twice(words.done, words.contrary, one, lines),
    "backorder": _backorder,
    "rejected": lambda one, words, lines: _once(words.rejected, one, lines),
    "refused": lambda one, words, lines: _once(words.refused, one, lines),
    "needs_customer": lambda one, words, lines: _once(words.needs_customer, one, lines),
    "counter_offer": lambda one, words, lines: _once(words.needs_customer, one, lines),
    "answered": lambda one, words, lines: (Answer(one.delay, 1, _all(words.done, lines)),),
    "lines": _lines,
    "too_late": lambda one, words, lines: _once(words.too_late, one, lines),
    "crossing": lambda one, words, lines: _once(words.too_late, one, lines),
}

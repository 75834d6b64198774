"""
What came of a step, from what was really sent: who was told to do something, who was not, and what all say.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from adapters.inbound.callcenter.vocabulary import STATE_WORDS as CALL_CENTRE
from adapters.inbound.store.vocabulary import STATE_WORDS as STORE
from canonical.order import Order
from canonical.states import State
from orderloom.cli.text import counted
from orderloom.correlation.tell import endpoints_of
from orderloom.simulators.channels import Kept

from .scene import StageStuckError, filled, story_file

__all__ = ["Asked", "Said", "ask", "touched", "untouched"]

# The question of each channel that has one, and its words for the states.
_QUESTIONS = {
    "web": "web-asks.json",
    "callcenter": "callcenter-asks.xml",
    "store": "store-asks.xml",
    "kiosk": "kiosk-asks.json",
}
_WORDS: Mapping[str, Mapping[str, State]] = {
    "callcenter": {word: state for state, word in CALL_CENTRE.items()},
    "store": {word: state for state, word in STORE.items()},
}
_PROGRESS = (re.compile(rb'"done":\s*(\d+),\s*"total":\s*(\d+)'), re.compile(rb"Progress>(\d+)/(\d+)<"))


def touched(calls: Iterable[Mapping[str, object]], systems: Iterable[str]) -> dict[str, str]:
    """
    Who was told what, by system, in the order of ``systems``.

    Args:
        calls: What the systems have noted of it.
    """
    found: dict[str, Counter[str]] = {}
    for one in calls:
        told = f"{one['verb']} {counted(int(str(one['lines'])), 'line')}"
        known = {"applied": told, "inquire": "asked"}.get(str(one["outcome"]), f"{one['outcome']}: {told}")
        found.setdefault(str(one["system"]), Counter())[known] += 1
    return {
        system: ", ".join(f"{number} x {one}" if number > 1 else one for one, number in what.items())
        for system in systems
        if (what := found.get(system))
    }


def untouched(systems: Iterable[str], told: Mapping[str, str]) -> list[str]:
    """Who was told nothing."""
    return [one for one in systems if one not in told]


@dataclass(frozen=True, slots=True)
class Said:
    """The status of an order as one channel reads it: in its own word, with steps done of all."""

    channel: str
    word: str
    progress: str

    @property
    def state(self) -> State:
        """
        What the word means.

        Raises:
            ValueError: Nothing.
        """
        words = _WORDS.get(self.channel)
        if words is None:
            return State(self.word)
        if self.word not in words:
            raise ValueError(f"{self.channel} knows no state {self.word!r}")
        return words[self.word]


@dataclass(frozen=True, slots=True)
class Asked:
    """What all channels of an order were answered."""

    answers: tuple[Said, ...]

    @property
    def same(self) -> bool:
        """Whether all of them were told the same."""
        return len({(one.state, one.progress) for one in self.answers}) == 1

    def __str__(self) -> str:
        words = (f"{one.channel} {one.word}" for one in self.answers)
        return f"{' = '.join(words)}  {self.answers[0].progress}" if self.same else self._differing()

    def _differing(self) -> str:
        return " / ".join(f"{one.channel} {one.word} {one.progress}" for one in self.answers)


def ask(
    order: Order, number: int, drop: Callable[[str, bytes], None], told: Callable[[], Sequence[Kept]]
) -> Asked:
    """
    Ask in every channel of an order, by its own question, how it stands.

    Args:
        number: Makes the questions different from earlier ones.

    Raises:
        StageStuckError: One is not answered.
    """
    return Asked(tuple(_answers(order, number, drop, told)))


def _answers(
    order: Order, number: int, drop: Callable[[str, bytes], None], told: Callable[[], Sequence[Kept]]
) -> Iterator[Said]:
    for endpoint in endpoints_of(order):
        channel = endpoint.partition(".")[0]
        known = {"number": order.id, "asked": str(number)}
        before = len(told())
        drop(channel, filled(story_file(_QUESTIONS[channel]), known))
        own = [
            (record.status, kept.body)
            for kept in told()[before:]
            if kept.queue.startswith(f"channel.{channel}.")
            for record in kept.records
            if record.about == order.id
        ]
        if not own:
            raise StageStuckError(f"{channel} was not answered about {order.id}")
        word, body = own[-1]
        yield Said(channel, word, _progress(body))


def _progress(body: bytes) -> str:
    found = next((one for pattern in _PROGRESS if (one := pattern.search(body))), None)
    return f"{int(found[1])}/{int(found[2])} done" if found else "0/0 done"

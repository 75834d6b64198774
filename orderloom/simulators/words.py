"""
The simulated telephony and television of a demonstration: told, and answering, in lines of words.

``do KEY REFERENCE NUMBER -`` and a line ``1 TV-BASIC 1`` for each line; answered ``DONE KEY R-…``.
"""

from __future__ import annotations

from datetime import datetime

from .answers import Line, Told, Vocabulary, answers
from .neighbour import Neighbour, Reply, token
from .script import Behaviour

__all__ = ["Television", "Voice"]


class _Words(Neighbour):
    """Answers once, for all lines of an instruction."""

    content_type = "text/plain"
    vocabulary = Vocabulary(done="DONE", rejected="NEVER", backorder="STUCK", refused="STUCK", changed="DONE")

    def read(self, body: bytes) -> list[Told]:
        """
        Read the one instruction of a message.

        Raises:
            ValueError: It is none.
        """
        head, *rest = body.decode().splitlines()
        verb, key, reference, number, earlier = head.split()
        lines = (one.split() for one in rest)
        wanted = tuple(Line(place, offering, int(quantity)) for place, offering, quantity in lines)
        return [Told(key, reference, number, verb, wanted, {}, earlier.strip("-"))]

    def render(self, told: Told, behaviour: Behaviour, at: datetime, numbers: dict[str, int]) -> list[Reply]:
        """One answer, or one for each time."""
        spoken = answers(behaviour, self.vocabulary, len(told.lines), changes=told.changes)
        number = token("R-", self.name, told.key)
        return [
            Reply(f"{number}.{one.reply}", one.after, f"{one.words[0]} {told.key} {number}.{one.reply}")
            for one in spoken
        ]


class Voice(_Words):
    """Telephony."""

    name = "oss.voice"


class Television(_Words):
    """Television."""

    name = "oss.tv"

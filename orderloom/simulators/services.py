"""
The simulated telephony and television of a demonstration: told, and answering, in one small JSON format.
"""

from __future__ import annotations

import json
from datetime import datetime

from .answers import Line, Told, Vocabulary, answers
from .neighbour import Neighbour, Reply, token
from .script import Behaviour

__all__ = ["Television", "Voice"]


class _Services(Neighbour):
    """Answers for all lines of an instruction at once."""

    content_type = "application/json"
    vocabulary = Vocabulary(done="DONE", rejected="NEVER", backorder="STUCK", refused="STUCK", changed="DONE")

    def read(self, body: bytes) -> list[Told]:
        """
        Read the one instruction of a message.

        Raises:
            ValueError: It is none.
        """
        said = json.loads(body)
        try:
            return [
                Told(
                    key=said["key"],
                    reference=said["reference"],
                    order_number=said["number"],
                    verb=said["does"],
                    lines=tuple(
                        Line(str(one["line"]), one["service"], one["quantity"]) for one in said["lines"]
                    ),
                    control={},
                    earlier=said.get("earlier", ""),
                )
            ]
        except KeyError as missing:
            raise ValueError(f"the instruction lacks {missing}") from missing

    def render(self, told: Told, behaviour: Behaviour, at: datetime, numbers: dict[str, int]) -> list[Reply]:
        """One answer, or one for each time."""
        spoken = answers(behaviour, self.vocabulary, len(told.lines), changes=told.changes)
        found = []
        for one in spoken:
            number = token("R-", self.name, told.key, str(one.reply))
            said = {"key": told.key, "answer": number, "said": one.words[0]}
            found.append(Reply(number, one.after, json.dumps(said)))
        return found


class Voice(_Services):
    """Telephony."""

    name = "oss.voice"


class Television(_Services):
    """Television."""

    name = "oss.tv"

"""
The part of the store port by which a customer is forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from canonical.order import RelatedParty

__all__ = ["Forgetting", "Removed"]


@dataclass(slots=True)
class Removed:
    """
    What one transaction removes.

    Args:
        keys: Of the inbox.
        alias_keys: Removed before those of the transaction's records are written.
        stories: Ids of orders; all that the journal has of them, before what is written of them anew.
        intakes: Ids.
        natives: Hashes; none that a message needs which has not left.
    """

    keys: set[str] = field(default_factory=set)
    alias_keys: set[str] = field(default_factory=set)
    stories: set[str] = field(default_factory=set)
    intakes: set[str] = field(default_factory=set)
    natives: set[str] = field(default_factory=set)


class Forgetting(Protocol):
    """Whose orders there are, what has not left yet, and the end of what was removed."""

    def parties(self, *, after: str, limit: int) -> Sequence[tuple[str, tuple[RelatedParty, ...]]]:
        """
        Order ids with the parties of each order, in the order of ids, a page at a time; drafts too.

        Args:
            after: The id behind which the page begins.
        """
        ...

    def unsent_of(self, orders: Iterable[str], natives: Iterable[str]) -> frozenset[str]:
        """Those of these orders of which a message has not left, and those of these bytes that have not."""
        ...

    def natives_naming(self, word: str, since: datetime) -> frozenset[str]:
        """
        Hashes of the bytes that hold ``word`` (ASCII), of those that were kept at or after ``since``.

        What waited for a call is named by nothing else, once it has left.  Reads all of these bytes.
        """
        ...

    def scrub(self) -> None:
        """
        Let nothing of what was overwritten or removed be left in the database's files, as far as it can say.

        SQLite rewrites its file, which takes as long as to copy it, and as much room again; PostgreSQL gives
        the room of old rows free, and writes over it by and by.

        Raises:
            StoreBusy: Others are at work; what was removed is removed, and this may be tried again.
        """
        ...

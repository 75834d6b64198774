"""
Migrations: numbered SQL files, each applied once; what is pending, and what is refused.

A file that has been applied never changes: its hash is kept, and another hash is refused.  Each database
has a folder of its own under ``migrations`` and applies its files in its own way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from .port import StoreError

__all__ = ["Migration", "pending", "shipped"]


@dataclass(frozen=True, slots=True)
class Migration:
    """One file: its name (``0001_spine.sql``) and its text."""

    name: str
    text: str

    @property
    def hash(self) -> str:
        """SHA-256 of the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def shipped(database: str) -> tuple[Migration, ...]:
    """The migrations of this version for a database (``sqlite``, ``postgres``), in order."""
    folder = files(__package__).joinpath("migrations", database)
    found = (Migration(one.name, one.read_text("utf-8")) for one in folder.iterdir())
    return tuple(sorted((one for one in found if one.name.endswith(".sql")), key=lambda one: one.name))


def pending(
    applied: Mapping[str, str], where: object, migrations: tuple[Migration, ...]
) -> tuple[Migration, ...]:
    """
    What is still to be applied.

    Args:
        applied: Hash by name.
        where: The store, for messages.

    Raises:
        StoreError: An applied file was changed, or a newer version has been at work here.
    """
    unknown = sorted(applied.keys() - {one.name for one in migrations})
    if unknown:
        raise StoreError(f"{where}: a newer version has been at work here ({unknown[0]}); install that one")
    for one in migrations:
        if applied.get(one.name, one.hash) != one.hash:
            raise StoreError(f"{where}: {one.name} was changed after it was applied; put the old text back")
    return tuple(one for one in migrations if one.name not in applied)

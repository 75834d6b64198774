"""
The part of the store port by which processes speak to each other: settings, who lives, what is under way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

__all__ = ["SettingsPort"]


class SettingsPort(Protocol):
    """Small facts of the store itself, which any process may write and every other one reads."""

    def setting(self, name: str) -> str | None:
        """A setting of the store itself, such as the broker identity."""
        ...

    def save_setting(self, name: str, value: str) -> None:
        """Write such a setting."""
        ...

    def settings(self, prefix: str) -> Mapping[str, str]:
        """Every setting whose name begins so."""
        ...

    def workers(self, now: datetime) -> Sequence[str]:
        """The workers whose lease has not ended, by name."""
        ...

    def under_way(self, system: str, destination: str) -> int:
        """How many instructions to ``system`` have left its outbox and are unanswered, a line in progress."""
        ...

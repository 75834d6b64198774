"""
Folders that somebody has removed are made again while the hub runs, and what stands in their way is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import structlog

from canonical.references import Endpoint
from orderloom.settings import Settings

from .places import folder_of, place_of

__all__ = ["Keeper"]

_log = structlog.get_logger()


class Keeper:
    """One worker's eye on the folders; each trouble is logged when it begins, and not at every look."""

    def __init__(self) -> None:
        self._told: Mapping[str, str] = {}

    def look(self, settings: Settings, endpoints: Iterable[Endpoint]) -> None:
        """Make what is missing; never raises for a folder's sake."""
        found: dict[str, str] = {}
        for endpoint in endpoints:
            folder = folder_of(settings, endpoint.id)
            if folder is None:
                continue
            try:
                place_of(folder, endpoint.id).mend()
            except OSError as error:
                found[endpoint.id] = str(error)
                if self._told.get(endpoint.id) != str(error):
                    _log.warning("folder_wrong", endpoint=endpoint.id, reason=str(error))
        self._told = found

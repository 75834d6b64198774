"""
The correlation store of these settings: a SQLite file, or a PostgreSQL database.
"""

from __future__ import annotations

from pathlib import Path

from orderloom.correlation.port import Store
from orderloom.settings import Url

__all__ = ["open_store"]


def open_store(place: Path | Url, *, create: bool = True, patience: float | None = None) -> Store:
    """
    Open it; a worker makes what is not there yet.

    Args:
        place: As the settings say.
        create: False refuses a store that is not there.
        patience: Seconds to wait for others before ``StoreBusy``; None: as the database's store thinks best.

    Raises:
        StoreError: It cannot be opened; the text names the file or the server, and what mends it.
    """
    more = {} if patience is None else {"patience": patience}
    # Imported here: each driver costs a start some time, and only one of the two is needed.
    if isinstance(place, Url):
        from orderloom.correlation.postgres import PostgresStore  # noqa: PLC0415 -- see above

        return PostgresStore(place.value, create=create, **more)
    from orderloom.correlation.sqlite import SqliteStore  # noqa: PLC0415 -- see above

    if create:
        place.parent.mkdir(parents=True, exist_ok=True)
    return SqliteStore(place, create=create, **more)

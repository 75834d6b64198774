"""
Drop folders into a worker: what it reads with and what it writes with, when its channels have any.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import partial

from broker.port import Broker
from orderloom.correlation.port import Store
from orderloom.engine.hub import Hub
from orderloom.hub_topology import Lane, LaneKind
from orderloom.periodic import Chore
from orderloom.settings import Settings

from .broker import FolderBroker
from .places import folder_of, make_places
from .poll import poll_folders
from .work import FileWork

__all__ = ["file_work", "polling", "with_folders"]

# Seconds between the clock's looks into the folders; a file has to rest longer than that anyway.
_POLL_EVERY = 2.0


def with_folders(settings: Settings, broker: Broker) -> Broker:
    """The broker, able to put messages into folders when any channel has one."""
    if any(channel.folder is not None for channel in settings.channels.values()):
        return FolderBroker(broker, partial(folder_of, settings))
    return broker


def polling(settings: Settings, store: Store) -> tuple[Chore, ...]:
    """
    The clock's look into the drop folders; none when no channel has one.

    Workers look, too: to look twice does no harm, and a clock on another machine may not see the folders.
    """
    if all(channel.folder is None for channel in settings.channels.values()):
        return ()
    return (Chore("folders", _POLL_EVERY, partial(_polled, settings, store)),)


def _polled(settings: Settings, store: Store, now: datetime) -> Iterator[int]:
    yield poll_folders(settings, store, now)


def file_work(settings: Settings, hub: Hub, store: Store, lanes: Iterable[Lane]) -> FileWork | None:
    """
    What takes the files of this worker's channels, their folders made; None when none of them has any.

    Raises:
        OSError: A folder cannot be made.
    """
    served = {lane.name for lane in lanes if lane.kind is LaneKind.CHANNEL}
    channels = frozenset(name for name in served if settings.channels[name].folder is not None)
    if not channels:
        return None
    make_places(settings, hub.rules().references.endpoints.values(), channels)
    return FileWork(settings, hub, store, channels)

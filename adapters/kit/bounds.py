"""
An adapter under test kept within bounds: one that never comes back, or never ends, fails its test instead.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

__all__ = ["SECONDS", "OutOfBoundsError", "bounded"]

SECONDS = 20
"""For one document: as long as the hub lets a message work before it takes it for poison."""

Said = TypeVar("Said")


class OutOfBoundsError(BaseException):
    """It is no ``Exception``: an adapter that catches all of these must not go on for ever because of it."""


def bounded(read: Callable[[], Iterable[Said]], most: int) -> Iterator[Said]:
    """
    What ``read`` gives, one by one.

    Raises:
        OutOfBoundsError: It takes longer than :data:`SECONDS` for one of them, or gives more than ``most``.
    """
    with _in_time():
        found = iter(read())
    for _ in range(most):
        with _in_time():
            one = next(found, None)
        if one is None:
            return
        yield one
    raise OutOfBoundsError(f"{most} documents of one message, and no end: no message may hold more")


@contextmanager
def _in_time() -> Iterator[None]:
    """A signal comes through where nothing else does; to the main thread only, and not everywhere."""
    try:
        before = signal.signal(signal.SIGALRM, _stop)
    except (AttributeError, ValueError):
        yield
        return
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _stop(_: int, __: FrameType | None) -> None:
    raise OutOfBoundsError(f"it did not come back from a message within {SECONDS} seconds")

"""
Faults at the ports of an engine: a process that ends at a chosen operation, a store with trouble.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

__all__ = ["Crashed", "Fuse", "FusedCalls", "FusedClient", "FusedStore"]

Result = TypeVar("Result")


class Crashed(BaseException):
    """The process is gone, at this very operation; nothing of ours catches it."""


class Fuse:
    """
    Counts the operations of a process at its ports, and ends it at one of them.

    Args:
        at: Number of the operation, from 1; 0 never.
        after: Whether the operation still takes effect.
    """

    def __init__(self, at: int = 0, *, after: bool = False) -> None:
        self.at = at
        self.after = after
        self.count = 0
        self.blown = ""
        self.commit_errors: list[tuple[bool, Exception]] = []
        """For the next commits: (whether it takes effect, what is raised all the same)."""
        self.begin_errors: list[Exception] = []
        self.away: Exception | None = None
        """What every transaction raises while the store is away."""
        self.commits = 0
        self.trouble: dict[int, tuple[bool, Exception]] = {}
        """The same, by the number of the commit."""

    def trouble_ahead(self) -> tuple[bool, Exception] | None:
        """What becomes of the commit that is about to be made, when it does not simply succeed."""
        self.commits += 1
        if self.commit_errors:
            return self.commit_errors.pop(0)
        return self.trouble.pop(self.commits, None)

    def __call__(self, name: str, act: Callable[[], Result]) -> Result:
        self.count += 1
        here = self.count == self.at
        if here and not self.after:
            self.blown = f"before {name}"
            raise Crashed(self.blown)
        result = act()
        if here:
            self.blown = f"after {name}"
            raise Crashed(self.blown)
        return result


class _Fused:
    """Hands everything on."""

    def __init__(self, inner: Any, fuse: Fuse) -> None:
        self._inner = inner
        self._fuse = fuse

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class FusedStore(_Fused):
    """A store whose transactions may be the end, or fail as stores fail."""

    @contextmanager
    def begin(self) -> Iterator[Any]:
        if self._fuse.away is not None:
            raise self._fuse.away
        if self._fuse.begin_errors:
            raise self._fuse.begin_errors.pop(0)
        inner = self._inner.begin()
        with _rolled_back(inner) as ended:
            yield self._fuse("begin", inner.__enter__)
            wanted = self._fuse.trouble_ahead()
            if wanted is None or wanted[0]:
                self._fuse("commit", lambda: ended(inner.__exit__(None, None, None)))
            if wanted is not None:
                raise wanted[1]

    def save_setting(self, name: str, value: str) -> None:
        if self._fuse.away is not None:
            raise self._fuse.away
        self._inner.save_setting(name, value)

    def adopt(self, *args: Any) -> Any:
        return self._fuse("adopt", lambda: self._inner.adopt(*args))


@contextmanager
def _rolled_back(transaction: Any) -> Iterator[Callable[[Any], None]]:
    """Roll ``transaction`` back when it has not been ended."""
    ended: list[Any] = []
    try:
        yield ended.append
    except BaseException:
        if not ended:
            transaction.__exit__(*sys.exc_info())
        raise


class FusedClient(_Fused):
    """A broker client, each of whose frames may be the last."""

    def collect(self, *args: Any) -> Any:
        batch = self._inner.collect(*args)
        # To die with nothing in hand is no loss, and happens too often to be tried each time.
        return self._fuse("collect", lambda: batch) if batch.deliveries or batch.outcomes else batch

    def settle(self, handles: Any) -> None:
        self._fuse("settle", lambda: self._inner.settle(handles))

    def send(self, publishes: Any) -> None:
        for one in publishes:  # the process may end between two of a batch
            self._fuse("send", lambda: self._inner.send([one]))  # noqa: B023 -- called at once


class FusedCalls(_Fused):
    """A call driver."""

    def submit(self, call: Any) -> None:
        self._fuse("submit", lambda: self._inner.submit(call))

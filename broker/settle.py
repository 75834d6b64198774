"""
Acknowledging the deliveries of one channel in any order, with as few frames as is safe.

``multiple`` acknowledges everything up to a tag, so it may only be said of a prefix that is finished
whole; an unknown or repeated tag closes the channel (RabbitMQ guide "Consumer Acknowledgements").
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

__all__ = ["SettleWindow"]


class SettleWindow:
    """The delivery tags of one channel: 1, 2, 3…, each settled once."""

    def __init__(self) -> None:
        self._delivered = 0
        self._open = 1  # the lowest tag that is not settled
        self._ahead: set[int] = set()  # settled, beyond an open tag

    def delivered(self, tag: int) -> None:
        """A delivery came; tags come in order."""
        self._delivered = tag

    @property
    def unsettled(self) -> int:
        """How many deliveries are open."""
        return self._delivered - self._open + 1 - len(self._ahead)

    def settle(self, tags: Iterable[int]) -> Iterator[tuple[int, bool]]:
        """
        The acknowledgements to send, as (tag, multiple); unknown and repeated tags give none.
        """
        new = {tag for tag in tags if self._open <= tag <= self._delivered} - self._ahead
        top = 0
        while self._open in new or self._open in self._ahead:
            if self._open in new:
                top = self._open
                new.discard(top)
            self._ahead.discard(self._open)
            self._open += 1
        if top:
            yield top, True
        for tag in sorted(new):
            yield tag, False
        self._ahead |= new

"""
A batch is bounded by its bytes as well: what a sender may send must not be more than one turn can bear.
"""

from __future__ import annotations

from orderloom.engine.hub import Limits
from tests.engine.rig import Rig, order


class Counting:
    """A store that counts its transactions."""

    def __init__(self, inner):
        self._inner = inner
        self.begun = 0

    def __getattr__(self, name):
        return getattr(self._inner, name)

    def begin(self):
        self.begun += 1
        return self._inner.begin()


def worked_on(tmp_path, limits: Limits, count: int) -> tuple[int, int]:
    """(transactions, ticks) of one turn over ``count`` orders."""
    rig = Rig(tmp_path, limits)
    store = rig.engine.store = Counting(rig.store)
    ticks = []
    rig.client.tick = lambda: ticks.append(1)
    for number in range(count):
        rig.drop(order(f"W-{number}"))
    rig.step()
    states = sum(rig.store.counts().values())
    rig.crash()

    assert count == states
    return store.begun, len(ticks)


def test_small_messages_share_a_transaction(tmp_path):
    """
    Ten orders of a web shop are one batch.
    """
    transactions, _ = worked_on(tmp_path, Limits(), 10)

    assert 1 == transactions


def test_large_messages_do_not(tmp_path):
    """
    A message that fills the bound is a batch of its own, and the port is told between them.
    """
    transactions, ticks = worked_on(tmp_path, Limits(batch_bytes=len(order("W-0"))), 10)

    assert 10 == transactions
    assert ticks > 10

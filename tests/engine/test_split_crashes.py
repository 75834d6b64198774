"""
The crash matrix in split shape: worker or adapter end before or after every operation at their ports.
"""

from __future__ import annotations

import pytest

from tests.engine.faults import Fuse
from tests.engine.split_rig import SplitRig
from tests.engine.test_crashes import ERRORS, checked, parked_and_moved_back, played, three_at_once
from tests.engine.test_simulated import Faults, comes_right, live


def worker_ends(folder, number: int) -> tuple[SplitRig, Fuse]:
    rig = SplitRig(folder, fuse=Fuse(after=True))
    rig.fuse.at = rig.fuse.count + number
    return rig, rig.fuse


def adapter_ends(folder, number: int) -> tuple[SplitRig, Fuse]:
    fuse = Fuse(after=True)
    rig = SplitRig(folder, adapter_fuse=fuse)
    fuse.at = fuse.count + number
    return rig, fuse


@pytest.mark.parametrize(
    ("ends", "script"),
    [
        (worker_ends, three_at_once),
        (adapter_ends, three_at_once),
        (adapter_ends, parked_and_moved_back),
    ],
)
def test_a_crash_at_any_operation_costs_nothing(tmp_path, ends, script):
    """Every order is there once, each instruction under one key in one body, all are told to the end."""
    number = 0
    blown = []
    while not blown or blown[-1]:
        number += 1
        (folder := tmp_path / str(number)).mkdir()
        rig, fuse = ends(folder, number)
        world = played(script, rig)
        blown.append(fuse.blown)
        checked(world, f"the process ended {blown[-1]} (operation {number})")

    assert {"collect", "send", "settle"} <= {one.rpartition(" ")[2] for one in blown}


@pytest.mark.parametrize("what", ERRORS)
def test_any_commit_may_fail_in_any_way(tmp_path, what):
    """A failed commit may be durable: the translated message is worked on again, and settled by key."""
    number = 0
    fired = True
    while fired:
        number += 1
        (folder := tmp_path / str(number)).mkdir()
        rig = SplitRig(folder)
        effective, error = ERRORS[what]
        rig.fuse.trouble[rig.fuse.commits + number] = effective, error(what)
        world = played(three_at_once, rig)
        fired = not rig.fuse.trouble
        rig.fuse.trouble.clear()
        checked(world, f"commit {number} was {what}")

    assert 5 < number


class SplitFaults(Faults):
    """What may happen to the adapter, too."""

    def fault_adapter_crash(self) -> None:
        fuse = self.world.rig.adapter_fuse
        fuse.after = self.chance.random() < 0.5
        fuse.at = fuse.count + self.chance.randint(1, 12)

    def fault_adapter_connection(self) -> None:
        self.world.rig.broker.drop(self.world.rig.adapter_name)

    def fault_adapter_refusal(self) -> None:
        self.world.rig.broker.refuse("orders.in", self.chance.randint(1, 6))


@pytest.mark.parametrize("seed", range(301, 307))
def test_whatever_goes_wrong_comes_right(tmp_path, seed):
    """Whole lives of worker and adapter: nothing lost, nothing doubled, everybody knows the last status."""
    world, faults = live(tmp_path, seed, SplitRig, SplitFaults)
    comes_right(world, faults, seed)

"""
Whole lives of a hub, simulated: some twenty orders, a broker and systems with a will of their own, faults.

Everything follows from the seed: the production worker on a clock by hand, the memory broker stepping, one
chance for all.  ``ORDERLOOM_SIMULATIONS`` says how many seeds (30 unless told otherwise), and
``ORDERLOOM_SIMULATION_SEED`` which is the first.
"""

from __future__ import annotations

import os
from collections import Counter
from random import Random

import pytest

from orderloom.correlation.port import CommitUnknown, StoreBusy, StoreError
from tests.engine.faults import Fuse
from tests.engine.rig import MOBILE_IN, OSS_REPLIES, WorkerRig, order
from tests.engine.world import World

COUNT = int(os.environ.get("ORDERLOOM_SIMULATIONS", "30"))
FIRST = int(os.environ.get("ORDERLOOM_SIMULATION_SEED", "1"))

SENDS_TO = ("channel.web.out", "system.crm.in", "system.oss.internet.work", MOBILE_IN, "orders.recent")


class Faults:
    """What may go wrong at a turn, and what did."""

    def __init__(self, world: World, chance: Random) -> None:
        self.world = world
        self.chance = chance
        self.happened: Counter[str] = Counter()
        families = reversed(type(self).__mro__)
        self.kinds = [one for family in families for one in vars(family) if one.startswith("fault_")]

    def strike(self) -> None:
        """One fault, or none."""
        if self.chance.random() < 0.25:
            name = self.chance.choice(self.kinds)
            self.happened[name] += 1
            getattr(self, name)()

    def fault_crash(self) -> None:
        fuse = self.world.rig.fuse
        fuse.after = self.chance.random() < 0.5
        fuse.at = fuse.count + self.chance.randint(1, 40)

    def fault_connection(self) -> None:
        self.world.rig.broker.drop(self.world.rig.name)

    def fault_long_disconnection(self) -> None:
        rig, name = self.world.rig, self.world.rig.name
        rig.broker.drop(name, down=True)
        self.world.later(lambda: rig.broker.restore(name), longest=5)

    def fault_lost_confirms(self) -> None:
        rig = self.world.rig
        rig.broker.lose_confirm(self.chance.randint(1, 5), landed=self.chance.random() < 0.5)

    def fault_refusal(self) -> None:
        self.world.rig.broker.refuse(self.chance.choice(SENDS_TO), self.chance.randint(1, 6))

    def fault_block(self) -> None:
        self.world.rig.broker.block()
        self.world.later(self.world.rig.broker.unblock, longest=8)

    def fault_store(self) -> None:
        error = self.chance.choice((CommitUnknown, CommitUnknown, StoreBusy, StoreError))
        durable = error is CommitUnknown and self.chance.random() < 0.5
        self.world.rig.fuse.commit_errors.append((durable, error("simulated")))

    def fault_resend(self) -> None:
        if self.world.dropped:
            number = self.chance.choice(self.world.dropped)
            self.world.rig.drop(order(number, offering=offering(number)))

    def fault_rubbish(self) -> None:
        rig = self.world.rig
        rig.drop(self.chance.randbytes(20), OSS_REPLIES)


def offering(number: str) -> str:
    """Every third order is one for a subscriber, whose element must be asked after what is lost."""
    return "NET" if int(number.removeprefix("S-")) % 3 else "SIM"


def end_faults(rig: WorkerRig) -> None:
    """From now on all goes well."""
    rig.fuse.at = 0
    rig.fuse.commit_errors.clear()
    rig.broker.unblock()
    for queue in SENDS_TO:
        rig.broker.refuse(queue, 0)


def live(
    folder, seed: int, made: type[WorkerRig] = WorkerRig, struck: type[Faults] = Faults
) -> tuple[World, Faults]:
    """One life: orders and faults come as chance has it, then quiet."""
    chance = Random(seed)
    rig = made(folder, fuse=Fuse(), seed=seed)
    world = World(rig, chance)
    faults = struck(world, chance)
    left = [f"S-{number}" for number in range(chance.randint(15, 25))]
    for _ in range(150):
        while left and chance.random() < 0.3:
            world.drop(left[-1], offering(left.pop()))
        faults.strike()
        world.turn(chance.choice((0.01, 0.05, 0.3, 1.0)))
    for number in left:
        world.drop(number, offering(number))
    end_faults(rig)
    world.until_quiet(1500)
    return world, faults


@pytest.mark.parametrize("seed", range(FIRST, FIRST + COUNT))
def test_whatever_goes_wrong_comes_right(tmp_path, seed):
    """Nothing is lost or doubled, each status is the roll-up of its lines, everybody knows the last one."""
    comes_right(*live(tmp_path, seed), seed)


def comes_right(world: World, faults: Faults, seed: int) -> None:
    """Hold a life against what must be; its bench is closed."""
    try:
        assert world.quiet, "somebody still waits for something"
        world.rubbish = faults.happened["fault_rubbish"]
        world.check()
    except AssertionError as error:
        again = f"ORDERLOOM_SIMULATION_SEED={seed} ORDERLOOM_SIMULATIONS=1"
        error.add_note(f"seed {seed} ({again}); what happened: {dict(faults.happened)}")
        raise
    finally:
        world.rig.crash()


def test_the_same_seed_is_the_same_life(tmp_path):
    """Or nobody could look at a failure twice."""
    lives = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        world, faults = live(tmp_path / name, 7)
        told = [(one.properties.message_id, one.properties.timestamp) for one in world.told]
        lives.append((told, faults.happened, world.rig.now, world.rig.fuse.count))
        world.rig.crash()

    assert lives[0] == lives[1]


def test_every_kind_of_fault_happens(tmp_path):
    """A simulation that never does what it claims to do proves nothing."""
    happened: Counter[str] = Counter()
    for seed in range(3):
        (tmp_path / str(seed)).mkdir()
        world, faults = live(tmp_path / str(seed), seed)
        happened += faults.happened
        happened["death"] += world.rig.workers - 1
        happened["question"] += world.element.asked.total()
        world.rig.crash()

    assert {one for one in vars(Faults) if one.startswith("fault_")} | {"death", "question"} == set(happened)

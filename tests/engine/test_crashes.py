"""
The crash matrix: the process ends before or after every single operation at its ports, and nothing is lost.
"""

from __future__ import annotations

import pytest

from orderloom.correlation.port import CommitUnknown, StoreBusy, StoreError
from tests.engine.faults import Fuse
from tests.engine.rig import CRM_REPLIES, OSS_REPLIES, WorkerRig, crm_result, order, oss_event
from tests.engine.world import World


def a_call_that_fails_first(world: World) -> None:
    """It is made again by a timer."""
    world.drop("W-1")
    world.refusals = 1


def replies_before_their_order(world: World) -> None:
    """They wait for it, all in the first batches."""
    world.rig.drop(crm_result(world.rig.key("crm")), CRM_REPLIES)
    world.rig.drop(oss_event(world.rig.key("internet"), "inProgress"), OSS_REPLIES)
    world.drop("W-1")


def parked_and_moved_back(world: World) -> None:
    """No route takes it; the rules are mended, and its handle is moved back in the console."""
    world.drop("W-1", "GADGET")
    world.mends = True


def three_at_once(world: World) -> None:
    """In one batch, with a sender who sends one of them twice and asks for another."""
    for number in ("W-1", "W-2", "W-3"):
        world.drop(number)
    world.rig.drop(order("W-2"))
    world.rig.drop(b'{"@type": "ProductOrderStatusRequest", "orderId": "W-3"}')


def a_command_that_is_lost(world: World) -> None:
    """The element is asked, has never applied it, and is told again."""
    world.element.losing = ["command"]
    world.drop("W-1", "SIM")


def an_answer_that_is_lost(world: World) -> None:
    """The element is asked, and has applied it."""
    world.element.losing = ["answer"]
    world.drop("W-1", "SIM")


SCRIPTS = (
    a_call_that_fails_first,
    replies_before_their_order,
    parked_and_moved_back,
    three_at_once,
    a_command_that_is_lost,
    an_answer_that_is_lost,
)


def run(folder, script, number: int, *, after: bool) -> World:
    """The script, played to its end; the process ends at its operation of this number."""
    rig = WorkerRig(folder, fuse=Fuse(after=after))
    rig.fuse.at = rig.fuse.count + number
    return played(script, rig)


def played(script, rig: WorkerRig) -> World:
    """The script, to its end."""
    world = World(rig)
    script(world)
    world.until_quiet()
    rig.fuse.at = 0
    return world


def checked(world: World, what: str) -> None:
    """Hold what has become against what must be; the bench is closed."""
    try:
        world.check()
    except AssertionError as error:
        error.add_note(what)
        raise
    finally:
        world.rig.crash()


# Before an operation is after the one before it: outside nobody can tell.  Once both ways, to be sure.
MOMENTS = [(script, True) for script in SCRIPTS] + [(parked_and_moved_back, False)]


@pytest.mark.parametrize(("script", "after"), MOMENTS)
def test_a_crash_at_any_operation_costs_nothing(tmp_path, script, after):
    """Every order is there once, each instruction under one key in one body, all are told to the end."""
    number = 0
    blown = []
    while not blown or blown[-1]:
        number += 1
        (folder := tmp_path / str(number)).mkdir()
        world = run(folder, script, number, after=after)
        blown.append(world.rig.fuse.blown)
        checked(world, f"the process ended {blown[-1]} (operation {number})")

    assert {"begin", "collect", "commit", "send", "settle"} <= {one.rpartition(" ")[2] for one in blown}


ERRORS = {
    "of unknown fate, and durable": (True, CommitUnknown),
    "of unknown fate, and lost": (False, CommitUnknown),
    "refused": (False, StoreError),
    "busy": (False, StoreBusy),
}


@pytest.mark.parametrize("what", ERRORS)
@pytest.mark.parametrize("script", SCRIPTS)
def test_any_commit_may_fail_in_any_way(tmp_path, script, what):
    """A failed commit may be durable: everything is settled by key, and the rows it wrote leave in order."""
    number = 0
    fired = True
    while fired:
        number += 1
        (folder := tmp_path / str(number)).mkdir()
        rig = WorkerRig(folder)
        effective, error = ERRORS[what]
        rig.fuse.trouble[rig.fuse.commits + number] = effective, error(what)
        world = played(script, rig)
        fired = not rig.fuse.trouble
        rig.fuse.trouble.clear()
        checked(world, f"commit {number} was {what}")

    assert 5 < number

"""
The process ends before or after every operation on store, broker and folders while a file is taken.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict

import pytest

from orderloom.correlation.port import CommitUnknown, StoreBusy, StoreError
from orderloom.folders import reader
from tests.engine.faults import Crashed, Fuse
from tests.folders.rig import FolderRig, patched_rename
from tests.support.cards import batch

COUNT, BAD = 9, (4,)


def played(rig, turns=60):
    """Let a batch be taken, whatever it takes; returns what the system was told, by key."""
    heard = defaultdict(set)
    put = False
    for _ in range(turns):
        try:
            if not put:
                rig.put(batch(COUNT, bad=BAD))
                put = True
            rig.turn(turns=3)
        except Crashed:
            rig.fuse.at = 0
            rig.restart()
        for one in rig.taken("system.crm.in"):
            heard[json.loads(one.body)["requestId"]].add(one.body)
        if put and rig.engine.idle and not rig.left():
            break
    return heard


def check(rig, heard):
    """Each order once, each told once and the same, one acknowledgement with the right verdicts."""
    batch_id, result, found = rig.answer()

    assert ("B1", "P") == (batch_id, result)
    assert {one: "E_OFFERING" if one in BAD else "A" for one in range(1, COUNT + 1)} == found
    assert COUNT - len(BAD) == rig.orders() == len(heard)
    assert {1} == set(Counter(len(bodies) for bodies in heard.values()))
    assert 1 == len(list(rig.place.done.iterdir()))
    assert [] == rig.left()
    assert not rig.store.unsent()


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch):
    monkeypatch.setattr(reader, "_CHUNK", 3)


def test_a_crash_at_any_operation_continues_at_the_checkpoint(tmp_path, monkeypatch):
    """Nothing is lost, nothing twice; the acknowledgement is one.  Before an operation is after the last."""
    number = 0
    blown = []
    made = []
    patched_rename(monkeypatch, lambda: made[-1])
    while not blown or blown[-1]:
        number += 1
        made.append(FolderRig(tmp_path / str(number), fuse=Fuse(after=True)))
        rig = made[-1]
        rig.fuse.at = rig.fuse.count + number
        heard = played(rig)
        rig.fuse.at = 0
        blown.append(rig.fuse.blown)
        try:
            check(rig, heard)
        except AssertionError as error:
            error.add_note(f"the process ended {blown[-1]} (operation {number})")
            raise
        finally:
            rig.crash()

    assert {"begin", "commit", "rename", "send"} <= {one.rpartition(" ")[2] for one in blown}


@pytest.mark.parametrize(
    ("effective", "error"),
    [(True, CommitUnknown), (False, CommitUnknown), (False, StoreError), (False, StoreBusy)],
)
def test_any_commit_may_fail_in_any_way(tmp_path, effective, error):
    """A chunk whose commit may be durable is settled by its checkpoint."""
    number = 0
    fired = True
    while fired:
        number += 1
        rig = FolderRig(tmp_path / str(number))
        rig.fuse.trouble[rig.fuse.commits + number] = effective, error("trouble")
        heard = played(rig)
        fired = not rig.fuse.trouble
        rig.fuse.trouble.clear()
        try:
            check(rig, heard)
        except AssertionError as failed:
            failed.add_note(f"commit {number}: {error.__name__}, {effective}")
            raise
        finally:
            rig.crash()

    assert 8 < number

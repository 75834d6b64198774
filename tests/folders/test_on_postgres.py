"""
Drop folders on PostgreSQL: the same deaths, and two workers with one folder.
"""

from __future__ import annotations

import itertools
from contextlib import suppress

import pytest

from orderloom.correlation.port import CommitUnknown, StoreError
from orderloom.correlation.postgres import PostgresStore
from tests.engine import rig as bench
from tests.folders.rig import FolderRig
from tests.folders.test_crashes import test_any_commit_may_fail_in_any_way as any_commit_may_fail
from tests.support.cards import batch, told, verdicts

pytestmark = pytest.mark.postgres

_COUNT = itertools.count(1)


@pytest.fixture(autouse=True)
def _on_postgres(postgres_server, monkeypatch):
    """The bench's stores are schemas, one for each file that it would have made."""
    urls = {}

    def opened(path):
        if path not in urls:
            urls[path] = postgres_server.new_schema(f"folders_{next(_COUNT)}")
        return PostgresStore(urls[path])

    monkeypatch.setattr(bench, "SqliteStore", opened)


def test_any_commit_may_fail(tmp_path):
    """Also with a fate that nobody knows."""
    any_commit_may_fail(tmp_path, True, CommitUnknown)


def test_two_workers_with_one_folder_take_each_file_once(tmp_path):
    """Both look, both would take: what one has in hand the other leaves alone."""
    one = FolderRig(tmp_path / "hub")
    other = FolderRig(tmp_path / "hub", broker=one.broker)
    try:
        for number in range(1, 4):
            one.put(batch(30, bad=(number,), name=f"B{number}"), f"{number}.DAT")
        for _ in range(60):
            for rig in (one, other):
                rig.step(0.3)
            if not one.left():
                break
        found = [told(body) for body in one.answers().values()]

        assert 87 == one.orders()
        assert [(f"B{one}", "P", verdicts(30, **{f"r{one}": "E_OFFERING"})) for one in range(1, 4)] == sorted(
            found
        )
        assert 3 == len(list(one.place.done.iterdir()))
    finally:
        for rig in (other, one):
            with suppress(StoreError):
                rig.crash()

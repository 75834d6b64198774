"""
What docs/runbook.md tells on call to type does what it says.
"""

from __future__ import annotations

import shlex
import subprocess
import sys

import pytest

from orderloom.correlation.port import Changes
from orderloom.correlation.sqlite import SqliteStore
from tests.docs.pages import page

STORE = "var/orderloom.db"


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A working folder with a store in which a counter stands at 41."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "var").mkdir()
    store = SqliteStore(STORE)
    with store.begin() as tx:
        tx.apply(Changes(counters={"channel|partner.acme|interchange": 41}))
    store.close()
    return tmp_path


def typed(word: str) -> str:
    """The one command of the page that has this word in it."""
    [found] = [one for one in page("docs/runbook.md").commands() if word in one and "python" in one]
    return found


def run(command: str) -> None:
    """As typed, with the Python that runs the tests."""
    program, *arguments = shlex.split(command)
    assert program in ("python3", ".venv/bin/python")
    subprocess.run([sys.executable, *arguments], check=True, timeout=60)


def counted(path: str) -> int:
    """Where the counter stands."""
    store = SqliteStore(path, create=False)
    try:
        with store.begin() as tx:
            return tx.counters(["channel|partner.acme|interchange"])["channel|partner.acme|interchange"]
    finally:
        store.close()


@pytest.mark.usefixtures("place")
def test_the_backup_is_a_whole_store():
    """
    Taken while the store is open, it can be opened in its place.
    """
    living = SqliteStore(STORE)
    run(typed("backup"))
    living.close()

    assert 41 == counted("orderloom-backup.db")


@pytest.mark.usefixtures("place")
def test_control_numbers_are_moved_on():
    """
    After a restore, past everything that may have been sent since.
    """
    run(typed("update counter"))

    assert 1041 == counted(STORE)

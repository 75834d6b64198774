"""
The bench of drop folders, closed when the test ends.
"""

from __future__ import annotations

import os
from contextlib import contextmanager

import pytest
import structlog

pytest.register_assert_rewrite("tests.folders.rig")

from tests.folders.rig import FolderRig  # noqa: E402


@pytest.fixture(autouse=True)
def plain_log():
    """Log lines without colours and without the locals of every frame, which take seconds."""
    before = structlog.get_config()
    structlog.configure(
        processors=[structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer()],
        cache_logger_on_first_use=False,
    )
    yield
    structlog.configure(**before)


@pytest.fixture
def rig(tmp_path):
    """A bench with one worker and a drop folder."""
    made = FolderRig(tmp_path)
    yield made
    made.crash()


# Whom no permission is given, where the tests run as one to whom all are.
_NOBODY = 65534


@pytest.fixture
def as_nobody():
    """Do something in a folder as a user to whom permissions matter."""

    @contextmanager
    def within(folder):
        if os.geteuid() != 0:
            yield
            return
        for one in (folder, *folder.rglob("*")):
            os.chown(one, _NOBODY, _NOBODY)
        modes = {one: one.stat().st_mode for one in folder.parents if ~one.stat().st_mode & 0o011}
        for one, mode in modes.items():
            one.chmod(mode | 0o011)
        os.seteuid(_NOBODY)
        try:
            yield
        finally:
            os.seteuid(0)
            for one, mode in modes.items():
                one.chmod(mode)

    return within

"""
The engine's bench, closed when the test ends.
"""

from __future__ import annotations

import pytest
import structlog

from tests.engine.rig import Rig, WorkerRig


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
    """A bench with one engine."""
    made = Rig(tmp_path)
    yield made
    made.crash()


@pytest.fixture
def worker_rig(tmp_path):
    """A bench with one worker."""
    made = WorkerRig(tmp_path)
    yield made
    made.crash()

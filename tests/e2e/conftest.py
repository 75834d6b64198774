"""
Hubs on the session's RabbitMQ: one for a test of its own, or one that the tests of a file share.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

# What asks for the end of a run tells its failures as test files do; to be said before it is imported.
pytest.register_assert_rewrite("tests.e2e.run")

from tests.support.hub import RunningHub, running_hub  # noqa: E402
from tests.support.rabbit import virtual_host  # noqa: E402


@pytest.fixture
def hub(request, rabbit, tmp_path) -> Iterator[RunningHub]:
    """A hub with its queues and nothing running yet; joined, unless its parameter is ``split``."""
    with running_hub(rabbit, tmp_path, split=_split(request)) as made:
        yield made


@pytest.fixture(scope="module")
def shared_hub(request, rabbit_node, tmp_path_factory) -> Iterator[RunningHub]:
    """A hub with its queues; what the first test starts, the others find.  Its shape as :func:`hub`'s."""
    folder = tmp_path_factory.mktemp("hub")
    with virtual_host(rabbit_node) as rabbit, running_hub(rabbit, folder, split=_split(request)) as made:
        yield made


def _split(request: pytest.FixtureRequest) -> bool:
    return getattr(request, "param", "joined") == "split"

"""A stage for each story, cleared away behind it."""

from __future__ import annotations

import pytest

from tests.stories.stage import Stage


@pytest.fixture
def begin(tmp_path):
    """Sets the stage; what is given is as for :class:`Stage`."""
    made = []

    def stage(*rules, **more) -> Stage:
        made.append(Stage(tmp_path, *rules, **more))
        return made[-1]

    yield stage
    for one in made:
        one.close()


@pytest.fixture
def stage(begin):
    """The shipped world."""
    return begin()

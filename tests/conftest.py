"""
What every test may use: the private RabbitMQ of :mod:`tests.support.rabbit`, and the private PostgreSQL of
:mod:`tests.support.postgres`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
import structlog

from tests.support.beside import FOLDER

# Suites that test files inherit from tell their failures as test files do.
pytest.register_assert_rewrite("tests.broker.contract", "adapters.kit.conformance")

pytest_plugins = ("tests.support.rabbit", "tests.support.postgres")


def pytest_report_header() -> str:
    """Whether the samples of others lie beside the checkout: without them expected.toml is only read."""
    there = "there" if FOLDER.is_dir() else "not there, tests/formats/expected.toml is not held against them"
    return f"samples beside the checkout: {there}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Iterator[None]:
    """A command that is tried in this process sets up the logging of all of it: the next test has its own."""
    before = structlog.get_config()
    try:
        return (yield)
    finally:
        structlog.configure(**before)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave what is marked ``long`` to ``make full``; the count of it is in the last line as deselected."""
    if os.environ.get("ORDERLOOM_FULL") == "1":
        return
    long = [one for one in items if one.get_closest_marker("long")]
    if long:
        config.hook.pytest_deselected(items=long)
        items[:] = [one for one in items if not one.get_closest_marker("long")]

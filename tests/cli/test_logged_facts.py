"""Every fact that the code logs may be logged: none is dropped without anybody noticing."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import orderloom
from orderloom.engine.said import FACTS
from orderloom.logging import FIELDS

LEVELS = {"debug", "info", "warning", "error", "critical", "exception", "bind"}
SOURCES = sorted(Path(orderloom.__file__).parent.rglob("*.py"))


def logged() -> Iterator[tuple[str, str]]:
    """(place, key) of each keyword in a call on a logger, which is named ``log`` or ``_log``."""
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text("utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id="log" | "_log"), attr=level)) if (
                    level in LEVELS
                ):
                    yield from ((f"{source.name}:{node.lineno}", one.arg or "**") for one in node.keywords)


def test_every_logged_fact_is_on_the_list():
    """
    The list is in orderloom/logging.py; what is not on it never leaves the process.
    """
    facts = list(logged())

    assert facts
    assert [] == [f"{place} {key}" for place, key in facts if key not in FIELDS | {"exc_info", "**"}]


def test_only_the_lines_of_messages_are_logged_as_they_come():
    """
    The engine makes them; the worker adds how long they took, the clock nothing.
    """
    assert ["periodic.py", "worker.py"] == sorted(
        {place.partition(":")[0] for place, key in logged() if key == "**"}
    )


def test_the_lines_of_messages_hold_what_may_be_logged():
    """
    What the engine says of a message, whatever it was.
    """
    source = Path(orderloom.__file__).parent / "engine" / "said.py"
    keys = {
        key.value
        for node in ast.walk(ast.parse(source.read_text("utf-8")))
        if isinstance(node, ast.Dict)
        for key in node.keys
        if isinstance(key, ast.Constant)
    }

    assert set() == keys - FACTS
    assert set() == FACTS - FIELDS

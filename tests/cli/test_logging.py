"""Log lines: one a message, JSON without a terminal, and nothing that is not on the list."""

from __future__ import annotations

import io
import json
import logging

import pytest
import structlog

from orderloom.logging import set_up_logging


@pytest.fixture(autouse=True)
def as_before():
    """The root logger as pytest had it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


def lines(*, json_lines: bool | None = None) -> io.StringIO:
    stream = io.StringIO()
    set_up_logging(stream=stream, json_lines=json_lines)
    return stream


def test_a_line_is_json_when_nobody_watches():
    """
    Event, level, UTC time and facts.
    """
    stream = lines()
    structlog.get_logger().info("order_accepted", order_id="OL1", duration_ms=12)
    line = json.loads(stream.getvalue())

    assert line.pop("time").endswith("Z")
    assert {"event": "order_accepted", "level": "info", "order_id": "OL1", "duration_ms": 12} == line


def test_a_line_on_a_terminal_is_one_line_of_words():
    """
    Facts as key=value; what has blanks is quoted.
    """
    stream = lines(json_lines=False)
    structlog.get_logger().warning("message_parked", code="E_EDI_COUNT", where="SE01 of set 2")

    assert stream.getvalue().endswith("Z warning message_parked code=E_EDI_COUNT where='SE01 of set 2'\n")


def test_what_is_not_on_the_list_is_dropped():
    """
    Names, addresses and bodies do not get into a log, whoever writes the line.
    """
    stream = lines()
    structlog.get_logger().info(
        "order_accepted", customer="Ada King", msisdn="+49151", body=b"ISA*", system="crm"
    )

    assert {"event", "level", "time", "system"} == set(json.loads(stream.getvalue()))


def test_what_is_bound_for_a_message_is_on_its_lines():
    """
    Context variables, as the engine binds them.
    """
    stream = lines()
    with structlog.contextvars.bound_contextvars(channel="web", phone="0151"):
        structlog.get_logger().info("message_taken")

    assert "web" == json.loads(stream.getvalue())["channel"]
    assert "0151" not in stream.getvalue()


@pytest.mark.parametrize("json_lines", [True, False])
def test_control_characters_cannot_forge_a_line(json_lines):
    """
    V-06: line ends, escapes and bidirectional marks come out escaped.
    """
    stream = lines(json_lines=json_lines)
    structlog.get_logger().info("order_refused", code="E_X\n2026-01-01 info order_accepted\x1b[2J\u202e")
    written = stream.getvalue()

    assert 1 == written.count("\n")
    assert not {"\x1b", "\u202e"} & set(written)


def test_libraries_write_the_same_lines():
    """
    A warning of pika's is JSON with its logger's name; its chatter is left out.
    """
    stream = lines()
    logging.getLogger("pika.adapters").warning("socket %s\nclosed", "x")
    logging.getLogger("pika.adapters").info("chatter")
    line = json.loads(stream.getvalue())

    assert ("socket x\nclosed", "warning", "pika.adapters") == (line["event"], line["level"], line["logger"])


def test_a_traceback_is_one_line_too():
    """
    Escaped, under ``exception``.
    """
    stream = lines()
    try:
        raise ValueError("odd")
    except ValueError:
        structlog.get_logger().exception("worker_failed")

    assert 1 == stream.getvalue().count("\n")
    assert "ValueError: odd" in json.loads(stream.getvalue())["exception"]


def test_a_line_that_cannot_be_written_costs_nothing_else():
    """
    The disk is full, or whoever read our standard error has gone.
    """

    class Full(io.StringIO):
        def write(self, _text: str) -> int:
            raise OSError(28, "no space left on device")

    set_up_logging(stream=Full())
    log = structlog.get_logger()

    assert None is log.info("order_accepted")
    assert None is log.error("worker_failed")


def test_a_level_holds_for_our_lines():
    """
    What is less important is not written.
    """
    stream = io.StringIO()
    set_up_logging("warning", stream=stream)
    structlog.get_logger().info("order_accepted")
    structlog.get_logger().warning("message_parked")

    assert ["message_parked"] == [json.loads(line)["event"] for line in stream.getvalue().splitlines()]

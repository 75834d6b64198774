"""
docs/conversation.md is run: what it sends is dropped on the shipped hub, what it says is told is told.
"""

from __future__ import annotations

import json
import re
import shlex
from datetime import timedelta

import pytest
from click.testing import CliRunner

from broker.port import Properties
from orderloom.cli import main
from tests.docs.pages import page
from tests.engine.shipped import START, Shipped

TEXT = page("docs/conversation.md").text
STEP = re.compile(r"^<!-- (send|told): (\S+) -->\n\n```json\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CONSOLE = re.compile(r"^```console\n\$ (.*?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """The shipped hub on the memory broker, tokens counted."""
    monkeypatch.setenv("ORDERLOOM_SYSTEM_OSS_INTERNET_URL", "http://127.0.0.1:9")
    made = Shipped(tmp_path, split=False)
    yield made
    made.close()


def taken(hub, queue):
    """Everything on a queue, taken from it, as JSON."""
    while (one := hub.broker.get(queue)) is not None:
        hub.broker.ack(one)
        yield json.loads(one.body)


def said(excerpt, whole):
    """Whether an excerpt stands in a document."""
    if isinstance(excerpt, dict) and isinstance(whole, dict):
        return all(name in whole and said(value, whole[name]) for name, value in excerpt.items())
    if isinstance(excerpt, list) and isinstance(whole, list):
        return len(excerpt) == len(whole) and all(map(said, excerpt, whole))
    return excerpt == whole


def test_the_page_is_what_the_hub_says(hub, tmp_path, monkeypatch):
    """
    Every message in turn, a minute apart; of each answer the page has an excerpt.
    """
    now = START
    for kind, name, text in STEP.findall(TEXT):
        if kind == "send":
            now += timedelta(seconds=61)
            hub.take((name, text.encode(), Properties(content_type="application/json")), now)
        else:
            answers = list(taken(hub, name))
            assert any(said(json.loads(text), one) for one in answers), (text, answers)
    [(command, output)] = CONSOLE.findall(TEXT)
    monkeypatch.setenv("ORDERLOOM_STORE", str(hub.file))
    program, *words = shlex.split(command)

    assert ("orderloom", output) == (program, CliRunner().invoke(main, words).stdout)

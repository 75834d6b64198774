"""Adapters are found by entry point, and a missing one is named together with what there is."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from orderloom.adapters_found import find_adapters
from orderloom.settings import Settings, SettingsError, load

MODULE = """
from canonical.systems import Attachment, SystemProfile


class Agent:
    channel = "agent"
    counters = ()

    def translate(self, native, references): ...
    def acknowledge(self, intake, stamp): ...
    def render(self, notice, stamp): ...


class Dead:
    def __init__(self):
        raise ValueError("no licence\\nfor this machine")


class Voice:
    profile = SystemProfile(name="voice", attachment=Attachment.QUEUE, words={}, reference_type="ref")
    counters = ()

    def instruct(self, instruction, stamp): ...
    def read_reply(self, native): ...
"""
ENTRY_POINTS = """
[orderloom.inbound]
agent = found_here:Agent
broken = found_here:Nothing
dead = found_here:Dead
leaving = found_gone:Agent
web = found_here:Agent

[orderloom.outbound]
voice = found_here:Voice
half = found_here:Agent
"""


@pytest.fixture(autouse=True)
def installed(tmp_path, monkeypatch):
    """A distribution with some entry points, installed as pip would lay it down."""
    (tmp_path / "found_here.py").write_text(MODULE)
    (tmp_path / "found_gone.py").write_text("raise SystemExit(0)\n")
    info = tmp_path / "found_here-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: found-here\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop("found_here", None)


def settings(folder: Path, text: str) -> Settings:
    (folder / "hub.toml").write_text(text)
    return load(folder / "hub.toml", {})


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        find_adapters(settings(folder, text))
    return str(refused.value).splitlines()


def test_an_installed_adapter_is_made(tmp_path):
    """
    One of each kind, found under the channel's and the system's own name.
    """
    found = find_adapters(settings(tmp_path, "[channels.agent]\n[systems.voice]\n"))

    assert "agent" == found.inbound["agent"].channel
    assert "voice" == found.profiles["voice"].name


def test_a_missing_adapter_names_what_there_is(tmp_path):
    """
    The sentence lists every installed adapter of the group.
    """
    [told] = faults(tmp_path, "[channels.fax]\n[systems]\n")

    assert told.startswith(
        "channels.fax.adapter: no adapter 'fax' is installed (one of agent, broken, callcenter, dead"
    )
    assert told.endswith("entry points of group orderloom.inbound) [E_CONFIG]")


def test_every_wrong_adapter_is_told_at_once(tmp_path):
    """
    Some cannot be made, one is of the wrong kind, one is for another system; none ends the process.
    """
    told = faults(
        tmp_path,
        "[channels.broken]\n[channels.dead]\n[channels.leaving]\n[systems.half]\n"
        '[systems.mail]\nadapter = "voice"\n',
    )

    assert [
        "channels.broken.adapter: adapter 'broken' (found_here:Nothing) cannot be made",
        "channels.dead.adapter: adapter 'dead' (found_here:Dead) cannot be made: ValueError: no licence",
        "channels.leaving.adapter: adapter 'leaving' (found_gone:Agent) cannot be made: SystemExit: 0",
        "systems.half.adapter: Agent lacks members of OutboundAdapter",
        "systems.mail.adapter: the adapter says that it is for 'voice'",
    ] == [
        sentence.partition(" (a class")[0]
        .partition(": AttributeError")[0]
        .partition(" (adapters")[0]
        .partition(" (an adapter")[0]
        for sentence in told
    ]


def test_no_package_takes_the_name_of_another(tmp_path):
    """
    Which of two is meant nobody can know: neither is taken, and both are named.
    """
    [told] = faults(tmp_path, "[channels.web]\n[systems]\n")

    assert told.startswith(
        "channels.web.adapter: several adapters are called 'web': "
        "adapters.inbound.web:WebAdapter of orderloom, found_here:Agent of found-here (one;"
    )

"""
The README's first screen is what happens: its commands run, and what it prints is what is printed.
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys

import pytest

from orderloom.cli.story.acts import ALL_ACTS
from orderloom.cli.story.scene import Scene
from orderloom.settings import load
from tests.docs.pages import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")

# Tokens, and minutes and seconds of the story, differ from run to run; nothing else may.
DIFFERING = re.compile(r"(?<=\d{2}):\d{2}(:\d{2})?|R(-[0-9A-Z]{4}){6}")

NUMBERS = {6: "six", 7: "seven", 8: "eight", 25: "twenty-five", 26: "twenty-six", 27: "twenty-seven"}


def masked(text: str) -> list[str]:
    return [DIFFERING.sub("#", line).rstrip() for line in text.splitlines()]


def orderloom(*arguments: str, folder) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "orderloom", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


@pytest.fixture(scope="module")
def demonstrated(tmp_path_factory):
    """What `make demo` prints, and the folder that it leaves."""
    folder = tmp_path_factory.mktemp("demo")
    done = orderloom("demo", folder=folder)
    assert 0 == done.returncode, done.stderr
    return folder, masked(done.stdout)


def test_make_demo_is_the_demonstration():
    """
    The Makefile's target runs the command that the other tests here run.
    """
    recipe = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\ndemo:")[2].partition("\n\n")[0]

    assert "orderloom demo" in recipe


def test_the_output_that_the_readme_shows_is_printed(demonstrated):
    """
    Every line of its excerpt, but for the time of day.
    """
    _, printed = demonstrated
    excerpt = README.partition("```text\n")[2].partition("```")[0]
    lines = [line for line in masked(excerpt) if line]

    assert len(lines) > 30
    assert [] == [line for line in lines if line not in printed]


def test_every_shipped_channel_is_heard_and_answered(demonstrated):
    """
    The README says how many messages are played, and that all channels send some: each reads something, too.
    """
    _, printed = demonstrated
    channels = sorted(load(environment={}).channels)
    sent = {line.split("-> drop.")[1].split()[0] for line in printed if "-> drop." in line}
    read = {line.split("<- channel.")[1].split(".")[0] for line in printed if "<- channel." in line}

    assert (channels, channels) == (sorted(sent), sorted(read))
    messages = [step for act in ALL_ACTS for step in act.steps if isinstance(step, Scene)]
    counted = NUMBERS[len(messages)], NUMBERS[len(channels)]
    assert "plays {} native messages of all {} channels".format(*counted) in README


def test_the_commands_that_the_readme_names_run_on_what_the_demonstration_left(demonstrated):
    """
    Status, journal and parked messages of the story's store.
    """
    folder, _ = demonstrated
    commands = re.findall(r"^\$ \.venv/bin/orderloom (.*)$", README, re.MULTILINE)

    assert len(commands) >= 3
    for command in commands:
        done = orderloom(*shlex.split(command), folder=folder)
        assert (0, "") == (done.returncode, done.stderr), command
        assert done.stdout

"""The program as a whole: its help, its settings, and that it runs as a process."""

from __future__ import annotations

import os
import subprocess
import sys

import click
import pytest

from orderloom.cli import main


def every_command(command: click.Command, name: str = "orderloom"):
    yield pytest.param(command, id=name)
    for one in command.commands.values() if isinstance(command, click.Group) else ():
        yield from every_command(one, f"{name} {one.name}")


@pytest.mark.parametrize("command", tuple(every_command(main)))
def test_every_command_says_what_it_does(command):
    """
    A first sentence that ends; ours have an example on lines of their own.
    """
    assert command.help
    assert command.help.split("\n\n")[0].rstrip().endswith((".", ";"))


def test_examples_keep_their_lines():
    """
    As they are typed.
    """
    shown = click.testing.CliRunner().invoke(main, ["parked", "replay", "--help"]).stdout

    assert '  Example:\n    orderloom parked replay 3f0c7a --why "catalogue has HX-C-BLK now"\n' in shown


def test_config_shows_every_setting_with_its_origin(place):
    """
    Defaults, the file and the environment; no secret.
    """
    (place.folder / "orderloom.toml").write_text("[worker]\nbatch = 50\n")
    place.environment["ORDERLOOM_BROKER_URL"] = "amqp://hub:hunter2@127.0.0.1/"
    rows = {line.split()[0]: line.split()[1:] for line in place.run("config").stdout.splitlines()}

    assert ["value", "from"] == rows["setting"]
    assert ["50", "orderloom.toml"] == rows["worker.batch"]
    assert ["amqp://hub:***@127.0.0.1/", "$ORDERLOOM_BROKER_URL"] == rows["broker.url"]
    assert ["http://hub:***@127.0.0.1:15672", "from", "broker.url"] == rows["broker.management_url"]
    assert ["8622", "default"] == rows["listener.port"]


def test_wrong_settings_end_every_command_with_all_faults(place):
    """
    Each on a line, status 2.
    """
    (place.folder / "orderloom.toml").write_text('[worker]\nbatch = "x"\nlease = 999\n')
    shown = place.run("now")

    assert 2 == shown.exit_code
    assert ["worker.batch", "worker.lease"] == [line.split(": ")[1] for line in shown.stderr.splitlines()]


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        pytest.param(["--version"], 0, id="done"),
        pytest.param(["status", "4500000042"], 1, id="the answer is no"),
        pytest.param(["statsu"], 2, id="no such command"),
    ],
)
def test_it_runs_as_a_process(place, arguments, status):
    """
    ``python -m orderloom``, with the three exit codes and never a traceback.
    """
    done = subprocess.run(
        [sys.executable, "-m", "orderloom", *arguments],
        env={**os.environ, "ORDERLOOM_STORE": str(place.path)},
        cwd=place.folder,
        capture_output=True,
        timeout=60,
        check=False,
    )

    assert status == done.returncode
    assert b"Traceback" not in done.stderr

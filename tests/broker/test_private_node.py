"""A private node: alone, on loopback, gone afterwards."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from broker.node_files import NodePlan
from broker.port import BrokerUnavailable
from broker.private_node import NodeMissing, PrivateNode
from tests.support.rabbit import until

ROOT = Path(__file__).parents[2]


@pytest.mark.rabbitmq
def test_a_node_is_alone_on_loopback_and_leaves_no_process(tmp_path: Path):
    """
    Two processes, every listener on loopback, its own rabbitmqctl; stopped gracefully, nothing runs on.
    """
    folder = tmp_path / "node"
    node = PrivateNode(folder, label="tests-own")
    with node:
        pids = node.pids
        assert "running" in node.ctl("eval", "running.")
        with pytest.raises(BrokerUnavailable, match="rabbitmqctl no_such_command"):
            node.ctl("no_such_command")
        listening = loopback_listeners(pids)

    assert listening
    assert len(pids) == 2
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    assert not any(str(folder) in environment for environment in environments())
    assert (folder / "data").exists()


@pytest.mark.rabbitmq
def test_the_module_runs_a_node_until_it_is_told_to_end():
    """
    It says where it is; an interrupt ends it and removes its folder.
    """
    with module() as running:
        assert running.stdout is not None
        first, second = running.stdout.readline(), running.stdout.readline()
        running.send_signal(2)
        status = running.wait(30)

    assert re.fullmatch(r"RabbitMQ +amqp://\w+:\w+@127\.0\.0\.1:\d+/%2F\n", first)
    assert re.fullmatch(r"console +http://\w+:\w+@127\.0\.0\.1:\d+\n", second)
    assert status == 0


@pytest.mark.rabbitmq
def test_a_node_ends_with_a_killed_owner(tmp_path: Path):
    """
    SIGKILL runs no handler, and yet nothing is left: no process, no folder.
    """
    with module(TMPDIR=str(tmp_path)) as running:
        assert running.stdout is not None
        running.stdout.readline()
        assert any(str(tmp_path) in one for one in environments())
        assert [] != list(tmp_path.iterdir())
        running.kill()

    until("its processes are gone", lambda: not any(str(tmp_path) in one for one in environments()))
    until("its folder is gone", lambda: not list(tmp_path.iterdir()))


@contextmanager
def module(**environment: str) -> Iterator[subprocess.Popen[str]]:
    """The module as a process, which does not outlive its test."""
    with subprocess.Popen(
        [sys.executable, "-m", "broker.private_node"],
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        try:
            yield running
        finally:
            running.kill()


def test_asking_for_help_starts_nothing():
    """
    It says what the module does, and ends.
    """
    asked = subprocess.run(
        [sys.executable, "-m", "broker.private_node", "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )

    assert asked.returncode == 0
    assert "until Ctrl-C" in asked.stdout
    assert "amqp://" not in asked.stdout


def test_a_machine_without_rabbitmq_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """
    The package's name, not a missing file.
    """
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("broker.node_files._FOLDERS", (tmp_path,))

    with pytest.raises(NodeMissing, match=r"apt-get install .*rabbitmq-server"):
        PrivateNode()


def test_the_ports_of_a_node_are_not_those_of_rabbitmqctl(tmp_path: Path):
    """
    A listener in 35672 to 35682 would end the node; four different ones are chosen.
    """
    plan = NodePlan(tmp_path)
    ports = {plan.amqp_port, plan.http_port, plan.epmd_port, plan.distribution_port}

    assert len(ports) == 4
    assert ports.isdisjoint(range(35672, 35683))


def loopback_listeners(pids: tuple[int, ...]) -> set[str]:
    """The local addresses on which these processes listen; every one is loopback, or the test fails."""
    inodes = set()
    for pid in pids:
        for handle in Path(f"/proc/{pid}/fd").iterdir():
            found = re.fullmatch(r"socket:\[(\d+)\]", str(handle.readlink()))
            if found:
                inodes.add(found[1])
    listening = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            local, state, inode = (line.split()[index] for index in (1, 3, 9))
            if state == "0A" and inode in inodes:
                listening.add(local.partition(":")[0])
    assert listening <= {"0100007F", "00000000000000000000000001000000"}
    return listening


def environments() -> list[str]:
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            found.append((process / "environ").read_text("utf-8", "replace"))
        except OSError:
            continue
    return found

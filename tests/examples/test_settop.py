"""
examples/settop-adapter: somebody else's package, in an environment of its own, found by its entry point.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from importlib.metadata import entry_points
from pathlib import Path

import pika
import pytest

from broker.tools import Dropper
from tests.docs.pages import ROOT
from tests.support.hub import Process
from tests.support.rabbit import until

EXAMPLE = ROOT / "examples" / "settop-adapter"
ORDER = (EXAMPLE / "samples" / "order.txt").read_bytes()


@pytest.fixture(scope="module")
def python(tmp_path_factory) -> Path:
    """
    The interpreter of an environment that has the example, and what this one has; this one has it not.
    """
    folder = tmp_path_factory.mktemp("environment")
    source = shutil.copytree(EXAMPLE, folder / "source")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True, timeout=120)
    made = folder / "venv" / "bin" / "python"
    [packages] = (folder / "venv" / "lib").glob("python*/site-packages")
    ours = sysconfig.get_path("purelib")
    (packages / "orderloom-is-there.pth").write_text(f"import site; site.addsitedir({ours!r})\n")
    options = ["--no-index", "--no-deps", "--no-build-isolation", "--disable-pip-version-check", "--quiet"]
    command = [sys.executable, "-m", "pip", "--python", made, "install", *options, source]
    subprocess.run(command, check=True, timeout=300, stdin=subprocess.DEVNULL)
    return made


@pytest.fixture
def place(tmp_path) -> Path:
    """Settings and rules of a hub that has the channel."""
    for name in ("routes", "endpoints"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(EXAMPLE / "endpoints" / "iptv.head-end.toml", tmp_path / "endpoints")
    settings = '[channels.iptv]\n[rules]\nfolder = "."\n[store]\npath = "orderloom.db"\n'
    (tmp_path / "orderloom.toml").write_text(settings, encoding="utf-8")
    (tmp_path / "order.txt").write_bytes(ORDER)
    return tmp_path


def run(python: Path, folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [str(python), "-m", *arguments]
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def test_nothing_of_it_is_in_our_own_environment(python, place):
    """
    What is found is found there, by its entry point, and nowhere else.
    """
    refused = run(Path(sys.executable), place, "orderloom", "adapter", "try", "iptv", "order.txt")

    assert "iptv" not in entry_points(group="orderloom.inbound").names
    assert (2, True) == (refused.returncode, "no adapter 'iptv' is installed" in refused.stderr)
    assert 0 == run(python, place, "orderloom", "routes", "check").returncode


def test_its_own_tests_pass_there(python, tmp_path):
    """
    As its owner runs them.
    """
    shutil.copytree(EXAMPLE, tmp_path / "work")
    ran = run(python, tmp_path / "work", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", ".")
    counted = re.search(r"(\d+) passed", ran.stdout)

    assert 0 == ran.returncode, ran.stdout + ran.stderr
    assert counted is not None
    assert int(counted[1]) > 20


def test_the_check_passes_on_the_installed_module(python, tmp_path):
    """
    By its name, with samples and profile beside the working folder.
    """
    there = shutil.copytree(EXAMPLE, tmp_path / "work")
    ran = run(python, there, "orderloom", "adapter", "check", "acme_settop.py", "--samples", "samples")

    assert (0, "") == (ran.returncode, ran.stderr)
    assert re.fullmatch(r"acme_settop\.py: \d+ checks pass\n", ran.stdout)


def test_it_carries_an_order_in_one_process(python, place):
    """
    Taken, carried out by simulated systems, ended.
    """
    ran = run(python, place, "orderloom", "adapter", "try", "iptv", "order.txt")

    assert 0 == ran.returncode, ran.stdout + ran.stderr
    assert re.search(r"   STB/1 TAKEN\n   Order: S-1001\n   Id: OL\w{16}\n", ran.stdout)
    assert "   STB/1 ENDED\n   Order: S-1001\n   State: completed\n" in ran.stdout


def test_a_box_asks_how_its_order_stands(python, place):
    """
    By its number; here there is none yet.
    """
    shutil.copy(EXAMPLE / "samples" / "status.txt", place)
    ran = run(python, place, "orderloom", "adapter", "try", "iptv", "status.txt")

    assert "   STB/1 REFUSED\n   Order: S-1001\n   Reason: no order 'S-1001' [E_NOT_FOUND]\n" in ran.stdout, (
        ran.stderr
    )


@pytest.mark.rabbitmq
def test_it_carries_an_order_on_rabbitmq(python, place, rabbit):
    """
    A worker of that environment takes the message from the channel's queue, and its box reads the answer.
    """
    broker = {
        "ORDERLOOM_BROKER_URL": rabbit.url,
        "ORDERLOOM_MANAGEMENT_URL": rabbit.management_url,
        "ORDERLOOM_CONFIG": str(place / "orderloom.toml"),
        "ORDERLOOM_SYSTEM_OSS_INTERNET_URL": "http://127.0.0.1:9",
    }
    applied = run(python, place, "orderloom", "topology", "apply", **broker)
    assert 0 == applied.returncode, applied.stdout + applied.stderr
    command = ["-m", "orderloom", "worker", "--name", "example", "--no-listener"]
    worker = Process(place / "worker.log", {**os.environ, **broker}, *command, program=str(python))
    try:
        worker.until_said("worker_started")
        with Dropper(rabbit.url, name="box", allow_plain=True) as box:
            box.drop("drop.iptv", "", ORDER, content_type="text/plain")
        until("an answer", lambda: rabbit.depth("channel.iptv.out"), 60, every=0.2)
        with pika.BlockingConnection(pika.URLParameters(rabbit.url)) as connection:
            _, _, body = connection.channel().basic_get("channel.iptv.out", auto_ack=True)
        assert re.fullmatch(rb"STB/1 TAKEN\nOrder: S-1001\nId: OL\w{16}\n\.\n", body)
    finally:
        worker.stop()

"""
What docs/adapters.md tells an integrator to write holds the contract, and carries an order.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

import pytest

from broker.port import Properties
from orderloom.running import Embedded
from orderloom.settings import load
from tests.docs.pages import ROOT, page

FILE = re.compile(r"<!-- file: (\S+) -->\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ENTRY_POINTS = '[project.entry-points."orderloom.inbound"]'


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder with the guide's files, beside the rules that ship, as the working folder."""
    for name in ("routes", "endpoints"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name, text in FILE.findall(page("docs/adapters.md").text):
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def installed(place, monkeypatch):
    """The guide's adapter is found as an installed distribution is found."""
    [block] = [one.body for one in page("docs/adapters.md").fences if one.body.startswith(ENTRY_POINTS)]
    found = place / "agent-1.0.dist-info"
    found.mkdir()
    (found / "METADATA").write_text("Metadata-Version: 2.1\nName: agent\nVersion: 1.0\n", encoding="utf-8")
    entries = re.sub(r'"| *#.*', "", block.splitlines()[1])
    (found / "entry_points.txt").write_text(f"[orderloom.inbound]\n{entries}\n", encoding="utf-8")
    monkeypatch.syspath_prepend(place)
    yield place
    sys.modules.pop("agent", None)


def test_the_example_passes_the_conformance_suite(place):
    """
    As an integrator runs it, in a folder of its own.
    """
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--rootdir",
        ".",
        "test_agent.py",
    ]
    ran = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=120, check=False)
    counted = re.search(r"(\d+) passed", ran.stdout)

    assert 0 == ran.returncode, ran.stdout + ran.stderr
    assert counted is not None
    assert int(counted[1]) > 20


def test_the_example_carries_an_order(installed, monkeypatch):
    """
    With entry point, profile and settings as the guide has them: dropped, accepted, answered.
    """
    monkeypatch.setenv("ORDERLOOM_SYSTEM_OSS_INTERNET_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("ORDERLOOM_STORE", str(installed / "orderloom.db"))
    with Embedded(load()) as hub:
        body = b"K1|7|K-1001|HANDSET-A|2|END\n"
        hub.broker.publish("drop.agent", "", body, Properties(content_type="text/plain"))
        answer = hub.broker.get("channel.agent.desk-7.out", 15.0)

        assert answer is not None
        assert re.fullmatch(rb"K2\|K-1001\|OK\|OL[0-9A-Z]{16}\|END\n", answer.body)

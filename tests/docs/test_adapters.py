"""
What docs/adapters.md tells an integrator to write holds the contract, and carries an order.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys

import pytest

from broker.port import Properties
from orderloom.running import Embedded
from orderloom.settings import load
from tests.docs.pages import ROOT, page
from tests.support.rabbit import until

FILE = re.compile(r"<!-- file: (\S+) -->\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
STANDARD = ("crm", "warehouse", "oss.internet", "oss.mobile", "billing")
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
    groups = f"[orderloom.inbound]\n{entries}\n[orderloom.outbound]\nstudio = studio:StudioAdapter\n"
    (found / "entry_points.txt").write_text(groups, encoding="utf-8")
    monkeypatch.syspath_prepend(place)
    yield place
    for name in ("agent", "studio"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize("name", ["agent", "studio"])
def test_the_example_passes_the_conformance_suite(place, name):
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
        f"test_{name}.py",
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
    (installed / "routes" / "engraving.toml").unlink()  # of the other example's, which is not set up here
    monkeypatch.setenv("ORDERLOOM_SYSTEM_OSS_INTERNET_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("ORDERLOOM_STORE", str(installed / "orderloom.db"))
    with Embedded(load()) as hub:
        body = b"K1|7|K-1001|HANDSET-A|2|END\n"
        hub.broker.publish("drop.agent", "", body, Properties(content_type="text/plain"))
        answer = hub.broker.get("channel.agent.desk-7.out", 15.0)

        assert answer is not None
        assert re.fullmatch(rb"K2\|K-1001\|OK\|OL[0-9A-Z]{16}\|END\n", answer.body)


def told(hub, queue):
    """The next message on a queue, as lines of fields."""
    found = hub.broker.get(queue, 15.0)
    assert found is not None, queue
    hub.broker.ack(found)
    return [line.split("|") for line in found.body.decode().splitlines()]


def test_the_example_of_a_system_is_told_of_changes(installed, monkeypatch):
    """
    What is changed in time is told, and made; what was cut meanwhile stays as it is.
    """
    monkeypatch.setenv("ORDERLOOM_SYSTEM_OSS_INTERNET_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("ORDERLOOM_STORE", str(installed / "orderloom.db"))
    systems = "".join(f'[systems."{name}"]\n' for name in (*STANDARD, "studio"))
    (installed / "orderloom.toml").write_text(f'{systems}[rules]\nfolder = "."\n', encoding="utf-8")
    item = {"id": "1", "action": "add", "productOffering": {"id": "GADGET-Z"}}
    with Embedded(load()) as hub:

        def send(**said):
            hub.broker.publish("drop.web", "", json.dumps(said).encode(), Properties())

        def change(number, quantity):
            patch = {"productOrderItem": [{"id": "1", "quantity": quantity}]}
            send(**{"@type": "ProductOrderPatchRequest"}, requestId=number, orderId="W-1", productOrder=patch)

        def answers(verb, key, word):
            hub.broker.publish("reply.studio", "", f"S3|{verb}|{key}|1|{word}||END\n".encode(), Properties())

        send(**{"@type": "ProductOrder"}, externalId=[{"id": "W-1"}], productOrderItem=[item])
        [[_, do, first, *_], line] = told(hub, "system.studio.in")
        assert ("do", ["S2", "1", "GADGET-Z", "1", "END"]) == (do, line)

        change("P-1", 3)
        [[_, verb, key, earlier, *_], line] = told(hub, "system.studio.in")
        assert ("modify", first, "3") == (verb, earlier, line[3])
        answers(verb, key, "DONE")
        change("P-2", 5)
        [[_, verb, key, *_], line] = told(hub, "system.studio.in")
        assert ("modify", "5") == (verb, line[3])
        answers(verb, key, "LATE")
        assert "E_TOO_LATE" in refusal(hub, "P-2")

        answers("do", first, "CUT")
        [order] = {id_ for _, id_ in hub.store.find("W-1")}
        until("the milestone", lambda: ["cut"] == [line.milestone for line in hub.store.order(order).lines])
        change("P-3", 7)
        assert "past its point of no return (cut)" in refusal(hub, "P-3")
        assert 0 == hub.broker.depth("system.studio.in")


def refusal(hub, number):
    """What the shop is told of a change that is refused."""
    while (found := hub.broker.get("channel.web.out", 15.0)) is not None:
        hub.broker.ack(found)
        said = found.body.decode()
        if f'"{number}"' in said and '"refused"' in said:
            return said
    return ""

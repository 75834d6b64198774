"""
What stands outside of the hub and shares no code with it: adapters in JavaScript, a legacy program in C.
"""

from __future__ import annotations

import base64
import shutil
import subprocess
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.e2e.documents import purchase_order
from tests.support.hub import Process, running_hub
from tests.support.rabbit import until

pytestmark = pytest.mark.rabbitmq

EXAMPLES = Path(__file__).parents[2] / "examples"
# Whatever the JavaScript adapter does not carry out.
OTHERS = ("crm", "warehouse", "oss.mobile", "billing")


def made(folder, name, *command):
    """A copy of an example, built as its page says."""
    place = folder / name
    shutil.copytree(EXAMPLES / name, place, ignore=shutil.ignore_patterns("node_modules"))
    built = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=300, check=False)
    assert 0 == built.returncode, built.stdout + built.stderr
    return place


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    """The JavaScript adapters with what they need."""
    return made(tmp_path_factory.mktemp("examples"), "node", "npm", "ci", "--no-audit", "--no-fund")


@pytest.fixture
def hub(rabbit, tmp_path):
    """A hub with nothing running yet."""
    with running_hub(rabbit, tmp_path, split=True) as one:
        yield one


def start_node(hub, node, script, *arguments, said):
    """One adapter in JavaScript; ended with the hub."""
    started = Process(
        hub.folder / f"{script}.log",
        hub.environment,
        str(node / f"{script}.js"),
        hub.rabbit.url,
        *arguments,
        program="node",
    )
    hub.processes.append(started)
    started.until_said(said)
    return started


def start_worker(hub):
    """A worker that leaves channels and the internet system to others."""
    arguments = ("--name", "hub", "--channels", "none", "--systems", ",".join(OTHERS))
    hub.start("worker", "-m", "orderloom", "worker", *arguments).until_said("worker_started")


def test_orders_come_and_go_through_adapters_in_javascript(hub, node):
    """
    A pocket book in, an internet line out; a repeat makes no second order, what cannot be read is answered
    with its line, and a killed adapter costs nothing.
    """
    hub.simulators("calm", *OTHERS)
    start_worker(hub)
    inbound = start_node(hub, node, "inbound", said="taking pocket books")
    done = hub.folder / "done.txt"
    outbound = start_node(hub, node, "outbound", str(done), said="carrying out")
    readers = hub.readers()
    order = b"ORDER|P-1001\nITEM|HANDSET-A|1\nITEM|INTERNET-500|1\n"
    hub.drop(("web", order), ("web", order), ("web", b"ORDER|P-1002\nITEM|INTERNET-500|two\n"))
    hub.until("completed", lambda: {"completed": 1} == dict(hub.states()), 30)
    hub.until("the refusal", lambda: any(b"E_VALUE" in one.body for one in readers.kept))

    [refusal] = [one.body for one in readers.kept if b"E_VALUE" in one.body]
    assert b"line 2" in refusal
    inbound.kill()
    outbound.kill()
    hub.drop(("web", b"ORDER|P-1003\nITEM|INTERNET-500|1\n"))
    start_node(hub, node, "inbound", said="taking pocket books")
    start_node(hub, node, "outbound", str(done), said="carrying out")
    hub.until("both", lambda: {"completed": 2} == dict(hub.states()), 30)
    assert 2 == len(done.read_text().split())
    assert [] == list(hub.store.parked())


POCKET = """
import { Fault, read } from '%s'
try {
  console.log(JSON.stringify(read(Buffer.from(process.argv[1], 'base64'))))
} catch (error) {
  if (!(error instanceof Fault)) throw error
  console.log(`${error.fault.code} ${error.fault.where}`)
}
"""


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"ORDER|P-1\nITEM|CASE-01|2\n", '{"number":"P-1","items":[{"offering":"CASE-01","quantity":2}]}'),
        (b"ORDER|P-1\nITEM|CASE-01|2|BLACK\n", "E_VALUE line 2"),
        (b"ORDER|P-1|URGENT\nITEM|CASE-01|2\n", "E_VALUE line 1"),
        (b"ORDER|P-1\nITEM|CAS\xc9|2\n", "E_ENCODING message"),
        (b"", "E_MISSING line 1"),
    ],
)
def test_a_pocket_book_is_read_whole_or_not(body, said):
    """A field too many is not dropped, and a byte that is no character is not guessed."""
    script = POCKET % (EXAMPLES / "node" / "pocket.js").as_uri()
    command = ["node", "--input-type=module", "--eval", script, base64.b64encode(body).decode()]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)

    assert said == ran.stdout.strip()


def test_a_program_in_c_knows_nothing_but_its_two_queues(rabbit, tmp_path):
    """It drops an 850, and reads the 997, the 855 and the 870."""
    terminal = made(tmp_path, "c", "make") / "terminal"
    file = tmp_path / "order.edi"
    file.write_bytes(purchase_order("partner.acme", 1, ("PO-C1", "HANDSET-A")))
    (tmp_path / "hub").mkdir()
    with running_hub(rabbit, tmp_path / "hub") as hub:
        hub.simulators()
        hub.worker()
        parts = urlsplit(rabbit.url)
        broker = (
            parts.hostname,
            str(parts.port),
            parts.username,
            unquote(parts.password or ""),
            rabbit.vhost,
        )
        queues = ("channel.partner.in", "channel.partner.acme.out")
        said = subprocess.run(
            [str(terminal), *broker, *queues, str(file), "3"],
            capture_output=True, text=True, timeout=300, check=False,
        )  # fmt: skip
        until("the order", lambda: hub.order("PO-C1"))

        assert (0, "") == (said.returncode, said.stderr)
        kinds = [kind for kind in ("ST*997", "ST*855", "ST*870") if kind in said.stdout]
        assert ["ST*997", "ST*855", "ST*870"] == kinds
        assert "*PO-C1" in said.stdout

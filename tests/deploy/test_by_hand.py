"""
docker-compose.yml without Docker: private servers as it makes them, its very commands in its environment.

What is exchanged are the addresses alone: names of services and fixed ports for loopback and free ones.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from broker.private_node import PrivateNode
from broker.tools import Dropper
from orderloom.hub_topology import drop_exchange
from orderloom.settings import load
from orderloom.stores import open_store
from tests.deploy.compose import interpolated
from tests.deploy.test_compose import COMPOSE, OURS, ROOT, AsDeployed, orderloom
from tests.e2e.documents import purchase_order, web_order
from tests.support.hub import Process, free_port
from tests.support.rabbit import until

pytestmark = [pytest.mark.rabbitmq, pytest.mark.postgres, pytest.mark.long]

_START = 60.0
_STARTED = {"worker": "worker_started", "simulators": "ready"}
_CALL = ROOT / "orderloom" / "cli" / "story" / "native" / "callcenter-bundle.xml"
_TILL = ROOT / "orderloom" / "cli" / "story" / "native" / "store-log.xml"
_BATCH = ROOT / "tests" / "fixtures" / "directmail" / "in" / "fb-cp037.bin"


@dataclass
class ByHand:
    """
    Our services, each as a process.

    Args:
        addresses: What stands in the files, and what it is here.
        given: What somebody puts into ``.env``.
    """

    folder: Path
    addresses: dict[str, str]
    given: dict[str, str]
    processes: dict[str, Process] = field(default_factory=dict)

    def here(self, text: str) -> str:
        """The text with this machine's addresses and these passwords."""
        text = interpolated(text, self.given)
        for there, here in self.addresses.items():
            text = text.replace(there, here)
        return text

    def environment(self, service: dict[str, Any]) -> dict[str, str]:
        """What the container would have, with its mounted settings in a copy."""
        own = {key: self.here(value) for key, value in service.get("environment", {}).items()}
        for volume in service.get("volumes", []):
            source, target, *_ = volume.split(":")
            if (ROOT / source).is_file():
                copy = self.folder / Path(target).name
                copy.write_text(self.here((ROOT / source).read_text("utf-8")), "utf-8")
                own = {key: value.replace(target, str(copy)) for key, value in own.items()}
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("ORDERLOOM_")}
        # The image's port of the listener is nobody else's.
        return {**inherited, "ORDERLOOM_LISTENER_PORT": self.addresses["8622"], **own}

    def command(self, service: dict[str, Any]) -> list[str]:
        """Entry point and command, as arguments of this Python; the image's entry point is ``orderloom``."""
        entry = service.get("entrypoint", ["python", "-m", "orderloom"])
        assert entry[0] == "python"
        return [*entry[1:], *map(self.here, service.get("command", []))]

    def once(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command in the service's environment, to its end; without arguments: the service's own."""
        service = OURS[name]
        command = ["-m", "orderloom", *arguments] if arguments else self.command(service)
        return subprocess.run(
            [sys.executable, *command],
            env=self.environment(service),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=_START,
            check=False,
        )

    def start(self, name: str) -> None:
        """Start a service that stays."""
        service = OURS[name]
        log = self.folder / f"{name}.log"
        started = Process(log, self.environment(service), *self.command(service))
        self.processes[name] = started
        if name in _STARTED:
            started.until_said(_STARTED[name])

    def stop(self) -> dict[str, int]:
        """Exit statuses, in the order of starting turned round."""
        return {name: one.stop() for name, one in reversed(self.processes.items())}


@pytest.fixture
def by_hand(tmp_path, rabbit_node, postgres_server) -> Iterator[ByHand]:
    """RabbitMQ booted as Compose boots it, and PostgreSQL with the user and database that Compose makes."""
    store_password = urlsplit(postgres_server.url).password
    given = {"ORDERLOOM_BROKER_PASSWORD": "abc123", "ORDERLOOM_STORE_PASSWORD": store_password}
    version = rabbit_node.management.version()
    made = orderloom("topology", "definitions", "--for", "3.10" if version < (4, 0) else "4")
    user = interpolated(COMPOSE["configs"]["broker-user"]["content"], given)
    node = PrivateNode(tmp_path / "node", label="by-hand")
    node.plan = AsDeployed(
        node.folder,
        label="by-hand",
        user="orderloom",
        password="abc123",
        mounted={"10-orderloom.json": made.stdout, "20-user.json": user},
    )
    calls, listener = free_port(), free_port()
    addresses = {
        "@rabbitmq/": f"@127.0.0.1:{node.plan.amqp_port}/",
        "@rabbitmq:15672": f"@127.0.0.1:{node.plan.http_port}",
        "@postgres/orderloom": f"@127.0.0.1:{postgres_server.port}/orderloom",
        "8623": str(calls),
        "8622": str(listener),
    }
    postgres_server.execute("create database orderloom")
    with node:
        made_here = ByHand(tmp_path, addresses, given)
        try:
            yield made_here
        finally:
            for process in made_here.processes.values():
                if process.running:
                    process.kill()
                print(process.log.name, process.said()[-4000:], sep="\n")  # noqa: T201 (shown when it failed)
    postgres_server.execute("drop database orderloom with (force)")


def test_what_compose_starts_carries_an_order_of_each_channel(by_hand):
    """
    Services in the order of their dependencies; orders of all channels are completed; health checks say yes;
    every process ends when it is told to.
    """
    for name in _in_order():
        if OURS[name]["restart"] == "no":
            done = by_hand.once(name)
            assert 0 == done.returncode, done.stderr
        else:
            by_hand.start(name)
    settings = load(by_hand.folder / "orderloom.toml", by_hand.environment(OURS["worker"]))
    documents = {
        "web": web_order("WEB-1", "HANDSET-A", "INTERNET-500"),
        "partner": purchase_order("partner.acme", 1, ("PO-1", "HANDSET-A")),
        "directmail": _BATCH.read_bytes(),
        "callcenter": _CALL.read_bytes(),
        "store": _TILL.read_bytes(),
    }
    assert set(settings.channels) == set(documents)
    with Dropper(settings.broker.required()[0], name="senders") as senders:
        for channel, body in documents.items():
            senders.drop(drop_exchange(channel), channel, body, content_type="application/octet-stream")
    store = open_store(settings.store, create=False, patience=10.0)
    try:
        # One of the portal, of the partner, of the call centre, of the store; two in the batch.
        until("all orders completed", lambda: {"completed": 6} == dict(store.counts()), _START, 0.2)
    finally:
        store.close()
    for name, one in OURS.items():
        if "healthcheck" in one:
            kind, program, *arguments = one["healthcheck"]["test"]
            assert ("CMD", "orderloom") == (kind, program)
            said = by_hand.once(name, *arguments)
            assert 0 == said.returncode, said.stderr

    assert set() == {name for name, status in by_hand.stop().items() if status not in (0, -15)}


def _in_order() -> list[str]:
    """Our services, each behind those that it depends on."""
    found: list[str] = []
    while waiting := [name for name in OURS if name not in found]:
        ready = [name for name in waiting if {*OURS[name].get("depends_on", ())} & {*OURS} <= {*found}]
        assert ready, f"they depend on each other: {waiting}"
        found += ready
    return found

"""
One private RabbitMQ node for the whole test run, and a virtual host of its own for each test.

Loaded as a pytest plugin by ``tests/conftest.py``.  A test that kills a node makes its own.
With ``ORDERLOOM_RABBITMQ_ROOT``, a folder that deploy/setup/rabbitmq-4.sh made, all nodes are of its version.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from time import monotonic

import pytest

from broker.management import Management
from broker.private_node import PrivateNode
from broker.topology import Topology, apply

__all__ = ["Rabbit", "rabbit", "rabbit_node", "until", "virtual_host"]

_POLL = 0.02
_PATIENCE = 4

_ROOT = "ORDERLOOM_RABBITMQ_ROOT"
_COUNT = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Rabbit:
    """A fresh virtual host on the session's node."""

    node: PrivateNode
    vhost: str

    @property
    def url(self) -> str:
        """AMQP URL of this virtual host."""
        return self.node.url_for(self.vhost)

    @property
    def management_url(self) -> str:
        """URL of the node's management API."""
        return self.node.management_url

    @property
    def management(self) -> Management:
        """A client of the management API."""
        return self.node.management

    def apply(self, topology: Topology) -> None:
        """Declare at once: this node is not killed, so nothing has to grow old first."""
        apply(self.url, self.management_url, topology, safe_age=0.0)

    def depth(self, queue: str) -> int:
        """Messages in a queue, ready or held by a consumer; may lag by a second."""
        found = self.management.queue(self.vhost, queue)
        assert found is not None, f"no queue {queue!r}"
        return int(found.get("messages", 0))

    def close_connections(self, containing: str) -> int:
        """Break every connection into this virtual host whose name has that text; says how many."""
        names = [
            connection["name"]
            for connection in self.management.connections()
            if connection.get("vhost") == self.vhost
            and containing in str(connection.get("client_properties", {}).get("connection_name", ""))
        ]
        for name in names:
            self.management.close_connection(name, "broken by a test")
        return len(names)


def pytest_configure() -> None:
    """Put the programs of another RabbitMQ first on the path: whoever starts a node finds them there."""
    if root := os.environ.get(_ROOT):
        programs = Path(root).resolve() / "private-node"
        assert (programs / "rabbitmq-server").exists(), (
            f"${_ROOT}: no RabbitMQ in {root} (deploy/setup/rabbitmq-4.sh makes one)"
        )
        os.environ["PATH"] = f"{programs}{os.pathsep}{os.environ['PATH']}"


def pytest_report_header() -> list[str]:
    """Which RabbitMQ is meant, when it is not the installed one."""
    return [f"RabbitMQ of {os.environ[_ROOT]}"] if os.environ.get(_ROOT) else []


@pytest.fixture(scope="session")
def rabbit_node() -> Iterator[PrivateNode]:
    """The session's node; tests leave it running."""
    with PrivateNode(label="tests") as node:
        assert not os.environ.get(_ROOT) or node.management.version() >= (4, 0), (
            "another RabbitMQ than asked for"
        )
        yield node


@contextmanager
def virtual_host(node: PrivateNode) -> Iterator[Rabbit]:
    """A virtual host that nobody else sees, deleted at the end."""
    vhost = f"test-{next(_COUNT)}"
    node.management.put_vhost(vhost)
    yield Rabbit(node, vhost)
    node.management.delete_vhost(vhost)


@pytest.fixture
def rabbit(rabbit_node: PrivateNode) -> Iterator[Rabbit]:
    """A virtual host that no other test sees."""
    with virtual_host(rabbit_node) as made:
        yield made


def until(what: str, condition: Callable[[], object], limit: float = 15.0, every: float = _POLL) -> None:
    """
    Wait until ``condition()`` is true; fail saying ``what`` never came.

    Args:
        limit: Seconds that it may take on a machine with nothing else to do; it gets four times as long, for
            others may have the processor.  What comes in time costs nothing of it.
        every: Seconds between looks, for conditions that are not cheap.
    """
    pause = Event()
    limit *= _PATIENCE
    ends = monotonic() + limit
    while not condition():
        assert monotonic() < ends, f"not within {limit} s: {what}"
        pause.wait(every)

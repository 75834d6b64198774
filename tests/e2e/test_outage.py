"""
A system is away while orders come, on a real broker: calls stop, what waits is held, and goes on by itself.
"""

from __future__ import annotations

from collections import Counter

import pytest

from tests.e2e.documents import web_order
from tests.support.hub import running_hub

pytestmark = pytest.mark.rabbitmq

_COUNT = 30
# A probe may be a minute away.
_LIMIT = 120.0


@pytest.fixture
def hub(rabbit, tmp_path):
    """A hub in which an outage of four seconds holds what waits."""
    with running_hub(rabbit, tmp_path, hold_after=4) as made:
        yield made


def test_an_outage_is_a_wait_and_not_a_heap_of_failures(hub):
    """Nobody retries anything; each instruction is carried out once."""
    hub.simulators("calm", "crm", "billing")
    hub.worker()
    hub.drop(*(("web", web_order(f"W-{number}", "INTERNET-100")) for number in range(_COUNT)))
    hub.until("all are held", lambda: {"held": _COUNT} == dict(hub.states()), _LIMIT)
    [breaker] = hub.store.breakers()
    codes = Counter(
        line.code
        for number in range(_COUNT)
        for line in hub.order(f"W-{number}").lines
        if line.part == "internet"
    )
    said = hub.cli("now")

    assert ("oss.internet", "E_CALL_FAILED") == (breaker.system, breaker.code)
    assert breaker.opened is not None
    assert breaker.failures < _COUNT
    assert {"E_SYSTEM_DOWN": _COUNT} == codes
    assert "systems that calls do not reach\n  oss.internet" in said.out

    hub.simulators("calm", "oss.internet")
    hub.until("all completed", lambda: {"completed": _COUNT} == dict(hub.states()), _LIMIT)
    applied = Counter(one["key"] for one in hub.entries() if one.get("applied"))
    assert {1} == set(applied.values())
    assert () == tuple(hub.store.breakers())

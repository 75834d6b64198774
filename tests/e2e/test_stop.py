"""
SIGTERM: what was begun is finished, the rest is left for the next worker.
"""

from __future__ import annotations

import json
import signal
from time import monotonic

import pytest

from orderloom.simulators.orders import generate
from tests.e2e.run import Applied, Run
from tests.e2e.test_broker_loss import SCRIPT
from tests.support.rabbit import until

pytestmark = pytest.mark.rabbitmq

# Seconds: what a service manager grants before it kills.
_GRANTED = 10.0


def test_a_worker_that_is_told_to_stop_does_so_soon_and_loses_nothing(hub):
    """In the middle of a hundred orders: exit status 0 within ten seconds; the next worker ends them all."""
    script = hub.folder / "script.json"
    script.write_text(json.dumps(SCRIPT), "utf-8")
    hub.simulators(script)
    worker = hub.worker()
    run = Run(hub, hub.readers(), generate(33, 100), SCRIPT)
    run.drop()
    applied = Applied(hub.calls)
    until("some are applied", lambda: applied.count() >= 20)
    began = monotonic()
    assert 0 == worker.stop(_GRANTED + 5)
    assert _GRANTED > monotonic() - began
    assert "worker_stopped" in worker.said()
    hub.worker()
    run.until_every_order_has_its_state(90)
    run.until_told(30)

    assert [] == run.wrong()
    run.orders_kept()
    run.applied_once()
    run.gapless()
    run.last_words()
    run.answered()
    run.nothing_left()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_worker_stops_at_once(hub, number):
    """By a service manager or by Ctrl-C: exit status 0, and no stack trace."""
    worker = hub.worker()
    worker.signal(number)

    assert 0 == worker.wait(_GRANTED)
    assert "Traceback" not in worker.said()

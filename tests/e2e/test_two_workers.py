"""
Two worker processes on one PostgreSQL and one RabbitMQ; one of them is killed and the other goes on alone.
"""

from __future__ import annotations

from threading import Thread

import pytest

from orderloom.simulators.orders import Mix, generate
from orderloom.simulators.script import shipped
from tests.e2e.run import Applied, Run, load_script
from tests.support.hub import running_hub

pytestmark = [pytest.mark.rabbitmq, pytest.mark.postgres]

_COUNT = 150
_SEED = 31

# Seconds for a share of the instructions to be applied, and for the dead worker's lease and the rest.
_LIMIT = 120.0


@pytest.fixture
def hub(rabbit, postgres, tmp_path):
    """A hub with its queues on RabbitMQ and its tables in PostgreSQL."""
    with running_hub(rabbit, tmp_path) as made:
        made.environment["ORDERLOOM_STORE"] = postgres
        yield made


def second_worker(hub, name):
    """A worker beside the first, which has the listener."""
    started = hub.start(name, "-m", "orderloom", "worker", "--name", name, "--no-listener")
    started.until_said("worker_started")
    return started


def test_two_workers_carry_what_one_would_and_one_carries_on_when_the_other_dies(hub):
    """
    Every order ends as the oracle says, nothing is applied twice, no control number is left out or used
    twice, and everybody has been told the last state: with SIGKILL for one of the two in the middle.
    """
    hub.simulators("calm")
    worker = hub.worker()
    other = second_worker(hub, "other")
    orders = generate(_SEED, _COUNT, Mix(gadgets=0.01))
    run = Run(hub, hub.readers(), orders, load_script(shipped("calm")))
    applied = Applied(hub.calls)
    dropping = Thread(target=run.drop)
    dropping.start()
    total = sum(run.instructed.values())
    hub.until("a third applied", lambda: applied.count() >= total // 3, _LIMIT)
    other.kill()
    dropping.join()
    run.until_every_order_has_its_state(_LIMIT)
    run.until_told(30)

    assert [] == run.wrong()
    run.orders_kept()
    run.applied_once()
    run.gapless()
    run.last_words()
    run.answered()
    run.nothing_left()
    assert 0 == worker.stop()

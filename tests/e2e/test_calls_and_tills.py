"""
The call centre's and the tills' orders on a real broker: taken, refused, repeated, told how they end.
"""

from __future__ import annotations

from threading import Thread

import pytest

from orderloom.simulators.orders import Mix, generate
from orderloom.simulators.script import shipped
from tests.e2e.run import Applied, Run, load_script
from tests.support.hub import running_hub

pytestmark = pytest.mark.rabbitmq

_COUNT = 120
_SEED = 41
_MIX = Mix(web=0.1, cards=0.0, calls=0.4, tills=0.4, faulty=0.2, gadgets=0.02, repeat_after=40)

# Seconds for a share of the instructions to be applied, and for the rest.
_LIMIT = 120.0


@pytest.fixture(params=["joined", "split"])
def hub(request, rabbit, tmp_path):
    """A hub in each shape."""
    with running_hub(rabbit, tmp_path, split=request.param == "split") as made:
        yield made


def test_their_orders_are_carried_out_and_told_though_the_worker_is_killed(hub):
    """
    Every order ends as the oracle says, nothing is applied twice, and the last that everybody reads in SOAP
    or POSLog is how it ended.
    """
    hub.configure()
    hub.simulators("calm")
    worker = hub.worker()
    orders = generate(_SEED, _COUNT, _MIX)
    run = Run(hub, hub.readers(), orders, load_script(shipped("calm")))
    applied = Applied(hub.calls)
    dropping = Thread(target=run.drop)
    dropping.start()
    total = sum(run.instructed.values())
    hub.until("a third applied", lambda: applied.count() >= total // 3, _LIMIT)
    worker.kill()
    worker = hub.worker()
    dropping.join()
    run.until_every_order_has_its_state(_LIMIT)
    run.until_told(30)

    assert {"callcenter", "store"} < {order.channel for order in orders}
    assert {"accepted", "repeated", "rejected", "parked"} == {outcome.verdict for outcome in run.outcomes}
    assert [] == run.wrong()
    run.orders_kept()
    run.applied_once()
    run.last_words()
    run.answered()
    run.nothing_left()
    assert 0 == worker.stop()

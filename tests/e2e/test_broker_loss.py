"""
The broker dies, or loses everything, while orders are under way.
"""

from __future__ import annotations

import json

import pytest

from broker.port import BrokerUnavailable
from broker.private_node import PrivateNode
from orderloom.simulators.orders import generate
from tests.e2e.run import Applied, Run
from tests.support.hub import running_hub
from tests.support.rabbit import Rabbit, until

pytestmark = pytest.mark.rabbitmq

_COUNT = 100

# What systems do while the broker is what fails: mostly answer, some late, some twice, some with a no.  None
# says first that it will take longer: a broker that loses everything may lose the second word after the first
# was taken, and then nobody is asked again.
SCRIPT = {
    "behaviours": {
        "slow": {"behaviour": "slow", "delay": 0.5},
        "twice": {"behaviour": "duplicate", "repeat": "both", "then": 0.2},
    },
    "rules": [{"seeded": {"seed": 7, "shares": {"ok": 70, "slow": 17, "twice": 8, "rejected": 5}}}],
}


def begun(hub, seed):
    """Orders on their way: the systems have applied some of the instructions, every order is accepted."""
    script = hub.folder / "script.json"
    script.write_text(json.dumps(SCRIPT), "utf-8")
    hub.simulators(script)
    hub.worker()
    run = Run(hub, hub.readers(), generate(seed, _COUNT), SCRIPT)
    run.drop()
    applied = Applied(hub.calls)
    until("some are applied", lambda: applied.count() >= 0.2 * sum(run.instructed.values()), 60)
    return run


def ended(run):
    """Everything is as if nothing had happened."""
    run.until_every_order_has_its_state(90)
    run.until_told(30)
    assert [] == run.wrong()
    run.orders_kept()
    run.applied_once()
    run.last_words()
    run.hub.until_empty()


def test_orders_survive_a_broker_that_is_killed_and_restarted(tmp_path):
    """SIGKILL for RabbitMQ in the middle of a hundred orders; all find it again by themselves."""
    with PrivateNode(label="loss") as node, running_hub(Rabbit(node, "/"), tmp_path, answer_within=20) as hub:
        # What was confirmed into a queue that was declared less than a second ago is lost: see the design, 5.
        assert 0 == hub.cli("topology", "apply").status
        run = begun(hub, 31)
        node.kill()
        node.restart()
        ended(run)
        run.gapless()
        run.answered()


def test_accepted_orders_survive_a_broker_that_has_lost_everything(hub):
    """
    The virtual host is gone with every message, and made anew: what was sent and not answered goes out again,
    and every accepted order ends.  What the hub had not accepted is its sender's to send again.
    """
    run = begun(hub, 32)
    until("all are accepted", lambda: sum(hub.states().values()) == len(run.accepted), 60)
    management, vhost = hub.rabbit.management, hub.rabbit.vhost
    management.delete_vhost(vhost)
    management.put_vhost(vhost)
    until("the queues are there again", lambda: declared(hub), 60, every=0.5)
    ended(run)


def declared(hub):
    """Declare; not yet, while the broker is still busy with the end of the old queues of these names."""
    try:
        hub.declare()
    except BrokerUnavailable:
        return False
    return True

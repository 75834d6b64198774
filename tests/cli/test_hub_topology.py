"""What the hub wants of its broker, on the real one, and which queues a worker consumes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from kombu import Connection

from broker.memory import MemoryBroker
from broker.port import Result
from broker.topology import check
from orderloom.hub_topology import LaneKind, consumed, hub_topology, lanes
from orderloom.settings import load
from tests.cli.hub import ENDPOINTS, PROFILES
from tests.support.rabbit import Rabbit, until

SETTINGS = load(environment={})
HUB = hub_topology(SETTINGS, ENDPOINTS, PROFILES)


class TestNames:
    def test_every_queue_of_the_reference_world(self):
        """
        In, out, work, replies, the two for adapters on their own, the handles of what is parked, and four of
        the hub's own.
        """
        worked_on = {
            "channel.web.in",
            "channel.partner.in",
            "channel.directmail.in",
            "channel.callcenter.in",
            "channel.callcenter.out",
            "channel.store.in",
            "channel.store.0117.out",
            "channel.kiosk.in",
            "channel.web.out",
            "channel.partner.acme.out",
            "channel.partner.globex.out",
            "channel.directmail.printco.out",
            "channel.kiosk.mall-1.out",
            "system.crm.in",
            "system.crm.replies",
            "system.warehouse.in",
            "system.warehouse.replies",
            "system.billing.in",
            "system.billing.replies",
            "system.oss.mobile.in",
            "system.oss.mobile.replies",
            "system.oss.internet.work",
            "system.oss.internet.replies",
            "orders.in",
            "replies.in",
        }
        own = {"orders.recent", "status.recent", "unrouted", "hub.identity"}

        assert worked_on | {f"{name}.parked" for name in worked_on} | own == {one.name for one in HUB.queues}

    def test_two_endpoints_may_share_an_out_queue(self):
        """
        A queue is declared once, whoever reads it.
        """
        shared = (*ENDPOINTS, ENDPOINTS[0])

        assert HUB == hub_topology(SETTINGS, shared, PROFILES)

    def test_endpoints_of_channels_that_this_hub_does_not_serve_are_left_out(self):
        """
        Only the channels of the settings get queues.
        """
        only_web = replace(SETTINGS, channels={"web": SETTINGS.channels["web"]})
        found = hub_topology(only_web, ENDPOINTS, PROFILES)

        assert not [one.name for one in found.queues if "partner" in one.name]


class TestLanes:
    def test_a_worker_consumes_in_queues_replies_and_work(self):
        """
        Prefetch is twice the batch; of work, twice what can be called at one time.
        """
        assert {
            "channel.web.in": 400,
            "channel.partner.in": 400,
            "channel.directmail.in": 400,
            "channel.callcenter.in": 400,
            "channel.store.in": 400,
            "channel.kiosk.in": 400,
            "system.crm.replies": 400,
            "system.warehouse.replies": 400,
            "system.oss.internet.replies": 400,
            "system.oss.internet.work": 16,
            "system.oss.mobile.replies": 400,
            "system.billing.replies": 400,
            "orders.in": 400,
            "replies.in": 400,
        } == consumed(SETTINGS, PROFILES)

    def test_replies_have_twice_the_weight_of_intake(self):
        """
        What is begun is ended before more is begun.
        """
        weights = {lane.kind: lane.weight for lane in lanes(SETTINGS, PROFILES)}

        assert {
            LaneKind.CHANNEL: 1,
            LaneKind.COMMANDS: 1,
            LaneKind.REPLIES: 2,
            LaneKind.SAID: 2,
            LaneKind.WORK: 1,
        } == weights

    def test_a_worker_may_take_some_only(self):
        """
        One channel and one system; a system brings its replies and its work.  What adapters on their own send
        is everybody's.
        """
        some = lanes(SETTINGS, PROFILES, channels=["web"], systems=["oss.internet"])

        assert [
            "channel.web.in",
            "orders.in",
            "replies.in",
            "system.oss.internet.replies",
            "system.oss.internet.work",
        ] == [lane.queue for lane in some]


class TestOnABroker:
    def test_the_memory_broker_routes_what_is_dropped(self):
        """
        The sender's routing key does not matter; an announcement reaches its recent queue.
        """
        broker = MemoryBroker(HUB)

        assert Result.TAKEN is broker.publish("drop.web", "whatever", b"order")
        assert Result.TAKEN is broker.publish("reply.crm", "", b"reply")
        assert Result.TAKEN is broker.publish("orders", "order.submitted.web", b"announced")
        got = {name: broker.get(name) for name in ("channel.web.in", "system.crm.replies", "orders.recent")}

        assert [b"order", b"reply", b"announced"] == [one.body for one in got.values() if one]

    @pytest.mark.rabbitmq
    def test_rabbitmq_takes_it_all_and_shows_no_difference(self, rabbit: Rabbit):
        """
        Every policy is accepted by this version of the server, and in force.
        """
        rabbit.apply(HUB)

        assert () == check(rabbit.url, rabbit.management_url, HUB)

    @pytest.mark.rabbitmq
    def test_what_a_legacy_system_rejects_is_kept(self, rabbit: Rabbit):
        """
        A consumer of an out queue that rejects a message finds it in the parked queue.
        """
        rabbit.apply(HUB)
        with Connection(rabbit.url) as connection, connection.channel() as channel:
            connection.Producer(channel).publish("unreadable", routing_key="channel.web.out")
            until("it arrives", lambda: rabbit.depth("channel.web.out") == 1)
            message = channel.basic_get("channel.web.out")
            channel.basic_reject(message.delivery_tag, requeue=False)
            until("it is parked", lambda: rabbit.depth("channel.web.out.parked") == 1)

        [kept] = rabbit.management.get_messages(rabbit.vhost, "channel.web.out.parked")
        assert b"unreadable" == kept["body"]

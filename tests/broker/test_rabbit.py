"""The RabbitMQ driver: the contract on a real node."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kombu import Connection

from broker.port import Broker
from broker.rabbit import RabbitBroker
from tests.broker.contract import TOPOLOGY, BrokerContract
from tests.support.rabbit import Rabbit, until

pytestmark = pytest.mark.rabbitmq


class RabbitWorld:
    """The contract's world on a virtual host of the session's node."""

    def __init__(self, rabbit: Rabbit) -> None:
        self.rabbit = rabbit
        self._clients: list[Broker] = []

    def client(self, name: str = "hub") -> Broker:
        client = RabbitBroker(self.rabbit.url, name=name, watchdog=None)
        self._clients.append(client)
        return client

    def drop(self, queue: str, *bodies: bytes) -> None:
        with Connection(self.rabbit.url, transport_options={"confirm_publish": True}) as connection:
            for body in bodies:
                connection.default_channel.basic_publish_confirm(
                    connection.default_channel.prepare_message(body, properties={"delivery_mode": 2}),
                    routing_key=queue,
                )

    def depth(self, queue: str) -> int:
        with Connection(self.rabbit.url) as connection:
            return int(connection.default_channel.queue_declare(queue, passive=True).message_count)

    def held(self, queue: str) -> int:
        found = self.rabbit.management.queue(self.rabbit.vhost, queue) or {}
        return int(found.get("messages_unacknowledged", -1))

    def bodies(self, queue: str) -> list[bytes]:
        with Connection(self.rabbit.url) as connection:
            found = []
            while (message := connection.default_channel.basic_get(queue, no_ack=True)) is not None:
                found.append(message.body)
            return [one if isinstance(one, bytes) else one.encode() for one in found]

    def break_connections(self, name: str = "hub") -> None:
        until("connections listed", lambda: self.rabbit.close_connections(f"{name} ") >= 2)

    def block(self) -> None:
        self.rabbit.node.ctl("set_vm_memory_high_watermark", "0.00001")
        until("alarm in force", self.rabbit.management.alarmed)

    def unblock(self) -> None:
        self.rabbit.node.ctl("set_vm_memory_high_watermark", "0.4")
        until("alarm over", lambda: not self.rabbit.management.alarmed())

    def delete_queue(self, queue: str) -> None:
        self.rabbit.management.delete_queue(self.rabbit.vhost, queue)

    def declare_again(self) -> None:
        self.rabbit.apply(TOPOLOGY)

    def close(self) -> None:
        for client in self._clients:
            client.close()


class TestRabbitContract(BrokerContract):
    @pytest.fixture
    def world(self, rabbit: Rabbit) -> Iterator[RabbitWorld]:
        rabbit.apply(TOPOLOGY)
        world = RabbitWorld(rabbit)
        yield world
        world.close()

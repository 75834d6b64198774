"""Definitions and users on a real node: booted from the file nothing differs; nobody may more than said."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest
from amqp import Message
from amqp.exceptions import AccessRefused
from kombu import Connection

from broker.access import UserSpec, exactly, hashed, put_users
from broker.definitions import definitions
from broker.node_files import NodePlan
from broker.orphans import orphans
from broker.private_node import PrivateNode
from broker.shapes import PolicySpec
from broker.topology import BindingSpec, ExchangeSpec, QueueSpec, Topology, check
from tests.support.rabbit import Rabbit

HUB = Topology(
    owner="hub",
    exchanges=(
        ExchangeSpec(name="drop.web", type="fanout", alternate="unrouted"),
        ExchangeSpec(name="unrouted", type="fanout"),
    ),
    queues=(
        QueueSpec(name="web.in"),
        QueueSpec(name="web.out", limits={"max-length": 100, "overflow": "reject-publish"}),
        QueueSpec(name="unrouted"),
    ),
    bindings=(
        BindingSpec(exchange="drop.web", queue="web.in"),
        BindingSpec(exchange="unrouted", queue="unrouted"),
    ),
)
ADMIN = UserSpec(name="admin", configure=("x",), tags=("administrator",))
SENDER = UserSpec(name="web", write=("drop.web",), read=("web.out",))


@dataclass(slots=True)
class BootsFrom(NodePlan):
    """A node that imports definitions as it boots."""

    definitions: str = ""

    def _files(self) -> dict[str, str]:
        files = super(BootsFrom, self)._files()
        boot = f"{self.folder}/definitions.json"
        files["rabbitmq.conf"] += (
            f"definitions.import_backend = local_filesystem\ndefinitions.local.path = {boot}\n"
        )
        return {**files, "definitions.json": self.definitions}


@pytest.mark.rabbitmq
def test_a_node_that_boots_from_the_definitions_is_as_it_should_be(tmp_path, rabbit_node):
    """
    Queues, exchanges, bindings and policies are there, the users log in, and there is no guest.
    """
    version = rabbit_node.management.version()
    node = PrivateNode(tmp_path / "node", label="boots")
    users = [(ADMIN, node.plan.password), (SENDER, "secret-of-web")]
    text = json.dumps(definitions(HUB, version, "/", users))
    node.plan = BootsFrom(node.folder, label="boots", user="admin", password=node.plan.password)
    node.plan.definitions = text
    with node:
        # Who boots a node for real gives the hub's user its rights; here one user does both.
        node.ctl("set_permissions", "admin", ".*", ".*", ".*")
        differences = check(node.url, node.management_url, HUB)
        guest = node.management.find_user("guest")
        web = node.management.find_user("web")

    assert () == differences
    assert guest is None
    assert web is not None
    assert [] == web["tags"]


def test_a_hash_is_salt_and_digest():
    """
    The worked example of RabbitMQ's guide "Credentials and Passwords".
    """
    assert "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR" == hashed("test12", bytes.fromhex("908DC60A"))


@pytest.mark.parametrize(
    ("names", "pattern"),
    [
        ((), "^$"),
        (("drop.web",), r"^drop\.web$"),
        (("a.b", "c", "a.b"), r"^(a\.b|c)$"),
    ],
)
def test_a_permission_takes_its_names_only(names, pattern):
    """
    Anchored at both ends, dots escaped, alternatives in brackets.
    """
    assert pattern == exactly(names)


@pytest.mark.rabbitmq
class TestUsers:
    @pytest.fixture
    def passwords(self, rabbit: Rabbit):
        rabbit.apply(HUB)
        yield put_users(rabbit.management, rabbit.vhost, [SENDER])
        rabbit.management.delete_user("web")

    def test_a_sender_may_drop_and_read_its_answers_and_nothing_else(self, rabbit: Rabbit, passwords):
        """
        Neither the default exchange, nor another's queue, nor a look-alike, nor declaring.
        """
        url = rabbit.url.replace(
            f"{rabbit.node.plan.user}:{rabbit.node.plan.password}", f"web:{passwords['web']}"
        )
        with Connection(url) as link:

            def refused(act) -> bool:
                with link.channel() as channel:
                    try:
                        act(channel)
                    except AccessRefused:
                        return True
                    return False

            def publish(exchange):
                def act(channel):
                    channel.confirm_select()
                    channel.basic_publish_confirm(Message(b"x"), exchange, "web.in")

                return act

            may = [publish("drop.web"), lambda one: one.basic_get("web.out")]
            may_not = [
                publish(""),
                publish("unrouted"),
                lambda one: one.basic_get("web.in"),
                lambda one: one.queue_declare("web.out.more", durable=True, auto_delete=False),
                lambda one: one.queue_delete("web.out"),
                lambda one: one.queue_bind("web.out", "drop.web"),
            ]

            assert [False] * len(may) == [refused(act) for act in may]
            assert [True] * len(may_not) == [refused(act) for act in may_not]

    def test_setting_them_again_keeps_the_password(self, rabbit: Rabbit, passwords):
        """
        Also when the tags have to be put right.
        """
        before = rabbit.management.find_user("web")
        rabbit.management.put_user("web", {**before, "tags": "administrator"})
        again = put_users(rabbit.management, rabbit.vhost, [SENDER])
        after = rabbit.management.find_user("web")

        assert {} == again
        assert before == after


@pytest.mark.rabbitmq
def test_what_is_left_over_is_named(rabbit: Rabbit):
    """
    Queue, exchange, policy and a binding that copies; what others call their own is not.
    """
    rabbit.apply(HUB)
    old = Topology(
        owner="hub",
        exchanges=(ExchangeSpec(name="drop.fax", type="fanout", alternate="theirs"),
                   ExchangeSpec(name="theirs", type="fanout")),
        queues=(QueueSpec(name="web.old"), QueueSpec(name="mine")),
    )  # fmt: skip
    rabbit.apply(old)
    rabbit.management.put_policy(
        rabbit.vhost,
        PolicySpec(name="hub:queue:gone", pattern="^gone$", apply_to="queues", definition={"max-length": 1}),
    )
    with Connection(rabbit.url) as link, link.channel() as channel:
        channel.queue_bind("mine", "drop.web")
    found = orphans(rabbit.url, rabbit.management_url, HUB, queues=("web.",), exchanges=("drop.",))
    names = {one.name for one in found}

    assert {
        "queue 'web.old'",
        "exchange 'drop.fax'",
        "binding of queue 'mine' to exchange 'drop.web'",
        "policy 'hub:exchange:drop.fax'",
        "policy 'hub:queue:gone'",
    } == names - {"policy 'hub:queue:web.old'", "policy 'hub:queue:mine'"}

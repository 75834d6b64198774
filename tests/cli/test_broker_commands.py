"""Commands that speak to a real broker, and what they say without one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from broker.tools import Dropper
from orderloom.correlation.port import Changes
from tests.cli.hub import PARKED, Place
from tests.support.rabbit import Rabbit, until

RULES = {
    "routes/all.toml": """
[[route]]
name = "all"
why = "A hub with one system"
when = { }
  [[route.part]]
  name = "crm"
  system = "crm"
  [[route.test]]
  order = "samples/one.json"
  channel = "web"
  expect = ["crm"]
""",
    "routes/catalogue/one.toml": '[[offering]]\nid = "X-1"\nname = "X"\ncategory = "x"\n',
    "routes/samples/one.json": (
        '{"productOrderItem": [{"id": "1", "action": "add", "productOffering": {"id": "X-1"}}]}'
    ),
    "endpoints/web.portal.toml": (
        'id = "web.portal"\nchannel = "web"\nname = "Portal"\nout_queue = "channel.web.out"\n'
    ),
}


@pytest.fixture
def hub(place, rabbit) -> Place:
    """A hub with the channel web and the system crm, on a virtual host of its own."""
    (place.folder / "hub.toml").write_text("[channels.web]\n[systems.crm]\n[rules]\nfolder = '.'\n")
    for name, text in RULES.items():
        (place.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (place.folder / name).write_text(text)
    place.environment.update(
        ORDERLOOM_CONFIG=str(place.folder / "hub.toml"),
        ORDERLOOM_BROKER_URL=rabbit.url,
        ORDERLOOM_MANAGEMENT_URL=rabbit.management_url,
    )
    return place


@pytest.mark.rabbitmq
class TestTopology:
    def test_apply_makes_what_check_then_finds(self, hub):
        """
        Before: every missing thing by name, status 1.  After: one line, status 0.
        """
        before, applied, after = (hub.run("topology", one) for one in ("check", "apply", "check"))

        assert 1 == before.exit_code
        assert (
            "different: queue 'channel.web.in': is missing (should be a durable quorum queue)"
            in before.stdout
        )
        assert before.stderr.endswith("[E_TOPOLOGY]\n")
        assert (0, 0) == (applied.exit_code, after.exit_code)
        assert applied.stdout == after.stdout
        assert after.stdout.endswith("bindings: as they should be\n")

    def test_a_virtual_host_that_is_not_there_is_told_with_what_makes_it(self, hub, rabbit: Rabbit):
        """
        One sentence, from apply and check alike, and from what asks over AMQP alone.
        """
        hub.environment["ORDERLOOM_BROKER_URL"] = rabbit.url.replace(f"/{rabbit.vhost}", "/nope")
        for command in (("topology", "apply"), ("topology", "check"), ("drop", "web", "-")):
            ran = hub.run(*command, input_=b"{}")

            assert 2 == ran.exit_code
            assert ": vhost 'nope' not found (rabbitmqctl add_vhost nope, then " in ran.stderr
            assert 1 == len(ran.stderr.splitlines())

    def test_a_worker_on_a_blank_one_says_what_makes_it_ready(self, hub):
        """
        After everything that is missing.
        """
        ran = hub.run("worker")

        assert 2 == ran.exit_code
        assert "broker: queue 'channel.web.in': is missing" in ran.stderr
        assert "`orderloom topology apply` mends what is missing" in ran.stderr.splitlines()[-1]

    def test_a_drifted_queue_is_named(self, hub, rabbit: Rabbit):
        """
        Somebody deleted one in the console.
        """
        hub.run("topology", "apply")
        rabbit.management.delete_queue(rabbit.vhost, "system.crm.replies")
        shown = hub.run("topology", "check")

        assert 1 == shown.exit_code
        assert "queue 'system.crm.replies'" in shown.stdout


@pytest.mark.rabbitmq
class TestDrop:
    def test_a_wrong_password_is_one_sentence(self, hub, rabbit: Rabbit):
        """
        It names user and setting, not the library.
        """
        hub.environment["ORDERLOOM_BROKER_URL"] = rabbit.url.replace(rabbit.node.plan.password, "wrong")
        ran = hub.run("drop", "web", "-", input_=b"{}")

        assert 2 == ran.exit_code
        assert ran.stderr.endswith(
            ": user 'private' or its password is wrong (broker.url, $ORDERLOOM_BROKER_PASSWORD) [E_BROKER]\n"
        )
        assert "ACCESS_REFUSED" not in ran.stderr

    def test_the_bytes_are_on_the_channels_queue(self, hub, rabbit: Rabbit):
        """
        Unchanged, with a content type told from them.
        """
        hub.run("topology", "apply")
        (hub.folder / "order.json").write_bytes(b' {"a": 1}\n')
        shown = hub.run("drop", "web", "order.json")
        [message] = rabbit.management.get_messages(rabbit.vhost, "channel.web.in")

        assert (0, "10 B on drop.web, confirmed\n") == (shown.exit_code, shown.stdout)
        assert b' {"a": 1}\n' == message["body"]
        assert ("application/json", 2) == (
            message["properties"]["content_type"],
            message["properties"]["delivery_mode"],
        )

    def test_a_broker_without_the_exchange_is_told(self, hub):
        """
        Nobody applied the topology.
        """
        shown = hub.run("drop", "web", "-", input_=b"{}")

        assert 1 == shown.exit_code
        assert "topology" in shown.stderr
        assert shown.stderr.endswith("[E_BROKER]\n")


@pytest.mark.rabbitmq
class TestSweep:
    def test_the_handle_of_a_discarded_message_leaves_the_console(self, hub, rabbit: Rabbit, one_parked):
        """
        Others stay, and so does a newer one of the same message, which was parked again meanwhile.
        """
        hub.run("topology", "apply")
        queue = "channel.web.in.parked"
        with Dropper(rabbit.url) as dropper:
            for parked_id, attempt in ((PARKED, 1), ("other", 1), (PARKED, 2)):
                headers = {"x-parked-id": parked_id, "x-attempt": attempt}
                dropper.drop("", queue, b"{}", headers=headers)
        row = replace(one_parked.parked(), queue="channel.web.in")
        one_parked.write(Changes(parked={row.id: row}))
        told = hub.run("parked", "discard", PARKED, "--why", "test")
        until("one is gone", lambda: rabbit.depth(queue) == 2)
        left = [
            (one["properties"]["headers"]["x-parked-id"], one["properties"]["headers"]["x-attempt"])
            for one in rabbit.management.get_messages(rabbit.vhost, queue)
        ]

        assert (0, "") == (told.exit_code, told.stderr)
        assert [("other", 1), (PARKED, 2)] == left


class TestWithoutABroker:
    @pytest.mark.parametrize(
        "command",
        [["drop", "web", "-"], ["worker"]],
        ids=["drop", "worker"],
    )
    def test_a_command_that_needs_one_says_how_to_set_it(self, place, command):
        """
        One sentence, status 2.
        """
        shown = place.run(*command, input_=b"{}")

        assert 2 == shown.exit_code
        assert (
            "broker.url: is not set (an amqp or amqps url there, or in $ORDERLOOM_BROKER_URL) [E_CONFIG]\n"
            == shown.stderr
        )

    def test_one_that_cannot_be_reached_is_named_without_its_password(self, place):
        """
        Port 1 of this machine.
        """
        place.environment["ORDERLOOM_BROKER_URL"] = "amqp://hub:hunter2@127.0.0.1:1/"
        shown = place.run("drop", "web", "-", input_=b"{}")

        assert 2 == shown.exit_code
        assert shown.stderr.startswith("amqp://127.0.0.1:1/")
        assert shown.stderr.endswith("[E_BROKER]\n")
        assert "hunter2" not in shown.stderr

    def test_plain_text_to_another_machine_is_refused(self, place):
        """
        Before anything is sent.
        """
        place.environment["ORDERLOOM_BROKER_URL"] = "amqp://hub:x@rabbit.example/"
        shown = place.run("drop", "web", "-", input_=b"{}")

        assert 2 == shown.exit_code
        assert "plain amqp:// to 'rabbit.example'" in shown.stderr

    def test_an_unknown_channel_or_system_is_named_with_the_known(self, place):
        """
        A typing mistake costs one sentence.
        """
        dropped = place.run("drop", "wbe", "-", input_=b"{}")
        started = place.run("worker", "--systems", "crm,wharehouse")
        alone = place.run("adapter", "run", "wbe")

        channels = "web, partner, directmail, callcenter, store, kiosk"
        assert f"drop: unknown channel 'wbe' (one of {channels}) [E_CONFIG]\n" == dropped.stderr
        known = "crm, warehouse, oss.internet, oss.mobile, billing"
        assert f"--systems: unknown 'wharehouse' (none, or of {known}) [E_CONFIG]\n" == started.stderr
        assert f"CHANNEL: unknown channel 'wbe' (of {channels}) [E_CONFIG]\n" == alone.stderr

    def test_a_worker_may_leave_all_channels_to_their_adapters(self, place):
        """
        `none` is a choice; what is missing then is a broker.
        """
        started = place.run("worker", "--channels", "none", "--systems", "none")

        assert (2, True) == (started.exit_code, started.stderr.startswith("broker.url: is not set"))

    @pytest.mark.parametrize(
        ("length", "code"),
        [
            pytest.param(0, "E_EMPTY", id="empty"),
            pytest.param(8 * 1024 * 1024 + 1, "E_TOO_LARGE", id="over 8 MiB"),
        ],
    )
    def test_what_no_queue_may_hold_is_not_sent(self, place, length, code):
        """
        Status 1, and the code.
        """
        shown = place.run("drop", "web", "-", input_=bytes(length))

        assert (1, f"[{code}]") == (shown.exit_code, shown.stderr.split()[-1])

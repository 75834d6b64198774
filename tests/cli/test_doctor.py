"""``orderloom doctor``: an unsafe broker is refused, and every finding says what mends it."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest

from broker.doctor import examine
from broker.shapes import PolicySpec
from broker.topology import QueueSpec, Topology
from orderloom.clock_marks import SWEEP, mark
from orderloom.correlation.breaker_port import Breaker, BreakerChanges
from orderloom.correlation.port import Changes
from orderloom.correlation.sqlite import SqliteStore
from tests.cli.hub import Place
from tests.cli.test_broker_commands import RULES
from tests.support.rabbit import Rabbit, until


@pytest.fixture
def hub(place) -> Place:
    """A hub with the channel web and the system crm; no broker is set."""
    (place.folder / "hub.toml").write_text("[channels.web]\n[systems.crm]\n[rules]\nfolder = '.'\n")
    for name, text in RULES.items():
        (place.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (place.folder / name).write_text(text)
    place.environment["ORDERLOOM_CONFIG"] = str(place.folder / "hub.toml")
    return place


@pytest.fixture
def on_rabbit(hub, rabbit: Rabbit) -> Place:
    """The same with a virtual host of its own, and all that it needs there."""
    hub.environment.update(ORDERLOOM_BROKER_URL=rabbit.url, ORDERLOOM_MANAGEMENT_URL=rabbit.management_url)
    assert 0 == hub.run("topology", "apply").exit_code
    return hub


@pytest.mark.rabbitmq
class TestOnABroker:
    def test_a_safe_one_has_warnings_at_most(self, on_rabbit):
        """
        The tests log in as an administrator, which is one.
        """
        shown = on_rabbit.run("doctor")

        assert (0, "") == (shown.exit_code, shown.stderr)
        assert "unsafe" not in shown.stdout
        assert "warning: user 'private': the hub logs in as an administrator" in shown.stdout

    def test_a_wrong_password_is_mended_in_the_settings(self, on_rabbit, rabbit: Rabbit):
        """
        And a user who may not ask by a tag.
        """
        wrong = rabbit.management_url.replace(rabbit.node.plan.password, "wrong")
        on_rabbit.environment["ORDERLOOM_MANAGEMENT_URL"] = wrong
        refused = on_rabbit.run("doctor")
        rabbit.management.put_user("untagged", {"password": "untagged", "tags": ""})
        login = f"{rabbit.node.plan.user}:{rabbit.node.plan.password}"
        untagged = rabbit.management_url.replace(login, "untagged:untagged")
        on_rabbit.environment["ORDERLOOM_MANAGEMENT_URL"] = untagged
        without = on_rabbit.run("doctor")
        rabbit.management.delete_user("untagged")

        assert "mend: the right user and password: broker.url, $ORDERLOOM_BROKER_PASSWORD" in refused.stdout
        assert "set_user_tags" not in refused.stdout
        assert "mend: rabbitmqctl set_user_tags untagged monitoring" in without.stdout

    def test_guest_with_its_known_password_is_refused(self, on_rabbit, rabbit: Rabbit):
        """
        Another password is nobody's business here.
        """
        rabbit.management.put_user("guest", {"password": "guest", "tags": "administrator"})
        known = on_rabbit.run("doctor")
        rabbit.management.put_user("guest", {"password": "long and secret", "tags": ""})
        unknown = on_rabbit.run("doctor")
        rabbit.management.delete_user("guest")

        assert 1 == known.exit_code
        assert "unsafe: user 'guest'" in known.stdout
        assert "mend: rabbitmqctl delete_user guest" in known.stdout
        assert 0 == unknown.exit_code

    def test_a_policy_in_front_of_ours_is_named_with_what_clears_it(self, on_rabbit, rabbit: Rabbit):
        """
        Of higher priority, and with a delivery limit, which loses messages.
        """
        rabbit.management.put_policy(
            rabbit.vhost,
            PolicySpec(
                name="ops-all",
                pattern=r"^channel\.",
                apply_to="queues",
                definition={"delivery-limit": 3},
                priority=99,
            ),
        )
        shown = on_rabbit.run("doctor")

        assert 1 == shown.exit_code
        assert "unsafe: policy 'ops-all': applies to 4 of our queues" in shown.stdout
        assert f"mend: rabbitmqctl clear_policy -p {rabbit.vhost} 'ops-all'" in shown.stdout
        assert "channel.web.in (3)" in shown.stdout

    def test_an_operator_policy_is_named_as_such(self, on_rabbit, rabbit: Rabbit):
        """
        It narrows ours whatever the priority.
        """
        rabbit.node.ctl(
            "set_operator_policy", "-p", rabbit.vhost, "small", r"^system\.crm\.in$", '{"max-length": 5}'
        )
        shown = on_rabbit.run("doctor")

        assert 1 == shown.exit_code
        assert "unsafe: operator policy 'small': applies to 1 of our queues" in shown.stdout
        assert f"clear_operator_policy -p {rabbit.vhost} 'small'" in shown.stdout

    def test_an_alarm_is_told(self, on_rabbit, rabbit: Rabbit):
        """
        Publishers are held back by it.
        """
        rabbit.node.ctl("set_disk_free_limit", "100000GB")
        try:
            until("the alarm", rabbit.management.alarmed)
            shown = on_rabbit.run("doctor")
        finally:
            rabbit.node.ctl("set_disk_free_limit", "50MB")
            until("no alarm", lambda: not rabbit.management.alarmed())

        assert 1 == shown.exit_code
        assert "unsafe: alarm: in force (" in shown.stdout

    def test_what_is_missing_is_left_to_topology_apply(self, on_rabbit, rabbit: Rabbit):
        """
        The first difference, and how many more.
        """
        rabbit.management.delete_queue(rabbit.vhost, "system.crm.replies")
        shown = on_rabbit.run("doctor")

        assert 1 == shown.exit_code
        assert "differs from what the hub needs: queue 'system.crm.replies': is missing" in shown.stdout


class TestWithoutABroker:
    def test_an_unset_broker_is_unsafe(self, hub):
        """
        Store and rules are examined all the same.
        """
        shown = hub.run("doctor")

        assert 1 == shown.exit_code
        assert "unsafe: broker.url: is not set" in shown.stdout
        assert shown.stderr.endswith("[E_CONFIG]\n")

    def test_no_management_says_which_plugin(self, hub):
        """
        Port 1 of this machine.
        """
        hub.environment["ORDERLOOM_BROKER_URL"] = "amqp://hub:hunter2@127.0.0.1:1/"
        hub.environment["ORDERLOOM_MANAGEMENT_URL"] = "http://hub:hunter2@127.0.0.1:1"
        shown = hub.run("doctor")

        assert 1 == shown.exit_code
        assert "mend: rabbitmq-plugins enable rabbitmq_management" in shown.stdout
        assert "hunter2" not in shown.output

    @pytest.mark.parametrize("allow_plain", [False, True])
    def test_plain_text_to_another_machine_is_unsafe(self, allow_plain):
        """
        Allowed by the settings or not; a name that never resolves.
        """
        url = "amqp://hub:hunter2@rabbit.invalid/"
        findings = examine(url, "http://h:p@rabbit.invalid", Topology(owner="hub"), allow_plain=allow_plain)
        first = next(findings)

        assert "broker.url" == first.where
        assert "plain amqp:// to 'rabbit.invalid'" in first.what
        assert not first.warning

    def test_faults_of_the_rules_are_told(self, hub):
        """
        Each with file and key, as `routes check` has it.
        """
        (hub.folder / "routes/all.toml").write_text(RULES["routes/all.toml"].replace('"crm"', '"crmm"'))
        shown = hub.run("doctor")

        assert 1 == shown.exit_code
        assert "unsafe: rules: routes/all.toml" in shown.stdout

    def test_an_endpoint_without_an_adapter_is_a_warning(self, hub):
        """
        Its channel is not in the settings.
        """
        other = RULES["endpoints/web.portal.toml"].replace("web", "kiosk")
        (hub.folder / "endpoints/kiosk.portal.toml").write_text(other)
        shown = hub.run("doctor")

        assert "warning: endpoint 'kiosk.portal': its channel 'kiosk' has no adapter here" in shown.stdout

    def test_a_clock_that_is_set_and_does_not_sweep_is_a_warning(self, hub):
        """
        Workers do its work; without a clock in the settings nobody misses one.
        """
        without = hub.run("doctor")
        hub.environment["ORDERLOOM_CLOCK_URL"] = "amqp://127.0.0.1/clock"
        silent = hub.run("doctor")
        store = SqliteStore(hub.path)
        mark(store, SWEEP, datetime.now(UTC))
        store.close()
        living = hub.run("doctor")

        assert "clock" not in without.stdout
        assert "warning: clock: never swept; until it does, workers keep the time" in silent.stdout
        assert "mend: orderloom clock" in silent.stdout
        assert "clock" not in living.stdout

    def test_a_system_that_calls_do_not_reach_is_a_warning(self, hub):
        """
        It is mended there, and goes on by itself; a call that failed now and then is none.
        """
        at = datetime.now(UTC)
        away = Breaker("oss.internet", 7, at, at, "E_CALL_FAILED", "answered 503", at, opened=at)
        few = Breaker("crm", 1, at, at, "E_CALL_FAILED", "answered 503", at)
        hub.write(Changes(breakers=BreakerChanges({one.system: one for one in (few, away)})))
        shown = hub.run("doctor")

        assert "warning: system oss.internet: 7 calls failed, the first " in shown.stdout
        assert "answered 503" in shown.stdout
        assert "system crm" not in shown.stdout

    def test_a_store_that_anybody_may_read_or_that_is_no_store_is_unsafe(self, hub):
        """
        It holds names and addresses.
        """
        os.chmod(hub.path, 0o644)  # noqa: PTH101 (the fault itself)
        open_to_all = hub.run("doctor")
        hub.path.write_bytes(b"no database" * 100)
        damaged = hub.run("doctor")

        assert "unsafe: store: " in open_to_all.stdout
        assert "chmod 600" in open_to_all.stdout
        assert "unsafe: store: " in damaged.stdout


@pytest.mark.rabbitmq
def test_a_limit_that_the_topology_wants_is_no_finding(rabbit: Rabbit):
    """
    Only where the hub needs none.
    """
    wanted = Topology(owner="hub", queues=(QueueSpec(name="theirs", limits={"delivery-limit": 5}),))
    rabbit.apply(wanted)

    assert [] == [one for one in examine(rabbit.url, rabbit.management_url, wanted) if not one.warning]

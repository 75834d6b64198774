"""``orderloom topology``: what is left over, definitions, and users that suffice."""

from __future__ import annotations

import json
import stat
from urllib.parse import quote

import pytest

from tests.cli.hub import Place
from tests.cli.test_broker_commands import RULES
from tests.support.rabbit import Rabbit


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
    """The same with a virtual host of its own."""
    hub.environment.update(ORDERLOOM_BROKER_URL=rabbit.url, ORDERLOOM_MANAGEMENT_URL=rabbit.management_url)
    return hub


def as_user(place: Place, rabbit: Rabbit, name: str, password: str) -> None:
    """Let the commands log in as somebody else."""
    plan, login = rabbit.node.plan, f"{quote(name)}:{quote(password)}"
    for variable in ("ORDERLOOM_BROKER_URL", "ORDERLOOM_MANAGEMENT_URL"):
        url = str(place.environment[variable])
        place.environment[variable] = url.replace(f"{plan.user}:{plan.password}", login)


@pytest.mark.rabbitmq
class TestOnABroker:
    def test_diff_names_drift_and_what_is_left_over(self, on_rabbit, rabbit: Rabbit):
        """
        After a channel has gone from the settings its queues are told, and nothing is deleted.
        """
        on_rabbit.run("topology", "apply")
        clean = on_rabbit.run("topology", "diff")
        settings = on_rabbit.folder / "hub.toml"
        settings.write_text(settings.read_text().replace("[channels.web]", "[channels.partner]"))
        shown = on_rabbit.run("topology", "diff")

        assert 0 == clean.exit_code
        assert 1 == shown.exit_code
        assert "different: queue 'channel.partner.in': is missing" in shown.stdout
        assert "left over: queue 'channel.web.in': is there with 0 messages" in shown.stdout
        assert "left over: exchange 'drop.web'" in shown.stdout
        assert rabbit.management.queue(rabbit.vhost, "channel.web.in") is not None

    def test_its_users_can_do_their_work(self, on_rabbit, rabbit: Rabbit):
        """
        One declares everything, the other finds it as it should be and may not declare; the file of
        passwords is its owner's.
        """
        told = on_rabbit.run("topology", "users", "--apply", "passwords.txt")
        file = on_rabbit.folder / "passwords.txt"
        passwords = dict(line.split(" ", 1) for line in file.read_text().splitlines())
        try:
            as_user(on_rabbit, rabbit, "orderloom.deploy", passwords["orderloom.deploy"])
            applied = on_rabbit.run("topology", "apply")
            on_rabbit.environment.update(
                ORDERLOOM_BROKER_URL=rabbit.url, ORDERLOOM_MANAGEMENT_URL=rabbit.management_url
            )
            as_user(on_rabbit, rabbit, "orderloom", passwords["orderloom"])
            checked = on_rabbit.run("topology", "check")
            dropped = on_rabbit.run("drop", "web", "-", input_=b"{}")
        finally:
            for name in passwords:
                rabbit.management.delete_user(name)

        assert (0, "5 users set, 5 new") == (told.exit_code, told.stdout.splitlines()[-1])
        assert stat.S_IRUSR | stat.S_IWUSR == stat.S_IMODE(file.stat().st_mode)
        assert (0, "") == (applied.exit_code, applied.stderr)
        assert (0, "") == (checked.exit_code, checked.stderr)
        assert (0, "") == (dropped.exit_code, dropped.stderr)


def test_definitions_differ_by_server_version(hub):
    """
    4 wants to be told that there is no delivery limit; 3.10 would refuse it.
    """
    old, new = (
        json.loads(hub.run("topology", "definitions", "--for", version).stdout) for version in ("3.10", "4")
    )

    assert "delivery-limit" not in json.dumps(old)
    assert all(
        -1 == one["definition"]["delivery-limit"] for one in new["policies"] if one["apply-to"] == "queues"
    )
    assert old["queues"] == new["queues"]
    assert [] == new["users"]


def test_definitions_hold_hashes_of_the_passwords_that_are_given(hub):
    """
    Never a password; the file is its owner's only.
    """
    (hub.folder / "passwords.txt").write_text("channel.web hunter2\n")
    hub.run(
        "topology", "definitions", "--for", "4", "--users", "passwords.txt", "--output", "definitions.json"
    )
    file = hub.folder / "definitions.json"
    found = json.loads(file.read_text())

    assert ["channel.web"] == [one["name"] for one in found["users"]]
    assert {"configure": "^$", "write": r"^drop\.web$", "read": r"^channel\.web\.out$"} == {
        verb: found["permissions"][0][verb] for verb in ("configure", "write", "read")
    }
    assert "hunter2" not in file.read_text()
    assert 0 == stat.S_IMODE(file.stat().st_mode) & (stat.S_IRWXG | stat.S_IRWXO)


def test_a_password_of_nobody_is_refused_by_line(hub):
    """
    A typing mistake must not leave a user without a login.
    """
    (hub.folder / "passwords.txt").write_text("channel.wbe hunter2\n")
    shown = hub.run("topology", "definitions", "--for", "4", "--users", "passwords.txt")

    assert 2 == shown.exit_code
    assert shown.stderr.startswith("passwords.txt, line 1: no user 'channel.wbe'")


def test_users_are_printed_without_a_broker(hub):
    """
    Senders and systems write to one exchange each and never to the default one.
    """
    shown = hub.run("topology", "users")
    others = shown.stdout.partition("channel.web\n")[2]

    assert 0 == shown.exit_code
    assert "amq" not in others
    assert r"^reply\.crm$" in others

"""
docker-compose.yml and what it mounts, as far as that can be known without a Docker engine.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from broker.node_files import NodePlan
from broker.private_node import PrivateNode
from orderloom.settings import Url, load
from tests.deploy.compose import interpolated, read
from tests.docs.test_fences import fault
from tests.support.hub import Process, free_port

ROOT = Path(__file__).parents[2]
RABBITMQ = ROOT / "deploy" / "rabbitmq"
TEXT = (ROOT / "docker-compose.yml").read_text("utf-8")
COMPOSE = read(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: one for name, one in SERVICES.items() if one["image"] == "orderloom"}

# Compose Specification, as far as it is used here.
KEYS = {
    "build", "command", "configs", "depends_on", "entrypoint", "environment", "healthcheck", "hostname",
    "image", "network_mode", "ports", "profiles", "restart", "stop_grace_period", "volumes",
}  # fmt: skip
CONDITIONS = {"service_started", "service_healthy", "service_completed_successfully"}


@dataclass(slots=True)
class AsDeployed(NodePlan):
    """A node with the configuration that Compose mounts, on the ports and in the folder of a private one."""

    mounted: dict[str, str] = field(default_factory=dict)

    def _files(self) -> dict[str, str]:
        files = super(AsDeployed, self)._files()
        conf = (RABBITMQ / "rabbitmq.conf").read_text()
        conf = conf.replace("/etc/rabbitmq/definitions.d", f"{self.folder}/log/definitions.d")
        # The machine of a test may have less than 2 GB to spare.
        private = re.sub(
            r"^(default_user|default_pass|disk_free).*\n", "", files["rabbitmq.conf"], flags=re.MULTILINE
        )
        conf = conf.replace("2GB", "50MB")
        (self.folder / "log" / "definitions.d").mkdir(exist_ok=True)
        mounted = {f"log/definitions.d/{name}": text for name, text in self.mounted.items()}
        plugins = (RABBITMQ / "enabled_plugins").read_text()
        return {**files, "rabbitmq.conf": private + conf, "enabled_plugins": plugins, **mounted}


def orderloom(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Our command in a process of its own, with the defaults that ship."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("ORDERLOOM_")}
    return subprocess.run(
        [sys.executable, "-m", "orderloom", *arguments],
        env={**inherited, **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_known_keys_and_depends_on_what_there_is(name):
    """
    A misspelt key would be refused on the day of the deployment.
    """
    one = SERVICES[name]
    needed = one.get("depends_on", {})

    assert set() == set(one) - KEYS
    assert set() == set(needed) - set(SERVICES)
    assert {how["condition"] for how in needed.values()} <= CONDITIONS
    assert all("healthcheck" in SERVICES[on] for on, how in needed.items() if "healthy" in how["condition"])
    assert one.get("restart") in ("no", "unless-stopped")


def test_everything_that_lasts_has_a_health_check():
    """
    One-shot and simulated ones aside, and the clock, which ends itself when it hears nothing.
    """
    assert {"rabbitmq", "postgres", "worker"} == {
        name for name, one in SERVICES.items() if "healthcheck" in one
    }


def test_what_is_mounted_is_there():
    """
    Docker would make an empty folder of a missing file, without a word.
    """
    for one in SERVICES.values():
        for volume in one.get("volumes", []):
            source = volume.split(":")[0]
            assert (ROOT / source).is_file() if source.startswith(".") else source in COMPOSE["volumes"]
        for config in one.get("configs", []):
            assert config["source"] in COMPOSE["configs"]


def test_only_loopback_is_published():
    """
    Whoever wants more decides so.
    """
    ports = [port for one in SERVICES.values() for port in one.get("ports", [])]

    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_no_secret_is_written_down():
    """
    Each password is a mandatory variable; without it Compose does not start.
    """
    named = re.findall(r"(?:password\"?|PASSWORD): (.*)", TEXT)

    assert len(named) >= 4
    assert all("${ORDERLOOM_" in one and ":?" in one for one in named)
    with pytest.raises(AssertionError, match="ORDERLOOM_BROKER_PASSWORD"):
        interpolated(TEXT, {"ORDERLOOM_STORE_PASSWORD": "x"})


def test_the_definitions_are_what_the_command_makes():
    """
    ``orderloom topology definitions --for 4 --output deploy/rabbitmq/definitions.json`` mends it.
    """
    made = orderloom("topology", "definitions", "--for", "4")

    assert "" == made.stderr
    assert made.stdout == (RABBITMQ / "definitions.json").read_text()


@pytest.mark.parametrize("name", OURS)
def test_the_commands_exist(name):
    """
    Of services and health checks, with every option.
    """
    one = OURS[name]
    lines = [" ".join(["orderloom", *one["command"]])] if "entrypoint" not in one else []
    lines += [" ".join(one["healthcheck"]["test"][1:])] if "healthcheck" in one else []

    assert [] == [found for line in lines if (found := fault(line))]


def test_the_worker_finds_its_settings():
    """
    File and environment together: both passwords are where they belong, and the store is PostgreSQL's.
    """
    given = {"ORDERLOOM_BROKER_PASSWORD": "abc123", "ORDERLOOM_STORE_PASSWORD": "def456"}
    environment = {
        key: interpolated(value, given) for key, value in SERVICES["worker"]["environment"].items()
    }
    settings = load(ROOT / "deploy" / "orderloom.toml", environment)

    assert ("amqp://orderloom:abc123@rabbitmq/", "http://orderloom:abc123@rabbitmq:15672") == (
        settings.broker.required()
    )
    assert settings.broker.allow_plain
    assert Url("postgresql://orderloom:def456@postgres/orderloom") == settings.store
    assert "http://127.0.0.1:8623" == settings.systems["oss.internet"].url


def test_the_clock_finds_its_settings():
    """
    The virtual host and the user that the broker's second file makes, and the worker's store.
    """
    given = {"ORDERLOOM_BROKER_PASSWORD": "abc123", "ORDERLOOM_STORE_PASSWORD": "def456"}
    environment = {key: interpolated(value, given) for key, value in SERVICES["clock"]["environment"].items()}
    settings = load(ROOT / "deploy" / "orderloom.toml", environment)
    made = json.loads(interpolated(COMPOSE["configs"]["broker-user"]["content"], given))
    [user] = [one for one in made["users"] if one["name"] == "orderloom.clock"]
    [may] = [one for one in made["permissions"] if one["user"] == "orderloom.clock"]

    assert "amqp://orderloom.clock:abc123@rabbitmq/clock" == settings.clock.required()
    assert ("abc123", []) == (user["password"], user["tags"])
    assert ("clock", "^clock$", "^clock$", "^clock$") == (
        may["vhost"],
        may["configure"],
        may["write"],
        may["read"],
    )
    assert {"name": "clock"} in made["vhosts"]
    assert Url("postgresql://orderloom:def456@postgres/orderloom") == settings.store


def test_the_simulators_are_all_systems_of_the_settings_and_start(tmp_path):
    """
    A system that nobody simulates would be silent.  The very command, with the broker away: it tries on.
    """
    one = SERVICES["simulators"]
    command = [interpolated(word, {"ORDERLOOM_BROKER_PASSWORD": "x"}) for word in one["command"]]
    command = [re.sub(r"^amqp:.*", "amqp://orderloom:x@127.0.0.1:1/", word) for word in command]
    command[command.index("--http-port") + 1] = str(free_port())
    assert set(load(environment={}).systems) <= set(command)
    process = Process(tmp_path / "simulators.log", os.environ, *one["entrypoint"][1:], *command)
    try:
        assert process.running
    finally:
        process.signal(15)
        status = process.wait()

    assert "usage:" not in process.said()
    assert status in (0, -15)


def test_the_image_has_what_the_package_needs():
    """
    Each folder that the Dockerfile copies is there and not ignored, and nothing that ships is left out.
    """
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text()
    lines = re.findall(r"^COPY (.*) \S+$", dockerfile, re.MULTILINE)
    copied = {word for line in lines for word in line.split()}
    kept = set(re.findall(r"^!(\S+)$", (ROOT / ".dockerignore").read_text(), re.MULTILINE))

    assert kept == copied
    assert all((ROOT / one).exists() for one in copied)
    assert {
        "canonical",
        "adapters",
        "routes",
        "broker",
        "orderloom",
        "endpoints",
        "requirements.lock",
    } <= kept


@pytest.mark.rabbitmq
def test_a_node_that_boots_as_compose_boots_it_serves_the_hub(tmp_path, rabbit_node):
    """
    The mounted configuration, plugins and user on a blank node, with the definitions of its own version:
    no guest, `topology check` finds nothing, `topology apply` has the rights to repeat it.
    """
    old = rabbit_node.management.version() < (4, 0)
    made = orderloom("topology", "definitions", "--for", "3.10" if old else "4")
    password = {"ORDERLOOM_BROKER_PASSWORD": "abc123"}
    user = interpolated(COMPOSE["configs"]["broker-user"]["content"], password)
    node = PrivateNode(tmp_path / "node", label="compose")
    node.plan = AsDeployed(
        node.folder,
        label="compose",
        user="orderloom",
        password="abc123",
        mounted={"10-orderloom.json": made.stdout, "20-user.json": user},
    )
    assert json.loads(user)["users"]
    with node:
        where = {"ORDERLOOM_BROKER_URL": node.url, "ORDERLOOM_MANAGEMENT_URL": node.management_url}
        checked = orderloom("topology", "check", **where)
        applied = orderloom("topology", "apply", **where)
        users = node.ctl("list_users").split()
        clock = node.ctl("list_permissions", "-p", "clock").split()

    assert (0, "") == (checked.returncode, checked.stderr)
    assert (0, "") == (applied.returncode, applied.stderr)
    assert "guest" not in users
    assert ["orderloom.clock", "^clock$", "^clock$", "^clock$"] == clock[-4:]

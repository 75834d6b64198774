"""
The files and variables of a private RabbitMQ node: where its programs are, what it is told.

Everything is kept in one folder and on 127.0.0.1, so that a node of the machine is never met.
Keys and variables: RabbitMQ guides "Configuration" and "Networking"; the same on 3.10 and 4.x.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["NodeMissing", "NodePlan", "Programs", "find_programs"]

# Where Debian and Ubuntu keep the server's own scripts.
_FOLDERS = (Path("/usr/lib/rabbitmq/bin"),)

# The range that rabbitmqctl binds for itself; a listener there kills the node (guide "Networking").
_RESERVED = range(35672, 35683)
# Below the ephemeral range, so that no outgoing connection takes a port while the node is down.
_PORTS = range(21000, 32000)

_PLUGINS = "[rabbitmq_management,rabbitmq_shovel,rabbitmq_shovel_management].\n"

# Names are resolved without /etc/hosts, which a bare system may lack.
_INETRC = '{host, {127,0,0,1}, ["localhost"]}.\n{lookup, [file, native]}.\n'

# Quorum queues tell their numbers, and the console samples them, every 5 s unless told otherwise;
# people at the demonstration and tests wait for both.  One second is the least the console takes.
_ADVANCED = """[
  {rabbit, [{quorum_tick_interval, 500}]},
  {rabbitmq_management, [{sample_retention_policies, [
    {global, [{605, 1}, {3660, 60}, {29400, 600}, {86400, 1800}]},
    {basic, [{605, 1}, {3600, 60}]},
    {detailed, [{605, 1}]}
  ]}]}
].
"""

_LOOPBACK_DISTRIBUTION = "-kernel inet_dist_use_interface {127,0,0,1}"


class NodeMissing(Exception):
    """RabbitMQ is not installed; the text says what to install."""


@dataclass(frozen=True, slots=True)
class Programs:
    """The server's own scripts (not the distribution's wrapper, which insists on its user) and epmd."""

    server: Path
    ctl: Path
    epmd: Path


def find_programs() -> Programs:
    """
    Find the installed RabbitMQ: the one that the path leads to, else the distribution's.

    Raises:
        NodeMissing: With the package to install.
    """
    beside = shutil.which("rabbitmq-server")
    folders = [Path(beside).resolve().parent] if beside is not None else []
    folders += _FOLDERS
    epmd = shutil.which("epmd")
    for folder in folders:
        if (folder / "rabbitmq-env").exists() and epmd is not None:
            return Programs(folder / "rabbitmq-server", folder / "rabbitmqctl", Path(epmd))
    raise NodeMissing(
        "rabbitmq-server: not installed "
        "(Debian, Ubuntu: apt-get install --no-install-recommends rabbitmq-server)"
    )


@dataclass(slots=True)
class NodePlan:
    """
    What one node is called, where it listens and where it keeps its things.

    Args:
        folder: Data, log and configuration; made when missing.
        schedulers: Erlang scheduler threads, that is, cores it may use.
    """

    folder: Path
    label: str = "private"
    schedulers: int = 1
    vhost: str = "/"
    user: str = "private"
    password: str = field(default_factory=lambda: secrets.token_hex(12))
    amqp_port: int = 0
    http_port: int = 0
    epmd_port: int = 0
    distribution_port: int = 0

    def __post_init__(self) -> None:
        ports = _free_ports(4)
        self.amqp_port, self.http_port, self.epmd_port, self.distribution_port = ports

    @property
    def node_name(self) -> str:
        """Unique on this machine: the label and a port that is ours."""
        return f"{self.label}-{self.amqp_port}@localhost"

    def write(self) -> None:
        """Write every file the node reads."""
        for name in ("data", "log", "home"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        for name, text in self._files().items():
            (self.folder / name).write_text(text, encoding="utf-8")
        cookie = self.folder / "home" / ".erlang.cookie"
        if not cookie.exists():
            cookie.write_text(secrets.token_hex(20), encoding="ascii")
            cookie.chmod(0o400)

    def environment(self) -> dict[str, str]:
        """The variables for the server and for rabbitmqctl."""
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("RABBITMQ_")}
        own = {
            "HOME": self.folder / "home",
            "ERL_EPMD_PORT": self.epmd_port,
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_INETRC": self.folder / "inetrc",
            "LC_ALL": "C.UTF-8",
            "RUNNING_UNDER_SYSTEMD": "true",  # the script then becomes the server: one pid to watch
            "RABBITMQ_CONF_ENV_FILE": self.folder / "env.conf",
            "RABBITMQ_CONFIG_FILE": self.folder / "rabbitmq.conf",
            "RABBITMQ_ADVANCED_CONFIG_FILE": self.folder / "advanced.config",
            "RABBITMQ_ENABLED_PLUGINS_FILE": self.folder / "enabled_plugins",
            "RABBITMQ_GENERATED_CONFIG_DIR": self.folder / "generated",
            "RABBITMQ_MNESIA_BASE": self.folder / "data",
            "RABBITMQ_LOG_BASE": self.folder / "log",
            "RABBITMQ_NODENAME": self.node_name,
            "RABBITMQ_DIST_PORT": self.distribution_port,
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                f"+S {self.schedulers}:{self.schedulers} +sbwt none +sbwtdcpu none +sbwtdio none "
                f"{_LOOPBACK_DISTRIBUTION}"
            ),
            "RABBITMQ_CTL_ERL_ARGS": f"+S 1:1 +sbwt none {_LOOPBACK_DISTRIBUTION}",
        }
        return inherited | {key: str(value) for key, value in own.items()}

    def _files(self) -> dict[str, str]:
        conf = {
            "listeners.tcp.1": f"127.0.0.1:{self.amqp_port}",
            "management.tcp.ip": "127.0.0.1",
            "management.tcp.port": self.http_port,
            "default_user": self.user,
            "default_pass": self.password,
            "default_vhost": self.vhost,
            "default_user_tags.administrator": "true",
            "collect_statistics_interval": 500,
            "disk_free_limit.absolute": "50MB",
            "raft.wal_max_size_bytes": 64 * 1024 * 1024,  # the default of 512 MB fills small disks
        }
        return {
            "rabbitmq.conf": "".join(f"{key} = {value}\n" for key, value in conf.items()),
            "advanced.config": _ADVANCED,
            "enabled_plugins": _PLUGINS,
            "inetrc": _INETRC,
            "env.conf": "",
        }


def _free_ports(count: int) -> list[int]:
    found: list[int] = []
    while len(found) < count:
        port = secrets.choice(_PORTS)
        if port not in found and port not in _RESERVED and _is_free(port):
            found.append(port)
    return found


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True

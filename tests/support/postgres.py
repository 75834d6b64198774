"""
One private PostgreSQL for the whole test run, and a schema of its own for each test.

Loaded as a pytest plugin by ``tests/conftest.py``.  A test that stops or kills a server makes its own.
``python -m tests.support.postgres`` starts one for people, says its URL, and stops it when its input ends.
"""

from __future__ import annotations

import itertools
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Self

import psycopg
import pytest

__all__ = ["Postgres", "postgres", "postgres_server"]

# Seconds; a loaded machine needs several times what a free one does.
_START = 60.0
_STOP = 30.0
_POLL = 0.02

_COUNT = itertools.count(1)

# Newest first; then whatever the path has (other distributions).
_PROGRAMS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda one: -float(one.parent.name))

# PostgreSQL refuses to run as root.
_USERS = ("postgres", "nobody")

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "50",
    "shared_buffers": "32MB",
    # No checkpoint in the middle of a run: each schema is eighty files to be synced.
    "checkpoint_timeout": "1h",
    "max_wal_size": "4GB",
    # A deadlock that a test forces is found sooner; a hub takes the server's own second.
    "deadlock_timeout": "100ms",
    "log_line_prefix": "%m [%p] ",
}


class Postgres:
    """
    A server in a folder of its own, on a free port of 127.0.0.1.

    Args:
        label: Begins the folder's name.
        settings: More of ``postgresql.conf``.
    """

    def __init__(self, label: str = "postgres", settings: Mapping[str, str] | None = None) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=f"{label}-"))
        self.log = self.folder / "server.log"
        self.port = _free_port()
        self._password = secrets.token_hex(8)
        self._settings = {**_SETTINGS, "port": str(self.port), **(settings or {})}
        self._server: subprocess.Popen[bytes] | None = None
        self._as_user, owner = _other_user()
        if owner is not None:
            os.chown(self.folder, *owner)

    def __enter__(self) -> Self:
        try:
            self._make()
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def url(self) -> str:
        """The database; every store in it shares one schema."""
        return self.url_at(self.port)

    def url_at(self, port: int) -> str:
        """The database, reached through another port."""
        return f"postgresql://orderloom:{self._password}@127.0.0.1:{port}/postgres"

    @property
    def pid(self) -> int:
        """Of the server; its sessions are children of it."""
        assert self._server is not None, "it does not run"
        return self._server.pid

    @property
    def version(self) -> str:
        """As it names itself: ``15.14``."""
        [(version,)] = self.execute("show server_version")
        return str(version)

    def new_schema(self, name: str = "") -> str:
        """The URL of a schema that is empty."""
        name = name or f"test_{next(_COUNT)}"
        self.execute(f"create schema {name}")
        return f"{self.url}?options=-csearch_path%3D{name}"

    def execute(self, statement: str) -> list[tuple[object, ...]]:
        """Run a statement as the server's owner."""
        with psycopg.connect(self.url, autocommit=True) as db:
            done = db.execute(statement)
            return done.fetchall() if done.description else []

    def start(self) -> None:
        """Start, and wait until it takes connections."""
        options = [f"-c{name}={value}" for name, value in self._settings.items()]
        with self.log.open("ab") as log:
            self._server = subprocess.Popen(
                [*self._as_user, _program("postgres"), "-D", str(self.folder / "data"), *options],
                stdout=log,
                stderr=log,
            )
        ends, pause = monotonic() + _START, Event()
        while not self._serves():
            assert self._server.poll() is None, f"PostgreSQL did not start:\n{self.log.read_text()[-2000:]}"
            assert monotonic() < ends, f"PostgreSQL did not start in time:\n{self.log.read_text()[-2000:]}"
            pause.wait(_POLL)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT breaks connections off and keeps everything; SIGQUIT is the end at once, as in a crash."""
        if self._server is not None:
            self._server.send_signal(how)
            self._server.wait(_STOP)
            self._server = None

    def _make(self) -> None:
        secret = self.folder / "password"
        secret.write_text(self._password)
        secret.chmod(0o644)
        made = subprocess.run(
            [
                *self._as_user,
                _program("initdb"),
                f"--pgdata={self.folder / 'data'}",
                f"--pwfile={secret}",
                *(
                    "--username=orderloom",
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                    "--no-locale",
                    "--no-sync",
                ),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        assert made.returncode == 0, f"initdb failed: {made.stdout}{made.stderr}"

    def _serves(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True


def _program(name: str) -> str:
    """Its path; a machine without PostgreSQL is told what to install by ``make test``."""
    found = [str(one / name) for one in _PROGRAMS if (one / name).exists()] or [shutil.which(name) or ""]
    assert found[0], f"{name} is not on this machine: run deploy/setup/postgresql.sh"
    return found[0]


def _other_user() -> tuple[list[str], tuple[int, int] | None]:
    """
    How a program is run that ends with us, however we end; for root also as somebody else, and who that is.

    The kernel sends the signal when the thread that started the program ends: start servers in the main one.
    """
    ends_with_us = ["setpriv", "--pdeathsig=QUIT"] if shutil.which("setpriv") else []
    if os.geteuid() != 0:
        return ends_with_us, None
    names = {one.pw_name: one for one in pwd.getpwall()}
    user = next(names[one] for one in _USERS if one in names)
    ids = [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    return [*(ends_with_us or ["setpriv"]), *ids], (user.pw_uid, user.pw_gid)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """The session's server; tests leave it running."""
    with Postgres() as server:
        yield server


@pytest.fixture
def postgres(postgres_server: Postgres) -> str:
    """The URL of a schema that no other test sees."""
    return postgres_server.new_schema()


if __name__ == "__main__":
    with Postgres() as _server:
        sys.stdout.write(f"{_server.url}\n")
        sys.stdout.flush()
        sys.stdin.read()

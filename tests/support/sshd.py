"""
A private OpenSSH server on a free port of 127.0.0.1, as the user that runs the tests, and its ``sftp``.

It is started from a configuration of its own, lets in one key made for it, and is stopped by its process id.
"""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.support.hub import free_port
from tests.support.rabbit import until

__all__ = ["Sshd", "effective", "private_sshd", "program"]

_STOP = 10.0
_TRANSFER = 60.0

# Where a server that begins as root gives its rights up; a machine with a server of its own has it.
_PRIVSEP = Path("/run/sshd")

_CONFIG = """
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
PidFile {folder}/sshd.pid
AuthorizedKeysFile {folder}/key.pub
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
"""


def program(name: str) -> str:
    """The path of a program of OpenSSH's."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    assert found, f"{name} is not on this machine: sh deploy/setup/openssh.sh"
    return found


class Sshd:
    """A running server."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self.user = getpass.getuser()

    def sftp(self, *commands: str) -> str:
        """Run a batch of ``sftp`` commands; fails with what it says when one of them fails."""
        batch = self.folder / "batch"
        batch.write_text("\n".join(commands) + "\n", "utf-8")
        options = (
            "BatchMode=yes",
            "StrictHostKeyChecking=no",
            "UserKnownHostsFile=/dev/null",
            "LogLevel=ERROR",
        )
        arguments = [
            program("sftp"),
            "-q",
            "-b",
            str(batch),
            "-P",
            str(self.port),
            "-i",
            str(self.folder / "key"),
        ]
        for option in (*options, "IdentitiesOnly=yes"):
            arguments += ["-o", option]
        done = subprocess.run(
            [*arguments, f"{self.user}@127.0.0.1"],
            capture_output=True,
            text=True,
            timeout=_TRANSFER,
            check=False,
        )
        assert 0 == done.returncode, f"{done.stdout}{done.stderr}\n{(self.folder / 'log').read_text('utf-8')}"
        return done.stdout


@contextmanager
def private_sshd(folder: Path, lines: Sequence[str]) -> Iterator[Sshd]:
    """
    A server with these further lines in its configuration.

    Args:
        folder: For keys, configuration and log.
    """
    folder.mkdir()
    for name in ("host_key", "key"):
        _quiet(program("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name))
    made = Sshd(folder, free_port())
    config = folder / "sshd_config"
    config.write_text(_CONFIG.format(port=made.port, folder=folder) + "\n".join(lines) + "\n", "utf-8")
    with _privilege_separation(), (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [program("sshd"), "-D", "-e", "-f", str(config)], stdout=log, stderr=log, stdin=subprocess.DEVNULL
        )
        try:
            until("sshd answers", lambda: server.poll() is not None or _answers(made.port), 30.0)
            assert server.poll() is None, (folder / "log").read_text("utf-8")
            yield made
        finally:
            server.terminate()
            server.wait(_STOP)


def effective(folder: Path, lines: Sequence[str], user: str) -> dict[str, str]:
    """What these lines mean for ``user``, as the server itself reads them."""
    folder.mkdir()
    _quiet(program("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-f", str(folder / "host_key"))
    config = folder / "sshd_config"
    config.write_text(f"HostKey {folder}/host_key\n" + "\n".join(lines) + "\n", "utf-8")
    facts = f"user={user},host=sender.example,addr=192.0.2.1"
    with _privilege_separation():
        said = _quiet(program("sshd"), "-T", "-C", facts, "-f", str(config))
    return dict(line.split(" ", 1) for line in said.splitlines() if " " in line)


@contextmanager
def _privilege_separation() -> Iterator[None]:
    made = os.geteuid() == 0 and not _PRIVSEP.exists()
    if made:
        _PRIVSEP.mkdir(mode=0o755)
    try:
        yield
    finally:
        if made:
            with suppress(OSError):  # somebody else's by now
                _PRIVSEP.rmdir()


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1.0) as line:
            return line.recv(4) == b"SSH-"
    except OSError:
        return False


def _quiet(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stderr
    return done.stdout

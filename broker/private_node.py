"""
A RabbitMQ node of our own on 127.0.0.1, from the installed distribution package.

For tests, for the demonstration, and for a first look: it meets no other node of the machine,
keeps everything in one folder, and is gone when it is stopped.
"""

from __future__ import annotations

import argparse
import atexit
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote

from .keeper import Keeper
from .management import Management, ManagementRefused, ManagementUnavailable
from .node_files import NodeMissing, NodePlan, Programs, find_programs
from .port import BrokerUnavailable

__all__ = ["NodeMissing", "PrivateNode"]

# A cold start takes 3 to 6 s on a free core; a loaded machine needs several times that.
_START = 90.0
# What a graceful stop may take before it is killed.
_STOP = 20.0
_POLL = 0.05
_CTL = 60.0


class PrivateNode:
    """
    One node; use it as a context manager, or call :meth:`start` and :meth:`stop`.

    Args:
        folder: Where it keeps everything; None: a temporary folder, removed by :meth:`stop`.
        label: Begins the node's name.
        schedulers: Cores it may use.

    Raises:
        NodeMissing: RabbitMQ is not installed.
    """

    def __init__(
        self, folder: Path | None = None, *, label: str = "private", schedulers: int = 1, vhost: str = "/"
    ) -> None:
        self._programs: Programs = find_programs()
        self._temporary = folder is None
        self.folder = folder or Path(tempfile.mkdtemp(prefix=f"{label}-"))
        self.plan = NodePlan(self.folder.resolve(), label=label, schedulers=schedulers, vhost=vhost)
        self._server: subprocess.Popen[bytes] | None = None
        self._epmd: subprocess.Popen[bytes] | None = None
        self._keeper: Keeper | None = None

    # -- where it is

    @property
    def url(self) -> str:
        """AMQP URL of the node's default virtual host."""
        return self.url_for(self.plan.vhost)

    def url_for(self, vhost: str) -> str:
        """AMQP URL of a virtual host."""
        plan = self.plan
        return f"amqp://{plan.user}:{plan.password}@127.0.0.1:{plan.amqp_port}/{quote(vhost, safe='')}"

    @property
    def management_url(self) -> str:
        """URL of the console and of its HTTP API."""
        return f"http://{self.plan.user}:{self.plan.password}@127.0.0.1:{self.plan.http_port}"

    @property
    def management(self) -> Management:
        """A client of its HTTP API."""
        return Management(self.management_url, timeout=_CTL)

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes that are ours: the server and its port mapper, when they run."""
        return tuple(one.pid for one in (self._server, self._epmd) if one is not None and one.poll() is None)

    # -- life

    def start(self) -> None:
        """
        Start, and wait until it serves AMQP and HTTP.

        Raises:
            BrokerUnavailable: It ended or did not serve in time; the text has the end of its log.
        """
        self.plan.write()
        atexit.register(self.stop)
        if self._epmd is None or self._epmd.poll() is not None:
            self._epmd = self._run([str(self._programs.epmd), "-port", str(self.plan.epmd_port)])
        self._server = self._run([str(self._programs.server)])
        self._keep((self._server.pid, self._epmd.pid))
        with ExitStack() as undo:
            undo.callback(self.stop)
            self._wait_until_serving(time.monotonic() + _START)
            undo.pop_all()

    def stop(self) -> None:
        """
        Stop; a second time changes nothing.

        A node in a folder of its owner's flushes everything first (some seconds); with a temporary
        folder there is nothing to keep, so it is ended at once and the folder removed.
        """
        atexit.unregister(self.stop)
        self._end(self._server, signal.SIGKILL if self._temporary else signal.SIGTERM)
        self._end(self._epmd, signal.SIGTERM)
        self._server = self._epmd = None
        self._keep(())
        if self._temporary:
            shutil.rmtree(self.folder, ignore_errors=True)

    def kill(self) -> None:
        """End the server as a power cut of its process would: SIGKILL, nothing flushed."""
        self._end(self._server, signal.SIGKILL)
        self._server = None

    def restart(self) -> None:
        """Start again on the same data and ports, after :meth:`kill` or while it runs."""
        self._end(self._server, signal.SIGTERM)
        self.start()

    def wait(self) -> int:
        """Block until the server ends by itself; returns its exit status."""
        return 0 if self._server is None else self._server.wait()

    def ctl(self, *arguments: str) -> str:
        """
        Run rabbitmqctl on this node and return what it printed.

        Raises:
            BrokerUnavailable: It failed; the text is what it said.
        """
        command = [str(self._programs.ctl), "--quiet", "-n", self.plan.node_name, *arguments]
        done = subprocess.run(  # noqa: S603 -- our own node's program
            command, env=self.plan.environment(), capture_output=True, timeout=_CTL, check=False
        )
        if done.returncode:
            said = (done.stdout + done.stderr).decode("utf-8", "replace").strip()
            raise BrokerUnavailable(f"rabbitmqctl {' '.join(arguments)}: {said}")
        return done.stdout.decode("utf-8", "replace")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # -- private

    def _keep(self, leaders: Sequence[int]) -> None:
        """Let these be ended, each with its group, when this process can no longer do it."""
        if self._keeper is not None:
            self._keeper.dismiss()
            self._keeper = None
        if leaders:
            how, folder = ("KILL", self.folder) if self._temporary else ("TERM", None)
            self._keeper = Keeper([-one for one in leaders], how, folder)

    def _run(self, command: list[str]) -> subprocess.Popen[bytes]:
        with (self.folder / "log" / "console.log").open("ab") as log:
            return subprocess.Popen(  # noqa: S603 -- our own node's programs
                command,
                env=self.plan.environment(),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # a Ctrl-C at the terminal is ours to handle, not the node's
            )

    def _wait_until_serving(self, until: float) -> None:
        while not self._serves():
            if self._server is None or self._server.poll() is not None:
                raise BrokerUnavailable(f"the private RabbitMQ ended at start: {self._last_words()}")
            if time.monotonic() > until:
                raise BrokerUnavailable(
                    f"the private RabbitMQ did not serve within {_START:.0f} s: {self._last_words()}"
                )
            time.sleep(_POLL)

    def _serves(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.plan.amqp_port), timeout=1).close()
            self.management.overview()
        except (OSError, ManagementUnavailable, ManagementRefused):
            return False
        return True

    def _last_words(self) -> str:
        text = ""
        for log in sorted((self.folder / "log").glob("*.log")):
            text += log.read_text("utf-8", "replace")[-1500:]
        return text.strip() or "it left no log"

    @staticmethod
    def _end(process: subprocess.Popen[bytes] | None, how: signal.Signals) -> None:
        if process is None or process.poll() is not None:
            return
        process.send_signal(how)
        try:
            process.wait(_STOP)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(_STOP)


def main() -> int:
    """Run a node until it is interrupted or told to end, printing where it is."""
    about = "Run a private RabbitMQ on free loopback ports until Ctrl-C; its folder is removed at the end."
    argparse.ArgumentParser(prog="python -m broker.private_node", description=about).parse_args()
    # Also where a shell that runs things in the background has interrupts ignored.
    for ends in (signal.SIGTERM, signal.SIGINT):
        signal.signal(ends, signal.default_int_handler)
    try:
        with PrivateNode() as node:
            print(f"RabbitMQ   {node.url}\nconsole    {node.management_url}", flush=True)  # noqa: T201
            return node.wait()
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    raise SystemExit(main())

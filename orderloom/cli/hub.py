"""
``orderloom hub``: the demonstration's story against a real RabbitMQ, in processes of their own.

It plays what needs no day to pass: left out is the system that is silent for hours.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC
from pathlib import Path

import click

from broker.private_node import PrivateNode
from broker.tools import Dropper
from orderloom.identity import recall, remember
from orderloom.settings import load
from orderloom.simulators.channels import Readers
from orderloom.simulators.rabbit import RabbitTransport
from orderloom.simulators.script import ALL_SYSTEMS, EVERY_SYSTEM
from orderloom.stores import open_store

from .context import complain, sentence
from .story.acts import CHANNELS, CUSTOMER, HOME, LEAVING
from .story.end import print_end
from .story.player import Player
from .story.real import RealStage, in_real_time, real_script
from .story.scene import StageStuckError
from .story.stage import free_port, fresh_folder

__all__ = ["play"]

# Seconds that a process is given to come up, or to go.
_PATIENCE = 30.0


def play(folder: Path, *, keep: bool) -> None:
    """
    The whole story on RabbitMQ, with store and logs in ``folder``.

    Args:
        keep: Stay up at the end, until interrupted.
    """
    began = time.monotonic()
    with ExitStack() as stack:
        url, management = stack.enter_context(_broker())
        listener, http = free_port(), free_port()
        identity = _identity(folder / "orderloom.db")
        config = fresh_folder(
            folder,
            f"[listener]\nport = {listener}",
            # A file that names any system names all of them.
            *(f'[systems."{name}"]' for name in EVERY_SYSTEM if name != "oss.internet"),
            f'[systems."oss.internet"]\nurl = "http://127.0.0.1:{http}"',
        )
        if identity is not None:
            # The store is a new one, the broker may be the one of the last time.
            with closing(open_store(folder / "orderloom.db")) as store:
                remember(store, identity)
        environment = {**os.environ, "ORDERLOOM_BROKER_URL": url, "ORDERLOOM_MANAGEMENT_URL": management}
        _orderloom(config, environment, "topology", "apply")
        (folder / "script.json").write_bytes(real_script())
        callback = f"http://127.0.0.1:{listener}/listener/oss.internet/serviceOrderStateChangeEvent"
        simulators = ["-m", "orderloom.simulators", *ALL_SYSTEMS, "--broker-url", url]
        simulators += ["--script", str(folder / "script.json"), "--log", str(folder / "calls.jsonl")]
        simulators += ["--http-port", str(http), "--callback-url", callback]
        stack.enter_context(_process(folder / "simulators.log", environment, *simulators))
        worker = ["-m", "orderloom", "--config", str(config), "worker", "--name", "hub"]
        log = folder / "worker.log"
        stack.enter_context(_process(log, environment, *worker))
        _wait_until("worker_started", log)
        transport = RabbitTransport(url, "demonstration")
        stack.callback(transport.stop)
        readers = Readers(transport)
        readers.start()
        dropper = stack.enter_context(Dropper(url, name="demonstration drop"))
        store = open_store(load(config).store, create=False)
        stack.callback(store.close)
        _tell(RealStage(store, readers, dropper, folder / "calls.jsonl"), began, config)
        if keep:
            click.echo(f"The console: {_without_password(management)} (logs in {folder})")
            _until_interrupted(management)
        else:
            click.echo(f"Logs in {folder}. To stay up and look around in the console: orderloom hub --keep")


def _tell(stage: RealStage, began: float, config: Path) -> None:
    click.echo("times are real (UTC); an hour of the story is half a second")
    click.echo(f"left out, since it needs days to pass: {HOME.title} (see make demo)")
    player = Player(stage, UTC)
    try:
        for act in (CUSTOMER, LEAVING, CHANNELS):
            player.play(in_real_time(act))
    except StageStuckError as stuck:
        complain(sentence("E_NO_ANSWER", f"the story does not go on: {stuck}"), status=1)
    print_end(player, time.monotonic() - began, config, home=False)


def _identity(file: Path) -> str | None:
    """The broker of the last time, if there was one."""
    if not file.exists():
        return None
    with closing(open_store(file, create=False)) as store:
        return recall(store)


@contextmanager
def _broker() -> Iterator[tuple[str, str]]:
    """AMQP and management URL of the broker to use."""
    settings = load()
    if settings.broker.url is not None:
        yield settings.broker.required()
        return
    click.echo("starting a private RabbitMQ on loopback (none is set in $ORDERLOOM_BROKER_URL)")
    with PrivateNode(label="hub") as node:
        yield node.url, node.management_url


def _orderloom(config: Path, environment: Mapping[str, str], *arguments: str) -> None:
    command = [sys.executable, "-m", "orderloom", "--config", str(config), *arguments]
    done = subprocess.run(command, env=dict(environment), check=False)  # noqa: S603 -- our own command line
    if done.returncode:
        complain(
            sentence("E_BROKER", f"orderloom {' '.join(arguments)} ended with {done.returncode}"), status=1
        )


@contextmanager
def _process(log: Path, environment: Mapping[str, str], *arguments: str) -> Iterator[None]:
    """A Python process of ours; told to stop at the end, and killed when it does not."""
    with log.open("wb") as out:
        started = subprocess.Popen(  # noqa: S603 -- our own modules
            [sys.executable, *arguments], env=dict(environment), stdout=out, stderr=subprocess.STDOUT
        )
    try:
        yield
    finally:
        started.send_signal(signal.SIGTERM)
        try:
            started.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            started.kill()


def _wait_until(word: str, log: Path) -> None:
    ends = time.monotonic() + _PATIENCE
    pause = threading.Event()
    while word not in log.read_text(encoding="utf-8", errors="replace"):
        if time.monotonic() > ends:
            complain(sentence("E_BROKER", f"the worker did not start: see {log}"), status=1)
        pause.wait(0.1)


def _without_password(url: str) -> str:
    return "http://" + url.rpartition("@")[2]


def _until_interrupted(management: str) -> None:
    click.echo(f"log in with what stands before the @: {management}\nCtrl-C stops everything")
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        click.echo("stopping")

"""
``orderloom hub``: the demonstration's story against a real RabbitMQ, in processes of their own.
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
from pathlib import Path

import click

from broker.private_node import PrivateNode
from broker.tools import Dropper
from orderloom.identity import recall, remember
from orderloom.settings import load
from orderloom.simulators.channels import Readers
from orderloom.simulators.rabbit import RabbitTransport
from orderloom.simulators.script import ALL_SYSTEMS
from orderloom.stores import open_store

from .context import complain, sentence
from .demo import free_port, fresh_folder
from .telling import CONTENT_TYPES, Scene, print_end, print_told, story_file, tell, wait_for_the_end

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
            listener=f"[listener]\nport = {listener}",
            # A file that names any system names all of them.
            systems="\n".join(f'[systems."{name}"]' for name in ALL_SYSTEMS if name != "oss.internet"),
            internet=f'[systems."oss.internet"]\nurl = "http://127.0.0.1:{http}"',
        )
        if identity is not None:
            # The store is a new one, the broker may be the one of the last time.
            with closing(open_store(folder / "orderloom.db")) as store:
                remember(store, identity)
        environment = {**os.environ, "ORDERLOOM_BROKER_URL": url, "ORDERLOOM_MANAGEMENT_URL": management}
        _orderloom(config, environment, "topology", "apply")
        (folder / "script.json").write_bytes(story_file("script.json"))
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
        readers = Readers(transport, keep=print_told)
        readers.start()
        dropper = stack.enter_context(Dropper(url, name="demonstration drop"))
        tell(lambda scene, body: _drop(dropper, scene, body), readers)
        store = open_store(load(config).store, create=False)
        stack.callback(store.close)
        records = wait_for_the_end(store)
        print_end(records, time.monotonic() - began, config)
        if keep:
            click.echo(f"The console: {_without_password(management)} (logs in {folder})")
            _until_interrupted(management)
        else:
            click.echo(f"Logs in {folder}. To stay up and look around in the console: orderloom hub --keep")


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


def _drop(dropper: Dropper, scene: Scene, body: bytes) -> None:
    dropper.drop(f"drop.{scene.channel}", "", body, content_type=CONTENT_TYPES[scene.channel])


def _without_password(url: str) -> str:
    return "http://" + url.rpartition("@")[2]


def _until_interrupted(management: str) -> None:
    click.echo(f"log in with what stands before the @: {management}\nCtrl-C stops everything")
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        click.echo("stopping")

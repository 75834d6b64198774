"""
Simulated systems and channels as a process of their own: ``python -m orderloom.simulators SYSTEM...``.

Prints a line that begins with ``ready`` when everything is consumed and listens; ends on SIGTERM and SIGINT.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from threading import Event

from .channels import Kept, Readers, drop
from .neighbourhood import Neighbourhood
from .orders import generate, messages
from .rabbit import RabbitTransport
from .script import EVERY_SYSTEM, Script, ScriptError, shipped
from .transport import Transport

__all__ = ["main"]

# Not a system: whoever reads what the hub tells the channels.
_CHANNELS = "channels"
_EVERYBODY = (*EVERY_SYSTEM, _CHANNELS)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until told to stop; exit code 2 for a script that cannot be played."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if unknown := [one for one in options.system if one not in _EVERYBODY]:
        parser.error(f"unknown system {unknown[0]!r} (one of {', '.join(_EVERYBODY)})")
    try:
        script = Script.load(_script_file(options.script))
    except ScriptError as error:
        print(f"orderloom.simulators: {error}", file=sys.stderr)  # noqa: T201 (a program talks to people)
        return 2
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    transport = RabbitTransport(options.broker_url, " ".join(options.system) or "senders")
    try:
        _run(options, script, transport, stop)
    finally:
        transport.stop()
    return 0


def _run(options: argparse.Namespace, script: Script, transport: Transport, stop: Event) -> None:
    neighbours = Neighbourhood(
        transport,
        script,
        options.log,
        systems=[one for one in options.system if one != _CHANNELS],
        http_port=options.http_port,
        callback_url=options.callback_url,
    )
    neighbours.start()
    if _CHANNELS in options.system:
        Readers(transport, keep=_Keeper(options.told)).start()
    if options.drop:
        _drop(options, transport)
    if options.system:
        print("ready", *options.system, neighbours.http_url, flush=True)  # noqa: T201 (who started us waits)
        stop.wait()
    neighbours.stop()


def _drop(options: argparse.Namespace, transport: Transport) -> None:
    orders = generate(options.seed, options.drop)
    if options.dropped:
        lines = (json.dumps(order.as_data() | {"channel": order.channel}) for order in orders)
        options.dropped.write_text("\n".join(lines) + "\n", "utf-8")
    count = drop(transport, messages(orders))
    print(f"dropped {len(orders)} orders in {count} messages", flush=True)  # noqa: T201 (as above)


class _Keeper:
    def __init__(self, path: Path | None) -> None:
        self._file = path.open("a", encoding="utf-8") if path else None

    def __call__(self, kept: Kept) -> None:
        if self._file is None:
            return
        entry = {
            "queue": kept.queue,
            "at": kept.at.isoformat(),
            "records": [asdict(record) for record in kept.records],
            "fault": kept.fault,
            "body": kept.body.decode("latin-1"),
        }
        self._file.write(json.dumps(entry) + "\n")
        self._file.flush()


def _script_file(name: str) -> Path:
    path = Path(name)
    if path.exists():
        return path
    if shipped(name).exists():
        return shipped(name)
    raise ScriptError(f"no script {name!r} (a file, or calm, mixed, by-number)")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("orderloom.simulators", description=__doc__)
    add = parser.add_argument
    add("system", nargs="*", metavar="SYSTEM", help=f"one or more of {', '.join(_EVERYBODY)}")
    add("--broker-url", required=True, help="amqp://user:password@host:port/vhost")
    add("--script", default="calm", help="a file, or one that is shipped: calm, mixed, by-number")
    add("--log", type=Path, help="JSON lines of every call; read again at start")
    add("--http-port", type=int, default=0, help="where oss.internet listens (default: a free port)")
    add("--callback-url", help="where oss.internet posts its events (default: it publishes them)")
    add("--told", type=Path, help="JSON lines of every message that `channels` reads")
    add("--drop", type=int, default=0, metavar="COUNT", help="generate and drop so many orders")
    add("--seed", type=int, default=7, help="of the orders dropped (default: 7)")
    add("--dropped", type=Path, help="JSON lines of what was dropped, as an oracle wants it")
    return parser


if __name__ == "__main__":
    sys.exit(main())

"""
An adapter as a process of its own, on RabbitMQ.
"""

from __future__ import annotations

import os
import socket
from functools import partial
from pathlib import Path

from broker.rabbit import RabbitBroker
from orderloom.adapter_forwarder import make_forwarder
from orderloom.adapter_runner import AdapterRunner
from orderloom.adapter_suspects import Suspects
from orderloom.hub_topology import adapter_topology
from orderloom.running import checked
from orderloom.settings import Settings
from orderloom.worker import stop_on_signals, utc_now

__all__ = ["run_adapter"]


def run_adapter(
    settings: Settings,
    config: Path | None,
    channel: str,
    *,
    name: str | None = None,
    from_store: bool = False,
) -> None:
    """
    Translate a channel's messages until SIGTERM or SIGINT.

    Args:
        config: The settings' file, for the child that looks at suspects.
        from_store: As in :func:`~orderloom.adapter_forwarder.make_forwarder`.

    Raises:
        TopologyDrift: Naming every difference.
        BrokerUnavailable: The broker cannot be reached.
        RulesError: The rules are wrong.
        StoreError: The store is to be asked, and cannot be.
    """
    stop = stop_on_signals()
    make = partial(make_forwarder, config, channel, from_store=from_store)
    forwarder = make()
    url = checked(settings, adapter_topology(channel))
    broker = RabbitBroker(
        url,
        name=f"orderloom adapter {channel} {name or f'{socket.gethostname()}-{os.getpid()}'}",
        allow_plain=settings.broker.allow_plain,
    )
    runner = AdapterRunner(forwarder, broker, Suspects(make), utc_now)
    runner.start()
    runner.run(stop)

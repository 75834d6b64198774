"""
``orderloom adapter``: a channel's adapter as a process of its own; a new one; one proved.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import click

from .context import Here, Refused, complain, here, log_level_option, say, sentence

__all__ = ["adapter"]


@click.group()
def adapter() -> None:
    """
    Begin a new channel, prove an adapter, or run one on its own (split shape).

    Examples:
      orderloom adapter new agent --format csv
      orderloom adapter check agent/agent.toml
      orderloom adapter try agent agent/samples/one-order.csv
      orderloom adapter run partner
    """


@adapter.command()
@click.argument("channel")
@click.option("--name", help="What it calls itself at the broker (default: host and process).")
@click.option(
    "--rules",
    type=click.Choice(["folder", "store"]),
    default="folder",
    show_default=True,
    help="Where catalogue and endpoints are looked up: the rules' folder, or the hub's store.",
)
@log_level_option
@here
def run(place: Here, channel: str, name: str | None, rules: str, log_level: str) -> None:
    """
    Translate the messages of CHANNEL for the workers until told to stop (SIGTERM or Ctrl-C).

    Examples:
      orderloom adapter run partner
      orderloom adapter run web --name w2 --rules store
    """
    from orderloom.adapter_running import run_adapter
    from orderloom.logging import set_up_logging

    settings = place.settings
    if channel not in settings.channels:
        allowed = f"of {', '.join(settings.channels)}"
        complain(sentence("E_CONFIG", f"unknown channel {channel!r}", "CHANNEL", allowed))
    settings.broker.required()
    set_up_logging(log_level)
    run_adapter(settings, place.config, channel, name=name, from_store=rules == "store")


@adapter.command()
@click.argument("name")
@click.option(
    "--format",
    "form",
    type=click.Choice(["x12", "fixed", "xml", "json", "csv"]),
    required=True,
    help="Of the channel's messages.",
)
@click.option("--python", is_flag=True, help="A class, also where a mapping file is enough (all but x12).")
@click.option(
    "--folder", type=click.Path(path_type=Path), help="Where to; it may not be there yet (default: ./NAME)."
)
def new(name: str, form: str, python: bool, folder: Path | None) -> None:
    """
    Write the beginning of channel NAME: mapping or class, a sender's profile, samples, and tests that pass.

    Examples:
      orderloom adapter new agent --format csv
      orderloom adapter new store --format x12 --folder work/store
    """
    from orderloom.adapter_new import NewChannel, channels

    if name not in channels():
        complain(sentence("E_CONFIG", f"unknown channel {name!r}", "NAME", f"one of {', '.join(channels())}"))
    channel = NewChannel(name, form, python)
    place = folder or Path(name)
    try:
        say(str(file) for file in channel.write(place))
    except FileExistsError:
        raise Refused("E_CONFIG", "is there already", str(place), "a new folder") from None
    except OSError as error:
        complain(sentence("E_CONFIG", f"cannot be written: {error.strerror}", str(place)))
    say([f"next: orderloom adapter check {place / channel.file}"])


@adapter.command("try")
@click.argument("channel")
@click.argument("files", metavar="FILE...", type=click.File("rb"), nargs=-1, required=True)
@here
def try_(place: Here, channel: str, files: tuple[BinaryIO, ...]) -> None:
    """
    Send each FILE on CHANNEL through the whole hub in this process, and print what its sender is told.

    The broker is in memory, the systems are simulated, the store is thrown away; settings and rules count.
    Of several files each is sent when the one before was answered, and systems take their time, so that a
    change or a cancel comes while the order is under way. Ends with status 1 when something was refused.

    Examples:
      orderloom adapter try agent agent/samples/one-order.csv
      orderloom adapter try partner order.edi change.edi cancel.edi
    """
    from .adapter_try import play
    from .decode import known_of

    settings = place.settings
    if channel not in settings.channels:
        allowed = f"of {', '.join(settings.channels)}"
        complain(sentence("E_CONFIG", f"unknown channel {channel!r}", "CHANNEL", allowed))
    messages = [(getattr(one, "name", "standard input"), one.read()) for one in files]
    if not play(settings, channel, messages, known_of(place, channel=channel)):
        click.get_current_context().exit(1)


@adapter.command()
@click.argument("module")
@click.option(
    "--samples",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with good messages, one a file (default: samples/ beside MODULE).",
)
@click.option(
    "--rules",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with catalogue and endpoints (default: the settings'); endpoints/ beside MODULE count too.",
)
@here
def check(place: Here, module: str, samples: Path | None, rules: Path | None) -> None:
    """
    Run the kit's conformance suite on MODULE: a mapping file, a Python file, an importable module, or tests.

    Examples:
      orderloom adapter check agent/agent.toml
      orderloom adapter check adapters.inbound.web:WebAdapter --samples tests/fixtures/web
      orderloom adapter check tests/adapters/test_warehouse_conformance.py
    """
    from orderloom.adapter_check import check as checked

    found = checked(module, samples, rules or place.settings.rules)
    if not found.sound:
        say([found.report.rstrip()])
        what = f"{found.failed} of {found.failed + found.passed} checks fail"
        raise Refused("E_CONFIG", what, module, "all pass")
    say([f"{module}: {found.passed} checks pass"])

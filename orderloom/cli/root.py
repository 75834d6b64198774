"""
The root of the command line: global options, and one place where every expected failure is told.
"""

from __future__ import annotations

import re
from inspect import cleandoc
from pathlib import Path
from typing import Any

import click

from broker.address import AddressRefused
from broker.port import BrokerUnavailable
from canonical.errors import HubError
from orderloom.correlation.port import StoreBusy, StoreError

from .adapter import adapter
from .catalogue import catalogue
from .clock import clock
from .config import config
from .context import Here, Refused, complain, sentence
from .conversation import conversation
from .decode import decode
from .doctor import doctor
from .drop import drop
from .endpoints import endpoints
from .fallout import fallout
from .forget import forget
from .journal import journal
from .now import now
from .parked import parked
from .pausing import drain_command, pause_command, resume_command
from .play import demo, hub
from .report import report
from .retention import retention
from .routes import FOLDER_COMMANDS, routes_group
from .routes_load import load
from .routes_rehearse import rehearse
from .status import status
from .topology import topology
from .worker import worker

__all__ = ["main"]


class _Root(click.Group):
    """Expected failures end with a sentence; whatever else comes is a defect and shows itself."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except Refused as error:
            complain(str(error), status=1)
        except HubError as error:
            complain(str(error))
        except AddressRefused as error:
            complain(sentence("E_CONFIG", str(error)))
        except BrokerUnavailable as error:
            complain(sentence("E_BROKER", str(error)))
        except StoreBusy as error:
            complain(sentence("E_STORE", f"{error}: busy, nothing was changed", allowed="try again"))
        except StoreError as error:
            complain(sentence("E_STORE", str(error)))


@click.group(cls=_Root, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option(
    "--config",
    "config_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Settings file (default: $ORDERLOOM_CONFIG, else ./orderloom.toml if it is there).",
)
@click.version_option(package_name="orderloom", message="%(prog)s %(version)s")
@click.pass_context
def main(ctx: click.Context, config_file: Path | None) -> None:
    """
    Orderloom: telecom orders from every channel to every system, and one status.

    Begin with:
      orderloom now                     what waits, and for whom
      orderloom status 4500000042       one order, by any id that anybody knows it by
      orderloom parked list             messages that nobody could understand
      orderloom fallout list            lines that wait for a person

    Exit status: 0 yes or done, 1 the answer is no, 2 the question could not be asked.
    """
    ctx.obj = Here(config_file)
    if ctx.invoked_subcommand == "routes":
        folder = str(ctx.obj.settings.rules)
        ctx.default_map = {"routes": {name: {"folder": folder} for name in FOLDER_COMMANDS}}


def _here() -> Here:
    found = click.get_current_context().find_object(Here)
    if found is None:
        raise RuntimeError("the command runs outside of `orderloom`")
    return found


def _keep_examples(command: click.Command) -> None:
    """Lines under "Example:" stand as they are written (click wants a backspace character before them)."""
    command.help = re.sub(r"\n\n(Examples?|Begin with):\n", "\n\n\b\n\\1:\n", cleandoc(command.help or ""))
    for one in command.commands.values() if isinstance(command, click.Group) else ():
        _keep_examples(one)


for _command in (
    demo,
    hub,
    status,
    conversation,
    journal,
    now,
    parked,
    fallout,
    pause_command,
    resume_command,
    drain_command,
    drop,
    decode,
    topology,
    doctor,
    catalogue,
    endpoints,
    config,
    worker,
    adapter,
    clock,
    report,
    retention,
    forget,
):
    main.add_command(_command)
_routes = routes_group(lambda: _here().adapters.profiles)
_routes.add_command(load)
_routes.add_command(rehearse)
main.add_command(_routes)
_keep_examples(main)

"""
``orderloom routes``: check the rules, draw them, explain one order, run the tests that routes carry.

How to write rules: docs/routes.md.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import click

from canonical.codec import encode
from canonical.errors import Rejected
from canonical.systems import SystemProfile
from orderloom.rules import default_folder, load
from routes.diagram import diagram
from routes.explain import explain, explained
from routes.rules import RulesError, RuleSet
from routes.selftest import selftest
from routes.trial import trial_order

from .text import counted

__all__ = [
    "FOLDER_COMMANDS",
    "Report",
    "check_rules",
    "check_some",
    "explain_order",
    "folder_option",
    "routes_group",
    "run_route_tests",
    "tell",
]

# Of the group: those that read the folder of the rules and nothing else.
FOLDER_COMMANDS = ("check", "test", "explain", "diagram")

Profiles = Callable[[], Mapping[str, SystemProfile]]


@dataclass(frozen=True, slots=True)
class Report:
    """What a command found, line by line, and whether all is well."""

    lines: tuple[str, ...]
    sound: bool = True


def check_rules(folder: Path, profiles: Mapping[str, SystemProfile]) -> Report:
    """Read and lint the rules below ``folder``: counts and warnings, or every fault."""
    try:
        rules = load(folder, profiles)
    except RulesError as error:
        count = f"{counted(len(error.faults), 'fault')}; nothing of these rules would be loaded"
        return Report((*map(str, error.faults), count), sound=False)
    return Report((*(f"warning: {fault}" for fault in rules.warnings), _counts(rules)))


def check_some(
    folder: Path,
    profiles: Mapping[str, SystemProfile],
    begins: str,
    counts: Callable[[RuleSet], str],
) -> Report:
    """As :func:`check_rules`, for the files whose names begin so; faults of others are only counted."""
    try:
        rules = load(folder, profiles)
    except RulesError as error:
        own = [fault for fault in error.faults if fault.where.startswith(begins)]
        others = len(error.faults) - len(own)
        lines = [*map(str, own), f"{len(own)} faults here"]
        if others:
            lines.append(f"{others} faults in other files: `orderloom routes check` has them")
        return Report(tuple(lines), sound=not own)
    warnings = (f"warning: {fault}" for fault in rules.warnings if fault.where.startswith(begins))
    return Report((*warnings, counts(rules)))


def run_route_tests(folder: Path, profiles: Mapping[str, SystemProfile]) -> Report:
    """
    Run the tests of all routes below ``folder``.

    Raises:
        RulesError: The rules cannot be read.
    """
    results = selftest(load(folder, profiles), profiles)
    failed = sum(not result.passed for result in results)
    count = f"{len(results)} tests, {failed} failed"
    return Report((*map(str, results), count), sound=not failed)


def explain_order(
    order: bytes,
    folder: Path,
    profiles: Mapping[str, SystemProfile],
    origin: tuple[str, str] = ("", ""),
    *,
    as_json: bool = False,
) -> Report:
    """
    Plan the canonical ``order`` (JSON) and say why; ``origin`` is its channel and endpoint.

    Raises:
        RulesError: The rules cannot be read.
        Rejected: The order cannot be read, the channel is unknown, or the catalogue refuses the order.
    """
    rules = load(folder, profiles)
    _known_channel(rules, origin[0])
    found = explain(trial_order(order, rules, *origin), rules, profiles)
    lines: Sequence[str] = [encode(found).decode()] if as_json else explained(found)
    return Report(tuple(lines), sound=found.fault is None)


folder_option = click.option(
    "--rules",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=None,
    help="Folder that holds routes/ and endpoints/ (default: as the settings say).",
)


def routes_group(profiles: Profiles, home: Callable[[], Path] = default_folder) -> click.Group:
    """The command group; it asks for the systems, and for the folder of the rules, when a command runs."""

    @click.group("routes", help="Check, explain and test the rules that turn an order into parts.")
    def group() -> None:
        pass

    @group.command(help="Read all rules; print every fault with file, line and key.")
    @folder_option
    def check(folder: Path | None) -> None:
        tell(lambda: check_rules(folder or home(), profiles()))

    @group.command(help="Run the tests that the routes carry.")
    @folder_option
    def test(folder: Path | None) -> None:
        tell(lambda: run_route_tests(folder or home(), profiles()))

    @group.command("diagram", help="Draw the routes, their parts and what waits for what, as Mermaid.")
    @folder_option
    def diagram_command(folder: Path | None) -> None:
        tell(lambda: Report(tuple(diagram(load(folder or home(), profiles())))))

    @group.command("explain", help="Plan ORDER (canonical JSON; - reads it from standard input) and say why.")
    @click.argument("order", type=click.File("rb"))
    @click.option("--channel", default="", help="The channel that captured it.")
    @click.option("--endpoint", default="", help="The endpoint that captured it; tells the channel, too.")
    @click.option("--json", "as_json", is_flag=True, help="The same as JSON, for programs.")
    @folder_option
    def explain_command(
        order: BinaryIO, channel: str, endpoint: str, as_json: bool, folder: Path | None
    ) -> None:
        def run() -> Report:
            origin = (channel, endpoint)
            return explain_order(order.read(), folder or home(), profiles(), origin, as_json=as_json)

        tell(run)

    return group


def tell(run: Callable[[], Report]) -> None:
    """Print what ``run`` finds; exit with 1 when rules or order are wrong (settings: the caller's)."""
    try:
        report = run()
    except (RulesError, Rejected) as error:
        report = Report((str(error),), sound=False)
    for line in report.lines:
        click.echo(line)
    if not report.sound:
        click.get_current_context().exit(1)


def _known_channel(rules: RuleSet, channel: str) -> None:
    """A typing mistake must not explain another order; a test may name a channel that has no endpoint yet."""
    known = {one.channel for one in rules.references.endpoints.values()}
    known |= {test.channel for route in rules.routes for test in route.tests if test.channel}
    if channel and channel not in known:
        raise Rejected("E_VALUE", f"unknown channel {channel!r}", "channel", ", ".join(sorted(known)))


def _counts(rules: RuleSet) -> str:
    tests = sum(len(route.tests) for route in rules.routes)
    return (
        f"rules {rules.version}: {len(rules.routes)} routes, {len(rules.steps)} parts, {tests} tests, "
        f"{len(rules.references.offerings)} offerings, {len(rules.references.endpoints)} endpoints, "
        f"{len(rules.recommendations)} recommendations, {len(rules.calendars)} calendars"
    )

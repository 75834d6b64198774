"""
``orderloom doctor``: what is unsafe about broker, store, systems, drop folders and rules, and what mends it.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from canonical.errors import HubError

from .context import Here, complain, here, sentence
from .text import age, counted, one_line

if TYPE_CHECKING:
    from broker.doctor import Finding

__all__ = ["doctor"]

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@click.command()
@here
def doctor(place: Here) -> None:
    """
    Examine broker, store, systems, drop folders and rules; every finding comes with what mends it.

    Nothing is changed.

    Example:
      orderloom doctor
    """
    looks = (_rules, _store, _folders, _clock, _systems, _broker)
    found = [one for look in looks for one in look(place)]
    for one in found:
        click.echo(f"{'warning' if one.warning else 'unsafe'}: {one_line(f'{one.where}: {one.what}')}")
        click.echo(f"  mend: {one.mend}")
    unsafe = sum(not one.warning for one in found)
    if unsafe:
        complain(sentence("E_CONFIG", f"{unsafe} unsafe", "doctor", "each mended as it says"), status=1)
    click.echo(f"sound, {counted(len(found), 'warning')}")


def _rules(place: Here) -> Iterator[Finding]:
    """The rules, and whether every endpoint's channel has an adapter."""
    from broker.doctor import Finding
    from orderloom.rules import load
    from routes.rules import RulesError

    try:
        rules = load(place.settings.rules, place.adapters.profiles)
    except RulesError as error:
        for fault in error.faults:
            yield Finding(where="rules", what=str(fault), mend="orderloom routes check")
        return
    for warning in rules.warnings:
        yield Finding(where="rules", what=str(warning), mend="orderloom routes check", warning=True)
    for endpoint in rules.references.endpoints.values():
        if endpoint.channel not in place.settings.channels:
            what = (
                f"its channel {endpoint.channel!r} has no adapter here: it cannot order, and is told nothing"
            )
            mend = f"[channels.{endpoint.channel}] in the settings file"
            yield Finding(where=f"endpoint {endpoint.id!r}", what=what, mend=mend, warning=True)


def _store(place: Here) -> Iterator[Finding]:
    """Opening it asserts its journal, that every commit is synced, and that it is whole enough to be read."""
    from broker.doctor import Finding
    from orderloom.correlation.port import StoreError

    path = place.settings.store
    if isinstance(path, Path):
        if not path.exists():
            what = f"{path}: not there yet: the first worker makes it"
            yield Finding(where="store", what=what, mend="orderloom worker", warning=True)
            return
        if path.is_file() and path.stat().st_mode & _OTHERS:
            what = f"{path}: others may read it: it holds names and addresses"
            yield Finding(where="store", what=what, mend=f"chmod 600 {path}")
    try:
        with place.store() as store:
            store.current_rules()
    except (HubError, StoreError) as error:
        mend = 'as it says; docs/runbook.md, "The worker refuses to start"'
        yield Finding(where="store", what=str(error), mend=mend)


def _clock(place: Here) -> Iterator[Finding]:
    """A clock that is set should live; without one workers keep the time."""
    from broker.doctor import Finding
    from orderloom.clock_marks import SWEEP, keeps_time, last_run
    from orderloom.correlation.port import StoreError

    if place.settings.clock.url is None:
        return
    try:
        with place.store() as store:
            swept, at = last_run(store, SWEEP), place.now()
    except (HubError, StoreError):
        return  # told already
    if not keeps_time(swept, at):
        last = "never swept" if swept is None else f"last swept {age(at - swept)} ago"
        what = f"{last}; until it does, workers keep the time"
        yield Finding(where="clock", what=what, mend="orderloom clock", warning=True)


def _systems(place: Here) -> Iterator[Finding]:
    """Systems that calls do not reach; nothing here mends them."""
    from broker.doctor import Finding
    from orderloom.correlation.port import StoreError

    try:
        with place.store() as store:
            away, at = [one for one in store.breakers() if one.opened is not None], place.now()
    except (HubError, StoreError):
        return  # told already
    for one in away:
        what = f"{counted(one.failures, 'call')} failed, the first {age(at - one.since)} ago: {one.reason}"
        mend = 'what it says, there; calls go on by themselves (docs/runbook.md, "A system is away")'
        yield Finding(where=f"system {one.system}", what=what, mend=mend, warning=True)


def _folders(place: Here) -> Iterator[Finding]:
    from broker.doctor import Finding
    from orderloom.folders.examine import examine_folders
    from orderloom.rules import load
    from routes.rules import RulesError

    try:
        endpoints = load(place.settings.rules, place.adapters.profiles).references.endpoints.values()
    except RulesError:
        return  # told already; without rules nobody knows whose folders there should be
    for one in examine_folders(place.settings, endpoints):
        yield Finding(where=one.where, what=one.what, mend=one.mend, warning=one.warning)


def _broker(place: Here) -> Iterator[Finding]:
    from broker.doctor import Finding, examine
    from routes.rules import RulesError

    from .topology import topology_of

    broker = place.settings.broker
    if broker.url is None:
        mend = "broker.url in the settings file, or $ORDERLOOM_BROKER_URL"
        yield Finding(where="broker.url", what="is not set", mend=mend)
        return
    try:
        wanted = topology_of(place)
    except RulesError:
        return  # told already; without rules nobody knows what the broker needs
    url, management_url = broker.required()
    yield from examine(url, management_url, wanted, allow_plain=broker.allow_plain)

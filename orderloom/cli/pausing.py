"""
``orderloom pause``, ``resume``, ``drain``: stop taking from a channel, or sending to a system, and go on.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

import click

from orderloom.correlation.port import Store
from orderloom.hub_topology import system_in, system_work
from orderloom.pauses import Kind, Obeyed, Pause, Pauses, obeyed_by, pause, read_pauses, resume
from orderloom.wiring import called_systems

from .context import Here, Refused, actor, complain, here, sentence
from .text import age, counted

__all__ = ["drain_command", "pause_command", "resume_command"]

# Workers look twice a second; one that has not obeyed by then is busy, or has stopped.
_OBEY_WITHIN = 5.0
_EVERY = 0.2

_kind = click.argument("kind", type=click.Choice([one.value for one in Kind]))
_name = click.argument("name")
_why = click.option("--why", required=True, help="For whoever asks tomorrow; it is kept with your name.")


@click.command("pause")
@_kind
@_name
@_why
@here
def pause_command(place: Here, kind: str, name: str, why: str) -> None:
    """
    Take nothing from a channel, or send nothing to a system, until it is resumed.

    A channel's messages wait in its queue; what was taken is finished and answered. What is meant for a
    system waits in the store and delays nobody else; what the system answers is still taken. An adapter on
    its own (orderloom adapter run) does not obey: stop it as well.

    Example:
      orderloom pause system crm --why "release 4.2 until 23:00"
    """
    of = _known(place, kind, name)
    with place.store() as store:
        _pause(place, store, of, name, why)
        _wait_for_workers(place, store)


@click.command("resume")
@_kind
@_name
@_why
@here
def resume_command(place: Here, kind: str, name: str, why: str) -> None:
    """
    Take from a channel, or send to a system, again.

    Example:
      orderloom resume system crm --why "release is done"
    """
    of = _known(place, kind, name)
    with place.store() as store:
        found = read_pauses(store).get(of, name)
        if found is None:
            raise Refused("E_STATE", "is not paused", f"{kind} {name}", "a paused one; see orderloom now")
        at = place.now()
        resume(store, of, name, found, at=at, by=actor(), why=why)
        click.echo(f"{kind} {name} resumed after {age(at - found.at)}")
        _wait_for_workers(place, store)


@click.command("drain")
@_kind
@_name
@_why
@click.option(
    "--limit",
    type=click.FloatRange(min=0),
    default=300.0,
    show_default=True,
    help="Seconds to wait at most.",
)
@here
def drain_command(place: Here, kind: str, name: str, why: str, limit: float) -> None:
    """
    Pause, and wait until nothing is under way.

    Of a channel: everything that was taken is settled, and the answers owed have left. Of a system: nothing
    that was sent to it waits for its word. It stays paused, whatever the exit status: 0 nothing is under way,
    1 something still is. What an adapter on its own has taken is not seen: stop it before.

    Example:
      orderloom drain channel web --why "moving the broker" --limit 60
    """
    of = _known(place, kind, name)
    with place.store() as store:
        if read_pauses(store).get(of, name) is None:
            _pause(place, store, of, name, why)
        left = _left_of_channel if of is Kind.CHANNEL else _left_of_system
        if not _until_nothing(lambda: left(place, store, name), limit):
            complain(sentence("E_STATE", f"not drained within {limit:g} s; it stays paused"), status=1)
    click.echo(f"{kind} {name}: nothing is under way")


def _known(place: Here, kind: str, name: str) -> Kind:
    settings = place.settings
    allowed = settings.channels if kind == Kind.CHANNEL.value else settings.systems
    if name not in allowed:
        known = ", ".join(sorted(allowed)) or "none in the settings"
        complain(sentence("E_VALUE", f"{name!r} is no {kind}", "NAME", f"one of {known}"))
    return Kind(kind)


def _pause(place: Here, store: Store, kind: Kind, name: str, why: str) -> None:
    if (found := read_pauses(store).get(kind, name)) is not None:
        what = f"is paused already, since {age(place.now() - found.at)} by {found.by}: {found.why}"
        raise Refused("E_STATE", what, f"{kind} {name}", "resume it first")
    pause(store, kind, name, Pause(at=place.now(), by=actor(), why=why))
    click.echo(f"{kind} {name} paused")


def _wait_for_workers(place: Here, store: Store) -> None:
    token = read_pauses(store).token
    ends = time.monotonic() + _OBEY_WITHIN
    nap = threading.Event()
    while not all(_obeys(store, place, token).values()) and time.monotonic() < ends:
        nap.wait(_EVERY)
    told = _obeys(store, place, token)
    for worker, obeys in told.items():
        click.echo(f"  worker {worker}: {'obeys' if obeys else 'has not obeyed yet'}")
    if not told:
        click.echo("  no worker runs; whichever starts will obey")


def _obeys(store: Store, place: Here, token: str) -> Mapping[str, bool]:
    return {name: said.token == token for name, said in obeyed_by(store, place.now()).items()}


def _until_nothing(left: Callable[[], list[str]], limit: float) -> bool:
    ends = time.monotonic() + limit
    nap = threading.Event()
    shown: list[str] = []
    while found := left():
        if found != shown:
            click.echo("  " + ", ".join(found))
            shown = found
        if time.monotonic() >= ends:
            return False
        nap.wait(_EVERY)
    return True


def _left_of_channel(place: Here, store: Store, name: str) -> list[str]:
    pauses, said = read_pauses(store), obeyed_by(store, place.now())
    left = _disobedient(pauses, said)
    busy = [worker for worker, one in said.items() if name in one.busy]
    left += [f"worker {worker} has messages in hand" for worker in busy]
    owed = [one for one in store.unsent() if _answers(one.destination, name)]
    return left + [f"{one.destination}: {counted(one.rows, 'answer')} unsent" for one in owed]


def _answers(destination: str, channel: str) -> bool:
    return destination.startswith(f"channel.{channel}.") and destination.endswith(".out")


def _left_of_system(place: Here, store: Store, name: str) -> list[str]:
    left = _disobedient(read_pauses(store), obeyed_by(store, place.now()))
    called = name in called_systems(place.settings, place.adapters.profiles)
    count = store.under_way(name, system_work(name) if called else system_in(name))
    return left + ([f"{counted(count, 'instruction')} unanswered"] if count else [])


def _disobedient(pauses: Pauses, said: Mapping[str, Obeyed]) -> list[str]:
    return [f"worker {name} has not obeyed yet" for name, one in said.items() if one.token != pauses.token]

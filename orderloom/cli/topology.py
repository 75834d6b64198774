"""
``orderloom topology``: make the broker as the hub needs it, or see how it differs.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from .context import Here, complain, here, sentence
from .text import counted

if TYPE_CHECKING:
    from broker.access import UserSpec
    from broker.topology import Topology

__all__ = ["topology", "topology_of", "users_of"]

# Server versions for which definitions are written: what Debian 12 has, and all of 4.
_VERSIONS = {"3.10": (3, 10), "4": (4, 0)}

_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group()
def topology() -> None:
    """
    Declare what the hub needs on its broker, or see what differs.

    Examples:
      orderloom topology apply
      orderloom topology check
      orderloom topology diff
    """


@topology.command()
@here
def apply(place: Here) -> None:
    """
    Declare exchanges, queues, bindings and policies; repeating changes nothing, nothing is deleted.

    Example:
      orderloom topology apply
    """
    from broker.topology import TopologyConflict
    from broker.topology import apply as apply_to

    url, management_url = place.settings.broker.required()
    wanted = topology_of(place)
    try:
        apply_to(url, management_url, wanted, allow_plain=place.settings.broker.allow_plain)
    except TopologyConflict as conflict:
        complain(sentence("E_TOPOLOGY", str(conflict), "topology"), status=1)
    click.echo(f"{_counted(wanted)}: as they should be")


@topology.command()
@here
def check(place: Here) -> None:
    """
    Name everything that differs; nothing is changed.

    Example:
      orderloom topology check
    """
    from broker.topology import check as check_at

    url, management_url = place.settings.broker.required()
    wanted = topology_of(place)
    found = check_at(url, management_url, wanted, allow_plain=place.settings.broker.allow_plain)
    for difference in found:
        click.echo(f"{'not checked' if difference.warning else 'different'}: {difference}")
    if found:
        what = f"{counted(len(found), 'difference')} from what the hub needs"
        complain(
            sentence("E_TOPOLOGY", what, "topology", "`orderloom topology apply` mends what it can"), status=1
        )
    click.echo(f"{_counted(wanted)}: as they should be")


@topology.command()
@here
def diff(place: Here) -> None:
    """
    As check, and what bears a name of ours and is no longer wanted; nothing is changed.

    Example:
      orderloom topology diff
    """
    from broker.orphans import orphans
    from broker.topology import check as check_at
    from orderloom.hub_topology import EXCHANGE_NAMES, QUEUE_NAMES

    url, management_url = place.settings.broker.required()
    plain, wanted = place.settings.broker.allow_plain, topology_of(place)
    drift = check_at(url, management_url, wanted, allow_plain=plain)
    left = orphans(
        url, management_url, wanted, queues=QUEUE_NAMES, exchanges=EXCHANGE_NAMES, allow_plain=plain
    )
    for word, found in (("different", drift), ("left over", left)):
        for difference in found:
            click.echo(f"{word}: {difference}")
    if drift or left:
        what = f"{counted(len(drift), 'difference')}, {len(left)} left over"
        allowed = "`orderloom topology apply` mends differences; what is left over is a person's to delete"
        complain(sentence("E_TOPOLOGY", what, "topology", allowed), status=1)
    click.echo(f"{_counted(wanted)}: as they should be, and nothing else of ours")


@topology.command()
@click.option("--for", "version", type=click.Choice(list(_VERSIONS)), required=True, help="Server version.")
@click.option("--vhost", default="/", show_default=True, help="Virtual host that they are for.")
@click.option("--users", type=_FILE, help="Passwords, `NAME PASSWORD` a line; their hashes are written.")
@click.option("--output", type=_FILE, help="File to write (default: standard output).")
@here
def definitions(place: Here, version: str, vhost: str, users: Path | None, output: Path | None) -> None:
    """
    Print the definitions file that a blank RabbitMQ imports as it boots.

    Examples:
      orderloom topology definitions --for 4 --output definitions.json
      orderloom topology definitions --for 3.10 --users passwords.txt --output definitions.json
    """
    import json

    from broker.definitions import definitions as written

    from .passwords import paired, write_private

    pairs = paired(users, users_of(place)) if users else ()
    text = json.dumps(written(topology_of(place), _VERSIONS[version], vhost, pairs), indent=2) + "\n"
    if output is None:
        click.echo(text, nl=False)
    elif users:
        write_private(output, text)
    else:
        output.write_text(text, encoding="utf-8")


@topology.command()
@click.option("--apply", "secrets", type=_FILE, metavar="FILE", help="Set them; new passwords go to FILE.")
@here
def users(place: Here, secrets: Path | None) -> None:
    """
    Print the users of the broker and the least each may do, or make them so.

    Existing users keep their passwords. FILE is made readable for its owner only, `NAME PASSWORD` a line.

    Examples:
      orderloom topology users
      orderloom topology users --apply passwords.txt
    """
    from broker.access import put_users
    from broker.address import Address
    from broker.management import Management

    from .passwords import append_private

    wanted = users_of(place)
    for user in wanted:
        click.echo(" ".join((user.name, *(f"[{tag}]" for tag in user.tags))))
        for verb, pattern in user.permissions.items():
            click.echo(f"  {verb:<9}  {pattern}")
    if secrets is None:
        return
    url, management_url = place.settings.broker.required()
    vhost = Address.parse(url, allow_plain=place.settings.broker.allow_plain).vhost
    append_private(secrets, "")  # before any password is made that could not be kept
    made = put_users(Management(management_url), vhost, wanted)
    append_private(secrets, "".join(f"{name} {password}\n" for name, password in made.items()))
    click.echo(f"{counted(len(wanted), 'user')} set, {len(made)} new")


def users_of(place: Here) -> tuple[UserSpec, ...]:
    """Who may use the broker of this hub."""
    from orderloom.hub_users import hub_users
    from orderloom.rules import load

    profiles = place.adapters.profiles
    endpoints = load(place.settings.rules, profiles).references.endpoints.values()
    return hub_users(place.settings, endpoints, profiles, topology_of(place))


def topology_of(place: Here) -> Topology:
    """What this hub needs, from its settings, adapters and rules."""
    from orderloom.hub_topology import hub_topology
    from orderloom.rules import load

    profiles = place.adapters.profiles
    rules = load(place.settings.rules, profiles)
    return hub_topology(place.settings, rules.references.endpoints.values(), profiles)


def _counted(wanted: Topology) -> str:
    counts = ((wanted.exchanges, "exchange"), (wanted.queues, "queue"), (wanted.bindings, "binding"))
    return ", ".join(counted(len(things), noun) for things, noun in counts)

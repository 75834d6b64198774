"""
What is unsafe about a broker, each finding with the command that mends it; nothing is changed.

Reasons: RabbitMQ guides "Production Deployment Guidelines" and "Access Control"; the release
information page for versions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

from .address import LOGIN_SETTINGS, Address, AddressRefused
from .drift import check
from .effective import Policies
from .management import Management, ManagementRefused, ManagementUnavailable
from .port import BrokerUnavailable
from .shapes import Topology, Version

__all__ = ["Finding", "examine"]

# At-least-once dead-lettering came with 3.10; the suite runs there and on 4.0.
_OLDEST: Version = (3, 10)
_SUPPORTED: Version = (4, 0)
_UNKNOWN: Version = (5, 0)

_UNAUTHORIZED = 401


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """
    Something that is not as it should be.

    Args:
        mend: A command, or what to change.
        warning: It works, and is no good idea.
    """

    where: str
    what: str
    mend: str
    warning: bool = False


def examine(
    url: str, management_url: str, topology: Topology, *, allow_plain: bool = False
) -> Iterator[Finding]:
    """Every finding about the broker behind these addresses; an unreachable one is a finding, too."""
    try:
        address = Address.parse(url, allow_plain=allow_plain)
    except AddressRefused as refused:
        yield Finding(where="broker.url", what=str(refused), mend="amqps:// in broker.url, or a tunnel")
        return
    yield from _plain(url, management_url)
    management = Management(management_url)
    try:
        version = management.version()
    except ManagementUnavailable as away:
        mend = "rabbitmq-plugins enable rabbitmq_management"
        yield Finding(where="management", what=str(away), mend=mend)
        return
    except ManagementRefused as refused:
        yield Finding(where="management", what=str(refused), mend=_login_mend(refused, management.user))
        return
    yield from _version(version)
    yield from _guest(management_url)
    yield from _own_user(management)
    yield from _alarms(management)
    yield from _policies(management, address.vhost, topology, version)
    yield from _drift(url, management_url, topology, allow_plain=allow_plain)


def _login_mend(refused: ManagementRefused, user: str) -> str:
    """A user without a tag is told apart from a wrong password only by the node's own words."""
    if refused.status == _UNAUTHORIZED and "management" not in refused.reason.lower():
        return f"the right user and password: {LOGIN_SETTINGS}, broker.management_url"
    return f"rabbitmqctl set_user_tags {user} monitoring"


def _plain(url: str, management_url: str) -> Iterator[Finding]:
    """Only reached when the settings allow plain text to another machine, or it is this one."""
    try:
        Address.parse(url)
    except AddressRefused as refused:
        yield Finding(
            where="broker.url", what=f"{refused}: orders and passwords can be read", mend="amqps://"
        )
    parts = urlsplit(management_url)
    try:
        Address.parse(f"amqp://{parts.hostname}/")
    except AddressRefused:
        if parts.scheme == "http":
            what = f"plain http:// to {parts.hostname!r}: the password can be read"
            yield Finding(where="broker.management_url", what=what, mend="https:// in broker.management_url")


def _version(version: Version) -> Iterator[Finding]:
    shown = ".".join(map(str, version))
    if version < _OLDEST:
        what = f"RabbitMQ {shown}: quorum queues lack what the hub needs"
        yield Finding(where="version", what=what, mend="install RabbitMQ 3.10 or newer, better 4")
    elif version < _SUPPORTED:
        what = f"RabbitMQ {shown} gets no corrections from its makers any more, at most from a distribution"
        yield Finding(where="version", what=what, mend="install RabbitMQ 4", warning=True)
    elif version >= _UNKNOWN:
        what = f"RabbitMQ {shown} is newer than all that the hub was tried with (3.10 to 4)"
        yield Finding(where="version", what=what, mend="make test, with that server installed", warning=True)


def _guest(management_url: str) -> Iterator[Finding]:
    """Asked by logging in: that needs no rights, and its password is what matters."""
    parts = urlsplit(management_url)
    host = parts.netloc.rpartition("@")[2]
    try:
        Management(urlunsplit(parts._replace(netloc=f"guest:guest@{host}"))).whoami()
    except ManagementRefused as refused:
        # From another machine it is refused in these words when the password is right.
        if "localhost" not in refused.reason:
            return
    yield Finding(
        where="user 'guest'",
        what="is there with the password that everybody knows",
        mend="rabbitmqctl delete_user guest",
    )


def _own_user(management: Management) -> Iterator[Finding]:
    tags = management.whoami().get("tags") or ()
    if "administrator" in tags:
        what = "the hub logs in as an administrator: it needs 'monitoring' only"
        mend = "orderloom topology users --apply FILE, then broker.url with the user it made"
        yield Finding(where=f"user {management.user!r}", what=what, mend=mend, warning=True)


def _alarms(management: Management) -> Iterator[Finding]:
    """The health check knows at once, the listing of nodes some seconds later, and of which kind."""
    try:
        if not management.alarmed():
            return
        nodes = management.nodes()
    except ManagementRefused as refused:
        if refused.status != _UNAUTHORIZED:
            raise
        what = "may not see the nodes, so that alarms were not checked"
        mend = f"rabbitmqctl set_user_tags {management.user} monitoring"
        yield Finding(where=f"user {management.user!r}", what=what, mend=mend, warning=True)
        return
    kinds = {"mem_alarm": "memory", "disk_free_alarm": "disk"}
    found = [
        f"{kind} on {node.get('name')}" for node in nodes for key, kind in kinds.items() if node.get(key)
    ]
    yield Finding(
        where="alarm",
        what=f"in force ({', '.join(found) or 'memory or disk'}): all publishers are held back",
        mend="rabbitmq-diagnostics alarms, then free disk space or memory on that node",
    )


def _policies(management: Management, vhost: str, topology: Topology, version: Version) -> Iterator[Finding]:
    """Policies of others that stand in front of ours, and limits that lose messages."""
    ordinary, operator = management.policies(vhost), management.operator_policies(vhost)
    policies = Policies(ordinary, operator)
    ours = {policy.name for policy in topology.policies(version)}
    in_front: Counter[tuple[str, bool]] = Counter()
    limited: list[str] = []
    for queue in topology.queues:
        effective = policies.of(queue.type, queue.name)
        in_front.update(_strangers(effective.names, ours, operator))
        limit = effective.definition.get("delivery-limit")
        unlimited = "delivery-limit" not in queue.limits
        if unlimited and isinstance(limit, int) and limit >= 0:
            limited.append(f"{queue.name} ({limit})")
    for exchange in topology.exchanges:
        effective = policies.of("exchange", exchange.name)
        in_front.update(_strangers(effective.names, ours, operator))
    for (name, is_operator), count in sorted(in_front.items()):
        kind = "operator policy" if is_operator else "policy"
        clear = f"rabbitmqctl clear_{kind.replace(' ', '_')} -p {vhost} {name!r}"
        what = f"applies to {count} of our queues and exchanges and changes or hides our own policy"
        yield Finding(where=f"{kind} {name!r}", what=what, mend=f"{clear}, or give it a pattern without ours")
    if limited:
        what = f"a delivery limit: messages are dropped after that many looks: {', '.join(sorted(limited))}"
        mend = "take delivery-limit out of that policy, then orderloom topology apply"
        yield Finding(where="queues", what=what, mend=mend)


def _strangers(
    names: tuple[str, ...], ours: set[str], operator: list[dict[str, object]]
) -> Iterator[tuple[str, bool]]:
    operators = {str(one["name"]) for one in operator}
    for name in names:
        if name not in ours:
            yield name, name in operators


def _drift(url: str, management_url: str, topology: Topology, *, allow_plain: bool) -> Iterator[Finding]:
    try:
        differences = check(url, management_url, topology, allow_plain=allow_plain)
    except BrokerUnavailable as refused:
        yield Finding(where="broker.url", what=str(refused), mend="orderloom config")
        return
    if differences:
        more = f", and {len(differences) - 1} more" if len(differences) > 1 else ""
        what = f"differs from what the hub needs: {differences[0]}{more}"
        yield Finding(where="topology", what=what, mend="orderloom topology diff, orderloom topology apply")

"""
The settings of a hub: one TOML file, overridden by a few environment variables; secrets only from there.

Reference: docs/settings.md, made from ``orderloom/schema/settings.json``.  Without any file the
defaults run the reference world.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from canonical.errors import Fault

from .retention import Policy
from .rules import default_folder
from .settings_layers import DEFAULT, Layers, Leaf, SettingsError, dotted, read_layers

__all__ = [
    "BrokerSettings",
    "ChannelSettings",
    "ClockSettings",
    "ConversationSettings",
    "Effective",
    "ListenerSettings",
    "Settings",
    "SettingsError",
    "SystemSettings",
    "Url",
    "WorkerSettings",
    "load",
]

_FILE = "orderloom.toml"
_SQLITE = "sqlite:///"
_POSTGRES = ("postgresql://", "postgres://")
_SECRET_PARAMETER = re.compile(r"([?&](?:ssl)?password=)[^&#]*", re.IGNORECASE)
_OTHER_STORE = re.compile(r"^[a-z][a-z0-9+]*://")
_MANAGEMENT_PORT = {"amqp": ("http", 15672), "amqps": ("https", 15671)}


@dataclass(frozen=True, slots=True)
class Url:
    """A URL that may hold a password: shown without it, whichever way it gets into a text."""

    value: str = field(repr=False)

    def __str__(self) -> str:
        shown = _SECRET_PARAMETER.sub(r"\1***", self.value)
        parts = urlsplit(shown)
        if parts.password is None:
            return shown
        host = parts.netloc.rpartition("@")[2]
        return urlunsplit(parts._replace(netloc=f"{parts.username}:***@{host}"))

    def __repr__(self) -> str:
        return f"Url({str(self)!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerSettings:
    """Where the broker is; both None when no broker is set."""

    url: Url | None = None
    management_url: Url | None = None
    allow_plain: bool = False

    def required(self) -> tuple[str, str]:
        """
        AMQP URL and management URL, passwords included.

        Raises:
            SettingsError: No broker is set.
        """
        if self.url is None or self.management_url is None:
            allowed = "an amqp or amqps url there, or in $ORDERLOOM_BROKER_URL"
            unset = Fault(code="E_CONFIG", what="is not set", where="broker.url", allowed=allowed)
            raise SettingsError([unset])
        return self.url.value, self.management_url.value


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings:
    """
    Limits of one worker; seconds and bytes.

    Args:
        hold_after: How long a system may be away, or silent, before anything is held because of it.
        early_for: How long what comes before its order waits for it.
        breaker_after: Calls to a system that fail in a row before its calls stop.
        unsent_total_bytes: Watermark of what waits to be sent; past it intake pauses.
        out_queue_bytes: Bound of each out queue at the broker.
    """

    batch: int = 200
    window_messages: int = 2000
    window_bytes: int = 8 * 1024 * 1024
    unsent_total_bytes: int = 512 * 1024 * 1024
    lease: float = 10.0
    hold_after: float = 300.0
    early_for: float = 900.0
    breaker_after: int = 5
    out_queue_bytes: int = 512 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSettings:
    """Where the clock's messages go; None when there is no clock."""

    url: Url | None = None

    def required(self) -> str:
        """
        AMQP URL, password included.

        Raises:
            SettingsError: No clock is set.
        """
        if self.url is None:
            allowed = "an amqp or amqps url of a virtual host of its own there, or in $ORDERLOOM_CLOCK_URL"
            raise SettingsError(
                [Fault(code="E_CONFIG", what="is not set", where="clock.url", allowed=allowed)]
            )
        return self.url.value


@dataclass(frozen=True, slots=True, kw_only=True)
class ConversationSettings:
    """How many days a draft lives after its last edit, and a token that nobody uses."""

    draft_days: int = 30
    token_days: int = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelSettings:
    """
    A channel and the entry point of its adapter.

    Args:
        mapping: Its mapping file instead of an adapter; None when it has none.
        folder: Its drop folder, with a sub-folder for each endpoint; None when it has none.
        quiet: Seconds that a file must not have changed to be taken.
    """

    name: str
    adapter: str
    mapping: Path | None = None
    folder: Path | None = None
    quiet: float = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemSettings:
    """
    A system and the entry point of its adapter.

    Args:
        url: Base URL of a call-attached system; empty when it has none.
        timeout: Seconds for one call, from first to last byte.
        pool: Most calls at one time.
        answer_within: Seconds; None takes the adapter's.
        format: Given to the adapter with each stamp.
        token: Bearer token of calls.
    """

    name: str
    adapter: str
    url: str = ""
    timeout: float = 10.0
    pool: int = 8
    answer_within: int | None = None
    format: Mapping[str, str] = field(default_factory=dict)
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenerSettings:
    """Where the listener binds; ``token`` empty: anybody who reaches it, so loopback only."""

    host: str = "127.0.0.1"
    port: int = 8622
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Effective:
    """One setting as it is: its key, its value for people, and where it came from."""

    key: str
    value: str
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """
    All settings; :func:`load` makes them.

    Args:
        store: A SQLite file, or the URL of a PostgreSQL database.
    """

    broker: BrokerSettings
    store: Path | Url
    rules: Path
    worker: WorkerSettings
    clock: ClockSettings
    retention: Policy
    conversation: ConversationSettings
    channels: Mapping[str, ChannelSettings]
    systems: Mapping[str, SystemSettings]
    listener: ListenerSettings
    origins: tuple[Effective, ...] = field(default=(), repr=False, compare=False)

    def effective(self) -> tuple[Effective, ...]:
        """Every setting, in the order of the schema; no secret is shown."""
        return self.origins


def load(file: Path | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """
    Read ``file``, else ``$ORDERLOOM_CONFIG``, else ``./orderloom.toml``, else take the defaults.

    Raises:
        SettingsError: With every fault, each with file and key.
    """
    environ = os.environ if environment is None else environment
    chosen = file or _named(environ) or _present(Path(_FILE))
    layers = read_layers(chosen, environ)
    base = chosen.parent if chosen else Path()
    faults: list[Fault] = []
    broker = _broker(layers, environ)
    settings = Settings(
        broker=broker,
        store=_store(layers.leaves["store", "path"], base, environ.get("ORDERLOOM_STORE_PASSWORD"), faults),
        rules=_rules(layers.leaves["rules", "folder"], base),
        worker=_worker(layers),
        clock=_clock(layers, environ, faults),
        retention=_retention(layers, faults),
        conversation=ConversationSettings(**layers.table("conversation")),
        channels={name: _channel(layers, name, base, faults) for name in layers.names("channels")},
        systems={name: _system(layers, name) for name in layers.names("systems")},
        listener=ListenerSettings(**layers.table("listener"), token=layers.tokens.get("", "")),
        origins=tuple(_effective(layers, broker)),
    )
    if faults:
        raise SettingsError(faults)
    return settings


def _named(environ: Mapping[str, str]) -> Path | None:
    name = environ.get("ORDERLOOM_CONFIG")
    return Path(name) if name else None


def _present(file: Path) -> Path | None:
    return file if file.is_file() else None


def _broker(layers: Layers, environ: Mapping[str, str]) -> BrokerSettings:
    table = layers.table("broker")
    url = _with_password(table["url"], environ.get("ORDERLOOM_BROKER_PASSWORD"))
    if not url:
        return BrokerSettings(allow_plain=table["allow_plain"])
    management = table["management_url"] or _management_beside(table["url"])
    own = urlsplit(url).password
    password = environ.get("ORDERLOOM_MANAGEMENT_PASSWORD") or (unquote(own) if own else None)
    return BrokerSettings(
        url=Url(url),
        management_url=Url(_with_password(management, password)),
        allow_plain=table["allow_plain"],
    )


def _with_password(url: str, password: str | None) -> str:
    parts = urlsplit(url)
    if not password or not parts.username or parts.password is not None:
        return url
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{parts.username}:{quote(password, safe='')}@{host}"))


def _management_beside(url: str) -> str:
    parts = urlsplit(url)
    scheme, port = _MANAGEMENT_PORT[parts.scheme]
    user = f"{parts.username}@" if parts.username else ""
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return f"{scheme}://{user}{host}:{port}"


def _store(leaf: Leaf, base: Path, password: str | None, faults: list[Fault]) -> Path | Url:
    text = str(leaf.value)
    if text.startswith(_POSTGRES):
        return Url(_with_password(text, password))
    if not text.startswith(_SQLITE) and _OTHER_STORE.match(text):
        where = leaf.origin if leaf.origin.startswith("$") else f"{leaf.origin}: store.path"
        scheme = text.partition("://")[0]
        allowed = f"a path, {_SQLITE}path, or {_POSTGRES[0]}user@host/database"
        faults.append(Fault(code="E_CONFIG", what=f"unknown store {scheme!r}", where=where, allowed=allowed))
    return _beside(leaf, text.removeprefix(_SQLITE), base)


def _rules(leaf: Leaf, base: Path) -> Path:
    if leaf.value:
        return _beside(leaf, str(leaf.value), base)
    return default_folder()


def _beside(leaf: Leaf, text: str, base: Path) -> Path:
    """What the file names is beside the file; everything else is in the working folder."""
    return Path(text) if leaf.origin == DEFAULT or leaf.origin.startswith("$") else base / text


def _worker(layers: Layers) -> WorkerSettings:
    table = layers.table("worker")
    seconds = {name: float(table[name]) for name in ("lease", "hold_after", "early_for")}
    return WorkerSettings(**{**table, **seconds})


def _clock(layers: Layers, environ: Mapping[str, str], faults: list[Fault]) -> ClockSettings:
    leaf = layers.leaves["clock", "url"]
    if not leaf.value:
        return ClockSettings()
    if _virtual_host(leaf.value) == _virtual_host(layers.leaves["broker", "url"].value):
        where = leaf.origin if leaf.origin.startswith("$") else f"{leaf.origin}: clock.url"
        what = "is the virtual host of broker.url, where the orders are"
        allowed = "a virtual host of its own"
        faults.append(Fault(code="E_CONFIG", what=what, where=where, allowed=allowed))
    return ClockSettings(url=Url(_with_password(leaf.value, environ.get("ORDERLOOM_CLOCK_PASSWORD"))))


def _retention(layers: Layers, faults: list[Fault]) -> Policy:
    """What goes first may not be kept longest: answers are repeated under keys, the journal names bytes."""
    days = layers.table("retention")
    for sooner, later in pairwise(("native", "journal", "keys")):
        if days[later] and (days[sooner] or math.inf) > days[later]:
            kept = f"{days[sooner]} days" if days[sooner] else "for ever"
            what = f"{days[later]} days is shorter than retention.{sooner}, {kept}"
            # Of the two that do not fit, one at least is not the default's.
            origins = (layers.leaves["retention", name].origin for name in (later, sooner))
            where = f"{next(one for one in origins if one != DEFAULT)}: retention.{later}"
            faults.append(Fault(code="E_CONFIG", what=what, where=where, allowed="no shorter; 0 is for ever"))
    return Policy(**days)


def _virtual_host(url: str) -> tuple[str | None, str]:
    """Host and virtual host: whatever the port or the user, it is one place."""
    parts = urlsplit(url)
    return parts.hostname, unquote(parts.path.removeprefix("/")) or "/"


def _channel(layers: Layers, name: str, base: Path, faults: list[Fault]) -> ChannelSettings:
    table = layers.table("channels", name)
    folder = layers.leaves["channels", name, "folder"]
    mapping = layers.leaves["channels", name, "mapping"]
    if mapping.value and table["adapter"]:
        where = f"{mapping.origin}: channels.{name}.mapping"
        allowed = "a mapping or an adapter"
        faults.append(Fault(code="E_CONFIG", what="there is an adapter too", where=where, allowed=allowed))
    return ChannelSettings(
        name=name,
        adapter=table["adapter"] or name,
        mapping=_beside(mapping, str(mapping.value), base) if mapping.value else None,
        folder=_beside(folder, str(folder.value), base) if folder.value else None,
        quiet=float(table["quiet"]),
    )


def _system(layers: Layers, name: str) -> SystemSettings:
    table = layers.table("systems", name)
    return SystemSettings(
        name=name,
        adapter=table["adapter"] or name,
        url=table["url"].rstrip("/"),
        timeout=float(table["timeout"]),
        pool=table["pool"],
        answer_within=table["answer_within"] or None,
        format=layers.table("systems", name, "format"),
        token=layers.tokens.get(name, ""),
    )


def _effective(layers: Layers, broker: BrokerSettings) -> list[Effective]:
    found = [Effective(dotted(path), _shown(path, leaf), leaf.origin) for path, leaf in layers.leaves.items()]
    if broker.management_url and not layers.leaves["broker", "management_url"].value:
        derived = Effective("broker.management_url", str(broker.management_url), "from broker.url")
        found = [derived if one.key == derived.key else one for one in found]
    for name in layers.tokens:
        key = dotted(("systems", name, "token")) if name else "listener.token"
        found.append(Effective(key, "***", "environment"))
    return found


def _shown(path: tuple[str, ...], leaf: Leaf) -> str:
    if path[-1].endswith("url") or str(leaf.value).startswith(_POSTGRES):
        return str(Url(leaf.value))
    return str(leaf.value).lower() if isinstance(leaf.value, bool) else str(leaf.value)

"""
The wiring: settings into a hub that can run.  The only place that knows everybody.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import msgspec
import structlog

from adapters.kit.contract import BatchAdapter
from canonical.errors import Fault
from canonical.systems import Attachment, SystemProfile
from orderloom.adapters_found import Adapters, find_adapters
from orderloom.correlation.port import Store
from orderloom.engine.hub import Hub, Limits, SystemLink
from orderloom.hub_topology import Lane, lanes
from orderloom.rules import read_folder
from orderloom.settings import Settings, SettingsError
from orderloom.stores import open_store as open_at
from routes.model import RuleSet
from routes.rules import RulesError, read

__all__ = ["CurrentRules", "called_systems", "open_store", "profiles_of", "wire"]


_log = structlog.get_logger()

_DAY = 86_400.0


def profiles_of(settings: Settings, adapters: Adapters) -> Mapping[str, SystemProfile]:
    """What each system can do, with the settings' own answering times."""
    found = {}
    for name, system in settings.systems.items():
        profile = adapters.profiles[name]
        if system.answer_within is not None:
            profile = msgspec.structs.replace(profile, answer_within=system.answer_within)
        found[name] = profile
    return found


def called_systems(settings: Settings, profiles: Mapping[str, SystemProfile]) -> tuple[str, ...]:
    """Names of the systems that are reached by calls."""
    return tuple(name for name in settings.systems if profiles[name].attachment is Attachment.CALL)


def open_store(settings: Settings) -> Store:
    """
    The correlation store of these settings, made when it is not there yet.

    Raises:
        StoreError: It cannot be opened; naming the file or the server, and what mends it.
    """
    return open_at(settings.store)


# Versions that a worker keeps at hand: orders live for weeks, and rules change now and then.
_PINNED = 8


@dataclass(slots=True)
class CurrentRules:
    """The store's current rules; read anew when its version has changed, kept when the new ones are wrong."""

    store: Store
    profiles: Mapping[str, SystemProfile]
    texts: Mapping[str, str]
    rules: RuleSet
    refused: str = ""
    _own: RuleSet = field(init=False)
    _pinned: dict[str, RuleSet] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._own = self.rules

    def publish(self, now: datetime) -> None:
        """Make the rules of the folder the store's current ones: once the store is this worker's."""
        if self.store.current_rules() != self._own.version:
            self.store.save_rules(self._own.version, self.texts, now)
        self.rules = self._own

    def __call__(self) -> RuleSet:
        """The rules that new orders are pinned to."""
        version = self.store.current_rules()
        if version is not None and version != self.rules.version:
            self._read(version)
        return self.rules

    def pinned(self, version: str) -> RuleSet | None:
        """An earlier version, which an order is pinned to; None when it is not there, or fits no more."""
        known = self._pinned.get(version)
        if known is None and (texts := self.store.load_rules(version)) is not None:
            try:
                known = read(texts, self.profiles)
            except RulesError as error:
                _log.error("rules_refused", version=version, error=str(error))
                return None
            if len(self._pinned) == _PINNED:
                self._pinned.pop(next(iter(self._pinned)))
            self._pinned[version] = known
        return known

    def _read(self, version: str) -> None:
        texts = self.store.load_rules(version)
        if texts is None or version == self.refused:
            return
        try:
            self.rules = read(texts, self.profiles)
        except RulesError as error:
            # They were checked before they were stored: this worker's adapters are others.
            self.refused = version
            _log.error("rules_refused", version=version, error=str(error))


def wire(
    settings: Settings,
    store: Store,
    *,
    channels: Collection[str] | None = None,
    systems: Collection[str] | None = None,
) -> tuple[Hub, tuple[Lane, ...], CurrentRules]:
    """
    The hub of these settings, the queues that this worker consumes, and its rules.

    The store's current rules stay what they are until :meth:`CurrentRules.publish`.

    Args:
        channels, systems: Only these; None means all.

    Raises:
        SettingsError: An adapter is missing.
        RulesError: The rules are wrong.
    """
    adapters = find_adapters(settings)
    profiles = profiles_of(settings, adapters)
    texts = read_folder(settings.rules)
    rules = CurrentRules(store, profiles, texts, read(texts, profiles))
    found = lanes(settings, profiles, channels=channels, systems=systems)
    links = {
        name: SystemLink(
            adapter=adapters.outbound[name],
            profile=profiles[name],
            timeout=system.timeout,
            settings=system.format,
        )
        for name, system in settings.systems.items()
    }
    worker = settings.worker
    limits = Limits(
        draft_for=settings.conversation.draft_days * _DAY,
        token_for=settings.conversation.token_days * _DAY,
        batch=worker.batch,
        window=worker.window_messages,
        window_bytes=worker.window_bytes,
        unsent_bytes=worker.unsent_total_bytes,
        lease=worker.lease,
        hold_after=worker.hold_after,
        early_for=worker.early_for,
        breaker_after=worker.breaker_after,
    )
    hub = Hub(
        channels=adapters.inbound,
        systems=links,
        lanes={lane.queue: lane for lane in found},
        rules=rules,
        pinned=rules.pinned,
        folders=_folders(settings, adapters),
        limits=limits,
    )
    return hub, found, rules


def _folders(settings: Settings, adapters: Adapters) -> frozenset[str]:
    """
    Channels with a drop folder.

    Raises:
        SettingsError: An adapter reads no files.
    """
    named = [name for name, channel in settings.channels.items() if channel.folder is not None]
    faults = [
        Fault(
            code="E_CONFIG",
            what=f"its adapter {settings.channels[name].adapter!r} reads no files",
            where=f"channels.{name}.folder",
            allowed="only where the adapter is a BatchAdapter (docs/adapters.md)",
        )
        for name in named
        if not isinstance(adapters.inbound[name], BatchAdapter)
    ]
    if faults:
        raise SettingsError(faults)
    return frozenset(named)

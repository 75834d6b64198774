"""
The adapters that the settings name, found by their entry points or made of mapping files, once.

Groups: ``orderloom.inbound`` (one a channel) and ``orderloom.outbound`` (one a system).  Nothing
stands in for a missing one: a hub that silently leaves a channel out loses orders.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, TypeVar

from adapters.kit.contract import InboundAdapter, InquiringAdapter, OutboundAdapter
from canonical.errors import Fault
from canonical.systems import Repeat, SystemProfile

from .mappings import mapped_adapter
from .settings import Settings, SettingsError, load

__all__ = ["Adapters", "NotMadeError", "find_adapters", "made", "profiles"]

_INBOUND = "orderloom.inbound"
_OUTBOUND = "orderloom.outbound"

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Adapters:
    """The adapters by channel and by system name."""

    inbound: Mapping[str, InboundAdapter]
    outbound: Mapping[str, OutboundAdapter]
    profiles: Mapping[str, SystemProfile] = field(init=False)
    """Each system's profile, for planning, folding and the topology."""

    def __post_init__(self) -> None:
        profiles = {name: adapter.profile for name, adapter in self.outbound.items()}
        object.__setattr__(self, "profiles", profiles)


def find_adapters(settings: Settings) -> Adapters:
    """
    Make every adapter that the settings name.

    Raises:
        SettingsError: Each one that is missing, cannot be imported, is of the wrong kind, or says that it is
            for another channel or system; every fault of a mapping file.
    """
    faults: list[Fault] = []
    inbound: dict[str, InboundAdapter] = {}
    outbound: dict[str, OutboundAdapter] = {}
    for channel in settings.channels.values():
        if channel.mapping is not None:
            mapped = _mapped(channel.mapping, faults)
            if mapped is not None:
                inbound[channel.name] = mapped
                faults += _misnamed(f"channels.{channel.name}.mapping", channel.name, mapped.channel)
            continue
        found = _made(_INBOUND, channel.adapter, f"channels.{channel.name}.adapter", faults)
        if isinstance(found, InboundAdapter):
            inbound[channel.name] = found
            faults += _misnamed(f"channels.{channel.name}.adapter", channel.name, found.channel)
        elif found is not None:
            faults.append(_wrong_kind(f"channels.{channel.name}.adapter", found, InboundAdapter))
    for system in settings.systems.values():
        found = _made(_OUTBOUND, system.adapter, f"systems.{system.name}.adapter", faults)
        if isinstance(found, OutboundAdapter):
            outbound[system.name] = found
            faults += _misnamed(f"systems.{system.name}.adapter", system.name, found.profile.name)
            faults += _speechless(f"systems.{system.name}.adapter", found)
        elif found is not None:
            faults.append(_wrong_kind(f"systems.{system.name}.adapter", found, OutboundAdapter))
    if faults:
        raise SettingsError(faults)
    return Adapters(inbound, outbound)


def profiles() -> Mapping[str, SystemProfile]:
    """
    The systems of the settings that are in force here.

    Raises:
        SettingsError: The settings are wrong, or an adapter is missing.
    """
    return find_adapters(load()).profiles


def _mapped(file: Path, faults: list[Fault]) -> InboundAdapter | None:
    try:
        return mapped_adapter(file)
    except SettingsError as error:
        faults += error.faults
        return None


def _made(group: str, name: str, where: str, faults: list[Fault]) -> Any | None:
    points = tuple(entry_points(group=group))
    there = {point.name: point for point in points}
    claims = {point.value: point for point in points if point.name == name}
    if len(claims) > 1:
        whose = ", ".join(sorted(f"{value} of {_package(point)}" for value, point in claims.items()))
        allowed = "one; uninstall the other, or give it another name in its package and here"
        faults.append(_fault(where, f"several adapters are called {name!r}: {whose}", allowed))
        return None
    if name not in there:
        allowed = f"one of {', '.join(sorted(there)) or 'none is installed'}; entry points of group {group}"
        faults.append(_fault(where, f"no adapter {name!r} is installed", allowed))
        return None
    return _loaded(there[name], where, faults)


def _loaded(point: EntryPoint, where: str, faults: list[Fault]) -> Any | None:
    try:
        return made(made(point.load))
    except NotMadeError as error:
        what = f"adapter {point.name!r} ({point.value}) cannot be made: {error}"
        faults.append(_fault(where, what, "a class without arguments"))
        return None


class NotMadeError(Exception):
    """Code of an adapter's failed while it was imported or made; its text is one line."""


def made(make: Callable[[], Made]) -> Made:
    """
    What ``make`` makes.

    Raises:
        NotMadeError: Whatever was raised there, an end of the process included.
    """
    try:
        return make()
    except (Exception, SystemExit) as error:
        said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        raise NotMadeError(said.partition("\n")[0]) from error


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else "an unknown package"


def _misnamed(where: str, name: str, own: str) -> Iterator[Fault]:
    if name != own:
        yield _fault(where, f"the adapter says that it is for {own!r}", f"an adapter for {name!r}")


def _speechless(where: str, made: OutboundAdapter) -> Iterator[Fault]:
    """A system that must be asked, and an adapter that cannot ask: its lines would be held for no reason."""
    if made.profile.repeat is Repeat.INQUIRE and not isinstance(made, InquiringAdapter):
        yield _wrong_kind(where, made, InquiringAdapter)


def _wrong_kind(where: str, made: object, kind: type) -> Fault:
    what = f"{type(made).__name__} lacks members of {kind.__name__}"
    return _fault(where, what, "adapters/kit/contract.py says what it must have")


def _fault(where: str, what: str, allowed: str) -> Fault:
    return Fault(code="E_CONFIG", what=what, where=where, allowed=allowed)

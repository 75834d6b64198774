"""
Where each setting comes from: default, file or environment, in that order of growing weight.

The JSON Schema is the only declaration of a setting: type, default, limits, description and the
name of its environment variable (``x-environment``) stand there and nowhere else.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jsonschema.exceptions import ValidationError

from canonical.errors import Fault, HubError, shown
from routes.lines import no_toml
from routes.validator import validator_of

__all__ = ["DEFAULT", "KeyPath", "Layers", "Leaf", "SettingsError", "dotted", "read_layers", "schema"]

KeyPath = tuple[str, ...]

DEFAULT = "default"

# $ORDERLOOM_SYSTEM_OSS_INTERNET_URL is the url of the system oss.internet.
_SYSTEM_VARIABLE = re.compile(r"^ORDERLOOM_SYSTEM_([A-Z0-9_]+)_(URL|TOKEN)$")
_PLAIN_KEY = re.compile(r"^[A-Za-z0-9_-]+$")
_PASSWORD = re.compile(r"//[^/@]*:[^/@]*@")
_PARAMETER = re.compile(r"[?&](ssl)?password=", re.IGNORECASE)
# Where a file may hold a URL, and the variable that holds its password.
_PASSWORDS = {
    ("broker", "url"): "BROKER",
    ("broker", "management_url"): "MANAGEMENT",
    ("store", "path"): "STORE",
    ("clock", "url"): "CLOCK",
}


class SettingsError(HubError):
    """The settings are wrong and nothing is started; ``faults`` holds everything that is wrong."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("E_CONFIG", f"{len(self.faults)} faults in the settings")

    def __str__(self) -> str:
        return "\n".join(str(fault) for fault in self.faults)


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value and its origin: ``default``, the file's name, or ``$VARIABLE``."""

    value: Any
    origin: str


@dataclass(frozen=True, slots=True)
class Layers:
    """
    All values, by path, and the secrets that only the environment holds.

    Args:
        tokens: Bearer token by system name; the listener's under ``""``.
    """

    leaves: Mapping[KeyPath, Leaf]
    tokens: Mapping[str, str]

    def names(self, table: str) -> tuple[str, ...]:
        """Names in a table of tables (``channels``, ``systems``), in the order given."""
        return tuple(dict.fromkeys(path[1] for path in self.leaves if path[0] == table))

    def table(self, *path: str) -> dict[str, Any]:
        """The values under ``path``, one level deep."""
        depth = len(path)
        return {
            key[depth]: leaf.value
            for key, leaf in self.leaves.items()
            if key[:depth] == path and len(key) == depth + 1
        }


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema of the settings file."""
    text = files("orderloom").joinpath("schema/settings.json").read_text("utf-8")
    return dict(json.loads(text))


def dotted(path: Iterable[object]) -> str:
    """A path as TOML writes it: ``systems."oss.internet".url``."""
    return ".".join(key if _PLAIN_KEY.match(key) else f'"{key}"' for key in map(str, path))


def read_layers(file: Path | None, environment: Mapping[str, str]) -> Layers:
    """
    Lay the three over each other.

    Raises:
        SettingsError: With every fault of the file and of the environment.
    """
    given, faults = _read_file(file)
    if faults:
        raise SettingsError(faults)
    name = file.name if file else DEFAULT
    leaves = dict(_leaves(schema(), given, (), name))
    faults = [*_overridden(leaves, environment), *_system_faults(leaves, environment)]
    if faults:
        raise SettingsError(faults)
    systems = {variable_name(path[1]): path[1] for path in leaves if path[0] == "systems"}
    tokens = {
        systems[match[1]]: value
        for match, value in _system_variables(environment)
        if match[2] == "TOKEN" and value
    }
    listener = environment.get("ORDERLOOM_LISTENER_TOKEN")
    return Layers(leaves, {**tokens, **({"": listener} if listener else {})})


def variable_name(system: str) -> str:
    """A system's name inside the name of an environment variable."""
    return re.sub(r"[^A-Z0-9]", "_", system.upper())


def _read_file(file: Path | None) -> tuple[dict[str, Any], list[Fault]]:
    if file is None:
        return {}, []
    try:
        table = tomllib.loads(file.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        return {}, [_fault(*no_toml(file.name, str(error)), "")]
    except (OSError, ValueError) as error:
        what = error.strerror if isinstance(error, OSError) else str(error)
        return {}, [_fault(str(file), f"cannot be read: {what}", "a TOML file in UTF-8")]
    found = sorted(validator_of(schema()).iter_errors(table), key=lambda one: dotted(one.path))
    return table, [*(_worded(error, f"{file.name}: ") for error in found), *_passwords(table, file.name)]


def _passwords(table: Mapping[str, Any], file: str) -> Iterator[Fault]:
    for (name, key), variable in _PASSWORDS.items():
        inner = table.get(name)
        value = inner.get(key) if isinstance(inner, dict) else None
        if isinstance(value, str) and (_PASSWORD.search(value) or _PARAMETER.search(value)):
            allowed = f"the url without it, and the password in $ORDERLOOM_{variable}_PASSWORD"
            yield _fault(f"{file}: {name}.{key}", "holds a password", allowed)


def _leaves(
    node: Mapping[str, Any], given: Any, path: KeyPath, origin: str
) -> Iterator[tuple[KeyPath, Leaf]]:
    if given is None:
        given, origin = node.get("default"), DEFAULT
    if node.get("type") != "object":
        yield path, Leaf(given, origin)
        return
    known = node.get("properties")
    names = known if known is not None else given
    for name in names:
        child = known[name] if known is not None else node["additionalProperties"]
        yield from _leaves(child, given.get(name), (*path, name), origin)


def _overridden(leaves: dict[KeyPath, Leaf], environment: Mapping[str, str]) -> Iterator[Fault]:
    for path in tuple(leaves):
        node = _node(path)
        pattern = node.get("x-environment")
        variable = pattern.replace("<NAME>", variable_name(path[1])) if pattern else ""
        text = environment.get(variable)
        if not text:
            continue
        value = _typed(text, node["type"])
        leaves[path] = Leaf(value, f"${variable}")
        for error in validator_of(node).iter_errors(value):
            yield _worded(error, f"${variable}")


def _typed(text: str, kind: str) -> str | int:
    return int(text) if kind == "integer" and text.isascii() and text.isdigit() else text


def _node(path: KeyPath) -> dict[str, Any]:
    node = schema()
    for key in path:
        known = node.get("properties", {})
        node = known[key] if key in known else node["additionalProperties"]
    return node


def _system_variables(environment: Mapping[str, str]) -> Iterator[tuple[re.Match[str], str]]:
    for variable, value in sorted(environment.items()):
        match = _SYSTEM_VARIABLE.match(variable)
        if match:
            yield match, value


def _system_faults(leaves: Mapping[KeyPath, Leaf], environment: Mapping[str, str]) -> Iterator[Fault]:
    known = sorted({path[1] for path in leaves if path[0] == "systems"})
    names = {variable_name(name) for name in known}
    for match, _ in _system_variables(environment):
        if match[1] not in names:
            yield _fault(f"${match[0]}", "names no system of the settings", f"one of {', '.join(known)}")


def _worded(error: ValidationError, where: str) -> Fault:
    place = where + dotted(error.absolute_path)
    kind, limit = error.validator, error.validator_value
    found = shown(error.instance)
    node: dict[str, Any] = dict(error.schema) if isinstance(error.schema, Mapping) else {}
    if kind == "additionalProperties" and isinstance(error.instance, dict):
        known = tuple(node.get("properties", ()))
        unknown = ", ".join(repr(key) for key in error.instance if key not in known)
        return _fault(place.removesuffix(": "), f"unknown key {unknown}", f"one of {', '.join(known)}")
    if kind == "type":
        return _fault(place, f"{found} is not of type {limit}", f"{limit}")
    if kind in ("minimum", "maximum"):
        return _fault(place, f"{found} is out of range", f"{kind} {limit}")
    if kind == "pattern":
        allowed = node.get("description", f"pattern {limit}").rstrip(".")
        return _fault(place, f"{_masked(found)} is not of the right form", allowed)
    return _fault(place, f"{found} is not allowed", f"{kind} {limit}")


def _masked(text: str) -> str:
    return _PASSWORD.sub("//***@", text)


def _fault(where: str, what: str, allowed: str) -> Fault:
    return Fault(code="E_CONFIG", what=what, where=where, allowed=allowed)

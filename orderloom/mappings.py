"""
Mapping files: read, checked against their JSON Schema and against themselves, and made into an adapter.

Every fault is told, with file and line.  Guide: docs/howto-channel.md; what a file may say: docs/mapping.md.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from adapters.mapped import ChannelMap, MappedAdapter, check
from canonical.errors import Fault, shown
from routes.lines import KeyPath, line_of, lines_of, no_toml
from routes.validator import validator_of

from .settings_layers import SettingsError

__all__ = ["mapped_adapter", "read_mapping", "schema"]

# Written by hand; a larger file is something else.
_MAX_BYTES = 1024 * 1024


def mapped_adapter(file: Path) -> MappedAdapter:
    """
    The adapter of a channel that has this mapping.

    Raises:
        SettingsError: With every fault of the file, each with its line.
    """
    try:
        with file.open("rb") as stream:  # a device or a pipe has no end
            body = stream.read(_MAX_BYTES + 1)
        text = body.decode("utf-8") if len(body) <= _MAX_BYTES else ""
    except (OSError, UnicodeDecodeError) as error:
        what = error.strerror if isinstance(error, OSError) else f"no UTF-8: byte {error.start}"
        raise SettingsError([_fault(str(file), f"cannot be read: {what}", "a mapping file")]) from None
    if not text:
        size = f"more than {_MAX_BYTES} bytes" if body else "no bytes"
        raise SettingsError([_fault(str(file), size, f"1 to {_MAX_BYTES}")])
    return read_mapping(text, file.name)


def read_mapping(text: str, name: str) -> MappedAdapter:
    """
    The same for the text of a file called ``name``.

    Raises:
        SettingsError: With every fault.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        where, what = no_toml(name, str(error))
        raise SettingsError([_fault(where, what, "")]) from None
    except RecursionError:
        fault = _fault(name, "no TOML: tables and lists within each other without end", "a mapping file")
        raise SettingsError([fault]) from None
    place = _Places(name, lines_of(text))
    faults = [one for error in _validator().iter_errors(table) for one in _worded(place, error)]
    if faults:
        raise SettingsError(sorted(set(faults), key=str))
    mapping = msgspec.convert(table, ChannelMap)
    faults = [place.fault(one.path, one.what, one.allowed) for one in check(mapping)]
    if faults:
        raise SettingsError(faults)
    return MappedAdapter(mapping)


def schema() -> dict[str, Any]:
    """The JSON Schema of a mapping file, made from its types."""
    made = msgspec.json.schema(ChannelMap)
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A mapping file: a channel that is declared and not programmed",
    }
    return {**head, **made}


class _Places:
    """Where the keys of a file stand."""

    def __init__(self, name: str, lines: Mapping[KeyPath, int]) -> None:
        self._name = name
        self._lines = lines

    def fault(self, path: KeyPath, what: str, allowed: str = "") -> Fault:
        line = line_of(path, self._lines)
        place = f"{self._name}:{line}" if line else self._name
        return _fault(f"{place} {_dotted(path)}".rstrip(), what, allowed)


@cache
def _validator() -> Draft202012Validator:
    return validator_of(schema())


def _worded(place: _Places, error: ValidationError) -> Iterator[Fault]:
    path: KeyPath = tuple(error.absolute_path)
    node: Mapping[str, Any] = error.schema if isinstance(error.schema, Mapping) else {}
    found: Any = error.instance
    wanted: Any = error.validator_value
    match error.validator:
        case "additionalProperties":
            known = node["properties"]
            for key in sorted(set(found) - set(known)):
                yield place.fault((*path, key), f"unknown key {shown(key)}", f"one of {', '.join(known)}")
        case "required":
            for key in wanted:
                if key not in found:
                    yield place.fault((*path, key), "missing")
        case "anyOf":
            # A path, or a table that says more: whoever wrote a table is told about the table.
            kind = "object" if isinstance(found, dict) else "string"
            inside = [one for one in error.context or () if one.validator != "type" or kind != "object"]
            for one in inside[:1] if kind == "string" else inside:
                yield from _worded(place, one)
            if not inside:
                yield place.fault(path, f"{shown(found)} is not allowed", "a text, or a table")
        case "enum":
            allowed = ", ".join(shown(one) for one in wanted)
            yield place.fault(path, f"{shown(found)} is not allowed", f"one of {allowed}")
        case _:
            allowed = str(node.get("description", f"{error.validator}: {wanted}"))
            yield place.fault(path, f"{shown(found)} is not allowed", allowed)


def _dotted(path: KeyPath) -> str:
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")


def _fault(where: str, what: str, allowed: str) -> Fault:
    return Fault(code="E_CONFIG", what=what, where=where, allowed=allowed)

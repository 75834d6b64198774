"""
The rule files as tables: TOML read, checked against its JSON Schema, every fault with file, line and key.

Schemas: ``routes/schema/*.json`` (JSON Schema draft 2020-12), the same that editors use for completion.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from pathlib import PurePosixPath
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from canonical.errors import Fault, HubError, shown

from .lines import KeyPath, line_of, lines_of, no_toml
from .validator import validator_of

__all__ = ["Document", "Kind", "RulesError", "kind_of", "read_document"]

# How much of a list is shown in an error.
_QUOTED = 5


class RulesError(HubError):
    """The rules are wrong, and nothing of them is used; ``faults`` holds all that is wrong with them."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("E_ROUTES", f"{len(self.faults)} faults in the rules")

    def __str__(self) -> str:
        return "\n".join(str(fault) for fault in self.faults)


class Kind(StrEnum):
    """What a rule file is about; each value is the name of its schema, samples have none."""

    ROUTES = "routes"
    CATALOGUE = "catalogue"
    ENDPOINT = "endpoint"
    RECOMMENDATIONS = "recommendations"
    CALENDARS = "calendars"
    SAMPLE = "sample"


# Folder and ending tell the kind, so that a file in the wrong place is a fault and not a surprise.
_PLACES = {
    ("routes", ".toml"): Kind.ROUTES,
    ("routes/catalogue", ".toml"): Kind.CATALOGUE,
    ("routes/recommendations", ".toml"): Kind.RECOMMENDATIONS,
    ("routes/calendars", ".toml"): Kind.CALENDARS,
    ("endpoints", ".toml"): Kind.ENDPOINT,
    ("routes/samples", ".json"): Kind.SAMPLE,
}


def kind_of(file: str) -> Kind | None:
    """The kind of a rule file by its relative name (``routes/catalogue/devices.toml``), or None."""
    path = PurePosixPath(file)
    return _PLACES.get((str(path.parent), path.suffix))


@dataclass(frozen=True, slots=True)
class Document:
    """One rule file that its schema accepts; ``table`` is plain TOML."""

    file: str
    kind: Kind
    table: Mapping[str, Any]
    lines: Mapping[KeyPath, int]

    def fault(self, path: KeyPath, what: str, allowed: str = "") -> Fault:
        """``what`` is wrong at ``path``, as ``file:line key``."""
        line = line_of(path, self.lines)
        place = f"{self.file}:{line}" if line else self.file
        return Fault(code="E_ROUTES", what=what, where=f"{place} {_dotted(path)}".rstrip(), allowed=allowed)


def read_document(file: str, kind: Kind, text: str) -> Document:
    """
    The table in ``text``.

    Raises:
        RulesError: With every fault that the TOML reader or the schema finds.
    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        where, what = no_toml(file, str(error))
        raise RulesError([Fault(code="E_ROUTES", what=what, where=where)]) from None
    document = Document(file, kind, table, lines_of(text))
    faults = [fault for error in _validator(kind).iter_errors(table) for fault in _worded(document, error)]
    if faults:
        raise RulesError(sorted(set(faults), key=str))
    return document


@cache
def _validator(kind: Kind) -> Draft202012Validator:
    schema = files("routes").joinpath("schema", f"{kind}.json").read_text(encoding="utf-8")
    return validator_of(json.loads(schema))


def _worded(document: Document, error: ValidationError) -> Iterator[Fault]:
    path = tuple(error.absolute_path)
    schema: Mapping[str, Any] = error.schema if isinstance(error.schema, Mapping) else {}
    found: Any = error.instance
    wanted: Any = error.validator_value
    match error.validator:
        case "additionalProperties":
            known = schema["properties"]
            for key in sorted(set(found) - set(known)):
                yield document.fault((*path, key), f"unknown key {shown(key)}", f"one of {', '.join(known)}")
        case "required":
            for key in wanted:
                if key not in found:
                    yield document.fault((*path, key), "missing")
        case _:
            limit = f"{error.validator}: {wanted}"
            allowed = str(schema.get("description", limit))
            yield document.fault(path, f"{_quoted(found)} is not allowed", allowed)


def _quoted(found: object) -> str:
    """What stands there, as far as it helps: of a table its keys, of a list what is in it."""
    match found:
        case dict():
            return f"a table of {', '.join(map(str, found)) or 'nothing'}"
        case list():
            return f"a list of {', '.join(map(shown, found[:_QUOTED])) or 'nothing'}"
    return shown(found)


def _dotted(path: KeyPath) -> str:
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")

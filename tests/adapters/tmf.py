"""
TM Forum's specifications, where somebody has laid them beside the checkout: documents checked against them.

They are not part of this project; without them there is nothing to check, and no test.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jsonschema import Draft4Validator

SPECIFICATIONS = Path(__file__).parents[3] / "shared" / "tmf"
TMF622_V5 = SPECIFICATIONS / "TMF622-ProductOrdering-v5.0.0.oas.json"
TMF641_V4 = SPECIFICATIONS / "TMF641-ServiceOrdering-v4.1.0.swagger.json"
QUAD_PLAY = SPECIFICATIONS / "productOrder_quadplay_v5_create.json"


class Specification:
    """The schemas of one OpenAPI or Swagger file, by name."""

    def __init__(self, path: Path) -> None:
        self._document = _any_of(json.loads(path.read_bytes()))
        found = self._document.get("definitions") or self._document["components"]["schemas"]
        self._prefix = "#/definitions/" if "definitions" in self._document else "#/components/schemas/"
        self._schemas: Mapping[str, Any] = found

    def faults(self, name: str, value: Any) -> list[str]:
        """What the schema ``name`` finds wrong with ``value``."""
        validator = Draft4Validator({**self._document, "$ref": self._prefix + name})
        return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(value)]

    def strays(self, name: str, value: Any) -> set[str]:
        """``Type.property`` for each property of ``value`` that no schema has; schemas let them pass."""
        return set(self._strays({"$ref": self._prefix + name}, value))

    def _strays(self, schema: Any, value: Any) -> Iterator[str]:
        if isinstance(value, list):
            for each in value:
                yield from self._strays(schema.get("items", {}), each)
            return
        if not isinstance(value, dict):
            return
        name, schema = self._resolved(schema, value)
        known = dict(self._properties(schema))
        for key, each in value.items():
            if known and key not in known:
                yield f"{name}.{key}"
            elif known:
                yield from self._strays(known[key], each)

    def _resolved(self, schema: Any, value: Mapping[str, Any]) -> tuple[str, Any]:
        """The schema that ``$ref`` and ``@type`` lead to, and its name."""
        name = ""
        while "$ref" in schema:
            name = schema["$ref"].removeprefix(self._prefix)
            schema = self._schemas[name]
            # Not the discriminator's own mapping: v5's forgets BooleanCharacteristic, which it has.
            kind = value.get("@type") if "discriminator" in schema else None
            if kind in self._schemas and kind != name:
                schema = {"$ref": self._prefix + kind}
        return name, schema

    def _properties(self, schema: Any) -> Iterator[tuple[str, Any]]:
        for part in schema.get("allOf", ()):
            yield from self._properties(self._resolved(part, {})[1])
        yield from schema.get("properties", {}).items()


def _any_of(node: Any) -> Any:
    """
    ``oneOf`` made ``anyOf``: v5 tells the branches apart by ``@type``, which JSON Schema does not know of,
    so that it finds a value valid under several of them.
    """
    if isinstance(node, dict):
        return {("anyOf" if key == "oneOf" else key): _any_of(each) for key, each in node.items()}
    return [_any_of(each) for each in node] if isinstance(node, list) else node

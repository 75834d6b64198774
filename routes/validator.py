"""
What checks a table of TOML against its JSON Schema: rules, profiles, settings, mapping files.

Schemas are files of ours and name nothing outside themselves; one that did would be fetched by jsonschema,
from wherever it says.  With an empty registry that is an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry

__all__ = ["validator_of"]


def validator_of(schema: Mapping[str, Any]) -> Draft202012Validator:
    """A validator that reaches for nothing: a reference out of ``schema`` raises when it is met."""
    return Draft202012Validator(schema, registry=Registry())

"""
docs/mapping.md, made from the types of a mapping: ``make reference``.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from inspect import cleandoc
from typing import Any, cast

from adapters.mapped import model

from .mappings import schema

__all__ = ["reference"]

_HEAD = """\
# What a mapping file may say

Made from [`adapters/mapped/model.py`](../adapters/mapped/model.py) by `make reference`; do not edit.
How to write one: [how-to](howto-channel.md). As a JSON Schema:
 [`orderloom/schema/mapping.json`](../orderloom/schema/mapping.json).

A mapping makes a channel out of a message format of ordinary shape, without Python: `channels.<name>.mapping`
in the [settings](settings.md) names the file. Unknown keys are refused, each with its line.

A *path* is a column (CSV), a field (fixed width), a way through properties as `customer.id` (JSON), or a way
through elements as `Customer/@id` (XML). Where a *source* is wanted, a path alone will do, or a table that
says more.
"""

# Table of the file, type, and whether it stands there as often as wanted.
_TABLES: tuple[tuple[str, str], ...] = (
    ("The file", "ChannelMap"),
    ("`[message]`", "MessageMap"),
    ("`[order]`", "OrderMap"),
    ("`[order.party.<role>]`", "PartyMap"),
    ("`[order.place.<role>]`", "PlaceMap"),
    ("`[line]`", "LineMap"),
    ("A source", "From"),
    ("A day", "Day"),
    ("`[csv]`", "CsvShape"),
    ("`csv.trailer`", "TrailerShape"),
    ("`[fixed]`", "FixedShape"),
    ("`[[fixed.record]]`", "FixedRecord"),
    ("A field", "FixedField"),
    ("`[json]`", "JsonShape"),
    ("`[xml]`", "XmlShape"),
    ("`[answer]`", "Answer"),
    ("A column", "Column"),
)
_NAMES = {name: title for title, name in _TABLES}
_SIGNS = {"\r\n": "CR LF", "\n": "LF", "\t": "tab", "": "empty", " ": "blank"}


def reference() -> str:
    """The text of docs/mapping.md."""
    types = schema()["$defs"]
    tables = (line for title, name in _TABLES for line in _table(title, name, types))
    return "\n".join((_HEAD, *tables)).rstrip("\n") + "\n"


def _table(title: str, name: str, types: Mapping[str, Any]) -> Iterator[str]:
    node = types[name]
    prose, meanings = _docstring(name)
    yield f"## {title}\n"
    yield prose.replace("``", "`") + "\n"
    yield "| key | is | allowed | default |"
    yield "| --- | --- | --- | --- |"
    required = frozenset(node.get("required", ()))
    for key, one in node["properties"].items():
        default = "must be there" if key in required else _shown(one.get("default"))
        yield f"| `{key}` | {meanings.get(key, '')} | {_allowed(one)} | {default} |"
    yield ""


def _docstring(name: str) -> tuple[str, Mapping[str, str]]:
    """What a type is, and what its keys are."""
    text = cleandoc(getattr(model, name).__doc__ or "")
    prose, _, rest = text.partition("\n\nArgs:\n")
    meanings: dict[str, str] = {}
    keys: list[str] = []
    for line in rest.splitlines():
        said = line.strip()
        if line.startswith("    ") and not line.startswith("     "):
            names, _, said = said.partition(": ")
            keys = [{"path": "from", "role": "is"}.get(one, one) for one in names.split(", ")]
        for key in keys:
            plain = said.replace("``", "`").replace("|", "&#124;")
            meanings[key] = f"{meanings.get(key, '')} {plain}".strip()
    return prose, meanings


def _allowed(node: Mapping[str, Any]) -> str:
    if "anyOf" in node:
        options = [one for one in node["anyOf"] if one.get("type") != "null"]
        return "a source" if len(options) > 1 else _allowed(options[0])
    if "$ref" in node:
        name = cast("str", node["$ref"]).rpartition("/")[2]
        return f"table {_NAMES[name]}" if _NAMES[name].startswith("`") else _NAMES[name].lower()
    if "enum" in node:
        return ", ".join(_word(one) for one in node["enum"])
    if node.get("type") == "array" and "enum" in node["items"]:
        return f"a list of {_allowed(node['items'])}"
    return str(node.get("description", node.get("type", ""))).replace("|", "&#124;").replace("\t", "tab")


def _word(text: str) -> str:
    return _SIGNS.get(text) or f"`{text}`"


def _shown(default: Any) -> str:
    match default:
        case None | "" | [] | {} | ():
            return ""
        case bool():
            return f"`{str(default).lower()}`"
        case str():
            return _word(default)
        case list() | tuple():
            return "all of them"
        case dict():
            return ""
        case _:
            return f"`{default}`"


if __name__ == "__main__":
    sys.stdout.write(reference())

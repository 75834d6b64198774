"""
Characteristics: typed JSON on the web, text in the canonical order.

TMF622 v5 has one ``@type`` for each kind of value (``IntegerCharacteristic``…).  Numbers keep their digits
as the sender wrote them; lists and objects become compact JSON text, and lists and objects again on the
way out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from typing import Any

import msgspec

from adapters.formats.json_node import Node
from adapters.formats.numbering import wrong_number
from canonical.order import Characteristic

from .members import Table, identifier, members, prose

__all__ = ["characteristic", "typed_value"]

_SUFFIX = "Characteristic"
_ARRAY = "Array"
_MAX_TEXT = 4000

# ``number`` and ``float`` differ in name only.
_READERS: Mapping[str, Callable[[Node], Any]] = {
    "string": prose,
    "boolean": Node.boolean,
    "integer": Node.integer,
    "number": Node.decimal,
    "float": Node.decimal,
    "object": lambda node: {name: each.value for name, each in node.members()},
}

_PYTHON: Mapping[str, Any] = {
    "boolean": bool,
    "integer": int,
    "number": int | float,
    "float": int | float,
    "object": dict[str, Any],
    "stringArray": list[str],
    "booleanArray": list[bool],
    "integerArray": list[int],
    "numberArray": list[int | float],
    "floatArray": list[int | float],
    "objectArray": list[dict[str, Any]],
}

_KIND_OF: Mapping[type, str] = {
    str: "string", bool: "boolean", int: "integer", Decimal: "number", dict: "object",
}  # fmt: skip

_COMPACT = msgspec.json.Encoder(decimal_format="number")


def characteristic(node: Node) -> Characteristic:
    """
    One characteristic; its value must be what its ``@type`` says, when that is one of TMF622's.

    Raises:
        Rejected: ``E_TYPE``, ``E_FIELD_SIZE`` (over 4000 characters as text), ``E_VALUE`` (no number of a
            subscriber, where the name promises one), or as for any object.
    """
    kind = _declared(node) or _found(node)
    table: Table = {
        "name": ("name", identifier),
        "value": ("value", partial(_text, kind)),
        "valueType": ("value_type", identifier),
    }
    found = members(node, table, ignored=("id",), needed=("name", "value"))
    if wrong := wrong_number(found["name"], found["value"]):
        raise node.child("value").reject("E_VALUE", *wrong)
    return Characteristic(**{"value_type": kind} | found)


def typed_value(text: str, value_type: str) -> tuple[str, object]:
    """
    The TMF622 ``@type`` and JSON value for a canonical text.

    A text that is not what its type says (other channels may write anything) stays a text.
    """
    wanted = _PYTHON.get(value_type)
    if wanted is not None and _is(text, wanted):
        return value_type[0].upper() + value_type[1:] + _SUFFIX, msgspec.Raw(text.encode())
    return "String" + _SUFFIX, text


def _declared(node: Node) -> str:
    """``integer`` for ``IntegerCharacteristic``; empty for a type that is none of TMF622's."""
    tmf_type = node.get("@type")
    if tmf_type is None or not isinstance(tmf_type.value, str) or not tmf_type.value.endswith(_SUFFIX):
        return ""
    name = tmf_type.value.removesuffix(_SUFFIX)
    kind = name[:1].lower() + name[1:]
    return kind if kind in _PYTHON or kind == "string" else ""


def _found(node: Node) -> str:
    value = node.get("value")
    if value is None or not isinstance(value.value, list):
        return _KIND_OF.get(type(value.value) if value else str, "string")
    first = value.value[0] if value.value else ""
    return _KIND_OF.get(type(first), "string") + _ARRAY


def _text(kind: str, node: Node) -> str:
    value = _value(kind, node)
    text = value if isinstance(value, str) else _as_text(value)
    if len(text) > _MAX_TEXT:
        raise node.reject("E_FIELD_SIZE", f"{len(text)} characters", f"at most {_MAX_TEXT} characters")
    return text


def _value(kind: str, node: Node) -> Any:
    if kind.endswith(_ARRAY):
        read = _READERS[kind.removesuffix(_ARRAY)]
        return [read(each) for each in node.items()]
    return _READERS[kind](node)


def _as_text(value: object) -> str:
    return format(value, "f") if isinstance(value, Decimal) else _COMPACT.encode(value).decode()


def _is(text: str, wanted: Any) -> bool:
    try:
        msgspec.json.decode(text, type=wanted)
    except (msgspec.MsgspecError, RecursionError):
        return False
    return True

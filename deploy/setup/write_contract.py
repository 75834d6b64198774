"""
Write docs/contract.md: ``make reference``, after changing the adapter contract or a type that it speaks of.

Everything comes from the code: names, signatures and docstrings of ``adapters/kit/contract.py``, and the
fields of the canonical types that an adapter is given or gives.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from adapters.kit import contract
from canonical import commands, errors, instructions, notices, order, references, replies, systems

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "contract.md"

_HEAD = """\
# The adapter contract

Made by `make reference` from [`adapters/kit/contract.py`](../adapters/kit/contract.py) and
[`canonical/`](../canonical); do not edit. How to write an adapter: [guide](adapters.md). A channel without
one: [how-to](howto-channel.md). Codes: [errors](errors.md).

There is nothing to inherit: a class that has these members is an adapter. What most of them need can be
imported from `orderloom`.
"""

# In reading order: what an adapter has, what it is given beside, and what it speaks of.
_PROTOCOLS = (
    "InboundAdapter",
    "BatchAdapter",
    "OutboundAdapter",
    "InquiringAdapter",
    "ConversingAdapter",
    "DescribedAdapter",
    "DecodingAdapter",
    "ReadBackAdapter",
)
_GIVEN = ("Native", "Stamp", "CallSpec", "FileSource", "Checked")
_SPOKEN: tuple[tuple[str, Any, tuple[str, ...]], ...] = (
    ("What `translate` gives", commands, ("Origin", "OrderRef", "RejectedDocument")),
    ("Commands", commands, tuple(one.__name__ for one in commands.Command.__args__)),
    ("What an order says", order, ("OrderContent", "OrderItem", "Product", "Characteristic")),
    ("What a channel is told", notices, ("Intake", "Verdict", "Notice")),
    ("What is looked up", references, ("Endpoint", "Offering", "Code", "Identifier")),
    ("What a system is told, and says", instructions, ("Instruction", "InstructionLine")),
    ("", replies, ("Reply", "LineReply", "Reference", "Receipt")),
    ("What a system can do", systems, ("SystemProfile", "Meaning")),
    ("How it is refused", errors, ("Fault",)),
)
_ROLE = re.compile(r":(?:class|func|meth|mod|data):`[~.]*([^`]+)`")


def page() -> str:
    """The text of docs/contract.md."""
    lines = [_HEAD, "## What an adapter has\n"]
    for name in _PROTOCOLS:
        lines += _protocol(name)
    lines += ["## What is handed in, and out\n"]
    for name in _GIVEN:
        lines += _given(name)
    for title, module, names in _SPOKEN:
        lines += [f"## {title}\n"] if title else []
        for name in names:
            lines += _struct(getattr(module, name))
    return "\n".join(lines).rstrip("\n") + "\n"


def _protocol(name: str) -> Iterator[str]:
    kind = getattr(contract, name)
    bases = [one.__name__ for one in kind.__mro__[1:] if one.__name__ in contract.__all__]
    beside = f" It has all of `{bases[0]}` besides." if bases else ""
    yield f"### `{name}`\n"
    yield f"{_plain(inspect.getdoc(kind) or '')}{beside}\n"
    for member, text in _members(name):
        yield f"* `{member}`"
        yield from (f"  {line}".rstrip() for line in _plain(text).splitlines())
    yield ""


def _given(name: str) -> Iterator[str]:
    yield f"### `{name}`\n"
    prose, meanings = _docstring(getattr(contract, name))
    yield f"{prose}\n"
    for member, text in _members(name):
        said = text or meanings.get(member.partition(":")[0], "")
        yield f"* `{member}`{': ' + _line(said) if said else ''}"
    yield ""


def _members(name: str) -> Iterator[tuple[str, str]]:
    """Fields and functions as they are written, each with the text that explains it."""
    tree = ast.parse(Path(contract.__file__).read_text(encoding="utf-8"))
    [node] = [one for one in tree.body if isinstance(one, ast.ClassDef) and one.name == name]
    for at, one in enumerate(node.body):
        match one:
            case ast.AnnAssign(target=ast.Name(id=field)):
                after = node.body[at + 1] if at + 1 < len(node.body) else None
                default = f" = {ast.unparse(one.value)}" if one.value else ""
                shown = "" if "field(" in default else default
                yield f"{field}: {ast.unparse(one.annotation)}{shown}", _string(after)
            case ast.FunctionDef(name=function):
                prop = any(ast.unparse(mark) == "property" for mark in one.decorator_list)
                result = ast.unparse(one.returns) if one.returns else ""
                arguments = ast.unparse(one.args).removeprefix("self").removeprefix(", ")
                head = f"{function}: {result}" if prop else f"{function}({arguments}) -> {result}"
                yield head, ast.get_docstring(one) or ""


def _string(node: ast.stmt | None) -> str:
    match node:
        case ast.Expr(value=ast.Constant(value=str(text))):
            return inspect.cleandoc(text)
        case _:
            return ""


def _struct(kind: Any) -> Iterator[str]:
    prose, meanings = _docstring(kind)
    yield f"### `{kind.__name__}`\n"
    yield f"{prose}\n"
    annotations: dict[str, str] = {}
    for one in reversed(kind.__mro__):
        annotations |= vars(one).get("__annotations__", {})
    for one in msgspec.structs.fields(kind):
        asked = ", must be there" if one.required else ""
        said = meanings.get(one.name, "")
        yield f"* `{one.name}: {annotations[one.name]}`{asked}{': ' + said if said else ''}"
    yield ""


def _docstring(kind: Any) -> tuple[str, dict[str, str]]:
    """What a type is, and what its fields are."""
    text = _plain(inspect.getdoc(kind) or "")
    prose, _, rest = text.partition("\nArgs:\n")
    meanings: dict[str, str] = {}
    keys: list[str] = []
    for line in rest.splitlines():
        said = line.strip()
        if line.startswith("    ") and not line.startswith("     "):
            names, _, said = said.partition(": ")
            keys = names.split(", ")
        for key in keys:
            meanings[key] = f"{meanings.get(key, '')} {said}".strip()
    return prose.strip(), meanings


def _plain(text: str) -> str:
    return _ROLE.sub(r"`\1`", text).replace("``", "`")


def _line(text: str) -> str:
    return " ".join(_plain(text).split())


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()

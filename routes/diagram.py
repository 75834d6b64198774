"""
The rules drawn: a Mermaid flowchart of all routes, their parts, and what waits for what.

Syntax: Mermaid's "Flowcharts" page; quotation marks in a label are written as entity codes.
"""

from __future__ import annotations

from collections.abc import Iterator

from .lint import meeting
from .model import PartRule, RuleSet
from .ordering import Node, waits

__all__ = ["diagram"]


def diagram(rules: RuleSet) -> Iterator[str]:
    """
    The lines of the flowchart.

    A box is a part with its system, a hexagon a check, rounded what is optional; an arrow points to what
    waits, when one order can have both.
    """
    yield "flowchart LR"
    for number, route in enumerate(rules.routes):
        yield f'  subgraph r{number}["{_text(f"{route.name}: {route.clause}")}"]'
        for place, part in enumerate(route.parts):
            yield f"    {_id((number, place))}{_box(part)}"
        yield "  end"
    waiting = waits(rules.routes, meeting(rules.routes, rules.references.offerings))
    for node in sorted(waiting):
        for other in sorted(waiting[node]):
            yield f"  {_id(other)} --> {_id(node)}"


def _id(node: Node) -> str:
    return f"r{node[0]}p{node[1]}"


def _box(part: PartRule) -> str:
    own = part.system if part.system != part.name else ""
    label = f'"{_text(part.name)}{f"<br/>{_text(own)}" if own else ""}"'
    if part.check:
        return f"{{{{{label}}}}}"
    return f"({label})" if part.optional else f"[{label}]"


def _text(text: str) -> str:
    """What a label may hold: neither its own delimiter nor a tag."""
    return text.replace("#", "#35;").replace('"', "#quot;").replace("<", "#lt;").replace(">", "#gt;")

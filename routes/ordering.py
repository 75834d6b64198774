"""
What comes before what, over all routes at once: the fixed order from which every plan takes its parts.

Decided when rules are loaded, because any selection from one topological order is topological itself;
planning an order then sorts nothing.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping, Sequence

from .model import PartRule, Route

__all__ = ["Node", "in_order", "waits"]

# (index of the route, index of the part in it)
Node = tuple[int, int]


def waits(routes: Sequence[Route], meet: Callable[[int, int], bool]) -> dict[Node, set[Node]]:
    """For each part, those it can have to wait for; ``meet``: whether two routes can take one order."""
    named: dict[str, list[Node]] = {}
    for node, part in _parts(routes):
        named.setdefault(part.name, []).append(node)
    return {
        node: {other for name in part.after for other in named.get(name, ()) if meet(node[0], other[0])}
        for node, part in _parts(routes)
    }


def in_order(
    routes: Sequence[Route], waiting: Mapping[Node, set[Node]]
) -> tuple[list[Node], list[list[Node]]]:
    """
    All parts in a stable topological order, and the cycles, each as parts that wait for the next one.

    Of the parts that nothing holds back, checks come first, then names in their alphabetical order, so that
    the order of files and of routes in them does not matter.
    """
    ranks = {node: (not part.check, part.name, routes[node[0]].name, node) for node, part in _parts(routes)}
    left = {node: set(others) for node, others in waiting.items()}
    cycles: list[list[Node]] = []
    ordered = _sorted(left, ranks)
    while left:
        cycle = _cycle(left)
        cycles.append(cycle)
        _remove(cycle[0], left)
        ordered += _sorted(left, ranks)
    return ordered, cycles


def _parts(routes: Sequence[Route]) -> list[tuple[Node, PartRule]]:
    return [((r, p), part) for r, route in enumerate(routes) for p, part in enumerate(route.parts)]


def _sorted(left: dict[Node, set[Node]], ranks: Mapping[Node, tuple[bool, str, str, Node]]) -> list[Node]:
    """Take out of ``left`` whatever nothing holds back, again and again."""
    ready = [ranks[node] for node, others in left.items() if not others]
    heapq.heapify(ready)
    taken: list[Node] = []
    while ready:
        node = heapq.heappop(ready)[-1]
        taken.append(node)
        for freed in _remove(node, left):
            heapq.heappush(ready, ranks[freed])
    return taken


def _remove(node: Node, left: dict[Node, set[Node]]) -> list[Node]:
    del left[node]
    freed = []
    for other, held_by in left.items():
        if node in held_by:
            held_by.remove(node)
            if not held_by:
                freed.append(other)
    return freed


def _cycle(left: Mapping[Node, set[Node]]) -> list[Node]:
    """A cycle: everything in ``left`` waits for something in it, so following that must come back."""
    path = [min(left)]
    while (after := min(left[path[-1]])) not in path:
        path.append(after)
    return path[path.index(after) :]

"""
The figures of all laps, for people and as JSON.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from .lap import Lap
from .relay import Script

__all__ = ["FLOOR", "figures", "lines"]

FLOOR = "floor"

_HEAD = ("", "orders/s", "of floor", "lowest", "highest", "hub", "broker", "store", "systems", "senders")
_WIDTHS = (12, 9, 9, 8, 8, 7, 7, 7, 8, 8)
_WHO = ("worker", "broker", "store", "systems", "senders")


def figures(laps: Mapping[str, Sequence[Lap]]) -> dict[str, Any]:
    """
    Medians by contestant: orders a second, ratio to the floor of the same round, CPU seconds for 1,000.
    """
    floor = laps[FLOOR]
    found: dict[str, Any] = {}
    for name, own in laps.items():
        ratios = [lap.rate / base.rate for lap, base in zip(own, floor, strict=True)]
        found[name] = {
            "orders_per_second": round(median(lap.rate for lap in own), 1),
            "of_floor": round(median(ratios), 3),
            "of_floor_lowest": round(min(ratios), 3),
            "of_floor_highest": round(max(ratios), 3),
            "cpu_seconds_per_1000_orders": {
                who: round(median(1000 * lap.cpu[who] / lap.orders for lap in own), 2) for who in own[0].cpu
            },
            "laps": [{"seconds": round(lap.seconds, 3), "orders": lap.orders} for lap in own],
        }
    return found


def lines(facts: Mapping[str, Any], script: Script, found: Mapping[str, Any]) -> list[str]:
    """As a table."""
    sent = [message for messages in script.values() for message in messages]
    size = sum(len(body) for _, _, body, _ in sent)
    said = [
        ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in facts.items()),
        f"one order: {len(sent)} messages leave the hub ({size} bytes), 6 come in (the order, five answers)",
        "CPU columns are seconds for 1,000 orders; the ratio is to the floor of the same round",
        "",
        _row(_HEAD),
    ]
    for name, one in found.items():
        cpu = one["cpu_seconds_per_1000_orders"]
        ratio = (one["of_floor"], one["of_floor_lowest"], one["of_floor_highest"])
        numbers = [one["orders_per_second"], *(f"{value:.2f}" for value in ratio)]
        said.append(_row((name, *numbers, *(cpu.get(who, "") for who in _WHO))))
    return said


def _row(cells: Sequence[object]) -> str:
    first, *others = zip(cells, _WIDTHS, strict=True)
    return f"{first[0]!s:<{first[1]}}" + "".join(f"{cell!s:>{width}}" for cell, width in others)

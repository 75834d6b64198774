"""
A layout as documentation: a Markdown table with columns and bytes, for the page that its owner reads.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .fixed_layout import FILLER, Field, Layout, Slot
from .fixed_picture import Usage

__all__ = ["markdown"]


def markdown(layout: Layout) -> str:
    """
    The table of ``layout``: name, picture, columns (1-based, of the first turn in tables), bytes, what.
    """
    head = "| name | picture | columns | bytes | what |\n| --- | --- | --- | --- | --- |"
    return "\n".join((head, *_rows(layout.slots, 0, 0))) + "\n"


def _rows(slots: Sequence[Slot], base: int, depth: int) -> Iterator[str]:
    for slot in slots:
        start = base + slot.start
        columns = f"{start + 1}-{start + slot.size}" if slot.size > 1 else str(start + 1)
        name = f"`{slot.element.name}`" if slot.element.name != FILLER else "filler"
        what = "; ".join(_about(slot)).replace("|", "\\|")
        yield f"| {'· ' * depth}{name} | {_picture(slot)} | {columns} | {slot.total} | {what} |"
        yield from _rows(slot.inside, start, depth + 1)


def _picture(slot: Slot) -> str:
    element = slot.element
    if not isinstance(element, Field):
        return "group"
    shown = element.usage not in {Usage.DISPLAY, Usage.BYTES}
    return f"`{element.picture}`" + f" {element.usage}" * shown


def _about(slot: Slot) -> Iterator[str]:
    element = slot.element
    if element.about:
        yield element.about
    if element.redefines:
        yield f"redefines `{element.redefines}`"
    if element.when:
        values = " or ".join(f"`{value}`" if value != "" else "blank" for value in element.when.values)
        yield f"when `{element.when.field}` is {values}"
    if element.occurs:
        some = f"{element.occurs.least} to " * bool(element.occurs.depending)
        counted = f", as `{element.occurs.depending}` says" * bool(element.occurs.depending)
        yield f"{some}{element.occurs.most} times{counted}"
    if isinstance(element, Field):
        yield from _rules(element)


def _rules(field: Field) -> Iterator[str]:
    if field.date:
        yield f"a day, {field.date}"
    if field.values:
        told = (
            f"`{one}` {what}".strip() if one else f"blank {what}".strip()
            for one, what in field.values.items()
        )
        yield ", ".join(told)
    if field.absent:
        yield f"{' or '.join(field.absent)}: none"

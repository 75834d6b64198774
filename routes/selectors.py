"""
What is wanted of a text, and which items are meant: the two small sentences that routes are made of.

Both answer three questions: does it fit, is it narrower than another, can both fit at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from canonical.errors import shown
from canonical.order import OrderItem
from canonical.references import Offering
from canonical.states import Action

__all__ = ["ALL_WORK", "WORK", "Selector", "Wanted"]

# noChange items are on an order to be seen, not to be worked on.
WORK = frozenset({Action.ADD, Action.MODIFY, Action.DELETE})


@dataclass(frozen=True, slots=True)
class Wanted:
    """One of some texts, or any text that begins with ``prefix``."""

    one_of: frozenset[str] = frozenset()
    prefix: str | None = None

    def fits(self, value: str) -> bool:
        """Whether ``value`` is wanted."""
        return value in self.one_of if self.prefix is None else value.startswith(self.prefix)

    def overlaps(self, other: Wanted) -> bool:
        """Whether some text fits both."""
        if self.prefix is None:
            return any(other.fits(value) for value in self.one_of)
        if other.prefix is None:
            return other.overlaps(self)
        return self.prefix.startswith(other.prefix) or other.prefix.startswith(self.prefix)

    def within(self, other: Wanted) -> bool:
        """Whether every text that fits this also fits ``other``."""
        if self.prefix is None:
            return all(other.fits(value) for value in self.one_of)
        return other.prefix is not None and self.prefix.startswith(other.prefix)

    def __str__(self) -> str:
        if self.prefix is not None:
            return f"begins with {shown(self.prefix)}"
        return "is " + " or ".join(sorted(self.one_of))


@dataclass(frozen=True, slots=True)
class Selector:
    """
    Which items are meant: all that is set must hold; None leaves it open.

    Args:
        characteristics: Name of a product characteristic, and what its value must be.
    """

    categories: frozenset[str] | None = None
    offerings: frozenset[str] | None = None
    actions: frozenset[Action] = WORK
    characteristics: tuple[tuple[str, Wanted], ...] = ()

    def takes(self, item: OrderItem) -> bool:
        """Whether ``item`` is meant; its category must have been filled in from the catalogue."""
        if item.action not in self.actions:
            return False
        if self.categories is not None and item.category not in self.categories:
            return False
        if self.offerings is not None and item.product_offering.id not in self.offerings:
            return False
        return not self.characteristics or self._has_characteristics(item)

    def _has_characteristics(self, item: OrderItem) -> bool:
        for name, wanted in self.characteristics:
            value = item.product.value(name)
            if value is None or not wanted.fits(value):
                return False
        return True

    def offered(self, offerings: Mapping[str, Offering]) -> frozenset[str]:
        """Ids of the catalogue's offerings that an item of this kind can have."""
        return frozenset(
            one.id
            for one in offerings.values()
            if (self.categories is None or one.category in self.categories)
            and (self.offerings is None or one.id in self.offerings)
        )

    def within(self, other: Selector, offerings: Mapping[str, Offering]) -> bool:
        """Whether ``other`` takes all that this takes, by this catalogue; False when this takes nothing."""
        demanded = dict(self.characteristics)
        mine = self.offered(offerings)
        return (
            bool(mine)
            and mine <= other.offered(offerings)
            and self.actions <= other.actions
            and all(
                name in demanded and demanded[name].within(wanted) for name, wanted in other.characteristics
            )
        )

    def __str__(self) -> str:
        said = [
            *_is("category", self.categories),
            *_is("offering", self.offerings),
            *_is("action", None if self.actions == WORK else self.actions),
            *(f"characteristic {name} {wanted}" for name, wanted in self.characteristics),
        ]
        return " and ".join(said)


# Every item that asks for something: what a part serves when its route names no `items`.
ALL_WORK = Selector()


def _is(name: str, values: Iterable[str] | None) -> list[str]:
    return [] if values is None else [f"{name} is {' or '.join(sorted(values))}"]

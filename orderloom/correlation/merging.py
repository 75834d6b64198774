"""
One draft edited in two places: merged field by field; the same field twice, and the later wins.

A document says the draft as its sender sees it, and formats differ in what they can say.  So what a document
leaves out stays as it is, with one exception: an item that the sender had seen, and does not name any more,
is taken away.  Whoever has not seen the draft adds to it and takes nothing away.

Pure; what is merged is not checked against the catalogue here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec

from canonical.changing import joined
from canonical.order import (
    OrderContent,
    OrderItem,
    Place,
    Product,
    RelatedParty,
    every_item,
)
from canonical.parties import alias_of

__all__ = ["Conflict", "Merged", "merge"]

T = TypeVar("T")

_NOTHING = OrderContent(product_order_item=())

# Of the order, what has one value; and what may be a person's.
_SCALARS = ("category", "description", "priority", "requested_start_date", "requested_completion_date")
_OF_PEOPLE = frozenset({"description"})

# Fields whose values are words of the trade, days and counts, and never a person's: the journal may have
# them.
_PLAIN = frozenset(
    {
        "action",
        "category",
        "group",
        "offering",
        "priority",
        "quantity",
        "requested_completion_date",
        "requested_start_date",
    }
)


@dataclass(frozen=True, slots=True)
class Conflict:
    """
    A field that both have changed; ``earlier`` was overruled by ``later``.

    The two are empty where the field is about a person.

    Args:
        plain: They are nobody's, whatever they are: the journal, which is kept longer than people's data, may
            have them.  Of every other field it has the path alone.
    """

    path: str
    earlier: str = ""
    later: str = ""
    plain: bool = False

    def __str__(self) -> str:
        return f"{self.path} ({self.earlier}, now {self.later})" if self.later else self.path


@dataclass(frozen=True, slots=True)
class Merged:
    """
    The draft afterwards.

    Args:
        changed: What is another than it was, in words: ``item 2 quantity``, ``item 3 added``.
        conflicts: What of that somebody else had changed meanwhile.
    """

    content: OrderContent
    changed: tuple[str, ...]
    conflicts: tuple[Conflict, ...]


def merge(
    base: OrderContent | None,
    current: OrderContent,
    said: OrderContent,
    reserved: Collection[str] = (),
) -> Merged:
    """
    ``current`` as the document ``said`` would have it.

    Args:
        base: What the sender had before its eyes; None when it has never seen the draft.
        said: The sender's document.  Without any item it says nothing of items.
        reserved: Ids that others still take for items which they have seen: no other item may get them.
    """
    said = _told_apart(base, current, said, reserved)
    work = _Merging()
    seen = base or _NOTHING
    fields: dict[str, Any] = {
        name: work.value(name, getattr(seen, name), getattr(current, name), getattr(said, name))
        for name in _SCALARS
    }
    fields["related_party"] = work.keyed(
        "party", _party_key, seen.related_party, current.related_party, said.related_party
    )
    fields["place"] = work.keyed("place", _role, seen.place, current.place, said.place)
    fields["note"] = joined(current.note, said.note)
    fields["external_id"] = joined(current.external_id, said.external_id)
    items = current.product_order_item
    if said.product_order_item:
        items = work.items(seen.product_order_item, items, said.product_order_item)
    content = msgspec.structs.replace(current, **fields, product_order_item=_related(items))
    return Merged(content, tuple(work.changed), tuple(work.conflicts))


@dataclass(slots=True)
class _Merging:
    """One merge: what it has changed so far."""

    changed: list[str] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)

    def value(self, path: str, base: Any, current: Any, said: Any, *, always: bool = False) -> Any:
        """A field with one value; unless ``always``, an empty one was not said."""
        if said in (current, base) or (not said and not always):
            return current
        if current != base:
            name = path.rsplit(" ", maxsplit=1)[-1]
            texts = ("", "") if name in _OF_PEOPLE else (_text(current), _text(said))
            self.conflicts.append(Conflict(path, *texts, plain=name in _PLAIN))
        self.changed.append(path)
        return said

    def keyed(
        self,
        path: str,
        key: Callable[[T], Hashable],
        base: Sequence[T],
        current: Sequence[T],
        said: Sequence[T],
    ) -> tuple[T, ...]:
        """A field with values by name; those that are about people are not told in words."""
        known, mine = _by(key, base), _by(key, said)
        found = {
            name: self.named(f"{path} {_name(name)}", known.get(name), one, mine.get(name))
            for name, one in _by(key, current).items()
        }
        for name, one in mine.items():
            if name not in found and one != known.get(name):
                found[name] = one
                self.changed.append(f"{path} {_name(name)}")
        return tuple(found.values())

    def named(self, path: str, base: T | None, current: T, said: T | None) -> T:
        """One of them."""
        if said is None or said in (current, base):
            return current
        if current != base:
            texts = (
                (_text(current), _text(said)) if not isinstance(current, Place | RelatedParty) else ("", "")
            )
            self.conflicts.append(Conflict(path, *texts))
        self.changed.append(path)
        return said

    def items(
        self, base: Sequence[OrderItem], current: Sequence[OrderItem], said: Sequence[OrderItem]
    ) -> tuple[OrderItem, ...]:
        """The items of one level."""
        seen, mine = _by(_id, base), _by(_id, said)
        found = []
        for item in current:
            known = seen.get(item.id)
            if item.id in mine:
                found.append(self.item(known, item, mine[item.id]))
            elif known is None:
                found.append(item)
            else:
                self.changed.append(f"item {item.id} removed")
                if item != known:
                    self.conflicts.append(Conflict(f"item {item.id}", "changed", "removed", plain=True))
        there = {item.id for item in current}
        return (*found, *self._added(seen, [one for one in said if one.id not in there]))

    def _added(self, seen: Mapping[Hashable, OrderItem], items: Iterable[OrderItem]) -> Iterable[OrderItem]:
        for item in items:
            known = seen.get(item.id)
            if known is None:
                self.changed.append(f"item {item.id} added")
                yield item
                continue
            # Somebody else has taken it away meanwhile: it comes back only if it was changed here.
            trial = _Merging()
            wanted = trial.item(known, known, item)
            if trial.changed:
                self.changed.append(f"item {item.id} added")
                self.conflicts.append(Conflict(f"item {item.id}", "removed", "changed", plain=True))
                yield wanted

    def item(self, base: OrderItem | None, current: OrderItem, said: OrderItem) -> OrderItem:
        """One item; ``base`` is None when the sender has not seen it, and says the very same."""
        seen = base or current
        path = f"item {current.id}"
        offered = self.value(
            f"{path} offering",
            seen.product_offering.id,
            current.product_offering.id,
            said.product_offering.id,
        )
        fields: dict[str, Any] = {
            "action": self.value(f"{path} action", seen.action, current.action, said.action, always=True),
            "quantity": self.value(
                f"{path} quantity", seen.quantity, current.quantity, said.quantity, always=True
            ),
            "choice_group": self.value(
                f"{path} group", seen.choice_group, current.choice_group, said.choice_group
            ),
            "item_price": self.value(f"{path} price", seen.item_price, current.item_price, said.item_price),
            "product_order_item_relationship": self.value(
                f"{path} relationships",
                seen.product_order_item_relationship,
                current.product_order_item_relationship,
                said.product_order_item_relationship,
            ),
            "product": self._product(path, seen.product, current.product, said.product),
            "note": joined(current.note, said.note),
            "line_ref": current.line_ref or said.line_ref,
        }
        if offered != current.product_offering.id:
            fields["product_offering"], fields["category"] = said.product_offering, said.category
        if said.product_order_item:
            fields["product_order_item"] = self.items(
                seen.product_order_item, current.product_order_item, said.product_order_item
            )
        return msgspec.structs.replace(current, **fields)

    def _product(self, path: str, base: Product, current: Product, said: Product) -> Product:
        return Product(
            id=self.value(f"{path} product", base.id, current.id, said.id),
            product_serial_number=self.value(
                f"{path} serial number",
                base.product_serial_number,
                current.product_serial_number,
                said.product_serial_number,
            ),
            product_characteristic=self.keyed(
                path,
                lambda one: one.name,
                base.product_characteristic,
                current.product_characteristic,
                said.product_characteristic,
            ),
            place=self.keyed(f"{path} place", _role, base.place, current.place, said.place),
        )


def _told_apart(
    base: OrderContent | None, current: OrderContent, said: OrderContent, reserved: Collection[str]
) -> OrderContent:
    """
    ``said`` with new ids for items that only by chance have the id of another's.

    What the sender has not seen it cannot mean.
    """
    seen = {one.id for one in every_item((base or _NOTHING).product_order_item)}
    there = {one.id: one for one in every_item(current.product_order_item)}
    mine = list(every_item(said.product_order_item))
    clash = [
        one.id
        for one in mine
        if one.id not in seen and (not _same(one, there[one.id]) if one.id in there else one.id in reserved)
    ]
    if not clash:
        return said
    taken = seen | there.keys() | {one.id for one in mine} | set(reserved)
    fresh = (str(number) for number in range(1, len(taken) + len(clash) + 1) if str(number) not in taken)
    names = dict(zip(clash, fresh, strict=False))
    items = tuple(_renamed(one, names) for one in said.product_order_item)
    return msgspec.structs.replace(said, product_order_item=items)


def _same(said: OrderItem, there: OrderItem) -> bool:
    """Whether an item says nothing but what is there."""
    trial = _Merging()
    trial.item(None, there, said)
    return not trial.changed


def _renamed(item: OrderItem, names: Mapping[str, str]) -> OrderItem:
    relations = tuple(
        msgspec.structs.replace(one, id=names.get(one.id, one.id))
        for one in item.product_order_item_relationship
    )
    return msgspec.structs.replace(
        item,
        id=names.get(item.id, item.id),
        product_order_item_relationship=relations,
        product_order_item=tuple(_renamed(one, names) for one in item.product_order_item),
    )


def _related(items: tuple[OrderItem, ...]) -> tuple[OrderItem, ...]:
    """Without relationships to items that are not there any more."""
    ids = {one.id for one in every_item(items)}
    if all(other.id in ids for one in every_item(items) for other in one.product_order_item_relationship):
        return items
    return tuple(_without(one, ids) for one in items)


def _without(item: OrderItem, ids: set[str]) -> OrderItem:
    return msgspec.structs.replace(
        item,
        product_order_item_relationship=tuple(
            one for one in item.product_order_item_relationship if one.id in ids
        ),
        product_order_item=tuple(_without(one, ids) for one in item.product_order_item),
    )


def _by(key: Callable[[T], Hashable], values: Iterable[T]) -> dict[Hashable, T]:
    return {key(one): one for one in values}


def _id(item: OrderItem) -> str:
    return item.id


def _role(place: Place) -> str:
    return place.role


def _party_key(one: RelatedParty) -> tuple[str, ...]:
    """A customer may be named by several aliases, one of each type; whoever else there is, by the role."""
    if one.role == "customer":
        return one.role, alias_of(one.party_or_party_role.id).type
    return (one.role,)


def _name(key: Hashable) -> str:
    return " ".join(key) if isinstance(key, tuple) else str(key)


def _text(value: Any) -> str:
    match value:
        case str() | int():
            return str(value)
        case None | ():
            return "none"
        case _ if hasattr(value, "value"):
            return str(value.value)
        case _ if hasattr(value, "isoformat"):
            return str(value.isoformat())
        case _:
            return "another"

"""
What the hub does with a change, against the oracle: every small world, and by chance larger ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from itertools import combinations, product
from textwrap import dedent

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from canonical.amendments import ItemPatch, OrderPatch, Piece, PieceState, Scope
from canonical.commands import AmendOrder, OrderRef, Origin, SubmitOrder
from canonical.order import (
    Address,
    Characteristic,
    ItemRelationship,
    OfferingRef,
    OrderContent,
    OrderItem,
    PartyRef,
    Place,
    Product,
    RelatedParty,
)
from canonical.states import Action, State
from canonical.systems import Attachment, SystemProfile, Verb
from orderloom.correlation.changing import amend
from orderloom.correlation.fold import accept, draft_order
from orderloom.correlation.folded import World
from orderloom.correlation.record import Line, Record, Step, StepState
from routes.amend import propose
from routes.catalogue import fill
from routes.model import RuleSet
from routes.plan import make_plan
from routes.rules import read
from tests.correlation.build import NOON
from tests.oracle.changes import Data, foretold

ABLE = {"pliant": ("modify", "undo"), "ledger": ("undo",), "rock": ()}
CONCERNS = {"count": ("quantity",), "look": ("productCharacteristic.color", "place")}
PARTS = {f"{system}-{what}": (system, what) for system in ABLE for what in CONCERNS}
# States by the word of the oracle: as the hub keeps them.
STATES = {
    "unsent": (State.ACKNOWLEDGED, ""),
    "sent": (State.IN_PROGRESS, ""),
    "held": (State.HELD, "E_NO_ANSWER"),
    "completed": (State.COMPLETED, ""),
    "refused": (State.HELD, "E_SYSTEM_REFUSED"),
    "rejected": (State.REJECTED, "E_SYSTEM_REFUSED"),
}
POINTS = ("before", "soft", "hard")
# How far a line may be: what has not begun, or was refused, has reached nothing.
STANDINGS = [
    (state, point)
    for state in STATES
    for point in (POINTS if state in ("sent", "held", "completed") else POINTS[:1])
]

PROFILES = {
    name: SystemProfile(
        name=name,
        attachment=Attachment.QUEUE,
        words={},
        reference_type="reference",
        verbs=(Verb.DO, *(Verb(one) for one in able)),
        milestones=("soft", "hard"),
    )
    for name, able in ABLE.items()
}
SALEM = (Place(role="deliveryAddress", place=Address(city="Salem")),)
ADA = (RelatedParty(role="customer", party_or_party_role=PartyRef(id="C-1")),)


@cache
def rules() -> RuleSet:
    """A part for each system and what it is told of; an item says which of them it wants."""
    parts = "".join(
        f"""
        [[route.part]]
        name = "{part}"
        system = "{system}"
        items = {{ characteristic = {{ "{part}" = "yes" }} }}
        concerns = {list(CONCERNS[what])}
        soft_ponr = "soft"
        hard_ponr = "hard"
        change_charge = {{ amount = "10.00", currency = "USD", valid_for = "48h" }}
        """
        for part, (system, what) in PARTS.items()
    )
    route = f"""
        [[route]]
        name = "all"
        why = "every kind of part"
        when = {{ }}
        {parts}
        [[route.test]]
        order = "samples/thing.json"
        expect = ["pliant-count"]
        """
    sample = {"id": "1", "action": "add", "productOffering": {"id": "THING"}}
    sample["product"] = {"productCharacteristic": [{"name": "pliant-count", "value": "yes"}]}
    texts = {
        "routes/all.toml": dedent(route).replace("'", '"'),
        "routes/catalogue/all.toml": '[[offering]]\nid = "THING"\nname = "Thing"\ncategory = "thing"\n',
        "routes/samples/thing.json": msgspec.json.encode({"productOrderItem": [sample]}).decode(),
        "endpoints/web.toml": 'id = "web.portal"\nchannel = "web"\nname = "W"\nout_queue = "channel.web.out"',
    }
    return read(texts, PROFILES)


WORLD = World(PROFILES, {}, lambda order, command: propose(order, command, rules(), PROFILES))


@cache
def begun(layout: tuple[tuple[str, ...], ...], relies: tuple[tuple[str, str], ...]) -> Record:
    """An order, one item for each entry with these parts; nothing of it is sent, for its day has not come."""
    items = tuple(
        OrderItem(
            id=str(number),
            action=Action.ADD,
            product_offering=OfferingRef(id="THING"),
            product=Product(
                product_characteristic=tuple(Characteristic(name=one, value="yes") for one in parts)
            ),
            product_order_item_relationship=tuple(
                ItemRelationship(id=on, relationship_type="reliesOn")
                for one, on in relies
                if one == str(number)
            ),
        )
        for number, parts in enumerate(layout)
    )
    content = OrderContent(product_order_item=items, requested_start_date=NOON + timedelta(days=9))
    content = fill(content, rules().references)
    origin = Origin(channel="web", endpoint="web.portal", document_type="ProductOrder", document="W-1")
    order = draft_order(SubmitOrder(origin=origin, order=content), content, rules().version, NOON)
    return accept(order, make_plan(order, rules(), PROFILES), WORLD, NOON).record


def stands(record: Record, lines: Sequence[Data]) -> Record:
    """The record with its lines as far as these say; the first item is one more that is at work."""
    by_name = {(one["part"], one["item"]): one for one in lines}
    changed = tuple(_stands(line, by_name[line.key]) for line in record.lines)
    order = msgspec.structs.replace(record.order, state=State.IN_PROGRESS)
    return msgspec.structs.replace(record, lines=changed, order=order)


def _stands(line: Line, as_said: Data) -> Line:
    state, code = STATES[as_said["state"]]
    milestone = "" if as_said["point"] == "before" else as_said["point"]
    return msgspec.structs.replace(
        line, state=state, code=code, sent=as_said["state"] != "unsent", milestone=milestone
    )


def line_of(part: str, item: str, state: str = "sent", point: str = "before") -> Data:
    """A line in the oracle's words."""
    system, what = PARTS[part]
    more = {"able": ABLE[system], "concerns": CONCERNS[what]}
    return {"part": part, "item": item, "state": state, "point": point, **more}


def asked(changes: Sequence[Data], *, atomic: bool) -> AmendOrder:
    """The document that wants these changes."""
    fields = [field for one in changes if one["kind"] == "order" for field in one["fields"]]
    patch = OrderPatch(
        place=SALEM if "place" in fields else None, related_party=ADA if "relatedParty" in fields else None
    )
    return AmendOrder(
        origin=Origin(channel="web", endpoint="web.portal", document_type="change", document="C-1"),
        about=OrderRef(value="W-1"),
        scope=Scope.DELTA,
        change=tuple(
            ItemPatch(
                item=one["item"],
                quantity=2 if "quantity" in one["fields"] else None,
                product_characteristic=(Characteristic(name="color", value="red"),)
                if "productCharacteristic.color" in one["fields"]
                else (),
            )
            for one in changes
            if one["kind"] == "change"
        ),
        remove=tuple(one["item"] for one in changes if one["kind"] == "remove"),
        fields=patch if fields else None,
        atomic=atomic,
    )


def hub(
    lines: Sequence[Data], changes: Sequence[Data], relies: Sequence[tuple[str, str]], *, atomic: bool
) -> list:
    """What the hub makes of them, in the oracle's words."""
    count = 1 + max(int(one["item"]) for one in lines)
    layout = tuple(tuple(one["part"] for one in lines if one["item"] == str(item)) for item in range(count))
    before = stands(begun(layout, tuple(relies)), lines)
    after = amend(before, asked(changes, atomic=atomic), "AM1", WORLD, NOON + timedelta(hours=1)).record
    pieces = after.amendments[0].amendment.pieces
    return [seen(before, after, piece) for piece in pieces]


def seen(before: Record, after: Record, piece: Piece) -> Data:
    """One piece, and what was done to each line for it."""
    names = {
        PieceState.APPLIED: "applied",
        PieceState.APPLYING: "applying",
        PieceState.AWAITING_CUSTOMER: "asked",
        PieceState.REFUSED: "refused",
    }
    becomes = names[piece.state]
    lines = {}
    if becomes in ("applied", "applying"):
        items = {one.item for one in piece.changes}
        steps = {one.line: one for one in after.steps if one.piece == piece.number}
        now = {one.key: one for one in after.lines}
        for line in before.lines:
            mine = line.item in items or "" in items
            moved = mine and becomes == "applied" and now[line.key] != line
            lines["/".join(line.key)] = done(steps.get(line.key), moved=moved)
    charge = int(piece.charge.value) if piece.charge is not None else 0
    found = {"items": sorted(one.item for one in piece.changes), "charge": charge, "lines": lines}
    return found | {"becomes": becomes}


def done(step: Step | None, *, moved: bool) -> str:
    """A step in the oracle's words."""
    if step is None:
        return "inPlace" if moved else "untouched"
    if step.verb is None:
        return "inPlace"
    if step.state is StepState.HELD:
        return "byHand"
    if step.verb is Verb.MODIFY:
        return "modify"
    return "undo" if step.removes else "undoRedo"


def by_items(pieces: Sequence[Data]) -> list[Data]:
    """In an order that does not depend on who counts."""
    return sorted(pieces, key=lambda one: one["items"])


def same(lines: Sequence[Data], changes: Sequence[Data], relies=(), *, atomic: bool = False) -> None:
    """The hub and the oracle say the same."""
    every = [line_of("pliant-count", "0"), *lines]
    expected = by_items(foretold(every, changes, relies, atomic=atomic))

    assert expected == by_items(hub(every, changes, relies, atomic=atomic)), (lines, changes, relies, atomic)


CHANGE = {"item": "1", "kind": "change", "fields": ("quantity", "productCharacteristic.color")}
KINDS: tuple[Data, ...] = (
    CHANGE,
    CHANGE | {"fields": ("quantity",)},
    {"item": "1", "kind": "remove", "fields": ()},
    {"item": "", "kind": "order", "fields": ("place",)},
    {"item": "", "kind": "order", "fields": ("relatedParty",)},
)


def test_one_line_in_every_standing():
    """Each system, each state, each point, each kind of change."""
    for part, standing, change in product(PARTS, STANDINGS, KINDS):
        same([line_of(part, "1", *standing)], [change])


def test_two_lines_of_an_item_in_every_standing():
    """All change, or none does."""
    for (one, other), first, second in product(combinations(PARTS, 2), STANDINGS, STANDINGS):
        lines = [line_of(one, "1", *first), line_of(other, "1", *second)]
        same(lines, [CHANGE])


# Of what was told, every system and point; of what was not, one state.
SHORT = [(part, "sent", point) for part in PARTS if part.endswith("count") for point in POINTS]
SHORT += [("pliant-count", "unsent", "before"), ("rock-count", "refused", "before")]
WISHES = ("change", "remove", "")


def wished(wishes: Sequence[str]) -> list[Data]:
    """What is wanted of items 1, 2, 3."""
    return [
        {"item": str(number), "kind": wish, "fields": ("quantity",) if wish == "change" else ()}
        for number, wish in enumerate(wishes, 1)
        if wish
    ]


def test_two_items_tied_or_not_in_every_standing():
    """Item by item, or both or none."""
    for first, second, wishes in product(SHORT, SHORT, product(WISHES, repeat=2)):
        lines = [line_of(first[0], "1", *first[1:]), line_of(second[0], "2", *second[1:])]
        for relies in ((), (("2", "1"),)):
            same(lines, wished(wishes), relies)
        same(lines, wished(wishes), atomic=True)


@st.composite
def worlds(draw) -> tuple[list[Data], list[Data], tuple[tuple[str, str], ...], bool]:
    """Up to four items of up to four lines."""
    items = [str(number) for number in range(1, draw(st.integers(1, 4)) + 1)]
    lines = [
        line_of(part, item, *draw(st.sampled_from(STANDINGS)))
        for item in items
        for part in sorted(draw(st.sets(st.sampled_from(sorted(PARTS)), min_size=1, max_size=4)))
    ]
    fields = st.sets(st.sampled_from(["quantity", "productCharacteristic.color"]), min_size=1)
    changes = [
        {"item": item, "kind": kind, "fields": tuple(draw(fields)) if kind == "change" else ()}
        for item in items
        if (kind := draw(st.sampled_from(WISHES)))
    ]
    own = draw(st.sets(st.sampled_from(["place", "relatedParty"])))
    # Beside others, what it finds is what these have made of it: that is the lives' to look at.
    if own and draw(st.booleans()):
        changes = [{"item": "", "kind": "order", "fields": tuple(own)}]
    pairs = [(one, other) for one in items for other in items if int(one) > int(other)]
    relies = draw(st.sets(st.sampled_from(pairs))) if pairs else set()
    return lines, changes, tuple(sorted(relies)), draw(st.booleans())


@settings(max_examples=300)
@given(worlds())
def test_larger_worlds(world):
    """By chance."""
    lines, changes, relies, atomic = world
    same(lines, changes, relies, atomic=atomic)

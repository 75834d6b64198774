"""
A small town for orders that change on their way: rules of every kind, and systems that remember what they
were told.

A system here carries out each key once, and knows what it has: at the end that is held against what the
order says.  It chooses what it does by numbers that it is given, so that a story can be told again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from textwrap import dedent

from canonical.amendments import ChangeKind, Piece, PieceState, TaskState
from canonical.instructions import Instruction, InstructionLine
from canonical.order import Characteristic, OrderContent, OrderItem, every_item
from canonical.replies import LineReply, Offer, Reference, Reply
from canonical.states import State
from canonical.systems import Attachment, Meaning, SystemProfile, Verb
from orderloom.correlation.record import Record
from routes.model import RuleSet
from routes.rules import read

__all__ = [
    "CHANNELS",
    "IT_OFFERS",
    "OFFERINGS",
    "PROFILES",
    "Neighbour",
    "checked_end",
    "leaves_nothing_open",
    "made_versions",
    "makes_a_version",
    "said_of",
    "town_rules",
]

_ALL = (Verb.DO, Verb.MODIFY, Verb.UNDO)
_CHANGES = (Verb.MODIFY, Verb.UNDO)

WORDS: Mapping[str, Meaning] = {
    "ok": Meaning(state=State.COMPLETED, answers=_ALL),
    "soon": Meaning(state=State.IN_PROGRESS, answers=_ALL),
    "packed": Meaning(state=State.IN_PROGRESS, milestone="packed"),
    "shipped": Meaning(state=State.COMPLETED, milestone="shipped"),
    "no": Meaning(state=State.HELD, code="E_SYSTEM_REFUSED", answers=_ALL),
    "never": Meaning(state=State.REJECTED, code="E_SYSTEM_REFUSED", answers=_ALL),
    "late": Meaning(state=State.HELD, code="E_TOO_LATE", answers=_CHANGES, past=True),
    "ask": Meaning(state=State.PENDING),
    "busy": Meaning(state=State.HELD, code="E_SYSTEM_HELD"),
}

# What each system can be told beside `do`.
ABLE: Mapping[str, tuple[Verb, ...]] = {
    "book": _ALL,
    "ship": _ALL,
    "live": _ALL,
    "wire": (Verb.DO, Verb.MODIFY),
    "bill": (Verb.DO, Verb.UNDO),
    "rock": (Verb.DO,),
}
PROFILES: Mapping[str, SystemProfile] = {
    name: SystemProfile(
        name=name,
        attachment=Attachment.QUEUE,
        words=WORDS,
        reference_type="reference",
        verbs=verbs,
        milestones=("packed", "shipped"),
    )
    for name, verbs in ABLE.items()
}

CHANNELS = ("web.portal", "store.0117", "callcenter.desk")

# Offerings by category; each has two, between which an item can be changed.
OFFERINGS: Mapping[str, tuple[str, ...]] = {
    "device": ("PHONE", "TABLET"),
    "plan": ("PLAN-S", "PLAN-L"),
    "line": ("LINE-1", "LINE-9"),
    "stone": ("STONE", "ROCK"),
}

_TOLD = '["productCharacteristic", "productOffering", "quantity"]'
_ROUTES = f"""
    [[route]]
    name = "town"
    why = "everything that the town knows"
    when = {{ }}

    [[route.part]]
    name = "book"
    system = "book"
    concerns = ["relatedParty"]

    [[route.part]]
    name = "ship"
    system = "ship"
    items = {{ category = "device" }}
    after = ["book"]
    concerns = ["place", "productCharacteristic", "productOffering", "quantity"]
    soft_ponr = "packed"
    hard_ponr = "shipped"
    change_charge = {{ amount = "10.00", currency = "USD", valid_for = "48h" }}

    [[route.part]]
    name = "case"
    system = "ship"
    items = {{ offering = "TABLET" }}
    after = ["ship"]
    concerns = {_TOLD}

    [[route.part]]
    name = "live"
    system = "live"
    items = {{ category = "plan" }}
    after = ["book"]
    concerns = {_TOLD}
    soft_ponr = "completed"
    change_charge = {{ amount = "5.00", currency = "USD", valid_for = "24h" }}

    [[route.part]]
    name = "wire"
    system = "wire"
    items = {{ category = "line" }}
    after = ["book", "ship"]
    concerns = {_TOLD}
    hard_ponr = "24h before appointment"

    [[route.part]]
    name = "rock"
    system = "rock"
    items = {{ category = "stone" }}
    after = ["book"]
    concerns = ["quantity"]

    [[route.part]]
    name = "bill"
    system = "bill"
    items = {{ category = ["device", "plan", "line", "stone"] }}
    after = ["book", "ship", "live", "wire", "rock"]
    concerns = ["productOffering", "quantity", "relatedParty"]

    [[route.test]]
    order = "samples/phone.json"
    channel = "web"
    endpoint = "web.portal"
    expect = ["book", "ship", "bill"]
"""


@cache
def town_rules() -> RuleSet:
    """The rules of the town."""
    offerings = "".join(
        f'[[offering]]\nid = "{one}"\nname = "{one.title()}"\ncategory = "{category}"\n'
        for category, names in OFFERINGS.items()
        for one in names
    )
    offerings += '[[offering]]\nid = "BUNDLE"\nname = "Bundle"\ncategory = "bundle"\nbundle = true\n'
    endpoints = {
        f"endpoints/{one}.toml": dedent(
            f"""
            id = "{one}"
            channel = "{one.partition(".")[0]}"
            name = "{one}"
            out_queue = "channel.{one.partition(".")[0]}.out"
            """
        )
        for one in CHANNELS
    }
    sample = '{"productOrderItem": [{"id": "1", "action": "add", "productOffering": {"id": "PHONE"}}]}'
    texts = {
        "routes/town.toml": dedent(_ROUTES),
        "routes/catalogue/all.toml": offerings,
        "routes/samples/phone.json": sample,
    }
    return read(texts | endpoints, PROFILES)


Content = tuple[object, ...]

# What a system would do instead of what it was told, by the word for it that it keeps to itself.
OFFERS: Mapping[str, Offer] = {
    "fewer": Offer(quantity=5),
    "green": Offer(product_characteristic=(Characteristic(name="color", value="green"),)),
}

# What a system keeps of an item and of its order, by the part that it does.
_OF_ORDER = {"book": ("related_party",), "ship": ("place",), "bill": ("related_party",)}
_OF_ITEM = {"book": (), "rock": ("quantity",), "bill": ("offering", "quantity")}
_EVERY = ("offering", "quantity", "values")


def said_of(part: str, item: OrderItem, order: Instruction | OrderContent) -> Content:
    """What the system of a part keeps of an item, as an instruction, or the order in force, says it."""
    values = {
        "offering": item.product_offering.id,
        "quantity": item.quantity,
        "values": tuple(sorted((one.name, one.value) for one in item.product.product_characteristic)),
    }
    return (
        *(values[name] for name in _OF_ITEM.get(part, _EVERY)),
        *(getattr(order, name) for name in _OF_ORDER.get(part, ())),
    )


# What a system may say when it is to do something; the last two are offers.
_WORDS_OF_DOING = (
    *("ok", "soon", "", "soon", "ok", "", "soon", "ask", "no", "never", "busy"),
    *OFFERS,
)
IT_OFFERS = len(_WORDS_OF_DOING) - 1
"""The choice by which a system offers another colour."""


@dataclass
class Thing:
    """Something that a system has: what it is, and how far it has come."""

    content: Content
    key: str
    reached: str = "open"


@dataclass
class Neighbour:
    """
    One system: takes instructions in the order in which they were told, each key once.

    Args:
        has: By (part, item), what it has.
        said: By key, the replies that it gave: it gives them again when it is told again.
        wrongs: What it was told that makes no sense.
    """

    name: str
    has: dict[tuple[str, str], Thing] = field(default_factory=dict)
    said: dict[str, list[Reply]] = field(default_factory=dict)
    wrongs: list[str] = field(default_factory=list)
    undone: set[tuple[str, str]] = field(default_factory=set)
    numbers: dict[tuple[str, str], int] = field(default_factory=dict)
    count: int = 0

    def told(self, instruction: Instruction, choices: Iterator[int]) -> list[Reply]:
        """Carry an instruction out, line by line, as the choices say; returns what it says."""
        if instruction.key not in self.said:
            act = {Verb.DO: self._do, Verb.MODIFY: self._modify, Verb.UNDO: self._undo}[instruction.verb]
            words = [(line, act(instruction, line, next(choices))) for line in instruction.lines]
            self.said[instruction.key] = list(self._replies(instruction, words))
        return self.said[instruction.key]

    def goes_on(self, place: int) -> list[Reply]:
        """Something that it has comes a step further."""
        things = self.open()
        if not things:
            return []
        (part, item), thing = things[place % len(things)]
        thing.reached = self._next(part, thing.reached)
        self.count += 1
        about = (Reference(type="key", value=thing.key),)
        line = LineReply(word=thing.reached, line=self.numbers[part, item])
        reply = Reply(system=self.name, key=f"{self.name}-{self.count}", about=about, lines=(line,))
        self.said.setdefault(thing.key, []).append(reply)
        return [reply]

    def open(self) -> list[tuple[tuple[str, str], Thing]]:
        """What it has and has not finished."""
        return [(where, one) for where, one in self.has.items() if one.reached not in ("ok", "shipped")]

    def gets(self, where: tuple[str, str], content: Content, *, done: bool) -> None:
        """Somebody makes something so by hand; it is done with that, or goes on from where it is."""
        known = self.has.get(where)
        end = "shipped" if where[0] == "ship" else "ok"
        reached = end if known is None or done else known.reached
        self.has[where] = Thing(content, known.key if known else "", reached)

    def loses(self, where: tuple[str, str]) -> None:
        """Somebody takes something away by hand."""
        if self.has.pop(where, None):
            self.undone.add(where)

    def _next(self, part: str, reached: str) -> str:
        if part == "ship":
            return {"open": "packed", "packed": "shipped"}.get(reached, "packed")
        return "ok"

    def _do(self, instruction: Instruction, line: InstructionLine, choice: int) -> str:
        where = (instruction.part, line.item.id)
        self.numbers[where] = line.number
        word = _WORDS_OF_DOING[choice % len(_WORDS_OF_DOING)]
        if word == "ok" and instruction.part == "ship":
            word = "soon"
        self.undone.discard(where)
        if word in ("no", "never"):
            return word
        if where in self.has:
            self.wrongs.append(f"{instruction.part} of {line.item.id} is done twice")
        reached = word if word in ("ok", "ask", "busy", *OFFERS) else "open"
        self.has[where] = Thing(said_of(instruction.part, line.item, instruction), instruction.key, reached)
        return word

    def _modify(self, instruction: Instruction, line: InstructionLine, choice: int) -> str:
        where = (instruction.part, line.item.id)
        thing = self.has.get(where)
        if thing is None:
            return "no"
        if thing.reached == "shipped":
            return "late"
        known = len(_OF_ITEM.get(instruction.part, _EVERY))
        was = said_of(instruction.part, line.was, instruction)[:known] if line.was else None
        if was != thing.content[:known]:
            self.wrongs.append(f"{instruction.part} of {line.item.id} is {thing.content}, told it was {was}")
        word = ("ok", "ok", "ok", "no", "never", "ok", "ok")[choice % 7]
        if word == "ok":
            thing.content = said_of(instruction.part, line.item, instruction)
        return word

    def _undo(self, instruction: Instruction, line: InstructionLine, choice: int) -> str:
        where = (instruction.part, line.item.id)
        thing = self.has.get(where)
        if thing is None:
            if where in self.undone:
                self.wrongs.append(f"{instruction.part} of {line.item.id} is taken back twice")
            return "ok"
        if thing.reached == "shipped":
            return "late"
        word = ("ok", "ok", "ok", "no", "ok", "ok")[choice % 6]
        if word == "ok":
            del self.has[where]
            self.undone.add(where)
        return word

    def _replies(self, instruction: Instruction, words: list[tuple[InstructionLine, str]]) -> Iterator[Reply]:
        about = (Reference(type="key", value=instruction.key),)
        self.count += 1
        name = f"{self.name}-{self.count}"
        if len({word for _, word in words}) == 1 and words[0][1] in WORDS:
            yield Reply(system=self.name, key=name, about=about, word=words[0][1])
            return
        for place, (line, word) in enumerate(words):
            if word:
                offer = OFFERS.get(word)
                said = LineReply(word="ask" if offer else word, line=line.number, offer=offer)
                yield Reply(system=self.name, key=f"{name}.{place}", about=about, lines=(said,))


# What must be so when nobody has anything left to do.


def leaves_nothing_open(record: Record) -> None:
    """No step, no amendment, no cancel; and the order has ended."""
    assert () == record.steps
    assert [] == [one.amendment.id for one in record.amendments if not one.amendment.settled]
    assert [] == [one.task.id for one in record.cancels if one.task.state is TaskState.IN_PROGRESS]
    assert record.order.state.terminal


def checked_end(record: Record, systems: Mapping[str, Neighbour], first: int = 1) -> None:
    """
    Nothing is open; each system has what is completed, as it is in force, and nothing of what is not.

    Args:
        first: The version that was submitted.
    """
    leaves_nothing_open(record)
    made = made_versions(record)
    assert list(range(first + 1, record.order.version + 1)) == sorted(made)
    items = {one.id: one for one in every_item(record.order.product_order_item)}
    has = {where: thing for one in systems.values() for where, thing in one.has.items()}
    done = [one for one in record.lines if one.state is State.COMPLETED]
    wanted = {one.key: said_of(one.part, items[one.item], record.order) for one in done}
    assert wanted == {where: thing.content for where, thing in has.items()}
    assert [] == [wrong for one in systems.values() for wrong in one.wrongs]


def made_versions(record: Record) -> set[int]:
    """The versions that amendments, and cancels of what was not all, have made of an order."""
    pieces = (one for amending in record.amendments for one in amending.amendment.pieces)
    made = {one.version for one in pieces if makes_a_version(one)}
    made |= {one.task.version for one in record.cancels}
    return {one for one in made if one is not None}


def makes_a_version(piece: Piece) -> bool:
    """Whether it made a version: a yes to a question may be all that was wanted."""
    changes = any(one.fields or one.kind is not ChangeKind.CHANGE for one in piece.changes)
    return changes and piece.state is PieceState.APPLIED

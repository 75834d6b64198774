"""
One order as the correlation store knows it: document, plan, lines, instructions, what was told to whom.

The fold turns one record and one message into the next record; the store loads and saves them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum

from canonical.amendments import Amendment, CancelTask
from canonical.base import Canonical, Id, Instant, Text
from canonical.commands import AmendOrder, Origin
from canonical.errors import Fault
from canonical.instructions import InstructionLine
from canonical.notices import NoticeKind
from canonical.order import Order
from canonical.plan import PartPlan, Plan
from canonical.states import Cause, State
from canonical.systems import Verb

__all__ = [
    "Alias",
    "Amending",
    "Cancelling",
    "Instructed",
    "Line",
    "Record",
    "Step",
    "StepState",
    "Told",
]


class Alias(Canonical, frozen=True):
    """
    (owner, type, value): an id under which an endpoint, a system or the hub knows the order.

    ``part`` names the part that a system's id is about.
    """

    owner: Id
    type: Id
    value: Id
    part: Text = ""

    @property
    def key(self) -> str:
        """The three in one text, for the primary key."""
        return f"{self.owner}|{self.type}|{self.value}"


_SILENT = ("E_NO_ANSWER", "E_SYSTEM_DOWN", "E_AMBIGUOUS_REPLY")


class Line(Canonical, frozen=True):
    """
    One part as far as it serves one item: the leaf of every status.

    Args:
        number: 1-based within the part, stable over revisions; the system echoes it.
        word: The system's last word; ``code`` and ``reason`` say why it is held or ended badly.
        quantity: How many are done, when the system speaks of quantities.
        sent: An instruction that holds this line has been written to the outbox.
        milestone: The furthest of its system's that it has reached since it was told.
    """

    part: Id
    item: Id
    number: int
    state: State
    since: Instant
    revision: int = 0
    sent: bool = False
    cause: Cause | None = None
    word: Text = ""
    code: Text = ""
    reason: Text = ""
    quantity: int | None = None
    milestone: Text = ""

    @property
    def key(self) -> tuple[str, str]:
        """(part, item)."""
        return self.part, self.item

    @property
    def awaited(self) -> bool:
        """Whether it waits for its system's word: in progress, or held by silence, an outage, or in doubt."""
        silent = self.state is State.HELD and self.code in _SILENT
        return self.state is State.IN_PROGRESS or silent


class Instructed(Canonical, frozen=True):
    """
    What the hub knows of one instruction.

    Args:
        attempt: 1 for the first sending; a repeat after silence or an unknown outcome counts up.
        native: Hash of the bytes that were sent, so that a repeat is equal byte for byte.
        asked: How often its answering time has run out.
        numbers: Counter values that its bytes used, by counter, for receipts that name only those.
        inquiries: How often the system was asked what became of it; ``inquiring`` while the last of these
            questions has no answer.
        items: Ids of the items whose lines it holds; empty (written by an earlier version): all of its part.
        undoes: Key of the instruction that it changes or takes back.
        lines: What it says, for all but the first ``do`` of a part: that says the order in force.
    """

    key: Id
    part: Id
    system: Id
    verb: Verb
    reference: Id
    sent_at: Instant
    revision: int = 0
    attempt: int = 1
    native: Text = ""
    received: bool = False
    answered_at: Instant | None = None
    asked: int = 0
    numbers: Mapping[str, int] = {}
    inquiries: int = 0
    inquiring: bool = False
    items: tuple[Id, ...] = ()
    undoes: Text = ""
    lines: tuple[InstructionLine, ...] = ()

    def holds(self, line: Line) -> bool:
        """Whether it speaks of this line."""
        return line.part == self.part and (not self.items or line.item in self.items)


class Told(Canonical, frozen=True):
    """
    One notice that an endpoint was told, or a newer version that it was shown when it asked (``STATUS``).

    Args:
        native: Hash of its bytes, empty if it had none.
        about: Id of the amendment or the cancel that it answers.
    """

    endpoint: Id
    kind: NoticeKind
    version: int
    at: Instant
    state: State
    native: Text = ""
    about: Text = ""


class StepState(StrEnum):
    """How far one step has come; a step that is over is forgotten with its piece."""

    WAITING = "waiting"
    SENT = "sent"
    HELD = "held"
    DONE = "done"


class Step(Canonical, frozen=True):
    """
    What a piece of an amendment, or a cancel, does to one line.

    Args:
        cause: Id of the amendment or of the cancel task.
        piece: Number of the amendment's piece; 0 for a cancel.
        verb: What its system is told; None when nothing is: the line is not sent yet, or nothing was done.
        removes: The line is to end; otherwise it is to go on changed.
        added: There is no such line yet.
        back: A change that was made is changed back.
        key: Of the instruction, once it is sent.
        fault: Why a person is needed, while it is held.
    """

    cause: Id
    piece: int
    part: Id
    item: Id
    state: StepState
    verb: Verb | None = None
    removes: bool = False
    added: bool = False
    back: bool = False
    key: Text = ""
    fault: Fault | None = None

    @property
    def line(self) -> tuple[str, str]:
        """(part, item)."""
        return self.part, self.item

    @property
    def id(self) -> tuple[str, int, str, str]:
        """What tells it from others of the order."""
        return self.cause, self.piece, self.part, self.item


class Amending(Canonical, frozen=True):
    """
    An amendment with what is needed to carry it out.

    Args:
        command: As it came: what is queued is assessed when its turn has come.
        plan: Of the order as it is wanted, once that was assessed.
    """

    amendment: Amendment
    command: AmendOrder
    plan: Plan | None = None


class Cancelling(Canonical, frozen=True):
    """A cancel task, and the document that asked for it."""

    task: CancelTask
    origin: Origin


class Record(Canonical, frozen=True):
    """
    An order with everything that hangs on it.

    ``order`` holds the derived item and order states as they were last announced.
    """

    order: Order
    plan: Plan
    lines: tuple[Line, ...]
    instructions: tuple[Instructed, ...] = ()
    told: tuple[Told, ...] = ()
    aliases: tuple[Alias, ...] = ()
    outputs: Mapping[str, str] = {}
    amendments: tuple[Amending, ...] = ()
    cancels: tuple[Cancelling, ...] = ()
    steps: tuple[Step, ...] = ()

    @property
    def id(self) -> str:
        """The hub's order id."""
        return self.order.id

    def part(self, name: str) -> PartPlan:
        """The planned part with this name; KeyError when the plan has none."""
        for part in self.plan.parts:
            if part.name == name:
                return part
        raise KeyError(name)

    def lines_of(self, part: str) -> Iterator[Line]:
        """The lines of one part, in their order."""
        return (line for line in self.lines if line.part == part)

    def last_told(self, endpoint: str) -> Told | None:
        """
        The newest notice to this endpoint; of those of one instant the last, as they were told.

        What it was shown because it asked is none.
        """
        asked = NoticeKind.STATUS
        return next(
            (one for one in reversed(self.told) if one.endpoint == endpoint and one.kind is not asked), None
        )

    def last_shown(self, endpoint: str) -> int:
        """The newest version that this endpoint was told, or shown; the first when it was neither."""
        return max((one.version for one in self.told if one.endpoint == endpoint), default=1)

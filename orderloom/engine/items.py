"""
What the engine works on: one delivery, call result or timer, read and ready for the transaction.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from adapters.kit.contract import Checked
from broker.port import Delivery
from canonical.commands import (
    AmendOrder,
    Answer,
    AskStatus,
    CancelOrder,
    CommandReceipt,
    Origin,
    RecordInteraction,
    RejectedDocument,
    Resume,
    SaveDraft,
    SubmitOrder,
)
from canonical.errors import Fault, Rejected
from canonical.instructions import Instruction
from canonical.order import Order
from canonical.parties import PartyAlias
from canonical.plan import Plan
from canonical.replies import Receipt, Reply
from orderloom.calls import CallResult, call_id
from orderloom.correlation.fallout import Act
from orderloom.correlation.intake_files import IntakeFile
from orderloom.correlation.port import Timer

__all__ = [
    "Document",
    "FileChecked",
    "FromCall",
    "FromChannel",
    "FromFile",
    "FromOperator",
    "FromSystem",
    "FromTimer",
    "FromWork",
    "Item",
    "Submission",
    "Unreadable",
    "claimed",
    "document_origin",
    "item_delivery",
    "item_documents",
]


@dataclass(frozen=True, slots=True)
class Submission:
    """
    An order document, planned before the transaction; one that is or completes a draft is planned within it.

    Args:
        fault: Why it could not be planned; ``ours``: the fault is in the rules, not in the document.
        parties: The customer's aliases, where they matter beyond the order.
    """

    command: SubmitOrder | SaveDraft
    hash: str
    order: Order | None = None
    plan: Plan | None = None
    fault: Fault | None = None
    ours: bool = False
    parties: tuple[PartyAlias, ...] = ()


Document = (
    Submission
    | AmendOrder
    | CancelOrder
    | Answer
    | AskStatus
    | Resume
    | RecordInteraction
    | CommandReceipt
    | RejectedDocument
)


def document_origin(document: Document) -> Origin:
    """Where a document came from."""
    return document.command.origin if isinstance(document, Submission) else document.origin


@dataclass(frozen=True, slots=True)
class FromChannel:
    """
    A native message of a channel, with its documents; ``hash`` is that of the bytes as received.

    Args:
        delivery: As the channel's queue held it, whoever translated it.
        carrier: What was taken from ``orders.in`` instead, when an adapter outside of the hub translated it.
    """

    delivery: Delivery
    channel: str
    hash: str
    documents: tuple[Document, ...]
    carrier: Delivery | None = None


@dataclass(frozen=True, slots=True)
class FileChecked:
    """
    What the first pass over a file has found.

    Args:
        file: Id of its row.
        seal: What the second pass holds the bytes against.
        same: An answered file with the same bytes.
    """

    file: str
    endpoint: str
    checked: Checked
    seal: bytes
    same: IntakeFile | None = None


@dataclass(frozen=True, slots=True)
class FromFile:
    """
    A chunk of a file's documents, each with the number of its record.

    Args:
        file: Id of its row.
        hash: Of the whole file.
        start: The checkpoint behind which it begins.
        last: Whether nothing comes behind it.
        broken: Why the rest of the file cannot be taken.
    """

    file: str
    channel: str
    endpoint: str
    hash: str
    start: int
    documents: tuple[tuple[int, Document], ...]
    last: bool
    broken: Fault | None = None

    def halves(self) -> tuple[FromFile, FromFile]:
        """Two chunks that are this one; of two documents or more."""
        middle = len(self.documents) // 2
        first, second = self.documents[:middle], self.documents[middle:]
        return replace(self, documents=first, last=False), replace(self, documents=second, start=first[-1][0])


@dataclass(frozen=True, slots=True)
class FromSystem:
    """A native message of a system, with what it says."""

    delivery: Delivery
    system: str
    hash: str
    said: tuple[Reply | Receipt | Rejected, ...]


@dataclass(frozen=True, slots=True)
class FromWork:
    """
    A canonical instruction for a call-attached system; ``attempt`` as its header says.

    With an ``inquiry`` the system is not told, but asked what became of it.
    """

    delivery: Delivery
    system: str
    instruction: Instruction
    attempt: int
    inquiry: int = 0

    @property
    def call_id(self) -> str:
        """That of the call which it asks for."""
        return call_id(self.instruction.key, self.inquiry)


@dataclass(frozen=True, slots=True)
class FromCall:
    """How a call ended; ``said`` is empty when the answer says nothing that can be read."""

    result: CallResult
    said: tuple[Reply | Receipt, ...]
    fault: Fault | None


@dataclass(frozen=True, slots=True)
class FromTimer:
    """Something that is due."""

    timer: Timer


@dataclass(frozen=True, slots=True)
class FromOperator:
    """What a person does with the held lines of one order."""

    act: Act
    order_id: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A delivery that says nothing; it is parked with this fault.  ``carrier`` as in :class:`FromChannel`."""

    delivery: Delivery
    hash: str
    fault: Fault
    carrier: Delivery | None = None


Item = (
    FromChannel
    | FromFile
    | FileChecked
    | FromSystem
    | FromWork
    | FromCall
    | FromTimer
    | FromOperator
    | Unreadable
)


def item_delivery(item: Item) -> Delivery | None:
    """The delivery that an item came with, if it came with one: what is kept, parked and told of."""
    without = FromCall | FromTimer | FromFile | FileChecked | FromOperator
    return None if isinstance(item, without) else item.delivery


def claimed(item: Item) -> Delivery | None:
    """The delivery as the broker handed it over: what is settled, and what starts are counted by."""
    carrier = item.carrier if isinstance(item, FromChannel | Unreadable) else None
    return carrier or item_delivery(item)


def item_documents(item: Item) -> tuple[Document, ...]:
    """The documents of a channel's message, or of a chunk of its file."""
    if isinstance(item, FromChannel):
        return item.documents
    return tuple(one for _, one in item.documents) if isinstance(item, FromFile) else ()

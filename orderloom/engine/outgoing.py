"""
What a batch wants to say, before it has bytes: answers, notices, instructions, announcements, handles.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC

from broker.port import Delivery
from canonical.errors import Fault
from canonical.keys import message_id
from canonical.notices import Intake, Notice
from orderloom.correlation.folded import Announcement, Dispatch
from orderloom.correlation.intake_files import IntakeFile
from orderloom.correlation.port import IntakeRow
from orderloom.correlation.record import Record, Told

__all__ = [
    "Ack",
    "AckFile",
    "Again",
    "Announce",
    "Handle",
    "Instruct",
    "Outgoing",
    "Tell",
    "answer_again",
    "last_word",
    "notice_id",
    "order_about",
]


@dataclass(frozen=True, slots=True)
class Ack:
    """
    The one acknowledgement of an intake; ``row`` is stored with the hash of its bytes.

    Args:
        tokens: Those in its verdicts, one for each verdict of ``row``; empty where there is none.
    """

    intake: Intake
    row: IntakeRow
    tokens: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AckFile:
    """The one acknowledgement of a file: its row gets name and numbers; its bytes are written later."""

    row: IntakeFile


@dataclass(frozen=True, slots=True)
class Tell:
    """
    A notice.

    Args:
        cause: The id of the document that it answers, when it is about no order.
        correlation: The message id of the question that it answers; empty names the order instead.
    """

    notice: Notice
    cause: str = ""
    correlation: str = ""


@dataclass(frozen=True, slots=True)
class Again:
    """
    Stored bytes of an answer, once more, to the endpoint that asked again.

    Args:
        orders: What the documents became that an acknowledgement speaks of; tokens are not kept, so that
            each gets another.
    """

    endpoint: str
    native: str
    message_id: str
    type: str
    order_id: str
    orders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Instruct:
    """An instruction to its system."""

    dispatch: Dispatch
    order_id: str


@dataclass(frozen=True, slots=True)
class Announce:
    """A canonical announcement; ``cause`` makes its message id."""

    announcement: Announcement
    cause: str


@dataclass(frozen=True, slots=True)
class Handle:
    """The handle of a parked message, for the console."""

    delivery: Delivery
    parked_id: str
    fault: Fault
    times: int


Outgoing = Ack | AckFile | Tell | Again | Instruct | Announce | Handle


def notice_id(order_id: str, told: Told) -> str:
    """
    The message id of a notice: of one kind there may be several for a version, at different times, or in
    answer to different documents.
    """
    about = f"|{told.about}" if told.about else ""
    what = f"{order_id}|{told.version}|{told.at.astimezone(UTC).isoformat()}{about}"
    return message_id("notice", what, told.kind, told.endpoint)


def order_about(orders: Iterable[str]) -> str:
    """
    The order that an acknowledgement is about, of the ids of those that its documents became ("" for none):
    empty unless it is exactly one.

    Such an acknowledgement may show the order's state, so that it belongs among the order's notices: told
    after them, it would take back the last.
    """
    found = {*orders}
    return found.pop() if len(found) == 1 else ""


def last_word(record: Record, endpoint: str) -> Again | None:
    """The last notice that ``endpoint`` was told of the order, to be told once more under its own id."""
    return _again(record, record.last_told(endpoint))


def answer_again(record: Record, endpoint: str, about: str) -> Again | None:
    """The last answer that ``endpoint`` was given to its amendment, or its cancel, with this id."""
    answers = [one for one in record.told if one.about == about and one.endpoint == endpoint]
    return _again(record, answers[-1]) if answers else None


def _again(record: Record, told: Told | None) -> Again | None:
    if told is None or not told.native:
        return None
    kind = f"notice.{told.kind}.v1"
    return Again(told.endpoint, told.native, notice_id(record.id, told), kind, record.id)

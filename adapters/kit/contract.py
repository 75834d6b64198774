"""
What an adapter is: four functions over bytes and canonical values, nothing to inherit.

Adapters are pure: no I/O, no clock, no randomness, no logging, no broker.  What they cannot
know (time, control numbers) the hub gives them as a :class:`Stamp`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from adapters.formats.decoded import Decoding
from adapters.formats.fixed import Source
from adapters.formats.fixed_decoded import Family
from canonical.commands import Command, Origin, RejectedDocument
from canonical.errors import Fault, Rejected
from canonical.instructions import Instruction
from canonical.notices import Intake, Notice, Verdict
from canonical.references import Endpoint, References
from canonical.replies import Receipt, Reply
from canonical.systems import SystemProfile

__all__ = [
    "INQUIRY",
    "BatchAdapter",
    "CallSpec",
    "Checked",
    "ConversingAdapter",
    "DecodingAdapter",
    "DescribedAdapter",
    "FileSource",
    "InboundAdapter",
    "InquiringAdapter",
    "Native",
    "OutboundAdapter",
    "ReadBackAdapter",
    "Stamp",
]

INQUIRY = "inquiry"
"""The number in a stamp that says which inquiry about an instruction this is: 1, 2, 3…"""


@dataclass(frozen=True, slots=True)
class CallSpec:
    """
    How a call-attached system is called with these bytes.

    ``path`` is relative to the system's configured URL; the hub adds the Idempotency-Key.
    """

    method: str = "POST"
    path: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Native:
    """
    Bytes in a channel's or system's own format, kept unchanged.

    Args:
        summary: One line for people: ``855 for PO 4500000042, accepted``.
        call: For call-attached systems only: how they are called; in an answer, the call that it is to.
    """

    body: bytes
    content_type: str
    summary: str = ""
    call: CallSpec | None = None


@dataclass(frozen=True, slots=True)
class Stamp:
    """
    What the hub gives a rendering: time, one fresh number for each counter of the adapter, a file name.

    Args:
        at: UTC.
        numbers: By counter name, 1, 2, 3… without gaps.
        endpoint: Profile of the receiver, for channels; None for systems.
        settings: The system's configured format settings (ids, separators), for systems.
        file: Name of the file that this becomes, when it goes into a folder; there is then a number ``file``.
    """

    at: datetime
    numbers: Mapping[str, int] = field(default_factory=dict)
    endpoint: Endpoint | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    file: str = ""


@runtime_checkable
class InboundAdapter(Protocol):
    """A channel: native messages in, acknowledgements and notices out."""

    channel: str

    counters: tuple[str, ...]
    """Names of the numbers that each rendered message uses, such as ``("interchange",)``."""

    def translate(self, native: Native, references: References) -> Iterator[Command | RejectedDocument]:
        """
        The commands in ``native``, one a document, in order.

        Raises:
            Rejected: The message as a whole cannot be read and does not tell who sent it; it is parked.
        """
        ...

    def acknowledge(self, intake: Intake, stamp: Stamp) -> Native | None:
        """The one acknowledgement of a native message, or None when the format has none."""
        ...

    def render(self, notice: Notice, stamp: Stamp) -> Native | None:
        """``notice`` in the channel's own format, or None when the format has nothing to say for it."""
        ...


class FileSource(Protocol):
    """Whatever reads the bytes of a file, from its beginning; the hub opens and closes it."""

    def read(self, size: int, /) -> bytes:
        """At most ``size`` bytes, none at the end."""
        ...


class Checked(Protocol):
    """What the first pass over a file has found."""

    @property
    def origin(self) -> Origin:
        """Of the file as a whole, with its envelope key."""
        ...

    @property
    def records(self) -> int:
        """How many records :meth:`BatchAdapter.records` will give."""
        ...

    @property
    def hash(self) -> str:
        """SHA-256 of all its bytes, hexadecimal."""
        ...

    @property
    def fault(self) -> Fault | None:
        """Why nothing of it may be taken."""
        ...


@runtime_checkable
class BatchAdapter(InboundAdapter, Protocol):
    """
    A channel whose native message is a batch of many documents, answered by one acknowledgement.

    It declares two things by having these methods.  Its channel may have a drop folder for files of any
    length, which are read in two passes with one record in memory at a time.  And a batch that is sent again
    is answered by its acknowledgement alone: what its orders were told before is not told once more.
    """

    def check(self, source: FileSource, endpoint: Endpoint) -> Checked:
        """First pass: envelope, counts, totals.  It reads to the end, creates nothing and never raises."""
        ...

    def records(
        self, source: FileSource, endpoint: Endpoint, references: References, start: int = 0
    ) -> Iterator[tuple[int, Command | RejectedDocument]]:
        """
        Second pass: what stands in each record after number ``start``, with its ascending number (1 or more).

        Raises:
            Rejected: The file is not the one that was checked.
        """
        ...

    def acknowledge_file(self, verdicts: Iterable[Verdict], stamp: Stamp) -> Iterator[bytes]:
        """The acknowledgement of a file, piece by piece; none when the format has none."""
        ...


@runtime_checkable
class ConversingAdapter(InboundAdapter, Protocol):
    """
    A channel that takes part in conversations: its format has words for tokens and for what was said so far.

    It gets a token with each verdict on a draft or an order that was taken, for the customer to show
    elsewhere, and :meth:`render` is given notices with a ``conversation``, the answers to Resume.
    """

    conversing: bool
    """Its presence declares it; True."""


@runtime_checkable
class DescribedAdapter(Protocol):
    """An adapter of fixed-width records that says how they are laid out, so that people are shown fields."""

    record_families: tuple[Family, ...]
    """The kinds of record of each kind of file, by the first character of a record; both ways."""


@runtime_checkable
class DecodingAdapter(Protocol):
    """
    An adapter that itself shows people its messages field by field: how they are laid out, their first bytes
    do not tell.
    """

    def decoding(
        self, head: bytes, source: Source, *, page: str = "", certain: bool = True
    ) -> Decoding | None:
        """
        A message field by field, whether it comes or is written here; None: its first bytes tell enough.

        Args:
            head: How ``source`` begins, some thousand bytes; it gives them again.
            page: A code page, whatever was agreed; empty: as agreed.
            certain: It is this channel's, however it looks.  If not, None unless it begins like one.

        Raises:
            Rejected: ``E_CHARSET``: there is no such code page.
        """
        ...


@runtime_checkable
class ReadBackAdapter(Protocol):
    """
    An adapter that writes a format of its own, and can read that.

    The conformance suite has what was written read again, and wants all of each text back.  X12, XML,
    JSON, MML and a :class:`DescribedAdapter`'s records it can read itself.
    """

    def reads_back(self, native: Native, stamp: Stamp) -> Iterable[str]:
        """
        The texts of the fields of ``native``, which the adapter wrote with ``stamp``, as a reader gets them.

        Raises:
            Rejected: Its reader could not read it.
        """
        ...


@runtime_checkable
class OutboundAdapter(Protocol):
    """A system: instructions out, replies in."""

    profile: SystemProfile

    counters: tuple[str, ...]
    """Names of the numbers that each instruction uses."""

    def instruct(self, instruction: Instruction, stamp: Stamp) -> Native:
        """
        ``instruction`` in the system's own format.

        Raises:
            Rejected: The system's format cannot say it; the line is held with that fault.
        """
        ...

    def read_reply(self, native: Native) -> Iterator[Reply | Receipt | Rejected]:
        """
        What the system says in ``native``; a record that cannot be read is yielded as ``Rejected``.

        Raises:
            Rejected: Nothing of it can be read; it is parked.
        """
        ...


@runtime_checkable
class InquiringAdapter(OutboundAdapter, Protocol):
    """A system that, after an unknown outcome, is asked what became of it: its ``repeat`` is inquire."""

    def inquire(self, instruction: Instruction, stamp: Stamp) -> Native:
        """
        The question what became of ``instruction``; asking changes nothing.

        The stamp's number :data:`INQUIRY` should be in it, so that the answer repeats it: a late answer to an
        earlier question can then never be taken for one to a later.  :meth:`read_reply` gives the answer as a
        ``Reply`` with ``inquiry`` set: the instruction's own outcome, or the profile's ``not_applied``.

        Raises:
            Rejected: The system's format cannot say it; the lines are held with that fault.
        """
        ...

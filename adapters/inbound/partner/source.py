"""
Where a document came from, and what its acknowledgement needs to know again: the origins of this channel.

``details`` are named as the elements they come from (``ISA13``, ``GS06``, ``ST02``…), and beside them:
``fault`` is ``syntax`` when the 997 says what is wrong; ``level`` is ``interchange``, ``trailing`` or
``group`` when it is not about one set; ``group`` is the code of the fault that condemns the whole group.
"""

from __future__ import annotations

import msgspec

from adapters.formats.x12 import Group, IsaHeader, TransactionSet
from canonical.commands import Origin, RejectedDocument
from canonical.errors import Fault, Rejected

from .profile import CHANNEL

__all__ = ["Refused", "detailed", "from_group", "from_interchange", "from_set", "syntax"]


class Refused(Rejected):
    """
    The set is sound, but what it asks for cannot be had: its 997 accepts, and an 855 says no.
    """


def from_interchange(isa: IsaHeader, endpoint: str) -> Origin:
    """An interchange; the envelope key is the sender's id and ISA13, as sent."""
    details = {"ISA09": isa.date, "ISA10": isa.time, "ISA13": isa.control}
    if isa.acknowledge:
        details["ISA14"] = "1"
    return Origin(
        channel=CHANNEL,
        endpoint=endpoint,
        envelope=f"{isa.sender.id}/{isa.control}",
        document_type="interchange",
        document=isa.control,
        details=details,
    )


def from_group(origin: Origin, group: Group) -> Origin:
    """A group of the interchange ``origin``."""
    said = {"GS01": group.gs.functional_id, "GS06": group.gs.control}
    if group.declared is not None:
        said["GE01"] = str(group.declared)
    named = msgspec.structs.replace(origin, document_type="group", document=group.gs.control)
    return detailed(named, **said)


def from_set(origin: Origin, transaction_set: TransactionSet) -> Origin:
    """A set of the group ``origin``; its document number is not known yet."""
    named = msgspec.structs.replace(
        origin, document_type=transaction_set.code or "transaction set", document=""
    )
    return detailed(named, ST01=transaction_set.code, ST02=transaction_set.control)


def detailed(origin: Origin, **said: str) -> Origin:
    """``origin`` with more details."""
    return msgspec.structs.replace(origin, details={**origin.details, **said})


def syntax(origin: Origin, fault: Fault) -> RejectedDocument:
    """A set that is refused by its 997."""
    return RejectedDocument(origin=detailed(origin, fault="syntax"), fault=fault)

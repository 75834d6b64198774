"""
Orderloom for integrators: everything that an adapter needs, under one name.

An adapter turns bytes into a command; docs/adapters.md is the guide, ``adapters/kit`` the contract.
"""

from __future__ import annotations

from adapters.kit.contract import (
    INQUIRY,
    CallSpec,
    InboundAdapter,
    InquiringAdapter,
    Native,
    OutboundAdapter,
    Stamp,
)
from canonical.commands import (
    AmendOrder,
    Answer,
    AskStatus,
    CancelOrder,
    Command,
    CommandReceipt,
    OrderRef,
    Origin,
    RecordInteraction,
    RejectedDocument,
    Resume,
    SaveDraft,
    SubmitOrder,
)
from canonical.errors import Fault, Rejected
from canonical.instructions import Instruction, InstructionLine
from canonical.notices import Intake, Notice, NoticeKind, Outcome, Verdict
from canonical.order import Order, OrderContent, OrderItem
from canonical.references import Endpoint, Offering, References
from canonical.replies import LineReply, Receipt, Reference, Reply
from canonical.states import Action, State
from canonical.systems import Attachment, Meaning, Repeat, SystemProfile, Verb

__all__ = [
    "INQUIRY",
    "Action",
    "AmendOrder",
    "Answer",
    "AskStatus",
    "Attachment",
    "CallSpec",
    "CancelOrder",
    "Command",
    "CommandReceipt",
    "Endpoint",
    "Fault",
    "InboundAdapter",
    "InquiringAdapter",
    "Instruction",
    "InstructionLine",
    "Intake",
    "LineReply",
    "Meaning",
    "Native",
    "Notice",
    "NoticeKind",
    "Offering",
    "Order",
    "OrderContent",
    "OrderItem",
    "OrderRef",
    "Origin",
    "OutboundAdapter",
    "Outcome",
    "Receipt",
    "RecordInteraction",
    "Reference",
    "References",
    "Rejected",
    "RejectedDocument",
    "Repeat",
    "Reply",
    "Resume",
    "SaveDraft",
    "Stamp",
    "State",
    "SubmitOrder",
    "SystemProfile",
    "Verb",
    "Verdict",
]

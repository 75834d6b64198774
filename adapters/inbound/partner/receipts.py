"""
What partners say of our own interchanges: set 997, segment TA1.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from adapters.formats.x12 import (
    Interchange,
    TransactionSet,
    read_functional_acknowledgement,
    read_interchange_acknowledgements,
)
from adapters.formats.x12_refusal import refusals
from canonical.commands import CommandReceipt, Origin, RejectedDocument
from canonical.errors import Fault, Rejected

from .source import from_set, syntax

__all__ = ["read_receipts", "read_ta1"]


def read_receipts(
    transaction_set: TransactionSet, group: Origin
) -> Iterator[CommandReceipt | RejectedDocument]:
    """A receipt for each of our sets that a 997 names, or one for the group; or the fault of the 997."""
    origin = from_set(group, transaction_set)
    try:
        receipt = read_functional_acknowledgement(transaction_set)
        found = refusals(transaction_set, receipt)
    except Rejected as rejected:
        yield syntax(origin, rejected.fault)
        return
    whole = f"group {receipt.functional_id} {receipt.control}"
    origin = replace(origin, document=receipt.control)
    for one, fault in found:
        about = f"{one.code}/{one.control} of {whole}" if one else whole
        yield CommandReceipt(origin=origin, about=about, fault=fault)


def read_ta1(interchange: Interchange, origin: Origin) -> Iterator[CommandReceipt | RejectedDocument]:
    """A receipt for each TA1, or one fault for all of them."""
    named = replace(origin, document_type="TA1")
    try:
        receipts = read_interchange_acknowledgements(interchange)
    except Rejected as rejected:
        yield syntax(named, rejected.fault)
        return
    for one in receipts:
        fault = None
        if one.status == "R":
            what = f"interchange {one.control} was refused (TA105 {one.note})"
            fault = Fault(code="E_SYSTEM_REFUSED", what=what, where=f"interchange {one.control}")
        yield CommandReceipt(
            origin=replace(named, document=one.control), about=f"interchange {one.control}", fault=fault
        )

"""
The warehouse's adapter: one 940 an instruction; 945, 824, 997 and TA1 back.
"""

from __future__ import annotations

from collections.abc import Iterator

from adapters.formats.x12 import (
    Group,
    Interchange,
    TransactionSet,
    Unreadable,
    read_functional_acknowledgement,
    read_interchange_acknowledgements,
    read_interchanges,
)
from adapters.formats.x12_agreement import CONTENT_TYPE, COUNTERS
from adapters.formats.x12_refusal import refusals
from adapters.kit.contract import Native, Stamp
from adapters.kit.verbs import earlier
from canonical.errors import Fault, Rejected, shown
from canonical.instructions import Instruction
from canonical.replies import Receipt, Reference, Reply
from canonical.systems import Verb

from .advice import read_advice
from .shipping_order import agreement_of, shipping_order
from .verdict import read_verdicts
from .words import PROFILE

__all__ = ["WarehouseAdapter"]

_SETS = frozenset({"824", "945", "997"})
# Replies and receipts of one message: they are taken in at once, and meanwhile the worker does nothing else.
_MAX_SETS = 1_000
# W12 in all of them, as many as one set may have loops.
_MAX_LINES = 10_000
# GS01 of our shipping orders.
_ORDERS = "OW"

Said = Reply | Receipt | Rejected


class WarehouseAdapter:
    """Tell the warehouse what to ship, and read what it shipped."""

    profile = PROFILE
    counters: tuple[str, ...] = COUNTERS

    def instruct(self, instruction: Instruction, stamp: Stamp) -> Native:
        """
        A 940, new, as a change or as a cancel; ST02 is the group's number.

        Raises:
            Rejected: ``E_VALUE`` for lines with several addresses, and for ids that X12 cannot carry;
                ``E_KEY_MISSING`` for a change of nothing.
        """
        changed = earlier(instruction, PROFILE)
        agreed = agreement_of(stamp.settings)
        sets = [("940", shipping_order(instruction, agreed, changed))]
        group = stamp.numbers["group"]
        body = agreed.interchange(stamp.at, stamp.numbers, _ORDERS, sets, set_control=group)
        number = len(instruction.lines)
        does = "" if instruction.verb is Verb.DO else f"{instruction.verb.value} "
        summary = f"940 {does}{instruction.reference}, {number} line{'s' * (number != 1)}"
        return Native(body=body, content_type=CONTENT_TYPE, summary=summary)

    def read_reply(self, native: Native) -> Iterator[Reply | Receipt | Rejected]:
        """
        A reply for each 945 and each OTI of an 824, a receipt for each 997; their keys are ISA06, ISA13, GS06
        and ST02.

        Raises:
            Rejected: No interchange header can be read; or it holds too much (``E_RECORDS``).
        """
        found = read_interchanges(native.body, expected=_SETS)
        first = next(found)
        if isinstance(first, Unreadable):
            raise Rejected.of(first.fault)
        _refuse_many(first)
        yield from _said_in(first)
        yield from (Rejected.of(extra.fault) for extra in found if extra.fault)


def _refuse_many(interchange: Interchange) -> None:
    sets = [one for group in interchange.groups for one in group.sets]
    lines, verdicts = (
        sum(segment.id == name for one in sets for segment in one.segments) for name in ("W12", "OTI")
    )
    counted = (
        (len(sets), _MAX_SETS, "transaction sets"),
        (len(interchange.notes), _MAX_SETS, "TA1"),
        (lines, _MAX_LINES, "W12"),
        (verdicts, _MAX_SETS, "OTI"),
    )
    for number, most, name in counted:
        if number > most:
            where = f"interchange {interchange.isa.control}"
            raise Rejected("E_RECORDS", f"{number} {name}", where, f"at most {most} in a message")


def _said_in(interchange: Interchange) -> Iterator[Said]:
    if interchange.fault:
        yield Rejected.of(interchange.fault)
        return
    yield from _refused_interchanges(interchange)
    found = [one for group in interchange.groups for one in _said_in_group(interchange, group)]
    if not found and not interchange.notes:
        where = f"byte {interchange.end}"
        yield Rejected(
            "E_EDI_STRUCTURE", "the interchange holds no transaction set", where, "a 945, an 824 or a 997"
        )
    yield from found


def _said_in_group(interchange: Interchange, group: Group) -> Iterator[Said]:
    if group.fault and not group.sets:
        yield Rejected.of(group.fault)
    for transaction_set in group.sets:
        numbers = (interchange.isa.sender.id, interchange.isa.control, group.gs.control)
        try:
            yield from _read(transaction_set, "/".join((*numbers, transaction_set.control)))
        except Rejected as rejected:
            yield rejected


def _refused_interchanges(interchange: Interchange) -> Iterator[Rejected]:
    """What a TA1 refuses; it names no set, so a person must find out which instruction it was."""
    try:
        receipts = read_interchange_acknowledgements(interchange)
    except Rejected as rejected:
        yield rejected
        return
    for one, ta1 in zip(receipts, interchange.notes, strict=True):
        if one.status == "R":
            what = f"interchange {one.control} was refused (TA105 {one.note})"
            yield Rejected("E_SYSTEM_REFUSED", what, ta1.where(4))


def _read(transaction_set: TransactionSet, key: str) -> tuple[Reply | Receipt, ...]:
    if transaction_set.fault:
        raise Rejected.of(transaction_set.fault)
    if transaction_set.code == "997":
        return (_receipt(transaction_set, key),)
    if transaction_set.code == "824":
        return read_verdicts(transaction_set, key)
    return (read_advice(transaction_set, key),)


def _receipt(transaction_set: TransactionSet, key: str) -> Receipt:
    """Our groups hold one set each, so that a group's number names an instruction."""
    receipt = read_functional_acknowledgement(transaction_set)
    if receipt.functional_id != _ORDERS:
        where = transaction_set.segments[1].where(1)
        what = f"acknowledges a group {shown(receipt.functional_id)}"
        raise Rejected("E_UNMATCHED", what, where, f"{_ORDERS}, our 940")
    faults = [fault for _, fault in refusals(transaction_set, receipt) if fault]
    number = receipt.control.lstrip("0") or "0"
    return Receipt(
        system=PROFILE.name,
        key=key,
        about=(Reference(type=PROFILE.receipt_counter, value=number),),
        fault=_named(faults[0]) if faults else None,
    )


def _named(fault: Fault) -> Fault:
    return Fault(code=fault.code, what=f"the warehouse says: {fault.what}", where=fault.where)

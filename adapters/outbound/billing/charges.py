"""
From an instruction to charge records: header, a record for each line, trailer; in a reversal also what is
reversed.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from adapters.formats.fixed import CodePage, Layout, encode
from adapters.kit.contract import Stamp
from canonical.errors import Rejected, shown
from canonical.instructions import Instruction, InstructionLine
from canonical.order import ItemPrice
from canonical.states import Action
from canonical.systems import Verb

from .layouts import CHARGE, CHARGES, CHARGES_END, REVERSAL

__all__ = ["charge_records"]

_VERBS = {Verb.DO: "D", Verb.UNDO: "R"}
_ACTIONS = {Action.ADD: "A", Action.MODIFY: "M", Action.DELETE: "D"}
_TYPES = {"oneTime": "O", "recurring": "R", "usage": "U"}
_ACCOUNT = "crm.accountId"


def charge_records(
    instruction: Instruction, stamp: Stamp, page: CodePage, *, reverses: str = "", variable: bool
) -> Iterator[bytes]:
    """
    The records of one message.

    Args:
        reverses: Key of the charges that are taken back; empty for charges.

    Raises:
        Rejected: With line, columns and field of what they cannot say.
    """
    number = len(instruction.lines)
    yield _record(_header(instruction, stamp, page, number), CHARGES, page, "header", variable=variable)
    if reverses:
        yield _record({"UNDOES": reverses}, REVERSAL, page, "reversal", variable=variable)
    for line in instruction.lines:
        where = f"line {line.number}"
        yield _record(_charge(line, instruction, where), CHARGE, page, where, variable=variable)
    prices = (price.price.value for line in instruction.lines for price in line.item.item_price)
    end = {"LINES": number, "TOTAL": sum(prices, Decimal(0))}
    yield _record(end, CHARGES_END, page, "trailer", variable=variable)


def _record(values: dict[str, Any], layout: Layout, page: CodePage, where: str, *, variable: bool) -> bytes:
    try:
        return encode(values, layout, page, variable=variable)
    except Rejected as fault:
        raise Rejected(fault.code, fault.what, f"{where} {fault.where}", fault.allowed) from None


def _header(instruction: Instruction, stamp: Stamp, page: CodePage, lines: int) -> dict[str, Any]:
    customer = next(
        (one.party_or_party_role for one in instruction.related_party if one.role == "customer"), None
    )
    return {
        "CODE-PAGE": page.name.upper(),
        "MSG-NO": stamp.numbers["message"],
        "DATE": stamp.at.date(),
        "TIME": int(f"{stamp.at:%H%M%S}"),
        "KEY": instruction.key,
        "REF": instruction.reference,
        "VERB": _VERBS[instruction.verb],
        "ORDER-NO": instruction.external_id[0].id if instruction.external_id else "",
        "ACCOUNT": instruction.inputs.get(_ACCOUNT, ""),
        "CUSTOMER": customer.name or customer.id if customer else "",
        "LINES": lines,
    }


def _charge(line: InstructionLine, instruction: Instruction, where: str) -> dict[str, Any]:
    item = line.item
    if item.action not in _ACTIONS:
        raise Rejected("E_ACTION", f"no charge for {item.action.value}", where, "add, modify, delete")
    wanted = instruction.requested_completion_date
    return {
        "LINE": line.number,
        "ACTION": _ACTIONS[item.action],
        "OFFERING": item.product_offering.id,
        "QTY": item.quantity,
        "START-DATE": wanted.date() if wanted else None,
        "PRICES": tuple(_price(one, where) for one in item.item_price),
    }


def _price(one: ItemPrice, where: str) -> dict[str, Any]:
    if one.price_type not in _TYPES:
        raise Rejected("E_VALUE", f"price type {shown(one.price_type)}", where, ", ".join(_TYPES))
    return {
        "PRICE-TYPE": _TYPES[one.price_type],
        "PERIOD": one.recurring_charge_period,
        "AMOUNT": one.price.value,
        "CURRENCY": one.price.unit,
    }

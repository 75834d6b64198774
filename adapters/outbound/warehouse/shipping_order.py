"""
Set 940, the shipping order that a warehouse gets, new, as a change or as a cancel: from an instruction to
segments.

Source: X12 release 004010, segments W05, N1, N9, G62, LX, W01, G69, W76.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from adapters.formats.x12 import IsaParty, SegmentOut, free_text
from adapters.formats.x12_agreement import Agreement
from canonical.errors import Rejected, shown
from canonical.instructions import Instruction, InstructionLine
from canonical.order import Address
from canonical.systems import Verb

__all__ = ["agreement_of", "shipping_order"]

# Who we are to the warehouse, and who it is, unless the system's settings say otherwise.
_US = ("ZZ", "ORDERLOOM")
_THEM = ("ZZ", "WAREHOUSE1")

# Data element 324, purchase order number: AN 1/22.
_MAX_NUMBER = 22
# Where it goes, the first role that is named: goods for an installation go to where that is.
_ROLES = ("deliveryAddress", "installationAddress")
# Lengths of data elements 156 and 26.
_STATE_CODE, _COUNTRY_CODES = 2, range(2, 4)
# Code list 66: assigned by the buyer.  Code list 432: delivery requested on this date.
_BY_BUYER, _DELIVERY = "92", "02"
# Code list 473: original, change, cancel.
_STATUS = {Verb.DO: "N", Verb.MODIFY: "R", Verb.UNDO: "F"}
# Code list 128: mutually defined, original reference number.
_KEY, _EARLIER = "ZZ", "F8"


def agreement_of(settings: Mapping[str, str]) -> Agreement:
    """
    How we write to the warehouse: settings ``hub_qualifier``, ``hub_id``, ``qualifier``, ``id``, and those of
    :meth:`Agreement.of`.
    """
    us = IsaParty(settings.get("hub_qualifier", _US[0]), settings.get("hub_id", _US[1]))
    them = IsaParty(settings.get("qualifier", _THEM[0]), settings.get("id", _THEM[1]))
    return Agreement.of(us, them, settings)


def shipping_order(instruction: Instruction, agreed: Agreement, earlier: str = "") -> list[SegmentOut]:
    """
    What stands between ST and SE of a 940.

    Args:
        earlier: Key of the instruction that a change or a cancel is about.

    Raises:
        Rejected: ``E_VALUE`` for lines with several addresses, and for an id not to be written.
    """
    status, reference = _STATUS[instruction.verb], _written(instruction.reference, "reference", agreed)
    segments: list[SegmentOut] = [("W05", status, reference, _purchase_order(instruction, agreed))]
    segments += _ship_to(instruction, agreed)
    segments.append(("N9", _KEY, _written(instruction.key, "key", agreed)))
    if earlier:
        segments.append(("N9", _EARLIER, _written(earlier, "undoes", agreed)))
    if instruction.requested_completion_date:
        segments.append(("G62", _DELIVERY, instruction.requested_completion_date.date()))
    for line in instruction.lines:
        segments += _line(line, agreed)
    segments.append(("W76", sum(line.item.quantity for line in instruction.lines)))
    return segments


def _line(line: InstructionLine, agreed: Agreement) -> Iterator[SegmentOut]:
    offering = line.item.product_offering
    id_ = _written(offering.id, f"line {line.number}", agreed)
    yield ("LX", line.number)
    yield ("W01", line.item.quantity, "EA", None, "VN", id_)
    if name := _text(offering.name, 45, agreed):
        yield ("G69", name)


def _written(id_: str, where: str, agreed: Agreement) -> str:
    """An id as it is: none is changed for a format's sake."""
    if not agreed.carries(id_):
        what = f"{shown(id_)} cannot be written in X12"
        raise Rejected("E_VALUE", what, where, "printable ASCII without our separators")
    return id_


def _purchase_order(instruction: Instruction, agreed: Agreement) -> str | None:
    """The number that the capturing channel knows the order by, if the format can carry it."""
    number = instruction.external_id[0].id if instruction.external_id else ""
    return number if len(number) <= _MAX_NUMBER and agreed.carries(number) else None


def _ship_to(instruction: Instruction, agreed: Agreement) -> Iterator[SegmentOut]:
    address = _address(instruction) or Address()
    customer = next(
        (one.party_or_party_role for one in instruction.related_party if one.role == "customer"), None
    )
    names = (address.name, customer.name if customer else "", customer.id if customer else "")
    name = next(filter(None, (_text(one, 60, agreed) for one in names)), instruction.order_id)
    id_ = address.id or (customer.id if customer else "")
    named = (_BY_BUYER, id_) if len(id_) in range(2, 81) and agreed.carries(id_) else ()
    yield ("N1", "ST", name, *named)
    street = free_text(address.street, 110)
    if halves := [half for one in (street[:55], street[55:]) if (half := _text(one, 55, agreed))]:
        yield ("N3", *halves)
    yield from _town(address, agreed)


def _town(address: Address, agreed: Agreement) -> Iterator[SegmentOut]:
    """N4; a state or country that is no code of two or three letters is written beside the city, not cut."""
    city, postcode = _text(address.city, 30, agreed), _text(address.postcode, 15, agreed)
    state, country = _text(address.state_or_province, 30, agreed), _text(address.country, 30, agreed)
    has_state, has_country = len(state) == _STATE_CODE, len(country) in _COUNTRY_CODES
    names = (city, "" if has_state else state, "" if has_country else country)
    if any((city, state, postcode, country)):
        yield (
            "N4",
            free_text(", ".join(filter(None, names)), 30),
            state if has_state else None,
            postcode,
            country if has_country else None,
        )


def _text(value: str, most: int, agreed: Agreement) -> str:
    """As :func:`free_text`; nothing when separators are all that it would say, for they are written blank."""
    text = free_text(value, most)
    return text if agreed.says(text) else ""


def _address(instruction: Instruction) -> Address | None:
    """
    The one address that all lines go to: the lines' own, else the order's.

    Raises:
        Rejected: ``E_VALUE``, naming the lines.
    """
    for role in _ROLES:
        whole = next((one.place for one in instruction.place if one.role == role), None)
        found = {
            next((one.place for one in line.item.product.place if one.role == role), whole)
            for line in instruction.lines
        } - {None}
        if len(found) > 1:
            numbers = ", ".join(str(line.number) for line in instruction.lines)
            what = f"lines {numbers} go to different addresses"
            raise Rejected("E_VALUE", what, "place", "one address a shipping order")
        if found:
            return found.pop()
    return None

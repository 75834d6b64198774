"""
What systems say back: replies about lines, receipts that a message merely arrived.

Queue ``replies.in`` takes one of them a message, as JSON, from adapters in other languages.
"""

from __future__ import annotations

from collections.abc import Mapping

from .base import Canonical, Count, Id, Instant, Text
from .errors import Fault
from .order import Characteristic
from .states import Action
from .systems import Verb

__all__ = ["ORDER_NUMBER", "LineReply", "Offer", "Receipt", "Reference", "Reply"]

ORDER_NUMBER = "orderNumber"
"""
Type of a reference to the order alone, by the number that was told to the system (the first ``externalId`` of
the instruction) or by the hub's own id: it leaves open which instruction is answered.
"""


class Reference(Canonical, frozen=True):
    """
    An id that a reply names: of the instruction (its key or reference), one the system gave, or the order's
    number (:data:`ORDER_NUMBER`).
    """

    type: Id
    value: Id


class Offer(Canonical, frozen=True):
    """
    What a system that has stopped would do instead; what is not given stays as it was told.

    Args:
        quantity: The whole quantity that it can do, not the difference.
        offering: Id of the offering that it would put in the place of the ordered one.
        product_characteristic: Values that it can do.
        requested_completion_date: By when it can do it.
    """

    quantity: Count | None = None
    offering: Text = ""
    product_characteristic: tuple[Characteristic, ...] = ()
    requested_completion_date: Instant | None = None


class LineReply(Canonical, frozen=True):
    """
    What is said of one line.

    Args:
        line: The number the instruction gave the line, or None to match by offering.
        offering: Id of the offering, when the format names no line number.
        word: The system's own word, looked up in its profile.
        quantity: How many are done, when the word is about a quantity.
        offer: With a word that waits for the customer: what it would do instead of what it was told.
    """

    word: Id
    line: int | None = None
    offering: Text = ""
    quantity: int | None = None
    reason: Text = ""
    where: Text = ""
    offer: Offer | None = None


class Reply(Canonical, frozen=True, tag_field="reply", tag=True):
    """
    What a system says about its lines.

    Args:
        system: Its name.
        key: The reply's own identity at the system (control number, event id): a repeat changes nothing.
        about: References, the surest first; the first that is known decides.  Key and reference of two
            instructions are a fault.
        word: Said of every line that ``lines`` does not name; empty when all are named.
        gives: New ids of the system's for the part; each becomes an alias of the order.
        outputs: Values for later parts (``accountId``).
        reason: For people, in the system's words.
        inquiry: The number of the inquiry that it answers, 0 when the answer does not repeat it;
            None for every other reply.
        verb: The verb that it answers, when the format tells.
        action: Of the items that it speaks of, as they were told, when the format tells: what answers a
            removal says nothing of an addition.
        answer_by: With a word that waits for the customer: until when the system waits.
    """

    system: Id
    key: Id
    about: tuple[Reference, ...]
    word: Text = ""
    lines: tuple[LineReply, ...] = ()
    gives: tuple[Reference, ...] = ()
    outputs: Mapping[str, str] = {}
    reason: Text = ""
    happened: Instant | None = None
    where: Text = ""
    inquiry: int | None = None
    verb: Verb | None = None
    action: Action | None = None
    answer_by: Instant | None = None


class Receipt(Canonical, frozen=True, tag_field="reply", tag=True):
    """The system got the message (HTTP 202, 997); ``fault`` when it could not even read it."""

    system: Id
    key: Id
    about: tuple[Reference, ...]
    gives: tuple[Reference, ...] = ()
    fault: Fault | None = None

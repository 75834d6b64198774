"""
One thing that a sender was told, whatever the format.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ToldOfOrder"]


@dataclass(frozen=True, slots=True)
class ToldOfOrder:
    """
    One thing said about one document.

    Args:
        endpoint: Who was told, as the message itself says (X12) or as the queue is for one sender only (web,
            direct mail).
        document: The sender's own number of the order.  In a 997 the set's control number, in a TA1 the
            interchange's, in an error of the web whatever number its message names.
        kind: ``997``, ``TA1``, ``855``, ``870``; on the web the ``@type`` of the message; ``VER`` and ``STS``
            for the records of direct mail; the name of the element in the body of SOAP;
            ``Outcome`` or the kind of notice in a POSLog; a kiosk's ``answer``.
        status: In the format's own word: AK5-01, TA104, BAK02, ISR01, VERDICT, a TMF622 state, an error code.
        lines: Line number and word: ACK01 of an 855, ISR01 of an 870, item states on the web and for kiosks.
        control: ISA13, GS06, ST02; on the web the event's id, or nothing; FILE-NO.
        about: Group control number of the sender's own that a 997 is about; hub's order id elsewhere.
        text: Free text for people.
    """

    endpoint: str
    document: str
    kind: str
    status: str
    lines: tuple[tuple[str, str], ...] = ()
    control: tuple[str, ...] = ()
    about: str = ""
    text: str = ""

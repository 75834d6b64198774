"""
What a profile says about a sender's files, and who sent one.
"""

from __future__ import annotations

from dataclasses import dataclass

from adapters.formats.fixed import CodePage, Format, code_page, cut, field_of
from adapters.formats.sniff import refuse_other
from canonical.errors import Fault, Rejected, shown
from canonical.references import Endpoint, References

from .layouts import HEADER, LENGTH

__all__ = ["CHANNEL", "QUALIFIER", "Agreement", "sender_of", "unknown_sender"]

CHANNEL = "directmail"

QUALIFIER = "ID"
"""Qualifier of the identifier that stands in SENDER-ID."""

_DEFAULT_PAGE = "cp037"
_DEFAULT_CURRENCY = "USD"


@dataclass(frozen=True, slots=True)
class Agreement:
    """
    How an endpoint's files are written, both ways: settings ``code_page`` (cp037), ``recfm`` (FB), ``lrecl``
    (200; 204 in VB) and ``currency`` (USD) of its profile.
    """

    endpoint: Endpoint
    page: CodePage
    form: Format
    currency: str

    @staticmethod
    def of(endpoint: Endpoint) -> Agreement:
        """
        What was agreed with ``endpoint``.

        Raises:
            Rejected: ``E_CHARSET`` or ``E_CONFIG``: its profile is wrong.
        """
        page = code_page(endpoint.format.get("code_page", _DEFAULT_PAGE), f"{endpoint.id} code_page")
        currency = endpoint.format.get("currency", _DEFAULT_CURRENCY)
        return Agreement(endpoint, page, Format.of(endpoint.format, LENGTH), currency)


def sender_of(head: bytes, references: References) -> Endpoint | None:
    """
    Whose file begins with ``head`` (its first record at least): the endpoint that SENDER-ID names, else the
    only one of the channel, else None.

    The code page is the sender's, and so is not known before the sender: each agreed one is tried.
    """
    endpoints = references.of_channel(CHANNEL)
    for endpoint in endpoints:
        named = _named(head, endpoint)
        found = references.sender(CHANNEL, QUALIFIER, named) if named else None
        if found is not None:
            return found
    return endpoints[0] if len(endpoints) == 1 else None


def unknown_sender(head: bytes, references: References) -> Fault:
    """
    Why nobody can be answered.
    """
    named = (_named(head, endpoint) for endpoint in references.of_channel(CHANNEL))
    read = next(filter(None, named), "")
    if not read:
        try:
            refuse_other(head, "a batch")
        except Rejected as other:
            return other.fault
    what = f"unknown sender {shown(read)}" if read else "the bytes do not tell who sent them"
    return Fault(
        code="E_IDENTITY", what=what, where="record 1", allowed="a SENDER-ID of a profile, in its code page"
    )


def _named(head: bytes, endpoint: Endpoint) -> str:
    """The SENDER-ID of a header that is read as ``endpoint`` would write it; empty when it is none."""
    try:
        agreed = Agreement.of(endpoint)
        first = next(cut((head,), agreed.form), None)
        if first is None or field_of(first.data, HEADER, "REC-TYPE", agreed.page) != "H":
            return ""
        return str(field_of(first.data, HEADER, "SENDER-ID", agreed.page))
    except Rejected:
        return ""

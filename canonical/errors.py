"""
Errors of the hub: one shape, one wording, one registry of stable codes.

Every refusal reads ``where: what (what is allowed) [CODE]``.  ``where`` is in the sender's own terms (an
EDI element, a JSON path, a byte offset), so that their team can mend the message from the sentence alone;
the code is for machines and never changes its meaning.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from types import MappingProxyType

import msgspec

__all__ = ["CODES", "Fault", "HubError", "Rejected", "shown"]

# A value quoted in an error goes back to senders, into logs and onto screens: enough to recognise it, never
# the whole.
_SHOWN = 64
_CUT = "..."

CODES: Mapping[str, str] = MappingProxyType(
    {
        # bytes, before any format
        "E_EMPTY": "The message holds no bytes, or only blanks.",
        "E_TOO_LARGE": "The message is larger than a queue message may be, as sent or inflated.",
        "E_CONTENT_TYPE": "The content type is not one that this channel or system speaks.",
        "E_CHARSET": "The declared character set is unknown or not the agreed one.",
        "E_COMPRESSION": "The compression is unknown, corrupt, or inflates beyond the limit.",
        "E_HEADERS": "The message headers are not acceptable: too many, too deep, or forbidden.",
        "E_FORMAT_SNIFF": "The bytes are of another format than the one agreed for this queue.",
        "E_ARCHIVE": "The bytes are a compressed file or an archive, which was not agreed.",
        "E_BOM": "The message begins with a byte order mark, which the agreed format does not have.",
        "E_ENCODING": "A byte or character is not valid in the agreed character set.",
        "E_CONTROL_CHAR": "A text holds a control character.",
        "E_TRAILING": "There are bytes after the end of the document.",
        "E_FIELD_SIZE": "One field is longer than allowed.",
        "E_RECORDS": "The message holds more records than allowed.",
        "E_DEPTH": "The document is nested deeper than allowed.",
        "E_FILE_CHANGED": "A file was changed while it was being taken.",
        "E_FILE_READ": "A file in a drop folder may not be read, or is gone before all of it was taken.",
        # JSON
        "E_JSON_SYNTAX": "The document is not valid JSON.",
        "E_JSON_DUPKEY": "An object names the same property twice.",
        # XML and SOAP
        "E_XML_SYNTAX": "The document is not well-formed XML.",
        "E_XML_DTD": "The document declares a document type or an entity.",
        "E_XML_EXTERNAL": "The document refers to something outside of itself.",
        "E_XML_ATTRS": "An element has more attributes and namespace declarations than allowed.",
        "E_XML_MIXED": "A text is mixed with elements, comments or instructions.",
        "E_XML_REPEAT": "An element that may be there once is there twice, or an id was given twice.",
        "E_XML_NAMESPACE": "A name is of another namespace than agreed, or its prefix is not declared.",
        "E_XML_TYPE": "An element substitutes its type, or says that a mandatory value is nil.",
        "E_SOAP": "The SOAP envelope cannot be taken: its header, its body, or what it asks.",
        # values, any format
        "E_MISSING": "A mandatory field, element or segment is absent or empty.",
        "E_TYPE": "A value is of another type than the field wants.",
        "E_UNKNOWN": "The document has a property that this version does not know.",
        "E_NUMBER": "A value is not a plain decimal number.",
        "E_RANGE": "A number is outside the allowed range, or has too many digits.",
        "E_DATE": "A value is not a date or an instant of the agreed form.",
        "E_VALUE": "A value is not one of the allowed ones.",
        "E_KEY_MISSING": "An identifier that the hub needs is missing.",
        "E_KEY_FORMAT": "An identifier is too long or has characters that identifiers may not have.",
        # X12 and EDIFACT envelopes and segments
        "E_EDI_ISA": "The interchange header is missing or not laid out as the standard says.",
        "E_EDI_DELIM": "The separators declared by the interchange header are unusable.",
        "E_EDI_SEGMENT_LEN": "A segment is longer than allowed; mostly its terminator is missing.",
        "E_EDI_ELEMENTS": "A segment has more elements than allowed.",
        "E_EDI_COMPONENTS": "An element has more components than allowed.",
        "E_EDI_SEGMENTS": "The interchange has more segments than allowed.",
        "E_EDI_TRUNCATED": "The interchange, group or transaction set has no end: its trailer is missing.",
        "E_EDI_COUNT": "A trailer counts something else than what was sent.",
        "E_EDI_CONTROL": "The control numbers of a header and its trailer differ.",
        "E_EDI_DUPLICATE": "A control number was used before.",
        "E_EDI_VERSION": "The version of the standard is not the agreed one.",
        "E_EDI_TYPE": "The transaction set or message type is not one that this endpoint may send.",
        "E_EDI_TEST": "A test interchange came to a live endpoint.",
        "E_EDI_STRUCTURE": "A segment is out of place.",
        "E_EDI_LOOP": "The loops of a transaction set are broken or too deep.",
        "E_EDI_ELEMENT": "An element breaks its rule: length, type or code list.",
        "E_EDI_BINARY": "A binary segment's length does not fit its data.",
        "E_EDI_RELEASE": "A release character stands where it has no meaning.",
        "E_EDI_UNA": "The service string advice is malformed.",
        # fixed-width records and files of them
        "E_FW_SHORT": "A record is shorter than its layout.",
        "E_FW_LONG": "A record is longer than its layout, or than its counts say.",
        "E_FW_LENGTH": "The file's length is no multiple of its record length.",
        "E_FW_RDW": "A record's or block's descriptor word says a length that cannot be.",
        "E_FW_SEQUENCE": "A header, trailer or record is missing, there twice, or out of order.",
        "E_FW_COUNT": "A trailer counts another number of records than were sent.",
        "E_FW_TOTAL": "A trailer's total is another than the sum of the records.",
        "E_FW_TYPE": "A record begins with a type that the file may not have.",
        "E_FW_CODEPAGE": "The bytes are of another code page than the agreed one.",
        "E_FW_OCCURS": "A record counts more turns of a table than there may be, or fewer than stand there.",
        "E_FW_PACKED": "A packed decimal has a digit that is none, or one too many.",
        "E_FW_SIGN": "A packed decimal has no sign, or one that its field cannot have.",
        "E_FW_ZONED": "The last digit of a zoned decimal carries no sign.",
        "E_FW_FILLER": "A field is filled with low-values or high-values, which was not agreed.",
        "E_FW_SHIFT": "A text of single bytes has double-byte characters, or half of a shift.",
        # CSV
        "E_CSV_QUOTE": "A quote is never closed, or stands where none may.",
        "E_CSV_COLUMNS": "A row has another number of columns than the header, or more than allowed.",
        "E_CSV_HEADER": "The header lacks a column, or has one that is unknown or there twice.",
        "E_CSV_EOL": "A line does not end as agreed, or not at all.",
        "E_CSV_ROW": "A row is none of the table, or the trailer is missing, out of place or counts wrongly.",
        "W_CSV_TAIL": "The last line has no line end, so that nobody can tell whether the file was cut.",
        # MML
        "E_MML_SYNTAX": "A text is no MML command, or no answer to one.",
        # who sends, and what is asked
        "E_IDENTITY": "The sender is not the endpoint that this message claims to come from.",
        "E_OFFERING": "The catalogue does not know the offering.",
        "E_ACTION": "The action is not one that can be asked for.",
        "E_NO_ORDER": "The document orders nothing, and asks nothing.",
        "E_DUPLICATE_LINE": "Two lines of the document have the same number.",
        "E_DUPLICATE_ORDER": "The document number was used before, with other content.",
        "E_STATE": "What was asked cannot be done in the order's present state.",
        "E_NOT_FOUND": "There is no such order among those that the asker may see.",
        "E_TOKEN": "The token is unknown, was used, or has run out.",
        "E_CHOICE": "Of a group of alternatives more than one is still in the order.",
        # changing and cancelling orders
        "E_TOO_LATE": "The change comes after the point of no return of a part that it touches.",
        "E_UNCHANGEABLE": "A system that the change touches cannot be told of changes.",
        "E_CHARGE": "The change costs something, and waits for the customer's yes.",
        "E_STALE": "Something that the change touches has changed since the version that it was made from.",
        "E_CHANGE_REFUSED": "A system refused the change.",
        "E_NOT_UNDONE": "A system keeps what is not wanted any more.",
        "E_BY_HAND": "A system cannot take back what it did: a person has to.",
        # planning
        "E_NO_ROUTE": "No route takes the order.",
        "E_ITEM_NOT_ROUTED": "No part of the plan serves this item.",
        "E_ROUTES": "The rules are wrong, and were not loaded.",
        "E_CONFIG": "A setting or a profile is wrong.",
        # systems and their replies
        "E_REPLY_WORD": "A system used a word that its reply table does not have.",
        "E_UNMATCHED": "A reply fits no instruction that the hub has sent.",
        "E_AMBIGUOUS_REPLY": "A reply fits more than one instruction.",
        "E_CONTRADICTION": "A system said something that contradicts how a line had ended.",
        "E_SYSTEM_REFUSED": "A system refused the instruction.",
        "E_SYSTEM_HELD": "A system holds the work back for a reason of its own.",
        "E_CALL_FAILED": "A call to a system failed; whether it was carried out is unknown.",
        "E_REDIRECT": "A system sent the call elsewhere; calls go only where the settings say.",
        "E_SYSTEM_DOWN": "A system cannot be reached; what is for it waits.",
        "E_NO_ANSWER": "A system has not answered by its time.",
        "E_SKIPPED": "Nobody did this work: an operator had the order go on without it.",
        # the hub itself
        "E_BROKER": "The broker cannot be reached, or refused.",
        "E_STORE": "The correlation store cannot be used: locked, full, damaged, or another worker has it.",
        "E_TOPOLOGY": "What is on the broker is not what the hub needs.",
        "E_POISON": "Work on the message was started three times and never finished.",
        "E_INTERNAL": "The hub met an error of its own; the message is kept.",
    }
)


class Fault(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """
    What an error says, as plain data: it can be stored, put in JSON and read back.
    """

    code: str
    what: str
    where: str = ""
    allowed: str = ""

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        allowed = f" ({self.allowed})" if self.allowed else ""
        return f"{place}{self.what}{allowed} [{self.code}]"

    def unquoted(self) -> str:
        """Where and what in the words of its code: nothing of what somebody wrote, which may be a name."""
        place = f"{self.where}: " if self.where else ""
        return f"{place}{CODES.get(self.code, self.code)} [{self.code}]"


class HubError(Exception):
    """
    Any error that the hub words itself.

    Raises:
        ValueError: At construction, when ``code`` is not in :data:`CODES`; codes are a promise and are
            never made up.
    """

    def __init__(self, code: str, what: str, where: str = "", allowed: str = "") -> None:
        if code not in CODES:
            msg = f"unknown error code {code!r}: every code stands in canonical.errors.CODES"
            raise ValueError(msg)
        super().__init__(code, what, where, allowed)
        self.code = code
        self.what = what
        self.where = where
        self.allowed = allowed

    def __str__(self) -> str:
        return str(self.fault)

    @property
    def fault(self) -> Fault:
        """
        The same, as data.
        """
        return Fault(code=self.code, what=self.what, where=self.where, allowed=self.allowed)


class Rejected(HubError):
    """
    The message is at fault.  Retrying cannot help: tell the sender, or park it.
    """

    @classmethod
    def of(cls, fault: Fault) -> Rejected:
        """
        The error that a stored fault was.
        """
        return cls(fault.code, fault.what, fault.where, fault.allowed)


def shown(value: object) -> str:
    """
    A value as it may be quoted in an error: escaped, on one line, at most 64 characters.

    Control characters, bidirectional marks and line ends come out escaped; arrays and objects only by their
    kind.
    """
    match value:
        case str() | bytes():
            text = repr(value[:_SHOWN])
            return text if len(value) <= _SHOWN and len(text) <= _SHOWN else _cut(text)
        case bool() | None | float():
            return repr(value)
        case int() if value.bit_length() > _SHOWN * 3:
            return f"<integer of {value.bit_length()} bits>"  # repr() of a huge integer raises
        case int() | Decimal() | date():
            text = str(value)
            return text if len(text) <= _SHOWN else _cut(text)
        case _:
            return f"<{type(value).__name__}>"


def _cut(text: str) -> str:
    return text[: _SHOWN - len(_CUT)] + _CUT

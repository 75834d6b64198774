"""
What a mapping file says, as types; its JSON Schema (``orderloom/schema/mapping.json``) is made from them.

A *path* is a column (CSV), a field (fixed width), a way through properties (``customer.id``, JSON) or through
elements (``Customer/@id``, XML).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

__all__ = [
    "Answer",
    "ChannelMap",
    "Column",
    "CsvShape",
    "Day",
    "FixedField",
    "FixedRecord",
    "FixedShape",
    "From",
    "JsonShape",
    "LineMap",
    "MessageMap",
    "OrderMap",
    "PartyMap",
    "PlaceMap",
    "Source",
    "TrailerShape",
    "Value",
    "XmlShape",
]

Path = Annotated[str, Meta(min_length=1, max_length=200, description="a column, a field, or a way to one")]
# Said so and not as [^…]*$: in Python the sign of the end also matches before a line feed.
Word = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=128,
        pattern=r"^(?![\s\S]*[\x00-\x1f\x7f-\x9f])",
        description="one line, not empty",
    ),
]
Words = Annotated[
    Mapping[Annotated[str, Meta(max_length=128)], Annotated[str, Meta(max_length=4000)]],
    Meta(description="a table: the sender's word, and ours"),
]


class _Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file."""


class From(_Table, frozen=True, rename={"path": "from"}):
    """
    Where a value comes from.

    Args:
        path: Where it stands; empty: nowhere, it is always ``always``. One of the two must be there.
        always: The same in every message.
        words: What each of the sender's words means; another is refused.
        default: When nothing stands there.
        code: Of an offering: the type of code under which the catalogue knows it; empty: it is the
            catalogue's own id.
    """

    path: Annotated[str, Meta(max_length=200, description="a column, a field, or a way to one")] = ""
    always: Annotated[str, Meta(max_length=4000, description="a text")] = ""
    words: Words = {}
    default: Annotated[str, Meta(max_length=4000, description="a text")] = ""
    code: Annotated[str, Meta(max_length=128, description="a type of code of the catalogue")] = ""


Source = Path | From


class Day(_Table, frozen=True, rename={"path": "from"}):
    """
    A day or an instant.

    Args:
        path: Where it stands.
        form: Made of ``YYYY MM DD DDD hh mm ss`` and signs between them; ``iso``: RFC 3339 with its zone.
        zone: Where the form says none: ``UTC``, a name such as ``Europe/Paris``, or a rule as POSIX writes it
            (``CST6CDT,M3.2.0,M11.1.0``).
        time: ``hh:mm`` of a day without time.
    """

    path: Path
    form: Annotated[str, Meta(min_length=1, max_length=40, description="as YYYY-MM-DD, or iso")] = "iso"
    zone: Annotated[str, Meta(min_length=1, max_length=64, description="as Europe/Paris, or a rule")] = "UTC"
    time: Annotated[str, Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$", description="hh:mm")] = "00:00"


class TrailerShape(_Table, frozen=True):
    """The last row: its first cell is ``word``; cell number ``count`` says how many rows there are."""

    word: Word
    count: Annotated[int, Meta(ge=0, le=1000, description="number of a cell, 2 or more; 0: none")] = 0


class CsvShape(_Table, frozen=True):
    """
    How the table is written; adjacent rows with one order number are one order.

    Args:
        columns: Their names, in the order in which they are written.
        optional: Columns that a message need not have.
        header: The first row names the columns, in any order; otherwise they stand in the order given.
        others: A message may have further columns, which are not read.
        quote: Around a field; doubled within it.
        line_end: Behind every row.
        mark: A byte order mark may stand at the beginning, and is written.
        decimal, thousands: Marks within numbers.
        trailer: The row behind the table; without one there is none, and none is taken.
        open_end: The last row may lack its line end; the order is then flagged with ``W_CSV_TAIL``.
    """

    columns: Annotated[tuple[Word, ...], Meta(min_length=1, max_length=1000, description="names of columns")]
    optional: Annotated[tuple[Word, ...], Meta(description="names of columns")] = ()
    header: Annotated[bool, Meta(description="true or false")] = True
    others: Annotated[bool, Meta(description="true or false")] = False
    delimiter: Annotated[str, Meta(pattern="^[,;\t|:^~]$", description="one of , ; tab | : ^ ~")] = ","
    quote: Annotated[str, Meta(pattern="^[\"']?$", description="a double or single quote, or empty")] = '"'
    encoding: Literal["utf-8", "ascii", "cp1252", "iso8859-1"] = "utf-8"
    line_end: Literal["\r\n", "\n"] = "\r\n"
    mark: Annotated[bool, Meta(description="true or false")] = False
    decimal: Literal[".", ","] = "."
    thousands: Literal["", ".", ",", " ", "'"] = ""
    trailer: TrailerShape | None = None
    open_end: Annotated[bool, Meta(description="true or false")] = False


class FixedField(_Table, frozen=True):
    """
    One field, by its COBOL picture.

    Args:
        usage: How it is stored.
        empty: What stands there where nothing is meant, besides blanks in a text.
    """

    name: Word
    picture: Annotated[str, Meta(min_length=1, max_length=40, description="a picture, as X(10) or 9(5)")]
    usage: Literal["DISPLAY", "COMP", "COMP-3", "COMP-5"] = "DISPLAY"
    empty: tuple[Literal["blanks", "zeros", "low-values", "high-values"], ...] = ()


class FixedRecord(_Table, frozen=True, rename={"role": "is"}):
    """
    One kind of record.

    Args:
        role: What it is; the header first, the trailer last, an order before its lines.
        fields: From the first byte on, without gaps.
        kind: What its first field says, where there are several kinds.
        count: Of a trailer: the field that counts the order and line records before it.
    """

    role: Literal["header", "order", "line", "trailer"]
    fields: Annotated[tuple[FixedField, ...], Meta(min_length=1, description="a list of fields")]
    kind: Annotated[str, Meta(max_length=20, description="a text")] = ""
    count: Annotated[str, Meta(max_length=128, description="name of a field")] = ""


class FixedShape(_Table, frozen=True):
    """
    Records of one length, the shorter ones filled up.

    Args:
        record: Each of them; a ``line`` at least.
        code_page: One of ``ascii iso8859-1 cp1252 cp037 cp500 cp273 cp1140``.
        line_end: Behind each record; empty: none, as in RECFM FB.
    """

    record: Annotated[tuple[FixedRecord, ...], Meta(min_length=1, description="a list of records")]
    code_page: Annotated[str, Meta(max_length=20, description="a code page, as ascii or cp037")] = "ascii"
    line_end: Literal["", "\r\n", "\n"] = ""


class JsonShape(_Table, frozen=True):
    """
    Where orders and lines stand.

    Args:
        orders: Way to the list of orders; empty: the document is one order.
        lines: Way from an order to the list of its lines; empty: the order is its one line.
        ignored: Ways, from an order or a line, to what is not read; the rest is refused.
    """

    orders: Annotated[str, Meta(max_length=200, description="a way to a list")] = ""
    lines: Annotated[str, Meta(max_length=200, description="a way to a list")] = ""
    ignored: Annotated[tuple[Path, ...], Meta(description="ways")] = ()


class XmlShape(_Table, frozen=True):
    """
    Where orders and lines stand.

    Args:
        root: The outermost element.
        namespace: Of all elements.
        orders: Way to the elements of which each is an order; empty: the root is one.
        lines: Way from an order to those of which each is a line; empty: the order is its one line.
        ignored: Ways, from an order or a line, to what is not read; the rest is refused.
    """

    root: Word
    namespace: Annotated[str, Meta(max_length=500, description="a namespace")] = ""
    orders: Annotated[str, Meta(max_length=200, description="a way to elements")] = ""
    lines: Annotated[str, Meta(max_length=200, description="a way to elements")] = ""
    ignored: Annotated[tuple[Path, ...], Meta(description="ways")] = ()


class MessageMap(_Table, frozen=True):
    """
    The message as a whole.

    Args:
        number: Its number, given once by each sender; without one it is known by its bytes.
        sender: What the sender calls itself; without it the channel has one endpoint.
        qualifier: Of that name, in the endpoint's ``[[identifier]]``.
    """

    number: Annotated[str, Meta(max_length=200, description="a column, a field, or a way to one")] = ""
    sender: Annotated[str, Meta(max_length=200, description="a column, a field, or a way to one")] = ""
    qualifier: Word = "ID"


class PartyMap(_Table, frozen=True):
    """A party in one role."""

    id: Source
    name: Source | None = None


class PlaceMap(_Table, frozen=True):
    """An address in one role."""

    id: Source | None = None
    name: Source | None = None
    street: Source | None = None
    city: Source | None = None
    state: Source | None = None
    postcode: Source | None = None
    country: Source | None = None


class OrderMap(_Table, frozen=True):
    """
    What an order is made of.

    Args:
        number: The sender's number of the order: letters, digits and ``. _ : -``.
        requested: When it is to be completed.
        asks: ``yes`` where it is no order, but asks how the order of that number stands; mostly by words.
        conversation: The conversation that it belongs to, by its id or by a customer's token.
        requested_start: Before which nothing is to begin.
        party: By role, as ``customer``.
        place: By role, as ``deliveryAddress`` or ``installationAddress``.
    """

    number: Path
    asks: Source | None = None
    conversation: Source | None = None
    description: Source | None = None
    category: Source | None = None
    priority: Source | None = None
    note: Source | None = None
    requested_start: Day | None = None
    requested: Day | None = None
    party: Annotated[Mapping[Word, PartyMap], Meta(description="tables by role")] = {}
    place: Annotated[Mapping[Word, PlaceMap], Meta(description="tables by role")] = {}


class LineMap(_Table, frozen=True):
    """
    What a line is made of.

    Args:
        offering: By the catalogue's id, or by a code.
        action: ``add``, ``modify``, ``delete`` or ``noChange``; mostly by words.
        number: Its number, once in an order; without it lines are counted.
        quantity: Without it, 1.
        serial: Serial number of the product.
        characteristics: By the name that routes and systems know; what is called ``msisdn``, ``imsi`` or
            ``iccid`` must be such a number.
    """

    offering: Source
    action: Source
    number: Annotated[str, Meta(max_length=200, description="a column, a field, or a way to one")] = ""
    quantity: Source | None = None
    serial: Source | None = None
    note: Source | None = None
    characteristics: Annotated[Mapping[Word, Source], Meta(description="a table of names and paths")] = {}


Value = Literal[
    "event",
    "outcome",
    "at",
    "reason",
    "message.number",
    "order.number",
    "order.id",
    "order.state",
    "order.done",
    "order.total",
    "order.expected",
    "order.completed",
    "line.number",
    "line.offering",
    "line.quantity",
    "line.serial",
    "line.state",
    "conversation.id",
    "conversation.token",
    "error.code",
    "error.where",
    "error.text",
]


class Column(_Table, frozen=True):
    """
    One thing written.

    Args:
        name: The column, field, property (``order.id``: one within another) or element (``@id``: attribute).
        value: What is written; none: always ``always``.  A ``conversation.token``, for the customer to show
            elsewhere, stands in acknowledgements only.
        words: Our word, and what is written for it.
        form, zone: Of instants, as of a day.
        picture: Of a field of fixed width.
    """

    name: Word
    value: Value | None = None
    always: Annotated[str, Meta(max_length=500, description="a text")] = ""
    words: Words = {}
    form: Annotated[str, Meta(min_length=1, max_length=40, description="as YYYY-MM-DD, or iso")] = "iso"
    zone: Annotated[str, Meta(min_length=1, max_length=64, description="as Europe/Paris, or a rule")] = "UTC"
    picture: Annotated[str, Meta(max_length=40, description="a picture, as X(10)")] = ""


Event = Literal[
    "acknowledgement",
    "accepted",
    "rejected",
    "information-required",
    "delayed",
    "shipped",
    "changed",
    "ended",
    "status",
]


class Answer(_Table, frozen=True):
    """
    What is written back, in the format in which orders come: one row for each order, or for each line.

    What that format cannot hold becomes ``?`` or a blank, and a field of fixed width is cut. A cell of CSV
    that a spreadsheet would run has a ``'`` before it.

    Args:
        columns: In the order in which they are written.
        rows: One for each order, or for each line.
        tell: Events that are told; an acknowledgement is one for a whole message.
        list, row: JSON: property with the list.  XML: the root, and the element of one row.
    """

    columns: Annotated[tuple[Column, ...], Meta(min_length=1, max_length=200, description="columns")]
    rows: Literal["order", "line"] = "order"
    tell: tuple[Event, ...] = (
        "acknowledgement",
        "accepted",
        "rejected",
        "information-required",
        "delayed",
        "shipped",
        "changed",
        "ended",
        "status",
    )
    list: Annotated[str, Meta(pattern="^[A-Za-z_][A-Za-z0-9_-]*$", description="a name")] = "answers"
    row: Annotated[str, Meta(pattern="^[A-Za-z_][A-Za-z0-9_-]*$", description="a name")] = "answer"


class ChannelMap(_Table, frozen=True):
    """
    A mapping file.

    Args:
        channel: Its name, as in the settings.
        format: Of what comes and of what is written back; the table of that name says more.
        message: What is said of the message as a whole.
        answer: What is written back; without it nothing is.
        document: The type of its documents: part of the key under which an order is known.
    """

    channel: Annotated[str, Meta(pattern="^[a-z][a-z0-9-]{0,30}$", description="a channel's name")]
    format: Literal["csv", "fixed", "json", "xml"]
    order: OrderMap
    line: LineMap
    document: Word = "ORDER"
    message: MessageMap = MessageMap()
    csv: CsvShape | None = None
    fixed: FixedShape | None = None
    json: JsonShape | None = None
    xml: XmlShape | None = None
    answer: Answer | None = None

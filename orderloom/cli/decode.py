"""
``orderloom decode``: any payload field by field, with byte offsets, and where it stops being readable.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import TYPE_CHECKING, BinaryIO

import click

from .context import Here, complain, here, sentence
from .text import one_line

if TYPE_CHECKING:
    from adapters.formats.decoded import DecodedField, Decoding
    from orderloom.decoding import Known

__all__ = ["RECORDS", "decode", "known_of", "lines_of"]

RECORDS = 200
"""Records shown unless somebody asks for more: some screens, of which the last says how to see more."""

_NAME = 26
# Bytes shown of one field; the offset says where the others are.
_RAW = 16
# Characters of a name and of a value, fields of one record: more is no screen, and nobody's order.
_LONG_NAME = 200
_LONG_VALUE = 4_000
_FIELDS = 1_000


@click.command()
@click.argument("file", type=click.File("rb"))
@click.option(
    "--channel", default="", help="Channel that it came on: its layouts, its endpoints' code pages."
)
@click.option("--endpoint", default="", help="Its sender, such as directmail.printco.")
@click.option("--system", default="", help="System that it went to or came from.")
@click.option("--code-page", default="", help="Of fixed-width records, whatever the profile says: cp500.")
@click.option(
    "--records", type=click.IntRange(min=1), default=RECORDS, show_default=True, help="The first so many."
)
@here
def decode(
    place: Here,
    file: BinaryIO,
    *,
    channel: str,
    endpoint: str,
    system: str,
    code_page: str,
    records: int,
) -> None:
    """
    Show FILE (- for standard input) field by field: byte offset, name, bytes, value.

    Bytes that are not printable are shown in hexadecimal. Fields that cannot be read say why. Without an
    option the format is told from the first bytes. Ends with status 1 when something could not be read.

    Examples:
      orderloom decode order.edi
      orderloom decode batch.bin --channel directmail --records 3
    """
    from orderloom.decoding import decoded

    known = known_of(
        place, channel=channel or endpoint.partition(".")[0], endpoint=endpoint, system=system, page=code_page
    )
    _refuse_unknown(known)
    decoding = decoded(file, known)
    click.echo(f"{getattr(file, 'name', '-')}: {decoding.form}")
    faults = 0
    for line, fault in _lines(decoding, records):
        faults += fault
        click.echo(line)
    if faults:
        click.get_current_context().exit(1)


def known_of(
    place: Here, *, channel: str = "", endpoint: str = "", system: str = "", page: str = ""
) -> Known:
    """
    What settings and rules say of a payload; what cannot be had is not known, and said on standard error:
    whoever looks at a payload may be looking because something is wrong.
    """
    from canonical.errors import HubError
    from orderloom.decoding import Known
    from orderloom.rules import load

    try:
        adapters = place.adapters
        endpoints = load(place.settings.rules, adapters.profiles).references.endpoints
    except HubError as error:
        click.echo(f"without layouts: {error}", err=True)
        return Known(page=page)
    return Known(adapters, endpoints, channel, endpoint, system, page)


def lines_of(body: bytes, known: Known, records: int | None) -> Iterator[str]:
    """The fields of a message as ``decode`` shows them, under a line that names the format."""
    from orderloom.decoding import decoded

    decoding = decoded(BytesIO(body), known)
    yield f"fields, {decoding.form}"
    yield from (line for line, _ in _lines(decoding, records))


def _refuse_unknown(known: Known) -> None:
    if known.adapters is None or known.endpoints is None:
        return
    for option, name, every in (
        ("channel", known.channel, known.adapters.inbound),
        ("endpoint", known.endpoint, known.endpoints),
        ("system", known.system, known.adapters.outbound),
    ):
        if name and name not in every:
            complain(
                sentence("E_CONFIG", f"unknown {option} {name!r}", "decode", f"one of {', '.join(every)}")
            )


def _lines(decoding: Decoding, records: int | None) -> Iterator[tuple[str, bool]]:
    """Lines, and whether each says that something cannot be read."""
    seen = fields = 0
    for one in decoding.fields:
        if records is not None and one.record > records:
            yield f"  … more behind record {records} (--records, --all)", False
            return
        if one.kind and one.record != seen:
            yield f"  record {one.record} {one_line(one.kind)}", False
        fields = fields + 1 if one.record == seen else 1
        seen = one.record
        if fields > _FIELDS:
            if fields == _FIELDS + 1:
                yield f"  … more than {_FIELDS} fields in record {one.record}", False
            continue
        yield _line(one, ascii_=decoding.ascii), False
        if one.fault is not None:
            yield f"           ! {one_line(str(one.fault))}", True


def _line(one: DecodedField, *, ascii_: bool) -> str:
    name = one_line(_cut(one.path, _LONG_NAME)).ljust(_NAME)
    raw = _raw(one.raw, ascii_=ascii_).ljust(2 * _RAW + 1)
    return f"  {one.offset:7}  {name}  {raw}  {one_line(_cut(one.value, _LONG_VALUE))}".rstrip()


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}… ({len(text)} characters)"


def _raw(raw: bytes, *, ascii_: bool) -> str:
    """The bytes as text where each is a printable character of ASCII, else in hexadecimal."""
    plain = ascii_ and all(32 <= byte < 127 for byte in raw)
    most = 2 * _RAW if plain else _RAW
    text = raw[:most].decode("ascii") if plain else raw[:most].hex().upper()
    return text + "…" * (len(raw) > most)

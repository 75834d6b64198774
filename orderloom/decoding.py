"""
Which format a payload is of, and its fields: by channel, endpoint or system where they are known, else by
what its first bytes look like.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from adapters.formats.csv_decoded import decode_csv
from adapters.formats.csv_dialect import Dialect
from adapters.formats.decoded import DecodedField, Decoding, unreadable
from adapters.formats.fixed import CodePage, Format, Stream, code_page
from adapters.formats.fixed_decoded import Family, decode_records, sniff_records
from adapters.formats.json_decoded import decode_json
from adapters.formats.mml_decoded import decode_mml, looks_like_mml
from adapters.formats.sniff import ARCHIVES, looks_like
from adapters.formats.x12_decoded import decode_x12
from adapters.formats.xml_decoded import decode_xml
from adapters.kit.contract import DecodingAdapter, DescribedAdapter
from canonical.errors import Rejected, shown
from canonical.references import Endpoint

from .adapters_found import Adapters

__all__ = ["Known", "decoded"]

# Bytes that are looked at to tell the format: more than the longest first record of a layout of ours.
_HEAD = 4096
# A text has a line end in its first so many bytes.
_LINE = 256
_DELIMITERS = ",;\t|"
_TEXTS = {"X12": decode_x12, "XML": decode_xml, "JSON": decode_json}


@dataclass(frozen=True, slots=True)
class Known:
    """
    What is known of where a payload comes from, or goes to.

    Args:
        adapters: Of the settings; None when there are none to be had.
        endpoints: Profiles of the rules.
        channel, endpoint, system: Their names; empty when they are not known.
        page: Code page of records, whatever a profile says; empty: as it says.
    """

    adapters: Adapters | None = None
    endpoints: Mapping[str, Endpoint] | None = None
    channel: str = ""
    endpoint: str = ""
    system: str = ""
    page: str = ""


def decoded(source: Stream, known: Known) -> Decoding:
    """
    The format, and the fields; no more is read than they are asked for.

    Raises:
        Rejected: ``E_CHARSET`` or ``E_CONFIG``: the code page or the profile is wrong.
    """
    head = _read(source, _HEAD)
    whole = _Again(head, source)
    if (told := _by_adapter(head, whole, known)) is not None:
        return told
    found = _records(head, known)
    if found is not None:
        family, page, form = found
        name = f"{form.recfm} records of {form.lrecl} bytes, {page.name}"
        return Decoding(name, decode_records(whole, family, page, form), ascii=not page.ebcdic)
    form_name = looks_like(head)
    if form_name in _TEXTS:
        return Decoding(form_name, _TEXTS[form_name](whole))
    if looks_like_mml(head):
        return Decoding("MML", decode_mml(whole))
    if dialect := _dialect(head):
        return Decoding(f"CSV, delimiter {dialect.delimiter!r}", decode_csv(whole, dialect))
    return Decoding(form_name or "unknown", iter([_unknown(head, form_name)]), ascii=bool(form_name))


class _Again:
    """A stream of which the beginning was read already."""

    def __init__(self, head: bytes, rest: Stream) -> None:
        self._head = head
        self._rest = rest

    def read(self, size: int, /) -> bytes:
        if not self._head:
            return self._rest.read(size)
        piece, self._head = self._head[:size], self._head[size:]
        return piece


def _read(source: Stream, size: int) -> bytes:
    """So many bytes, unless it ends before: a pipe may give less at once."""
    held = b""
    while len(held) < size and (piece := source.read(size - len(held))):
        held += piece
    return held


def _by_adapter(head: bytes, source: Stream, known: Known) -> Decoding | None:
    """As the channel's adapter says; else as one says to whom it begins like a message of its own."""
    if known.adapters is None or known.system:
        return None
    every = known.adapters.inbound
    certain = known.channel in every
    asked = (every[known.channel],) if certain else () if known.channel else tuple(every.values())
    for adapter in asked:
        if isinstance(adapter, DecodingAdapter):
            told = adapter.decoding(head, source, page=known.page, certain=certain)
            if told is not None:
                return told
    return None


def _records(head: bytes, known: Known) -> tuple[Family, CodePage, Format] | None:
    """As the adapters that lay out records say; of a named one also when nothing fits its layouts."""
    named = _named(known)
    if named is not None:
        return _of_adapter(head, named, known) or _agreed(named, known)
    if known.channel or known.system or not known.adapters or looks_like(head) in _TEXTS:
        return None
    if looks_like_mml(head) or b"\n" in head[:_LINE]:
        return None  # a letter and some text are records to nobody who was not told so
    every = (*known.adapters.inbound.values(), *known.adapters.outbound.values())
    described = (one for one in every if isinstance(one, DescribedAdapter))
    return next((found for one in described if (found := _of_adapter(head, one, known))), None)


def _named(known: Known) -> DescribedAdapter | None:
    if known.adapters is None:
        return None
    side: Mapping[str, object] = known.adapters.outbound if known.system else known.adapters.inbound
    adapter = side.get(known.system or known.channel)
    return adapter if isinstance(adapter, DescribedAdapter) else None


def _of_adapter(
    head: bytes, adapter: DescribedAdapter, known: Known
) -> tuple[Family, CodePage, Format] | None:
    families = adapter.record_families
    for endpoint in _profiles(known):
        page, form = _agreement(endpoint, families, known)
        if found := sniff_records(head, families, (page,), form):
            return found
    pages = (code_page(known.page),) if known.page else ()
    return sniff_records(head, families, pages)


def _profiles(known: Known) -> Iterable[Endpoint]:
    every = known.endpoints or {}
    if known.endpoint in every:
        return [every[known.endpoint]]
    return [one for one in every.values() if one.channel == known.channel]


def _agreement(endpoint: Endpoint, families: tuple[Family, ...], known: Known) -> tuple[CodePage, Format]:
    longest = max(layout.length for family in families for layout in family.values())
    page = known.page or endpoint.format.get("code_page", "cp037")
    return code_page(page), Format.of(endpoint.format, longest)


def _agreed(adapter: DescribedAdapter, known: Known) -> tuple[Family, CodePage, Format] | None:
    """What was agreed, for bytes that fit nothing: the reader then says of each record what is wrong."""
    for endpoint in _profiles(known):
        return adapter.record_families[0], *_agreement(endpoint, adapter.record_families, known)
    return None


def _dialect(head: bytes) -> Dialect | None:
    """Of text whose first two lines have as many delimiters: a table, as far as can be told."""
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        text = head[: error.start].decode("utf-8") if error.start > len(head) - 4 else ""
    first, _, rest = text.partition("\n")
    for delimiter in _DELIMITERS:
        count = first.count(delimiter)
        if count and (not rest or rest.partition("\n")[0].count(delimiter) >= count):
            line_end = "\r\n" if first.endswith("\r") else "\n"
            return Dialect(columns=("column",), delimiter=delimiter, line_end=line_end)
    return None


def _unknown(head: bytes, form_name: str) -> DecodedField:
    what = (
        f"looks like {form_name}, which nobody here reads" if form_name else f"begins with {shown(head[:8])}"
    )
    code = "E_ARCHIVE" if form_name in ARCHIVES else "E_FORMAT_SNIFF" if head.strip() else "E_EMPTY"
    allowed = "X12, XML, JSON, MML, CSV, or records of an installed adapter"
    return unreadable(Rejected(code, what, "byte 0", allowed), 1, 0, head[:64])

"""
Columns of many rows as PostgreSQL arrays, in their binary form.

One statement takes any number of rows: each column is one array parameter, and ``unnest`` makes rows of
them.  The driver's own lists look at every element for its type and send small and large numbers as
different types; here a column's type is known, so that one statement is prepared once.

Format: ``array_recv`` and the types' own ``recv`` functions in PostgreSQL's source, src/backend/utils/adt.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, TypeAlias

from psycopg import Connection
from psycopg.adapt import Dumper
from psycopg.pq import Format

from .port import StoreError

__all__ = ["Array", "Column", "blobs", "bools", "instants", "ints", "register", "texts"]

_NULL = struct.pack("!i", -1)
_length = struct.Struct("!i").pack
_head = struct.Struct("!iiIii").pack
_empty = struct.Struct("!iiI").pack
_int = struct.Struct("!iq").pack
_bool = struct.Struct("!i?").pack

# timestamptz counts microseconds from here.
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Array(bytes):
    """A whole parameter, ready to be sent; its class says the type."""

    __slots__ = ()
    # Object ids of the element and of the array, fixed for ever (src/include/catalog/pg_type.dat).
    element = 0
    oid = 0


class _Texts(Array):
    __slots__ = ()
    element, oid = 25, 1009


class _Ints(Array):
    __slots__ = ()
    element, oid = 20, 1016


class _Bools(Array):
    __slots__ = ()
    element, oid = 16, 1000


class _Instants(Array):
    __slots__ = ()
    element, oid = 1184, 1185


class _Blobs(Array):
    __slots__ = ()
    element, oid = 17, 1001


Column: TypeAlias = Callable[[Sequence[Any]], Array]


def texts(values: Sequence[str | None]) -> Array:
    """
    ``text[]``.

    Raises:
        StoreError: A text holds half a character (a lone surrogate).
    """
    try:
        return _array(_Texts, values, _text)
    except UnicodeEncodeError as error:
        raise StoreError(f"a text holds half a character: {error.object!r}") from error


def ints(values: Sequence[int | None]) -> Array:
    """
    ``bigint[]``.

    Raises:
        StoreError: A number needs more than 64 bits.
    """
    try:
        return _array(_Ints, values, lambda value: _int(8, value))
    except struct.error as error:
        raise StoreError(f"a number is too large to be kept: {error}") from error


def bools(values: Sequence[int | None]) -> Array:
    """``boolean[]``, from 0 and 1."""
    return _array(_Bools, values, lambda value: _bool(1, bool(value)))


def instants(values: Sequence[datetime | None]) -> Array:
    """``timestamptz[]``, exact to the microsecond; each must have a zone."""
    return _array(_Instants, values, _instant)


def blobs(values: Sequence[bytes | None]) -> Array:
    """``bytea[]``."""
    return _array(_Blobs, values, lambda value: _length(len(value)) + value)


def register(connection: Connection[Any]) -> None:
    """Teach a connection to send arrays as they are."""
    for kind in Array.__subclasses__():
        dumper = type(f"{kind.__name__}Dumper", (_Ready,), {"oid": kind.oid})
        connection.adapters.register_dumper(kind, dumper)


class _Ready(Dumper):
    format = Format.BINARY

    def dump(self, obj: bytes) -> bytes:
        return obj


def _array(kind: type[Array], values: Sequence[Any], write: Callable[[Any], bytes]) -> Array:
    """One dimension, counted from 1."""
    if not values:
        return kind(_empty(0, 0, kind.element))
    parts = [_NULL if value is None else write(value) for value in values]
    head = _head(1, int(None in values), kind.element, len(values), 1)
    return kind(head + b"".join(parts))


def _text(value: str) -> bytes:
    raw = value.encode()
    return _length(len(raw)) + raw


# Most instants of a batch are one and the same "now".
@lru_cache(maxsize=256)
def _instant(value: datetime) -> bytes:
    return _int(8, (value - _EPOCH) // _MICROSECOND)

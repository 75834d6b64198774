"""
The base of every canonical type: camelCase on the wire, frozen, unknown fields refused.

Ids and money are strings and decimals, never floats; instants carry a zone and are UTC.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

__all__ = ["Canonical", "Count", "Id", "Instant", "Text"]

Instant = Annotated[datetime, msgspec.Meta(tz=True)]

# An id somebody else gave: 128 characters are more than any format on the wire allows.
Id = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]

Text = Annotated[str, msgspec.Meta(max_length=4000)]

# TMF622 quantities are whole numbers; a million of anything is a mistake in this trade.
Count = Annotated[int, msgspec.Meta(ge=1, le=1_000_000)]


class Canonical(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True, forbid_unknown_fields=True):
    """A canonical value: immutable, compared by content, encoded with default values left out."""

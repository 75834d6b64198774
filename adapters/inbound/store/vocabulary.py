"""
POSLog's names, the hub's own beside them, and the words for a status.

Layout: ARTS IXRetail POSLog 2.1, of which only what concerns customer orders is looked at.
"""

from __future__ import annotations

from collections.abc import Mapping

from adapters.formats.xml_element import Vocabulary
from canonical.states import State

__all__ = [
    "CHANNEL",
    "ITEM_TYPE",
    "NUMBER_TYPE",
    "OURS",
    "PREFIXES",
    "RETAIL",
    "STATE_WORDS",
    "ours",
    "retail",
]

CHANNEL = "store"

RETAIL = "http://www.nrf-arts.org/IXRetail/namespace/"
"""Namespace of POSLog."""

OURS = "urn:orderloom:store:1"
"""Namespace of what POSLog has no words for."""

PREFIXES: Mapping[str, str] = {RETAIL: "", OURS: "ol"}

retail = Vocabulary(RETAIL)
ours = Vocabulary(OURS)

ITEM_TYPE = "ITEM-ID"
"""Type of the catalogue's codes that stand in ItemID; for those in POSItemID, POSIDType says it."""

NUMBER_TYPE = "receipt"
"""Type of the number that an order has in its store."""

STATE_WORDS: Mapping[State, str] = {
    State.DRAFT: "Draft",
    State.ACKNOWLEDGED: "Accepted",
    State.IN_PROGRESS: "InProcess",
    State.PENDING: "AwaitingCustomer",
    State.HELD: "Delayed",
    State.ASSESSING_CANCELLATION: "CancelRequested",
    State.PENDING_CANCELLATION: "Canceling",
    State.COMPLETED: "Completed",
    State.PARTIAL: "PartlyCompleted",
    State.FAILED: "Failed",
    State.REJECTED: "Rejected",
    State.CANCELLED: "Canceled",
}

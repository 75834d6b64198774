"""
The call centre's names and words, and what they are in the canonical order.

Layout: Siebel's web service for order upsert (``SWIOrderUpsert``), and ``UpdateLineItems`` for what is told.
"""

from __future__ import annotations

from collections.abc import Mapping

from adapters.formats.xml_element import Element, Vocabulary
from adapters.formats.xml_write import sayable
from canonical.states import Action, State

__all__ = [
    "ACTIONS",
    "ANSWER",
    "CHANNEL",
    "CODE_TYPE",
    "DATA",
    "HAPPENED",
    "NUMBER_TYPE",
    "PREFIXES",
    "QUERY",
    "RESUMING",
    "ROW_TYPE",
    "SERVICE",
    "STATE_WORDS",
    "UPSERT",
    "data",
    "service",
    "texts",
]

CHANNEL = "callcenter"

SERVICE = "http://siebel.com/asi"
"""Namespace of operations."""

DATA = "http://siebel.com/OrderManagement/Order/Data"
"""Namespace of orders, their items and attributes."""

PREFIXES: Mapping[str, str] = {SERVICE: "asi", DATA: "data"}

service = Vocabulary(SERVICE)
data = Vocabulary(DATA)

UPSERT, QUERY, ANSWER = "SWIOrderUpsert_Input", "SWIOrderQuery_Input", "SWIOrderAnswer_Input"
RESUMING, HAPPENED = "SWIConversationQuery_Input", "SWIInteraction_Input"

CODE_TYPE = "PRODUCT"
"""Type of the catalogue's codes that are product names of the call centre."""

NUMBER_TYPE, ROW_TYPE = "orderNumber", "rowId"
"""Types of the two ids that an order has there."""

ACTIONS: Mapping[str, Action] = {
    "Add": Action.ADD,
    "Update": Action.MODIFY,
    "Modify": Action.MODIFY,
    "Delete": Action.DELETE,
    "Existing": Action.NO_CHANGE,
    "-": Action.NO_CHANGE,
}

STATE_WORDS: Mapping[State, str] = {
    State.DRAFT: "Pending",
    State.ACKNOWLEDGED: "Open",
    State.IN_PROGRESS: "In Progress",
    State.PENDING: "Awaiting Customer",
    State.HELD: "On Hold",
    State.ASSESSING_CANCELLATION: "Cancel Requested",
    State.PENDING_CANCELLATION: "Pending Cancel",
    State.COMPLETED: "Complete",
    State.PARTIAL: "Partially Complete",
    State.FAILED: "Failed",
    State.REJECTED: "Rejected",
    State.CANCELLED: "Cancelled",
}


def texts(said: Mapping[str, str]) -> list[Element]:
    """An element for each text that is not empty, in this order; what XML cannot hold becomes ``?``."""
    return [data(name, sayable(text)) for name, text in said.items() if text]

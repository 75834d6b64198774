"""
The adapter kit: what an adapter is (:mod:`.contract`), and the suites that prove one (:mod:`.conformance`).

The suites need pytest and are therefore not imported here.
"""

from __future__ import annotations

from .contract import INQUIRY, CallSpec, InboundAdapter, InquiringAdapter, Native, OutboundAdapter, Stamp
from .verbs import earlier

__all__ = [
    "INQUIRY",
    "CallSpec",
    "InboundAdapter",
    "InquiringAdapter",
    "Native",
    "OutboundAdapter",
    "Stamp",
    "earlier",
]

"""
Formats: bytes to records and back, and nothing about orders.

Each module reads and writes one syntax (X12, JSON), bounded and linear, and refuses what is wrong with a
stable code and a place in the sender's own terms.  What the records mean is for the adapters.
"""

from __future__ import annotations

__all__: list[str] = []

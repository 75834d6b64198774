"""
The adapter holds the contract; run with ``python -m pytest``.
"""

from __future__ import annotations

from pathlib import Path

from acme_settop import SetTopAdapter

from adapters.kit.conformance import InboundConformance
from orderloom.adapter_check import references_beside, samples_in

HERE = Path(__file__).resolve().parent


class TestSetTop(InboundConformance):
    """Every promise of an adapter."""

    adapter = SetTopAdapter()
    references = references_beside(HERE)
    samples = samples_in(HERE / "samples")

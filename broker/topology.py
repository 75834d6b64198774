"""
Topology: what must exist on a broker, making it exist, and naming what differs.

The one door to three modules: :mod:`broker.shapes` (data), :mod:`broker.declare` and
:mod:`broker.drift`.
"""

from __future__ import annotations

from .declare import TopologyConflict, apply
from .drift import Difference, check
from .shapes import BindingSpec, ExchangeSpec, PolicySpec, PolicyValue, QueueSpec, Topology

__all__ = [
    "BindingSpec",
    "Difference",
    "ExchangeSpec",
    "PolicySpec",
    "PolicyValue",
    "QueueSpec",
    "Topology",
    "TopologyConflict",
    "apply",
    "check",
]

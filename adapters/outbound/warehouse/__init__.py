"""
The warehouse: X12 940 shipping orders onto its queue; 945 shipping advices and 997 receipts back.

Native format: docs/systems/warehouse.md.  Samples: tests/fixtures/warehouse/.
"""

from __future__ import annotations

from .adapter import WarehouseAdapter

__all__ = ["WarehouseAdapter"]

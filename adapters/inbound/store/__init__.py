"""
Stores: customer orders in ARTS POSLog in; outcomes and status, as POSLog, out.

Native format: docs/channels/store.md.  Samples: tests/fixtures/store/.
"""

from __future__ import annotations

from .adapter import StoreAdapter

__all__ = ["StoreAdapter"]

"""
Billing: charges as fixed-width records onto its queue, results back, in EBCDIC or ASCII.

Native format: docs/systems/billing.md.  Samples: tests/fixtures/billing/.
"""

from __future__ import annotations

from .adapter import BillingAdapter

__all__ = ["BillingAdapter"]

"""
Provisioning of internet access: TMF641 v4.1 service orders by HTTP, changed and cancelled; their states back.

Native format: docs/systems/oss-internet.md.  Samples: tests/fixtures/oss_internet/.
Standard: TMF641 Service Ordering v4.1.0 (``ServiceOrder_Create``, ``ServiceOrder_Update``,
``CancelServiceOrder_Create`` and three of its events).
"""

from __future__ import annotations

from .adapter import OssInternetAdapter

__all__ = ["OssInternetAdapter"]

"""
The kiosks in stores: small JSON orders in, small JSON answers back.

Native format: docs/channels/kiosk.md.  Samples: tests/fixtures/kiosk/.
"""

from __future__ import annotations

from .adapter import KioskAdapter

__all__ = ["KioskAdapter"]

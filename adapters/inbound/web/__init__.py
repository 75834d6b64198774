"""
The web portal: TMF622 v5 orders in; orders, events and errors out, as JSON.

Native format: docs/channels/web.md.  Samples: tests/fixtures/web/.
"""

from __future__ import annotations

from .adapter import WebAdapter

__all__ = ["WebAdapter"]

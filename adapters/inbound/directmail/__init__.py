"""
Direct mail: batches of reply cards as fixed-width files in; acknowledgement and status files out.

Native format: docs/channels/directmail.md.  Samples: tests/fixtures/directmail/.
"""

from __future__ import annotations

from .adapter import DirectMailAdapter

__all__ = ["DirectMailAdapter"]

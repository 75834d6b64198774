"""
The call centre: Siebel-like SWIOrder in SOAP in; SOAP answers, faults and status notices out.

Native format: docs/channels/callcenter.md.  Samples: tests/fixtures/callcenter/.
"""

from __future__ import annotations

from .adapter import CallCenterAdapter

__all__ = ["CallCenterAdapter"]

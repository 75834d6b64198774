"""
Trading partners: X12 850, 860, 869 and 997 in; 997, TA1, 855, 865 and 870 out.

Native format: docs/channels/partner.md.  Samples: tests/fixtures/partner/.
"""

from __future__ import annotations

from .adapter import PartnerAdapter

__all__ = ["PartnerAdapter"]

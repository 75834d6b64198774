"""
Where the samples of other projects lie, if anybody has laid them beside the checkout; none is part of ours.
"""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["FOLDER"]

FOLDER = Path(os.environ.get("ORDERLOOM_SAMPLES", Path(__file__).parents[3] / "shared" / "formats"))
"""``$ORDERLOOM_SAMPLES``, else ``../shared/formats``."""

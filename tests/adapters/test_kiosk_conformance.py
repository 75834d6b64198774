from __future__ import annotations

from adapters.inbound.kiosk import KioskAdapter
from adapters.kit.conformance import InboundConformance
from tests.adapters.kiosks import KIOSKS, SAMPLES


class TestKiosk(InboundConformance):
    adapter = KioskAdapter()
    references = KIOSKS
    samples = SAMPLES
    content_type = "application/json"

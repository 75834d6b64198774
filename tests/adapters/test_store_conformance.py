from __future__ import annotations

from adapters.inbound.store import StoreAdapter
from adapters.kit.conformance import InboundConformance
from tests.adapters.stores import ONE, SAMPLES


class TestStore(InboundConformance):
    adapter = StoreAdapter()
    references = ONE
    samples = SAMPLES
    content_type = "application/xml"

from __future__ import annotations

from adapters.inbound.callcenter import CallCenterAdapter
from adapters.kit.conformance import InboundConformance
from tests.adapters.callcenters import ONE, SAMPLES


class TestCallCenter(InboundConformance):
    adapter = CallCenterAdapter()
    references = ONE
    samples = SAMPLES
    content_type = "text/xml"

from __future__ import annotations

from pathlib import Path

from adapters.inbound.web import WebAdapter
from adapters.kit.conformance import InboundConformance
from tests.adapters.catalogue import WEB

FIXTURES = Path(__file__).parents[1] / "fixtures" / "web"
SAMPLES = {path.stem: path.read_bytes() for path in sorted(FIXTURES.glob("*.json"))}


class TestWeb(InboundConformance):
    adapter = WebAdapter()
    references = WEB
    samples = SAMPLES
    content_type = "application/json"

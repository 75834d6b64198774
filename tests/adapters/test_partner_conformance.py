from __future__ import annotations

from adapters.inbound.partner import PartnerAdapter
from adapters.kit.conformance import InboundConformance
from tests.adapters.partners import FIXTURES, REFERENCES

SAMPLES = {path.stem: path.read_bytes() for path in sorted((FIXTURES / "in").glob("*.edi"))}


class TestOrders(InboundConformance):
    adapter = PartnerAdapter()
    references = REFERENCES
    samples = {"orders": SAMPLES["orders"]} | SAMPLES
    number = b"000000077"

from __future__ import annotations

from adapters.inbound.directmail import DirectMailAdapter
from adapters.kit.conformance import InboundConformance
from tests.adapters.batches import BRIEFE, FIXTURES, LETTERS, PLAIN, PRINTCO, references

SAMPLES = {path.name: path.read_bytes() for path in sorted((FIXTURES / "in").glob("*.bin"))}
OF_PRINTCO = {name: body for name, body in SAMPLES.items() if name.startswith("fb-cp037")}
# Of all samples; the first is in ASCII.
NUMBER = b"B2026-0901"


class TestAmongSeveralSenders(InboundConformance):
    adapter = DirectMailAdapter()
    references = references(PRINTCO, LETTERS, BRIEFE, PLAIN)
    samples = SAMPLES
    number = NUMBER


class TestTheOnlySender(InboundConformance):
    adapter = DirectMailAdapter()
    references = references(PRINTCO)
    samples = OF_PRINTCO
    number = NUMBER.decode("ascii").encode("cp037")

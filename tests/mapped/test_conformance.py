from __future__ import annotations

from adapters.kit.conformance import InboundConformance
from tests.mapped.world import REFERENCES, adapter, samples

EBCDIC = {
    name: body.replace(b"\n", b"").decode("ascii").encode("cp037") for name, body in samples("fixed").items()
}


class TestCsv(InboundConformance):
    adapter = adapter("csv")
    references = REFERENCES
    samples = samples("csv")


class TestFixed(InboundConformance):
    adapter = adapter("fixed")
    references = REFERENCES
    samples = samples("fixed")
    number = b"0000017"


class TestFixedEbcdic(InboundConformance):
    adapter = adapter("fixed", ('code_page = "ascii"', 'code_page = "cp037"'), ('line_end = "\\n"', ""))
    references = REFERENCES
    samples = EBCDIC
    number = "0000017".encode("cp037")


class TestJson(InboundConformance):
    adapter = adapter("json")
    references = REFERENCES
    samples = samples("json")
    number = b"17"


class TestXml(InboundConformance):
    adapter = adapter("xml")
    references = REFERENCES
    samples = samples("xml")
    number = b"17"

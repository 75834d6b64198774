from __future__ import annotations

import pytest

from adapters.formats.soap import Blame, Version, envelope_bytes, fault_bytes, read_envelope, read_fault
from adapters.formats.xml_element import Vocabulary
from adapters.formats.xml_read import read_xml
from canonical.errors import Rejected

VERSIONS = pytest.mark.parametrize("version", list(Version), ids=["1.1", "1.2"])
orders = Vocabulary("urn:orders")
SIGNED = b'<d:Signature xmlns:d="http://www.w3.org/2000/09/xmldsig#"><d:Reference URI="#1"/></d:Signature>'


def envelope(body=b'<o:Ask xmlns:o="urn:orders"/>', header=b"", version=Version.V1_1, more=b""):
    head = b"<s:Header>" + header + b"</s:Header>" if header else b""
    return (
        f'<s:Envelope xmlns:s="{version}">'.encode()
        + head
        + b"<s:Body>"
        + body
        + b"</s:Body>"
        + more
        + b"</s:Envelope>"
    )


def refused(data, **how):
    with pytest.raises(Rejected) as caught:
        read_envelope(data, **how)
    return caught.value.code, caught.value.where.partition(" ")[0]


class TestReading:
    @VERSIONS
    def test_the_request_is_the_one_element_of_the_body(self, version):
        """
        Whatever the prefixes.
        """
        found = read_envelope(envelope(header=b"<x/>", version=version))

        assert (version, "{urn:orders}Ask", 1) == (found.version, found.body.name, len(found.headers))

    @pytest.mark.parametrize(
        ("data", "code", "path"),
        [
            pytest.param(
                envelope(b"<s:Fault><faultcode>s:Server</faultcode></s:Fault>"),
                "E_SOAP",
                "/s:Envelope/s:Body[1]/s:Fault[1]",
                id="X-19 a fault as request",
            ),
            pytest.param(
                envelope(header=b'<x s:mustUnderstand="1"/>'),
                "E_SOAP",
                "/s:Envelope/s:Header[1]/x[1]",
                id="X-19 must be understood",
            ),
            pytest.param(
                envelope(header=b'<x s:mustUnderstand="true" s:role=""/>', version=Version.V1_2),
                "E_SOAP",
                "/s:Envelope/s:Header[1]/x[1]",
                id="X-19 in 1.2's words",
            ),
            pytest.param(
                envelope(header=b'<x s:mustUnderstand="TRUE"/>'),
                "E_VALUE",
                "/s:Envelope/s:Header[1]/x[1]/@mustUnderstand",
                id="X-19 must be understood, perhaps",
            ),
            pytest.param(
                envelope(
                    header=2
                    * b'<w:Action xmlns:w="http://www.w3.org/2005/08/addressing">urn:orders/Ask</w:Action>'
                ),
                "E_XML_REPEAT",
                "/s:Envelope/s:Header[1]/w:Action[2]",
                id="X-20 two actions",
            ),
            pytest.param(envelope(b"<a/><b/>"), "E_SOAP", "/s:Envelope/s:Body[1]", id="X-19 two elements"),
            pytest.param(envelope(b""), "E_SOAP", "/s:Envelope/s:Body[1]", id="an empty body"),
            pytest.param(
                envelope(
                    header=b'<w:Action xmlns:w="http://www.w3.org/2005/08/addressing">urn:orders/Cancel</w:Action>'
                ),
                "E_SOAP",
                "/s:Envelope/s:Body[1]/o:Ask[1]",
                id="X-19 another action",
            ),
            pytest.param(b"<a/>", "E_SOAP", "/a", id="no envelope"),
            pytest.param(
                b'<Envelope xmlns="urn:x"/>', "E_XML_NAMESPACE", "/Envelope", id="another namespace"
            ),
            pytest.param(
                f'<s:Envelope xmlns:s="{Version.V1_1}"/>'.encode(), "E_SOAP", "/s:Envelope", id="no body"
            ),
            pytest.param(
                envelope(more=b"<s:Body><b/></s:Body>"),
                "E_XML_REPEAT",
                "/s:Envelope/s:Body[2]",
                id="two bodies",
            ),
            pytest.param(
                envelope(more=b"<s:Header/>"), "E_SOAP", "/s:Envelope/s:Header[1]", id="the header at the end"
            ),
            pytest.param(envelope(more=b"<x/>"), "E_XML_NAMESPACE", "/s:Envelope/x[1]", id="something else"),
            pytest.param(
                envelope(header=b"<x>" + SIGNED + b"</x>"),
                "E_SOAP",
                "/s:Envelope/s:Header[1]/x[1]/d:Signature[1]",
                id="X-20 a signature",
            ),
        ],
    )
    def test_what_cannot_be_taken(self, data, code, path):
        """
        Each with the element at fault.
        """
        assert (code, path) == refused(data)

    def test_an_action_in_the_content_type(self):
        """
        X-19: SOAP 1.2 says it there; it must agree with the body, in one toolkit's words or another's.
        """
        data = envelope(b'<o:Ask_Input xmlns:o="urn:orders"/>', version=Version.V1_2)

        for action in ("urn:orders/Ask", "rpc/urn:orders:Ask", "document/urn:orders:Ask_Input", ""):
            content_type = f'application/soap+xml; charset=utf-8; action="{action}"'
            assert action == read_envelope(data, content_type=content_type).action
        assert "E_SOAP" == refused(data, content_type='application/soap+xml; action="urn:orders/Cancel"')[0]

    def test_blocks_that_are_understood_or_for_another(self):
        """
        A caller says what it heeds; a block for another role is not ours.
        """
        block = b'<o:Trace xmlns:o="urn:orders" s:mustUnderstand="1">7</o:Trace>'
        other = b'<x s:mustUnderstand="1" s:actor="urn:gateway"/>'

        [found] = read_envelope(envelope(header=block), understood=("{urn:orders}Trace",)).headers

        assert "7" == found.text()
        assert read_envelope(envelope(header=other)).headers

    def test_an_id_never_chooses_the_request(self):
        """
        X-20: what is moved into the header, ids and all, is not what is read.
        """
        moved = b'<x><o:Cancel xmlns:o="urn:orders" xml:id="1"/></x>'

        assert "{urn:orders}Ask" == read_envelope(envelope(header=moved)).body.name


class TestWriting:
    @VERSIONS
    def test_what_is_written_is_read(self, version):
        """
        One element in the body, its namespaces declared.
        """
        said = orders("Answer", [orders("State", "Open")])

        written = envelope_bytes(version, said, {"urn:orders": "o"})

        assert said == read_envelope(written).body.element()
        assert written == envelope_bytes(version, said, {"urn:orders": "o"})

    @VERSIONS
    @pytest.mark.parametrize("blame", list(Blame))
    def test_a_fault_is_read_back(self, version, blame):
        """
        In the words of its version, with its detail.
        """
        detail = orders("Error", "E_DATE")

        written = fault_bytes(version, blame, "no date:\x00 <x>", [detail], {"urn:orders": "o"})
        found = read_fault(read_envelope(written, faults=True))

        words = {"Client": {"Client", "Sender"}, "Server": {"Server", "Receiver"}}[blame]
        assert found.code in words
        assert ("no date:? <x>", [detail]) == (found.text, [each.element() for each in found.detail])

    def test_a_fault_of_1_1_in_bytes(self):
        """
        Its children are in no namespace, as the note has it.
        """
        root = read_xml(fault_bytes(Version.V1_1, Blame.CLIENT, "no"))

        fault = root.child("Body").child("Fault")
        assert ["faultcode", "faultstring"] == [each.name for each in fault.children]
        assert "soap:Client" == fault.children[0].text()

    def test_an_answer_is_no_fault(self):
        """
        None is told from an empty one.
        """
        assert read_fault(read_envelope(envelope(), faults=True)) is None

"""
Interchanges of other people's software, where somebody has laid them beside the checkout.

They are not part of this project; without them there is nothing to check, and no test.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.formats.x12 import Interchange, read_interchanges
from adapters.inbound.partner import PartnerAdapter
from adapters.kit import Native
from canonical.commands import CommandReceipt, RejectedDocument, SubmitOrder
from canonical.errors import Rejected
from canonical.references import Code, Endpoint, Identifier, Offering, References
from tests.adapters.partners import intake_of, segments, stamp

FILES = {path.name: path for path in sorted((Path(__file__).parents[3] / "shared/formats/x12").glob("*.edi"))}

# What a partner sends: code of each document, empty when it is taken; what is known of each file by its name.
KNOWN = {
    "EDI.Net__x12.850.edi": ["E_BOM"],
    "EdiEngine__850.OK.edi": [""],
    "EdiEngine__850.SyntaxNotes.ERR.edi": ["E_MISSING"],
    "EdiEngine__940.OK.edi": ["E_EDI_TYPE"],
    "EdiEngine__ControlNumbersMismatch.edi": ["E_EDI_CONTROL"],
    "EdiEngine__NonEdi.edi": ["E_EDI_ISA"],
    "in_850.edi": [""],
    "in_860.edi": [""],
    "out_01_997.edi": [""],
    "out_02_855.edi": ["E_EDI_TYPE"],
    "out_04_865.edi": ["E_EDI_TYPE"],
}
# Codes that the samples use.
CODES = ("HANDSET-A", "CASE-01", "AB3542", "RD5322", "XY5266", "VX2332", "RV0524", "DX1875")


def references_for(message):
    """A profile for whoever sent this, as it asks for, and a catalogue with the samples' codes."""
    found = next(iter(read_interchanges(message)))
    endpoints = ()
    if isinstance(found, Interchange):
        isa = found.isa
        profile = Endpoint(
            id="partner.sample",
            channel="partner",
            out_queue="channel.partner.sample.out",
            identifiers=(Identifier(qualifier=isa.sender.qualifier, value=isa.sender.id),),
            hub=Identifier(qualifier=isa.receiver.qualifier, value=isa.receiver.id),
            format={"interchange_version": isa.version, "usage": isa.usage},
        )
        endpoints = (profile,)
    codes = {
        code: tuple(Code(owner="partner", type=kind, code=code) for kind in ("VP", "VN")) for code in CODES
    }
    offerings = [
        Offering(id=f"O-{code}", name=code, category="device", max_quantity=1000, codes=codes[code])
        for code in CODES
    ]
    return References.of("samples", offerings, endpoints)


def documents_in(message, references):
    """What the adapter makes of it; a message that nobody can be answered for is one fault."""
    try:
        return list(PartnerAdapter().translate(Native(body=message, content_type=""), references))
    except Rejected as rejected:
        return [rejected]


def code_of(found):
    """The fault of a document, or nothing."""
    match found:
        case Rejected():
            return found.code
        case RejectedDocument():
            return found.fault.code
        case _:
            return ""


if FILES:

    @pytest.mark.parametrize("name", FILES)
    def test_a_sample_has_a_definite_result(name):
        """Taken, or refused with a code; and there is an answer when there is somebody to answer."""
        message = FILES[name].read_bytes()
        references = references_for(message)
        found = documents_in(message, references)
        codes = [code_of(one) for one in found]

        assert KNOWN.get(name, codes) == codes
        if isinstance(found[0], CommandReceipt | Rejected):
            return
        native = PartnerAdapter().acknowledge(intake_of(found), stamp(references.endpoints["partner.sample"]))
        assert native is not None
        assert segments(native)

    def test_orders_of_other_software_are_taken():
        """Each 850 that its own software holds sound is an order with all its lines."""
        for name, lines in (("EdiEngine__850.OK.edi", 6), ("in_850.edi", 2)):
            if name in FILES:
                message = FILES[name].read_bytes()
                [found] = documents_in(message, references_for(message))
                assert isinstance(found, SubmitOrder)
                assert lines == len(found.order.product_order_item)

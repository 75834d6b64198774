from __future__ import annotations

import pytest

from canonical.commands import RejectedDocument, SubmitOrder
from canonical.references import References
from tests.adapters.callcenters import DESK, OFFERINGS, TWO, fields, line, message, order, read

ORDER = "/s:Envelope/s:Body[1]/a:SWIOrderUpsert_Input[1]/d:ListOfSWIOrderIO[1]/d:SWIOrder[1]"
ITEM = f"{ORDER}/d:ListOfSWIOrderItem[1]/d:SWIOrderItem"
ATTRIBUTE = "<d:ListOfSWIOrderItemXa><d:SWIOrderItemXa>{}</d:SWIOrderItemXa></d:ListOfSWIOrderItemXa>"


def fault(body, **how):
    [found] = read(body, **how)
    assert isinstance(found, RejectedDocument)
    return found.fault


class TestOrders:
    @pytest.mark.parametrize(
        ("bad", "code", "path"),
        [
            pytest.param(order(OrderNumber=None), "E_MISSING", ORDER, id="no number"),
            pytest.param(
                order(OrderNumber="1 7"),
                "E_KEY_FORMAT",
                f"{ORDER}/d:OrderNumber[1]",
                id="a number with a blank",
            ),
            pytest.param(order(Id=""), "E_KEY_MISSING", f"{ORDER}/d:Id[1]", id="an empty row id"),
            pytest.param(
                order(Status="Complete"), "E_ACTION", f"{ORDER}/d:Status[1]", id="a status that asks nothing"
            ),
            pytest.param(order(Status=None), "E_MISSING", ORDER, id="no status"),
            pytest.param(order(Revision="0"), "E_RANGE", f"{ORDER}/d:Revision[1]", id="revision 0"),
            pytest.param(
                order(Revision="II"), "E_NUMBER", f"{ORDER}/d:Revision[1]", id="a revision in letters"
            ),
            pytest.param(order(HoldFlag="X"), "E_VALUE", f"{ORDER}/d:HoldFlag[1]", id="a flag that is none"),
            pytest.param(order(CurrencyCode="usd"), "E_VALUE", f"{ORDER}/d:CurrencyCode[1]", id="a currency"),
            pytest.param(
                order(DueDate="2026-09-14"), "E_DATE", f"{ORDER}/d:DueDate[1]", id="another form of date"
            ),
            pytest.param(
                order(DueDate="02/30/2026 09:00:00"), "E_DATE", f"{ORDER}/d:DueDate[1]", id="V-09 no such day"
            ),
            pytest.param(
                order(DueDate="03/08/2026 02:30:00"),
                "E_DATE",
                f"{ORDER}/d:DueDate[1]",
                id="V-09 no such hour",
            ),
            pytest.param(
                order(DueDate="09/14/0026 09:00:00"), "E_DATE", f"{ORDER}/d:DueDate[1]", id="V-09 year 26"
            ),
            pytest.param(
                order(CreditLimit="5"), "E_UNKNOWN", f"{ORDER}/d:CreditLimit[1]", id="what would be lost"
            ),
            pytest.param(
                order(more="<Id>1</Id>"), "E_XML_NAMESPACE", f"{ORDER}/Id[1]", id="X-15 no namespace"
            ),
            pytest.param(
                order(more="<d:Status>Open</d:Status>"),
                "E_XML_REPEAT",
                f"{ORDER}/d:Status[2]",
                id="X-14 twice",
            ),
            pytest.param(
                order(Status="Pen<!-- -->ding"),
                "E_XML_MIXED",
                f"{ORDER}/d:Status[1]",
                id="X-12 a comment within",
            ),
            pytest.param(
                order(Comments="x" * 4_001), "E_FIELD_SIZE", f"{ORDER}/d:Comments[1]", id="a long comment"
            ),
            pytest.param(
                order(Comments="\x7f"), "E_CONTROL_CHAR", f"{ORDER}/d:Comments[1]", id="a control character"
            ),
            pytest.param(order(line(Id=None)), "E_MISSING", f"{ITEM}[1]", id="an item without id"),
            pytest.param(order(line(Qty="0")), "E_RANGE", f"{ITEM}[1]/d:Qty[1]", id="nothing of it"),
            pytest.param(order(line(Qty="1.5")), "E_NUMBER", f"{ITEM}[1]/d:Qty[1]", id="one and a half"),
            pytest.param(
                order(line(Qty="101")), "E_RANGE", f"{ITEM}[1]/d:Qty[1]", id="more than the catalogue allows"
            ),
            pytest.param(
                order(line(ActionCode="Swap")), "E_ACTION", f"{ITEM}[1]/d:ActionCode[1]", id="an action"
            ),
            pytest.param(
                order(line(Product="Nothing")), "E_OFFERING", f"{ITEM}[1]/d:Product[1]", id="a product"
            ),
            pytest.param(
                order(line(), line()), "E_DUPLICATE_LINE", f"{ITEM}[2]/d:Id[1]", id="a row id twice"
            ),
            pytest.param(
                order(line(), line("1", Id="1-L9")),
                "E_DUPLICATE_LINE",
                f"{ITEM}[2]/d:LineNumber[1]",
                id="a line twice",
            ),
            pytest.param(
                order(line(ParentOrderItemId="1-L9")),
                "E_VALUE",
                f"{ITEM}[1]/d:ParentOrderItemId[1]",
                id="no such parent",
            ),
            pytest.param(
                order(line(ParentOrderItemId="1-L1")),
                "E_DEPTH",
                f"{ITEM}[1]/d:ParentOrderItemId[1]",
                id="its own parent",
            ),
            pytest.param(
                order(line(ParentOrderItemId="1-L2"), line("2", ParentOrderItemId="1-L1")),
                "E_DEPTH",
                f"{ITEM}[1]/d:ParentOrderItemId[1]",
                id="each other's parent",
            ),
            pytest.param(
                order(line(), line("2", RootOrderItemId="1-L1")),
                "E_VALUE",
                f"{ITEM}[2]/d:RootOrderItemId[1]",
                id="another root",
            ),
            pytest.param(
                order(line(NetPrice="1e3")), "E_NUMBER", f"{ITEM}[1]/d:NetPrice[1]", id="an exponent"
            ),
            pytest.param(
                order(line(NetPrice="1", PriceType="Weekly")),
                "E_VALUE",
                f"{ITEM}[1]/d:PriceType[1]",
                id="a price type",
            ),
            pytest.param(
                order(line(more=ATTRIBUTE.format("<d:Value>1</d:Value>"))),
                "E_MISSING",
                f"{ITEM}[1]/d:ListOfSWIOrderItemXa[1]/d:SWIOrderItemXa[1]",
                id="an attribute without name",
            ),
            pytest.param(
                order(line(more=ATTRIBUTE.format(fields(Name="A", Value="x", DataType="Integer")))),
                "E_NUMBER",
                f"{ITEM}[1]/d:ListOfSWIOrderItemXa[1]/d:SWIOrderItemXa[1]/d:Value[1]",
                id="a number",
            ),
            pytest.param(
                order(line(more=ATTRIBUTE.format(fields(Name="MSISDN", Value="0541555")))),
                "E_VALUE",
                f"{ITEM}[1]/d:ListOfSWIOrderItemXa[1]/d:SWIOrderItemXa[1]/d:Value[1]",
                id="V-08 MSISDN",
            ),
            pytest.param(
                order(more="<d:ListOfSWIOrderItem/>"),
                "E_XML_REPEAT",
                f"{ORDER}/d:ListOfSWIOrderItem[2]",
                id="two lists",
            ),
        ],
    )
    def test_the_element_is_named(self, bad, code, path):
        """
        Code and path, with the sender's own prefixes; the answer can name the order.
        """
        found = fault(message(bad))

        assert code == found.code
        assert path == found.where.partition(" ")[0]

    def test_one_bad_order_harms_no_other(self):
        """
        Its neighbours are taken.
        """
        bad = order(line(Product="Nothing"), OrderNumber="1-8")
        found = read(message(order(), bad, order(OrderNumber="1-9")))

        assert [SubmitOrder, RejectedDocument, SubmitOrder] == [type(one) for one in found]
        assert ["1-7", "1-8", "1-9"] == [one.origin.document for one in found]

    def test_too_many_items(self):
        """
        An order of a thousand items is a project of its own.
        """
        found = fault(message(order(*(line(str(n)) for n in range(1, 1_002)))))

        assert ("E_RECORDS", f"{ITEM}[1001]") == (found.code, found.where.partition(" ")[0])


class TestMessages:
    @pytest.mark.parametrize(
        ("body", "code"),
        [
            pytest.param(b"", "E_EMPTY", id="nothing"),
            pytest.param(b'{"a": 1}', "E_FORMAT_SNIFF", id="JSON"),
            pytest.param(
                message().replace(b"SWIOrderUpsert", b"SWIOrderErase"), "E_SOAP", id="another operation"
            ),
            pytest.param(
                message().replace(b"siebel.com/asi", b"example.com/asi"), "E_XML_NAMESPACE", id="service"
            ),
            pytest.param(message().replace(b"Order/Data", b"Order/Datum"), "E_XML_NAMESPACE", id="data"),
            pytest.param(message().replace(b"<s:Body>", b"<s:Body><x/>"), "E_SOAP", id="two in the body"),
            pytest.param(b"<!DOCTYPE a>" + message(), "E_XML_DTD", id="a document type"),
            pytest.param(message()[:-9], "E_XML_SYNTAX", id="cut off"),
            pytest.param(message().replace(b"Case clear", b"Caf\xe9"), "E_ENCODING", id="Latin-1"),
            pytest.param(message(" "), "E_MISSING", id="no order"),
            pytest.param(
                message(header='<s:Header><x s:mustUnderstand="1"/></s:Header>'), "E_SOAP", id="a demand"
            ),
        ],
    )
    def test_the_message_as_a_whole(self, body, code):
        """
        One rejected document, of the channel's only endpoint, so that it is answered.
        """
        [found] = read(body)

        assert (code, "callcenter.desk") == (found.fault.code, found.origin.endpoint)

    def test_an_action_that_asks_something_else(self):
        """
        X-19: in the content type.
        """
        content_type = 'application/soap+xml; action="http://siebel.com/asi/SWIOrderErase"'

        assert "E_SOAP" == fault(message(), content_type=content_type).code

    @pytest.mark.parametrize("address", [None, "urn:nobody"])
    def test_a_sender_that_is_not_known(self, address):
        """
        With several endpoints the message must say; nobody is guessed.
        """
        named = f"<w:Address>{address}</w:Address>" if address else ""
        header = (
            f'<s:Header><w:From xmlns:w="http://www.w3.org/2005/08/addressing">{named}</w:From></s:Header>'
        )
        [found] = read(message(header=header if address else ""), TWO)

        assert ("E_IDENTITY", "") == (found.fault.code, found.origin.endpoint)

    def test_two_senders_in_one_message(self):
        """
        Neither is believed: whoever looks at the last would take it for the other's.
        """
        named = "".join(
            f'<w:From xmlns:w="http://www.w3.org/2005/08/addressing"><w:Address>{one}</w:Address></w:From>'
            for one in ("urn:callcenter:desk", "urn:other")
        )
        [found] = read(message(header=f"<s:Header>{named}</s:Header>"), TWO)

        assert ("E_XML_REPEAT", "") == (found.fault.code, found.origin.endpoint)

    @pytest.mark.parametrize(
        ("name", "value"), [("zone", "Mars/Olympus"), ("zone", "../etc"), ("soap", "2.0")]
    )
    def test_a_profile_that_is_wrong(self, name, value):
        """
        Said in words, and not by an exception.
        """
        endpoint = type(DESK)(id=DESK.id, channel="callcenter", out_queue="q", format={name: value})

        found = fault(message(), references=References.of("test", OFFERINGS, (endpoint,)))

        assert ("E_CONFIG", f"callcenter.desk {name}") == (found.code, found.where)

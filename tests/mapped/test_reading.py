from __future__ import annotations

import json
import time
from datetime import UTC, datetime

import msgspec
import pytest

from adapters.formats.fixed import Format, Recfm, code_page
from adapters.formats.fixed_decoded import decode_records
from adapters.kit.contract import DescribedAdapter
from canonical.order import (
    Characteristic,
    ExternalId,
    Note,
    OfferingRef,
    OrderContent,
    OrderItem,
    PartyRef,
    Product,
    RelatedParty,
)
from canonical.references import References
from canonical.states import Action
from tests.mapped.world import FORMATS, ONE, REFERENCES, adapter, mapping, outcome, samples, translated


def item(number, quantity, colour):
    said = (Characteristic(name="colour", value=colour),) if colour else ()
    return OrderItem(
        id=number,
        line_ref=number,
        action=Action.ADD,
        product_offering=OfferingRef(id="HANDSET-A", name="Handset A"),
        quantity=quantity,
        product=Product(product_characteristic=said),
        category="device",
    )


def content(number, customer, name, *items, wanted=None):
    return OrderContent(
        product_order_item=items,
        external_id=(ExternalId(owner="agent.one", external_identifier_type="orderNumber", id=number),),
        related_party=(RelatedParty(role="customer", party_or_party_role=PartyRef(id=customer, name=name)),),
        requested_completion_date=wanted,
    )


@pytest.mark.parametrize("form", FORMATS)
class TestAllFormats:
    def test_the_same_orders_in_each_format(self, form):
        """Lines of one order together; a day in Paris begins at eleven in the evening, UTC."""
        first, second = translated(adapter(form), samples(form)["two-orders"])
        wanted = datetime(2026, 12, 23, 23, tzinfo=UTC)

        assert first.order == content(
            "A-1001", "C-77", "Rosa Diaz", item("1", 2, "black"), item("2", 1, "white"), wanted=wanted
        )
        assert second.order == content("A-1002", "C-78", "Lee; Ana", item("1", 1, ""))
        assert [("A-1001", 1), ("A-1002", 2)] == [
            (one.origin.document, one.origin.position) for one in (first, second)
        ]

    def test_what_is_unknown_is_that_orders_fault(self, form):
        """The other order is taken, and the bad one is named so that it can be answered."""
        body = samples(form)["two-orders"].replace(b"HANDSET-A", b"HANDSET-X", 1)
        bad, good = translated(adapter(form), body)

        assert ("E_OFFERING", "A-1001", "A-1002") == (
            bad.fault.code,
            bad.origin.document,
            good.origin.document,
        )

    def test_several_endpoints_and_no_name(self, form):
        """Nobody knows whose it is: it is parked."""
        other = msgspec.structs.replace(ONE, id="agent.two", identifiers=())
        references = References.of("test", REFERENCES.offerings.values(), [ONE, other])

        assert "E_IDENTITY" == outcome(adapter(form), samples(form)["one-order"], references)[0][0]


CSV = [
    pytest.param(b";2;black", b";0;black", "E_RANGE", "line 2 column 48 QTY at byte 103", id="quantity"),
    pytest.param(b";2;black", b";2,5;black", "E_NUMBER", "line 2 column 48 QTY at byte 103", id="fraction"),
    pytest.param(b";N;", b";X;", "E_ACTION", "line 2 column 46 ACTION at byte 101", id="action"),
    pytest.param(b"24.12", b"31.02", "E_DATE", "line 2 column 23 WANTED at byte 78", id="date"),
    pytest.param(b"A-1001;", b"A/1001;", "E_KEY_FORMAT", "line 2 column 1 ORDER at byte 56", id="number"),
    pytest.param(b"C-77", b"", "E_MISSING", "line 2 column 8 CUSTOMER at byte 63", id="customer"),
    pytest.param(b";1;HAND", b";;HAND", "E_KEY_MISSING", "line 2 column 34 LINE at byte 89", id="line"),
    pytest.param(b"END;1", b"END;2", "E_CSV_ROW", "line 3 column 5 at byte 116", id="trailer"),
    pytest.param(b"COLOUR", b"COLOR", "E_CSV_HEADER", "line 1 column 49 at byte 48", id="header"),
]


class TestCsv:
    @pytest.mark.parametrize(("old", "new", "code", "place"), CSV)
    def test_code_and_place(self, old, new, code, place):
        """In the sender's terms."""
        body = samples("csv")["one-order"]
        assert old in body
        [(found, where)] = outcome(adapter("csv"), body.replace(old, new, 1))

        assert (code, place) == (found, where)

    def test_lines_of_an_order_must_agree(self):
        """Another customer in the second row is a mistake, and nobody guesses which."""
        body = samples("csv")["two-orders"].replace(b"2;HANDSET-A;N;1;white", b"2;HANDSET-A;N;1;white")
        rows = body.split(b"\r\n")
        rows[2] = rows[2].replace(b"C-77", b"C-99")
        [(code, where)] = outcome(adapter("csv"), b"\r\n".join(rows))

        assert ("E_VALUE", "line 3 column 8 CUSTOMER") == (code, where.partition(" at ")[0])

    def test_a_line_number_twice(self):
        """With the place where it was before."""
        body = samples("csv")["two-orders"].replace(b";2;HANDSET-A", b";1;HANDSET-A")

        assert ["E_DUPLICATE_LINE"] == [code for code, _ in outcome(adapter("csv"), body)]

    def test_an_open_end_is_flagged_on_the_order(self):
        """Where it was agreed that the last line may lack its end."""
        made = adapter("csv", ('trailer = { word = "END", count = 2 }', "open_end = true"))
        body = samples("csv")["one-order"].partition(b"\r\nEND")[0]
        [order] = translated(made, body)

        assert [True] == ["[W_CSV_TAIL]" in note.text for note in order.order.note]
        assert isinstance(order.order.note[0], Note)

    def test_places_are_found_for_faults_only(self):
        """A message of a thousand columns that are not read costs what it takes to read it."""
        made = adapter("csv", ('delimiter = ";"', 'delimiter = ";"\nothers = true'))
        head, row, _ = samples("csv")["one-order"].splitlines()
        more = b"".join(b";x%d" % number for number in range(900))
        rows = [row.replace(b";1;HANDSET", b";%d;HANDSET" % n) + b";" * 900 for n in range(3_000)]
        body = b"\r\n".join((head + more, *rows, b"END;3000", b""))
        began = time.process_time()
        [taken] = translated(made, body)

        assert 3_000 == len(taken.order.product_order_item)
        assert time.process_time() - began < 8

    def test_a_quantity_in_words(self):
        """Each means a number; another is refused."""
        made = adapter("csv", ('quantity = "QTY"', 'quantity = { from = "QTY", words = { two = "2" } }'))
        body = samples("csv")["one-order"]
        [taken] = translated(made, body.replace(b"N;2;", b"N;two;"))

        assert 2 == taken.order.product_order_item[0].quantity
        assert ["E_VALUE"] == [code for code, _ in outcome(made, body)]

    def test_a_trailer_in_another_alphabet(self):
        """Is found by its bytes in the table's own encoding."""
        made = adapter(
            "csv", ('word = "END"', 'word = "SUMA\N{LATIN SMALL LETTER N WITH TILDE}"'), ("utf-8", "cp1252")
        )
        body = samples("csv")["one-order"].replace(
            b"END", "SUMA\N{LATIN SMALL LETTER N WITH TILDE}".encode("cp1252")
        )

        assert [] == outcome(made, body)

    def test_codes_of_the_catalogue(self):
        """An offering by the sender's own code."""
        made = adapter("csv", ('offering = "ITEM"', 'offering = { from = "ITEM", code = "SKU" }'))
        [order] = translated(made, samples("csv")["one-order"].replace(b"HANDSET-A", b"4711"))

        assert "HANDSET-A" == order.order.product_order_item[0].product_offering.id

    def test_a_number_of_a_subscriber(self):
        """V-08: a characteristic that is called so bears one."""
        made = adapter("csv", ('colour = "COLOUR"', 'msisdn = "COLOUR"'))
        body = samples("csv")["one-order"]

        assert [("E_VALUE", "line 2 column 50 COLOUR at byte 105")] == outcome(made, body)
        assert [] == outcome(made, body.replace(b"black", b"15415550123"))

    def test_the_sender_in_a_column(self):
        """Each endpoint is known by what it calls itself."""
        made = adapter("csv", ("[order]\n", '[message]\nsender = "CUSTOMER"\n\n[order]\n'))
        body = samples("csv")["one-order"]

        assert [] == outcome(made, body.replace(b"C-77", b"ONE"))
        assert "E_IDENTITY" == outcome(made, body)[0][0]

    def test_more_orders_than_one_transaction_takes(self):
        """The first that is too many is named, and nothing is taken."""
        head, row, _ = samples("csv")["one-order"].split(b"\r\n")[:3]
        rows = [row.replace(b"A-1001", b"A-%d" % number) for number in range(1, 1002)]
        body = b"\r\n".join([head, *rows, b"END;1001", b""])
        [(code, where)] = outcome(adapter("csv"), body)

        assert ("E_RECORDS", "line 1002 column 1") == (code, where.partition(" at ")[0])

    def test_one_message_has_one_sender(self):
        """Another one's name in a later row does not pass under the first one's."""
        made = adapter("csv", ("[order]\n", '[message]\nsender = "CUSTOMER"\n\n[order]\n'))
        rows = samples("csv")["two-orders"].replace(b"C-77", b"ONE")

        assert ["E_IDENTITY"] == [code for code, _ in outcome(made, rows)]
        assert [] == outcome(made, rows.replace(b"C-78", b"ONE"))


class TestFixed:
    @pytest.mark.parametrize(
        ("old", "new", "code", "where"),
        [
            pytest.param(b"N00002", b"N0000X", "E_NUMBER", "record 3 cols 22-26 QTY", id="digits"),
            pytest.param(b"N00002", b"Q00002", "E_ACTION", "record 3 cols 21-21 ACTION", id="action"),
            pytest.param(b"20261224", b"20261324", "E_DATE", "record 2 cols 44-51 WANTED", id="date"),
            pytest.param(b"\nT", b"\nZ", "E_FW_TYPE", "record 4 cols 1-1 KIND", id="kind"),
            pytest.param(b"T000002", b"T000003", "E_FW_COUNT", "record 4 cols 2-7 COUNT", id="count"),
            pytest.param(b"H0000017", b"L0010017", "E_FW_SEQUENCE", "record 1", id="header"),
            pytest.param(b"\nO", b"\nH", "E_FW_SEQUENCE", "record 2", id="second header"),
            pytest.param(b"\nL", b"\nO", "E_FW_SEQUENCE", "record 2", id="no line"),
        ],
    )
    def test_code_and_place(self, old, new, code, where):
        """Record and columns, counted from 1."""
        body = samples("fixed")["one-order"]
        assert old in body

        assert [(code, where)] == outcome(adapter("fixed"), body.replace(old, new, 1))

    def test_the_number_of_the_file_is_its_envelope(self):
        """So that the same file is known again."""
        [order] = translated(adapter("fixed"), samples("fixed")["one-order"])

        assert "0000017" == order.origin.envelope


class TestJson:
    @pytest.mark.parametrize(
        ("path", "value", "code", "where"),
        [
            (("orders", 0, "lines", 0, "quantity"), 2.5, "E_NUMBER", "$.orders[0].lines[0].quantity"),
            (("orders", 0, "lines", 0, "quantity"), True, "E_TYPE", "$.orders[0].lines[0].quantity"),
            (("orders", 0, "number"), 1001, "E_TYPE", "$.orders[0].number"),
            (("orders", 0, "more"), 1, "E_UNKNOWN", "$.orders[0].more"),
            (("orders", 0, "customer", "age"), 1, "E_UNKNOWN", "$.orders[0].customer.age"),
            (("orders", 0, "lines", 0, "x"), 1, "E_UNKNOWN", "$.orders[0].lines[0].x"),
            (("orders", 0, "lines"), [], "E_MISSING", "$.orders[0].lines"),
            (("orders", 0, "lines"), None, "E_MISSING", "$.orders[0].lines"),
            (("orders", 0, "wanted"), "2026-02-30", "E_DATE", "$.orders[0].wanted"),
            (("more",), 1, "E_UNKNOWN", "$.more"),
            (("orders",), [], "E_MISSING", "$.orders"),
            (("batch",), "a b", "E_KEY_FORMAT", "$.batch"),
        ],
    )
    def test_code_and_place(self, path, value, code, where):
        """What the mapping does not name is refused, not lost."""
        document = json.loads(samples("json")["one-order"])
        node = document
        for step in path[:-1]:
            node = node[step]
        node[path[-1]] = value

        assert [(code, where)] == outcome(adapter("json"), json.dumps(document).encode())

    def test_what_may_be_ignored(self):
        """Where the mapping says so."""
        made = adapter("json", ('lines = "lines"', 'lines = "lines"\nignored = ["customer.age", "tags"]'))
        document = json.loads(samples("json")["one-order"])
        document["orders"][0]["customer"]["age"] = 44
        document["orders"][0]["tags"] = {"a": [1]}

        assert [] == outcome(made, json.dumps(document).encode())

    def test_a_document_that_is_one_order_of_one_line(self):
        """Neither list is there."""
        made = adapter("json", ('orders = "orders"\nlines = "lines"', ""))
        order = json.loads(samples("json")["one-order"])["orders"][0]
        line = order.pop("lines")[0]
        [found] = translated(made, json.dumps({"batch": "1"} | order | line).encode())

        assert (item("1", 2, "black"),) == found.order.product_order_item


class TestXml:
    @pytest.mark.parametrize(
        ("old", "new", "code", "path"),
        [
            (b"<Quantity>2", b"<Quantity>0", "E_RANGE", "/Orders/Order[1]/Lines[1]/Line[1]/Quantity[1]"),
            (b"<Wanted>", b"<More/><Wanted>", "E_UNKNOWN", "/Orders/Order[1]/More[1]"),
            (b'<Line no="1"', b'<Line no="1" x="2"', "E_UNKNOWN", "/Orders/Order[1]/Lines[1]/Line[1]"),
            (b"<Item>", b"<Item>A</Item><Item>", "E_XML_REPEAT", "/Orders/Order[1]/Lines[1]/Line[1]/Item[2]"),
            (b"<Orders batch", b'<Orders xmlns="urn:x" batch', "E_XML_NAMESPACE", "/Orders"),
            (b"<Orders batch=", b"<!DOCTYPE a><Orders batch=", "E_XML_DTD", ""),
        ],
    )
    def test_code_and_place(self, old, new, code, path):
        """XPath, line, column, byte."""
        body = samples("xml")["one-order"]
        assert old in body
        [(found, where)] = outcome(adapter("xml"), body.replace(old, new, 1))

        assert (code, True) == (found, where.startswith(path))

    def test_what_belongs_to_the_message_is_nothing_in_an_order(self):
        """Known in one place is not known in all."""
        body = samples("xml")["one-order"].replace(b"<Order number", b'<Order batch="17" number')

        assert ["E_UNKNOWN"] == [code for code, _ in outcome(adapter("xml"), body)]

    def test_a_namespace(self):
        """Of all elements, as declared; the sender's prefix does not matter."""
        made = adapter("xml", ('root = "Orders"', 'root = "Orders"\nnamespace = "urn:agents"'))
        body = samples("xml")["one-order"].replace(b"<Orders ", b'<Orders xmlns="urn:agents" ')

        assert [] == outcome(made, body)


def on_a_day(text, form, zone):
    """What an order becomes whose day is written so, where days are declared to be written as ``form``."""
    made = adapter(
        "csv",
        (
            'form = "DD.MM.YYYY", zone = "Europe/Paris" }\n\n',
            f'form = "{form}", zone = "{zone}", time = "08:30" }}\n\n',
        ),
    )
    [found] = translated(made, samples("csv")["one-order"].replace(b"24.12.2026", text.encode()))
    return found


@pytest.mark.parametrize(
    ("text", "form", "zone", "expected"),
    [
        ("2026-03-01", "YYYY-MM-DD", "UTC", "2026-03-01T08:30:00+00:00"),
        ("2026060", "YYYYDDD", "UTC", "2026-03-01T08:30:00+00:00"),
        ("01/03/2026 14:05", "DD/MM/YYYY hh:mm", "America/New_York", "2026-03-01T19:05:00+00:00"),
        ("01/07/2026 14:05", "DD/MM/YYYY hh:mm", "EST5EDT,M3.2.0,M11.1.0", "2026-07-01T18:05:00+00:00"),
        ("2026-10-25 02:30", "YYYY-MM-DD hh:mm", "Europe/Paris", "2026-10-25T00:30:00+00:00"),
        ("2026-03-01T10:00:00+01:00", "iso", "UTC", "2026-03-01T09:00:00+00:00"),
    ],
)
def test_days(text, form, zone, expected):
    """As declared."""
    assert expected == on_a_day(text, form, zone).order.requested_completion_date.isoformat()


@pytest.mark.parametrize(
    ("text", "form", "zone"),
    [
        pytest.param("2026-03-29 02:30", "YYYY-MM-DD hh:mm", "Europe/Paris", id="V-09 the clocks skip it"),
        pytest.param("2025366", "YYYYDDD", "UTC", id="day 366 of a common year"),
        pytest.param("0001-01-01", "YYYY-MM-DD", "UTC", id="V-09 year 1"),
        pytest.param("9999-12-31", "YYYY-MM-DD", "UTC", id="V-09 year 9999"),
        pytest.param("2026-3-1", "YYYY-MM-DD", "UTC", id="another form"),
        pytest.param("2026-03-01T10:00:00", "iso", "UTC", id="V-09 no zone"),
        pytest.param("\uff12\uff10\uff12\uff16-03-01", "YYYY-MM-DD", "UTC", id="V-01 full-width digits"),
    ],
)
def test_no_days(text, form, zone):
    """In no other way; an hour that the clocks skip is none."""
    fault = on_a_day(text, form, zone).fault

    assert ("E_DATE", "line 2 column 23 WANTED at byte 78") == (fault.code, fault.where)


@pytest.mark.parametrize("form", ["json", "xml"])
def test_more_lines_than_one_transaction_takes(form):
    """Ten thousand of a message, in whatever orders; the whole message is refused, and nothing is taken."""
    body = samples(form)["one-order"]
    if form == "json":
        document = json.loads(body)
        [order] = document["orders"]
        orders = [order | {"number": f"A-{n}", "lines": order["lines"] * 1_000} for n in range(11)]
        many = json.dumps(document | {"orders": orders}).encode()
    else:
        head, order, line = body.split(b"<Order ", 1)[0], body[body.index(b"<Order ") :], b'<Line no="1"/>'
        whole = order[: order.index(b"<Line ")] + line * 1_000 + order[order.index(b"</Lines>") :]
        many = head + whole.removesuffix(b"</Orders>\n") * 11 + b"</Orders>"
    [refused] = translated(adapter(form), many)

    assert ("E_RECORDS", "11000 lines") == (refused.fault.code, refused.fault.what)


def test_the_mappings_are_all_different():
    """Four formats, not one four times."""
    assert 4 == len({mapping(form) for form in FORMATS})


class TestShown:
    def test_records_are_shown_field_by_field(self):
        """With byte offsets, as those of an adapter that somebody wrote."""
        made = adapter("fixed")
        [family] = made.record_families
        body = samples("fixed")["one-order"]
        shown = list(decode_records(body, family, code_page("ascii"), Format(Recfm.FB, 52)))

        assert isinstance(made, DescribedAdapter)
        assert ["KIND", "FILE-NO", "LINE-END", "KIND", "ORDER"] == [one.path for one in shown[:5]]
        assert [0, 1, 51, 52, 53] == [one.offset for one in shown[:5]]
        assert [] == [one for one in shown if one.fault]

    @pytest.mark.parametrize("form", ["csv", "json", "xml"])
    def test_what_has_no_records_says_so(self, form):
        """It is decoded as text of its format."""
        assert not isinstance(adapter(form), DescribedAdapter)

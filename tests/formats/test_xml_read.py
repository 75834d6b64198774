from __future__ import annotations

import io
import time
import tracemalloc
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.formats.xml_element import Element, Vocabulary
from adapters.formats.xml_read import Limits, read_records, read_xml
from adapters.formats.xml_write import sayable, write_long_xml, write_xml
from canonical.errors import Rejected

ORDERS, OTHER = "urn:orders", "urn:other"
PREFIXES = {ORDERS: "o", OTHER: ""}
order = Vocabulary(ORDERS)

NAMES = st.builds(
    lambda uri, local: f"{{{uri}}}{local}",
    st.sampled_from([ORDERS, OTHER]),
    st.sampled_from(["Order", "Line", "Id", "a-b", "_x.1"]),
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20).map(sayable)
GOOD = (
    b'<?xml version="1.0"?>\n<o:a xmlns:o="urn:orders" b="1"><!-- c --><d xml:id="e">f &amp; g</d><h/></o:a>'
)
SPOTS = st.integers(0, len(GOOD))
PIECES = st.sampled_from(
    b"""< > & ]]> <![CDATA[ <!-- --> <?x? \x00 \xff ' " </ <o:a> x:y \xc3 xmlns:q='q' xml:id=''""".split()
)

ATTRIBUTES = st.dictionaries(
    st.one_of(st.sampled_from(["id", "type", "x.y"]), st.just(f"{{{ORDERS}}}ref")), TEXTS, max_size=3
)
LEAVES = st.builds(Element, NAMES, TEXTS, st.just(()), ATTRIBUTES)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.builds(
        Element, NAMES, st.just(""), st.lists(inner, min_size=1, max_size=4).map(tuple), ATTRIBUTES
    ),
    max_leaves=12,
)


class TestReading:
    def test_a_place_is_path_line_column_and_byte(self):
        """
        With the sender's own prefixes; columns count characters, bytes count bytes.
        """
        root = read_xml("<s:E xmlns:s='urn:s' xmlns='urn:b'>\n <a>é</a><a/><b/><a/></s:E>".encode())

        assert [
            "/s:E line 1 column 1 at byte 0",
            "/s:E/a[1] line 2 column 2 at byte 37",
            "/s:E/a[2] line 2 column 10 at byte 46",
            "/s:E/b[1] line 2 column 14 at byte 50",
            "/s:E/a[3] line 2 column 18 at byte 54",
        ] == [each.where for each in root.walk()]

    def test_the_places_of_many_siblings_are_found_at_once(self):
        """
        Whoever asks each for its place, as a mapping does for each value, does not count them all each time.
        """
        root = read_xml(b"<a>" + b"<b/>" * 50_000 + b"</a>")
        began = time.process_time()
        *_, last = [each.where for each in root.children]

        assert last.startswith("/a/b[50000] line 1")
        assert time.process_time() - began < 10

    def test_values(self):
        """
        Blanks around a value are layout; within a text they are not.
        """
        root = read_xml(
            b"<r><t>\n  two words \n</t><n> -12.50 </n><i>7</i><b>1</b><k>A-1</k><l>a\nb</l>"
            b"<d>2026-09-01T10:00:00+02:00</d><c><![CDATA[a<b]]></c></r>"
        )

        assert "two words" == root.child("t").text()
        assert Decimal("-12.50") == root.child("n").decimal(scale=2)
        assert 7 == root.child("i").integer(1, 7)
        assert root.child("b").boolean()
        assert "A-1" == root.child("k").key()
        assert "a\nb" == root.child("l").text(lines=True)
        assert "2026-09-01T08:00:00+00:00" == root.child("d").instant().isoformat()
        assert "a<b" == root.child("c").text()

    def test_namespaces_are_compared_and_prefixes_are_not(self):
        """
        Two spellings of one document read the same.
        """
        one = read_xml(b'<o:a xmlns:o="urn:orders"><o:b x="1"/></o:a>')
        two = read_xml(b'<a xmlns="urn:orders"><p:b xmlns:p="urn:orders" x="1"/></a>')

        assert one.element() == two.element()
        assert "1" == two.child("b").attribute("x")
        assert one.child("b").attribute("y") is None

    @pytest.mark.parametrize(
        "data", [b"", b" \n", b'{"a": 1}', b"ISA*00*", b"plain", b"<", b"<>", b"<?xml?>", b"\x1f\x8b\x08"]
    )
    def test_what_is_no_xml(self, data):
        """
        Refused in words, whatever it is.
        """
        with pytest.raises(Rejected):
            read_xml(data)

    @settings(deadline=None)
    @given(
        st.binary(max_size=200) | st.builds(lambda cut, more: GOOD[:cut] + more + GOOD[cut:], SPOTS, PIECES)
    )
    def test_whatever_comes_is_read_or_refused(self, data):
        """
        Never another exception, and every refusal has its place.
        """
        try:
            where = read_xml(data).where
        except Rejected as refused:
            where = refused.where or {"E_EMPTY": "nowhere"}.get(refused.code)

        assert where


class TestWriting:
    def test_an_example(self):
        """
        Namespaces at the root, one line an element.
        """
        root = order(
            "Order", [order("Id", "A & B", {"kind": '"x"\n'}), order("Note"), Element("{urn:other}b")]
        )

        assert (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<o:Order xmlns:o="urn:orders" xmlns="urn:other">\n'
            ' <o:Id kind="&quot;x&quot;&#10;">A &amp; B</o:Id>\n'
            " <o:Note/>\n"
            " <b/>\n"
            "</o:Order>\n"
        ) == write_xml(root, PREFIXES).decode()

    @given(TREES, st.booleans())
    def test_what_is_written_reads_back_equal(self, tree, indent):
        """
        Texts and attributes to the character, line ends included; and the same bytes each time.
        """
        written = write_xml(tree, PREFIXES, indent=indent)

        assert tree == read_xml(written).element()
        assert written == write_xml(read_xml(written).element(), PREFIXES, indent=indent)

    @given(st.lists(TREES, max_size=5))
    def test_a_long_document_is_written_in_pieces(self, trees):
        """
        The same bytes; and a piece for each element in it.
        """
        pieces = list(write_long_xml(order("Orders"), trees, PREFIXES))

        assert write_xml(order("Orders", trees), PREFIXES) == b"".join(pieces)
        assert len(trees) + 1 == len(pieces)

    @pytest.mark.parametrize("text", ["\x00", "a\x0bb", "\ud800", "\ufffe"])
    def test_what_xml_cannot_hold(self, text):
        """
        Refused, with a way out for texts that somebody else wrote.
        """
        with pytest.raises(Rejected) as caught:
            write_xml(order("Order", text), PREFIXES)

        assert ("E_CONTROL_CHAR", "o:Order") == (caught.value.code, caught.value.where)
        assert "?" in read_xml(write_xml(order("Order", sayable(text)), PREFIXES)).text()

    @pytest.mark.parametrize(
        "element",
        [
            pytest.param(Element("{urn:orders}a b"), id="a name with a blank"),
            pytest.param(Element("{urn:none}a"), id="a namespace without prefix"),
            pytest.param(Element("{urn:orders}a", "x", (Element("{urn:orders}b"),)), id="text and elements"),
            pytest.param(Element("{urn:orders}a", "", (), {"{urn:other}b": "1"}), id="attribute by default"),
            pytest.param(Element("a"), id="no namespace under a default one"),
            pytest.param(Element("{urn:orders}a", "", (), {'b="1" c': "1"}), id="an attribute smuggled in"),
        ],
    )
    def test_mistakes_of_ours(self, element):
        """
        A programming error is one, and writes nothing.
        """
        with pytest.raises(ValueError, match=r"."):
            write_xml(element, PREFIXES)


class _Repeated:
    """
    A long document, made as it is read.
    """

    def __init__(self, head, record, times, tail):
        self._pieces = iter([head, *[record] * times, tail])
        self._left = b""

    def read(self, size):
        while len(self._left) < size and (more := next(self._pieces, b"")):
            self._left += more
        found, self._left = self._left[:size], self._left[size:]
        return found


class TestRecords:
    PATH = ("{urn:orders}Orders", "{urn:orders}Order")

    def test_one_by_one(self):
        """
        Each as it ends, with its place, and what stands around it.
        """
        orders = b"<Order><Id>1</Id></Order> <Order><Id>2</Id></Order>"
        data = b'<Orders xmlns="urn:orders" batch="7">\n' + orders + b"</Orders>"

        found = list(read_records(io.BytesIO(data), self.PATH))

        assert ["1", "2"] == [each.child("Id").text() for each in found]
        assert "/Orders/Order[1]/Id[1] line 2 column 8 at byte 45" == found[0].child("Id").where
        assert "/Orders/Order[2]/Id[1] line 2 column 34 at byte 71" == found[1].child("Id").where
        assert ["/Orders/Order[1]", "/Orders/Order[2]"] == [each.path for each in found]
        assert ["7", "7"] == [each.parent.attribute("batch") for each in found]

    def test_memory_is_flat(self):
        """
        Twenty megabytes pass through a few, which the collector of cycles takes its time over.
        """
        record = b"<Order><Id>1</Id><Note>" + b"x" * 900 + b"</Note></Order>\n"
        source = _Repeated(b'<Orders xmlns="urn:orders">', record, 20_000, b"</Orders>")
        tracemalloc.start()
        try:
            count = sum(1 for each in read_records(source, self.PATH) if each.child("Id").integer() == 1)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

        assert 20_000 == count
        assert 6_000_000 > peak

    def test_a_comment_without_end_does_not_fill_memory(self):
        """
        X-09: expat would look at all of it again with every piece.
        """
        source = _Repeated(b'<Orders xmlns="urn:orders"><!--', b"x" * 60_000, 10_000, b"--></Orders>")

        with pytest.raises(Rejected) as caught:
            list(read_records(source, self.PATH))

        assert ("E_TOO_LARGE", "/Orders line 1 column 28 at byte 27") == (
            caught.value.code,
            caught.value.where,
        )

    def test_a_long_comment_far_into_a_file_is_read(self):
        """A newer expat puts off what does not end in one piece; what it has read is no part of that."""
        record = b"<Order>" + b"x" * 1_000 + b"</Order>"
        long = b"<!--" + b"x" * 300_000 + b"-->"
        source = io.BytesIO(b'<Orders xmlns="urn:orders">' + record * 2_000 + long + record + b"</Orders>")

        assert 2_001 == sum(1 for _ in read_records(source, self.PATH))

    @pytest.mark.parametrize(
        ("data", "code", "where"),
        [
            (b"<Orders/>", "E_XML_NAMESPACE", "/Orders line 1"),
            (b'<Orders xmlns="urn:orders"><Batch/></Orders>', "E_UNKNOWN", "/Orders/Batch[1] line 1"),
            (b'<Orders xmlns="urn:orders">x</Orders>', "E_XML_MIXED", "/Orders line 1"),
            (b'<Orders xmlns="urn:orders"><Order/>x</Orders>', "E_XML_MIXED", "/Orders line 1"),
            (b'<Orders xmlns="urn:orders"><Order/>', "E_XML_SYNTAX", "/Orders line 1"),
            (b'<Orders xmlns="urn:orders"><Order>\xff</Order></Orders>', "E_ENCODING", "line 1 column 35"),
            (b'<Orders xmlns="urn:orders">' + b"<Order/>" * 9 + b"</Orders><x/>", "E_XML_SYNTAX", "/ line 1"),
            (b'<!DOCTYPE Orders><Orders xmlns="urn:orders"/>', "E_XML_DTD", "/ line 1"),
            (b"", "E_EMPTY", ""),
        ],
    )
    def test_what_is_wrong_in_a_file(self, data, code, where):
        """
        Refused as in a message.
        """
        with pytest.raises(Rejected) as caught:
            list(read_records(io.BytesIO(data), self.PATH))

        assert code == caught.value.code
        assert caught.value.where.startswith(where)

    def test_the_same_in_any_pieces(self):
        """
        A file that comes byte by byte reads as it does at once, wrong characters included.
        """

        class Slow(io.BytesIO):
            def read(self, size=-1):
                return super().read(min(size, 1))

        good = '<Orders xmlns="urn:orders"><Order><Id>é\U0001f600</Id></Order></Orders>'.encode()
        bad = good.replace("é".encode(), b"\n\xc3")

        assert ["é\U0001f600"] == [each.child("Id").text() for each in read_records(Slow(good), self.PATH)]
        with pytest.raises(Rejected) as slowly:
            list(read_records(Slow(bad), self.PATH))
        with pytest.raises(Rejected) as at_once:
            list(read_records(io.BytesIO(bad), self.PATH))
        assert "line 2 column 1 at byte 39" == slowly.value.where == at_once.value.where

    def test_elements_are_counted_within_a_record(self):
        """
        A file may have any number of them, a record not.
        """
        limits = Limits(elements=4)
        small = b'<Orders xmlns="urn:orders">' + b"<Order><Id/></Order>" * 50 + b"</Orders>"
        large = b'<Orders xmlns="urn:orders"><Order>' + b"<Id/>" * 50 + b"</Order></Orders>"

        assert 50 == len(list(read_records(io.BytesIO(small), self.PATH, limits=limits)))
        with pytest.raises(Rejected) as caught:
            list(read_records(io.BytesIO(large), self.PATH, limits=limits))
        assert "E_RECORDS" == caught.value.code

from __future__ import annotations

import time

import pytest

from adapters.formats.xml_read import Limits, read_xml
from adapters.formats.xml_write import sayable
from canonical.errors import Rejected

NS = "urn:orders"
HEAD = b'<?xml version="1.0" encoding="UTF-8"?>\n'
BOMB = b"".join(b'<!ENTITY e%d "%s">' % (n, b"&e%d;" % (n - 1) * 10) for n in range(1, 10))


def refused(data, **how):
    with pytest.raises(Rejected) as caught:
        read_xml(data, **how)
    return caught.value


def faulty(data, **how):
    error = refused(data, **how)
    return error.code, error.where


class TestNothingIsFetchedOrExpanded:
    @pytest.mark.parametrize(
        "declared",
        [
            pytest.param(b"<!DOCTYPE a>", id="X-01 a bare one"),
            pytest.param(b'<!DOCTYPE a [<!ENTITY e0 "lol">' + BOMB + b"]>", id="X-02 billion laughs"),
            pytest.param(b'<!DOCTYPE a [<!ENTITY b "' + b"x" * 50_000 + b'">]>', id="X-03 quadratic blow-up"),
            pytest.param(b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>', id="X-04 a file"),
            pytest.param(b'<!DOCTYPE a [<!ENTITY b SYSTEM "http://127.0.0.1:9/">]>', id="X-04 a URL"),
            pytest.param(b'<!DOCTYPE a [<!ENTITY % b SYSTEM "x.dtd"> %b;]>', id="X-04 a parameter entity"),
            pytest.param(b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd">', id="X-05 an external subset"),
            pytest.param(b'<!DOCTYPE a PUBLIC "-//A//B//EN" "a.dtd">', id="X-05 a public one"),
        ],
    )
    def test_a_document_type_is_refused_before_it_is_read(self, declared):
        """
        While its first words are read, with nothing of it carried out.
        """
        began = time.process_time()

        code, where = faulty(declared + b"<a>" + b"&e9;&b;" * 2_000 + b"</a>")

        assert "E_XML_DTD" == code
        assert where.startswith("/ line 1 column ")
        assert len(declared) >= int(where.rpartition(" ")[2])
        assert 0.5 > time.process_time() - began

    def test_a_document_type_after_the_declaration(self):
        """
        Its place is told.
        """
        assert ("E_XML_DTD", "/ line 2 column 12 at byte 50") == faulty(HEAD + b"<!DOCTYPE a><a/>")

    def test_an_undeclared_entity(self):
        """
        Only the five of XML itself are known.
        """
        assert ("E_XML_SYNTAX", "/a line 1 column 4 at byte 3") == faulty(b"<a>&nbsp;</a>")
        assert "&<>'\"" == read_xml(b"<a>&amp;&lt;&gt;&apos;&quot;</a>").text()

    @pytest.mark.parametrize(
        "inside",
        [
            pytest.param(
                b'<x:include xmlns:x="http://www.w3.org/2001/XInclude" href="file:///etc/passwd"/>',
                id="X-05 XInclude",
            ),
            pytest.param(
                b'<x:Include xmlns:x="http://www.w3.org/2004/08/xop/include" href="cid:1"/>', id="X-05 XOP"
            ),
        ],
    )
    def test_what_would_have_to_be_fetched(self, inside):
        """
        Parts of a message that lie elsewhere are refused, not looked for.
        """
        code, where = faulty(b"<a>" + inside + b"</a>")

        assert "E_XML_EXTERNAL" == code
        assert where.lower().startswith("/a/x:include[1] line 1 column 4")

    def test_hints_are_not_followed(self):
        """
        X-05: a schema location and a style sheet are somebody's advice, and change nothing.
        """
        found = read_xml(
            b'<?xml-stylesheet href="http://127.0.0.1:9/a.xsl"?>'
            b'<a xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
            b'xsi:schemaLocation="urn:a http://127.0.0.1:9/a.xsd"><b>1</b></a>'
        )

        assert 1 == found.child("b").integer()


class TestFloods:
    @pytest.mark.parametrize(
        ("data", "code", "where"),
        [
            pytest.param(b"<a>" * 200_000, "E_DEPTH", "column 193 at byte 192", id="X-06 depth"),
            pytest.param(
                b"<a " + b" ".join(b'a%d="1"' % n for n in range(50_000)) + b"/>",
                "E_XML_ATTRS",
                "/a line 1 column 1 at byte 0",
                id="X-07 attributes",
            ),
            pytest.param(
                b"<r><a>" + b"x" * 7_000_000 + b"</a></r>",
                "E_FIELD_SIZE",
                "/r/a[1] line 1 column 4 at byte 3",
                id="X-08 a text",
            ),
            pytest.param(
                b"<r><a><![CDATA[" + b"x" * 70_000 + b"]]></a></r>",
                "E_FIELD_SIZE",
                "/r/a[1] line 1 column 4 at byte 3",
                id="X-09 CDATA",
            ),
            pytest.param(
                b'<a b="' + b"x" * 70_000 + b'"/>',
                "E_FIELD_SIZE",
                "/a line 1 column 1 at byte 0",
                id="attribute",
            ),
            pytest.param(b"<!--" + b"x" * 9_000_000 + b"--><a/>", "E_TOO_LARGE", "", id="X-09 a comment"),
            pytest.param(b"<?x " + b"x" * 9_000_000 + b"?><a/>", "E_TOO_LARGE", "", id="X-09 an instruction"),
            pytest.param(
                b"<a " + b" ".join(b'xmlns:p%d="urn:%d"' % (n, n) for n in range(10_000)) + b"/>",
                "E_XML_ATTRS",
                "/ line 1 column 1 at byte 0",
                id="X-21 namespaces",
            ),
            pytest.param(
                b"<a " + b" ".join(b'xmlns:p%d="urn:%d" p%d:b="1"' % (n, n, n) for n in range(200)) + b"/>",
                "E_XML_ATTRS",
                "/a line 1 column 1 at byte 0",
                id="X-21 namespaces and attributes together",
            ),
            pytest.param(b"<r>" + b"<a/>" * 200_000 + b"</r>", "E_RECORDS", "/r/a[100000]", id="elements"),
            pytest.param(b"<" + b"a" * 300 + b"/>", "E_FIELD_SIZE", "line 1 column 1 at byte 0", id="a name"),
            pytest.param(
                b'<a xmlns="urn:' + b"a" * 2_000 + b'"/>',
                "E_FIELD_SIZE",
                "line 1 column 1 at byte 0",
                id="a namespace",
            ),
        ],
    )
    def test_too_much_of_anything(self, data, code, where):
        """
        Each limit is told with its place, and soon.
        """
        began = time.process_time()

        error = refused(data)

        assert code == error.code
        assert where in error.where
        assert 2 > time.process_time() - began

    def test_limits_are_inclusive(self):
        """
        What is just allowed is read.
        """
        limits = Limits(depth=3, attributes=2, text=5, elements=4)

        found = read_xml(b'<a b="12345" xmlns:n="u"><c><d>12345</d></c><c/></a>', limits=limits)

        assert "12345" == found.all("c")[0].child("d").text()


class TestEncodings:
    @pytest.mark.parametrize(
        ("data", "code", "where"),
        [
            pytest.param(
                b'<?xml version="1.0" encoding="UTF-8"?><a>caf\xe9</a>',
                "E_ENCODING",
                "line 1 column 45 at byte 44",
                id="X-10 Latin-1 declared as UTF-8",
            ),
            pytest.param(
                b"<a>\n\xc3\xa9\xff</a>", "E_ENCODING", "line 2 column 2 at byte 6", id="undeclared"
            ),
            pytest.param(
                b'<?xml version="1.0" encoding="UTF-7"?><a/>', "E_ENCODING", "line 1 byte 30", id="X-10 UTF-7"
            ),
            pytest.param(
                b'<?xml version="1.0" encoding="ISO-8859-1"?><a/>',
                "E_ENCODING",
                "line 1 byte 30",
                id="X-10 not agreed",
            ),
            pytest.param(
                "<a/>".encode("utf-16-le"), "E_ENCODING", "byte 0", id="X-10 UTF-16 LE without mark"
            ),
            pytest.param(
                "<a/>".encode("utf-16-be"), "E_ENCODING", "byte 0", id="X-10 UTF-16 BE without mark"
            ),
            pytest.param("<a/>".encode("utf-32-le"), "E_ENCODING", "byte 0", id="UTF-32 without mark"),
            pytest.param("<?xml version='1.0'?>".encode("cp037"), "E_ENCODING", "byte 0", id="EBCDIC"),
            pytest.param("<a/>".encode("utf-16"), "E_BOM", "byte 0", id="UTF-16 with mark"),
            pytest.param(b"\xef\xbb\xbf<a/>", "E_BOM", "byte 0", id="UTF-8 with mark"),
            pytest.param(
                b'<?xml version="1.0" encoding="UTF-16"?><a/>',
                "E_ENCODING",
                "line 1 byte 30",
                id="UTF-16 lied",
            ),
            pytest.param(b"<a>\xc0\xaf</a>", "E_ENCODING", "line 1 column 4 at byte 3", id="overlong"),
            pytest.param(b"<a>\xed\xa0\x80</a>", "E_ENCODING", "line 1 column 4 at byte 3", id="surrogate"),
        ],
    )
    def test_what_is_not_the_agreed_one(self, data, code, where):
        """
        The byte that is wrong is named; nothing is read in another way than it was meant.
        """
        assert (code, where) == faulty(data)

    @pytest.mark.parametrize("name", ["ISO-8859-1", "iso-8859-1", "windows-1252"])
    def test_a_listed_one_is_read(self, name):
        """
        Where a channel lists it, and the document declares it.
        """
        head = f'<?xml version="1.0" encoding="{name}"?>'.encode()
        listed = ("UTF-8", "ISO-8859-1", "WINDOWS-1252")

        assert "café" == read_xml(head + "<a>café</a>".encode("latin-1"), encodings=listed).text()

    def test_utf_8_declared_as_latin_1(self):
        """
        X-10: each of its bytes is some Latin-1 character; that all of them are UTF-8 is no accident.
        """
        data = '<?xml version="1.0" encoding="ISO-8859-1"?><a>café</a>'.encode()

        assert ("E_ENCODING", "byte 0") == faulty(data, encodings=("ISO-8859-1",))


class TestForm:
    @pytest.mark.parametrize(
        ("data", "where"),
        [
            pytest.param(b"<a>\n<b>&#0;</b></a>", "/a/b[1] line 2 column 4 at byte 7", id="X-11 character 0"),
            pytest.param(b"<a>&#1;</a>", "/a line 1 column 4 at byte 3", id="X-11 character 1"),
            pytest.param(b"<a>\x01</a>", "/a line 1 column 4 at byte 3", id="X-11 a raw control character"),
            pytest.param(b"<a>\x00</a>", "/a line 1 column 4 at byte 3", id="X-11 NUL"),
            pytest.param(b"<a/><b/>", "/ line 1 column 5 at byte 4", id="X-17 two roots"),
            pytest.param(b"<a/>junk", "/ line 1 column 5 at byte 4", id="X-17 junk behind the root"),
            pytest.param(b"<a b='1' b='2'/>", "/ line 1 column 10 at byte 9", id="X-18 an attribute twice"),
            pytest.param(
                b'<a xmlns:p="u" xmlns:q="u" p:b="1" q:b="2"/>',
                "/ line 1",
                id="X-18 the same by two prefixes",
            ),
            pytest.param(b"<a><b></a>", "/a/b[1] line 1 column 9 at byte 8", id="crossed tags"),
            pytest.param(b"<a><b>", "/a/b[1] line 1 column 7 at byte 6", id="cut off"),
            pytest.param(b"<a b=1/>", "/ line 1 column 6 at byte 5", id="no quotes"),
            pytest.param(
                b" <?xml version='1.0'?><a/>", "/ line 1 column 2 at byte 1", id="a late declaration"
            ),
            pytest.param(b"<a>fish & chips</a>", "/a line 1 column 10 at byte 9", id="a bare ampersand"),
        ],
    )
    def test_what_is_not_well_formed(self, data, where):
        """
        Path of the open element, line, column and byte.
        """
        error = refused(data)

        assert "E_XML_SYNTAX" == error.code
        assert error.where.startswith(where)

    @pytest.mark.parametrize(
        ("data", "where"),
        [
            pytest.param(
                b"<r><u>admin<!-- -->evil</u></r>", "/r/u[1] line 1 column 4 at byte 3", id="X-12 comment"
            ),
            pytest.param(
                b"<r><u>admin<?x y?></u></r>", "/r/u[1] line 1 column 4 at byte 3", id="X-12 instruction"
            ),
            pytest.param(
                b"<r><u>ad<b/>min</u></r>", "/r/u[1]/b[1] line 1 column 9 at byte 8", id="X-13 child"
            ),
            pytest.param(
                b"<r><u><b/>min</u></r>", "/r/u[1] line 1 column 4 at byte 3", id="X-13 text behind"
            ),
        ],
    )
    def test_mixed_content(self, data, where):
        """
        Readers disagree what the value is, so there is none.
        """
        assert ("E_XML_MIXED", where) == faulty(data)

    def test_comments_elsewhere_are_nothing(self):
        """
        Between elements, and in an empty one, they change no value.
        """
        found = read_xml(b"<!-- a --><r><!-- b --><u>x</u><e><!-- c --></e></r><!-- d -->")

        assert ("x", "") == (found.child("u").text(), found.child("e").text(blank=True))

    @pytest.mark.parametrize(
        ("data", "code"),
        [
            pytest.param(b'<r><a xml:id="1"/><b xml:id="1"/></r>', "E_XML_REPEAT", id="X-18 xml:id"),
            pytest.param(b"<p:a/>", "E_XML_NAMESPACE", id="X-15 an undeclared prefix"),
            pytest.param(b'<a xmlns:xml="urn:other"/>', "E_XML_NAMESPACE", id="X-15 a reserved prefix"),
        ],
    )
    def test_ids_and_prefixes(self, data, code):
        """
        Each id once, each prefix declared.
        """
        assert code == faulty(data)[0]

    def test_where_an_id_is_repeated(self):
        """
        At the second.
        """
        data = b'<r><a xml:id="1"/>\n<b xml:id="1"/></r>'

        assert "/r/b[1] line 2 column 1 at byte 19" == refused(data).where


class TestMembers:
    ORDER = read_xml(
        b'<o:Order xmlns:o="urn:orders" xmlns:x="urn:other" '
        b'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        b"<o:Id>1</o:Id><o:Id>2</o:Id><x:Status>Open</x:Status>"
        b'<o:Line><o:Qty>3</o:Qty></o:Line><o:Due xsi:nil="true"/><o:Empty/></o:Order>'
    )

    @pytest.mark.parametrize(
        ("ask", "code", "path"),
        [
            pytest.param(lambda o: o.child("Id"), "E_XML_REPEAT", "/o:Order/o:Id[2]", id="X-14 twice"),
            pytest.param(
                lambda o: o.get("Id"), "E_XML_REPEAT", "/o:Order/o:Id[2]", id="X-14 twice, optional"
            ),
            pytest.param(
                lambda o: o.child("Status"),
                "E_XML_NAMESPACE",
                "/o:Order/x:Status[1]",
                id="X-15 another namespace",
            ),
            pytest.param(
                lambda o: o.get("Status"),
                "E_XML_NAMESPACE",
                "/o:Order/x:Status[1]",
                id="X-15 even if optional",
            ),
            pytest.param(
                lambda o: o.all("Status"), "E_XML_NAMESPACE", "/o:Order/x:Status[1]", id="X-15 of many"
            ),
            pytest.param(
                lambda o: o.refuse_unknown(("Id", "Status")),
                "E_XML_NAMESPACE",
                "/o:Order/x:Status[1]",
                id="X-15 known",
            ),
            pytest.param(
                lambda o: o.refuse_unknown(("Id",), "urn:orders"),
                "E_XML_NAMESPACE",
                "/o:Order/x",
                id="foreign",
            ),
            pytest.param(lambda o: o.child("Due"), "E_XML_TYPE", "/o:Order/o:Due[1]", id="X-16 nil"),
            pytest.param(
                lambda o: o.child("Line").text(), "E_XML_MIXED", "/o:Order/o:Line[1]/o:Qty[1]", id="X-13"
            ),
            pytest.param(lambda o: o.child("Lines"), "E_MISSING", "/o:Order line", id="absent"),
            pytest.param(lambda o: o.child("Empty").text(), "E_MISSING", "/o:Order/o:Empty[1]", id="empty"),
            pytest.param(
                lambda o: o.child("Empty").key(), "E_KEY_MISSING", "/o:Order/o:Empty[1]", id="no key"
            ),
            pytest.param(lambda o: o.all("Id", high=1), "E_RECORDS", "/o:Order/o:Id[2]", id="too many"),
            pytest.param(lambda o: o.all("Line", low=2), "E_MISSING", "/o:Order line", id="too few"),
            pytest.param(
                lambda o: o.child("Line").child("Qty").integer(1, 2),
                "E_RANGE",
                "/o:Order/o:Line[1]/o:Qty[1]",
                id="range",
            ),
        ],
    )
    def test_what_is_not_there_as_asked(self, ask, code, path):
        """
        Nothing is guessed: absent, twice, empty and foreign are four things.
        """
        with pytest.raises(Rejected) as caught:
            ask(self.ORDER)

        assert code == caught.value.code
        assert caught.value.where.startswith(path)

    @pytest.mark.parametrize(
        "data",
        [
            pytest.param(b'<a xmlns:i="%s" i:type="b"/>', id="X-16 another type"),
            pytest.param(b'<a xmlns:i="%s" i:nil="true">1</a>', id="X-16 nil, and a value"),
            pytest.param(b'<a xmlns:i="%s" i:nil="true"><b/></a>', id="X-16 nil, and an element"),
            pytest.param(b'<a xmlns:i="%s" i:nil="perhaps"/>', id="X-16 nil or not"),
        ],
    )
    def test_types_and_nil(self, data):
        """
        A type put in the place of the agreed one is refused wherever it stands.
        """
        data %= b"http://www.w3.org/2001/XMLSchema-instance"

        assert ("E_XML_TYPE", "/a line 1 column 1 at byte 0") == faulty(data)

    def test_nil_is_absent_where_it_may_be(self):
        """
        An optional element that is nil is none.
        """
        assert self.ORDER.get("Due") is None
        assert not self.ORDER.has("Due")

    @pytest.mark.parametrize("text", ["1_000", "\uff11\uff12", "1e3", "NaN", "0x10", "-0", ""])
    def test_numbers_are_ascii_digits(self, text):
        """
        As in every format.
        """
        node = read_xml(f"<a>{sayable(text)}</a>".encode())

        with pytest.raises(Rejected) as caught:
            node.decimal()

        assert ("E_NUMBER", "/a line 1 column 1 at byte 0") == (caught.value.code, caught.value.where)

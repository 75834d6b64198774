from __future__ import annotations

from time import process_time

import pytest

from adapters.inbound.directmail import DirectMailAdapter
from canonical.commands import RejectedDocument
from tests.adapters.batches import (
    BATCH,
    BRIEFE,
    LETTERS,
    PRINTCO,
    Batch,
    bad,
    endpoint,
    intake,
    put,
    read,
    refused,
    stamp,
    verdict,
)

D1, D2, D3 = (BATCH.detail(n) for n in (1, 2, 3))
GOOD = BATCH.file([D1, D2])
HEADER, TRAILER = BATCH.header(), BATCH.trailer(2, 99800)
VB = Batch("cp500", "VB")
VB_GOOD = VB.file([VB.detail(1)], header=VB.header(sender="LETTERS"))

# What a sound header is called by.
ALL = {"batch": "B2026-0901", "sender": "PRINTCO"}


def answer(document):
    """The header of the acknowledgement of a file that was refused as a whole."""
    native = DirectMailAdapter().acknowledge(intake(verdict(document)), stamp())
    return native.body[:200].decode("cp037")


class TestFiles:
    """What is wrong with the file as a whole refuses all of it, before any order exists."""

    @pytest.mark.parametrize(
        ("body", "code", "where"),
        [
            pytest.param(b"", "E_EMPTY", "", id="no bytes"),
            pytest.param(b" \r\n", "E_EMPTY", "", id="blanks"),
            pytest.param(GOOD[:-1], "E_FW_LENGTH", "byte 600", id="F-03 cut off"),
            pytest.param(
                b"".join(r + b"\r\x25" for r in (HEADER, D1, TRAILER)),
                "E_FW_LENGTH",
                "byte 200",
                id="F-19 text mode",
            ),
            pytest.param(
                b"".join(r + b"\r\n" for r in (HEADER, *map(BATCH.detail, range(1, 99)), TRAILER)),
                "E_FW_LENGTH",
                "byte 200",
                id="F-19 text mode, of a length that is a multiple again",
            ),
            pytest.param(
                D1 + D2 + TRAILER, "E_FW_SEQUENCE", "record 1 cols 1-1 REC-TYPE", id="F-05 no header"
            ),
            pytest.param(HEADER + D1 + D2, "E_FW_SEQUENCE", "record 3", id="F-05 no trailer"),
            pytest.param(HEADER, "E_FW_SEQUENCE", "record 1", id="F-05 header alone"),
            pytest.param(HEADER + HEADER + D1 + TRAILER, "E_FW_SEQUENCE", "record 2", id="F-05 two headers"),
            pytest.param(GOOD + D3, "E_FW_SEQUENCE", "record 5", id="F-05 behind the trailer"),
            pytest.param(GOOD + GOOD, "E_FW_SEQUENCE", "record 5", id="F-05 two batches"),
            pytest.param(
                HEADER + BATCH.trailer(0, 0), "E_FW_SEQUENCE", "record 2 cols 1-1 REC-TYPE", id="no details"
            ),
            pytest.param(BATCH.file([D2, D1]), "E_FW_SEQUENCE", "record 3 cols 2-5 SEQ", id="not ascending"),
            pytest.param(BATCH.file([D1, D1]), "E_FW_SEQUENCE", "record 3 cols 2-5 SEQ", id="a number twice"),
            pytest.param(
                BATCH.file([BATCH.detail(0)]), "E_FW_SEQUENCE", "record 2 cols 2-5 SEQ", id="number 0"
            ),
            pytest.param(
                BATCH.file([D1, D2], count=3), "E_FW_COUNT", "record 4 cols 2-5 COUNT", id="F-06 count"
            ),
            pytest.param(
                BATCH.file([D1, D2], cents=99801),
                "E_FW_TOTAL",
                "record 4 cols 6-12 HASH-TOTAL",
                id="F-07 total",
            ),
            pytest.param(
                put(GOOD, 1, b"\xe7"), "E_FW_TYPE", "record 1 cols 1-1 REC-TYPE", id="F-08 first type"
            ),
            pytest.param(
                BATCH.file([D1], header=BATCH.header(written="20260230")),
                "E_DATE",
                "record 1 cols 12-19 FILE-DATE",
                id="F-16 no such day",
            ),
            pytest.param(
                BATCH.file([D1], header=BATCH.header(batch="")),
                "E_KEY_MISSING",
                "record 1 cols 2-11 BATCH-ID",
                id="no batch",
            ),
            pytest.param(
                BATCH.file([D1], header=BATCH.header(batch="B 1")),
                "E_KEY_FORMAT",
                "record 1 cols 2-11 BATCH-ID",
                id="blank in the batch's number",
            ),
            pytest.param(
                BATCH.file([D1], header=BATCH.header(currency="us")),
                "E_VALUE",
                "record 1 cols 36-38 CURRENCY",
                id="no currency",
            ),
            pytest.param(
                BATCH.file([D1], header=BATCH.header(sender="NOBODY")),
                "E_IDENTITY",
                "record 1 cols 28-35 SENDER-ID",
                id="somebody else",
            ),
            pytest.param(put(GOOD, 602, b"\xa0"), "E_FW_PACKED", "record 4 cols 2-5 COUNT", id="bad count"),
        ],
    )
    def test_each_has_its_code_and_place(self, body, code, where):
        """The only sender of the channel is answered whatever the bytes are."""
        fault = refused(body)

        assert (code, where) == (fault.code, fault.where)

    def test_text_mode_is_named(self):
        """F-19: the transfer is what to mend, and the sentence says so."""
        assert "text-mode transfer?" in refused(b"".join(r + b"\r\x25" for r in (HEADER, D1, TRAILER))).what

    @pytest.mark.parametrize("end", [b"\r\n", b"\r\x25", b"\x15"])
    def test_text_mode_in_vb(self, end):
        """F-19: the line end stands where a length is looked for."""
        head, detail = (VB.framed(one) for one in (VB.header(sender="LETTERS"), VB.detail(1)))
        fault = refused(head + end + detail + end, LETTERS)

        assert ("E_FW_RDW", f"byte {len(head)}") == (fault.code, fault.where)
        assert "text-mode transfer?" in fault.what

    def test_a_longer_record_length_is_filler(self):
        """F-02: a profile may agree on records of more than 200 bytes; nothing that we read stands there."""
        to = endpoint("long", "PRINTCO", lrecl="256")
        filled = b"".join(one.ljust(256, b"\x00") for one in (HEADER, D1, BATCH.trailer(1, 49900)))

        assert [False] == [isinstance(one, RejectedDocument) for one in read(filled, to)]

    def test_too_large_for_a_queue(self):
        """A larger file has another way in."""
        fault = refused(GOOD + b"\x40" * 8 * 1024 * 1024)

        assert "E_TOO_LARGE" == fault.code
        assert "drop folder" in fault.allowed

    @pytest.mark.parametrize(
        ("body", "to"),
        [
            pytest.param(Batch("ascii").file([Batch("ascii").detail()]), PRINTCO, id="ASCII as FB"),
            pytest.param(Batch("ascii").file([Batch("ascii").detail()]), LETTERS, id="ASCII as VB"),
            pytest.param(GOOD, endpoint("a", "PRINTCO", code_page="ascii"), id="EBCDIC as ASCII"),
        ],
    )
    def test_the_other_family_of_pages(self, body, to):
        """F-09: it decodes without an error, and is not believed."""
        fault = refused(body, to)

        assert ("E_FW_CODEPAGE", "record 1") == (fault.code, fault.where)

    @pytest.mark.parametrize("page", ["cp500", "cp273"])
    def test_another_page_of_the_family(self, page):
        """F-10: the canary tells which page it was."""
        fault = refused(Batch(page).file([Batch(page).detail()]))

        assert ("E_FW_CODEPAGE", "record 1 cols 39-44 CANARY") == (fault.code, fault.where)
        assert page in fault.what

    def test_bytes_for_a_canary(self):
        """They are shown, as nobody can read them."""
        fault = refused(put(GOOD, 39, b"\x00\x01\x02\x03\x04\x05"))

        assert "000102030405" in fault.what

    @pytest.mark.parametrize(
        ("body", "where"),
        [
            pytest.param(b"\x00\x00\x00\x00" + VB_GOOD, "byte 0", id="length 0"),
            pytest.param(VB_GOOD[:-1], "byte 202", id="more than is left"),
            pytest.param(VB_GOOD + b"\x00\x03\x00\x00", "byte 218", id="length 3"),
        ],
    )
    def test_record_words_that_lie(self, body, where):
        """F-04: the place is the byte of the file."""
        fault = refused(body, LETTERS)

        assert ("E_FW_RDW", where) == (fault.code, fault.where)

    @pytest.mark.parametrize(
        ("to", "flood", "code", "where"),
        [
            pytest.param(LETTERS, b"\x00\x04\x00\x00", "E_FW_SHORT", "record 2", id="empty records"),
            pytest.param(LETTERS, b"\x00\x06\x00\x00\xc4\x40", "E_TOO_LARGE", "file", id="two bytes each"),
            pytest.param(LETTERS, b"\x00\x05\x00\x00\xe7", "E_TOO_LARGE", "file", id="no such type"),
            pytest.param(BRIEFE, b"\x00\x04\x00\x00", "E_FW_RDW", "byte 208", id="empty blocks"),
        ],
    )
    def test_a_flood_of_records_is_refused_without_being_read(self, to, flood, code, where):
        """As many as 8 MiB hold: whoever reads them all does nothing else for many seconds."""
        form = Batch(to.format["code_page"], to.format["recfm"])
        head = form.framed(form.header(sender=to.identifiers[0].value).ljust(200, b"\x40"))
        body = head + flood * ((8 * 1024 * 1024 - len(head)) // len(flood))
        began = process_time()
        fault = refused(body, to)

        assert (code, where) == (fault.code, fault.where)
        assert 1 > process_time() - began

    @pytest.mark.parametrize(("count", "code"), [(1000, None), (1001, "E_TOO_LARGE")])
    def test_a_message_holds_a_thousand_records(self, count, code):
        """One more belongs into a file."""
        found = read(BATCH.file([BATCH.detail(number) for number in range(1, count + 1)]))

        assert (1000 if code is None else 1) == len(found)
        assert code == (found[0].fault.code if isinstance(found[0], RejectedDocument) else None)
        if code:
            fault = found[0].fault
            assert ("more than 1000 records", "file") == (fault.what, fault.where)
            assert "drop folder" in fault.allowed

    def test_empty_blocks_do_not_hide_who_sends(self):
        """Whose file it is, is found by reading as each sender would write: that takes no longer."""
        began = process_time()
        read(b"\x00\x04\x00\x00" * (2 * 1024 * 1024 - 1), BRIEFE, LETTERS)

        assert 1 > process_time() - began

    @pytest.mark.parametrize(
        ("header", "code", "named"),
        [
            pytest.param(BATCH.header(written="20260230"), "E_DATE", ALL, id="date"),
            pytest.param(BATCH.header(currency="us"), "E_VALUE", ALL, id="currency"),
            pytest.param(put(HEADER, 39, b"\x00"), "E_FW_CODEPAGE", ALL, id="canary"),
            pytest.param(BATCH.header(batch="B 1"), "E_KEY_FORMAT", {"sender": "PRINTCO"}, id="batch"),
            pytest.param(BATCH.header(sender=""), "E_KEY_MISSING", {"batch": "B2026-0901"}, id="no sender"),
        ],
    )
    def test_a_refused_header_still_tells_which_batch_it_was(self, header, code, named):
        """What of it can be read comes back in the acknowledgement."""
        [document] = read(BATCH.file([D1], header=header))
        ack = answer(document)

        assert (code, {"level": "file"} | named) == (document.fault.code, document.origin.details)
        assert named.get("batch", "").ljust(10) + named.get("sender", "").ljust(8) == ack[1:19]

    def test_a_short_header_still_tells_which_batch_it_was(self):
        """In VB a header may end too early, and behind its batch."""
        to = endpoint("letters", "LETTERS", code_page="cp500", recfm="VB")
        header = VB.header(sender="LETTERS")
        found = [read(VB.file([VB.detail(1)], header=header[:size]), to)[0] for size in (37, 30)]

        assert ["E_FW_SHORT"] * 2 == [one.fault.code for one in found]
        assert [{"batch": "B2026-0901", "sender": "LETTERS"}, {"batch": "B2026-0901"}] == [
            {name: value for name, value in one.origin.details.items() if name != "level"} for one in found
        ]

    def test_the_first_number_is_one_or_more(self):
        """There is none before it to compare it with."""
        fault = refused(BATCH.file([BATCH.detail(0)]))

        assert ("SEQ 0", "1 or more") == (fault.what, fault.allowed)

    def test_a_page_that_does_not_exist(self):
        """A wrong profile refuses the file, and not the worker."""
        assert "E_CHARSET" == refused(GOOD, endpoint("x", "PRINTCO", code_page="cp1047")).code


class TestSenders:
    def test_nobody_is_answered_for_an_unknown_sender(self):
        """With several senders, bytes that name none of them are parked."""
        [document] = read(BATCH.file([D1], header=BATCH.header(sender="NOBODY")), PRINTCO, LETTERS)

        assert isinstance(document, RejectedDocument)
        assert ("", "E_IDENTITY") == (document.origin.endpoint, document.fault.code)
        assert "'NOBODY'" in document.fault.what

    def test_bytes_that_name_nobody(self):
        """So are bytes that are no batch."""
        [document] = read(b"\x00" * 400, PRINTCO, LETTERS)

        assert ("", "E_IDENTITY", "record 1") == (
            document.origin.endpoint,
            document.fault.code,
            document.fault.where,
        )

    def test_a_known_sender_in_the_wrong_page(self):
        """The name is the same bytes in every EBCDIC page: its owner is told what is wrong."""
        wrong = Batch("cp037", "VB")
        [document] = read(
            wrong.file([wrong.detail()], header=wrong.header(sender="LETTERS")), PRINTCO, LETTERS
        )

        assert ("directmail.letters", "E_FW_CODEPAGE") == (document.origin.endpoint, document.fault.code)


class TestRecords:
    """What is wrong with a detail refuses that detail alone."""

    @pytest.mark.parametrize(
        ("record", "code", "where"),
        [
            pytest.param(put(D2, 1, b"\xe7"), "E_FW_TYPE", "cols 1-1 REC-TYPE", id="F-08 type"),
            pytest.param(
                put(D2, 2, b"\x40\x40\x40\x40"), "E_FW_SIGN", "cols 2-5 SEQ", id="F-13 blank number"
            ),
            pytest.param(put(D2, 33, b"\x00"), "E_FW_SIGN", "cols 29-33 PRICE", id="F-13 no sign"),
            pytest.param(
                put(D2, 29, b"\x40\x40\x40\x40\x40"), "E_FW_SIGN", "cols 29-33 PRICE", id="blank price"
            ),
            pytest.param(put(D2, 27, b"\x1a\x2c"), "E_FW_PACKED", "cols 27-28 QTY", id="F-12 nibble"),
            pytest.param(put(D2, 27, b"\x00\x00"), "E_FW_FILLER", "cols 27-28 QTY", id="F-15 low-values"),
            pytest.param(put(D2, 34, b"\x00" * 30), "E_FW_FILLER", "cols 34-63 NAME", id="F-15 NUL name"),
            pytest.param(put(D2, 36, b"\x15"), "E_CONTROL_CHAR", "cols 34-63 NAME", id="F-11 NEL"),
            pytest.param(put(D2, 36, b"\x0e\x43\x44"), "E_FW_SHIFT", "cols 34-63 NAME", id="F-18 shift-out"),
            pytest.param(
                put(D2, 149, b"\xf0\xf6"), "E_FW_OCCURS", "cols 149-150 ITEM-CNT", id="F-20 six items"
            ),
            pytest.param(
                put(D2, 149, b"\x40\xf1"), "E_NUMBER", "cols 149-150 ITEM-CNT", id="F-17 blank count"
            ),
            pytest.param(
                put(D2, 149, b"\xf0\xf1"), "E_FW_SIGN", "cols 159-160 ITEM-QTY(1)", id="no such item"
            ),
            pytest.param(BATCH.detail(2, action="M"), "E_ACTION", "cols 26-26 ACTION", id="modify"),
            pytest.param(BATCH.detail(2, action="D"), "E_ACTION", "cols 26-26 ACTION", id="delete"),
            pytest.param(BATCH.detail(2, action="?"), "E_ACTION", "cols 26-26 ACTION", id="no action"),
            pytest.param(
                BATCH.detail(2, account=""), "E_KEY_MISSING", "cols 6-17 CUST-ACCT", id="no account"
            ),
            pytest.param(
                BATCH.detail(2, account="A B"), "E_KEY_FORMAT", "cols 6-17 CUST-ACCT", id="bad account"
            ),
            pytest.param(BATCH.detail(2, code="NOPE"), "E_OFFERING", "cols 18-25 OFFER-CODE", id="offering"),
            pytest.param(BATCH.detail(2, code=""), "E_MISSING", "cols 18-25 OFFER-CODE", id="no offering"),
            pytest.param(
                BATCH.detail(2, items=[("CASE01", 1), ("NOPE", 1)]),
                "E_OFFERING",
                "cols 161-168 ITEM-CODE(2)",
                id="item",
            ),
            pytest.param(BATCH.detail(2, quantity=0), "E_RANGE", "cols 27-28 QTY", id="none of it"),
            pytest.param(BATCH.detail(2, quantity=-1), "E_RANGE", "cols 27-28 QTY", id="less than none"),
            pytest.param(BATCH.detail(2, quantity=101), "E_RANGE", "cols 27-28 QTY", id="too many"),
            pytest.param(
                BATCH.detail(2, items=[("CASE01", 101)]), "E_RANGE", "cols 159-160 ITEM-QTY(1)", id="items"
            ),
            pytest.param(BATCH.detail(2, cents=-1), "E_RANGE", "cols 29-33 PRICE", id="money back"),
            pytest.param(BATCH.detail(2, card="X"), "E_VALUE", "cols 128-128 CARD-TYPE", id="no such card"),
            pytest.param(BATCH.detail(2, card="D"), "E_NUMBER", "cols 129-136 WANTED-DATE", id="no date"),
            pytest.param(
                BATCH.detail(2, card="D", said="99999999"),
                "E_DATE",
                "cols 129-136 WANTED-DATE",
                id="F-16 date",
            ),
            pytest.param(BATCH.detail(2, card="P"), "E_MISSING", "cols 129-143 PHONE", id="no telephone"),
            pytest.param(
                BATCH.detail(2, card="P", said="15551230001    24"),
                "E_RANGE",
                "cols 144-145 CALL-HOUR",
                id="hour",
            ),
        ],
    )
    def test_each_has_its_code_and_columns(self, record, code, where):
        """The records before and behind are orders."""
        fault = bad(record)

        assert (code, f"record 3 {where}") == (fault.code, fault.where)

    @pytest.mark.parametrize(
        ("length", "code"),
        [pytest.param(149, "E_FW_SHORT", id="F-01 short"), pytest.param(201, "E_FW_LONG", id="F-02 long")],
    )
    def test_records_of_another_length(self, length, code):
        """In VB each record has its own; where it ends, the next begins."""
        form = Batch("cp500", "VB")
        wrong = form.detail(2).ljust(length, b"\x40")[:length]
        details = [form.detail(1), wrong, form.detail(3)]
        to = endpoint("letters", "LETTERS", code_page="cp500", recfm="VB", lrecl="300")
        found = read(form.file(details, header=form.header(sender="LETTERS")), to)

        assert [False, True, False] == [isinstance(one, RejectedDocument) for one in found]
        assert (code, "record 3") == (found[1].fault.code, found[1].fault.where)

    @pytest.mark.parametrize(
        ("count", "code", "where"),
        [
            pytest.param("03", None, "", id="counted"),
            pytest.param("01", "E_FW_LONG", "record 2 cols 161-180 ITEMS", id="one of three"),
            pytest.param("00", "E_FW_LONG", "record 2 cols 151-180 ITEMS", id="none of three"),
        ],
    )
    def test_items_that_are_not_counted_in_vb(self, count, code, where):
        """They were ordered: nobody drops them."""
        form = Batch("cp500", "VB")
        full = form.detail(items=[("CASE01", 1), ("NET500", 2), ("CASE01", 3)])
        record = put(full, 149, count.encode("cp500"))
        [found] = read(form.file([record], header=form.header(sender="LETTERS")), LETTERS)

        assert (code, where) == (
            (found.fault.code, found.fault.where) if isinstance(found, RejectedDocument) else (None, "")
        )

    def test_items_that_are_not_counted_in_fb(self):
        """Columns 151 to 200 are blank where there is no item."""
        full = BATCH.detail(2, items=[("CASE01", 1), ("NET500", 2), ("CASE01", 3)])
        faults = [bad(put(full, 149, count.encode("cp037"))) for count in ("00", "02")]

        assert [("E_FW_OCCURS", f"record 3 cols {first}-200 ITEMS") for first in (151, 171)] == [
            (fault.code, fault.where) for fault in faults
        ]

    def test_a_price_that_cannot_be_read_leaves_the_total_open(self):
        """Else one bad price would refuse the other records too; the count is still compared."""
        details = [D1, put(D2, 29, b"\x40" * 5)]

        assert 2 == len(read(BATCH.file(details, cents=1)))
        assert "E_FW_COUNT" == refused(BATCH.file(details, count=3, cents=1)).code

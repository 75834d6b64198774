from __future__ import annotations

import time
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from adapters.kit import Native, Stamp
from adapters.kit.conformance import OutboundConformance
from adapters.outbound.billing import BillingAdapter
from canonical.errors import Rejected
from canonical.order import ItemPrice, Money, PartyRef, RelatedParty
from canonical.replies import LineReply, Reference
from canonical.states import Action, State
from canonical.systems import Verb
from tests.adapters.batches import put
from tests.adapters.instructions import (
    CHANGE_KEY,
    CUSTOMER,
    KEY,
    ORDER,
    PURCHASE_ORDER,
    changing,
    instruction,
    line,
    turned,
    undoing,
)

FIXTURES = Path(__file__).parents[1] / "fixtures" / "billing"
REPLIES = {path.stem: path.read_bytes() for path in sorted((FIXTURES / "in").glob("*.bin"))}
ADAPTER = BillingAdapter()
AT = datetime(2026, 9, 1, 12, 30, 15, tzinfo=UTC)
REF = f"{ORDER}-1"
ONE = "one result a message: a header, its lines, a trailer"
SETTINGS = {
    "cp037": {},
    "vb-cp273": {"code_page": "cp273", "recfm": "VB"},
    "ascii": {"code_page": "ascii"},
}


def price(kind, value, period=""):
    return ItemPrice(
        price_type=kind,
        price=Money(value=Decimal(value), unit="USD"),
        recurring_charge_period=period,
    )


FULL = instruction(
    "billing",
    "billing",
    lines=(
        line(1, "INTERNET-500", item_price=(price("recurring", "39.90", "month"), price("oneTime", "49.00"))),
        line(2, "CASE-01", quantity=2, action=Action.DELETE, item_price=(price("oneTime", "-5.5"),)),
    ),
    related_party=(CUSTOMER,),
    external_id=(PURCHASE_ORDER,),
    requested_completion_date=datetime(2026, 9, 4, 18, tzinfo=UTC),
    inputs={"crm.accountId": "A-30071"},
)
SMALLEST = instruction("billing", "billing")
REVERSED = undoing(FULL, FULL.lines[1])


class TestInAscii(OutboundConformance):
    says_its_page = True
    adapter = ADAPTER
    instructions = {"full": FULL, "smallest": SMALLEST, "reversed": REVERSED}  # noqa: RUF012 - as the suite wants it
    replies = REPLIES
    settings = {"code_page": "ascii"}  # noqa: RUF012 - as the suite wants it


class TestInEbcdic(OutboundConformance):
    says_its_page = True
    adapter = ADAPTER
    instructions = {"full": FULL, "smallest": SMALLEST, "reversed": REVERSED}  # noqa: RUF012 - as the suite wants it
    replies = REPLIES

    def test_an_instruction_is_told(self, instruction):
        """The suite looks for the key in ASCII; here it stands in EBCDIC, in its own columns."""
        native = self._instruct(instruction)

        assert instruction.key == native.body[33:69].decode("cp037")
        assert instruction.reference == native.body[69:91].decode("cp037").rstrip()
        assert native.call is None
        assert native.content_type
        assert native.summary.isprintable()
        assert native == self._instruct(instruction)


def told(one, **settings):
    return ADAPTER.instruct(one, Stamp(at=AT, numbers={"message": 7}, settings=settings)).body


def records(body, page="cp037"):
    return [body[at : at + 160].decode(page) for at in range(0, len(body), 160)]


def cut(record, *ends):
    return [record[start:end].rstrip() for start, end in zip((0, *ends), ends, strict=False)]


def result(*lines, page="cp037", result="00", key=KEY, ref=REF, named="", count=None, end=None, number="R-1",
           when="20260901123100", text=""):  # fmt: skip
    """A result message, built by hand; ``lines`` are (number, result, charge, text)."""
    head = f"R{named:9}{number:12}{when}{key:36}{ref:22}{result:2}{'B-881':20}"
    head += f"{len(lines) if count is None else count:04}{text:40}"
    body = [head, *(f"S{n:04}{word:2}{charge:20}{why:60}" for n, word, charge, why in lines)]
    body.append(f"E{len(lines) if end is None else end:04}")
    return b"".join(one.ljust(160).encode(page) for one in body)


def variable(body, *short):
    """The same in VB, its records as long as they are, or cut to so many bytes."""
    found = [body[at : at + 160] for at in range(0, len(body), 160)]
    cuts = [one[: dict(enumerate(short)).get(place, 160)] for place, one in enumerate(found)]
    return b"".join((len(one) + 4).to_bytes(2, "big") + b"\x00\x00" + one for one in cuts)


# 80 records of 160 bytes with CR LF behind each: as long as 81 without.
LONG = result(*((number, "00", "", "") for number in range(1, 79)))
TEXT_MODE = b"".join(LONG[at : at + 160] + b"\r\n" for at in range(0, len(LONG), 160))
TEXT = "record 1 cols 121-160 TEXT"


def read(body):
    [reply] = ADAPTER.read_reply(Native(body, "application/octet-stream"))
    return reply


class TestInstruct:
    def test_header_lines_trailer(self):
        """Who, what, since when, at which prices, and a total over all of them."""
        head, first, second, end = records(told(FULL))

        assert ["B", "CP037", "000000007", "20260901", "123015", KEY, REF, "D"] == cut(
            head, 1, 10, 19, 27, 33, 69, 91, 92
        )
        assert ["4500000042", "A-30071", "Ada King", "0002"] == cut(head[92:], 22, 42, 62, 66)
        assert ["L", "0001", "A", "INTERNET-500", "0000001", "20260904", "2"] == cut(
            first, 1, 5, 6, 38, 45, 53, 54
        )
        assert ["R", "month", "0000000399{", "USD", "O", "", "0000000490{", "USD"] == cut(
            first[54:], 1, 9, 20, 23, 24, 32, 43, 46
        )
        assert ["L", "0002", "D", "CASE-01", "0000002"] == cut(second, 1, 5, 6, 38, 45)
        assert "0000000055}" == second[63:74]
        assert ["E", "0002", "00000000000834{"] == cut(end, 1, 5, 20)

    def test_what_is_not_known_is_blank(self):
        """No account, no customer, no price, no date."""
        head, only, _ = records(told(SMALLEST))

        assert "" == head[92:154].strip()
        assert "00000000" + "0" == only[45:54]
        assert "" == only[54:].strip()

    @pytest.mark.parametrize("name", SETTINGS)
    def test_golden_bytes(self, name):
        """What the mainframe reads must not change by accident, in any page and form."""
        expected = (FIXTURES / "out" / f"{name}.bin").read_bytes()

        assert expected.hex() == told(FULL, **SETTINGS[name]).hex()

    def test_names_are_for_people(self):
        """What the page lacks, and what is too long, holds nobody up."""
        party = PartyRef(id="C-1", name="\u0141ukasz Wojciechowski-Brzeczyszczykiewicz")
        customer = RelatedParty(role="customer", party_or_party_role=party)
        head, *_ = records(told(instruction("billing", "billing", related_party=(customer,))))

        assert "?ukasz Wojciechowski" == head[134:154]

    @pytest.mark.parametrize(
        ("one", "code", "where"),
        [
            pytest.param(line(3, "X" * 33), "E_FIELD_SIZE", "line 3 cols 7-38 OFFERING", id="long id"),
            pytest.param(
                line(3, "CAF\u0141"), "E_ENCODING", "line 3 cols 7-38 OFFERING", id="not in the page"
            ),
            pytest.param(line(3, action=Action.NO_CHANGE), "E_ACTION", "line 3", id="no change"),
            pytest.param(
                line(3, item_price=(price("oneTime", "0.005"),)),
                "E_RANGE",
                "line 3 cols 64-74 AMOUNT(1)",
                id="half a cent",
            ),
            pytest.param(line(3, item_price=(price("gift", "1"),)), "E_VALUE", "line 3", id="no such price"),
            pytest.param(
                line(3, item_price=5 * (price("oneTime", "1"),)),
                "E_FW_OCCURS",
                "line 3 cols 55-77 PRICES",
                id="5 prices",
            ),
        ],
    )
    def test_what_cannot_be_said_is_refused(self, one, code, where):
        """The line is held with the reason; nothing is cut."""
        with pytest.raises(Rejected) as caught:
            told(instruction("billing", "billing", lines=(one,)))

        assert (code, where) == (caught.value.code, caught.value.where)

    def test_settings_that_cannot_be(self):
        """The part is held until the settings are mended."""
        with pytest.raises(Rejected) as caught:
            told(SMALLEST, recfm="VBS")

        assert "E_CONFIG" == caught.value.code


class TestInstructReversals:
    def test_a_reversal(self):
        """It names the charges that it takes back, and the lines, as they were charged."""
        head, reversal, only, end = records(told(REVERSED))

        assert [CHANGE_KEY, f"{REF}.1", "R"] == cut(head[33:], 36, 58, 59)
        assert ["V", KEY, ""] == cut(reversal, 1, 37, 160)
        assert ["L", "0002", "D", "CASE-01", "0000002"] == cut(only, 1, 5, 6, 38, 45)
        assert ["E", "0001", "00000000000055}"] == cut(end, 1, 5, 20)

    def test_people_see_that_it_is_one(self):
        """In the one line that stands for a message."""
        native = ADAPTER.instruct(REVERSED, Stamp(at=AT, numbers={"message": 7}))

        assert f"reversal {REF}.1, 1 line" == native.summary

    def test_a_ledger_is_not_changed(self):
        """A line that changes is reversed, and charged anew: the profile says so."""
        with pytest.raises(Rejected) as caught:
            told(changing(FULL, turned(FULL.lines[0], quantity=2)))

        assert ("E_UNCHANGEABLE", "verb", "do, undo") == (
            caught.value.code,
            caught.value.where,
            caught.value.allowed,
        )
        assert (Verb.DO, Verb.UNDO) == ADAPTER.profile.verbs

    @pytest.mark.parametrize(
        ("one", "code", "where"),
        [
            (msgspec.structs.replace(REVERSED, undoes=""), "E_KEY_MISSING", "undoes"),
            (
                msgspec.structs.replace(REVERSED, undoes="K" * 37),
                "E_FIELD_SIZE",
                "reversal cols 2-37 UNDOES",
            ),
        ],
    )
    def test_reversals_that_cannot_be_said(self, one, code, where):
        """Nothing is cut."""
        with pytest.raises(Rejected) as caught:
            told(one)

        assert (code, where) == (caught.value.code, caught.value.where)

    @pytest.mark.parametrize("name", SETTINGS)
    def test_golden_bytes(self, name):
        """As for charges."""
        expected = (FIXTURES / "out" / f"reversal-{name}.bin").read_bytes()

        assert expected.hex() == told(REVERSED, **SETTINGS[name]).hex()


class TestReadReply:
    def test_it_is_booked(self):
        """The result of the whole, the account for later parts, when it happened."""
        reply = read(result(text="booked"))

        assert (Reference(type="key", value=KEY), Reference(type="reference", value=REF)) == reply.about
        assert ("R-1", "00", "booked") == (reply.key, reply.word, reply.reason)
        assert {"accountId": "B-881"} == reply.outputs
        assert datetime(2026, 9, 1, 12, 31, tzinfo=UTC) == reply.happened

    def test_line_by_line(self):
        """Each line has its word, and its charge becomes known."""
        reply = read(result((1, "00", "CH-1", ""), (2, "30", "", "no such tariff"), result=""))

        assert (
            LineReply(word="00", line=1, where="record 2 cols 6-7 RESULT"),
            LineReply(word="30", line=2, reason="no such tariff", where="record 3 cols 6-7 RESULT"),
        ) == reply.lines
        assert "" == reply.word
        assert (Reference(type="charge", value="CH-1"),) == reply.gives

    @pytest.mark.parametrize(
        ("page", "named"),
        [("cp037", ""), ("cp500", "CP500"), ("cp273", "CP273"), ("cp1140", "cp1140"), ("ascii", ""),
         ("latin-1", "ISO8859-1")],
    )  # fmt: skip
    def test_a_message_says_how_it_is_written(self, page, named):
        """Nothing but its bytes is needed to read it."""
        text = "f\xfcr Ma\xdf!" if page != "ascii" else "fit!"

        assert text == read(result(page=page, named=named, text=text)).reason

    def test_in_vb_records_end_with_their_last_field(self):
        """Each has its descriptor word; fillers need not be sent."""
        fixed = result((1, "00", "CH-1", ""))
        cuts = fixed[:160], fixed[160:247], fixed[320:325]
        variable = b"".join((len(one) + 4).to_bytes(2, "big") + b"\x00\x00" + one for one in cuts)

        assert read(fixed).lines == read(variable).lines

    def test_without_a_number_its_bytes_are_its_key(self):
        """A repeat of the same bytes changes nothing."""
        assert 64 == len(read(result(number="")).key)
        assert read(result(number="")).key == read(result(number="")).key

    @pytest.mark.parametrize(
        ("word", "state"),
        [("00", State.COMPLETED), ("05", State.IN_PROGRESS), ("10", State.PENDING), ("20", State.HELD),
         ("30", State.REJECTED), ("40", State.HELD), ("90", State.HELD)],
    )  # fmt: skip
    def test_words(self, word, state):
        """What a result means for the line."""
        assert state is ADAPTER.profile.words[word].state

    @pytest.mark.parametrize(
        ("word", "verbs"),
        [
            ("00", {"do", "undo"}),
            ("05", {"do", "undo"}),
            ("10", {"do"}),
            ("20", {"do", "undo"}),
            ("30", {"do"}),
            ("40", {"undo"}),
            ("90", {"do", "undo"}),
        ],
    )
    def test_what_a_word_can_answer(self, word, verbs):
        """Only a reversal comes too late; no tariff and no customer is in its way."""
        meaning = ADAPTER.profile.words[word]

        assert verbs == {verb.value for verb in meaning.answers}
        assert (word == "40") == meaning.past

    @pytest.mark.parametrize(
        ("body", "record"),
        [
            pytest.param(result() + b" " * 160 * 40_000, 10_002, id="fixed"),
            pytest.param(b"\x00\x05\x00\x00\xd9" * 1_000_000, 10_002, id="shortest"),
        ],
    )
    def test_too_many_records(self, body, record):
        """They are counted before one is read: the worker would do nothing else meanwhile."""
        began = time.process_time()
        with pytest.raises(Rejected) as caught:
            read(body)

        assert ("E_RECORDS", f"record {record}") == (caught.value.code, caught.value.where)
        assert 1 > time.process_time() - began

    @pytest.mark.parametrize(
        ("body", "what", "allowed"),
        [
            (result() + result(), "more records follow the trailer E", ONE),
            (result()[:160] + result(), "a second header R", ONE),
            (result((1, "00", "", ""))[:320], "the message ends with a record S", "the trailer E"),
        ],
    )
    def test_records_out_of_place(self, body, what, allowed):
        """In words that tell glued messages and cut ones apart."""
        with pytest.raises(Rejected) as caught:
            read(body)

        assert f"record 2 cols 1-1 REC-TYPE: {what} ({allowed}) [E_FW_SEQUENCE]" == str(caught.value)

    @pytest.mark.parametrize(
        ("body", "code", "where"),
        [
            pytest.param(b"", "E_EMPTY", "", id="nothing"),
            pytest.param(b'{"a": 1}', "E_FORMAT_SNIFF", "byte 0", id="JSON"),
            pytest.param(b"X" * 160, "E_FW_TYPE", "record 1 cols 1-1 REC-TYPE", id="F-08 another record"),
            pytest.param(result()[:-1], "E_FW_LENGTH", "byte 160", id="F-03 cut off"),
            pytest.param(result()[:160], "E_FW_SEQUENCE", "record 1", id="F-05 no trailer"),
            pytest.param(
                result() + result(), "E_FW_SEQUENCE", "record 2 cols 1-1 REC-TYPE", id="F-05 two messages"
            ),
            pytest.param(
                result((1, "00", "", ""), (2, "00", "", ""), (1, "30", "", "")),
                "E_DUPLICATE_LINE",
                "record 4 cols 2-5 LINE",
                id="a line twice",
            ),
            pytest.param(
                result(count=1), "E_FW_COUNT", "record 1 cols 117-120 LINES", id="F-06 header counts more"
            ),
            pytest.param(
                result(end=1), "E_FW_COUNT", "record 2 cols 2-5 LINES", id="F-06 trailer counts more"
            ),
            pytest.param(result(result=""), "E_MISSING", "record 1 cols 95-96 RESULT", id="no result"),
            pytest.param(
                result((1, "", "", "")), "E_MISSING", "record 2 cols 6-7 RESULT", id="none of a line"
            ),
            pytest.param(result((0, "00", "", "")), "E_RANGE", "record 2 cols 2-5 LINE", id="line 0"),
            pytest.param(result(key="", ref=""), "E_KEY_MISSING", "record 1 cols 37-72 KEY", id="of nothing"),
            pytest.param(
                result(named="CP1047"), "E_CHARSET", "record 1 cols 2-10 CODE-PAGE", id="F-10 no such page"
            ),
            pytest.param(
                result(named="ASCII"), "E_FW_CODEPAGE", "record 1 cols 2-10 CODE-PAGE", id="F-09 other family"
            ),
            pytest.param(
                result(when="20260230123100"), "E_DATE", "record 1 cols 23-30 DATE", id="F-16 no such day"
            ),
            pytest.param(
                b"".join(result()[at : at + 160] + b"\r\n" for at in (0, 160)),
                "E_FW_LENGTH",
                "byte 160",
                id="F-19 text mode",
            ),
            pytest.param(TEXT_MODE, "E_FW_LENGTH", "byte 160", id="F-19 text mode, a multiple again"),
            pytest.param(
                variable(result())[:-1], "E_FW_RDW", "byte 164", id="F-04 a word says more than is left"
            ),
            pytest.param(
                variable(result())[:164] + b"\x00\x03\x00\x00", "E_FW_RDW", "byte 164", id="F-04 length 3"
            ),
            pytest.param(variable(result(), 92), "E_FW_SHORT", "record 1", id="F-01 ends in a field"),
            pytest.param(put(result(), 121, b"\x15"), "E_CONTROL_CHAR", TEXT, id="F-11 NEL"),
            pytest.param(put(result(), 121, b"\x00" * 40), "E_FW_FILLER", TEXT, id="F-15 low-values"),
            pytest.param(put(result(), 121, b"\xff" * 40), "E_FW_FILLER", TEXT, id="F-15 high-values"),
            pytest.param(put(result(), 121, b"\x0eAB"), "E_FW_SHIFT", TEXT, id="F-18 no shift-in"),
            pytest.param(
                put(result(), 117, b"\x40"), "E_NUMBER", "record 1 cols 117-120 LINES", id="F-17 a blank"
            ),
            pytest.param(
                result(when="20260901246100"), "E_DATE", "record 1 cols 31-36 TIME", id="no such time"
            ),
        ],
    )
    def test_bad_results(self, body, code, where):
        """A result that cannot be used is refused with its place; the next one is read."""
        with pytest.raises(Rejected) as caught:
            read(body)

        assert "00" == read(result()).word
        assert (code, where) == (caught.value.code, caught.value.where)

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from adapters.inbound.directmail import DirectMailAdapter
from adapters.inbound.directmail.answers import acknowledgement
from adapters.kit import Stamp
from adapters.kit.specimens import notices, order_of
from canonical.errors import Fault
from canonical.notices import Notice, NoticeKind, Outcome, Verdict
from canonical.states import State
from tests.adapters.batches import (
    AT,
    BATCH,
    BRIEFE,
    FIXTURES,
    LETTERS,
    PLAIN,
    PRINTCO,
    Batch,
    intake,
    put,
    read,
    references,
    stamp,
    verdict,
)

ADAPTER = DirectMailAdapter()


def cut(body, *ends):
    """The text of an EBCDIC record in pieces: ``ends`` are the last columns of each."""
    text = body.decode("cp037")
    starts = (0, *ends)
    return [text[start:end].rstrip() for start, end in zip(starts, ends, strict=False)]


def lines(native):
    """The records of an acknowledgement in FB: 200 bytes each."""
    return [native.body[at : at + 200] for at in range(0, len(native.body), 200)]


def verdict_of(record):
    """RECORD-NO, SEQ, VERDICT, ORDER-ID, CODE, COL-FROM, COL-TO, FIELD, TEXT."""
    return cut(record, 1, 8, 15, 16, 38, 58, 62, 66, 86, 200)[1:]


def of_file(body, *endpoints, changes=()):
    """The acknowledgement of a file whose documents all became what they are."""
    documents = read(body, *endpoints)
    verdicts = [verdict(one, **dict(changes).get(place, {})) for place, one in enumerate(documents, 1)]
    return ADAPTER.acknowledge(intake(*verdicts), stamp(*endpoints[:1] or (PRINTCO,)))


def with_order(document, outcome=Outcome.ACCEPTED):
    order = order_of(document.order, document.origin, State.ACKNOWLEDGED)
    return Verdict(origin=document.origin, outcome=outcome, order=order)


class TestAcknowledgement:
    def test_header_verdicts_trailer(self):
        """One file: whose batch it is, a verdict for each record, and how many of each."""
        native = of_file(BATCH.file([BATCH.detail(1), BATCH.detail(2, code="NOPE")]))
        header, _, _, trailer = lines(native)

        assert ["A", "B2026-0901", "PRINTCO", "000000007", "20260901", "123015"] == cut(
            header, 1, 11, 19, 28, 36, 42
        )
        assert ["Z", "P", "0000002", "0000001", "0000000", "0000001", "0000000"] == cut(
            trailer, 1, 2, 9, 16, 23, 30, 37
        )
        assert "acknowledgement of batch B2026-0901: 1 accepted, 1 refused" == native.summary

    def test_a_refused_record(self):
        """Its place, its number, the code, the columns, the field and the sentence."""
        native = of_file(BATCH.file([BATCH.detail(7), BATCH.detail(9, items=[("NOPE", 1)])]))
        expected = [
            "0000003",
            "0000009",
            "R",
            "",
            "E_OFFERING",
            "0151",
            "0158",
            "ITEM-CODE(1)",
            "unknown OFFER-CODE code 'NOPE' (one of the catalogue's OFFER-CODE codes for directmail.printco)",
        ]

        assert expected == verdict_of(lines(native)[2])

    def test_an_accepted_record(self):
        """It has the number of the order, and no code."""
        [document] = read(BATCH.file([BATCH.detail(1)]))
        native = ADAPTER.acknowledge(intake(with_order(document)), stamp())
        number, sequence, letter, order, *rest = verdict_of(lines(native)[1])

        assert ("0000002", "0000001", "A") == (number, sequence, letter)
        assert with_order(document).order.id == order
        assert ["", "0000", "0000", "", ""] == rest

    @pytest.mark.parametrize(
        ("outcome", "letter"), [(Outcome.REPEATED, "S"), (Outcome.PARKED, "W"), (Outcome.ACCEPTED, "A")]
    )
    def test_other_verdicts(self, outcome, letter):
        """Same as before, waiting, accepted."""
        [document] = read(BATCH.file([BATCH.detail(1)]))
        native = ADAPTER.acknowledge(intake(Verdict(origin=document.origin, outcome=outcome)), stamp())

        assert letter == verdict_of(lines(native)[1])[2]
        assert ("P" if letter == "W" else "A") == cut(lines(native)[2], 1, 2)[1]

    def test_a_record_whose_number_cannot_be_read(self):
        """SEQ is blank; its place in the file says which it was."""
        native = of_file(BATCH.file([put(BATCH.detail(1), 2, b"\x40" * 4)]))

        assert ["0000002", "", "R"] == verdict_of(lines(native)[1])[:3]

    def test_a_file_refused_as_a_whole(self):
        """One verdict, at the record that is wrong; the trailer says that nothing was taken."""
        native = of_file(BATCH.file([BATCH.detail(1)], count=2))
        header, told, trailer = lines(native)

        assert ["A", "B2026-0901", "PRINTCO"] == cut(header, 1, 11, 19)
        expected = ["0000003", "", "R", "", "E_FW_COUNT", "0002", "0005", "COUNT"]
        assert expected == verdict_of(told)[:8]
        assert ["Z", "R", "0000001"] == cut(trailer, 1, 2, 9)
        assert native.summary.endswith("refused as a whole")

    def test_a_file_without_a_header(self):
        """Batch and sender stay blank, and the only sender hears of it."""
        native = of_file(b"\xe7" * 100)

        assert ["A", "", "", "000000007"] == cut(lines(native)[0], 1, 11, 19, 28)
        assert "byte 0: " in verdict_of(lines(native)[1])[8]

    def test_what_the_hub_refuses_has_no_columns(self):
        """A number that was used before, say; the sentence tells the place in its words."""
        [document] = read(BATCH.file([BATCH.detail(1)]))
        fault = Fault(code="E_DUPLICATE_ORDER", what="it is order OL1", where="document number")
        refusal = Verdict(origin=document.origin, outcome=Outcome.REJECTED, fault=fault)
        told = verdict_of(lines(ADAPTER.acknowledge(intake(refusal), stamp()))[1])

        assert ["E_DUPLICATE_ORDER", "0000", "0000", "", "document number: it is order OL1"] == told[4:]

    def test_without_verdicts_there_is_no_file(self):
        """What was told before is not told again."""
        nothing = msgspec.structs.replace(intake(verdict(read(BATCH.file([BATCH.detail()]))[0])), verdicts=())

        assert ADAPTER.acknowledge(nothing, stamp()) is None

    @pytest.mark.parametrize(
        ("to", "form"),
        [
            (LETTERS, Batch("cp500", "VB")),
            (BRIEFE, Batch("cp273", "VB+BDW")),
            (PLAIN, Batch("ascii", "FB", 256)),
        ],
    )
    def test_it_is_written_as_the_sender_writes(self, to, form):
        """Same code page, same record format, same record length."""
        header = form.header(sender=to.identifiers[0].value)
        body = form.file([form.detail(1), form.detail(2, code="NOPE")], header=header)
        told = of_file(body, to).body
        sender = to.identifiers[0].value
        first = (
            form.text("A", 1) + form.text("B2026-0901", 10) + form.text(sender, 8) + form.text("000000007", 9)
        )
        framing = {"FB": 0, "VB": 4, "VB+BDW": 8}[form.recfm]

        assert told[framing:].startswith(first)
        assert form.text("unknown OFFER-CODE code 'NOPE'", 30) in told
        if form.recfm == "FB":
            assert 4 * form.lrecl == len(told)

    def test_it_comes_piece_by_piece(self):
        """A large batch has a large acknowledgement, which is never held whole."""
        [document] = read(BATCH.file([BATCH.detail(1)]))
        pieces = acknowledgement((verdict(document) for _ in range(3)), stamp())

        assert "A" == next(pieces)[:1].decode("cp037")
        assert ["V", "V", "V", "Z"] == [piece[:1].decode("cp037") for piece in pieces]


def notice(kind, name="", **changes):
    [document] = read(BATCH.file([BATCH.detail(17)]))
    found = notices(document.order, document.origin)[name or kind.value]
    return msgspec.structs.replace(found, **changes)


def status_of(native):
    """BATCH-ID, SEQ, FILE-NO, DATE, TIME, ORDER-ID, KIND, STATE, PROMISED, DONE, LINES, CODE, TEXT."""
    return cut(native.body, 1, 11, 18, 27, 35, 41, 63, 83, 103, 111, 114, 117, 137, 200)[1:]


class TestStatus:
    def test_it_has_ended(self):
        """One record: which of your records, which order, what became of it."""
        native = ADAPTER.render(notice(NoticeKind.ENDED, reason=""), stamp())
        told = status_of(native)

        assert ["B2026-0901", "0000017", "000000007", "20260901", "123015"] == told[:5]
        assert ["ended", "completed", "00000000", "001", "001", "", ""] == told[6:]
        assert "status of B2026-0901-0000017: ended, completed" == native.summary

    def test_it_will_be_late(self):
        """The new date, the code and the reason."""
        told = status_of(ADAPTER.render(notice(NoticeKind.DELAYED), stamp()))

        expected = ["delayed", "held", "20260904", "000", "001", "E_NO_ANSWER", "the reason, in words"]
        assert expected == told[6:]

    def test_an_order_that_came_another_way(self):
        """Without a batch's number, the order's own is left."""
        told = status_of(ADAPTER.render(notice(NoticeKind.CHANGED, document="C-2291"), stamp()))

        assert ["", ""] == told[:2]
        assert told[5].startswith("OL")

    def test_it_was_asked_for(self):
        """As it stands now, whatever the profile wants to be told."""
        told = status_of(ADAPTER.render(notice(NoticeKind.STATUS, reason=""), stamp()))

        assert ["B2026-0901", "0000017"] == told[:2]
        assert "status" == told[6]

    @pytest.mark.parametrize(
        ("asked", "shown"),
        [
            ("B2026-0801-0000017", ["B2026-0801", "0000017", ""]),
            ("OL1JW9TD2TPYTEFGN", ["", "", "OL1JW9TD2TPYTEFGN"]),
        ],
    )
    def test_an_order_that_is_not_there(self, asked, shown):
        """The number that was asked for, and no state."""
        fault = Fault(code="E_NOT_FOUND", what=f"no order {asked!r}")
        wanted = Notice(kind=NoticeKind.STATUS, endpoint=PRINTCO.id, at=AT, asked=asked, fault=fault)
        native = ADAPTER.render(wanted, stamp())
        told = status_of(native)

        assert shown == [*told[:2], told[5]]
        assert ["status", "", "00000000", "000", "000", "E_NOT_FOUND", f"no order {asked!r}"] == told[6:]
        assert f"no order {asked!r}" == native.summary

    def test_the_acknowledgement_has_told_it(self):
        """A refusal is not told twice."""
        assert ADAPTER.render(notice(NoticeKind.REJECTED), stamp()) is None

    def test_times_are_utc(self):
        """Whatever the day is, where the mainframe stands."""
        late = Stamp(at=AT + timedelta(hours=11, minutes=29), numbers={"file": 8}, endpoint=PRINTCO)
        told = status_of(ADAPTER.render(notice(NoticeKind.ENDED), late))

        assert ["000000008", "20260901", "235915"] == told[2:5]


GOLDEN = {
    "acknowledgement": lambda: of_file(
        BATCH.file([BATCH.detail(1), put(BATCH.detail(2), 29, b"\x00\x4a\x99\x00\x0c")])
    ),
    "refused-file": lambda: of_file(BATCH.file([BATCH.detail(1)], count=2)),
    "ended": lambda: ADAPTER.render(notice(NoticeKind.ENDED), stamp()),
    "delayed": lambda: ADAPTER.render(notice(NoticeKind.DELAYED), stamp()),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_bytes(name):
    """What mainframes read must not change by accident."""
    expected = (FIXTURES / "out" / f"{name}.bin").read_bytes()

    assert expected.hex() == GOLDEN[name]().body.hex()


def test_a_corrected_file_is_answered_under_the_same_numbers():
    """Record 17 was bad; when it is mended, all 500 have the numbers that they had."""
    details = [BATCH.detail(n) for n in range(1, 501)]
    first = read(BATCH.file([*details[:15], put(details[15], 18, BATCH.text("NOPE", 8)), *details[16:]]))
    second = read(BATCH.file(details, header=BATCH.header(written="20260902")))

    assert [one.origin for one in first] == [one.origin for one in second]
    assert [n for n, one in enumerate(first) if one != second[n]] == [15]
    assert references().endpoints.keys() == {one.origin.endpoint for one in second}

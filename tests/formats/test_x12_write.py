from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.formats.x12 import (
    FreeText,
    GroupOut,
    GsHeader,
    IsaParty,
    Separators,
    SetOut,
    free_text,
    isa_header,
    write_interchange,
)
from tests.formats.samples import faults, first

ACME, HUB = IsaParty("ZZ", "ACME"), IsaParty("01", "123456789")
GS = GsHeader(
    functional_id="PR",
    sender="HUB",
    receiver="ACME",
    date="20261121",
    time="0930",
    control="12",
    version="004010",
)


def header(**changes):
    """
    An ISA header of ours.
    """
    wanted = {"yymmdd": "261121", "hhmm": "0930", "control": 12} | changes
    return isa_header(HUB, ACME, **wanted)


def written(*segments, isa=None):
    """
    One 855 of these segments.
    """
    return write_interchange(isa or header(), [GroupOut(GS, (SetOut("855", "0012", segments),))])


class TestBytes:
    def test_an_interchange_as_the_standard_lays_it_out(self):
        """
        Padding, counts and control numbers are the writer's; empty elements at a segment's end are not sent.
        """
        lines = written(
            ("BAK", "00", "AC", "PO-4711", date(2026, 11, 21), None, None),
            ("ACK", "IA", 2, "EA", None, Decimal("599.00")),
            ("CTT", 1),
            isa=header(separators=Separators(line_break="\n")),
        )

        assert (
            b"ISA*00*          *00*          *01*123456789      *ZZ*ACME           "
            b"*261121*0930*U*00401*000000012*0*P*>~\n"
            b"GS*PR*HUB*ACME*20261121*0930*12*X*004010~\n"
            b"ST*855*0012~\n"
            b"BAK*00*AC*PO-4711*20261121~\n"
            b"ACK*IA*2*EA**599.00~\n"
            b"CTT*1~\n"
            b"SE*5*0012~\n"
            b"GE*1*12~\n"
            b"IEA*1*000000012~\n"
        ) == lines

    def test_free_text_gives_way_to_separators(self):
        """
        X12 cannot escape: in text a separator becomes a blank, an accent falls off, lines become one.
        """
        note = free_text("Gr\u00fc\u00dfe*aus\r\nK\u00f6ln~>\u202e \u2713", 80)

        assert b"MSG*Gru e aus Koln" in written(("MSG", note))

    def test_free_text_is_cut_to_its_element(self):
        """
        No element is longer than its place, and capitals are written where only they are agreed.
        """
        assert "HELLO, WOR" == free_text("Hello, world", 10, basic=True)

    def test_newer_versions_declare_a_repetition_separator(self):
        """
        From 00402 on ISA11 is a separator, and it is kept out of the data as the others are.
        """
        newer = header(version="00501")

        assert b"*0930*^*00501*" in written(("CTT", 1), isa=newer)
        with pytest.raises(ValueError, match="separator"):
            written(("REF", "A^B"), isa=newer)


class TestOurOwnMistakes:
    @pytest.mark.parametrize(
        "segment",
        [
            pytest.param(("REF", "A*B"), id="element separator"),
            pytest.param(("REF", "A>B"), id="component separator"),
            pytest.param(("REF", "A~B"), id="terminator"),
            pytest.param(("REF", "A\nB"), id="line break"),
            pytest.param(("REF", "\u00e9"), id="not ASCII"),
            pytest.param(("REF", FreeText("\x00")), id="control character in free text"),
            pytest.param(("ref", "A"), id="segment id in small letters"),
            pytest.param(("REFERENCE", "A"), id="long segment id"),
            pytest.param(("AMT", Decimal("NaN")), id="NaN"),
            pytest.param(("AMT", True), id="a truth value"),
        ],
    )
    def test_are_never_sent(self, segment):
        """
        What could not be read back is refused before it leaves the hub.
        """
        with pytest.raises(ValueError, match=r"."):
            written(segment)

    @pytest.mark.parametrize(
        "changes",
        [
            pytest.param({"control": 10**9}, id="control number too large"),
            pytest.param({"yymmdd": "20261121"}, id="date too long"),
            pytest.param({"usage": ""}, id="no usage"),
            pytest.param({"separators": Separators(component="*")}, id="equal separators"),
            pytest.param({"separators": Separators(repetition="^")}, id="repetition before 00402"),
        ],
    )
    def test_a_wrong_profile_is_told(self, changes):
        """
        A header that no partner could read is refused.
        """
        with pytest.raises(ValueError, match=r"ISA|separator"):
            written(("CTT", 1), isa=header(**changes))


_WORDS = st.text(
    st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="*>~^|"), max_size=20
).map(lambda text: text.rstrip(" "))
_TAGS = st.from_regex(r"[A-Z][A-Z0-9]{1,2}", fullmatch=True).filter(
    lambda tag: tag not in {"ISA", "GS", "ST", "SE", "GE", "IEA", "TA1"}
)
_SEGMENTS = st.tuples(_TAGS, st.lists(_WORDS, max_size=8)).map(lambda pair: (pair[0], *pair[1]))


class TestRoundTrip:
    @settings(deadline=None)
    @given(
        segments=st.lists(_SEGMENTS, max_size=8),
        sets=st.integers(1, 3),
        separators=st.sampled_from(
            [
                Separators(),
                Separators(element="|", component="^", segment="\n"),
                Separators(line_break="\r\n"),
            ]
        ),
    )
    def test_what_is_written_is_read(self, segments, sets, separators):
        """
        Reading gives the headers and elements that were written, and finds no fault.
        """
        isa = header(separators=separators)
        bodies = tuple(SetOut("855", f"{number:04}", tuple(segments)) for number in range(sets))

        found = first(write_interchange(isa, [GroupOut(GS, bodies)]))

        assert [] == faults(found)
        if separators.segment != "\n":
            assert isa == found.isa
        assert GS == found.groups[0].gs
        assert [[_trimmed(segment) for segment in segments]] * sets == [
            [(segment.id, *segment.elements) for segment in each.body] for each in found.groups[0].sets
        ]

    @settings(deadline=None)
    @given(st.text(max_size=200), st.integers(1, 80))
    def test_any_text_can_be_sent_as_free_text(self, text, length):
        """
        Whatever somebody typed, the message stays readable and the element within its length.
        """
        found = first(written(("MSG", "X", free_text(text, length))))

        assert [] == faults(found)
        assert length >= len(found.groups[0].sets[0].body[0].raw(2))


def _trimmed(segment):
    """
    The segment without the empty elements at its end.
    """
    while len(segment) > 1 and not segment[-1]:
        segment = segment[:-1]
    return segment

from __future__ import annotations

import pytest

from adapters.formats.x12 import Interchange, Unreadable, read_interchanges
from tests.formats.samples import ISA, faults, first, group, interchange, order_set, placed, sound_sets

GOOD = interchange(group(order_set("0001"), order_set("0002")))
NEWER_ISA = ISA.replace("*U*00401*", "*^*00501*")


class TestSoundInterchanges:
    def test_everything_of_it_is_read(self):
        """
        Headers, sets and segments come out as sent, each segment counted from ST and placed by its byte.
        """
        found = first(GOOD)
        [purchase_orders] = found.groups
        line = purchase_orders.sets[1].segments[2]

        assert [] == faults(found)
        assert ("ACME", "ORDERLOOM", "000000077") == (
            found.isa.sender.id,
            found.isa.receiver.id,
            found.isa.control,
        )
        assert ("PO", "77", 2) == (
            purchase_orders.gs.functional_id,
            purchase_orders.gs.control,
            purchase_orders.declared,
        )
        assert ("PO1", 3, ("1", "2", "EA", "599.00", "", "VP", "PHONE-A")) == (
            line.id,
            line.ordinal,
            line.elements,
        )
        assert GOOD[line.offset :].startswith(b"PO1*1*")

    @pytest.mark.parametrize("line_break", ["\r\n", "\n", "\r", "\n\n"])
    def test_line_breaks_after_terminators_are_no_data(self, line_break):
        """
        Files broken into lines for the eye read the same, and nothing trails behind the last break.
        """
        broken = GOOD.decode().replace("~", "~" + line_break).encode()
        found = list(read_interchanges(broken))

        assert 1 == len(found)
        assert ["0001", "0002"] == sound_sets(found[0])

    def test_the_header_declares_all_separators(self):
        """
        E-25: whatever characters stand at the header's places cut the rest, also those at which text readers
        end a line; a 00501 header declares repetition.
        """
        exotic = (
            interchange(isa=NEWER_ISA).replace(b"*", b"\x1d").replace(b"~", b"\x1c").replace(b">", b"\x1f")
        )
        separators = first(exotic).isa.separators

        assert ["0001"] == sound_sets(first(exotic))
        assert ("\x1d", "\x1f", "\x1c", "^") == (
            separators.element,
            separators.component,
            separators.segment,
            separators.repetition,
        )

    def test_a_line_break_may_be_the_terminator(self):
        """
        Where the terminator is a line break, editors strip the last one, and nothing is missing for it.
        """
        lines = GOOD.replace(b"~", b"\n")

        assert ["0001", "0002"] == sound_sets(first(lines))
        assert ["0001", "0002"] == sound_sets(first(lines.rstrip()))

    @pytest.mark.parametrize("mark", ["\u2028", "\u2029"])
    def test_what_ends_a_line_elsewhere_ends_nothing_here(self, mark):
        """
        E-25: a text keeps it, where such characters are agreed.
        """
        found = first(interchange(group(order_set("0001", f"N1*ST*a{mark}b"))), charset="utf-8")

        assert [f"a{mark}b"] == [one.body[0].raw(2) for one in found.groups[0].sets]

    def test_partner_notes_stand_before_the_groups(self):
        """
        TA1 segments are kept apart and are counted by nobody.
        """
        found = first(interchange("TA1*000000001*261121*0930*A*000~", count=0))

        assert [] == faults(found)
        assert ["TA1"] == [note.id for note in found.notes]

    def test_agreed_character_sets_are_read(self):
        """
        Partners who agreed on Latin-1 or UTF-8 may send names as they are written.
        """
        name = "N1*ST*J\u00fcrgen"

        latin = first(
            interchange(group(order_set("0001", name))).decode().encode("latin-1"), charset="latin-1"
        )
        utf8 = first(interchange(group(order_set("0001", name))), charset="utf-8")

        assert ["J\u00fcrgen"] * 2 == [found.groups[0].sets[0].body[0].raw(2) for found in (latin, utf8)]

    def test_several_interchanges_pass_where_agreed(self):
        """
        An endpoint that may send several interchanges in a message has all of them read.
        """
        both = list(read_interchanges(GOOD + b"\r\n" + GOOD, several=True))

        assert [["0001", "0002"], ["0001", "0002"]] == [sound_sets(each) for each in both]


def _cut_isa(at, by=1):
    return (ISA[:at] + ISA[at + by :]).encode() + GOOD[len(ISA) :]


class TestUnreadableMessages:
    @pytest.mark.parametrize(
        ("message", "code", "where"),
        [
            pytest.param(b"", "E_EMPTY", "", id="empty"),
            pytest.param(b" \r\n\t", "E_EMPTY", "", id="blank"),
            pytest.param(b"\xef\xbb\xbf" + GOOD, "E_BOM", "byte 0", id="E-24 UTF-8 mark"),
            pytest.param(b"\xff\xfe" + GOOD, "E_BOM", "byte 0", id="UTF-16 mark"),
            pytest.param(b"hello", "E_EDI_ISA", "byte 0", id="E-01 no ISA"),
            pytest.param(b" " + GOOD, "E_EDI_ISA", "byte 0", id="E-24 blank before ISA"),
            pytest.param(b'{"a":1}', "E_FORMAT_SNIFF", "byte 0", id="JSON"),
            pytest.param(b"<order/>", "E_FORMAT_SNIFF", "byte 0", id="XML"),
            pytest.param(b"UNB+UNOA:1'", "E_FORMAT_SNIFF", "byte 0", id="EDIFACT"),
            pytest.param(GOOD.decode().encode("cp037"), "E_FORMAT_SNIFF", "byte 0", id="EBCDIC"),
            pytest.param(b"\x1f\x8b\x08" + GOOD, "E_ARCHIVE", "byte 0", id="gzip"),
            pytest.param(GOOD[:40], "E_EDI_ISA", "ISA06 at byte 35", id="E-01 header cut short"),
            pytest.param(_cut_isa(49), "E_EDI_ISA", "ISA06 at byte 35", id="E-01 unpadded sender"),
            pytest.param(_cut_isa(17, 10), "E_EDI_ISA", "ISA02 at byte 7", id="E-01 unpadded everything"),
            pytest.param(
                GOOD.replace(b"*261121*", b"*26112 *"), "E_EDI_ISA", "ISA09 at byte 70", id="E-01 date"
            ),
            pytest.param(
                GOOD.replace(b"*000000077*", b"*00000007A*", 1),
                "E_EDI_ISA",
                "ISA13 at byte 90",
                id="E-01 ISA13",
            ),
            pytest.param(
                GOOD.replace(b"*00401*", b"*0040X*"), "E_EDI_VERSION", "ISA12 at byte 84", id="E-14 ISA12"
            ),
            pytest.param(
                GOOD.replace(b"ACME ", b"ACM\xc9 ", 1), "E_ENCODING", "ISA06 at byte 35", id="E-23 not ASCII"
            ),
            pytest.param(
                GOOD.replace(b"ACME ", b"ACME\0", 1),
                "E_CONTROL_CHAR",
                "ISA06 at byte 35",
                id="E-23 NUL padding",
            ),
            pytest.param(GOOD.replace(b"*", b"A"), "E_EDI_DELIM", "ISA at byte 3", id="E-03 a letter"),
            pytest.param(GOOD.replace(b"*", b" "), "E_EDI_DELIM", "ISA at byte 3", id="E-03 a blank"),
            pytest.param(GOOD.replace(b"*", b"\0"), "E_EDI_DELIM", "ISA at byte 3", id="E-03 NUL"),
            pytest.param(GOOD.replace(b"*", b"\xa7"), "E_EDI_DELIM", "ISA at byte 3", id="E-03 not ASCII"),
            pytest.param(
                GOOD.replace(b"*", b"\xc2\xa7"), "E_EDI_DELIM", "ISA at byte 3", id="E-03 of two bytes"
            ),
            pytest.param(
                GOOD.replace(b"~", b"\xc2\xa7"), "E_EDI_DELIM", "ISA at byte 105", id="E-03 terminator of two"
            ),
            pytest.param(
                GOOD.replace(b">~", b"~~", 1),
                "E_EDI_DELIM",
                "ISA at byte 105",
                id="E-02 terminator = component",
            ),
            pytest.param(
                GOOD.replace(b">~", b"*~", 1),
                "E_EDI_DELIM",
                "ISA16 at byte 104",
                id="E-02 component = element",
            ),
            pytest.param(
                GOOD.replace(b">~", b">7", 1), "E_EDI_DELIM", "ISA at byte 105", id="E-03 terminator a digit"
            ),
            pytest.param(
                GOOD.replace(b"*U*00401*", b"*>*00501*"),
                "E_EDI_DELIM",
                "ISA11 at byte 82",
                id="E-02 repetition = component",
            ),
        ],
    )
    def test_are_refused_with_a_place(self, message, code, where):
        """
        What has no usable header yields one fault and nothing else: nobody can be answered.
        """
        [found] = read_interchanges(message)

        assert isinstance(found, Unreadable)
        assert (code, where) == (found.fault.code, found.fault.where)

    def test_large_messages_are_refused_unread(self):
        """
        The limit is the size of the message, and it is named.
        """
        [found] = read_interchanges(GOOD, limit=len(GOOD) - 1)

        assert "E_TOO_LARGE" == found.fault.code
        assert f"at most {len(GOOD) - 1} bytes" == found.fault.allowed


class TestInterchangeFaults:
    @pytest.mark.parametrize(
        ("message", "code", "where"),
        [
            pytest.param(GOOD[: GOOD.index(b"IEA")], "E_EDI_TRUNCATED", "@$", id="no IEA"),
            pytest.param(GOOD[:-1], "E_EDI_TRUNCATED", "@IEA*", id="IEA not terminated"),
            pytest.param(GOOD[:200], "E_EDI_TRUNCATED", "@PO1*1", id="cut inside a set"),
            pytest.param(interchange(count=2), "E_EDI_COUNT", "IEA01 at @IEA*", id="E-09 IEA01"),
            pytest.param(interchange(count="x"), "E_EDI_COUNT", "IEA01 at @IEA*", id="E-09 IEA01 no number"),
            pytest.param(
                interchange(trailer="000000078"), "E_EDI_CONTROL", "IEA02 at @IEA*", id="E-10 IEA02"
            ),
            pytest.param(
                interchange(trailer="77"), "E_EDI_CONTROL", "IEA02 at @IEA*", id="E-10 IEA02 not nine digits"
            ),
            pytest.param(
                interchange(order_set()), "E_EDI_STRUCTURE", "ST at @ST*", id="E-18 set without group"
            ),
            pytest.param(interchange("GE*0*1~"), "E_EDI_STRUCTURE", "GE at @GE*", id="E-18 GE without GS"),
            pytest.param(interchange("REF*A*B~"), "E_EDI_STRUCTURE", "@REF*", id="E-18 data without group"),
            pytest.param(
                interchange(group(order_set()).replace("*0930*77*X*", "*0930*7x*X*")),
                "E_EDI_STRUCTURE",
                "GS06 at @GS*",
                id="GS06 no number",
            ),
            pytest.param(
                interchange(group(order_set()).replace("*X*004010", "")),
                "E_MISSING",
                "GS07 at @GS*",
                id="E-18 short GS",
            ),
        ],
    )
    def test_condemn_everything_inside(self, message, code, where):
        """
        Nobody knows what was lost, so no set of the interchange may be worked on.
        """
        [found] = read_interchanges(message)

        assert (code, placed(where, message)) == (found.fault.code, found.fault.where)
        assert [] == sound_sets(found)
        assert all(g.fault for g in found.groups)

    def test_a_second_interchange_does_not_harm_the_first(self):
        """
        E-24: where one interchange is agreed the first passes, and what follows is refused at its byte.
        """
        passed, refused = read_interchanges(GOOD + b"\n" + GOOD)

        assert ["0001", "0002"] == sound_sets(passed)
        assert [("E_TRAILING", f"byte {len(GOOD) + 1}")] == faults(refused)

    @pytest.mark.parametrize("tail", [b"\x1a", b"garbage", b"~", b"\0"])
    def test_bytes_behind_the_end_do_not_harm_it_either(self, tail):
        """
        E-24: the interchange passes; the rest is refused at its byte.
        """
        passed, refused = read_interchanges(GOOD + tail)

        assert ["0001", "0002"] == sound_sets(passed)
        assert [("E_TRAILING", f"byte {len(GOOD)}")] == faults(refused)

    def test_a_new_header_ends_a_truncated_interchange(self):
        """
        A sender that stopped and began anew loses the first attempt only, where several may come.
        """
        lost, passed = read_interchanges(GOOD[:200] + b"~" + GOOD, several=True)

        assert "E_EDI_TRUNCATED" == lost.fault.code
        assert ["0001", "0002"] == sound_sets(passed)


class TestGroupFaults:
    @pytest.mark.parametrize(
        ("bad", "code", "where"),
        [
            pytest.param(group(order_set(), count=2), "E_EDI_COUNT", "GE01 at @GE*", id="E-09 GE01"),
            pytest.param(group(order_set(), trailer="78"), "E_EDI_CONTROL", "GE02 at @GE*", id="E-10 GE02"),
            pytest.param(
                group(order_set() + "REF*A*B~"), "E_EDI_STRUCTURE", "@REF*", id="E-18 data behind SE"
            ),
            pytest.param(
                group(order_set() + "SE*2*0001~"), "E_EDI_STRUCTURE", "SE at @SE*2", id="E-18 SE twice"
            ),
            pytest.param(group(order_set())[:-8], "E_EDI_TRUNCATED", "GE at @$", id="no GE"),
        ],
    )
    def test_condemn_their_group_only(self, bad, code, where):
        """
        The sets of the faulty group are refused; the next group of the interchange passes.
        """
        good = group(order_set("0009"), control="79")
        message = interchange(bad, good)
        found = first(message)

        assert [(code, placed(where, message[: message.index(good.encode())]))] == faults(found)
        assert ["0009"] == sound_sets(found)

    def test_a_group_number_is_used_once(self):
        """
        E-12: the second group under a number is refused, the first passes.
        """
        message = interchange(group(order_set("0001")), group(order_set("0002")))
        found = first(message)

        assert [("E_EDI_DUPLICATE", placed("GS06 at @GS*", message))] == faults(found)
        assert ["0001"] == sound_sets(found)


class TestSetFaults:
    @pytest.mark.parametrize(
        ("bad", "code", "where"),
        [
            pytest.param(
                order_set(count=7), "E_EDI_COUNT", "850/0001 segment 6 SE01 at @SE*", id="E-11 SE01"
            ),
            pytest.param(
                order_set(count="six"), "E_EDI_COUNT", "850/0001 segment 6 SE01 at @SE*", id="E-11 SE01 words"
            ),
            pytest.param(
                order_set(trailer="0002"), "E_EDI_CONTROL", "850/0001 segment 6 SE02 at @SE*", id="E-10 SE02"
            ),
            pytest.param(order_set()[:-10], "E_EDI_TRUNCATED", "850/0001 SE at @$", id="no SE"),
            pytest.param(
                order_set("0009"), "E_EDI_DUPLICATE", "850/0009 segment 1 ST02 at @ST*", id="E-12 ST02 twice"
            ),
            pytest.param(
                order_set("0001", "BEG*00*SA*\xe9"),
                "E_ENCODING",
                "850/0001 segment 2 BEG03 at @BEG",
                id="E-23 not ASCII",
            ),
            pytest.param(
                order_set("0001", "BEG*00*SA*\0"),
                "E_CONTROL_CHAR",
                "850/0001 segment 2 BEG03 at @BEG",
                id="E-23 NUL",
            ),
            pytest.param(
                order_set("0001", "BEG*00*SA*4\x1c5"),
                "E_CONTROL_CHAR",
                "850/0001 segment 2 BEG03 at @BEG",
                id="E-25 a separator of others",
            ),
            pytest.param(
                order_set("0001", "BEG*00\n*SA"),
                "E_CONTROL_CHAR",
                "850/0001 segment 2 BEG01 at @BEG",
                id="break inside a segment",
            ),
            pytest.param(
                order_set("0001", "REF" + "*" * 101),
                "E_EDI_ELEMENTS",
                "850/0001 segment 2 REF at @REF",
                id="E-05 elements",
            ),
            pytest.param(
                order_set("0001", "REF*A*" + ">" * 20),
                "E_EDI_COMPONENTS",
                "850/0001 segment 2 REF02 at @REF",
                id="E-05 components",
            ),
            pytest.param(
                order_set("0001", "\tBEG*00"),
                "E_CONTROL_CHAR",
                "850/0001 segment 2 ??? at @\tBEG",
                id="indented",
            ),
            pytest.param(
                order_set("0001", ""),
                "E_EDI_STRUCTURE",
                "850/0001 segment 2 ??? at @~SE*3*0001",
                id="empty segment",
            ),
            pytest.param(
                order_set().replace("ST*850", "ST*856"),
                "E_EDI_STRUCTURE",
                "856/0001 segment 1 ST01 at @ST*",
                id="E-15 set of another group",
            ),
            pytest.param(
                order_set().replace("ST*850", "ST*860"),
                "E_EDI_TYPE",
                "860/0001 segment 1 ST01 at @ST*",
                id="E-15 set not agreed",
            ),
            pytest.param(
                order_set().replace("ST*850", "ST*85"), "E_EDI_TYPE", "ST01 at @ST*", id="E-15 no set code"
            ),
            pytest.param(
                order_set("../1", "CTT*1"),
                "E_EDI_CONTROL",
                "ST02 at @ST*",
                id="ST02 with strange characters",
            ),
        ],
    )
    def test_condemn_their_set_only(self, bad, code, where):
        """
        The faulty set is refused in the sender's terms; the other sets of its group pass.
        """
        good = order_set("0009")
        message = interchange(group(good, bad)).decode().encode("latin-1")
        found = first(message, expected={"850", "856"})

        assert [(code, placed(where, message[: message.index(b"GE*")]))] == faults(found)
        assert ["0009"] == sound_sets(found)

    def test_a_refused_value_is_quoted_in_part_and_escaped(self):
        """
        Errors go into logs and back to senders: never the whole value, never a raw control character.
        """
        found = first(interchange(group(order_set("0001", "\x1b[2J" + "A" * 500))))

        fault = found.groups[0].sets[0].fault

        assert "E_CONTROL_CHAR" == fault.code
        assert str(fault).isprintable()
        assert 200 > len(str(fault))

    def test_reading_is_repeatable(self):
        """
        The same bytes give the same faults.
        """
        bad = interchange(group(order_set(count=9), order_set("0002")))

        assert list(read_interchanges(bad)) == list(read_interchanges(bad))
        assert isinstance(first(bad), Interchange)


def test_an_unsafe_character_set_is_a_mistake_of_ours():
    """
    Character sets in which separators could be half of a letter are refused when the endpoint is set up.
    """
    with pytest.raises(ValueError, match="utf-16"):
        first(GOOD, charset="utf-16")

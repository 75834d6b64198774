"""
What the warehouse is told, and what the hub reads in its advices and receipts.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from adapters.formats.x12 import read_interchanges
from adapters.kit import Stamp
from adapters.outbound.warehouse import WarehouseAdapter
from canonical.errors import Rejected
from canonical.order import Address, ExternalId, OfferingRef, Place, Product
from canonical.replies import ORDER_NUMBER, LineReply, Receipt, Reference, Reply
from canonical.states import State
from canonical.systems import Verb
from tests.adapters.instructions import CHANGE_KEY, CUSTOMER, DOOR, HOME, KEY, line
from tests.adapters.partners import changed
from tests.adapters.shipping import (
    AT,
    CANCEL,
    CHANGE,
    FIXTURES,
    FULL,
    REFERENCE,
    SMALLEST,
    advice,
    body_of,
    group,
    interchange,
    read,
    receipt,
    told,
    transaction_set,
    verdict,
)

CC = "W12*CC*2*2*0*EA**VN*HANDSET-A"


def sample(name):
    """What the adapter makes of one sample."""
    return read((FIXTURES / "in" / f"{name}.edi").read_bytes())


class TestInstruct:
    def test_the_bytes(self):
        """A 940: who it is for, where it goes, what and how many."""
        stamp = Stamp(at=AT, numbers={"interchange": 7, "group": 7})
        native = WarehouseAdapter().instruct(FULL, stamp)

        assert (FIXTURES / "out" / "940.edi").read_bytes() == native.body
        assert f"940 {REFERENCE}, 2 lines" == native.summary
        assert "application/edi-x12" == native.content_type

    def test_the_smallest(self):
        """Without an address and a customer there is a reference all the same."""
        assert [
            f"W05*N*{REFERENCE}",
            f"N1*ST*{SMALLEST.order_id}",
            f"N9*ZZ*{KEY}",
            "LX*1",
            "W01*1*EA**VN*CASE-01",
            "G69*CASE-01 by name",
            "W76*1",
        ] == body_of(SMALLEST)

    def test_what_we_send_is_read_by_the_reader(self):
        """One interchange, one group, one set, sound."""
        stamp = Stamp(at=AT, numbers={"interchange": 8, "group": 12345})
        [found] = read_interchanges(WarehouseAdapter().instruct(FULL, stamp).body)
        [only] = found.groups

        assert ("000000008", "12345", "OW", "940", "12345", None) == (
            found.isa.control,
            only.gs.control,
            only.gs.functional_id,
            only.sets[0].code,
            only.sets[0].control,
            found.fault,
        )

    def test_the_settings_of_the_system(self):
        """Ids, versions and separators are the system's; the defaults are the reference warehouse's."""
        found = told(
            SMALLEST,
            hub_qualifier="01",
            hub_id="123456789",
            qualifier="14",
            id="DC-7",
            usage="T",
            element="|",
            version="004010VICS",
        )

        assert found[0].startswith("ISA|00|          |00|          |01|123456789      |14|DC-7           |")
        assert found[0].endswith("|U|00401|000000007|0|T|>~")
        assert "GS|OW|123456789|DC-7|20261121|1405|7|X|004010VICS~" == found[1]

    @pytest.mark.parametrize(
        ("changes", "segments"),
        [
            pytest.param(
                {"place": (HOME,)},
                [
                    "N1*ST*CUST*92*SITE-77120",
                    "N3*12 Harbour Street",
                    "N4*Springfield*OR*97477*US",
                ],
                id="goods for an installation go to where that is",
            ),
            pytest.param(
                {"place": (HOME, DOOR)},
                ["N1*ST*Ada King*92*CUST-8810", "N3*1 Mill Lane", "N4*Salem"],
                id="the delivery address comes first",
            ),
            pytest.param({"place": ()}, ["N1*ST*Ada King*92*CUST-8810"], id="only a customer"),
        ],
    )
    def test_where_it_goes(self, changes, segments):
        """The order's delivery address, else its installation address, else only the customer."""
        found = body_of(changed(SMALLEST, related_party=(CUSTOMER,), **changes))
        segments = [one.replace("CUST*", "Ada King*") for one in segments]

        assert segments == [one for one in found if one[:2] in {"N1", "N3", "N4"}]

    def test_a_line_has_an_address_of_its_own(self):
        """It goes before the order's."""
        own = line(1, "CASE-01", product=Product(place=(DOOR,)))

        assert "N1*ST*Ada King" in body_of(changed(SMALLEST, lines=(own,), place=(HOME,)))

    def test_lines_that_go_to_different_addresses(self):
        """One shipping order has one address: the part is held, and somebody splits it."""
        elsewhere = Place(role="deliveryAddress", place=Address(name="Work", city="Salem"))
        lines = (
            line(1, "CASE-01", product=Product(place=(DOOR,))),
            line(2, "CASE-01", product=Product(place=(elsewhere,))),
        )

        with pytest.raises(Rejected) as raised:
            told(changed(SMALLEST, lines=lines))
        assert "place: lines 1, 2 go to different addresses (one address a shipping order) [E_VALUE]" == str(
            raised.value
        )

    @pytest.mark.parametrize("mark", ["*", "~*~*", "> ~"])
    def test_text_that_is_nothing_but_separators_is_left_out(self, mark):
        """Written as blanks it would leave a mandatory element empty."""
        told = Address(name=mark, street=mark, city=mark, state_or_province=mark, postcode=mark, country=mark)
        nowhere = Place(role="deliveryAddress", place=told)
        one = line(1, "CASE-01", product=Product(place=(nowhere,)))
        item = changed(one.item, product_offering=changed(one.item.product_offering, name=mark))
        found = body_of(changed(SMALLEST, lines=(changed(one, item=item),), related_party=()))

        assert [f"N1*ST*{SMALLEST.order_id}"] == [one for one in found if one[:2] in {"N1", "N3", "N4"}]
        assert not [one for one in found if one.startswith("G69")]

    def test_a_street_whose_beginning_says_nothing(self):
        """The rest of it is its first line."""
        place = Place(
            role="deliveryAddress", place=Address(name="Ada", street="*" * 55 + "12 Harbour Street")
        )

        assert "N3*12 Harbour Street" in body_of(changed(SMALLEST, place=(place,)))

    def test_text_that_x12_cannot_write(self):
        """Names lose their accents and our separators; a long street takes both places."""
        place = Place(
            role="deliveryAddress",
            place=Address(
                name="Zoë * Müller~",
                street="Long " * 15,
                city="Malmö",
                state_or_province="Skåne",
                country="Sverige",
            ),
        )

        assert [
            "N1*ST*Zoe   Muller",
            f"N3*{('Long ' * 15)[:55].strip()}*{('Long ' * 4).strip()}",
            "N4*Malmo, Skane, Sverige",
        ] == body_of(changed(SMALLEST, place=(place,)))[1:4]

    @pytest.mark.parametrize(
        ("number", "w05"),
        [
            ("PO 17/3", f"W05*N*{REFERENCE}*PO 17/3"),
            ("X" * 23, f"W05*N*{REFERENCE}"),
            ("A*B", f"W05*N*{REFERENCE}"),
        ],
    )
    def test_the_purchase_order_number(self, number, w05):
        """It comes along when the format can carry it unchanged; it is never cut."""
        known = ExternalId(owner="web", external_identifier_type="cartId", id=number)

        assert w05 == body_of(changed(SMALLEST, external_id=(known,)))[0]

    def test_an_offering_that_x12_cannot_write(self):
        """An id is not changed for a format's sake."""
        odd = changed(line(1).item, product_offering=OfferingRef(id="A~B"))

        with pytest.raises(Rejected, match=r"line 1: 'A~B' cannot be written in X12 .* \[E_VALUE\]"):
            told(changed(SMALLEST, lines=(changed(line(1), item=odd),)))


class TestInstructChanges:
    @pytest.mark.parametrize(
        ("one", "name", "summary"),
        [(CHANGE, "940-change", "940 modify"), (CANCEL, "940-cancel", "940 undo")],
        ids=["change", "cancel"],
    )
    def test_the_bytes(self, one, name, summary):
        """A 940 like the first, which says in W0501 what it is, and in N9*F8 what it is about."""
        stamp = Stamp(at=AT, numbers={"interchange": 9, "group": 9})
        native = WarehouseAdapter().instruct(one, stamp)

        assert (FIXTURES / "out" / f"{name}.edi").read_bytes() == native.body
        assert f"{summary} {REFERENCE}.1, 1 line" == native.summary

    @pytest.mark.parametrize(
        ("one", "status", "line"),
        [(CHANGE, "R", ["LX*1", "W01*3*EA**VN*HANDSET-A"]), (CANCEL, "F", ["LX*2", "W01*1*EA**VN*CASE-01"])],
    )
    def test_only_the_lines_concerned(self, one, status, line):
        """As they shall be, or as the warehouse has them; its number says which one is meant."""
        found = body_of(one)

        assert f"W05*{status}*{REFERENCE}.1*4500000042" == found[0]
        assert [f"N9*ZZ*{CHANGE_KEY}", f"N9*F8*{KEY}"] == [each for each in found if each.startswith("N9")]
        assert line == [each for each in found if each[:2] in {"LX", "W0"} and not each.startswith("W05")]

    def test_a_change_of_nothing(self):
        """Without the key of the first 940 the warehouse could not find it."""
        with pytest.raises(Rejected, match=r"undoes: nothing says what to undo .*\[E_KEY_MISSING\]"):
            told(changed(CANCEL, undoes=""))

    @pytest.mark.parametrize(
        ("changes", "where"),
        [({"key": "A*B"}, "key"), ({"undoes": "A~B"}, "undoes"), ({"reference": "R>1"}, "reference")],
    )
    def test_ids_that_x12_cannot_write(self, changes, where):
        """They are not changed for a format's sake."""
        with pytest.raises(Rejected) as caught:
            told(changed(CHANGE, **changes))

        assert ("E_VALUE", where) == (caught.value.code, caught.value.where)


class TestVerdict:
    def test_a_change_is_taken(self):
        """Our key, our reference and the number of our group name it."""
        [reply] = sample("change-taken")

        assert ("WAREHOUSE1/000000306/306/0306", "TA", "", ()) == (
            reply.key,
            reply.word,
            reply.reason,
            reply.lines,
        )
        assert (
            Reference(type="key", value=CHANGE_KEY),
            Reference(type="depositorOrder", value=f"{REFERENCE}.1"),
            Reference(type="group", value="9"),
        ) == reply.about
        assert datetime(2026, 11, 22, tzinfo=UTC) == reply.happened

    def test_a_change_comes_too_late(self):
        """The code says so, the text why."""
        [reply] = sample("too-late")
        meaning = WarehouseAdapter().profile.words[reply.word]

        assert ("TR/814", "LOADED AT 10:02; TRAILER 7 LEFT AT 10:05") == (reply.word, reply.reason)
        assert (State.HELD, "E_TOO_LATE", True) == (meaning.state, meaning.code, meaning.past)

    @pytest.mark.parametrize(
        ("lines", "word"),
        [((), "TR"), (("TED*024*NO SUCH ORDER",), "TR"), (("TED*024", "TED*814*LOADED"), "TR/814")],
    )
    def test_a_change_is_refused(self, lines, word):
        """For whatever other reason; one that speaks of the time is enough."""
        [reply] = read(verdict(*lines, oti=f"OTI*TR*TN*{REFERENCE}.1"))

        assert word == reply.word

    @pytest.mark.parametrize(
        ("word", "verbs"),
        [("TA", {"modify", "undo"}), ("TR", {"do", "modify", "undo"}), ("TR/814", {"modify", "undo"})]
        + [(word, {"do"}) for word in ("CC", "BK", "NS", "IN", "F", "P")],
    )
    def test_what_a_word_can_answer(self, word, verbs):
        """An advice of what was shipped never answers a change; that an order was taken ships nothing."""
        assert verbs == {verb.value for verb in WarehouseAdapter().profile.words[word].answers}
        assert set(Verb) == set(WarehouseAdapter().profile.verbs)

    def test_several_in_one_set(self):
        """Each has a key of its own."""
        again = f"OTI*TR*TN*{REFERENCE}.2"

        assert [("WAREHOUSE1/000000301/301/0301", "TA"), ("WAREHOUSE1/000000301/301/0301/2", "TR")] == [
            (one.key, one.word) for one in read(verdict(again))
        ]

    def test_named_by_the_purchase_order_alone(self):
        """It says the order, and the hub finds the change that waits for an answer."""
        [reply] = read(verdict(oti="OTI*TA*PO*PO 17/3-B"))

        assert (Reference(type=ORDER_NUMBER, value="PO 17/3-B"),) == reply.about

    def test_named_by_the_group_alone(self):
        """As a 997 names it."""
        [reply] = read(verdict(oti="OTI*TA*PO*4500000042*****0009*0009*940"))

        assert (Reference(type="group", value="9"),) == reply.about

    @pytest.mark.parametrize(
        ("message", "code", "where"),
        [
            pytest.param(verdict(oti="OTI**TN*X"), "E_MISSING", "segment 3 OTI01", id="no verdict"),
            pytest.param(verdict(oti="OTI*TA**X"), "E_MISSING", "segment 3 OTI02", id="no qualifier"),
            pytest.param(verdict(oti="OTI*TA*TN"), "E_KEY_MISSING", "segment 3 OTI03", id="no number"),
            pytest.param(verdict(oti="OTI*TA*IV*1"), "E_KEY_MISSING", "segment 3 OTI03", id="no id of ours"),
            pytest.param(verdict(oti="OTI*TA*PO"), "E_MISSING", "segment 3 OTI03", id="no order"),
            pytest.param(
                verdict(oti="OTI*TA*TN*X*****9*0009*850"), "E_UNMATCHED", "segment 3 OTI10", id="an 850"
            ),
            pytest.param(
                verdict("TED", oti="OTI*TR*TN*X"), "E_MISSING", "segment 4 TED01", id="a fault without a code"
            ),
            pytest.param(verdict("W12*CC"), "E_EDI_STRUCTURE", "segment 4 W12", id="a line of a 945"),
            pytest.param(
                interchange(group(transaction_set("BGN*11*CH-1*20261122", code="824"), kind="AG")),
                "E_MISSING",
                "segment 3 OTI",
                id="nothing decided",
            ),
            pytest.param(
                interchange(
                    group(transaction_set("BGN*11*CH-1*20269922", "OTI*TA*TN*X", code="824"), kind="AG")
                ),
                "E_DATE",
                "segment 2 BGN03",
                id="no date",
            ),
        ],
    )
    def test_bad_verdicts(self, message, code, where):
        """The fault names set, segment and element."""
        [found] = read(message)

        assert isinstance(found, Rejected)
        assert (code, f"824/0301 {where}") == (found.code, found.where.partition(" at byte")[0])


class TestAdvice:
    def test_all_shipped(self):
        """Each line by its number, in the warehouse's word; the shipment's number becomes an alias."""
        [reply] = sample("shipped")

        assert isinstance(reply, Reply)
        assert ("warehouse", "WAREHOUSE1/000000301/301/0301", "") == (reply.system, reply.key, reply.word)
        assert (
            Reference(type="key", value=KEY),
            Reference(type="depositorOrder", value=REFERENCE),
        ) == reply.about
        assert (Reference(type="shipment", value="SH-88120"),) == reply.gives
        assert datetime(2026, 11, 22, tzinfo=UTC) == reply.happened
        assert [(1, "CC", "HANDSET-A", 2), (2, "CM", "CASE-01", 2)] == [
            (one.line, one.word, one.offering, one.quantity) for one in reply.lines
        ]
        assert [True, True] == ["W1201 at byte" in one.where for one in reply.lines]

    def test_a_part_of_it(self):
        """What is short is held, what is not sold any more is rejected."""
        [reply] = sample("partial")
        words = WarehouseAdapter().profile.words

        assert [(State.HELD, "E_SYSTEM_HELD"), (State.REJECTED, "E_SYSTEM_REFUSED")] == [
            (words[one.word].state, words[one.word].code) for one in reply.lines
        ]
        assert [1, 0] == [one.quantity for one in reply.lines]

    def test_without_lines(self):
        """Then W0601 speaks of the whole order."""
        [reply] = sample("header-only")

        assert ("F", (), ()) == (reply.word, reply.lines, reply.gives)
        assert State.COMPLETED is WarehouseAdapter().profile.words["F"].state
        assert reply.happened is None

    @pytest.mark.parametrize(
        ("message", "about"),
        [
            (advice(head="W06*F*****PO 17/3-B"), (ORDER_NUMBER, "PO 17/3-B")),
            (advice(f"N9*ZZ*{KEY}", head="W06*F*****PO 17/3-B"), ("key", KEY)),
        ],
    )
    def test_without_our_number(self, message, about):
        """The key is enough; failing that, the purchase order says which order it is."""
        [reply] = read(message)

        assert [about] == [(one.type, one.value) for one in reply.about]

    def test_several_in_one_message(self):
        """Each has a key of its own; one that cannot be read takes none of the others away."""
        good = transaction_set(f"W06*F*{REFERENCE}", control="0001")
        bad = transaction_set("W06*F", control="0002", count=9)
        last = transaction_set(f"W06*P*{REFERENCE}", control="0003")
        message = interchange(group(good, bad, last))
        found = read(message)

        assert ["WAREHOUSE1/000000301/301/0001", "WAREHOUSE1/000000301/301/0003"] == [
            one.key for one in found if isinstance(one, Reply)
        ]
        assert [("E_EDI_COUNT", f"945/0002 segment 3 SE01 at byte {message.index(b'SE*9')}")] == [
            (one.code, one.where) for one in found if isinstance(one, Rejected)
        ]

    def test_a_word_that_the_profile_does_not_have(self):
        """It is handed on as it is: the hub says E_REPLY_WORD, with the place."""
        message = advice("LX*1", CC.replace("CC", "QN"))
        where = f"945/0301 segment 4 W1201 at byte {message.index(b'W12*')}"
        [reply] = read(message)

        assert (
            LineReply(
                word="QN",
                line=1,
                offering="HANDSET-A",
                quantity=2,
                where=where,
            ),
        ) == reply.lines

    @pytest.mark.parametrize(
        ("message", "code", "where"),
        [
            pytest.param(advice("LX*one", CC), "E_NUMBER", "segment 3 LX01", id="line number"),
            pytest.param(advice("LX*0", CC), "E_RANGE", "segment 3 LX01", id="line 0"),
            pytest.param(advice("LX*1", "W12**2*2"), "E_MISSING", "segment 4 W1201", id="no word"),
            pytest.param(advice("LX*1", "W12*CC*2*x"), "E_NUMBER", "segment 4 W1203", id="no quantity"),
            pytest.param(advice("LX*1", "W12*CC*2*-1"), "E_RANGE", "segment 4 W1203", id="less than nothing"),
            pytest.param(advice("LX*1", "W12*CC*2*1.5"), "E_RANGE", "segment 4 W1203", id="half a handset"),
            pytest.param(advice(CC), "E_EDI_STRUCTURE", "segment 3 W12", id="no LX"),
            pytest.param(advice(head="LX*1"), "E_MISSING", "segment 2 W06", id="no W06"),
            pytest.param(advice(head="W06*F"), "E_KEY_MISSING", "segment 2 W0602", id="no reference"),
            pytest.param(advice(head=f"W06*F*{'9' * 30}"), "E_KEY_FORMAT", "segment 2 W0602", id="30 digits"),
            pytest.param(advice(head=f"W06*F*{REFERENCE}*20261399"), "E_DATE", "segment 2 W0603", id="date"),
        ],
    )
    def test_bad_advices(self, message, code, where):
        """The fault names set, segment and element."""
        [found] = read(message)

        assert isinstance(found, Rejected)
        assert (code, f"945/0301 {where}") == (found.code, found.where.partition(" at byte")[0])


class TestReceipt:
    def test_taken(self):
        """AK102 is our group's number, by which the instruction is found."""
        assert [
            Receipt(
                system="warehouse",
                key="WAREHOUSE1/000000304/304/0304",
                about=(Reference(type="group", value="7"),),
            )
        ] == sample("receipt")
        assert "group" == WarehouseAdapter().profile.receipt_counter

    def test_refused(self):
        """The fault names segment and element of our 940; zeros in front of the number do not count."""
        [found] = sample("refusal")

        assert (Reference(type="group", value="8"),) == found.about
        assert (
            "940/0008 segment 3 N1 element 2: the warehouse says: set 940/0008 was refused (AK5 R, notes 5)"
            " [E_SYSTEM_REFUSED]"
        ) == str(found.fault)

    @pytest.mark.parametrize(
        ("lines", "fault"),
        [
            pytest.param(("AK1*OW*9", "AK9*A*1*1*1"), None, id="group taken"),
            pytest.param(("AK1*OW*9", "AK9*E*1*1*1"), None, id="errors noted"),
            pytest.param(("AK1*OW*9", "AK2*940*0009", "AK5*E*5", "AK9*E*1*1*1"), None, id="set with errors"),
            pytest.param(
                ("AK1*OW*9", "AK9*R*1*1*0*2"),
                "group OW 9: the warehouse says: group OW 9 was refused (AK9 R) [E_SYSTEM_REFUSED]",
                id="group refused",
            ),
        ],
    )
    def test_verdicts(self, lines, fault):
        """A and E are receipts, all else is a refusal."""
        [found] = read(receipt(*lines))

        assert fault == (found.fault and str(found.fault))

    def test_of_something_else(self):
        """A receipt for what we never send is kept for a person."""
        [found] = read(receipt("AK1*IN*9", "AK9*A*1*1*1"))

        assert ("E_UNMATCHED", "997/0301 segment 2 AK101") == (found.code, found.where.partition(" at")[0])

    def test_an_interchange_refused(self):
        """A TA1 names no set: a person must find out which instruction it was."""
        refused = "TA1*000000007*261121*1405*R*001~"
        [found] = read(interchange(refused, count=0))

        assert ("TA104 at byte 106: interchange 000000007 was refused (TA105 001) [E_SYSTEM_REFUSED]") == str(
            found
        )
        assert [] == read(interchange(refused.replace("R*001", "A*000"), count=0))


class TestBytes:
    @pytest.mark.parametrize(
        "message",
        [
            pytest.param(
                interchange(
                    group(*(transaction_set(f"W06*F*{REFERENCE}", control=f"{n:04}") for n in range(1001)))
                ),
                id="sets",
            ),
            pytest.param(interchange(*["TA1*000000007*261122*1600*R*001~"] * 1001, count=0), id="TA1"),
            pytest.param(advice(*["LX*1", CC] * 10_001), id="lines"),
            pytest.param(verdict(*["OTI*TA*TN*X"] * 1_000), id="verdicts"),
        ],
    )
    def test_too_much_in_one_message(self, message):
        """None of it is read: the worker would do nothing else meanwhile."""
        with pytest.raises(Rejected) as caught:
            read(message)

        assert ("E_RECORDS", "interchange 000000301") == (caught.value.code, caught.value.where)

    @pytest.mark.parametrize(
        ("message", "code"),
        [
            pytest.param(b"", "E_EMPTY", id="empty"),
            pytest.param(b"\xef\xbb\xbf" + advice(), "E_BOM", id="mark before ISA"),
            pytest.param(advice().decode().encode("cp037"), "E_FORMAT_SNIFF", id="EBCDIC"),
            pytest.param(b'{"result":"OK"}', "E_FORMAT_SNIFF", id="JSON"),
            pytest.param(advice()[:50], "E_EDI_ISA", id="cut in the header"),
        ],
    )
    def test_nothing_readable(self, message, code):
        """The whole message is at fault."""
        with pytest.raises(Rejected) as raised:
            read(message)
        assert code == raised.value.code

    @pytest.mark.parametrize(
        ("message", "codes"),
        [
            pytest.param(advice()[:-30], ["E_EDI_TRUNCATED"], id="truncated"),
            pytest.param(interchange(group(), count=2), ["E_EDI_COUNT"], id="IEA count"),
            pytest.param(interchange(group(), trailer="000000302"), ["E_EDI_CONTROL"], id="ISA13 and IEA02"),
            pytest.param(interchange(), ["E_EDI_STRUCTURE"], id="nothing inside"),
            pytest.param(interchange(group()), ["E_EDI_STRUCTURE"], id="no set inside"),
            pytest.param(interchange(group(count=2)), ["E_EDI_COUNT"], id="GE count"),
            pytest.param(
                interchange(group(transaction_set("BEG*00", code="850"))), ["E_EDI_TYPE"], id="another set"
            ),
        ],
    )
    def test_refused(self, message, codes):
        """One fault for the smallest thing that is wrong."""
        assert codes == [one.code for one in read(message)]

    def test_a_second_interchange(self):
        """The first is read, the second is refused by the byte it begins at."""
        first, second = read(advice() + advice())

        assert isinstance(first, Reply)
        assert ("E_TRAILING", f"byte {len(advice())}") == (second.code, second.where)

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from adapters.formats.mml import read_answers
from adapters.kit import INQUIRY, Native, Stamp
from adapters.kit.conformance import OutboundConformance
from adapters.outbound.oss_mobile import NOT_APPLIED, OssMobileAdapter
from canonical.errors import Rejected
from canonical.order import Characteristic, OfferingRef, Product
from canonical.replies import LineReply, Reference
from canonical.states import Action, State
from canonical.systems import Repeat, Verb
from tests.adapters.instructions import (
    CHANGE_KEY,
    KEY,
    ORDER,
    PURCHASE_ORDER,
    changing,
    instruction,
    line,
    turned,
    undoing,
)

FIXTURES = Path(__file__).parents[1] / "fixtures" / "oss_mobile"
REPLIES = {path.stem: path.read_bytes() for path in sorted(FIXTURES.glob("*.txt"))}
ADAPTER = OssMobileAdapter()
NAMED = f'KEY="{KEY}",REF="{ORDER}-1"'
CHANGED = f'KEY="{CHANGE_KEY}",REF="{ORDER}-1.1"'
AT = Stamp(at=datetime(2026, 9, 1, 12, 30, 15, tzinfo=UTC), numbers={INQUIRY: 1})


def mobile(number=1, action=Action.ADD, serial="", **characteristics):
    product = Product(
        product_serial_number=serial,
        product_characteristic=tuple(Characteristic(name=n, value=v) for n, v in characteristics.items()),
    )
    return line(number, "MOBILE-20", action=action, product=product)


FULL = instruction(
    "oss.mobile",
    "mobile",
    lines=(
        mobile(1, iccid="8988211000000000011", dataGb="20"),
        mobile(2, Action.MODIFY),
        mobile(3, Action.DELETE),
    ),
    inputs={"crm.accountId": "A-30071"},
    external_id=(PURCHASE_ORDER,),
    requested_completion_date=datetime(2026, 9, 4, 18, tzinfo=UTC),
)
SMALLEST = instruction("oss.mobile", "mobile", lines=(mobile(),))
BIGGER = changing(
    FULL,
    turned(
        FULL.lines[0],
        product_offering=OfferingRef(id="MOBILE-50"),
        product=Product(product_characteristic=(Characteristic(name="dataGb", value="50"),)),
    ),
)
ALL_BACK = undoing(FULL, *FULL.lines)


class TestConformance(OutboundConformance):
    adapter = ADAPTER
    instructions = {  # noqa: RUF012 - as the suite wants it
        "full": FULL,
        "smallest": SMALLEST,
        "changed": BIGGER,
        "taken back": ALL_BACK,
    }
    replies = REPLIES


def told(one):
    return ADAPTER.instruct(one, AT).body.decode().splitlines()


def read(name):
    [reply] = ADAPTER.read_reply(Native(REPLIES[name], "text/plain"))
    return reply


def said(text):
    return list(ADAPTER.read_reply(Native(text.encode(), "text/plain")))


class TestInstruct:
    def test_a_command_for_each_line(self):
        """Added, changed, removed: each names the instruction and its line."""
        own = 'ORDER="4500000042",ACCOUNT="A-30071",WANTED="20260904"'

        assert [
            f'ADD SUB:{NAMED},LINE=1,OFFER="MOBILE-20",QTY=1,{own},ICCID="8988211000000000011",DATAGB="20";',
            f'MOD SUB:{NAMED},LINE=2,OFFER="MOBILE-20",QTY=1,{own};',
            f'RMV SUB:{NAMED},LINE=3,OFFER="MOBILE-20",QTY=1,{own};',
        ] == told(FULL)

    def test_the_smallest_command(self):
        """What nobody said is left out."""
        assert [f'ADD SUB:{NAMED},LINE=1,OFFER="MOBILE-20",QTY=1;'] == told(SMALLEST)

    def test_a_number_that_cannot_be_said_is_left_out(self):
        """The customer's number of the order is for people: it holds nothing up."""
        odd = msgspec.structs.replace(PURCHASE_ORDER, id='say "hi"')

        assert (
            "ORDER" not in told(instruction("oss.mobile", "mobile", lines=(mobile(),), external_id=(odd,)))[0]
        )

    def test_the_serial_number_is_said(self):
        """A card that is known has its number in the command."""
        assert (
            'SERIAL="356938035643809"'
            in told(instruction("oss.mobile", "m", lines=(mobile(serial="356938035643809"),)))[0]
        )

    @pytest.mark.parametrize(
        ("one", "code", "where"),
        [
            pytest.param(mobile(2, Action.NO_CHANGE), "E_ACTION", "line 2", id="no change"),
            pytest.param(mobile(2, plan='say "hi"'), "E_VALUE", "PLAN", id="a quote"),
            pytest.param(mobile(2, plan="\xe9"), "E_VALUE", "PLAN", id="an accent"),
            pytest.param(mobile(2, line="3"), "E_VALUE", "line 2", id="a name of ours"),
            pytest.param(
                mobile(2, **{"data gb": "1", "dataGB": "2"}), "E_VALUE", "line 2", id="one name twice"
            ),
            pytest.param(mobile(2, **{"5g": "yes"}), "E_VALUE", "line 2", id="begins with a digit"),
        ],
    )
    def test_what_cannot_be_said_is_refused(self, one, code, where):
        """The line is held with the reason, and no wrong command is sent."""
        with pytest.raises(Rejected) as caught:
            told(instruction("oss.mobile", "mobile", lines=(one,)))

        assert (code, where) == (caught.value.code, caught.value.where)

    @pytest.mark.parametrize(
        "name",
        [
            "key",
            "REF",
            "line",
            "offer",
            "qty",
            "order",
            "Account",
            "Serial",
            "wanted",
            "ask",
            "ret code",
            "changes",
            "Undoes",
        ],
    )
    def test_names_of_ours_are_never_a_characteristic(self, name):
        """Not even in a command that has no such parameter: it would be taken for ours."""
        with pytest.raises(Rejected) as caught:
            told(instruction("oss.mobile", "mobile", lines=(mobile(2, **{name: "X"}),)))

        assert ("E_VALUE", "line 2") == (caught.value.code, caught.value.where)

    def test_a_command_too_long_to_be_repeated_is_refused(self):
        """Its answer could not be read."""
        with pytest.raises(Rejected) as caught:
            told(instruction("oss.mobile", "mobile", lines=(mobile(plan="x" * 8000),)))

        assert "E_FIELD_SIZE" == caught.value.code

    def test_a_line_is_changed(self):
        """As it shall be, what it shall no longer have as an empty text, and which instruction told it."""
        own = 'ORDER="4500000042",ACCOUNT="A-30071",WANTED="20260904"'

        assert [
            f'MOD SUB:{CHANGED},LINE=1,CHANGES="{KEY}",OFFER="MOBILE-50",QTY=1,{own},ICCID="",DATAGB="50";'
        ] == told(BIGGER)

    def test_what_was_done_is_taken_back(self):
        """By the command that is its contrary; what a changed line was before, the element knows."""
        own = f'UNDOES="{KEY}",OFFER="MOBILE-20",QTY=1,ORDER="4500000042",ACCOUNT="A-30071",WANTED="20260904"'

        assert [
            f'RMV SUB:{CHANGED},LINE=1,{own},ICCID="8988211000000000011",DATAGB="20";',
            f"MOD SUB:{CHANGED},LINE=2,{own};",
            f"ADD SUB:{CHANGED},LINE=3,{own};",
        ] == told(ALL_BACK)

    def test_a_change_that_is_taken_back_names_no_values(self):
        """They would be those that it has now."""
        one = mobile(2, Action.MODIFY, plan="L")

        assert 'PLAN="L"' in told(instruction("oss.mobile", "m", lines=(one,)))[0]
        assert "PLAN" not in told(undoing(FULL, one))[0]

    @pytest.mark.parametrize(
        ("one", "code", "where"),
        [
            pytest.param(changing(FULL, FULL.lines[2]), "E_ACTION", "line 3", id="a removal is changed"),
            pytest.param(
                undoing(FULL, mobile(1, Action.NO_CHANGE)), "E_ACTION", "line 1", id="nothing is taken back"
            ),
            pytest.param(
                changing(FULL, turned(mobile(1, undoes="x"), quantity=2)), "E_VALUE", "line 1", id="our name"
            ),
            pytest.param(
                msgspec.structs.replace(BIGGER, undoes=""),
                "E_KEY_MISSING",
                "undoes",
                id="a change of nothing",
            ),
        ],
    )
    def test_changes_that_cannot_be_said(self, one, code, where):
        """No wrong command is sent."""
        with pytest.raises(Rejected) as caught:
            told(one)

        assert (code, where) == (caught.value.code, caught.value.where)

    @pytest.mark.parametrize("one", [BIGGER, ALL_BACK], ids=["changed", "taken back"])
    def test_an_inquiry_about_a_change(self, one):
        """It is asked after like any other instruction."""
        assert f"LST SUB:{CHANGED},ASK=1;\n" == ADAPTER.inquire(one, AT).body.decode()

    def test_an_inquiry_changes_nothing(self):
        """After an unknown outcome the element is asked what it has done; the profile says so."""
        assert f"LST SUB:{NAMED},ASK=1;\n" == ADAPTER.inquire(FULL, AT).body.decode()
        assert Repeat.INQUIRE is ADAPTER.profile.repeat


class TestReadReply:
    def test_it_is_done(self):
        """RETCODE 0 completes the line whose command is repeated, and gives what it got."""
        reply = read("done")

        assert (
            Reference(type="key", value=KEY),
            Reference(type="reference", value=f"{ORDER}-1"),
        ) == reply.about
        assert "HSS-WEST-1#000481" == reply.key
        assert (LineReply(line=1, word="0", reason="Operation is successful", where="line 4"),) == reply.lines
        assert {"msisdn.1": "15551230001", "imsi.1": "001010000000001"} == reply.outputs

    def test_it_is_refused(self):
        """Any other code is its word, and its text the reason."""
        assert ("3003", "The card is in use") == (
            read("in-use").lines[0].word,
            read("in-use").lines[0].reason,
        )

    def test_the_key_is_its_content_where_there_is_no_number(self):
        """A repeat of the same bytes is the same reply."""
        assert read("bare").key == read("bare").key
        assert 36 == len(read("bare").key)

    @pytest.mark.parametrize(
        ("word", "state"),
        [
            ("0", State.COMPLETED),
            ("100", State.IN_PROGRESS),
            ("1001", State.REJECTED),
            ("2001", State.PENDING),
            ("3001", State.HELD),
            ("5001", State.HELD),
        ],
    )
    def test_words(self, word, state):
        """What a code means for the line."""
        assert state is ADAPTER.profile.words[word].state

    @pytest.mark.parametrize(
        ("command", "verb", "action"),
        [
            ("ADD SUB", Verb.DO, Action.ADD),
            ("MOD SUB", Verb.DO, Action.MODIFY),
            ("RMV SUB", Verb.DO, Action.DELETE),
            ("MOD SUB CHANGES", Verb.MODIFY, None),
            ("RMV SUB UNDOES", Verb.UNDO, Action.ADD),
            ("MOD SUB UNDOES", Verb.UNDO, Action.MODIFY),
            ("ADD SUB UNDOES", Verb.UNDO, Action.DELETE),
            ("LST SUB", None, None),
        ],
    )
    def test_which_command_is_answered(self, command, verb, action):
        """An answer to a removal completes no addition, nor does one that takes something back."""
        name, _, named = command.rpartition(" ") if command.count(" ") > 1 else (command, "", "")
        more = f',{named}="{KEY}"' if named else ""
        [reply] = said(f'%%{name}:REF="{ORDER}-1",LINE=1{more}%%\nRETCODE = 0\n---    END\n')

        assert (verb, action) == (reply.verb, reply.action)

    @pytest.mark.parametrize(("name", "word"), [("changed", "0"), ("too-late", "4001")])
    def test_a_change_is_answered(self, name, word):
        """It names the change, and not what was changed."""
        reply = read(name)

        assert Reference(type="key", value=CHANGE_KEY) == reply.about[0]
        assert (1, word) == (reply.lines[0].line, reply.lines[0].word)

    def test_only_a_change_comes_too_late(self):
        """And nobody waits for the subscriber with one."""
        words = ADAPTER.profile.words

        assert ["4001"] == [word for word, meaning in words.items() if meaning.past]
        assert {word for word in words if Verb.DO not in words[word].answers} == {"4001"}
        assert {word for word in words if Verb.UNDO not in words[word].answers} == {"2001"}

    def test_an_inquiry_answers_line_by_line(self):
        """Each line that was carried out has the result it got then."""
        reply = read("listed")

        assert "" == reply.word
        assert [(1, "0", ""), (2, "3003", "The card is in use")] == [
            (one.line, one.word, one.reason) for one in reply.lines
        ]

    @pytest.mark.parametrize("code", [NOT_APPLIED, "0"])
    def test_an_inquiry_that_finds_nothing(self, code):
        """The instruction was never carried out: one word says so, whichever way the element does."""
        [reply] = said(f'%%LST SUB:REF="{ORDER}-1"%%\nRETCODE = {code} none\n---    END\n')

        assert (NOT_APPLIED, (), 0) == (reply.word, reply.lines, reply.inquiry)
        assert NOT_APPLIED == ADAPTER.profile.not_applied

    @pytest.mark.parametrize(("more", "number"), [("", 0), (",ASK=1", 1), (",ASK=12", 12)])
    def test_an_answer_says_to_which_inquiry(self, more, number):
        """When it repeats the number; a late answer is then never taken for another."""
        [reply] = said(f'%%LST SUB:REF="{ORDER}-1"{more}%%\nRETCODE = 3002 none\n---    END\n')

        assert number == reply.inquiry

    def test_an_answer_to_a_command_is_none_to_an_inquiry(self):
        """Not even "no such subscriber": there the subscriber is missing, not the command."""
        [reply] = said(f'%%RMV SUB:REF="{ORDER}-1",LINE=1%%\nRETCODE = 3002 none\n---    END\n')

        assert (None, "3002") == (reply.inquiry, reply.lines[0].word)

    @pytest.mark.parametrize("code", ["5001", "1001"])
    def test_an_inquiry_that_is_refused(self, code):
        """It says nothing of the instruction, and must not end its lines."""
        [bad] = said(f'%%LST SUB:REF="{ORDER}-1",ASK=1%%\nRETCODE = {code} no\n---    END\n')

        assert ("E_REPLY_WORD", "line 2") == (bad.code, bad.where)

    @pytest.mark.parametrize("given", ["0", "x", "99999999"])
    def test_inquiries_that_cannot_be(self, given):
        """A number of ours is a whole number from 1 on."""
        [bad] = said(f'%%LST SUB:REF="R",ASK={given}%%\nRETCODE = 3002\n---    END\n')

        assert ("E_VALUE", "line 1") == (bad.code, bad.where)

    @pytest.mark.parametrize("command", ["XXX YYY", "LST CELL", "ADD CELL", "DSP SUB", "SUB SUB"])
    @pytest.mark.parametrize("code", ["0", NOT_APPLIED])
    def test_an_answer_to_what_was_never_sent_is_none(self, command, code):
        """Whatever it says, it is not of our command: it could complete a line, or have it told again."""
        [bad] = said(f'%%{command}:REF="{ORDER}-1",LINE=1%%\nRETCODE = {code}\n---    END\n')

        assert ("E_UNMATCHED", "line 1") == (bad.code, bad.where)

    @pytest.mark.parametrize("verb", ["ADD", "MOD", "RMV"])
    def test_an_answer_to_each_command_that_is_sent(self, verb):
        """Their verbs are read."""
        [reply] = said(f'%%{verb} SUB:REF="{ORDER}-1",LINE=1%%\nRETCODE = 0\n---    END\n')

        assert ("0", None) == (reply.lines[0].word, reply.inquiry)

    def test_a_command_without_a_line_speaks_of_all(self):
        """Its code is the word for the whole part."""
        [reply] = said(f'%%ADD SUB:REF="{ORDER}-1"%%\nRETCODE = 100 later\n---    END\n')

        assert ("100", ()) == (reply.word, reply.lines)

    def test_several_answers_in_one_message(self):
        """A gateway may collect them; a bad one is set aside alone."""
        good, bad, last = said(
            f'%%ADD SUB:REF="{ORDER}-1",LINE=1%%\nRETCODE = 0\n---    END\n'
            "%%ADD SUB:LINE=2%%\nRETCODE = 0\n---    END\n"
            f'%%ADD SUB:REF="{ORDER}-1",LINE=3%%\nRETCODE = 5001 busy\n---    END\n'
        )

        assert [1, 3] == [good.lines[0].line, last.lines[0].line]
        assert ("E_KEY_MISSING", "line 4") == (bad.code, bad.where)

    def test_too_many_answers_in_one_message(self):
        """None of them is read: the worker would do nothing else meanwhile."""
        one = f'%%ADD SUB:REF="{ORDER}-1",LINE=1%%\nRETCODE = 0\n---    END\n'

        assert 1000 == len(said(one * 1000))
        with pytest.raises(Rejected) as caught:
            said(one * 60_000)
        assert "E_RECORDS" == caught.value.code

    @pytest.mark.parametrize("given", ["0", "x", "10001", "\u0661", "999999999999"])
    def test_lines_that_cannot_be(self, given):
        """A line number is a whole number from 1 on."""
        [bad] = said(f'%%ADD SUB:REF="R",LINE={given}%%\nRETCODE = 0\n---    END\n')

        assert ("E_VALUE", "line 2") == (bad.code, bad.where)


def test_every_sample_is_one_answer():
    """The samples are whole, as an element prints them."""
    assert {1} == {len(list(read_answers(body))) for body in REPLIES.values()}

"""
Billing and mobile provisioning at their queues, as the hub's adapters speak with them.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from adapters.kit.contract import INQUIRY, Native, Stamp
from adapters.outbound.billing import BillingAdapter
from adapters.outbound.oss_mobile import NOT_APPLIED, OssMobileAdapter
from canonical.systems import Attachment
from orderloom.simulators.calls import read_log
from orderloom.simulators.script import ALL_SYSTEMS, Script, shipped
from tests.adapters.instructions import PURCHASE_ORDER, instruction, line
from tests.simulators.support import DictBroker, neighbourhood

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
ADAPTERS = {"billing": BillingAdapter(), "oss.mobile": OssMobileAdapter()}
OFFERS = (line(1, "MOBILE-20"), line(2, "MOBILE-50", quantity=2))


@pytest.fixture
def broker():
    return DictBroker()


def told(system, verb="instruct", lines=OFFERS, **settings):
    """An instruction to a system, as the hub writes it."""
    one = instruction(system, "part", lines=lines, external_id=(PURCHASE_ORDER,))
    stamp = Stamp(at=NOW, numbers={"message": 1, INQUIRY: 1}, settings=settings)
    return getattr(ADAPTERS[system], verb)(one, stamp).body


def read(broker, system, count):
    """What the hub understands of the first replies."""
    bodies = broker.replies(system, count)
    return [said for body in bodies for said in ADAPTERS[system].read_reply(Native(body, ""))]


def words(broker, system, count):
    """The words of each reply, those of its lines or that of the whole."""
    return [[one.word for one in said.lines] or [said.word] for said in read(broker, system, count)]


def rule(behaviour, **more):
    return [{"behaviour": behaviour, **more}]


class TestBilling:
    @pytest.mark.parametrize(
        ("rules", "expected"),
        [
            pytest.param([], [["00"]], id="nothing said"),
            pytest.param(rule("out_of_order"), [["00"], ["05"]], id="out of order"),
            pytest.param(rule("contradictory"), [["00"], ["30"]], id="contradictory"),
            pytest.param(rule("backorder", then=0.02), [["05"], ["00"]], id="the bill run"),
            pytest.param(rule("rejected"), [["30"]], id="rejected"),
            pytest.param(rule("refused"), [["20"]], id="refused"),
            pytest.param(rule("needs_customer"), [["10"]], id="needs the customer"),
            pytest.param(rule("lines", words={"2": "30"}), [["00", "30"]], id="line by line"),
            pytest.param(rule("http_error"), [["00"]], id="what it cannot do is done well"),
        ],
    )
    def test_it_answers_as_it_is_told_to(self, broker, rules, expected):
        """In words that its table has."""
        with neighbourhood(broker, rules, systems=("billing",)):
            broker.tell("billing", told("billing"))

            assert expected == words(broker, "billing", len(expected))
        assert {word for each in expected for word in each} <= set(ADAPTERS["billing"].profile.words)

    @pytest.mark.parametrize(
        "settings",
        [
            {},
            {"code_page": "cp273"},
            {"code_page": "cp500", "recfm": "VB"},
            {"code_page": "cp1140", "recfm": "VB+BDW"},
            {"code_page": "ascii"},
        ],
    )
    def test_it_answers_in_the_page_of_the_charges(self, broker, settings):
        """Two sides that share no code agree on every page and form."""
        with neighbourhood(broker, rule("lines", words={"1": "20"}), systems=("billing",)):
            broker.tell("billing", told("billing", **settings))
            [reply] = read(broker, "billing", 1)

        assert ["20", "00"] == [one.word for one in reply.lines]
        assert "the account is locked" == reply.lines[0].reason
        assert reply.outputs["accountId"]

    def test_a_repeat_is_booked_once_and_answered_again(self, broker, tmp_path):
        """Byte for byte, since its key is the same."""
        with neighbourhood(broker, log=tmp_path / "log", systems=("billing",)):
            broker.tell("billing", told("billing"))
            broker.tell("billing", told("billing"))
            first, second = broker.replies("billing", 2)

        assert first == second
        assert [True, False] == [entry["applied"] for entry in read_log(tmp_path / "log")]

    @pytest.mark.parametrize(
        "body", [b"", b"X" * 320, b"B" * 160, told("billing")[:-160], b"\x00\x03\x00\x00B"]
    )
    def test_what_it_cannot_read_is_logged(self, broker, body):
        """And taken from the queue."""
        with neighbourhood(broker, systems=("billing",)) as systems:
            broker.tell("billing", body)

            assert broker.settled()
            assert ["unreadable"] == [entry["outcome"] for entry in systems.log.entries]


class TestMobile:
    @pytest.mark.parametrize(
        ("rules", "expected"),
        [
            pytest.param([], [["0"], ["0"]], id="nothing said"),
            pytest.param(rule("rejected"), [["1001"], ["1001"]], id="rejected"),
            pytest.param(rule("refused"), [["3003"], ["3003"]], id="refused"),
            pytest.param(rule("needs_customer"), [["2001"], ["2001"]], id="needs the customer"),
            pytest.param(rule("lines", words={"2": "5001"}), [["0"], ["5001"]], id="line by line"),
            pytest.param(rule("out_of_order"), [["0"], ["0"], ["100"], ["100"]], id="out of order"),
        ],
    )
    def test_each_command_has_its_answer(self, broker, rules, expected):
        """In words that its table has, each about its line."""
        with neighbourhood(broker, rules, systems=("oss.mobile",)):
            broker.tell("oss.mobile", told("oss.mobile"))

            assert expected == words(broker, "oss.mobile", len(expected))
        assert {word for each in expected for word in each} <= set(ADAPTERS["oss.mobile"].profile.words)

    def test_the_subscribers_number_is_given(self, broker):
        """A new one for each line."""
        with neighbourhood(broker, systems=("oss.mobile",)):
            broker.tell("oss.mobile", told("oss.mobile"))
            first, second = read(broker, "oss.mobile", 2)

        assert ["msisdn.1"] == list(first.outputs)
        assert ["msisdn.2"] == list(second.outputs)

    def test_an_inquiry_before(self, broker):
        """Nothing was carried out, and asking carries nothing out."""
        with neighbourhood(broker, systems=("oss.mobile",)):
            broker.tell("oss.mobile", told("oss.mobile", "inquire"))
            broker.tell("oss.mobile", told("oss.mobile", "inquire"))

            assert [[NOT_APPLIED], [NOT_APPLIED]] == words(broker, "oss.mobile", 2)

    def test_an_inquiry_after_silence(self, broker):
        """A silent element has carried it out all the same, and says so when it is asked."""
        with neighbourhood(broker, rule("lines", words={"1": "3003"}, delay=600), systems=("oss.mobile",)):
            broker.tell("oss.mobile", told("oss.mobile"))
            broker.tell("oss.mobile", told("oss.mobile", "inquire"))
            [reply] = read(broker, "oss.mobile", 1)

        assert [(1, "3003"), (2, "0")] == [(one.line, one.word) for one in reply.lines]

    def test_every_answer_has_a_number_of_its_own(self, broker, tmp_path):
        """Also after a restart: the log remembers the last one."""
        for _ in range(2):
            with neighbourhood(broker, log=tmp_path / "log", systems=("oss.mobile",)):
                broker.tell("oss.mobile", told("oss.mobile", "inquire"))
                assert broker.settled()

        assert 2 == len({said.key for said in read(broker, "oss.mobile", 2)})

    @pytest.mark.parametrize("body", [b"", b"LGI:;", b'ADD SUB:REF="R";', b'ADD SUB:KEY="K";', b"\xff"])
    def test_what_it_cannot_read_is_logged(self, broker, body):
        """And taken from the queue."""
        with neighbourhood(broker, systems=("oss.mobile",)) as systems:
            broker.tell("oss.mobile", body)

            assert broker.settled()
            assert ["unreadable"] == [entry["outcome"] for entry in systems.log.entries]


@pytest.mark.parametrize("system", ADAPTERS)
def test_the_mixed_script_shows_them_in_every_mood(system):
    """With words of their own."""
    played = Script.load(shipped("mixed"))
    met = [played.behaviour(system, f"B-{number:05}") for number in range(3000)]

    assert {"ok", "silent", "contradictory", "rejected", "refused", "lines", "needs_customer"} <= {
        one.kind for one in met
    }
    assert {word for one in met for word in one.words.values()} <= set(ADAPTERS[system].profile.words)


def test_they_are_served_at_queues():
    """And known by name."""
    assert set(ADAPTERS) <= set(ALL_SYSTEMS)
    assert {Attachment.QUEUE} == {adapter.profile.attachment for adapter in ADAPTERS.values()}

"""
The CRM and the warehouse at their queues.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from orderloom.simulators import x12
from orderloom.simulators.calls import conflicts, gaps, read_log
from tests.simulators.support import DictBroker, crm_order, neighbourhood, shipping_order
from tests.support.rabbit import until


@pytest.fixture
def broker():
    return DictBroker()


def rule(behaviour, **more):
    return [{"behaviour": behaviour, **more}]


def results(broker, count):
    return [json.loads(body) for body in broker.replies("crm", count)]


def advices(broker, count):
    """Kind and words of the warehouse's messages: W12 words, W06 without them, the verdict of a 997."""
    return [said(body) for body in broker.replies("warehouse", count)]


def said(body):
    [(_, one)] = x12.read(body).sets
    if one.kind == "997":
        [verdict] = [segment[1] for segment in one.segments if segment[0] == "AK5"]
        return (one.kind, verdict)
    words = tuple(segment[1] for segment in one.segments if segment[0] == "W12")
    return (one.kind, *words)


class TestCrm:
    @pytest.mark.parametrize(
        ("rules", "words"),
        [
            pytest.param([], ["OK"], id="nothing said"),
            pytest.param(rule("ok"), ["OK"], id="ok"),
            pytest.param(rule("slow", delay=0.02), ["OK"], id="slow"),
            pytest.param(rule("out_of_order"), ["OK", "BACKLOG"], id="out of order"),
            pytest.param(rule("contradictory"), ["OK", "INVALID"], id="contradictory"),
            pytest.param(rule("backorder", then=0.02), ["BACKLOG", "OK"], id="backlog, then done"),
            pytest.param(rule("rejected"), ["INVALID"], id="rejected"),
            pytest.param(rule("refused"), ["REFUSED"], id="refused"),
            pytest.param(rule("needs_customer"), ["NEEDS-CUSTOMER"], id="needs the customer"),
            pytest.param(rule("early"), ["OK"], id="what it cannot do is done well"),
        ],
    )
    def test_says(self, broker, rules, words):
        """Each behaviour in the CRM's own words, in their order."""
        with neighbourhood(broker, rules):
            broker.tell("crm", crm_order("K1"))

            assert words == [one["result"] for one in results(broker, len(words))]
            assert broker.settled()

    def test_speaks_of_single_lines_where_they_differ(self, broker):
        """By their place in the instruction."""
        with neighbourhood(broker, rule("lines", words={"2": "INVALID"})):
            broker.tell("crm", crm_order("K1", offerings=("HANDSET-A", "CASE-01")))
            [result] = results(broker, 1)

        assert [(1, "OK"), (2, "INVALID")] == [(one["line"], one["result"]) for one in result["lines"]]
        assert ("K1", "OLK1-1") == (result["requestId"], result["reference"])
        assert result["accountId"].startswith("A-")

    @pytest.mark.parametrize(
        ("repeat", "different", "count"), [("same", 1, 2), ("new", 2, 2), ("both", 2, 3)]
    )
    def test_repeats_itself_under_the_same_key_or_a_new_one(self, broker, repeat, different, count):
        """The same reply twice is the same bytes."""
        with neighbourhood(broker, rule("duplicate", repeat=repeat)):
            broker.tell("crm", crm_order("K1"))
            found = results(broker, count)

        assert different == len({one["resultId"] for one in found})
        assert different == len(set(map(str, found)))

    def test_is_silent_until_it_is_asked_again(self, broker):
        """The repeated question gets the answer that the first one did not."""
        with neighbourhood(broker, rule("silent", answers_repeat=True)) as systems:
            broker.tell("crm", crm_order("K1"))
            assert broker.settled()
            assert [] == broker.seen["system.crm.replies"]
            broker.tell("crm", crm_order("K1"))

            assert 1 == len(results(broker, 1))
            assert [True, False] == [entry["applied"] for entry in systems.log.entries]

    def test_logs_what_it_cannot_read_and_goes_on(self, broker):
        """A bad message stops nobody."""
        with neighbourhood(broker) as systems:
            for body in (b"{", b'{"messageType":"other"}', b'{"messageType":"customerOrder"}'):
                broker.tell("crm", body)
            broker.tell("crm", crm_order("K1"))
            results(broker, 1)

            assert ["unreadable"] * 3 + ["applied"] == [one["outcome"] for one in systems.log.entries]


class TestWarehouse:
    @pytest.mark.parametrize(
        ("rules", "expected"),
        [
            pytest.param([], [("997", "A"), ("945", "CC")], id="ok"),
            pytest.param(rule("early"), [("945", "CC"), ("997", "A")], id="early"),
            pytest.param(rule("refused"), [("997", "R")], id="refused"),
            pytest.param(rule("rejected"), [("997", "A"), ("945", "NS")], id="rejected"),
            pytest.param(
                rule("backorder", then=0.02), [("997", "A"), ("945", "BK"), ("945", "CC")], id="backorder"
            ),
            pytest.param(
                rule("backorder", word="BP", completes=False), [("997", "A"), ("945", "BP")], id="partial"
            ),
            pytest.param(
                rule("contradictory"), [("997", "A"), ("945", "CC"), ("945", "NS")], id="contradictory"
            ),
            pytest.param(rule("header_only"), [("997", "A"), ("945",)], id="header only"),
            pytest.param(rule("out_of_order"), [("997", "A"), ("945", "CC")], id="what it cannot do"),
        ],
    )
    def test_says(self, broker, rules, expected):
        """Each behaviour in X12."""
        with neighbourhood(broker, rules):
            broker.tell("warehouse", shipping_order("K1"))

            assert expected == advices(broker, len(expected))
            assert broker.settled()

    def test_advises_by_line_with_what_was_ordered_and_shipped(self, broker):
        """W06 names the depositor's order and the purchase order; W12 counts."""
        with neighbourhood(broker, rule("lines", words={"1": "BP", "2": "NS"})):
            lines = (("HANDSET-A", 3), ("CASE-01", 2), ("ROUTER-AX", 1))
            broker.tell("warehouse", shipping_order("K1", "PO-9", lines=lines))
            _, advice = broker.replies("warehouse", 2)
        [(_, one)] = x12.read(advice).sets
        header, *rest = one.segments

        assert ("W06", "P", "OLK1-2", "PO-9") == (*header[:3], header[6])
        assert [
            ("LX", "1"),
            ("W12", "BP", "3", "1", "2", "EA", "", "VN", "HANDSET-A"),
            ("LX", "2"),
            ("W12", "NS", "2", "0", "2", "EA", "", "VN", "CASE-01"),
            ("LX", "3"),
            ("W12", "CC", "1", "1", "0", "EA", "", "VN", "ROUTER-AX"),
            ("W03", "2", "0", "LB"),
        ] == rest

    def test_acknowledges_the_group_and_set_it_got(self, broker):
        """A refusing 997 names segment and element."""
        with neighbourhood(broker, rule("refused")):
            broker.tell("warehouse", shipping_order("K1", "PO-9", control=12))
            [body] = broker.replies("warehouse", 1)
        [(group, one)] = x12.read(body).sets

        assert ("FA", "997") == (group.code, one.kind)
        assert ("AK1", "OW", "12") in one.segments
        assert ("AK2", "940", "0012") in one.segments
        assert ("AK4", "3", "324", "7", "PO-9") in one.segments

    def test_counts_its_control_numbers_without_a_gap(self, broker):
        """A reply under the same key is the same interchange; a new one has the next number."""
        with neighbourhood(broker, rule("duplicate", repeat="both")):
            broker.tell("warehouse", shipping_order("K1"))
            broker.tell("warehouse", shipping_order("K2", control=2))
            bodies = broker.replies("warehouse", 8)
        numbers = sorted({int(x12.read(body).control) for body in bodies})

        assert list(range(1, 7)) == numbers
        assert 6 == len(set(bodies))

    def test_logs_the_hubs_control_numbers_so_that_gaps_show(self, broker, tmp_path):
        """A repeat byte for byte is one number once; the same number over other bytes is a conflict."""
        log = tmp_path / "calls.jsonl"
        with neighbourhood(broker, log=log):
            broker.tell("warehouse", shipping_order("K1", control=7))
            broker.tell("warehouse", shipping_order("K1", control=7))
            broker.tell("warehouse", shipping_order("K3", control=9))
            broker.tell("warehouse", shipping_order("K4", control=9))
            broker.replies("warehouse", 8)
        entries = read_log(log)

        assert {"interchange": "000000007", "group": "7", "set": "0007"} == entries[0]["control"]
        assert [8] == gaps(entries)
        assert [9] == conflicts(entries)

    def test_cannot_read_a_shipping_order_without_a_key(self, broker):
        """Nothing to answer to."""
        with neighbourhood(broker) as systems:
            broker.tell("warehouse", shipping_order("K1").replace(b"N9*ZZ*K1~", b""))
            broker.tell("warehouse", b"no X12")
            assert broker.settled()

            assert ["unreadable", "unreadable"] == [one["outcome"] for one in systems.log.entries]


class TestOncePerKey:
    @pytest.mark.parametrize(
        ("system", "instruction", "count"), [("crm", crm_order, 1), ("warehouse", shipping_order, 2)]
    )
    def test_a_repeated_key_gets_the_recorded_answer_byte_for_byte(self, broker, system, instruction, count):
        """And is logged as a repeat."""
        with neighbourhood(broker) as systems:
            broker.tell(system, instruction("K1"))
            first = broker.replies(system, count)
            broker.tell(system, instruction("K1"))
            both = broker.replies(system, 2 * count)

            assert first * 2 == both
            assert ["applied", "repeat"] == [one["outcome"] for one in systems.log.entries]

    def test_applied_keys_outlive_the_process(self, broker, tmp_path):
        """The log is the memory: after a restart the same answer comes, and control numbers go on."""
        log = tmp_path / "calls.jsonl"
        with neighbourhood(broker, log=log):
            broker.tell("warehouse", shipping_order("K1"))
            first = broker.replies("warehouse", 2)
        with neighbourhood(broker, log=log):
            broker.tell("warehouse", shipping_order("K1"))
            broker.tell("warehouse", shipping_order("K2", control=2))
            _, _, *again = broker.replies("warehouse", 6)

        assert first == again[:2]
        assert [3, 4] == [int(x12.read(body).control) for body in again[2:]]
        assert [True, False, True] == [entry["applied"] for entry in read_log(log)]

    def test_a_line_that_a_kill_cut_off_is_forgotten(self, broker, tmp_path):
        """What was not synced was not applied."""
        log = tmp_path / "calls.jsonl"
        with neighbourhood(broker, log=log):
            broker.tell("crm", crm_order("K1"))
            broker.replies("crm", 1)
        log.write_bytes(log.read_bytes() + b'{"system":"crm","key":"K2","app')
        with neighbourhood(broker, log=log):
            broker.tell("crm", crm_order("K2"))
            broker.replies("crm", 2)

        assert [("K1", True), ("K2", True)] == [(one["key"], one["applied"]) for one in read_log(log)]

    def test_an_answer_not_yet_due_is_owed_again_after_a_restart(self, broker, tmp_path):
        """The instruction is acknowledged only when its last answer is out."""
        log = tmp_path / "calls.jsonl"
        rules = rule("slow", delay=60)
        with neighbourhood(broker, rules, log):
            broker.tell("crm", crm_order("K1"))
            until("the order was applied", lambda: read_log(log))
        assert [] == broker.seen["system.crm.replies"]
        hour_later = datetime(2126, 1, 1, tzinfo=UTC)
        with neighbourhood(broker, rules, log, now=lambda: hour_later):
            assert 1 == len(results(broker, 1))
            assert broker.settled()

"""
A system that is away: its calls stop, one at a time is made to see, and everything for it waits.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import msgspec
import pytest

from canonical.errors import Fault
from canonical.systems import Repeat
from orderloom.calls import CallKind
from orderloom.correlation.port import Changes, Timer
from orderloom.engine.hub import Limits
from tests.engine.rig import OSS_WORK, Rig, WorkerRig, order

DOWN = Fault(code="E_CALL_FAILED", what="the connection failed: refused", where="oss.internet")
OSS = "oss.internet"


class Outage:
    """A bench with orders for internet provisioning, which is away until it is back."""

    def __init__(self, rig, orders=1):
        self.rig = rig
        self.away = True
        self.made = []
        self.kind = CallKind.TRANSIENT
        self.spoilt = ""
        """Key of an instruction that fails whatever its system does."""
        self.numbers = [f"W-{number}" for number in range(1, orders + 1)]
        for number in self.numbers:
            rig.drop(order(number))
        rig.settle()
        rig.answer_crm()
        self.turn()

    def turn(self):
        """The hub does what it has to, and each call that it makes ends."""
        self.rig.step(0.1)
        while self.rig.calls.made:
            call = self.rig.calls.made[0]
            self.made.append((self.rig.now, call.key, call.attempt))
            if self.away or call.key == self.spoilt:
                self.rig.answer_call(self.kind, status=None, error=DOWN)
            else:
                self.rig.answer_call()
        self.rig.step(0.1)
        self.rig.engine.sweep(self.rig.now)
        self.rig.engine.sweep(self.rig.now)

    def wait(self, seconds):
        """Time passes."""
        ends = self.rig.now + timedelta(seconds=seconds)
        while self.rig.now < ends:
            self.rig.step(1.0)
            self.turn()

    def lines(self):
        """State and code of each order's line for internet."""
        found = [one for number in self.numbers for one in self.rig.record(number).lines_of("internet")]
        return [(one.state.value, one.code) for one in found]

    def since(self, count):
        """What was called from the so-manieth call on: seconds after the first of all."""
        return [round((at - self.made[0][0]).total_seconds()) for at, _, _ in self.made[count:]]


@pytest.fixture
def make(tmp_path):
    """Outages, each on a bench of its own."""
    rigs = []

    def made(orders=1, **limits):
        rigs.append(Rig(tmp_path / str(len(rigs)), Limits(**limits)))
        return Outage(rigs[-1], orders)

    for number in range(3):
        (tmp_path / str(number)).mkdir()
    yield made
    for rig in rigs:
        rig.crash()


def breaker(rig):
    """The breaker of internet provisioning, if there is one."""
    return next((one for one in rig.store.breakers() if one.system == OSS), None)


class TestBreaker:
    def test_after_some_failures_in_a_row_its_calls_stop_but_for_one_at_a_time(self, make):
        """A minute apart at most, whatever waits: no heap of failures."""
        outage = make(orders=20, breaker_after=5, hold_after=86_400)
        outage.wait(600)

        burst = [at for at in outage.since(0) if at < 4]
        probes = outage.since(len(burst))
        assert 5 <= len(burst) <= 20
        assert all(25 < later - sooner < 70 for sooner, later in pairwise(probes[4:]))
        assert 10 <= len(probes) <= 18

    def test_everything_goes_on_as_soon_as_one_call_gets_through(self, make):
        """In the order's own time, without anybody's help."""
        outage = make(orders=20)
        outage.wait(100)
        assert breaker(outage.rig).opened
        outage.away = False
        outage.wait(70)

        assert breaker(outage.rig) is None
        assert {key for _, key, _ in outage.made} == {
            outage.rig.key("internet", number) for number in outage.numbers
        }
        assert 0 == outage.rig.broker.unsettled(OSS_WORK) + outage.rig.broker.depth(OSS_WORK)
        assert {"received"} == {
            "received" if one.received else "waits"
            for number in outage.numbers
            for one in outage.rig.record(number).instructions
            if one.part == "internet"
        }

    def test_an_outage_that_is_shorter_than_hold_after_changes_no_state(self, make):
        """Nobody is told of it, and no line is another than before."""
        outage = make(orders=3, hold_after=300)
        outage.rig.told()
        before = outage.lines()
        outage.wait(280)
        during = outage.lines()
        outage.away = False
        outage.wait(90)

        assert [("inProgress", "")] * 3 == before == during == outage.lines()
        assert [] == [kind for kind in outage.rig.told() if "delayed" in kind]
        assert "outage_held" not in outage.rig.events()

    def test_one_that_lasts_holds_what_waits_and_lets_it_go_by_itself(self, make):
        """Channels hear of the delay; a person has nothing to do but to look after the system."""
        outage = make(orders=20, hold_after=300)
        outage.rig.told()
        outage.wait(370)

        assert [("held", "E_SYSTEM_DOWN")] * 20 == outage.lines()
        assert 20 == outage.rig.told().count("notice.delayed.v1")
        outage.away = False
        outage.wait(70)
        assert [("inProgress", "")] * 20 == outage.lines()
        for number in outage.numbers:
            outage.rig.tell_oss(number)
        outage.rig.settle()
        assert {"completed"} == {outage.rig.states(number)["order"] for number in outage.numbers}
        assert [] == [name for name in outage.rig.timers() if not name.startswith("answer-by")]

    def test_orders_that_come_while_it_is_away_are_held_too(self, make):
        """Once they have waited as long."""
        outage = make(hold_after=60)
        outage.wait(200)
        outage.numbers.append("W-99")
        outage.rig.drop(order("W-99"))
        outage.turn()
        outage.rig.answer_crm()
        outage.wait(30)
        assert ("inProgress", "") == outage.lines()[-1]
        outage.wait(70)

        assert ("held", "E_SYSTEM_DOWN") == outage.lines()[-1]

    def test_a_system_that_is_away_is_not_called_silent(self, make):
        """Its answering time does not run: it was not asked."""
        outage = make(orders=2, hold_after=86_400)
        outage.wait(3 * 3600)

        assert [("inProgress", "")] * 2 == outage.lines()
        assert "asked_again" not in outage.rig.events()

    def test_a_route_that_fails_on_fallout_does_not_fail_by_an_outage(self, tmp_path):
        """Nothing went wrong but that it takes longer."""
        rig = Rig(tmp_path, Limits(hold_after=60))
        rig.rules["routes/all.toml"] = rig.rules["routes/all.toml"].replace(
            'system = "oss.internet"', 'system = "oss.internet"\n  on_fallout = "fail"'
        )
        outage = Outage(rig)
        outage.wait(300)

        assert [("held", "E_SYSTEM_DOWN")] == outage.lines()
        rig.crash()

    def test_it_is_in_the_journal_of_the_hub(self, make):
        """When calls were stopped, and when and after how many they went on."""
        outage = make()
        outage.wait(200)
        outage.away = False
        outage.wait(70)
        entries = outage.rig.store.journal("")

        assert ["breaker_opened", "breaker_closed"] == [one.event for one in entries]
        assert {"oss.internet"} == {one.data["system"] for one in entries}
        assert entries[1].text.startswith("oss.internet answers again, after ")

    def test_another_process_knows_it_too(self, make):
        """It is a row: whoever starts now makes no heap of calls either."""
        outage = make(orders=20)
        outage.wait(120)
        before = len(outage.made)
        outage.rig.restart()
        outage.wait(60)

        assert len(outage.made) - before <= 3
        outage.away = False
        outage.wait(130)
        assert breaker(outage.rig) is None

    def test_a_probe_of_which_nobody_hears_is_none(self, make):
        """The process that made it has died: another is made when its claim has run out."""
        outage = make()
        outage.wait(120)
        while not outage.rig.calls.made:
            outage.rig.step(1.0)
            outage.rig.engine.sweep(outage.rig.now)
        assert breaker(outage.rig).probe
        outage.rig.restart()
        outage.away = False
        outage.wait(120)

        assert breaker(outage.rig) is None

    def test_a_refusal_is_an_answer(self, make):
        """The system is there, and will not do this one: nobody else waits for that."""
        outage = make(orders=8, breaker_after=3)
        outage.kind = CallKind.REFUSED
        outage.wait(30)

        assert breaker(outage.rig) is None
        assert 8 == len(outage.made)

    def test_credentials_that_are_not_accepted_stop_all_calls(self, make):
        """It says nothing of the instructions: the first few wait for a person, all others for the system."""
        outage = make(orders=1, breaker_after=3)
        outage.kind = CallKind.OPERATOR
        outage.rig.answer_call = _with_status(outage.rig, 401)
        for number in range(2, 21):
            outage.numbers.append(f"W-{number}")
            outage.rig.drop(order(f"W-{number}"))
        outage.turn()
        outage.rig.answer_crm()
        outage.wait(120)
        by_hand = [line for line in outage.lines() if line[0] == "held"]

        assert breaker(outage.rig).opened
        assert len(by_hand) == len(outage.made) < 20 + 3

    def test_what_fails_alone_ends_with_a_person(self, make):
        """Calls for others get through: the fault is in the instruction, not in its system."""
        outage = make()
        outage.away, outage.spoilt = False, outage.rig.key("internet")
        for number in range(2, 30):
            outage.rig.drop(order(f"W-{number}"))
            outage.turn()
            outage.rig.answer_crm()
            outage.wait(20)

        assert [("held", "E_CALL_FAILED")] == outage.lines()
        assert f"retry|{outage.rig.key('internet')}" not in outage.rig.timers()

    def test_a_system_that_must_not_be_told_twice_is_told_again_when_it_surely_was_not(self, tmp_path):
        """No connection is no unknown outcome."""
        rig = Rig(tmp_path)
        rig.oss.profile = msgspec.structs.replace(rig.oss.profile, repeat=Repeat.NEVER)
        rig.restart()
        outage = Outage(rig)
        outage.wait(60)
        outage.away = False
        outage.wait(120)

        assert [("inProgress", "")] == outage.lines()
        rig.crash()

    def test_a_worker_with_nothing_else_to_do_may_end(self, tmp_path):
        """What waits for a system that is away waits in its queue."""
        rig = WorkerRig(tmp_path)
        outage = Outage(rig, orders=3)
        outage.wait(100)
        while rig.calls.made or not rig.engine._deferred:
            outage.turn()

        assert rig.engine.idle
        rig.crash()

    def test_a_hold_that_comes_too_late_holds_nothing(self, make):
        """The system was back before its turn came."""
        outage = make()
        outage.wait(120)
        outage.away = False
        outage.wait(70)
        rig = outage.rig
        facts = {"system": OSS, "key": rig.key("internet"), "since": rig.now.isoformat()}
        late = [
            Timer("outage|oss.internet", rig.now, "outage", "", facts),
            Timer("hold|key", rig.now, "hold", rig.record().id, facts),
        ]
        with rig.store.begin() as tx:
            tx.apply(Changes(timers={one.key: one for one in late}))
        outage.wait(5)

        assert [("inProgress", "")] == outage.lines()
        assert [] == [name for name in rig.timers() if name.startswith(("outage", "hold"))]


def _with_status(rig, status):
    """Calls end as they do when a server says so."""
    made = rig.answer_call

    def answer(kind=CallKind.ANSWERED, **more):
        return made(kind, **more | {"status": status})

    return answer

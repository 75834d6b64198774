"""
The story of the demonstration: what it is made of, its time, and that it sees what goes wrong.
"""

from __future__ import annotations

import json
from datetime import UTC, timedelta
from decimal import Decimal
from threading import Event

import msgspec
import pytest

from canonical.order import Money
from canonical.states import State
from orderloom.cli import demo
from orderloom.cli.story.acts import ALL_ACTS, CUSTOMER, HANDSET, LEAVING, PHONE, START, WAITED
from orderloom.cli.story.clock import StoryClock
from orderloom.cli.story.ends import change_checks, delay_checks, end_checks, leaving_checks
from orderloom.cli.story.player import Player
from orderloom.cli.story.real import in_real_time, real_script
from orderloom.cli.story.scene import Act, Pause, Scene, StageStuckError, filled, places, story_file
from orderloom.cli.story.stage import fresh_folder, staged
from orderloom.cli.story.told import Asked, Said, ask, touched, untouched
from orderloom.settings import load
from orderloom.simulators.agenda import Agenda
from orderloom.simulators.script import EVERY_SYSTEM, Script

_BATCH = next(
    step for act in ALL_ACTS for step in act.steps if isinstance(step, Scene) and step.channel == "directmail"
)
SYSTEMS = [f'[systems."{name}"]' for name in EVERY_SYSTEM]


class TestScenes:
    def test_a_message_is_filled_with_what_was_kept(self):
        """Nothing else of it is touched."""
        body = b"<a>%token%</a> 100% of %other% and %token%"

        assert ("token", "other") == places(body)
        assert b"<a>R-1</a> 100% of B and R-1" == filled(body, {"token": "R-1", "other": "B"})

    def test_what_was_not_kept_cannot_be_sent(self):
        with pytest.raises(KeyError, match="token"):
            filled(b"%token%", {})

    def test_every_place_of_a_scene_is_kept_by_an_earlier_one(self):
        """No scene cites what nobody was told."""
        kept: set[str] = set()
        for scene in (step for act in ALL_ACTS for step in act.steps if isinstance(step, Scene)):
            assert set(places(story_file(scene.file))) <= kept, scene.file
            kept |= set(scene.keeps)

    def test_time_only_goes_forward(self):
        whens = [step.until for act in ALL_ACTS for step in act.steps if isinstance(step, Pause)]

        assert sorted(whens) == whens
        assert START < whens[0]

    def test_in_real_time_an_act_waits_at_its_end_only(self):
        """Its messages are the same, and a night of the warehouse's takes seconds."""
        steps = in_real_time(CUSTOMER).steps

        assert [one for one in CUSTOMER.steps if isinstance(one, Scene)] == list(steps[:-1])
        assert CUSTOMER.steps[-1] is steps[-1]
        assert max(rule.get("delay", 0) for rule in json.loads(real_script())["rules"]) < 15


class TestTime:
    def test_the_clock_leaps_forward_only(self):
        clock = StoryClock(START)
        clock.leap(START + timedelta(hours=10))
        clock.leap(START + timedelta(hours=9))

        assert timedelta(0) <= clock.now() - (START + timedelta(hours=10)) < timedelta(seconds=30)
        assert UTC == clock.now().tzinfo

    def test_what_is_due_in_hours_is_done_when_the_clock_has_leapt(self):
        """By whoever waits for it, once it is stirred."""
        clock, done = StoryClock(START), Event()
        agenda = Agenda("warehouse", clock.seconds)
        try:
            agenda.after(3600, done.set)
            assert agenda.due is not None
            assert timedelta(minutes=59) < clock.at(agenda.due) - clock.now() <= timedelta(hours=1)
            assert not done.is_set()
            clock.leap(START + timedelta(hours=2))
            agenda.stir()
            assert done.wait(10)
        finally:
            agenda.stop()

    def test_who_is_at_work_is_not_done(self):
        """While a job is being done, something is due."""
        begun, go_on = Event(), Event()
        agenda = Agenda("warehouse")

        def work() -> None:
            begun.set()
            go_on.wait(10)

        try:
            agenda.after(0, work)
            assert begun.wait(10)
            assert agenda.due == float("-inf")
        finally:
            go_on.set()
            agenda.stop()


def call(system, verb="do", lines=1, outcome="applied"):
    return {"system": system, "verb": verb, "lines": lines, "outcome": outcome}


class TestTold:
    def test_who_was_told_what(self):
        """In the order of the systems, and nobody who was not."""
        calls = [
            call("billing", "undo"),
            call("billing"),
            call("billing"),
            call("crm", lines=2),
            call("oss.tv", outcome="repeat"),
            call("oss.mobile", outcome="inquire"),
        ]
        told = touched(calls, EVERY_SYSTEM)

        assert {
            "crm": "do 2 lines",
            "oss.mobile": "asked",
            "billing": "undo 1 line, 2 x do 1 line",
            "oss.tv": "repeat: do 1 line",
        } == told
        assert ["warehouse", "oss.internet", "oss.voice"] == untouched(EVERY_SYSTEM, told)

    def test_each_channel_has_words_of_its_own(self):
        """They are the same when they mean the same, and as much is done."""
        web = Said("web", "inProgress", "1/3 done")
        store = Said("store", "InProcess", "1/3 done")

        assert Asked((web, store)).same
        assert "web inProgress = store InProcess  1/3 done" == str(Asked((web, store)))
        for other in (Said("store", "Delayed", "1/3 done"), Said("store", "InProcess", "2/3 done")):
            assert not Asked((web, other)).same

    def test_a_word_that_a_channel_does_not_know_means_nothing(self):
        with pytest.raises(ValueError, match="store knows no state 'inProgress'"):
            _ = Said("store", "inProgress", "").state


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """The first two acts: the orders, and what the systems have noted."""
    config = fresh_folder(tmp_path_factory.mktemp("story") / "demo", *SYSTEMS)
    script = Script.of(json.loads(story_file("script.json")))
    with staged(load(config), script, START) as stage:
        player = Player(stage)
        for act in (CUSTOMER, LEAVING):
            player.play(act)
        records = {name: player.record(name) for name in (PHONE, WAITED, player.kept["credit"])}
        return records, list(player.calls()), player.differing


def verdicts(checks):
    return [check.holds for check in checks]


class TestChecks:
    def test_what_was_played_is_as_it_should_be(self, played):
        records, calls, differing = played
        phone, waited, credit = records.values()

        assert [True] * 3 == verdicts(change_checks(phone, calls, HANDSET))
        assert [True] * 2 == verdicts(leaving_checks(waited, credit, calls))
        assert [True] * 3 == verdicts(end_checks({PHONE: phone}, differing, calls))

    def test_a_handset_that_is_ordered_again_is_seen(self, played):
        """Also when the warehouse knows the order, and ships nothing."""
        records, calls, _ = played
        [first] = [
            one for one in calls if one["system"] == "warehouse" and one["told"][0]["offering"] == HANDSET
        ]
        again = {**first, "applied": False, "outcome": "repeat"}

        assert [False, True, True] == verdicts(change_checks(records[PHONE], [*calls, again], HANDSET))

    def test_a_channel_that_is_not_answered_is_named(self, played):
        """Nobody's silence is taken for a status."""
        records, _, _ = played
        with pytest.raises(StageStuckError, match=f"web was not answered about {records[PHONE].id}"):
            ask(records[PHONE].order, 1, lambda *_: None, list)

    def test_a_quote_is_seen(self, played):
        records, calls, _ = played
        phone = records[PHONE]
        [first, *rest] = phone.amendments
        quoted = msgspec.structs.replace(
            first.amendment.pieces[0], charge=Money(value=Decimal(30), unit="USD")
        )
        amendment = msgspec.structs.replace(first.amendment, pieces=(quoted,))
        costly = msgspec.structs.replace(first, amendment=amendment)
        phone = msgspec.structs.replace(phone, amendments=(costly, *rest))

        assert [True, False, True] == verdicts(change_checks(phone, calls, HANDSET))

    def test_what_is_billed_beside_the_order_is_seen(self, played):
        """The case, which was added, is not on the bill."""
        records, calls, _ = played
        less = [
            one
            for one in calls
            if one["system"] != "billing" or all(line["offering"] != "CASE-01" for line in one["told"])
        ]

        assert [True, True, False] == verdicts(change_checks(records[PHONE], less, HANDSET))

    def test_a_system_that_heard_of_the_disconnect_is_seen(self, played):
        records, calls, _ = played
        _, waited, credit = records.values()
        heard = {**calls[0], "reference": f"{waited.id}-1"}

        assert [False, True] == verdicts(leaving_checks(waited, credit, [*calls, heard]))

    def test_an_order_that_has_not_ended_and_what_was_done_twice_are_seen(self, played):
        records, calls, _ = played
        phone = records[PHONE]
        held = msgspec.structs.replace(phone.order, state=State.HELD)
        stuck = msgspec.structs.replace(phone, order=held)

        assert [False] * 3 == verdicts(
            end_checks({PHONE: stuck}, ["web draft / store Draft"], [*calls, calls[0]])
        )

    def test_a_delay_of_which_nobody_heard_is_seen(self, played):
        """And one that nobody has mended."""
        records, _, _ = played

        assert [False, False] == verdicts(delay_checks(records[PHONE], ()))


def test_every_message_is_shown_to_who_wants_to_see_it(tmp_path, monkeypatch, capsys):
    """What is sent with its places filled, what is told, and of what is no text how much it is."""
    monkeypatch.setattr(demo, "ALL_ACTS", (LEAVING, Act("one batch", (_BATCH,))))
    monkeypatch.setattr(demo, "print_end", lambda *_: None)
    demo.play(tmp_path / "demo", messages=True)

    shown = [line.strip() for line in capsys.readouterr().out.splitlines() if line.startswith("      | ")]
    question = next(line for line in shown if "<ol:Question>" in line)
    named = question.partition(">")[2].partition("<")[0]
    assert any(f"<Question>{named}</Question>" in line and "Accept" in line for line in shown)
    assert "| (1000 bytes, no text: orderloom decode)" in shown


def test_a_demonstration_that_goes_wrong_says_what_and_ends_with_status_1(tmp_path, monkeypatch, capsys):
    """The warehouse ships the handset twice."""
    script = json.loads(story_file("script.json"))
    [twice] = [one for one in script["rules"] if one.get("delay") == 79200]
    twice |= {"behaviour": "duplicate", "repeat": "new"}
    monkeypatch.setattr(demo, "story_file", lambda _: json.dumps(script))

    with pytest.raises(SystemExit) as ended:
        demo.play(tmp_path / "demo")

    said = capsys.readouterr()
    assert 1 == ended.value.code
    assert "not so: the handset was shipped once: 1 order to the warehouse (940), 2 advices (945)" in said.err
    assert "NO   the handset was shipped once" in said.out
    assert "yes  no charge arose" in said.out

"""
An amendment and a cancel through the whole hub: wherever the process ends, they come to the same end.
"""

from __future__ import annotations

import pytest

from canonical.amendments import ItemPatch, PieceState, Scope
from canonical.commands import AmendOrder, CancelOrder, OrderRef, SubmitOrder
from canonical.order import OrderContent
from canonical.states import State
from orderloom.acts import act_on
from orderloom.correlation.fallout import Act, ActKind
from orderloom.correlation.record import Record
from tests.engine.faults import Crashed, Fuse
from tests.engine.rig import WorkerRig
from tests.engine.talk_rig import TalkRig
from tests.engine.test_changes_race import colour, item
from tests.engine.test_crashes import ERRORS
from tests.engine.town_rig import WEB, Town, TownRig


class Bench(TownRig, WorkerRig):
    """A whole worker in the town."""


ORDER = OrderContent(product_order_item=(item("1", "device"), item("2", "plan")))


class Story:
    """
    A parcel and a plan: the parcel changes its colour, on its way; then the plan is cancelled.

    The parcel is shipped in the end, in the colour that it was changed to.
    """

    def __init__(self, rig) -> None:
        self.town = Town(rig)

    def play(self) -> None:
        """From the first document to the last."""
        town = self.town
        about = OrderRef(value=town.order)
        self.at_once(SubmitOrder(TalkRig.origin(WEB, "D-1"), ORDER))
        red = ItemPatch(item="1", product_characteristic=(colour("red"),))
        origin = TalkRig.origin(WEB, "C-1", "Change")
        self.at_once(AmendOrder(origin, about, Scope.DELTA, change=(red,)))
        self.at_once(CancelOrder(TalkRig.origin(WEB, "X-1", "Cancel"), about, items=("2",)))
        for _ in range(40):
            self.moves_on(1)
            if town.rig.store.order(town.order) and town.record().order.state.terminal and town.quiet:
                break
        self.moves_on(3)

    def at_once(self, *commands) -> None:
        """Sent, and carried out in as many lives as it takes; systems answer, and are heard."""
        for command in commands:
            self.town.send(command)
        for _ in range(12):
            self.turn()
            self.town.act()
            if self.town.quiet and self.town.rig.engine.idle:
                return

    def moves_on(self, times: int) -> None:
        """Systems come a step further, and are heard."""
        for _ in range(times):
            self.town.goes_on()
            self.at_once()

    def turn(self) -> None:
        """One turn of the hub, or its death and its next life."""
        rig = self.town.rig
        try:
            rig.step(0.1)
        except Crashed:
            while True:
                try:
                    rig.restart()
                except Crashed:
                    continue
                return

    def ends(self, record: Record) -> None:
        """What has become of the order."""
        states = {one.id: one.state for one in record.order.product_order_item}
        assert {"1": State.COMPLETED, "2": State.CANCELLED} == states
        assert "red" == record.order.product_order_item[0].product.value("color")
        assert 3 == record.order.version

    def check(self, what: str) -> None:
        """As if nothing had happened."""
        town = self.town
        try:
            town.check()
            self.ends(town.record())
        except AssertionError as error:
            error.add_note(what)
            raise
        finally:
            town.rig.crash()


class Asked(Story):
    """A plan that its system can only do in green: the web is asked, says yes, and gets it in green."""

    def __init__(self, rig) -> None:
        self.town = Town(rig, asks="live")

    def play(self) -> None:
        """From the first document to the last."""
        order = OrderContent(product_order_item=(item("1", "plan"),))
        self.at_once(SubmitOrder(TalkRig.origin(WEB, "D-1"), order))
        for _ in range(40):
            self.moves_on(1)
            town = self.town
            if town.rig.store.order(town.order) and town.record().order.state.terminal and town.quiet:
                break
        self.moves_on(3)

    def ends(self, record: Record) -> None:
        """Asked once, changed once, done."""
        assert ["green"] == [one.product.value("color") for one in record.order.product_order_item]
        assert (State.COMPLETED, 2) == (record.order.state, record.order.version)
        assert [PieceState.APPLIED] == [one.amendment.pieces[0].state for one in record.amendments]
        told = [one for one in self.town.told[WEB].values() if one.amendment]
        assert ["information-required", "changed"] == [one.kind.value for one in told]


@pytest.mark.parametrize("story_of", [Story, Asked], ids=["changed", "asked"])
def test_nothing_happens_and_all_is_well(tmp_path, story_of):
    """The stories themselves."""
    story = story_of(Bench(tmp_path))
    story.play()
    story.check("nothing has happened")


def crashed_everywhere(tmp_path, story_of: type[Story] = Story, *, after: bool) -> None:
    """The story, once for each operation at a port at which the process ends."""
    number, blown = 0, ["begin"]
    while blown[-1]:
        number += 1
        (folder := tmp_path / str(number)).mkdir()
        rig = Bench(folder, fuse=Fuse(after=after))
        rig.fuse.at = rig.fuse.count + number
        story = story_of(rig)
        story.play()
        rig.fuse.at = 0
        blown.append(rig.fuse.blown)
        story.check(f"the process ended {blown[-1]} (operation {number})")

    assert {"begin", "collect", "commit", "send", "settle"} <= {one.rpartition(" ")[2] for one in blown}


def test_a_crash_after_any_operation_costs_nothing(tmp_path):
    """Everybody is told once, and every system has what the order says."""
    crashed_everywhere(tmp_path, after=True)


def test_a_crash_while_the_customer_is_asked_costs_nothing(tmp_path):
    """The question is told once, its answer counts once, and the system is told once."""
    crashed_everywhere(tmp_path, Asked, after=True)


@pytest.mark.long
def test_a_crash_before_any_operation_costs_nothing(tmp_path):
    """Which is after the one before it, for everybody outside."""
    crashed_everywhere(tmp_path, after=False)


@pytest.mark.parametrize("what", ["of unknown fate, and durable", "busy"])
def test_any_commit_may_fail(tmp_path, what):
    """A commit that failed may be durable."""
    number, fired = 0, True
    while fired:
        number += 1
        (folder := tmp_path / str(number)).mkdir()
        rig = Bench(folder)
        effective, error = ERRORS[what]
        rig.fuse.trouble[rig.fuse.commits + number] = effective, error(what)
        story = Story(rig)
        story.play()
        fired = not rig.fuse.trouble
        rig.fuse.trouble.clear()
        story.check(f"commit {number} was {what}")


def test_an_act_that_ends_the_order_keeps_what_was_wanted_of_it(tmp_path):
    """The last line is completed by hand while the customer is asked: the wish becomes a draft, beside it."""
    rig = Bench(tmp_path)
    story = Story(rig)
    town = story.town
    del town.systems["bill"]  # it is silent
    plan = OrderContent(product_order_item=(item("2", "plan"),))
    story.at_once(SubmitOrder(TalkRig.origin(WEB, "D-1"), plan))
    wish = ItemPatch(item="2", quantity=2)
    origin = TalkRig.origin(WEB, "C-1", "Change")
    town.send(AmendOrder(origin, OrderRef(value=town.order), Scope.DELTA, change=(wish,)))
    rig.settle()
    for _ in range(2):
        rig.settle(3700.0, turns=1)
    act = Act("act-1", ActKind.COMPLETE, "cli:ada", "they have it")
    done = act_on(rig.hub(), rig.store, act, town.order, rig.now)

    [piece] = done.after.amendments[0].amendment.pieces
    assert (State.COMPLETED, PieceState.LAPSED) == (done.after.order.state, piece.state)
    draft = rig.store.order(piece.follow_on)
    assert (State.DRAFT, 2) == (draft.order.state, draft.order.product_order_item[0].quantity)
    rig.crash()

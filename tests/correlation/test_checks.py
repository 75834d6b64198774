"""
Checks: a no rejects the item before anybody else was told of it, a yes reserves for a time.
"""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from canonical.commands import CancelOrder, OrderRef, Origin
from canonical.replies import Reference
from canonical.states import State
from orderloom.correlation.changing import cancel
from orderloom.correlation.deciding import Decision, Way, decide
from orderloom.correlation.record import Line
from orderloom.rules import default_folder, read_folder
from routes.rules import read
from tests.correlation.build import ENDPOINT, NOON, Story, order_of, part, profile, reply
from tests.correlation.shop import Shop, changed, colour, item, profiles

BOTH = ["1", "2"]


def story(*parts, items=BOTH, **more):
    return Story(order_of(*items, **more), *parts)


def stocked(**more):
    """Stock is asked for the devices 1 and 2, then they are booked, shipped and charged."""
    return story(
        part("stock", BOTH, check=True, system="store", **more),
        part("crm", BOTH, "stock"),
        part("ship", BOTH, "crm", "stock", system="net"),
    )


class TestAnswers:
    def test_nothing_else_is_sent_before_the_answer(self):
        """The item is being worked on, and nobody but the stock knows of it."""
        one = stocked()

        assert ["stock"] == one.sent()
        assert {"1": "inProgress", "2": "inProgress"} == one.items()

    def test_a_yes_lets_the_others_go(self):
        """In their own order."""
        one = stocked()
        one.says("stock", "done")
        assert ["stock", "crm"] == one.sent()
        one.says("crm", "done")
        one.says("ship", "done")

        assert State.COMPLETED is one.state

    @pytest.mark.parametrize("word", ["no", "backorder"])
    def test_a_no_rejects_the_item_with_nothing_to_undo(self, word):
        """Also by a word that holds a line elsewhere: for a question every refusal is an answer."""
        one = stocked()
        one.says("stock", line_1="done", line_2=word)
        assert {"1": "inProgress", "2": "rejected"} == one.items()
        assert ["stock", "crm"] == one.sent()
        [crm] = one.last.dispatches
        assert ["1"] == [line.item.id for line in crm.instruction.lines]
        one.says("crm", line_1="done")
        one.says("ship", line_1="done")

        assert State.PARTIAL is one.state
        assert {"1": "completed", "2": "rejected"} == one.items()

    def test_a_no_to_all_rejects_the_order(self):
        """Its channel hears of the end, and no system has anything of it."""
        one = stocked()
        one.says("stock", "no")

        assert State.REJECTED is one.state
        assert ["stock"] == one.sent()
        assert ("ended", "rejected") == one.told()[-1]

    def test_a_yes_does_not_make_a_refused_item_partly_done(self):
        """Two checks, one yes and one no: nothing was done."""
        one = story(
            part("stock", ["1"], check=True, system="store"),
            part("credit", ["1"], check=True, system="bill"),
            part("crm", ["1"], "stock", "credit"),
            items=["1"],
        )
        one.says("stock", "done")
        one.says("credit", "no")

        assert State.REJECTED is one.state

    def test_a_question_that_is_all_there_is_completes_its_order(self):
        """Whoever asks for a check alone gets its answer."""
        one = story(part("stock", ["1"], check=True, system="store"), items=["1"])
        one.says("stock", "done")

        assert State.COMPLETED is one.state

    def test_silence_is_no_answer(self):
        """Time alone rejects nothing: it is held for a person."""
        one = stocked()
        one.due("answer-by", "stock")
        one.due("answer-by", "stock")

        assert State.HELD is one.state
        assert {"1": "held", "2": "held"} == one.items()

    def test_an_optional_check_that_says_no_stops_nothing(self):
        """It is noted, and the others go on."""
        one = story(
            part("stock", ["1"], check=True, optional=True, system="store"),
            part("crm", ["1"], "stock"),
            items=["1"],
        )
        one.says("stock", "no")

        assert ["stock", "crm"] == one.sent()
        assert "optional_ended" in one.journal()


class TestCancels:
    def cancelled(self, one):
        origin = Origin(channel="web", endpoint=ENDPOINT, document_type="cancel", document="C-1")
        command = CancelOrder(origin=origin, about=OrderRef(value="PO-1"))
        one.now += timedelta(minutes=1)
        one.took(cancel(one.record, command, "cancel-1", one.world, one.now))

    @pytest.mark.parametrize("answered", [False, True], ids=["asked", "answered"])
    def test_a_check_needs_nobody_to_take_it_back(self, answered):
        """What was only asked for is forgotten, and a reservation runs out by itself."""
        one = story(
            part("stock", ["1"], check=True, system="store"),
            part("credit", ["1"], check=True, system="bill"),
            part("crm", ["1"], "stock", "credit"),
            items=["1"],
        )
        if answered:
            one.says("stock", "done")
        self.cancelled(one)

        assert State.CANCELLED is one.state
        assert "customer" == one.order.cause
        assert ["stock", "credit"] == one.sent()


class TestReservations:
    def waiting(self, **more):
        """The stock is reserved for half an hour while somebody looks at the credit."""
        return story(
            part("stock", BOTH, check=True, system="store", valid_for=1800),
            part("credit", BOTH, check=True, system="bill"),
            part("crm", BOTH, "stock", "credit"),
            **more,
        )

    def test_one_that_was_used_in_time_is_not_looked_at_again(self):
        """Something was begun with it."""
        one = self.waiting()
        one.says("stock", "done")
        one.says("credit", "done")
        one.due("check", one.order.id)

        assert 1 == len(one.timers("check", one.order.id))
        assert ["stock", "credit", "crm"] == one.sent()
        assert "check_expired" not in one.journal()

    def test_one_that_runs_out_first_is_made_again(self):
        """Under a key of its own; the others wait for the new answer."""
        one = self.waiting()
        one.says("stock", "done")
        assert NOON + timedelta(minutes=31) == one.timers("check", one.order.id)[-1].due
        one.due("check", one.order.id)
        one.says("credit", "done")

        assert ["stock", "credit", "stock"] == one.sent()
        again = next(act.dispatches[0].instruction for act in one.acts[::-1] if act.dispatches)
        assert (1, "do") == (again.revision, again.verb)
        assert "check_expired" in one.journal()

    def test_each_item_has_its_own_time(self):
        """The one that was reserved later is good for longer."""
        one = self.waiting()
        one.says("stock", line_1="done")
        one.now += timedelta(minutes=10)
        one.says("stock", line_2="done")
        one.due("check", one.order.id)
        [again] = one.last.dispatches
        one.due("check", one.order.id)
        [once_more] = one.last.dispatches

        assert ["1"] == [line.item.id for line in again.instruction.lines]
        assert ["2"] == [line.item.id for line in once_more.instruction.lines]

    def test_a_no_the_second_time_rejects_the_item(self):
        """Somebody else has bought it meanwhile."""
        one = story(
            part("stock", ["1"], check=True, system="store", valid_for=1800),
            part("credit", ["1"], check=True, system="bill"),
            part("crm", ["1"], "stock", "credit"),
            items=["1"],
        )
        one.says("stock", "done")
        one.due("check", one.order.id)
        one.says("credit", "done")
        told = one.record.instructions[-1]
        one.hears(
            msgspec.structs.replace(
                reply(one.record, "stock", "no"), about=(Reference(type="key", value=told.key),)
            )
        )

        assert State.REJECTED is one.state

    def test_one_for_ever_has_no_timer(self):
        """A line that can be built can be built."""
        one = stocked()
        one.says("stock", "done")

        assert [] == one.timers("check", one.order.id)


CHECKED = """
[[route]]
name = "stock"
why = "nobody is promised what is not there"
when = { item = { category = "device" } }
  [[route.part]]
  name = "stock"
  system = "%s"
  items = { category = "device" }
  check = true
  due = "1h"
  [[route.test]]
  order = "samples/handset.json"
  endpoint = "partner.acme"
  expect = ["stock", "crm", "warehouse", "billing-device"]
"""
HANDSET = item("1", "HANDSET-A", colour("black"))


def shop(system):
    """The shipped world, in which a system is asked for its stock first."""
    texts = {**read_folder(default_folder()), "routes/stock.toml": CHECKED % system}
    return Shop(HANDSET, among=read(texts, profiles()))


class TestChanges:
    def test_a_check_that_was_used_is_told_of_no_change(self):
        """Those that were told since speak for themselves."""
        one = shop("crm")
        one.done("stock", "crm")
        one.amend(changed("1", "", colour("red")))

        assert ["warehouse modify [1]"] == one.sent()

    def test_before_that_it_is_asked_anew(self):
        """Its system cannot be told of changes, and need not: the old question counts no more."""
        one = shop("billing")
        one.amend(changed("1", "", colour("red")))
        assert ["stock undo [1]"] == one.sent()
        one.says("stock", verb="undo")

        assert ["stock do [1]"] == one.sent()
        assert "red" == one.acts[-1].dispatches[0].instruction.lines[0].item.product.value("color")

    def test_a_question_that_its_system_cannot_take_back_is_simply_asked_again(self):
        """Nor does a person have to: nothing was done."""
        told = Line(part="stock", item="1", number=1, state=State.IN_PROGRESS, since=NOON, sent=True)
        asked = part("stock", ["1"], check=True, system="store")
        found = [
            decide(
                told,
                asked,
                profile("store"),
                there=True,
                removes=removes,
                order=order_of("1"),
                items={},
                now=NOON,
            )
            for removes in (False, True)
        ]

        assert [Decision(Way.IN_PLACE)] * 2 == found

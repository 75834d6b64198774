"""
What the reports count, case by case; whole reports on both databases: tests/store/contract_reports.py.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from canonical.states import Cause, State
from orderloom.correlation.reports_port import ReportedEvent, ReportedLine, ReportedOrder
from orderloom.reports.demand import demand
from orderloom.reports.flow import flow
from orderloom.reports.leakage import LeakKind, leakage

BEGINS = datetime(2026, 12, 1, tzinfo=UTC)


def line(part: str, state: State = State.COMPLETED, hours: float = 1, **more: object) -> ReportedLine:
    """A line of one internet line, at the system of its part."""
    systems = {"internet": "oss.internet", "phone": "warehouse", "bill": "billing", "crm": "crm"}
    since = BEGINS + timedelta(hours=hours)
    made = ReportedLine(part, systems[part], False, "1", "NET", "add", 1, None, state, None, "", since)
    return replace(made, **more)


def order(*lines: ReportedLine, state: State = State.COMPLETED, **more: object) -> ReportedOrder:
    """An order that took as long as its last line."""
    changed = max((one.since for one in lines), default=BEGINS)
    made = ReportedOrder("OL1", "N1", "web.one", "web", state, BEGINS, changed, None, None, 1, tuple(lines))
    return replace(made, **more)


class TestDemand:
    """What is still wanted."""

    @pytest.mark.parametrize(
        ("state", "done", "left"),
        [
            (State.ACKNOWLEDGED, None, 5),
            (State.IN_PROGRESS, 2, 3),
            (State.HELD, 5, 0),
            (State.PENDING, 7, 0),
            (State.PENDING_CANCELLATION, None, 0),
            (State.COMPLETED, 2, 0),
            (State.CANCELLED, None, 0),
        ],
    )
    def test_what_is_done_or_given_up_is_not(self, state, done, left):
        """A system that speaks of quantities has done some of them."""
        rows = demand([order(line("phone", state, quantity=5, done=done), state=State.IN_PROGRESS)])

        assert ([left] if left else []) == [one.open for one in rows]

    def test_the_hub_s_own_date_goes_before_the_wish(self):
        """It is what was promised."""
        wished = order(line("phone", State.ACKNOWLEDGED), requested=BEGINS)
        promised = replace(wished, expected=BEGINS + timedelta(days=31))

        assert ["2026-W49", "2026-W53"] == [one.week for each in (wished, promised) for one in demand([each])]


def leaks(*lines: ReportedLine, by: datetime = BEGINS + timedelta(days=9)) -> list[tuple[str, str]]:
    """What leaks of an order, and why."""
    found = leakage([order(*lines)], by=by, billing=("billing",), provisioning=("oss.internet", "warehouse"))
    return [(one.kind, one.why) for one in found]


class TestLeakage:
    """What was provisioned, and ought to be billed, or not to be there."""

    def test_what_is_billed_does_not_leak(self):
        """By all who bill it."""
        assert [] == leaks(line("internet"), line("bill"))
        assert [(LeakKind.NOT_BILLED, "bill held")] == leaks(
            line("internet"), line("bill"), line("bill", State.HELD)
        )

    def test_a_billing_that_was_skipped_billed_nothing(self):
        """Nobody did it."""
        skipped = line("bill", code="E_SKIPPED")

        assert [(LeakKind.NOT_BILLED, "bill completed [E_SKIPPED]")] == leaks(line("internet"), skipped)
        assert [] == leaks(line("internet", code="E_SKIPPED"), skipped)

    def test_an_item_that_nobody_bills_leaks(self):
        """No part of its plan does."""
        assert [(LeakKind.NOT_BILLED, "no part bills it")] == leaks(line("internet"), line("crm"))

    def test_billing_waits_until_all_of_the_item_is_provisioned(self):
        """Then it leaks from the last on."""
        there, not_yet = line("internet"), line("phone", State.IN_PROGRESS, 30)
        assert [] == leaks(there, not_yet, line("bill", State.ACKNOWLEDGED))
        done = replace(not_yet, state=State.COMPLETED)

        assert [] == leaks(there, done, line("bill", State.HELD), by=BEGINS + timedelta(hours=29))
        assert 1 == len(leaks(there, done, line("bill", State.HELD), by=BEGINS + timedelta(hours=30)))

    def test_what_is_taken_away_is_not_billed(self):
        """A delete that was provisioned is done."""
        assert [] == leaks(line("internet", action="delete"), line("bill", State.HELD, action="delete"))

    @pytest.mark.parametrize(
        ("lost", "why"),
        [
            (line("phone", State.FAILED), "phone failed"),
            (line("phone", State.REJECTED), "phone rejected"),
            (line("phone", State.CANCELLED, cause=Cause.FALLOUT), "phone cancelled"),
            (line("bill", State.CANCELLED, cause=Cause.CUSTOMER), "bill cancelled"),
        ],
    )
    def test_what_was_lost_or_cancelled_ought_not_to_be_there(self, lost, why):
        """Somebody has to take the rest back, or to sell it after all."""
        assert [(LeakKind.STILL_PROVISIONED, why)] == leaks(line("internet"), lost)

    def test_what_was_optional_is_not_missed(self):
        """And a billing that was lost by fallout is only not billed."""
        assert [] == leaks(line("internet"), line("phone", State.FAILED, optional=True), line("bill"))
        lost = line("bill", State.CANCELLED, cause=Cause.FALLOUT)

        assert [(LeakKind.NOT_BILLED, "bill cancelled")] == leaks(line("internet"), lost)

    def test_what_was_taken_back_is_gone(self):
        """Cancelled at its system, too."""
        back = line("internet", State.CANCELLED, cause=Cause.CUSTOMER)

        assert [] == leaks(back, line("bill", State.CANCELLED, cause=Cause.CUSTOMER))


class TestFlow:
    """How orders went."""

    def told(self, *orders: ReportedOrder):
        """The report of that time."""
        return flow(orders, (), since=BEGINS, until=BEGINS + timedelta(days=30))

    def test_ranks_are_spans_that_some_order_took(self):
        """Of ten the fifth, the ninth and the last."""
        [all_, _] = self.told(*(order(line("internet", hours=hours)) for hours in range(1, 11))).cycle

        assert (5 * 3600, 9 * 3600, 10 * 3600) == (all_.p50, all_.p90, all_.p99)

    def test_each_channel_has_its_own(self):
        """Behind all together."""
        found = self.told(order(line("internet")), order(line("internet", hours=3), channel="store"))

        assert [("", 2), ("store", 1), ("web", 1)] == [(one.channel, one.orders) for one in found.cycle]

    def test_an_order_counts_once_for_a_system_and_code(self):
        """However often it was held for that."""
        silent = ReportedEvent("fallout", "hub", "internet: silent", {"code": "E_NO_ANSWER"})
        [rate] = self.told(order(line("internet"), events=(silent, silent)), order(line("internet"))).fallout

        assert ("oss.internet", "E_NO_ANSWER", 1, 2) == (rate.system, rate.code, rate.orders, rate.of)

    @pytest.mark.parametrize(
        "wrong",
        [
            {"state": State.PARTIAL},
            {"attempts": 2},
            {"events": (ReportedEvent("completed_by_hand", "cli:ada", "x", {}),)},
        ],
    )
    def test_what_had_to_be_helped_was_not_right_at_once(self, wrong):
        """Ended otherwise, told twice, or done by hand."""
        assert 1 == self.told(order(line("internet"))).right_first_time.count
        assert 0 == self.told(order(line("internet"), **wrong)).right_first_time.count

    def test_of_no_orders_there_is_nothing_to_say(self):
        """And nothing is divided by them."""
        found = self.told()

        assert ({}, (), (), 0, 0) == (
            found.ended,
            found.cycle,
            found.fallout,
            found.right_first_time.of,
            found.promises.of,
        )

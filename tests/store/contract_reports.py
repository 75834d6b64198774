"""
What every store answers people over all orders.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import astuple, replace

from canonical.amendments import AmendmentState, PieceState, TaskState
from canonical.errors import Fault
from canonical.states import State
from canonical.systems import Verb
from orderloom.correlation.record import Step, StepState
from orderloom.correlation.reports_port import HeldLine, Span
from orderloom.reports.demand import demand
from orderloom.reports.flow import flow
from orderloom.reports.leakage import leakage
from orderloom.reports.pages import every_order
from tests.store.month import BEGINS, ENDS, month
from tests.store.orders import NOW, amending, asking, cancelling, later, line, order_id, record, saved

__all__ = ["ReportsContract"]

HOUR = 3600


def held(number: int, since: float, code: str, name: str = "tv"):
    """An order of which one line is held since so many seconds."""
    made = record(number, State.IN_PROGRESS)
    stuck = replace(line(name, State.HELD, later(since)), code=code, reason=f"{code} it said", sent=True)
    return replace(made, lines=tuple(stuck if one.part == name else one for one in made.lines))


def put(store, *records):
    """Bring in new orders."""
    with store.begin() as transaction:
        transaction.apply(saved(*records))


class TestsOfHeldLines:
    """What waits for a person."""

    def test_each_says_whose_it_is_and_why_and_since_when(self, store):
        """The longest held first; lines that are not held are not there."""
        put(store, held(1, 60, "E_NO_ANSWER"), held(2, 30, "E_SYSTEM_REFUSED", "mobile"), record(3))

        first = HeldLine(
            order_id=order_id(2),
            number="PO2",
            endpoint="partner.acme",
            part="mobile",
            system="oss.mobile",
            item="mobile",
            verb="",
            code="E_SYSTEM_REFUSED",
            reason="E_SYSTEM_REFUSED it said",
            since=later(30),
        )
        found = store.held_lines()
        assert [first, order_id(1)] == [found[0], found[1].order_id]
        assert 2 == len(found)

    def test_a_change_of_a_line_is_there_with_its_verb(self, store):
        """The line itself may be at work, or done."""
        fault = Fault(code="E_BY_HAND", what="a person has to")
        held = Step(
            cause="C1",
            piece=0,
            part="tv",
            item="tv",
            state=StepState.HELD,
            verb=Verb.UNDO,
            removes=True,
            fault=fault,
        )
        waiting = replace(held, part="mobile", item="mobile", state=StepState.WAITING)
        put(store, replace(record(1), steps=(waiting, held)))

        found = [(one.part, one.verb, one.code, one.reason) for one in store.held_lines()]
        assert [("tv", "undo", "E_BY_HAND", "a person has to")] == found

    def test_a_held_line_of_which_a_change_is_held_is_there_once(self, store):
        """As the change, since somebody asked for that; a line that was taken back is not there."""
        fault = Fault(code="E_NO_ANSWER", what="silent")
        step = Step(
            cause="A1", piece=1, part="tv", item="tv", state=StepState.HELD, verb=Verb.UNDO, fault=fault
        )
        asked = amending("A1")
        asked = replace(asked, amendment=replace(asked.amendment, at=later(90)))
        stuck, done = held(1, 60, "E_NO_ANSWER"), replace(step, state=StepState.DONE, fault=None)
        put(store, replace(stuck, amendments=(asked,), steps=(step,)))
        put(store, replace(held(2, 60, "E_NO_ANSWER"), steps=(done,)))

        found = [(one.order_id, one.verb, one.since) for one in store.held_lines()]
        assert [(order_id(1), "undo", later(90))] == found
        assert () == tuple(store.held_lines(held_by=later(80)))

    def test_code_system_age_and_number_narrow_it(self, store):
        """All of them together."""
        put(store, *(held(number, number, "E_NO_ANSWER") for number in (1, 2, 3)))
        put(store, held(4, 4, "E_NO_ANSWER", "mobile"), held(5, 5, "E_CALL_FAILED"))

        def numbers(**more):
            return [int(one.order_id[2:]) for one in store.held_lines(**more)]

        assert [1, 2, 3, 4] == numbers(code="E_NO_ANSWER")
        assert [1, 2, 3] == numbers(code="E_NO_ANSWER", system="oss.tv")
        assert [1, 2] == numbers(held_by=later(2))
        assert [1, 2] == numbers(limit=2)
        assert [] == numbers(code="E_CALL_FAILED", system="oss.mobile")

    def test_an_order_without_a_number_of_its_sender_s_is_there_too(self, store):
        """It has its own id."""
        put(store, replace(held(1, 1, "E_NO_ANSWER"), aliases=()))

        assert [""] == [one.number for one in store.held_lines()]


class TestsOfOpenChanges:
    """What of running orders is being changed, or taken back."""

    def test_each_says_whose_it_is_the_first_asked_for_first(self, store):
        """What is decided is not there, nor what was asked of an order that has ended."""
        quote, gone = amending("A1"), cancelling("C1")
        settled = replace(quote, amendment=replace(quote.amendment, id="A2", state=AmendmentState.APPLIED))
        stopping = replace(gone.task, id="C2", at=later(-60), state=TaskState.IN_PROGRESS)
        running = replace(
            record(1), amendments=(quote, settled), cancels=(gone, replace(gone, task=stopping))
        )
        ended = record(2, State.COMPLETED)
        put(store, running, replace(ended, amendments=(quote,)))

        first, second = store.open_changes(10)
        assert (order_id(1), "PO1", stopping) == (first.order_id, first.number, first.change)
        assert quote.amendment == second.change
        assert [first] == list(store.open_changes(1))

    def test_what_a_system_asks_is_there_too(self, store):
        """It waits for the customer as a quote does."""
        question = asking("A1")
        put(store, replace(record(1), amendments=(question,)))

        assert [question.amendment] == [one.change for one in store.open_changes(10)]


class TestsOfReports:
    """Sums over a month that was counted by hand (tests/store/month.py)."""

    @pytest.fixture
    def month(self, store):
        """A store with that month in it."""
        with store.begin() as transaction:
            transaction.apply(month())
        return store

    def test_orders_are_read_page_by_page(self, month):
        """Each once, in the order of ids; drafts never."""
        pages = [month.reported(Span.ALL, after=order_id(number), limit=3) for number in (0, 3, 6, 9)]

        assert [[1, 2, 3], [4, 5, 6], [7, 8], []] == [[int(one.id[2:]) for one in page] for page in pages]

    @pytest.mark.parametrize(("span", "numbers"), [(Span.OPEN, [3, 6, 7]), (Span.ENDED, [1, 2, 4, 5])])
    def test_open_and_ended_orders_are_told_apart(self, month, span, numbers):
        """As far as they changed since then."""
        assert numbers == [int(one.id[2:]) for one in month.reported(span, limit=10, since=BEGINS)]

    def test_an_order_is_read_with_its_lines_and_events(self, month):
        """Of replies only those that held a line."""
        [two] = month.reported(Span.ENDED, after=order_id(1), limit=1, events=True)

        assert ("N2", "web.one", "web", 2) == (two.number, two.endpoint, two.channel, two.attempts)
        assert BEGINS + timedelta(hours=10) == two.changed
        assert ["reply_folded", "fallout", "fallout", "retried"] == [one.event for one in two.events]
        assert "E_SYSTEM_REFUSED" == two.events[0].data["code"]
        [four] = month.reported(Span.ENDED, after=order_id(3), limit=1)
        tv = four.lines[1]
        assert ("tv", "oss.tv", "NET-500", State.FAILED) == (tv.part, tv.system, tv.offering, tv.state)
        assert () == four.events

    def test_demand(self, month):
        """Two of three lines are left in Austin, and three handsets; what was lost or done is not wanted."""
        rows = demand(every_order(month, Span.OPEN))
        springfield, austin = "US IL Springfield", "US TX Austin"
        internet = ("NET-500", "add", "oss.internet", austin, "2026-W50", 2, 2)

        assert [
            ("HANDSET-A", "add", "warehouse", springfield, "", 1, 0),
            ("HANDSET-A", "add", "warehouse", springfield, "2026-W50", 2, 2),
            ("NET-500", "add", "billing", "", "", 1, 0),
            internet,
        ] == [astuple(one) for one in rows]
        assert [internet] == [
            astuple(one) for one in demand(every_order(month, Span.OPEN), system="oss.internet")
        ]

    def test_leakage(self, month):
        """The longest first, and only what is so for as long."""
        provisioning = ("oss.internet", "oss.tv", "warehouse")

        def found(by):
            return [
                (one.kind, one.number, one.systems, one.since - BEGINS, one.why)
                for one in leakage(
                    every_order(month, Span.ALL), by=by, billing=("billing",), provisioning=provisioning
                )
            ]

        late = [
            ("still provisioned", "N5", ("oss.internet",), timedelta(hours=2), "billing cancelled"),
            ("not billed", "N3", ("oss.internet",), timedelta(hours=3), "billing held [E_NO_ANSWER]"),
            ("still provisioned", "N4", ("oss.internet",), timedelta(hours=5), "tv failed"),
        ]
        assert late == found(ENDS)
        assert late[:2] == found(BEGINS + timedelta(hours=3))

    def test_flow(self, month):
        """Four orders ended; of the three that completed, two had a date, and one kept it."""
        found = flow(
            every_order(month, Span.ENDED, since=BEGINS, events=True),
            every_order(month, Span.OPEN),
            since=BEGINS,
            until=ENDS,
            drafts_abandoned=month.drafts_abandoned(BEGINS),
        )

        assert {"completed": 3, "partial": 1} == found.ended
        assert [("", 3, 2 * HOUR, 10 * HOUR, 10 * HOUR), ("web", 3, 2 * HOUR, 10 * HOUR, 10 * HOUR)] == [
            astuple(one) for one in found.cycle
        ]
        assert [
            ("oss.internet", "E_NO_ANSWER", 1, 4),
            ("oss.internet", "E_SYSTEM_REFUSED", 1, 4),
            ("oss.tv", "E_SYSTEM_REFUSED", 1, 1),
        ] == [astuple(one) for one in found.fallout]
        assert (2, 4) == astuple(found.right_first_time)
        assert (1, 2) == astuple(found.promises)
        assert (1, 1) == astuple(found.overdue)
        assert 1 == found.drafts_abandoned
        assert 0 == month.drafts_abandoned(BEGINS + timedelta(seconds=1))

    def test_orders_come_back_with_their_plans_page_by_page(self, month):
        """Of those that came since then; no draft."""
        first, *_ = month.planned_since(BEGINS, limit=10)
        order, plan = first
        assert (order_id(1), ["internet", "billing"]) == (order.id, [one.name for one in plan.parts])
        ids = [int(one.id[2:]) for one, _ in month.planned_since(BEGINS, after=order_id(4), limit=3)]

        assert [5, 6, 7] == ids
        assert 8 in [int(one.id[2:]) for one, _ in month.planned_since(BEGINS - timedelta(days=90), limit=10)]

    def test_amendments_are_counted_piece_by_piece(self, store):
        """By what became of each, from when they were asked for."""
        one = amending("AM1")
        [piece] = one.amendment.pieces
        free = replace(piece, state=PieceState.APPLIED, charge=None)
        pieces = (
            free,
            replace(free, charge=piece.charge),
            replace(free, state=PieceState.REFUSED),
            replace(free, state=PieceState.LAPSED),
            replace(free, state=PieceState.WITHDRAWN),
            piece,
        )
        amended = replace(one, amendment=replace(one.amendment, pieces=pieces))
        put(store, replace(record(1), amendments=(amended,)))

        counted = flow((), (), since=NOW, until=NOW, amendments=store.amendments(NOW)).amendments
        assert (1, 1, 1, 2, 1) == astuple(counted)
        assert () == store.amendments(later(1))


class ReportsContract(TestsOfHeldLines, TestsOfReports):
    """All of them."""

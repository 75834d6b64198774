"""
What every store answers people over all orders.
"""

from __future__ import annotations

from msgspec.structs import replace

from canonical.errors import Fault
from canonical.states import State
from canonical.systems import Verb
from orderloom.correlation.record import Step, StepState
from orderloom.correlation.reports_port import HeldLine
from tests.store.orders import later, line, order_id, record, saved

__all__ = ["ReportsContract"]


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


class ReportsContract(TestsOfHeldLines):
    """All of them."""

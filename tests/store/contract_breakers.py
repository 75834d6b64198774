"""
The contract on circuit breakers: a row for each system whose calls fail, and what waits for it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from msgspec.structs import replace as changed

from canonical.states import State
from canonical.systems import Verb
from orderloom.correlation.aging import DEAD_STAY
from orderloom.correlation.breaker_port import Breaker, BreakerChanges
from tests.store.contract_messages import apply
from tests.store.contract_orders import save
from tests.store.orders import NOW, instructed, later, line, record


def breaker(system="oss.internet", **more):
    """A system of which three calls have failed."""
    facts = {"failures": 3, "since": NOW, "at": later(6), "code": "E_CALL_FAILED", "reason": "answered 503"}
    return Breaker(system=system, next_probe=later(11), **facts | more)


def waiting(number, since=NOW, state=State.IN_PROGRESS, **more):
    """An order whose line for voice is told to its system."""
    new = replace_lines(record(number), state, since)
    told = instructed(new, "voice", sent_at=later(number), **more)
    return changed(new, instructions=(told,))


def replace_lines(new, state, since):
    return changed(new, lines=(line("voice", state, since),))


class BreakersContract:
    def test_a_breaker_is_kept_changed_and_gone_when_its_system_is_well(self, store):
        """Every field of it."""
        first = breaker()
        opened = replace(first, failures=5, opened=later(7), probe="call-1", reason="down \U0001f525")
        other = breaker("oss.tv")
        for rows in ([first, other], [opened]):
            apply(store, breakers=BreakerChanges({one.system: one for one in rows}))

        with store.begin() as transaction:
            assert {"oss.internet": opened} == transaction.breakers(["oss.internet", "oss.mobile"])
        assert [opened, other] == list(store.breakers())
        apply(store, breakers=BreakerChanges(closed={"oss.internet", "oss.unknown"}))
        assert [other] == list(store.breakers())

    def test_one_that_fails_again_in_the_transaction_in_which_it_was_well_stays(self, store):
        """What came last counts."""
        apply(store, breakers=BreakerChanges({"oss.tv": breaker("oss.tv")}, {"oss.tv"}))

        assert ["oss.tv"] == [one.system for one in store.breakers()]

    def test_a_few_failures_of_long_ago_are_struck_off(self, store):
        """One whose calls are stopped stays so until one gets through."""
        rows = [breaker("few"), breaker("many", opened=later(6)), breaker("now", at=later(60))]
        apply(store, breakers=BreakerChanges({one.system: one for one in rows}))

        assert 0 == store.tidy(later(6) + DEAD_STAY - timedelta(seconds=1))
        assert 1 == store.tidy(later(6) + DEAD_STAY)
        assert ["many", "now"] == [one.system for one in store.breakers()]

    def test_what_a_system_has_not_got_is_named_oldest_first(self, store):
        """In progress for so long, told and not received; not what is held, answered, a change, or ended."""
        found = [waiting(1), waiting(2)]
        others = [
            waiting(3, received=True),
            waiting(4, answered_at=NOW),
            waiting(5, verb=Verb.MODIFY),
            waiting(6, since=later(1)),
            waiting(7, state=State.HELD),
            waiting(8, system="oss.tv"),
        ]
        gone = waiting(9)
        gone = changed(gone, order=changed(gone.order, state=State.CANCELLED))
        save(store, *found, *others, gone)

        with store.begin() as transaction:
            named = [(one.id, f"{one.id}:voice") for one in found]
            assert named == list(transaction.unreached("oss.voice", NOW, 9))
            assert named[:1] == list(transaction.unreached("oss.voice", NOW, 1))

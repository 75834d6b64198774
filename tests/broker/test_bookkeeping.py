"""Confirms and acknowledgements: the numbers of one channel, against a plain model of the broker."""

from __future__ import annotations

from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from broker.confirms import Confirms
from broker.fair import RoundRobin
from broker.port import Delivery, Handle, Properties
from broker.settle import SettleWindow


@given(st.lists(st.lists(st.integers(-1, 14), max_size=6), max_size=8))
def test_acknowledgements_settle_exactly_what_was_settled(rounds: list[list[int]]):
    """
    Any order, repeats, unknown tags: the broker ends up with the open ones, and never sees a tag it
    would close the channel for.
    """
    window = SettleWindow()
    unacked = set(range(1, 11))
    for tag in sorted(unacked):
        window.delivered(tag)
    wanted = set(unacked)
    for tags in rounds:
        wanted -= set(tags)
        for tag, multiple in window.settle(tags):
            assert tag in unacked
            unacked -= {one for one in unacked if one <= tag} if multiple else {tag}

    assert wanted == unacked
    assert len(wanted) == window.unsettled


def test_a_finished_prefix_costs_one_frame():
    """
    Two hundred settled in any order are one acknowledgement.
    """
    window = SettleWindow()
    for tag in range(1, 201):
        window.delivered(tag)

    assert list(window.settle(reversed(range(1, 201)))) == [(200, True)]


@given(st.lists(st.tuples(st.integers(1, 12), st.booleans()), max_size=15))
def test_every_publish_is_confirmed_once(confirmed: list[tuple[int, bool]]):
    """
    Out of order, single and multiple, repeated: each token is told at most once, the rest is lost at the end.
    """
    confirms = Confirms()
    for token in range(100, 110):
        confirms.sent(token)
    told: list[int] = []
    for number, multiple in confirmed:
        told += [token for _, token in confirms.confirmed(number, multiple=multiple)]
    reached = {
        token
        for token in range(100, 110)
        if any(number == token - 99 or (multiple and number >= token - 99) for number, multiple in confirmed)
    }

    assert sorted(told) == sorted(reached)
    assert set(range(100, 110)) - reached == set(confirms.lost())
    assert len(confirms) == 0


def test_turns_go_on_over_calls():
    """
    Who was last is not first in the next batch; an empty queue costs nothing.
    """
    buffers = {
        name: deque(delivery(name) for _ in range(count)) for name, count in (("a", 9), ("b", 9), ("c", 0))
    }
    turns = RoundRobin()
    taken = "".join(one.queue for _ in range(6) for one in turns.take(buffers, 1, {}))

    assert taken == "ababab"
    assert len(turns.take(buffers, 100, {"a": 0})) == 6


def delivery(queue: str) -> Delivery:
    return Delivery(Handle(1, queue, 1), queue, b"", Properties())

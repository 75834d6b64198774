"""
Two engines on one PostgreSQL and one broker, each in a thread of its own: orders that both work on at once.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict

import pytest

from orderloom.correlation.port import Changes, OutboxRow
from orderloom.correlation.postgres import PostgresStore
from orderloom.worker import LeaseLost
from tests.engine import rig
from tests.engine.fellows import Fellow, in_threads
from tests.engine.rig import (
    CRM_REPLIES,
    OSS_REPLIES,
    RULES,
    START,
    Rig,
    WorkerRig,
    crm_result,
    order,
    oss_event,
)
from tests.support.rabbit import until

pytestmark = pytest.mark.postgres

ORDERS = 40


def letter(order_id: str, queue: str, body: bytes) -> OutboxRow:
    """A message of an order to a queue."""
    return OutboxRow(
        order_id=order_id,
        destination=queue,
        exchange="",
        routing_key=queue,
        properties=b"{}",
        mandatory=True,
        at=START,
        body=body,
    )


class Colleague(Fellow, Rig):
    """One of the two workers, whose network answers."""

    def __init__(self, folder, url, label, broker=None, rules=RULES):
        self.asked = []
        super().__init__(folder, url, label, broker, rules=rules)

    def turn(self):
        self.engine.step(self.client.collect(8, 0.005), self.now)
        self.engine.sweep(self.now)
        self.engine.adopt(self.now)
        while self.calls.made:
            # The network says "done" at the very moment at which the call ends.
            self.asked.append(self.calls.made[0].key)
            self.drop(oss_event(self.calls.made[0].key), OSS_REPLIES)
            self.answer_call()


@pytest.fixture
def fellows(tmp_path, postgres):
    """Two workers on one bench."""
    # No part waits for another: both systems answer at once, and both workers fold into one order.
    rules = {name: text.replace('after = ["crm"]\n', "") for name, text in RULES.items()}
    first = Colleague(tmp_path, postgres, "one", rules=rules)
    second = Colleague(tmp_path, postgres, "other", first.broker, rules)
    yield first, second
    for one in (first, second):
        one.crash()


@pytest.fixture
def at_work(fellows):
    """Both at work in threads, until the test ends."""
    with in_threads(fellows):
        yield fellows


def test_orders_that_two_workers_share_lose_nothing_and_stay_in_order(at_work):
    """All complete; each system is told once; each order's announcements and notices leave in their order."""
    first, second = at_work
    asked = []

    def all_done():
        for request in first.bodies("system.crm.in"):
            asked.append(request["requestId"])
            first.drop(crm_result(request["requestId"]), CRM_REPLIES)
        return first.store.counts() == {"completed": ORDERS}

    for number in range(ORDERS):
        first.drop(order(f"W-{number}"))
    until("all orders are completed", all_done, limit=120.0)
    until("all messages have left", lambda: not first.store.unsent(), limit=60.0)

    progress, told = defaultdict(list), defaultdict(list)
    for one in first.taken("status.recent"):
        document = json.loads(one.body)
        progress[document["id"]].append((document["progress"]["done"], document["state"]))
    for one in first.taken("channel.web.out"):
        if one.properties.type.startswith("notice"):
            told[one.properties.correlation_id].append(one.properties.type)

    assert {1} == set(Counter(asked).values())
    assert {1} == set(Counter(first.asked + second.asked).values())
    assert (ORDERS, ORDERS) == (len(asked), len(first.asked + second.asked))
    assert ORDERS == len(progress) == len(told)
    assert [] == [
        one for one in progress.values() if [done for done, _ in one] != sorted(done for done, _ in one)
    ]
    assert {"completed"} == {one[-1][1] for one in progress.values()}
    assert {("notice.accepted.v1", "notice.ended.v1")} == {tuple(one) for one in told.values()}


def test_a_message_behind_another_worker_s_follows_it(tmp_path, postgres):
    """The second worker folds a reply while the first has not yet sent what it wrote for the same queue."""
    first = Colleague(tmp_path, postgres, "one")
    first.drop(order())
    first.settle()
    first.taken("channel.web.out")
    lane = (first.record().id, "channel.web.out")
    with first.store.begin() as transaction:
        held = letter(*lane, b"written by the first, and not yet sent")
        [seq] = transaction.apply(Changes(outbox=[held], owner=first.name))
    first.client.close()
    second = Colleague(tmp_path, postgres, "other", first.broker)
    second.answer_crm("NEEDS-CUSTOMER")
    second.now = first.now
    second.settle()

    assert "pending" == second.states()["order"]
    assert [] == second.taken("channel.web.out")
    assert second.engine.behind
    assert 0 == second.engine.adopt(second.now)
    with first.store.begin() as transaction:
        transaction.apply(Changes(sent=[seq]))
    assert 1 == second.engine.adopt(second.now)
    second.settle()
    assert ["notice.information-required.v1"] == second.told()
    assert () == second.store.unsent()
    for one in (first, second):
        one.crash()


@pytest.fixture
def late(postgres, tmp_path, monkeypatch):
    """A worker on PostgreSQL, where another one may take over."""
    monkeypatch.setattr(rig, "SqliteStore", lambda _: PostgresStore(postgres))
    made = WorkerRig(tmp_path)
    yield made
    made.crash()


def test_a_worker_that_stood_still_for_longer_than_its_lease_publishes_nothing_more(late):
    """Stopped by a signal or by its machine, it cannot know what others have taken over meanwhile."""
    late.broker.block()
    late.drop(order())
    late.settle()
    late.broker.unblock()
    with pytest.raises(LeaseLost, match="has run out"):
        late.step(late.limits.lease + 1)

    assert 0 < len(late.engine.outbox)
    assert 0 == late.broker.depth("channel.web.out")

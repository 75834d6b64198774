"""
Ten amendments of three channels at once on one order, and the replies of its systems race them.

On SQLite one worker on a broker that takes its time; on PostgreSQL two workers, each in a thread of its own.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from random import Random

import pytest

from canonical.amendments import ItemPatch, OrderPatch, Scope
from canonical.commands import AmendOrder, OrderRef
from canonical.order import (
    Address,
    Characteristic,
    OfferingRef,
    OrderContent,
    OrderItem,
    Place,
    Product,
)
from canonical.states import Action
from orderloom.correlation.postgres import PostgresStore
from tests.correlation.town import OFFERINGS
from tests.engine.fellows import Fellow, in_threads
from tests.engine.rig import WorkerRig
from tests.engine.talk_rig import TalkRig
from tests.engine.town_rig import DESK, STORE, WEB, Town, TownRig
from tests.support.rabbit import until

AMENDMENTS = 10


class Bench(TownRig, WorkerRig):
    """A whole worker in the town."""


def colour(value: str) -> Characteristic:
    """A product's colour."""
    return Characteristic(name="color", value=value)


def item(name: str, category: str) -> OrderItem:
    """A black one of the first offering of its category."""
    return OrderItem(
        id=name,
        action=Action.ADD,
        product_offering=OfferingRef(id=OFFERINGS[category][0]),
        product=Product(product_characteristic=(colour("black"),)),
    )


ORDER = OrderContent(product_order_item=(item("1", "device"), item("2", "plan"), item("3", "device")))


def amendment(town: Town, chance: Random, number: int) -> AmendOrder:
    """One of many: another colour, offering or quantity, an item more or less, another address."""
    endpoint = (WEB, STORE, DESK)[number % 3]
    name = chance.choice("123")
    what = chance.randrange(8)
    offering = OFFERINGS["plan" if name == "2" else "device"][chance.randrange(2)]
    painted = colour(chance.choice(("black", "red", "blue")))
    patches = (
        ItemPatch(item=name, product_characteristic=(painted,)),
        ItemPatch(item=name, quantity=chance.randint(1, 4)),
        ItemPatch(item=name, product_offering=OfferingRef(id=offering)),
    )
    place = Place(role="deliveryAddress", place=Address(city=chance.choice(("Salem", "Boston"))))
    return AmendOrder(
        origin=TalkRig.origin(endpoint, f"C-{number}", "Change"),
        about=OrderRef(value=town.order),
        scope=Scope.DELTA,
        change=(patches[what % 3],) if what < 5 else (),
        add=(item("9", "plan"),) if what == 5 else (),
        remove=(name,) if what == 6 else (),
        fields=OrderPatch(place=(place,)) if what == 7 else None,
        atomic=chance.random() < 0.5,
    )


# On SQLite.


def race(folder, seed: int) -> Town:
    """Some way of the order, then all at once, then the rest of its way."""
    chance = Random(seed)
    town = Town(Bench(folder, seed=seed), chance)
    for command in town.ordered(ORDER):
        town.send(command)
        turns(town, 4)
    town.first = town.record().order.version
    turns(town, chance.randrange(12), busy=True)
    for number in range(AMENDMENTS):
        town.send(amendment(town, chance, number))
        if chance.random() < 0.3:
            turns(town, 1, busy=True)
    for _ in range(400):
        turns(town, 1, busy=chance.random() < 0.5)
        if town.quiet and not town.goes_on():
            if town.record().order.state.terminal:
                break
            town.person()
    turns(town, 60)
    return town


def turns(town: Town, count: int, *, busy: bool = False) -> None:
    """The hub has some turns, and everybody else."""
    for _ in range(count):
        town.rig.step(0.5)
        if busy:
            town.goes_on()
        town.act()


def ends_well(town: Town, seed: int) -> None:
    """One consistent result, none lost."""
    try:
        assert AMENDMENTS == len(town.record().amendments)
        town.check()
    except AssertionError as error:
        error.add_note(f"seed {seed}")
        raise
    finally:
        town.rig.crash()


@pytest.mark.parametrize("seed", range(20))
def test_ten_at_once_have_one_result(tmp_path, seed):
    """Each is answered once to whoever sent it, and every system has what the order says."""
    ends_well(race(tmp_path, seed), seed)


@pytest.mark.long
@pytest.mark.parametrize("first", range(100, 1100, 50))
def test_ten_at_once_a_thousand_times(tmp_path, first):
    """The same, with other seeds."""
    for seed in range(first, first + 50):
        (folder := tmp_path / str(seed)).mkdir()
        ends_well(race(folder, seed), seed)


# On PostgreSQL.


class Racer(Fellow, TownRig):
    """One of the two workers."""

    def __init__(self, folder, url, label, broker=None):
        super().__init__(folder, url, label, broker)
        self.minted = count(1000 * len(label))

    def turn(self):
        self.engine.step(self.client.collect(4, 0.002), self.now)
        self.engine.sweep(self.now)
        self.engine.adopt(self.now)


class Watcher:
    """Looks on, and brings messages, beside the workers: with a connection of its own."""

    def __init__(self, fellow, store):
        self.fellow = fellow
        self.store = store
        self.broker, self.lanes, self.hub = fellow.broker, fellow.lanes, fellow.hub
        self.drop, self.taken = fellow.drop, fellow.taken

    @property
    def now(self):
        return self.fellow.now

    def timers(self):
        with self.store.begin() as tx:
            return {one.key: one.due for one in tx.due(self.now + timedelta(days=999), 10_000)}


@contextmanager
def at_work(folder, url):
    """Two workers in threads; gives who looks on."""
    first = Racer(folder, url, "one")
    fellows = (first, Racer(folder, url, "other", first.broker))
    watch = PostgresStore(url)
    try:
        with in_threads(fellows):
            yield Watcher(first, watch)
    finally:
        for one in fellows:
            one.crash()
        watch.close()


def race_of_two(folder, url, seed: int) -> None:
    """The same with two workers, who take what comes as it comes."""
    chance = Random(seed)
    with at_work(folder, url) as rig:
        town = Town(rig, chance, longest=0.02)
        for place, command in enumerate(town.ordered(ORDER)):
            town.send(command)
            until("it is taken", lambda place=place: town.act() or len(town.verdicts) > place, limit=60.0)
        town.first = town.record().order.version
        for number in range(AMENDMENTS):
            town.send(amendment(town, chance, number))
            town.goes_on()
            town.act()

        def quiet() -> bool:
            town.goes_on()
            town.act()
            record = town.record()
            if town.quiet:
                town.person()  # one held step may be all that others wait for: then the order is in progress
            told = len(town.finals()) == AMENDMENTS == len(record.amendments)
            return told and record.order.state.terminal and town.quiet

        try:
            until("the order has ended, and all are answered", quiet, limit=120.0)
            until("nobody waits for anything", lambda: town.act() or not town.waits(), limit=60.0)
            town.check()
        except AssertionError as error:
            error.add_note(f"seed {seed}")
            raise


@pytest.mark.postgres
def test_ten_at_once_have_one_result_with_two_workers(tmp_path, postgres_server):
    """Both have a part in every order, and their transactions meet."""
    for seed in range(20):
        url = postgres_server.new_schema(f"race_{seed}")
        race_of_two(tmp_path, url, seed)


@pytest.mark.long
@pytest.mark.postgres
@pytest.mark.parametrize("first", range(100, 1100, 50))
def test_ten_at_once_a_thousand_times_with_two_workers(tmp_path, postgres_server, first):
    """The same, with other seeds."""
    for seed in range(first, first + 50):
        race_of_two(tmp_path, postgres_server.new_schema(f"race_{seed}"), seed)

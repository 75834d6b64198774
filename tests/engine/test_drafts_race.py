"""
Three places and one draft at the same moment, with two workers on PostgreSQL whose transactions meet.
"""

from __future__ import annotations

from contextlib import contextmanager
from itertools import count

import msgspec
import pytest

from broker.port import Properties
from canonical.codec import decode, encode
from canonical.commands import OrderRef, Resume, SaveDraft, SubmitOrder
from canonical.notices import Intake, Notice, Outcome
from canonical.states import State
from orderloom.correlation.postgres import PostgresStore
from tests.engine.fellows import Fellow, in_threads
from tests.engine.talk_rig import TalkRig, customer, draft, item
from tests.support.rabbit import until

pytestmark = pytest.mark.postgres

WEB, DESK, STORE = "web.portal", "callcenter.desk", "store.0117"
PLACES = (WEB, DESK, STORE)
ROUNDS = 12


class Talker(Fellow, TalkRig):
    """One of the two workers, which takes one message at a time."""

    def __init__(self, folder, url, label, broker=None):
        super().__init__(folder, url, label, broker)
        self._minted = count(1 + 5000 * (broker is not None))

    def turn(self):
        self.engine.step(self.client.collect(1, 0.002), self.now)
        self.engine.adopt(self.now)


class Places:
    """Sends documents, and reads what everybody is told."""

    def __init__(self, broker, store):
        self.broker, self.store = broker, store
        self.intakes: list[Intake] = []
        self.notices: list[Notice] = []
        self._sent = 0

    def send(self, *commands):
        """All at once; gives the verdicts when there is one on each."""
        before = len(self.intakes)
        for command in commands:
            self._sent += 1
            properties = Properties(content_type="application/json", message_id=f"m-{self._sent}")
            self.broker.publish("", f"channel.{command.origin.channel}.in", encode(command), properties)
        until("a verdict on each", lambda: self._read() or len(self.intakes) - before >= len(commands), 60.0)
        return [one.verdicts[0] for one in self.intakes[before:]]

    def resumed(self, *asks):
        """The answers to Resume."""
        before = len(self.notices)
        self.send(*asks)

        def answers():
            return [one for one in self.notices[before:] if one.asked]

        until("an answer to each", lambda: self._read() or len(answers()) >= len(asks), 60.0)
        return answers()

    def _read(self):
        for endpoint in PLACES:
            queue = f"channel.{endpoint.partition('.')[0]}.out"
            while (one := self.broker.get(queue)) is not None:
                self.broker.ack(one)
                ack = one.properties.type == "acknowledgement.v1"
                (self.intakes if ack else self.notices).append(decode(one.body, Intake if ack else Notice))


@pytest.fixture
def places(tmp_path, postgres_server, request):
    """Two workers in threads; gives the places that send."""
    with at_work(tmp_path, postgres_server.new_schema(f"drafts_{len(request.node.name)}")) as made:
        yield made


@contextmanager
def at_work(folder, url):
    first = Talker(folder, url, "one")
    fellows = (first, Talker(folder, url, "other", first.broker))
    watch = PostgresStore(url)
    try:
        with in_threads(fellows):
            yield Places(first.broker, watch)
    finally:
        for one in fellows:
            one.crash()
        watch.close()


def origin(endpoint, number, kind="Order", turn=1):
    made = TalkRig.origin(endpoint, number, kind)
    return msgspec.structs.replace(made, envelope=f"{kind}/{number}/{turn}")


def shared(places, number):
    """A draft that all three have before their eyes; gives it, and a token for whoever comes next."""
    content = draft(item(color="black"), related_party=customer(f"C-{number}"))
    [saved] = places.send(SaveDraft(origin=origin(WEB, f"W-{number}"), order=content))
    token = saved.token
    for endpoint in (DESK, STORE):
        about = OrderRef(value=token)
        [seen] = places.resumed(Resume(origin=origin(endpoint, f"R-{number}", "Resume"), about=about))
        token = seen.conversation.token
    return saved, token


def test_submitted_in_three_places_at_once_it_is_one_order(places):
    """One of them completes it, the others repeat it, and its systems are told once."""
    for number in range(ROUNDS):
        saved, _ = shared(places, number)
        talk = saved.order.conversation_id
        verdicts = places.send(
            SubmitOrder(origin=origin(WEB, f"W-{number}", turn=2), order=draft()),
            SubmitOrder(origin=origin(DESK, f"K-{number}"), order=draft(), conversation=talk),
            SubmitOrder(origin=origin(STORE, f"S-{number}"), order=draft(), conversation=talk),
        )
        record = places.store.order(saved.order_id)
        story = [one.event for one in places.store.journal(saved.order_id)]

        assert {saved.order_id} == {one.order_id for one in verdicts}
        assert [Outcome.ACCEPTED, Outcome.REPEATED, Outcome.REPEATED] == sorted(
            one.outcome for one in verdicts
        )
        assert 1 == story.count("order_accepted")
        assert 1 == len([one for one in record.order.channel if one.role.value == "complete"])
        assert len(record.instructions) == len({one.key for one in record.instructions})


def test_what_two_places_change_at_once_is_all_there(places):
    """Whoever comes first: the quantity is the web's, the colour the call centre's."""
    for number in range(ROUNDS):
        saved, _ = shared(places, number)
        talk = saved.order.conversation_id
        more, white = draft(item(color="black", quantity=2)), draft(item(color="white"))
        places.send(
            SaveDraft(origin=origin(WEB, f"W-{number}", turn=2), order=more),
            SaveDraft(origin=origin(DESK, f"K-{number}"), order=white, conversation=talk),
        )
        found = places.store.order(saved.order_id).order
        [item_] = found.product_order_item

        assert (2, "white", 3) == (item_.quantity, item_.product.value("color"), found.version)
        assert State.DRAFT is found.state


def test_a_token_that_two_show_at_once_is_good_for_one(places):
    """The other is told what anybody is told of a token that is not good."""
    for number in range(ROUNDS):
        _, token = shared(places, number)
        about = OrderRef(value=token)
        answers = places.resumed(
            Resume(origin=origin(WEB, f"A-{number}", "Resume"), about=about),
            Resume(origin=origin(DESK, f"B-{number}", "Resume"), about=about),
        )

        assert ["", "E_TOKEN"] == sorted(one.fault.code if one.fault else "" for one in answers)

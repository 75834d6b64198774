"""
One conversation, and the process ends after every single operation at its ports: it comes to the same end.
"""

from __future__ import annotations

from collections import defaultdict

import msgspec
import pytest

from broker.port import Properties
from canonical.codec import decode, encode
from canonical.commands import Answer, OrderRef, RecordInteraction, Resume, SaveDraft, SubmitOrder
from canonical.keys import conversation_id
from canonical.notices import Intake, Notice
from canonical.order import Order
from canonical.parties import alias_of
from canonical.states import Action
from tests.engine.faults import Crashed, Fuse
from tests.engine.rig import WorkerRig
from tests.engine.talk_rig import TalkRig, customer, draft, item
from tests.engine.test_crashes import ERRORS
from tests.engine.test_recommendations import RULES

WEB, DESK, STORE = "web.portal", "callcenter.desk", "store.0117"
OUT = ("channel.web.out", "channel.callcenter.out", "channel.store.out", "system.oss.mobile.in")


class Bench(TalkRig, WorkerRig):
    """The bench for conversations, with a whole worker."""


class Conversation:
    """
    Two things on the web, one chosen in the store and submitted in both; a complaint, a disconnect, a yes.

    What is sent in one moment is in one batch of the hub's.
    """

    def __init__(self, rig):
        self.rig = rig
        self.heard = defaultdict(dict)
        self.answers = []

    def play(self):
        """From the first document to the last."""
        rig, both = self.rig, (item("1", "SIM", choice_group="sim"), item("2", "NET", choice_group="sim"))
        begun = rig.order_of(WEB, "D-1")
        talk = conversation_id(begun)
        self.at_once(
            SaveDraft(origin=self.by(WEB, "D-1", 1), order=draft(*both, related_party=customer("C-7"))),
            RecordInteraction(origin=self.by(DESK, "I-1", 1), kind="complaint", party="C-7", text="slow"),
        )
        token = next(one.token for one in self.answers if one.order_id == begun)
        self.at_once(Resume(origin=self.by(STORE, "Q-1", 1), about=OrderRef(value=token)))
        one = draft(item("1", "SIM", choice_group="sim", pin="1"))
        described = draft(*both, description="for the children")
        self.at_once(
            SaveDraft(origin=self.by(STORE, "S-1", 1), order=one, conversation=talk),
            SaveDraft(origin=self.by(WEB, "D-1", 2), order=described),
        )
        self.at_once(
            SubmitOrder(origin=self.by(STORE, "S-1", 2), order=draft(), conversation=talk),
            SubmitOrder(origin=self.by(WEB, "W-1", 1), order=draft(), conversation=talk),
        )
        gone = draft(item("1", "SIM", action=Action.DELETE), related_party=customer("C-7"))
        self.at_once(SubmitOrder(origin=self.by(STORE, "R-1", 1), order=gone))
        asked = next(one.recommendation.id for one in self.notices("channel.store.out") if one.recommendation)
        leaving = OrderRef(value="R-1")
        self.at_once(Answer(origin=self.by(STORE, "A-1", 1), about=leaving, question=asked, accepted=True))

    def by(self, endpoint, number, time):
        """The origin of the ``time``-th document of this number."""
        origin = self.rig.origin(endpoint, number)
        return msgspec.structs.replace(origin, envelope=f"{number}/{time}")

    def at_once(self, *commands):
        """Sent, and carried out in as many lives as it takes."""
        rig = self.rig
        for command in commands:
            queue = f"channel.{command.origin.channel}.in"
            properties = Properties(content_type="application/json", message_id=command.origin.envelope)
            rig.broker.publish("", queue, encode(command), properties)
        self.settle()
        for queue in OUT:
            for one in rig.taken(queue):
                body = self.heard[queue].setdefault(one.properties.message_id, one)
                assert body.body == one.body, "one message in two versions"
                if one.properties.type == "acknowledgement.v1":
                    self.answers += decode(one.body, Intake).verdicts

    def settle(self):
        """Turn, with a new process for each that ends, until nothing is left to do."""
        rig = self.rig
        for turn in range(100):
            try:
                rig.step(0.1 if turn < 25 else 2.0)
            except Crashed:
                self.reborn()
            held = any(rig.broker.depth(one) or rig.broker.unsettled(one) for one in rig.lanes)
            if rig.engine.idle and not held:
                return
        raise AssertionError("it does not come to rest")

    def reborn(self):
        """A new process, until one lives."""
        while True:
            try:
                self.rig.restart()
            except Crashed:
                continue
            return

    def notices(self, queue):
        """What an endpoint was told unasked or asked, each once."""
        return [
            decode(one.body, Notice)
            for one in self.heard[queue].values()
            if one.properties.type != "acknowledgement.v1"
        ]

    def became(self):
        """What has become of everything, without times, tokens and the like."""
        store = self.rig.store
        party = alias_of("C-7").id
        talks = store.conversations_of([party])
        ids = sorted(id_ for of in store.orders_in(talks).values() for id_ in of)
        orders = [store.order(id_) for id_ in ids]
        return {
            "orders": [shape(one.order) for one in orders],
            "told": [sorted(one.key for one in record.instructions) for record in orders],
            "journal": [sorted(one.event for one in store.journal(id_)) for id_ in ids],
            "drafts": [
                [(one.version, one.endpoint, one.content) for one in store.drafts([id_]).get(id_, ())]
                for id_ in ids
            ],
            "talks": sorted(talks),
            "interactions": [(one.id, one.kind) for one in store.interactions([party], 9)[party]],
            "offers": [(one.id, str(one.state)) for one in store.recommendations_of([party])[party]],
            "notices": {
                queue: sorted(
                    (one.kind.value, one.order.id if one.order else "", one.reason, one.asked[:2])
                    for one in self.notices(queue)
                )
                for queue in OUT[:3]
            },
        }


def shape(order: Order):
    """An order without its times."""
    return (
        order.id,
        order.version,
        order.state.value,
        order.conversation_id,
        order.description,
        encode(order.product_order_item),
        [(one.role.value, one.endpoint) for one in order.channel],
    )


def played(folder, fuse=None, trouble=None):
    """
    The whole conversation.

    Args:
        fuse: The number of the operation after which the process ends.
        trouble: The number of the commit that fails, and how.
    """
    folder.mkdir()
    rig = Bench(folder, rules=RULES, fuse=Fuse(after=True))
    if fuse is not None:
        rig.fuse.at = rig.fuse.count + fuse
    if trouble is not None:
        rig.fuse.trouble[rig.fuse.commits + trouble[0]] = trouble[1]
    told = Conversation(rig)
    try:
        told.play()
        rig.fuse.at = 0
        return rig.fuse, told.became()
    finally:
        rig.crash()


@pytest.fixture
def smooth(tmp_path):
    """What becomes of it when nothing happens."""
    return played(tmp_path / "smooth")[1]


def test_in_peace_it_is_one_order_and_the_other_is_withdrawn(smooth):
    """What the rest of this file is held against."""
    assert ["cancelled", "inProgress", "inProgress"] == [one[2] for one in smooth["orders"]]
    assert [0, 1, 1] == [len(keys) for keys in smooth["told"]]
    assert [1, 2, 3] == [version for version, *_ in smooth["drafts"][2]]


def crashed(folder, smooth, step=1):
    """Where the process ended, in one conversation after the other; each comes to the same end."""
    number, blown = step, [""]
    while blown[-1] or len(blown) == 1:
        fuse, became = played(folder / str(number), fuse=number)
        blown.append(fuse.blown)
        assert smooth == became, f"the process ended {fuse.blown} (operation {number})"
        number += step
    return blown


def test_a_crash_at_any_operation_changes_nothing(tmp_path, smooth):
    """Drafts, offers, orders, the journal and what everybody was told are the same, each once."""
    blown = crashed(tmp_path, smooth)

    assert {"begin", "collect", "commit", "send", "settle"} <= {one.rpartition(" ")[2] for one in blown}


@pytest.mark.parametrize("what", ERRORS)
def test_any_commit_may_fail_in_any_way(tmp_path, smooth, what):
    """A failed commit may be durable."""
    number, effective, error = 0, *ERRORS[what]
    fired = True
    while fired:
        number += 1
        fuse, became = played(tmp_path / str(number), trouble=(number, (effective, error(what))))
        fired = not fuse.trouble
        assert smooth == became, f"commit {number} was {what}"

    assert 5 < number

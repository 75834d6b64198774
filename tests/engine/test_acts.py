"""
Acts of people beside a running engine: written without an owner, adopted, published, answered.
"""

from __future__ import annotations

import json

import msgspec
import pytest

from canonical.amendments import ItemPatch
from canonical.errors import Rejected
from canonical.states import State
from orderloom.acts import act_on
from orderloom.calls import CallKind
from orderloom.correlation.fallout import Act, ActKind, Chosen
from orderloom.correlation.port import Changes, JournalEntry
from orderloom.engine.hub import Limits
from tests.engine.rig import CRM_REPLIES, Rig, crm_result, order


def an_act(kind: str, number: int = 1, **more) -> Act:
    """Somebody's act, with an id of its own."""
    return Act(id=f"act-{number}", kind=ActKind(kind), by="cli:ada", why="asked for", **more)


def do(rig: Rig, act: Act, *, dry: bool = False):
    """The command line carries an act out on the one order; the engine adopts what it wrote."""
    done = act_on(rig.hub(), rig.store, act, rig.record().id, rig.now, dry=dry)
    rig.engine.adopt(rig.now)
    rig.settle()
    return done


def crm_refuses(rig: Rig) -> Rig:
    """The CRM has refused the order."""
    rig.drop(order())
    rig.settle()
    rig.answer_crm("REFUSED", reason="no such street")
    rig.settle()
    rig.told()
    assert "held" == rig.states()["crm"]
    return rig


@pytest.fixture
def refused(rig):
    """The CRM has refused the order."""
    return crm_refuses(rig)


@pytest.fixture
def unanswered(tmp_path):
    """Internet provisioning has been called in vain, until somebody has to look; nobody stops its calls."""
    rig = Rig(tmp_path, Limits(breaker_after=1_000))
    rig.drop(order())
    rig.settle()
    rig.answer_crm()
    rig.settle()
    while rig.states()["internet"] == "inProgress":
        rig.answer_call(CallKind.TRANSIENT)
        rig.settle()
        rig.settle(400.0, turns=2)
    assert "held" == rig.states()["internet"]
    yield rig
    rig.crash()


def test_what_was_refused_goes_out_anew_and_its_answer_counts(refused):
    """Under a key and a reference of its own, by which the system answers."""
    do(refused, an_act("retry"))
    [request] = refused.bodies("system.crm.in")
    record = refused.record()

    assert request["requestId"] != refused.key("crm")
    assert record.instructions[-1].key == request["requestId"]
    refused.drop(crm_result(request["requestId"]), CRM_REPLIES)
    refused.settle()
    assert ["completed", "inProgress"] == [refused.states()[part] for part in ("crm", "internet")]


def test_a_late_answer_to_what_was_told_before_moves_nothing(refused):
    """It is in the journal."""
    do(refused, an_act("retry"))
    refused.taken("system.crm.in")
    refused.drop(crm_result(refused.key("crm")), CRM_REPLIES)
    refused.settle()

    assert "inProgress" == refused.states()["crm"]
    assert "reply_superseded" in refused.events()


def test_what_was_edited_is_what_the_system_is_told(refused):
    """And everybody hears of the change once."""
    act = an_act("edit", patch=ItemPatch(item="1", quantity=3))
    do(refused, act)
    [request] = refused.bodies("system.crm.in")

    assert 3 == request["lines"][0]["quantity"]
    assert ["notice.changed.v1"] == refused.told()
    assert 2 == refused.record().order.version
    assert ["submitted", "amended"] == [
        one.properties.type.split(".")[1] for one in refused.taken("orders.recent")
    ]


def test_a_call_that_failed_is_made_again_under_its_key(unanswered):
    """The next attempt, with the same bytes."""
    first = unanswered.record().instructions[-1]
    do(unanswered, an_act("retry"))
    [call] = unanswered.calls.made

    assert (first.key, first.attempt + 1) == (call.key, call.attempt)
    unanswered.answer_call()
    unanswered.settle()
    unanswered.tell_oss()
    unanswered.settle()
    assert "completed" == unanswered.states()["order"]


def test_a_call_that_still_waits_in_the_queue_is_not_made_for_what_was_told_anew(rig):
    """The old telling has lost its point: the system would do it twice."""
    rig.drop(order())
    rig.settle()
    rig.drop(crm_result(rig.key("crm")), CRM_REPLIES)
    rig.engine.step(rig.client.collect(200, 0.0), rig.now)
    record = rig.record()
    held = tuple(
        msgspec.structs.replace(one, state=State.HELD, code="E_SYSTEM_REFUSED")
        if one.part == "internet"
        else one
        for one in record.lines
    )
    with rig.store.begin() as tx:
        tx.apply(Changes(records=[(record, msgspec.structs.replace(record, lines=held))]))
    do(rig, an_act("retry"))

    assert [rig.record().instructions[-1].key] == [one.key for one in rig.calls.made]
    assert rig.key("internet") != rig.calls.made[0].key


@pytest.mark.parametrize("kind", ["retry", "complete", "skip", "cancel", "fail"])
def test_the_same_act_twice_has_one_effect(refused, kind):
    """Whoever does not know whether it was carried out says it again."""
    first = do(refused, an_act(kind))
    events, messages = refused.events(), len(refused.taken("system.crm.in"))
    again = do(refused, an_act(kind))

    assert (False, True) == (first.repeated, again.repeated)
    assert events == refused.events()
    assert int(kind == "retry") == messages
    assert not refused.taken("system.crm.in")


def test_an_id_is_one_act_s(refused):
    """Another act under it is refused, and says when the first was; said later, the same is the same."""
    chosen = Chosen(held_by=refused.now)
    do(refused, an_act("complete", chosen=chosen))
    later = msgspec.structs.replace(chosen, held_by=refused.now.replace(year=2030))
    assert do(refused, an_act("complete", chosen=later)).repeated
    with pytest.raises(Rejected, match="the id is that of another act, of 2026-03-02"):
        do(refused, an_act("fail"))


def test_a_rehearsal_says_what_would_be_and_leaves_nothing(refused):
    """Not even a number of the outbox that somebody could see."""
    before, journal = refused.record(), refused.store.journal(refused.record().id)
    found = do(refused, an_act("retry"), dry=True)

    assert ("held", "inProgress") == (found.before.lines[0].state, found.after.lines[0].state)
    assert ["status", "system.crm.in"] == sorted(where for where, _ in found.messages)
    assert before == refused.record()
    assert journal == refused.store.journal(before.id)
    assert () == refused.store.unsent()
    assert not do(refused, an_act("retry")).repeated


def test_who_and_why_are_in_the_journal(refused):
    """With the act's id."""
    do(refused, an_act("complete"))
    entry = next(one for one in refused.store.journal(refused.record().id) if one.actor == "cli:ada")

    assert (
        JournalEntry(
            refused.record().id,
            entry.at,
            "completed_by_hand",
            "crm for item 1 completed by hand: asked for",
            {"act": "act-1", "part": "crm", "item": "1"},
            "cli:ada",
        )
        == entry
    )


def test_an_act_that_cannot_be_said_in_the_system_s_format_is_held_with_that_fault(refused, monkeypatch):
    """The order is as any other whose instruction could not be written."""

    def refuses(instruction, stamp):
        raise Rejected("E_FIELD_SIZE", "the street is too long", "street")

    monkeypatch.setattr(refused.crm, "instruct", refuses)
    do(refused, an_act("retry"))

    [line] = [one for one in refused.record().lines if one.part == "crm"]
    assert ("held", "E_FIELD_SIZE", 1) == (line.state, line.code, line.revision)
    monkeypatch.undo()
    do(refused, an_act("retry", 2))
    [request] = refused.bodies("system.crm.in")
    assert refused.record().instructions[-1].key == request["requestId"]
    assert 2 == len(refused.record().instructions)


def test_an_order_that_is_not_there_is_refused(refused):
    """By id."""
    with pytest.raises(Rejected, match="E_NOT_FOUND"):
        act_on(refused.hub(), refused.store, an_act("retry"), "OL0", refused.now)


def test_the_announcement_shows_the_content_in_force(refused):
    """What is bound to `orders` has the new version whole."""
    refused.taken("orders.recent")
    do(refused, an_act("edit", patch=ItemPatch(item="1", quantity=3)))
    [said] = [json.loads(one.body) for one in refused.taken("orders.recent")]

    assert (2, 3) == (said["version"], said["productOrderItem"][0]["quantity"])

"""
Acts of a person on held lines: what is told again, under which key, and how a line ends by hand.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from canonical.amendments import ItemPatch
from canonical.commands import CancelOrder, OrderRef, Origin
from canonical.errors import Rejected
from canonical.keys import instruction_key, instruction_reference
from canonical.order import Characteristic, OfferingRef
from canonical.replies import LineReply, Reference, Reply
from canonical.states import Cause, State
from canonical.systems import Repeat, Verb
from orderloom.correlation.changing import cancel
from orderloom.correlation.fallout import Act, ActKind, Chosen, carry_out, held
from orderloom.correlation.folded import Folded
from tests.correlation.build import ENDPOINT, Story, item, order_of, part, world


def acts(story: Story, kind: str, *, among: Chosen | None = None, **more: object) -> Folded:
    """Somebody acts on what is held, a minute later."""
    story.now += timedelta(minutes=1)
    act = Act(
        id=f"act-{story.now:%H%M}",
        kind=ActKind(kind),
        by="cli:ada",
        why="it was asked for",
        chosen=among or Chosen(),
        **more,
    )
    return story.took(carry_out(story.record, act, story.world, story.now))


def left(story: Story, name: str) -> None:
    """The engine has sent this part: its bytes are kept."""
    for one in [one for one in story.record.instructions if one.part == name]:
        put(
            story,
            instructions=_with(story.record.instructions, msgspec.structs.replace(one, native="ab" * 32)),
        )


def hold(story: Story, name: str, **more: object) -> None:
    """The line of this part is held, for another reason."""
    line = msgspec.structs.replace(story.line(name), state=State.HELD, **more)
    put(story, lines=_with(story.record.lines, line))


def put(story: Story, **more: object) -> None:
    """The record is otherwise from now on."""
    story.took(Folded(record=msgspec.structs.replace(story.record, **more), at=story.now))


def _with(values: tuple, new: object) -> tuple:
    return tuple(new if one.key == new.key else one for one in values)


def silent(repeat: Repeat = Repeat.KEY) -> Story:
    """The net has had its instruction and has not answered, until its line was held; billing waits for it."""
    story = Story(order_of("1"), part("net", ["1"]), part("bill", ["1"], "net"), among=world(repeat))
    left(story, "net")
    while story.line("net").state is not State.HELD:
        story.due("answer-by", "net")
    return story


def refused(*items: str, code_word: str = "backorder") -> Story:
    """The store has refused item 1 of these, and does the others."""
    names = items or ("1",)
    story = Story(order_of(*names), part("store", names), part("bill", names, "store"))
    left(story, "store")
    others = {f"line_{number}": "working" for number in range(2, len(names) + 1)}
    story.says("store", line_1=code_word, **others)
    return story


class TestRetry:
    """Held lines are told again."""

    def test_what_was_silent_is_told_again_under_its_key(self):
        """The system applies a key once: whichever telling it has heard, it does the work once."""
        story = silent()
        [again] = acts(story, "retry").dispatches

        assert (instruction_key(story.order.id, "net", "do", 0), 3) == (again.instruction.key, again.attempt)
        assert State.IN_PROGRESS is story.line("net").state
        assert "" == story.line("net").code
        assert "retried" in story.journal()

    def test_it_has_all_its_time_again_and_silence_holds_it_again(self):
        """As at first: asked once more, then held."""
        story = silent()
        acts(story, "retry")
        story.due("answer-by", "net")
        assert ["net", "net#2", "net#3", "net#4"] == story.sent()
        story.due("answer-by", "net")

        assert ("held", "E_NO_ANSWER") == (story.line("net").state, story.line("net").code)

    def test_a_system_that_must_be_asked_is_asked(self):
        """Telling it twice would have it done twice."""
        story = silent(Repeat.INQUIRE)
        [question] = acts(story, "retry").dispatches

        assert 0 < question.inquiry == story.record.instructions[0].inquiries
        assert story.record.instructions[0].inquiring

    @pytest.mark.parametrize("repeat", [Repeat.INQUIRE, Repeat.NEVER])
    def test_on_the_word_of_its_owner_it_is_told_anew(self, repeat):
        """Whoever says that it is not there answers for it; under the old key nothing would be told."""
        story = silent(repeat)
        [anew] = acts(story, "retry", not_applied=True).dispatches

        assert (instruction_key(story.order.id, "net", "do", 1), 1, 0) == (
            anew.instruction.key,
            anew.attempt,
            anew.inquiry,
        )

    def test_a_system_that_does_everything_twice_is_not_told_on_a_guess(self):
        """Nobody knows whether it has the work."""
        story = silent(Repeat.NEVER)
        with pytest.raises(Rejected, match=r"net, which would do it twice .*--not-applied") as refusal:
            acts(story, "retry")

        assert "E_STATE" == refusal.value.code

    def test_what_was_refused_is_told_anew_with_the_refused_lines_alone(self):
        """Under the old key the system would only refuse again; what it does already is not in it."""
        story = refused("1", "2")
        [anew] = acts(story, "retry").dispatches

        assert instruction_key(story.order.id, "store", "do", 1) == anew.instruction.key
        assert instruction_reference(story.order.id, 1, 1) == anew.instruction.reference
        assert [(1, "1")] == [(one.number, one.item.id) for one in anew.instruction.lines]
        assert {"store/1": 1, "store/2": 0} == {
            f"{one.part}/{one.item}": one.revision for one in story.record.lines if one.part == "store"
        }

    def test_both_tellings_are_answered_on_their_own(self):
        """By key or reference; a word about the whole of one says nothing of the other."""
        story = refused("1", "2")
        acts(story, "retry")
        story.hears(about(story, "store", 1, "done"))
        assert {"store/1": "completed", "store/2": "inProgress"} == only(story, "store")
        story.hears(about(story, "store", 0, "done"))

        assert {"store/1": "completed", "store/2": "completed"} == only(story, "store")
        assert [] == story.errors()[1:]
        assert all(one.answered_at for one in story.record.instructions if one.part == "store")

    def test_a_late_word_about_what_was_told_anew_since_is_shown_and_moves_nothing(self):
        """Which of the two tellings it has carried out, its owner has to say."""
        story = refused("1")
        acts(story, "retry")
        story.hears(about(story, "store", 0, "done", line=1))

        assert "inProgress" == story.line("store").state
        assert "reply_superseded" == story.journal()[-1]

    def test_silence_is_told_apart_too(self):
        """The first telling is asked for again while a line of it is silent, the second on its own."""
        story = refused("1", "2")
        acts(story, "retry")
        story.hears(about(story, "store", 0, "done"))
        timers = {one.key for one in story.timers("answer-by", "store")}

        assert 2 == len(timers)
        [again] = story.due("answer-by", "store").dispatches
        assert (1, 2, [1]) == (
            again.instruction.revision,
            again.attempt,
            [one.number for one in again.instruction.lines],
        )

    def test_a_second_refusal_makes_a_third_telling(self):
        """No key is used for two contents."""
        story = refused("1")
        acts(story, "retry")
        story.hears(about(story, "store", 1, "backorder"))
        [anew] = acts(story, "retry").dispatches

        assert 2 == anew.instruction.revision
        assert 3 == len({one.key for one in story.record.instructions if one.part == "store"})

    def test_what_never_left_leaves_under_its_key(self):
        """Its format could not say it: no byte of it was ever under that key."""
        story = Story(order_of("1"), part("net", ["1"]))
        hold(story, "net", code="E_KEY_FORMAT")
        [again] = acts(story, "retry").dispatches

        assert (instruction_key(story.order.id, "net", "do", 0), 2) == (again.instruction.key, again.attempt)

    def test_what_a_system_holds_back_itself_is_not_ordered_twice(self):
        """A backorder is not lost."""
        story = silent()
        hold(story, "net", code="E_SYSTEM_HELD", word="backorder")
        with pytest.raises(Rejected, match="held back by net, which has it"):
            acts(story, "retry")

        assert 1 == acts(story, "retry", not_applied=True).dispatches[0].instruction.revision


def about(story: Story, name: str, revision: int, word: str, line: int | None = None) -> Reply:
    """A reply that names the reference of one revision."""
    planned = story.record.part(name)
    reference = instruction_reference(story.order.id, planned.number, revision)
    return Reply(
        system=planned.system,
        key=f"{name}|{revision}|{word}|{line}",
        about=(Reference(type="reference", value=reference),),
        word="" if line else word,
        lines=(LineReply(word=word, line=line),) if line else (),
    )


def only(story: Story, name: str) -> dict[str, str]:
    """The states of one part's lines."""
    return {key: state for key, state in story.lines().items() if key.startswith(f"{name}/")}


class TestEdit:
    """The content of a held item is mended, and told anew."""

    def test_quantity_offering_and_characteristics_are_what_the_next_telling_says(self):
        """Characteristics that are not named stay."""
        story = refused("1")
        first = ItemPatch(item="1", product_characteristic=(Characteristic("colour", "black"),))
        acts(story, "edit", patch=first)
        story.hears(about(story, "store", 1, "backorder"))
        patch = ItemPatch(
            item="1",
            quantity=2,
            product_offering=OfferingRef(id="HANDSET-B"),
            product_characteristic=(Characteristic("size", "64"),),
        )
        [anew] = acts(story, "edit", patch=patch).dispatches
        [line] = anew.instruction.lines

        assert ("HANDSET-B", 2) == (line.item.product_offering.id, line.item.quantity)
        assert {"colour": "black", "size": "64"} == {
            one.name: one.value for one in line.item.product.product_characteristic
        }
        assert line.item == msgspec.structs.replace(story.order.product_order_item[0], state=None)

    def test_it_is_a_new_version_that_everybody_is_told_of_once(self):
        """Accepted stays accepted."""
        story = refused("1")
        told = story.told()
        acts(story, "edit", patch=ItemPatch(item="1", quantity=2))

        assert 2 == story.order.version
        assert [("changed", "inProgress")] == story.told()[len(told) :]
        assert "orders amended" in story.announced()
        assert [ENDPOINT] == [one.endpoint for one in story.last.notices]

    def test_the_journal_has_the_names_of_fields_and_no_value(self):
        """A value may be somebody's name."""
        story = refused("1")
        patch = ItemPatch(item="1", product_characteristic=(Characteristic("greeting", "Dear Åse"),))
        entries = acts(story, "edit", patch=patch).journal

        edited = next(one for one in entries if one.event == "item_edited")
        assert "productCharacteristic.greeting" in edited.text
        assert not any("Åse" in repr(one) for one in entries)

    def test_who_was_told_before_is_named(self):
        """An edit is told to the held part alone; other systems want an amendment."""
        story = Story(order_of("1"), part("crm", ["1"]), part("store", ["1"], "crm"))
        story.says("crm", "done")
        story.says("store", "backorder")
        folded = acts(story, "edit", patch=ItemPatch(item="1", quantity=2))

        text = next(one.text for one in folded.journal if one.event == "item_edited")
        assert (
            "quantity of item 1 edited; crm was told before, and is not told of it: it was asked for" == text
        )

    def test_a_nested_item_is_found_also_by_the_sender_s_line_id(self):
        """As in an amendment."""
        nested = msgspec.structs.replace(item("2"), line_ref="0020")
        story = Story(order_of(item("1", nested)), part("store", ["2"]))
        story.says("store", "backorder")
        acts(story, "edit", patch=ItemPatch(item="0020", quantity=3))

        assert 3 == story.order.product_order_item[0].product_order_item[0].quantity

    @pytest.mark.parametrize(
        ("patch", "code", "says"),
        [
            (ItemPatch(item="9", quantity=2), "E_VALUE", "no item '9'"),
            (ItemPatch(item="2", quantity=2), "E_STATE", "no line of it is held"),
            (ItemPatch(item="1", quantity=1), "E_VALUE", "is so already"),
        ],
    )
    def test_what_cannot_be_edited_is_said(self, patch, code, says):
        """Nothing is changed by half."""
        story = refused("1", "2")
        with pytest.raises(Rejected, match=says) as refusal:
            acts(story, "edit", patch=patch)

        assert code == refusal.value.code

    def test_what_may_be_at_the_system_as_it_was_is_not_sent_in_other_words(self):
        """It would be done twice, each time otherwise."""
        story = silent()
        with pytest.raises(Rejected, match="may be at net as it was"):
            acts(story, "edit", patch=ItemPatch(item="1", quantity=2))
        acts(story, "edit", patch=ItemPatch(item="1", quantity=2), not_applied=True)

        assert 1 == story.line("net").revision


class TestEnds:
    """A person says how a line ends."""

    def test_completed_by_hand_lets_the_order_go_on(self):
        """Who and why stand in the journal and at the line; nobody waits for the system any more."""
        story = silent()
        folded = acts(story, "complete", outputs={"serviceId": "S-1"})

        line = story.line("net")
        assert ("completed", "", "completed by hand: it was asked for") == (
            line.state,
            line.code,
            line.reason,
        )
        assert ["bill"] == [one.instruction.part for one in folded.dispatches]
        assert "S-1" == folded.dispatches[0].instruction.inputs["net.serviceId"]
        entry = next(one for one in folded.journal if one.event == "completed_by_hand")
        assert ("cli:ada", story.last.at) == (entry.actor, entry.at)
        assert {"act", "part", "item"} == {*entry.data}
        assert story.record.instructions[0].answered_at == story.now

    def test_a_line_that_is_skipped_counts_as_done_and_says_that_nobody_did_it(self):
        """What waits for it goes on."""
        story = silent()
        folded = acts(story, "skip")

        assert ("completed", "E_SKIPPED") == (story.line("net").state, story.line("net").code)
        assert ["bill"] == [one.instruction.part for one in folded.dispatches]

    def test_an_optional_line_that_is_skipped_is_cancelled_which_counts_as_done(self):
        """As whatever else ends an optional line badly."""
        story = Story(order_of("1"), part("tv", ["1"], optional=True), part("bill", ["1"], "tv"))
        story.says("tv", "backorder")
        folded = acts(story, "skip")

        line = story.line("tv")
        assert ("cancelled", Cause.FALLOUT, "E_SKIPPED") == (line.state, line.cause, line.code)
        assert ["bill"] == [one.instruction.part for one in folded.dispatches]
        story.says("bill", "done")
        assert State.COMPLETED is story.state

    def test_cancelled_takes_with_it_what_waits_for_it(self):
        """And the order ends, by fallout."""
        story = silent()
        acts(story, "cancel")

        assert {"net/1": "cancelled", "bill/1": "cancelled"} == story.lines()
        assert (State.CANCELLED, Cause.FALLOUT) == (story.state, story.order.cause)
        assert ("ended", "cancelled") == story.told()[-1]

    def test_failed_is_said_by_a_person_only(self):
        """The order fails with it."""
        story = silent()
        acts(story, "fail")

        assert {"net/1": "failed", "bill/1": "cancelled"} == story.lines()
        assert State.FAILED is story.state

    @pytest.mark.parametrize("kind", ["complete", "skip", "cancel", "fail"])
    def test_a_late_answer_contradicts_or_changes_nothing(self, kind):
        """The first end wins; a contradiction is shown while the order lives."""
        story = Story(order_of("1", "2"), part("net", ["1"]), part("store", ["2"]))
        left(story, "net")
        story.due("answer-by", "net")
        story.due("answer-by", "net")
        acts(story, kind)
        state = story.line("net").state
        story.says("net", "done")

        assert state is story.line("net").state
        assert (state is not State.COMPLETED) == ("E_CONTRADICTION" in [one.code for one in story.errors()])


class TestSteps:
    """What is to be taken back, or changed, may be held as well."""

    def test_what_was_taken_back_by_hand_lets_the_cancel_end(self):
        """The system cannot be told, so a person has done it."""
        story = cancelled(Verb.DO)
        assert ["E_BY_HAND"] == [one.code for one in held(story.record)]
        acts(story, "complete")

        assert ("cancelled", Cause.CUSTOMER) == (story.line("net").state, story.line("net").cause)
        assert State.CANCELLED is story.state
        assert "completed_by_hand" in story.journal()

    @pytest.mark.parametrize("kind", ["retry", "skip", "fail", "edit"])
    def test_it_cannot_be_told_nor_skipped(self, kind):
        """Somebody has to do it, or give it up."""
        story = cancelled(Verb.DO)
        with pytest.raises(Rejected) as refusal:
            acts(story, kind, patch=ItemPatch(item="1", quantity=2) if kind == "edit" else None)

        assert "E_STATE" == refusal.value.code

    def test_given_up_the_line_goes_on_as_it_is(self):
        """The cancel says that it did not end well."""
        story = cancelled(Verb.DO)
        acts(story, "cancel")

        assert State.IN_PROGRESS is story.line("net").state
        assert ["terminatedWithError"] == [one.task.state.value for one in story.record.cancels]
        assert () == held(story.record)

    def test_a_silent_undoing_is_told_again_under_its_key(self):
        """As whatever else is silent."""
        story = cancelled(Verb.UNDO)
        first = story.last.dispatches[0].instruction
        left(story, "net")
        story.due("answer-by", "net")
        story.due("answer-by", "net")
        assert ["E_NO_ANSWER"] == [one.code for one in held(story.record)]
        assert "undo of net for item 1" == str(held(story.record)[0])
        [again] = acts(story, "retry").dispatches

        assert (first.key, 3) == (again.instruction.key, again.attempt)
        assert () == held(story.record)

    def test_an_undoing_that_its_owner_says_is_not_there_is_told_anew(self):
        """Under the next key; the old one waits for nothing."""
        story = cancelled(Verb.UNDO)
        left(story, "net")
        story.due("answer-by", "net")
        story.due("answer-by", "net")
        [anew] = acts(story, "retry", not_applied=True).dispatches

        assert (Verb.UNDO, 2) == (anew.instruction.verb, anew.instruction.revision)
        undoing = [one for one in story.record.instructions if one.verb is Verb.UNDO]
        assert [anew.instruction.key] == [one.key for one in undoing if one.answered_at is None]

    def test_a_line_that_is_being_changed_is_not_told_beside_that(self):
        """Two tellings of one line never overlap."""
        story = silent()
        cancels(story, Verb.UNDO)
        with pytest.raises(Rejected, match="a change of it is under way"):
            acts(story, "retry")

    def test_a_silent_line_whose_undoing_is_silent_too_is_held_as_its_undoing(self):
        """It can be told again, ended or given up; then the line is what it was."""
        story = silent()
        asked = story.now
        cancels(story, Verb.UNDO)
        left(story, "net")
        story.due("answer-by", "net")
        story.due("answer-by", "net")
        assert [("undo of net for item 1", asked)] == [(str(one), one.since) for one in held(story.record)]
        [again] = acts(story, "retry").dispatches
        assert Verb.UNDO is again.instruction.verb

    def test_lines_beside_one_that_is_being_changed_are_told_again(self):
        """What cannot be retried for now is left out, and keeps nothing else from it."""
        story = Story(order_of("1", "2"), part("net", ["1"]), part("tv", ["2"]), among=world(Repeat.KEY))
        for name, of in (("net", "1"), ("tv", "2")):
            left(story, name)
            while story.line(name, of).state is not State.HELD:
                story.due("answer-by", name)
        cancels(story, Verb.UNDO, items=("1",))
        [again] = acts(story, "retry").dispatches
        assert "tv" == again.instruction.part


def cancelled(verb: Verb) -> Story:
    """The net is at work, and the customer cancels: it can be told ``verb``."""
    story = Story(order_of("1"), part("net", ["1"]))
    story.says("net", "working")
    cancels(story, verb)
    return story


def cancels(story: Story, verb: Verb, items: tuple[str, ...] = ()) -> None:
    """The customer cancels; all systems can do, and be told ``verb``."""
    profiles = {
        name: msgspec.structs.replace(one, verbs=(Verb.DO, verb))
        for name, one in story.world.profiles.items()
    }
    story.world = replace(story.world, profiles=profiles)
    origin = Origin(channel="web", endpoint=ENDPOINT, document="C-1")
    command = CancelOrder(origin=origin, about=OrderRef(value="PO-1"), items=items)
    story.took(cancel(story.record, command, "CANCEL-1", story.world, story.now))


class TestChosen:
    """Which lines are meant."""

    def test_part_item_code_system_and_age_narrow_it(self):
        """All of them together."""
        story = Story(order_of("1", "2"), part("crm", ["1", "2"]), part("b", ["1", "2"], system="bill"))
        story.says("crm", line_1="backorder")
        story.says("b", "backorder")

        def keys(**more: object) -> list[tuple[str, str]]:
            return [one.line.key for one in held(story.record, Chosen(**more))]

        everything = [("crm", "1"), ("b", "1"), ("b", "2")]
        assert everything == keys() == keys(code="E_SYSTEM_REFUSED")
        assert everything[1:] == keys(system="bill") == keys(part="b")
        assert [("crm", "1"), ("b", "1")] == keys(item="1")
        assert [("crm", "1")] == keys(held_by=story.now - timedelta(seconds=30))
        assert [] == keys(code="E_NO_ANSWER") == keys(part="b", system="crm")

    def test_what_all_that_is_left_has_reached_is_shown(self):
        """Also when the line that had not is given up by hand, and not by a reply."""
        story = Story(order_of("1", "2"), part("net", ["1", "2"]), part("bill", ["1", "2"], "net"))
        story.says("net", line_1="delivered", line_2="backorder")
        assert () == story.order.product_order_milestone
        acts(story, "cancel", among=Chosen(item="2"))

        assert ["picked", "shipped", "delivered"] == [one.name for one in story.order.product_order_milestone]

    def test_an_act_on_nothing_is_refused(self):
        """As on an order that has ended, of which nothing is held."""
        story = silent()
        with pytest.raises(Rejected, match="nothing that is meant is held"):
            acts(story, "retry", among=Chosen(part="bill"))
        acts(story, "fail")
        with pytest.raises(Rejected, match="nothing that is meant is held"):
            acts(story, "complete")

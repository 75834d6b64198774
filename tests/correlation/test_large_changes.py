"""
Changes without measure: of a thousand lines at once, mostly wrong, and one after another without end.
"""

from __future__ import annotations

import time
from collections import Counter
from contextlib import contextmanager

import pytest
from msgspec.structs import replace

from canonical.amendments import AmendmentState, OrderPatch, PieceState
from canonical.errors import Rejected
from canonical.order import Characteristic, Note
from orderloom.correlation.changing import MOST_CHANGES, MOST_OPEN
from routes.amend import MOST_FAULTS
from routes.catalogue import MAX_BYTES, MAX_ITEMS
from tests.correlation.shop import Shop, changed, colour, item

# Seconds of this process's work: half of what a worker's lease lasts.
AT_MOST = 5.0


@contextmanager
def in_time():
    """What is done within takes no longer than a worker may take for a whole batch."""
    start = time.process_time()
    yield
    assert time.process_time() - start < AT_MOST


def roll_out(lines: int = MAX_ITEMS - 1) -> Shop:
    """A business roll-out."""
    return Shop(*(item(str(number), "CASE-01") for number in range(1, lines + 1)))


class TestOfAThousandLines:
    def test_each_is_changed_and_told_in_time(self):
        shop = roll_out()
        shop.done("crm")

        with in_time():
            amendment = shop.amend(
                *(changed(str(number), "", colour("red")) for number in range(1, MAX_ITEMS))
            )

        assert {PieceState.APPLYING} == {one.state for one in amendment.pieces}
        assert MAX_ITEMS - 1 == len(amendment.pieces)

        with in_time():
            shop.done_changes("warehouse modify")

        assert "red" == shop.value("999", "color")

    def test_each_is_removed_in_time(self):
        shop = roll_out()

        with in_time():
            shop.amend(remove=[str(number) for number in range(2, MAX_ITEMS)])

        assert {"crm undo [999]"} == set(shop.sent()[-1:])
        assert {"inProgress", "pendingCancellation"} == {
            state for name, state in shop.lines().items() if name.startswith("crm")
        }

    def test_each_is_cancelled_in_time(self):
        """Every one is named ten times."""
        shop = roll_out()
        shop.done("crm")

        with in_time():
            shop.cancel(*(str(1 + number % (MAX_ITEMS - 1)) for number in range(10 * MAX_ITEMS)))
            shop.done_changes("warehouse undo", "crm undo")

        assert "cancelled" == shop.order.state

    def test_what_comes_too_late_is_one_draft(self):
        """The order has ended: what is wanted of a thousand lines is one wish, to be resumed as one."""
        shop = Shop(item("1", "CASE-01"))
        shop.done("crm", "warehouse", "billing-device")

        amendment = shop.amend(add=[item(f"N-{number}", "CASE-01") for number in range(MAX_ITEMS - 1)])

        [draft] = shop.acts[-1].drafts
        assert MAX_ITEMS - 1 == len(draft.order.product_order_item)
        assert {draft.id} == {one.follow_on for one in amendment.pieces}
        assert [draft.id] == [one.id for one in shop.order.order_relationship]

    def test_a_long_reason_is_not_written_a_thousand_times(self):
        """The cancel has it whole, each line the beginning."""
        shop = roll_out()
        shop.cancel(reason="found it cheaper. " * 200)

        said = {line.reason for line in shop.record.lines if line.part == "warehouse"}
        assert {200} == {len(one) for one in said}
        [cancelling] = shop.record.cancels
        assert 3600 == len(cancelling.task.reason)

    def test_as_many_notes_as_a_document_may_hold_are_added_in_time(self):
        shop = Shop(item("1", "CASE-01"))
        notes = tuple(Note(text=str(number)) for number in range(10_000))

        with in_time():
            shop.amend(fields=OrderPatch(note=notes))
            shop.amend(fields=OrderPatch(note=notes[:-1]))
            shop.amend(fields=OrderPatch(note=(Note(text="another"), *notes)))

        assert 10_001 == len(shop.order.note)

    def test_what_is_wrong_with_most_is_said_of_the_first_of_them(self):
        """There is place for one more item: which one that is, is as good as the order in which they come."""
        shop = roll_out()

        with in_time():
            amendment = shop.amend(add=[item(f"N-{number}", "CASE-01") for number in range(MAX_ITEMS)])

        faults = Counter(one.fault.what for one in amendment.pieces if one.fault)
        assert AmendmentState.PARTLY_APPLIED is amendment.state
        assert [PieceState.APPLIED] == [one.state for one in amendment.pieces if one.fault is None]
        assert "CASE-01" == shop.offering("N-0")
        assert MOST_FAULTS <= faults["the order has 1001 items"] < 2 * MOST_FAULTS
        [(what, others)] = [one for one in faults.items() if one[0] != "the order has 1001 items"]
        assert (
            f"{MOST_FAULTS} other changes of the amendment are at fault: this one was not looked at" == what
        )
        assert MAX_ITEMS - 1 == others + faults["the order has 1001 items"]

    def test_one_that_is_wrong_takes_no_other_with_it(self):
        """The gadget has no route."""
        shop = roll_out(lines=10)

        with in_time():
            amendment = shop.amend(
                add=[item(f"N-{number}", "GADGET-Z" if number == 700 else "CASE-01") for number in range(900)]
            )

        [wrong] = [one for one in amendment.pieces if one.fault]
        assert ("E_ITEM_NOT_ROUTED", 701) == (wrong.fault.code, wrong.number)
        assert 909 == len(shop.order.product_order_item)


class TestOneAfterAnother:
    def test_so_many_may_wait_for_a_decision(self):
        """The next is refused and leaves no trace; another endpoint's is taken, and so is a cancel."""
        shop = Shop(item("1", "CASE-01"))
        shop.done("crm")
        for number in range(MOST_OPEN):
            shop.amend(changed("1", quantity=2 + number))
        before = shop.record

        with pytest.raises(Rejected) as refused:
            shop.amend(changed("1", quantity=500))

        assert "E_STATE" == refused.value.code
        assert "100 changes of" in refused.value.fault.what
        assert before is shop.record
        assert AmendmentState.ASSESSING is shop.amend(changed("1", quantity=3), endpoint="store.0117").state

        shop.cancel()

        assert ["warehouse undo [1]"] == shop.sent()

    def test_so_many_may_there_be_at_all(self):
        shop = Shop(item("1", "CASE-01"))
        for number in range(MOST_CHANGES):
            shop.amend(changed("1", "", Characteristic(name="text", value=str(number))))

        with pytest.raises(Rejected, match=r"1000 changes of .* were asked for"):
            shop.amend(changed("1", quantity=5))

        assert "999" == shop.value("1", "text")

    def test_so_many_cancels_may_there_be(self):
        shop = Shop(item("1", "CASE-01"))
        shop.done("crm", "warehouse", "billing-device")
        for _ in range(MOST_CHANGES):
            shop.cancel()

        with pytest.raises(Rejected, match=r"1000 cancels of .* were asked for"):
            shop.cancel()

    def test_an_order_does_not_grow_without_end(self):
        """One change may say a lot; one after another may not."""
        shop = Shop(item("1", "CASE-01"))
        notes = tuple(Note(text=f"{number} {'x' * 3990}") for number in range(200))
        states = []
        for turn in "abcd":
            said = tuple(replace(one, text=turn + one.text) for one in notes)
            amendment = shop.amend(fields=OrderPatch(note=said))
            states.append(amendment.state)

        assert [AmendmentState.APPLIED, AmendmentState.APPLIED, *[AmendmentState.REFUSED] * 2] == states
        [piece] = amendment.pieces
        assert "E_RECORDS" == piece.fault.code
        assert f"at most {MAX_BYTES}" == piece.fault.allowed
        assert 400 == len(shop.order.note)

        assert AmendmentState.APPLIED is shop.amend(changed("1", quantity=5)).state

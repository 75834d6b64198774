"""``orderloom fallout``: what is held, and what a person does with it, once."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from canonical.keys import instruction_key
from canonical.states import State
from orderloom.correlation.port import Changes, NativeRow
from orderloom.correlation.record import Record
from orderloom.correlation.sqlite import SqliteStore
from tests.cli.hub import NOW, ORDER, ORDER_B, PO, Place, after, record
from tests.cli.test_parked import outbox_of

WHY = ("--why", "ticket 4711")
SENT = NativeRow("ab" * 32, b"W05*N*4500000042~", "application/edi-x12", NOW, answer=False)


def silent(order_id: str = ORDER, endpoint: str = "partner.acme", number: str = PO) -> Record:
    """An order whose warehouse has not answered."""
    made = record(order_id, endpoint, number)
    lines = tuple(
        replace(one, code="E_NO_ANSWER", word="", reason="warehouse has not answered", quantity=None)
        if one.part == "warehouse"
        else one
        for one in made.lines
    )
    [sent] = made.instructions
    key = instruction_key(order_id, "warehouse", "do", 0)
    return replace(made, lines=lines, instructions=(replace(sent, key=key, native=SENT.hash),))


@pytest.fixture
def held(place) -> Place:
    """Two orders that the warehouse has not answered, and one on backorder."""
    kept = [
        silent(),
        silent(ORDER_B, "partner.globex", "G-7"),
        record("OLC3CC4Q9XH3TZ8RWC", "partner.acme", "4500000099"),
    ]
    place.write(Changes(records=[(None, one) for one in kept], natives={SENT.hash: SENT}))
    return place


def order(place: Place, order_id: str = ORDER) -> Record:
    """As the store has it."""
    store = SqliteStore(place.path)
    found = store.order(order_id)
    store.close()
    assert found is not None
    return found


def states(place: Place, order_id: str = ORDER) -> dict[str, str]:
    """Of each part's line."""
    return {line.part: line.state.value for line in order(place, order_id).lines}


class TestLooking:
    def test_the_list_has_whose_each_line_is_and_what_to_do(self, held):
        """
        The longest held first, and how many there are.
        """
        head, *rows, count = held.run("fallout", "list").stdout.splitlines()

        assert ["order", "number", "part", "item", "held", "for", "code", "owner", "what"] == head.split()[:9]
        assert 3 == len(rows)
        assert any(PO in row and "E_NO_ANSWER" in row and "warehouse" in row for row in rows)
        assert "3 lines of 3 orders" == count

    @pytest.mark.parametrize(
        ("filters", "count"),
        [
            (["--code", "E_NO_ANSWER"], "2 lines of 2 orders"),
            (["--system", "crm"], "0 lines of 0 orders"),
            (["--older-than", "1d"], "3 lines of 3 orders"),
            (["--older-than", "9999w"], "0 lines of 0 orders"),
            (["--limit", "1"], "3 lines of 3 orders, 2 younger not shown (--limit)"),
        ],
    )
    def test_it_can_be_narrowed(self, held, filters, count):
        """
        By code, system and age.
        """
        said = held.run("fallout", "list", *filters).output.splitlines()

        assert said[-1].startswith(count)

    def test_lines_that_were_just_held_are_not_older(self, place):
        """
        Than an hour.
        """
        made = silent()
        lines = tuple(replace(one, since=datetime.now(UTC)) for one in made.lines)
        place.write(Changes(records=[(None, replace(made, lines=lines))]))

        assert "0 lines of 0 orders\n" == place.run("fallout", "list", "--older-than", "1h").stdout

    def test_one_line_is_shown_with_what_a_retry_would_do(self, held):
        """
        As its journal would say it.
        """
        said = held.run("fallout", "show", PO).stdout

        assert "code        E_NO_ANSWER\n" in said
        assert f"told        {ORDER}-2, 1 time\n" in said
        assert "a retry     warehouse told again under its key, the 2. time\n" in said

    def test_an_order_of_which_nothing_is_held_says_so(self, held):
        """
        Status 1, as whatever is not found.
        """
        held.run("fallout", "skip", PO, *WHY)
        said = held.run("fallout", "show", PO)

        assert (1, f"{PO}: nothing of it is held (`orderloom fallout list`) [E_STATE]\n") == (
            said.exit_code,
            said.stderr,
        )

    @pytest.mark.parametrize("span", ["2", "h", "-2h", "2 h", "2y", "1e3h", "99999w"])
    def test_a_span_is_a_number_and_a_unit(self, held, span):
        """
        Anything else is a usage error.
        """
        said = held.run("fallout", "list", "--older-than", span)

        assert (2, True) == (said.exit_code, "no span of time" in said.stderr)


class TestActing:
    @pytest.mark.parametrize(
        ("act", "state"),
        [
            ("retry", "inProgress"),
            ("complete", "completed"),
            ("skip", "completed"),
            ("cancel", "cancelled"),
            ("fail", "failed"),
        ],
    )
    def test_an_act_on_one_order_is_done_at_once_and_told(self, held, act, state):
        """
        What moved, and what follows; who and why are in the journal.
        """
        said = held.run("fallout", act, PO, *WHY)

        assert 0 == said.exit_code
        assert f"  warehouse  item 1  held [E_NO_ANSWER] -> {state}" in said.stdout
        assert state == states(held)["warehouse"]
        assert "ticket 4711" in held.run("journal", PO).stdout
        assert "held" == states(held, ORDER_B)["warehouse"]

    def test_what_it_brings_about_waits_for_a_worker(self, held):
        """
        Unowned, as whatever the command line writes.
        """
        held.run("fallout", "retry", PO, *WHY)

        assert "system.warehouse.in" in {one.row.destination for one in outbox_of(held)}

    def test_a_dry_run_says_the_same_and_changes_nothing(self, held):
        """
        Line for line.
        """
        rehearsed = held.run("fallout", "retry", PO, *WHY, "--dry-run")
        assert silent() == order(held)
        done = held.run("fallout", "retry", PO, *WHY)

        assert rehearsed.stdout.splitlines()[:-1] == done.stdout.splitlines()[:-1]
        assert "1 order; nothing was changed (--dry-run)" == rehearsed.stdout.splitlines()[-1]

    def test_many_are_done_when_somebody_says_yes(self, held):
        """
        Without it the command asks, and an empty answer is no.
        """
        many = ("fallout", "complete", "--code", "E_NO_ANSWER", *WHY)
        assert 1 == held.run(*many).exit_code
        assert "held" == states(held)["warehouse"]
        said = held.run(*many, "--yes")

        assert said.stdout.splitlines()[-1].startswith("2 orders; act ")
        assert ["completed"] * 2 == [states(held, one)["warehouse"] for one in (ORDER, ORDER_B)]
        assert "held" == states(held, "OLC3CC4Q9XH3TZ8RWC")["warehouse"]

    def test_what_cannot_be_done_is_told_and_the_others_are_done(self, held):
        """
        A backorder is not told again: status 1.
        """
        said = held.run("fallout", "retry", "--system", "warehouse", *WHY, "--yes")

        assert 1 == said.exit_code
        assert "OLC3CC4Q9XH3TZ8RWC, warehouse for item 1: is held back by warehouse" in said.stderr
        assert ["inProgress"] * 2 == [states(held, one)["warehouse"] for one in (ORDER, ORDER_B)]

    def test_an_act_with_an_id_is_done_once(self, held):
        """
        Whoever lost the connection says it again.
        """
        act = ("fallout", "complete", PO, *WHY, "--act", "ticket-4711")
        held.run(*act)
        again = held.run(*act)

        assert (0, f"{ORDER}  done before, by this very act") == (
            again.exit_code,
            again.stdout.splitlines()[0],
        )
        assert 1 == held.run("journal", PO).stdout.count("completed_by_hand")

    def test_nothing_that_is_meant_is_an_answer(self, held):
        """
        No.
        """
        said = held.run("fallout", "retry", "--code", "E_POISON", *WHY, "--yes")

        assert (1, True) == (said.exit_code, "nothing that is meant is held" in said.stderr)

    def test_of_one_order_it_names_that_once(self, held):
        """By its id."""
        said = held.run("fallout", "retry", ORDER, "--part", "crm", "--why", "x")
        assert 1 == said.exit_code
        assert said.stderr.startswith(f"{ORDER}: nothing that is meant is held")

    def test_an_id_of_two_orders_names_none(self, two_orders):
        """
        The hub's own ids do.
        """
        said = two_orders.run("fallout", "complete", PO, *WHY)

        assert (1, True) == (said.exit_code, f"{PO}: 2 orders are known by it" in said.stderr)

    def test_outputs_are_there_for_later_parts(self, held):
        """
        Under the system's name.
        """
        held.run("fallout", "complete", PO, *WHY, "--output", "parcel=P-1")

        assert "P-1" == order(held).outputs["warehouse.parcel"]


class TestEditing:
    def test_the_item_is_as_it_was_set_and_told_anew(self, held):
        """
        With the catalogue's name of the offering; the item may be named by its sender's line id.
        """
        said = held.run(
            *("fallout", "edit", PO, "--item", "0010", *WHY, "--not-applied"),
            *("--set", "quantity=1", "--set", "offering=HANDSET-B", "--set", "colour=black"),
        )
        assert 0 == said.exit_code, said.output
        [item] = order(held).order.product_order_item

        assert ("HANDSET-B", 1, "black") == (
            item.product_offering.id,
            item.quantity,
            item.product.value("colour"),
        )
        assert item.product_offering.name
        assert 1 == order(held).lines[1].revision

    @pytest.mark.parametrize(
        ("values", "code"),
        [
            (["offering=NO-SUCH"], "E_OFFERING"),
            (["offering=MOBILE-20"], "E_VALUE"),
            (["quantity=999999"], "E_RANGE"),
            (["quantity=0"], "E_RANGE"),
            (["quantity=2"], "E_VALUE"),
        ],
    )
    def test_what_the_catalogue_does_not_allow_is_refused(self, held, values, code):
        """
        The order is as it was.
        """
        sets = [one for value in values for one in ("--set", value)]
        said = held.run("fallout", "edit", PO, "--item", "1", *WHY, "--not-applied", *sets)

        assert (1, True) == (said.exit_code, f"[{code}]" in said.stderr), said.output
        assert silent() == order(held)

    @pytest.mark.parametrize(
        "arguments",
        [
            ["--item", "1"],
            ["--item", "1", "--set", "quantity"],
            ["--item", "1", "--set", "quantity=two"],
            ["--set", "quantity=2"],
        ],
    )
    def test_what_is_no_edit_is_a_usage_error(self, held, arguments):
        """
        Status 2, and nothing is asked of the store.
        """
        assert 2 == held.run("fallout", "edit", PO, *WHY, *arguments).exit_code


def test_a_line_held_for_a_while_is_told_with_its_age(held):
    """
    In the two largest units.
    """
    assert State.HELD is order(held).lines[1].state
    assert after(60) == order(held).lines[1].since
    assert " d " in held.run("fallout", "list").stdout

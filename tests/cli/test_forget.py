"""``orderloom forget``: what it says, asks and refuses; what it leaves: tests/engine/test_forgetting.py."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from canonical import order as o
from canonical.states import State
from orderloom.correlation.port import Changes
from orderloom.correlation.record import Record
from orderloom.correlation.sqlite import SqliteStore
from tests.cli.hub import ORDER, ORDER_B, PO, Place, journal, record

WHY = ("--why", "request 117")


def of_ada(made: Record, state: State = State.COMPLETED) -> Record:
    """Her order, with her name, her address and somebody who sold it."""
    parties = (
        o.RelatedParty(role="customer", party_or_party_role=o.PartyRef(id="C-1", name="Ada King")),
        o.RelatedParty(role="salesAgent", party_or_party_role=o.PartyRef(id="agent-7", name="Otis Vance")),
    )
    lines = tuple(replace(one, state=state) for one in made.lines)
    return replace(made, order=replace(made.order, state=state, related_party=parties), lines=lines)


@pytest.fixture
def shop(place) -> Place:
    """One order of hers that has ended, and one that runs."""
    running = of_ada(record(ORDER_B, "web.portal", "W-1"), State.IN_PROGRESS)
    place.write(Changes(records=[(None, of_ada(record())), (None, running)], journal=journal()))
    return place


def names(place: Place) -> list[str]:
    """The names of the customer, order by order."""
    store = SqliteStore(place.path)
    found = [store.order(one).order.related_party[0].party_or_party_role.name for one in (ORDER, ORDER_B)]
    store.close()
    return found


def test_what_was_forgotten_and_what_was_left_is_said(shop):
    """Status 1 as long as something of her is there."""
    said = shop.run("forget", "C-1", *WHY, "--yes")

    assert (
        f"{ORDER}  {PO}  0 messages\n"
        f"{ORDER_B}  left: inProgress: it has not ended\n"
        "1 order, 0 messages, 0 interactions overwritten\n"
    ) == said.stdout
    assert (1, "1 order left as it is (say it again when they have ended) [E_STATE]\n") == (
        said.exit_code,
        said.stderr,
    )
    assert ["", "Ada King"] == names(shop)


def test_it_asks_before_what_cannot_be_undone(shop):
    """An empty answer is no."""
    assert 1 == shop.run("forget", "C-1", *WHY).exit_code
    assert ["Ada King", "Ada King"] == names(shop)


def test_a_dry_run_changes_nothing(shop):
    """And does not ask."""
    said = shop.run("forget", "C-1", *WHY, "--dry-run")

    tail = "1 order, 0 messages, 0 interactions would be overwritten; nothing was changed (--dry-run)"
    assert tail == said.stdout.splitlines()[-1]
    assert ["Ada King", "Ada King"] == names(shop)


def test_who_is_no_customer_is_not_forgotten(shop):
    """All orders that an agent has sold are others' orders."""
    said = shop.run("forget", "agent-7", *WHY, "--yes")

    what = "no customer 'agent-7', who is somebody else in 2 orders"
    allowed = "an id by which a sender names a customer"
    assert (1, f"{what} ({allowed}) [E_NOT_FOUND]\n") == (said.exit_code, said.stderr)
    assert "no customer 'C-99'" in shop.run("forget", "C-99", *WHY, "--yes").stderr


def test_it_can_be_said_again(shop):
    """What was forgotten is told so."""
    shop.run("forget", "C-1", *WHY, "--yes")

    assert f"{ORDER}  {PO}  forgotten before\n" in shop.run("forget", "C-1", *WHY, "--yes").stdout


def test_status_and_journal_still_tell_of_the_order(shop):
    """By its number: states and times, and that it was forgotten."""
    shop.run("forget", "C-1", *WHY, "--yes")

    assert f"{ORDER}  completed" in shop.run("status", PO).stdout
    assert "personal data overwritten, 0 messages removed: request 117" in shop.run("journal", PO).stdout


def test_a_file_that_somebody_reads_is_rewritten_the_next_time(shop):
    """What is overwritten is overwritten all the same."""
    store = SqliteStore(shop.path, patience=0.1)
    with store._connections.read() as db:
        db.execute("select count(*) from orders").fetchone()
        said = shop.run("forget", "C-1", *WHY, "--yes")
    assert (2, True) == (
        said.exit_code,
        "its file is not rewritten yet" in said.stderr.replace("the store's", "its"),
    )
    assert ["", "Ada King"] == names(shop)
    store.close()

    assert "overwritten" in shop.run("forget", "C-1", *WHY, "--yes").stdout
    files = [one.read_bytes() for one in shop.folder.glob("hub.db*")]
    assert b"Ada King" in b"".join(files)  # of the order that runs

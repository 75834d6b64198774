"""
The hardest of the engine's tests once more, on PostgreSQL: deaths, failed commits, and whole simulated lives.

The rest of the suite asks nothing of the store that its contract does not ask of every database.
"""

from __future__ import annotations

import itertools
from contextlib import suppress

import pytest

from orderloom.correlation.port import StoreError
from orderloom.correlation.postgres import PostgresStore
from orderloom.correlation.postgres_connection import Session
from tests.engine import rig
from tests.engine.test_acts import crm_refuses
from tests.engine.test_acts import test_a_rehearsal_says_what_would_be_and_leaves_nothing as a_rehearsal
from tests.engine.test_acts import test_the_same_act_twice_has_one_effect as the_same_act_twice
from tests.engine.test_acts import (
    test_what_was_refused_goes_out_anew_and_its_answer_counts as told_anew,
)
from tests.engine.test_conversation_crashes import crashed, played
from tests.engine.test_crashes import ERRORS, three_at_once
from tests.engine.test_crashes import test_a_crash_at_any_operation_costs_nothing as a_crash_costs_nothing
from tests.engine.test_crashes import test_any_commit_may_fail_in_any_way as any_commit_may_fail
from tests.engine.test_envelope import test_g03_properties_that_a_database_may_refuse as odd_properties
from tests.engine.test_forgetting import both_ended
from tests.engine.test_forgetting import test_nothing_of_him_is_left_in_any_table as nothing_is_left
from tests.engine.test_forgetting import (
    test_what_he_said_and_did_besides_is_forgotten_with_him as nor_besides,
)
from tests.engine.test_forgetting import test_what_proves_the_order_stays as the_rest_stays
from tests.engine.test_numbers import (
    test_a_crash_before_the_acknowledgement_brings_nothing_twice as used_again,
)
from tests.engine.test_numbers import test_early_answers_under_one_number_wait_each_for_their_order as early
from tests.engine.test_simulated import test_whatever_goes_wrong_comes_right as whatever_goes_wrong

pytestmark = pytest.mark.postgres

_COUNT = itertools.count(1)


@pytest.fixture(autouse=True)
def _on_postgres(postgres_server, monkeypatch):
    """The bench's stores are schemas, one for each file that it would have made."""
    urls = {}

    def opened(path):
        if path not in urls:
            urls[path] = postgres_server.new_schema(f"bench_{next(_COUNT)}")
        return PostgresStore(urls[path])

    monkeypatch.setattr(rig, "SqliteStore", opened)
    monkeypatch.setattr(rig.Rig, "crash", _crash)
    # What is asked of the tables themselves is asked in SQLite's way.
    monkeypatch.setattr(Session, "execute", lambda db, text: db._db.execute(text), raising=False)


def _crash(bench):
    """
    A death, and as much time as its lease has left.

    On SQLite the next worker takes over at once.
    """
    with suppress(StoreError), bench.store._inner._connections.write() as db:
        db.rows("delete from worker")
        db.rows("update claim set lease = '2000-01-01'")
    bench.client.close()
    bench.store.close()


def test_a_crash_costs_nothing(tmp_path):
    """Before or after every single operation at the ports."""
    a_crash_costs_nothing(tmp_path, three_at_once, after=True)


@pytest.mark.parametrize("what", ERRORS)
def test_any_commit_may_fail(tmp_path, what):
    """Busy, refused, or of unknown fate."""
    any_commit_may_fail(tmp_path, three_at_once, what)


@pytest.mark.parametrize("seed", range(101, 107))
def test_whatever_goes_wrong_comes_right_on_postgresql_too(tmp_path, seed):
    """Other lives than those on SQLite."""
    whatever_goes_wrong(tmp_path, seed)


def test_properties_of_a_stranger_stop_nothing(rig):
    """PostgreSQL refuses a NUL character in a text, and with it the whole transaction."""
    odd_properties(rig)


def test_a_number_that_is_used_again(rig):
    """Keys that are asked for after the others are locked and found here too."""
    used_again(rig)


def test_a_number_that_is_used_again_before_the_orders_come(rig):
    """And what waits has the keys that it took."""
    early(rig)


def test_acts_of_people(rig):
    """Told anew, and answered."""
    told_anew(crm_refuses(rig))


def test_the_same_act_of_a_person_twice(rig):
    """Its key is taken."""
    the_same_act_twice(crm_refuses(rig), "complete")


def test_a_rehearsed_act(rig):
    """Taken back whole."""
    a_rehearsal(crm_refuses(rig))


def test_a_customer_is_forgotten(rig):
    """In every table."""
    nothing_is_left(both_ended(rig))


def test_of_a_forgotten_customer_the_rest_stays(rig):
    """To the last byte."""
    the_rest_stays(both_ended(rig))


def test_what_a_customer_said_is_forgotten(rig):
    """And not what others did."""
    nor_besides(both_ended(rig))


def test_a_conversation_comes_to_the_same_end(tmp_path):
    """Drafts, offers, orders, the journal and what everybody was told; crashes change nothing."""
    assert 9 < len(crashed(tmp_path, played(tmp_path / "smooth")[1], step=9))

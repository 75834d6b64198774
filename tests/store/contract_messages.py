"""
The contract on messages: keys, natives, counters, outbox, workers, timers, parked, attempts, claims, rules.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import replace

import pytest

from orderloom.correlation.port import (
    Attempt,
    Changes,
    Claim,
    InboxRow,
    IntakeRow,
    ParkedRow,
    ParkedState,
    StoreError,
    Timer,
    UnsentSummary,
)
from tests.store.orders import NOW, later, message, native

LEASE = 10.0


def apply(store, **changes):
    """One transaction with these changes."""
    with store.begin() as transaction:
        return transaction.apply(Changes(**changes))


def enter(store, worker="w1", now=NOW):
    """Register a worker."""
    store.register(worker, "hub-1.example", 4711, now, LEASE)


def adopted(store, worker, now=NOW, limit=100):
    """The seqs that this worker may take over."""
    return [one.row.seq for one in store.adopt(worker, now, limit)]


@contextmanager
def fails(store):
    """A transaction whose body raises at its end."""
    with suppress(ZeroDivisionError), store.begin() as transaction:
        yield transaction
        raise ZeroDivisionError


def parked(name="p1", at=NOW, **more):
    """A parked message."""
    facts = {"queue": "channel.partner.in", "code": "E_EDI_ISA", "fault": b'{"code":"E_EDI_ISA"}'}
    facts |= {"native": "h1", "content_type": "application/EDI-X12", "properties": b'{"headers":{}}'}
    return ParkedRow(id=name, at=at, **facts | more)


class MessagesContract:
    """What is kept of messages on their way."""

    # Keys and natives.

    def test_a_key_is_taken_only_by_acceptance(self, store):
        """To look at a key takes nothing, nor does a transaction that fails."""
        row = InboxRow("business|partner.acme|850|PO1", "h1", "OL1", NOW)
        with fails(store) as transaction:
            assert {} == transaction.inbox([row.key])
            transaction.apply(Changes(inbox=[row]))
        with store.begin() as transaction:
            assert {} == transaction.inbox([row.key])
            transaction.apply(Changes(inbox=[row]))
        with store.begin() as transaction:
            assert {row.key: row} == transaction.inbox([row.key, "business|partner.acme|850|PO2"])

    def test_a_taken_key_can_be_said_anew(self, store):
        """An envelope becomes whole, and its answer is given again."""
        row = InboxRow("envelope|partner.acme|000000001", "h1", "i1", NOW, whole=False)
        new = replace(row, hash="h2", whole=True, answered_at=later(60))
        apply(store, inbox=[row])
        apply(store, inbox=[new])
        with store.begin() as transaction:
            assert {row.key: new} == transaction.inbox([row.key])

    @pytest.mark.parametrize(
        "key",
        [
            "",
            "'; drop table inbox; --",
            'a"b\\c',
            "ключ",
            "\U0001f680",
            "a\nb\tc",
            "a|b",
            "%_*?[",
            "a\\u0000b",
        ],
    )
    def test_a_key_may_be_any_text(self, store, key):
        """Senders choose document numbers, and nothing of them is ever part of a statement."""
        row = InboxRow(key, "h1", "OL1", NOW)
        apply(store, inbox=[row, InboxRow("other", "h2", "OL2", NOW)])
        with store.begin() as transaction:
            assert {key: row} == transaction.inbox([key, "nobody's"])

    def test_a_key_with_a_nul_is_refused(self, store):
        """Databases cut texts there, so that it would be taken for another key; no format of ours has any."""
        with pytest.raises(StoreError, match="NUL"), store.begin() as transaction:
            transaction.inbox(["fine", "a\0b"])

    def test_thousands_of_keys_are_one_question(self, store):
        """A batch may hold more keys than a statement may have parameters."""
        rows = [InboxRow(f"reply|{one}", "h", "OL1", NOW) for one in range(40_000)]
        apply(store, inbox=rows)
        with store.begin() as transaction:
            assert {one.key: one for one in rows} == transaction.inbox(one.key for one in rows)

    def test_the_same_native_bytes_are_kept_once(self, store):
        """Their hash is their name; what they are was said first, and their age counts from the last time."""
        first, again = native(name="h1"), replace(native(name="h1"), at=later(9), content_type="text/plain")
        apply(store, natives={"h1": first})
        apply(store, natives={"h1": again, "h2": native(b"\x00\xff", "h2")})
        with store.begin() as transaction:
            found = transaction.natives(["h1", "h2", "h3"])

        kept = replace(first, at=later(9))

        assert {"h1": kept, "h2": native(b"\x00\xff", "h2")} == found
        assert kept == store.native("h1")
        assert store.native("h3") is None

    def test_an_intake_is_kept_with_its_verdicts(self, store):
        """What a repeat is answered with."""
        row = IntakeRow(
            "i1", "partner", "partner.acme", "000000001", "channel.partner.in", "h1", b'["\xc3\x85"]', NOW
        )
        answered = replace(row, ack="h2")
        apply(store, intakes=[row])
        apply(store, intakes=[answered])
        with store.begin() as transaction:
            assert {"i1": answered} == transaction.intakes(["i1", "i2"])

    # Counters.

    def test_counters_have_no_gaps_across_failures(self, store):
        """A number of a transaction that failed is used again: control numbers are gapless."""
        used = []
        for turn in range(6):
            with fails(store) if turn % 2 else store.begin() as transaction:
                value = transaction.counters(["partner.acme|interchange"])["partner.acme|interchange"] + 1
                transaction.apply(Changes(counters={"partner.acme|interchange": value}))
                used.append(value)

        assert [1, 2, 2, 3, 3, 4] == used

    def test_counters_are_apart_and_begin_at_zero(self, store):
        """Each endpoint counts for itself."""
        apply(store, counters={"a|group": 41, "b|group": 7})
        with store.begin() as transaction:
            assert {"a|group": 41, "c|group": 0} == transaction.counters(["a|group", "c|group"])

    # Outbox and workers.

    def test_seqs_grow_in_the_order_of_writing_and_are_never_used_again(self, store):
        """Also when everything that was unsent has been sent and removed."""
        first = apply(store, outbox=[message(), message()])
        apply(store, sent=list(first))
        second = apply(store, outbox=[message()])

        assert sorted(set(first) | set(second)) == [*first, *second]

    def test_a_batch_gets_its_seqs_in_the_order_given(self, store):
        """The engine knows which of its messages has which."""
        seqs = apply(store, outbox=[message(destination=f"q{one}") for one in range(50)])
        found = {one.row.seq: one.row.destination for one in store.adopt("w1", NOW, 100)}

        assert [f"q{one}" for one in range(50)] == [found[seq] for seq in seqs]

    def test_a_worker_owns_what_it_writes_until_it_is_sent(self, store):
        """Nobody else may have it while the lease runs, and it does not come back to the owner itself."""
        enter(store)
        apply(store, outbox=[message()], owner="w1")

        assert [] == adopted(store, "w2")
        assert [] == adopted(store, "w1", later(LEASE + 1))

    def test_rows_of_nobody_are_adopted_at_once_with_their_bodies(self, store):
        """The clock and the command line write, the worker publishes."""
        body = b"ISA*" + bytes(range(256))
        seqs = apply(
            store,
            natives={"h1": native(body, "h1")},
            outbox=[
                message(body=b"\x00{}", properties=b'{"a":"\xc3\x85"}'),
                message(native="h1", mandatory=False),
            ],
        )
        found = store.adopt("w1", NOW, 100)

        assert [b"\x00{}", body] == [one.body for one in found]
        assert [
            message(body=b"\x00{}", properties=b'{"a":"\xc3\x85"}', seq=seqs[0]),
            message(native="h1", mandatory=False, seq=seqs[1]),
        ] == [one.row for one in found]

    def test_what_was_adopted_is_owned(self, store):
        """Adopted once is adopted for good, as long as the lease runs."""
        enter(store)
        [seq] = apply(store, outbox=[message()])

        assert [seq] == adopted(store, "w1")
        assert [] == adopted(store, "w1")
        assert [] == adopted(store, "w2")

    def test_adoption_follows_the_seq_and_stops_at_its_limit(self, store):
        """Lanes stay in order: whoever takes over takes the oldest first."""
        seqs = list(apply(store, outbox=[message(f"OL{one % 3}") for one in range(7)]))

        assert seqs[:3] == adopted(store, "w1", limit=3)
        assert seqs[3:] == adopted(store, "w1", limit=9)

    def test_a_row_behind_another_s_is_nobody_s_until_its_turn(self, store):
        """A lane stays in order: the command line's older message is published first, then the worker's."""
        enter(store)
        [older] = apply(store, outbox=[message("OL1")])
        behind, other_order, other_queue = apply(
            store, outbox=[message("OL1"), message("OL2"), message("OL1", "system.tv.in")], owner="w1"
        )
        found = adopted(store, "w1")

        assert 0 == behind
        assert older < other_order < other_queue
        assert [older, older + 1] == found

    def test_a_row_behind_one_s_own_is_one_s_own(self, store):
        """Written or adopted: the worker knows both, and sends them in their order."""
        enter(store)
        apply(store, outbox=[message()])
        adopted(store, "w1")
        second, third = apply(store, outbox=[message(), message()], owner="w1")

        assert 0 < second < third
        assert [] == adopted(store, "w2")

    def test_an_expired_lease_gives_the_rows_away(self, store):
        """A worker that cannot renew has stopped publishing; another goes on."""
        enter(store)
        [seq] = apply(store, outbox=[message()], owner="w1")

        assert [] == adopted(store, "w2", later(LEASE - 0.001))
        assert [seq] == adopted(store, "w2", later(LEASE))

    def test_a_renewed_lease_keeps_them(self, store):
        """Renewed in time, the lease runs on from then."""
        enter(store)
        apply(store, outbox=[message()], owner="w1")

        assert store.renew("w1", later(LEASE - 1), LEASE)
        assert [] == adopted(store, "w2", later(LEASE + 5))

    def test_nobody_renews_a_lease_that_he_never_had(self, store):
        """The name is the worker's own."""
        enter(store)

        assert not store.renew("unknown", NOW, LEASE)

    def test_a_retired_worker_leaves_its_rows_at_once(self, store):
        """A worker that stops in good order makes nobody wait."""
        enter(store)
        [seq] = apply(store, outbox=[message()], owner="w1")
        store.retire("w1")

        assert not store.renew("w1", NOW, LEASE)
        assert [seq] == adopted(store, "w2")

    def test_a_worker_that_comes_back_under_its_name_adopts_what_it_left(self, store):
        """It no longer knows what it had: the rows of its earlier life are unsent all the same."""
        enter(store)
        [seq] = apply(store, outbox=[message()], owner="w1")
        enter(store, now=later(1))

        assert [seq] == adopted(store, "w1", later(1))

    def test_sent_rows_are_gone(self, store):
        """Whoever marks them; the rest waits on."""
        first, second = apply(store, outbox=[message(), message()], owner="w1")
        apply(store, sent=[first, 999])

        assert [second] == adopted(store, "w2")

    def test_what_is_unsent_is_summed_up_by_destination(self, store):
        """Rows, bytes and the oldest, for watermarks and for people."""
        apply(
            store,
            natives={"h1": native(b"12345", "h1")},
            outbox=[
                message(destination="system.crm.in", body=b"123"),
                message(destination="system.crm.in", native="h1", at=later(-5)),
                message(destination="channel.web.out", body=b"1"),
            ],
            owner="w1",
        )

        assert [
            UnsentSummary("channel.web.out", 1, 1, NOW),
            UnsentSummary("system.crm.in", 2, 8, later(-5)),
        ] == list(store.unsent())

    def test_a_message_whose_native_bytes_nobody_has_is_refused(self, store):
        """It could never be published."""
        with pytest.raises(StoreError):
            apply(store, outbox=[message(native="nowhere")])

        assert [] == list(store.unsent())

    # Timers.

    def test_timers_are_due_oldest_first(self, store):
        """At their instant, not before, and no more than asked for."""
        timers = [Timer(f"t{one}", later(-one), "answer-by", "OL1", {"part": "crm"}) for one in range(4)]
        early = Timer("early", later(0.000001), "retry", "")
        apply(store, timers={one.key: one for one in [*timers, early]})
        with store.begin() as transaction:
            assert timers[::-1] == list(transaction.due(NOW, 9))
            assert timers[:1:-1] == list(transaction.due(NOW, 2))

    def test_a_timer_set_again_moves_and_a_cleared_one_is_gone(self, store):
        """Each key is one timer; set and cleared in one transaction it is set."""
        first = Timer("OL1|answer-by", NOW, "answer-by", "OL1")
        moved = replace(first, due=later(60), kind="retry")
        apply(store, timers={"a": replace(first, key="a"), first.key: first})
        apply(store, timers={first.key: moved}, timers_cleared={"a", first.key, "unknown"})
        with store.begin() as transaction:
            assert [] == list(transaction.due(later(59), 9))
            assert [moved] == list(transaction.due(later(60), 9))

    def test_timers_are_found_by_their_keys(self, store):
        """Due or not; whoever carries one out looks once more whether it is still what it was."""
        timers = {one: Timer(one, later(at), "retry", "OL1") for at, one in enumerate("abc", -1)}
        apply(store, timers=timers)
        with store.begin() as transaction:
            assert {"a": timers["a"], "c": timers["c"]} == transaction.timers(["a", "c", "unknown"])

    # Parked, attempts, claims.

    def test_a_parked_message_lives_from_open_to_closed(self, store):
        """The row is the truth: counted up, replayed, closed, with who and why."""
        row = parked()
        apply(store, parked={row.id: row})
        for new in (
            replace(row, times=2),
            replace(row, times=2, state=ParkedState.REPLAYING, actor="cli:ann", why="route added"),
            replace(row, times=2, state=ParkedState.CLOSED, closed_at=later(9), order_id="OL1"),
        ):
            apply(store, parked={row.id: new})
            with store.begin() as transaction:
                assert {row.id: new} == transaction.parked([row.id, "unknown"])

    def test_parked_messages_are_listed_by_state_newest_first(self, store):
        """Open ones unless asked otherwise."""
        rows = [parked(f"p{one}", later(one), state=state) for one, state in enumerate(ParkedState)]
        rows.append(parked("p9", later(9)))
        apply(store, parked={one.id: one for one in rows})

        assert [rows[4], rows[0]] == list(store.parked())
        assert [rows[3]] == list(store.parked(ParkedState.DISCARDED))
        assert rows[::-1] == list(store.parked(None))

    def test_attempts_are_counted_and_forgotten_when_finished(self, store):
        """What was started and not finished is there for the next start; finished in between, it is not."""
        first, second = Attempt("q|h1", 1, NOW), Attempt("q|h1", 2, later(1))
        apply(store, attempts=[first])
        apply(store, attempts=[second, Attempt("q|h2", 1, NOW)], attempts_done=["q|h2"])
        with store.begin() as transaction:
            assert {"q|h1": second} == transaction.attempts(["q|h1", "q|h2"])
            transaction.apply(Changes(attempts_done=["q|h1"]))
        with store.begin() as transaction:
            assert {} == transaction.attempts(["q|h1"])

    def test_a_claim_holds_until_it_is_done_and_may_be_made_anew(self, store):
        """The next attempt of a call is claimed in the transaction that ends the last one."""
        first, second = (Claim("k1", "OL1", one, "w1", later(30 * one)) for one in (1, 2))
        apply(store, claims=[first])
        apply(store, claims=[second], claims_done=["k1"])
        with store.begin() as transaction:
            assert {"k1": second} == transaction.claims(["k1", "k2"])
        apply(store, claims_done=["k1"])
        with store.begin() as transaction:
            assert {} == transaction.claims(["k1"])

    def test_the_claims_of_a_dead_worker_have_run_out(self, store):
        """Its calls ended with it: the next worker need not wait for the claims' own end."""
        claim = Claim("k1", "OL1", 1, "w1", later(60))
        apply(store, claims=[claim])
        store.register("w2", "hub-2.example", 4712, later(5), LEASE)
        with store.begin() as transaction:
            assert {"k1": replace(claim, lease=later(5))} == transaction.claims(["k1"])

    # Rules and settings.

    def test_rules_are_kept_by_version_and_the_last_saved_is_current(self, store):
        """An order finds the texts it was pinned to, whatever came after."""
        assert store.current_rules() is None
        store.save_rules("v1", {"routes/a.toml": "a = 1", "å": ""}, NOW)
        store.save_rules("v2", {}, NOW)

        assert "v2" == store.current_rules()
        assert {"routes/a.toml": "a = 1", "å": ""} == store.load_rules("v1")
        assert {} == store.load_rules("v2")
        assert store.load_rules("v3") is None

    def test_an_older_version_can_be_made_current_again(self, store):
        """Going back is saving the same texts again."""
        for version in ("v1", "v2", "v1"):
            store.save_rules(version, {"a": version}, NOW)

        assert "v1" == store.current_rules()

    def test_a_version_never_changes_its_texts(self, store):
        """Orders are pinned to it."""
        store.save_rules("v1", {"a": "1"}, NOW)
        with pytest.raises(StoreError, match="v1"):
            store.save_rules("v1", {"a": "2"}, NOW)

        assert {"a": "1"} == store.load_rules("v1")

    def test_settings_are_kept_and_replaced(self, store):
        """Such as the identity of the broker."""
        assert store.setting("broker") is None
        store.save_setting("broker", "one")
        store.save_setting("broker", "two")

        assert "two" == store.setting("broker")

    def test_settings_are_written_with_a_transaction(self, store):
        """With its journal entry, or not at all; read by the beginning of their names, taken away by None."""
        store.save_setting("a|old", "1")
        with store.begin() as tx:
            tx.apply(Changes(settings={"a|one": "1", "a|two": "2", "b|one": "3", "a|old": None}))
        with store.begin() as tx:
            tx.apply(Changes(settings={"a|one": "changed", "gone": None}))

        assert {"a|one": "changed", "a|two": "2"} == dict(store.settings("a|"))
        assert {} == dict(store.settings("a_"))

    def test_workers_are_those_with_a_lease(self, store):
        """Whoever has retired, or whose lease has ended, is none."""
        assert () == tuple(store.workers(NOW))
        store.register("w1", "host", 1, NOW, 10.0)
        assert ("w1",) == tuple(store.workers(later(9)))
        assert () == tuple(store.workers(later(10)))

        store.retire("w1")
        assert () == tuple(store.workers(later(1)))

"""``orderloom parked``: look at a message, send it back once, or set it aside once."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from canonical.codec import decode
from orderloom.cli.preview import preview
from orderloom.correlation.port import Changes, ParkedState
from orderloom.correlation.sqlite import SqliteStore
from orderloom.engine.messages import Props
from tests.cli.hub import BODY, NOW, ORDER, PARKED, Place, after, parked_changes, record

WHY = "catalogue has HX-C-BLK now"
SENTENCE = (
    "PO107 of line 1: unknown VP code 'HX-C-BLK'"
    " (one of the catalogue's VP codes for partner.acme) [E_OFFERING]"
)


def outbox_of(place: Place):
    """Unsent rows, as a worker that has just started adopts them."""
    store = SqliteStore(place.path)
    store.register("w", "here", 1, NOW, 10.0)
    rows = store.adopt("w", NOW, 10)
    store.retire("w")
    store.close()
    return rows


class TestList:
    def test_the_sentence_is_there_with_id_time_and_queue(self, one_parked):
        """
        What the console's handle says, from the row.
        """
        head, row, count = one_parked.run("parked", "list").stdout.splitlines()

        assert ["id", "at", "queue", "state", "times", "fault"] == head.split()
        assert f"{PARKED}  2026-03-01 09:30:00Z  channel.partner.in  open   1      {SENTENCE}" == row
        assert "1 message" == count

    def test_it_can_be_narrowed_by_state_and_code(self, one_parked):
        """
        Open ones are the default.
        """
        for arguments, count in (
            (["--code", "E_JSON_SYNTAX"], "0 messages"),
            (["--state", "discarded"], "0 messages"),
            (["--state", "all", "--code", "E_OFFERING"], "1 message"),
        ):
            assert count == one_parked.run("parked", "list", *arguments).stdout.splitlines()[-1]

    def test_a_flood_shows_its_newest_and_how_many_are_left(self, one_parked):
        """
        A thousand parked messages do not flood the terminal.
        """
        [row] = parked_changes().parked.values()
        more = [replace(row, id=f"{one:016x}", at=after(one + 1)) for one in range(4)]
        one_parked.write(Changes(parked={one.id: one for one in more}))
        said = one_parked.run("parked", "list", "--limit", "2").stdout.splitlines()

        assert [more[3].id, more[2].id] == [line.split()[0] for line in said[1:-1]]
        assert "5 messages, 3 older not shown (--limit)" == said[-1]


class TestShow:
    def test_everything_about_it_is_on_one_page(self, one_parked):
        """
        Fault, where, history, properties and the bytes with their offsets.
        """
        assert (
            f"id       {PARKED}\n"
            "code     E_OFFERING\n"
            "where    PO107 of line 1\n"
            "what     unknown VP code 'HX-C-BLK'\n"
            "allowed  one of the catalogue's VP codes for partner.acme\n"
            "queue    channel.partner.in\n"
            "state    open\n"
            "\n"
            "history\n"
            "  2026-03-01 09:30:00Z  parked  hub  1 time, last for E_OFFERING\n"
            "\n"
            "properties\n"
            "  message_id          m-1\n"
            "  content_type        application/edi-x12\n"
            "  timestamp           2026-03-01 09:30:00Z\n"
            "  header traceparent  00-1-2-01\n"
            "\n"
            "body, 97 B\n"
            "        0  ISA*00*          *00*          *ZZ*ACME           *ZZ*ORDERLOOM      ~\n"
            "       71  PO1*1*2*EA***VP*HX-C-BLK~\n"
            "\n"
            "fields, X12\n"
            "        0                              4953412A30302A202020202020202020…\n"
            "           ! ISA08 at byte 54: is 20 characters long (15, padded with blanks) [E_EDI_ISA]\n"
        ) == one_parked.run("parked", "show", PARKED).stdout

    def test_the_first_characters_of_the_id_will_do(self, one_parked):
        """
        As long as there are six of them.
        """
        assert 0 == one_parked.run("parked", "show", PARKED[:6]).exit_code
        assert 1 == one_parked.run("parked", "show", PARKED[:5]).exit_code

    def test_raw_is_nothing_but_the_bytes(self, one_parked):
        """
        Byte for byte, for a file.
        """
        assert BODY == one_parked.run("parked", "show", PARKED, "--raw").stdout_bytes

    def test_an_unknown_id_is_a_no(self, one_parked):
        """
        With where ids come from.
        """
        shown = one_parked.run("parked", "show", "deadbeef")

        assert 1 == shown.exit_code
        assert shown.stderr.startswith("no parked message 'deadbeef' (an id of `orderloom parked list")


class TestPreview:
    def test_bytes_that_are_no_text_are_a_hex_dump(self):
        """
        Offset, sixteen bytes, and their letters.
        """
        assert [
            "        0  c9 e2 c1 5c 00 01 02 03 41 42 43 44 45 46 47 48  ...\\....ABCDEFGH",
            "       16  49                                               I",
        ] == list(preview(b"\xc9\xe2\xc1\x5c\x00\x01\x02\x03ABCDEFGHI"))

    def test_offsets_count_bytes_and_not_characters(self):
        """
        A long line is broken; what follows a two-byte character is one further on.
        """
        lines = list(preview("ä".encode() + b"b" * 100 + b"\nend"))

        assert ["        0  ä" + "b" * 95, "       97  bbbbb", "      103  end"] == lines

    def test_a_large_body_is_cut_also_inside_a_character(self):
        """
        It stays text; what is left out is counted.
        """
        lines = list(preview(("x" + "ä" * 10).encode(), limit=4))

        assert ["        0  xä", "  … 17 more bytes (--all shows them)"] == lines

    def test_control_characters_do_not_reach_the_terminal(self):
        """
        An escape sequence makes it a hex dump; a bidirectional mark is escaped.
        """
        assert "\x1b" not in "".join(preview(b"ok\x1b[2J"))
        assert ["        0  a\\u202eb"] == list(preview("a\u202eb".encode()))


class TestReplay:
    def test_the_message_goes_back_unchanged_for_the_worker_to_send(self, one_parked):
        """
        Row, journal and outbox change together; the outbox row belongs to nobody, so that a worker adopts it.
        """
        told = one_parked.run("parked", "replay", PARKED[:8], "--why", WHY)
        [adopted] = outbox_of(one_parked)
        props = decode(adopted.row.properties, Props)

        assert 0 == told.exit_code
        assert f"{PARKED}  goes back to channel.partner.in with the next turn of a worker\n" == told.stdout
        assert ("", "channel.partner.in", True, BODY) == (
            adopted.row.exchange,
            adopted.row.routing_key,
            adopted.row.mandatory,
            adopted.body,
        )
        assert {"traceparent": "00-1-2-01", "x-parked-id": PARKED} == props.headers
        assert ("m-1", "application/edi-x12") == (props.message_id, props.content_type)

    def test_the_row_says_who_and_why(self, one_parked):
        """
        And so does its history.
        """
        one_parked.run("parked", "replay", PARKED, "--why", WHY)
        row = one_parked.parked()
        shown = one_parked.run("parked", "show", PARKED).stdout

        assert (ParkedState.REPLAYING, WHY) == (row.state, row.why)
        assert row.actor.startswith("cli:")
        assert f"message_replayed  {row.actor}  sent back to channel.partner.in: {WHY}" in shown

    def test_twice_is_once(self, one_parked):
        """
        OP-01: the second is told by whom and when, and nothing more is sent.
        """
        one_parked.run("parked", "replay", PARKED, "--why", WHY)
        again = one_parked.run("parked", "replay", PARKED, "--why", WHY)
        row = one_parked.parked()

        assert 1 == again.exit_code
        done = f"{row.closed_at:%Y-%m-%d %H:%M:%S}Z"
        assert f"parked {PARKED}: already replayed by {row.actor} at {done} [E_STATE]\n" == again.stderr
        assert 1 == len(outbox_of(one_parked))

    def test_a_message_that_was_parked_again_may_be_replayed_again(self, one_parked):
        """
        The engine opened the row anew, one time more.
        """
        one_parked.run("parked", "replay", PARKED, "--why", WHY)
        one_parked.write(parked_changes())

        assert 0 == one_parked.run("parked", "replay", PARKED, "--why", WHY).exit_code

    def test_one_bad_id_does_not_stop_the_others(self, one_parked):
        """
        What can be done is done, what cannot is told, and the status is 1.
        """
        told = one_parked.run("parked", "replay", "deadbeef", PARKED, "--why", WHY)

        assert 1 == told.exit_code
        assert PARKED in told.stdout
        assert "deadbeef" in told.stderr

    def test_the_story_of_its_order_has_it_too(self, place):
        """
        A parked reply that is known to be about an order.
        """
        changes = parked_changes(order_id=ORDER)
        changes.records = [(None, record())]
        place.write(changes)
        place.run("parked", "replay", PARKED, "--why", WHY)
        [entry] = map(json.loads, place.run("journal", ORDER, "--json").stdout.splitlines())

        assert ("message_replayed", PARKED) == (entry["event"], entry["data"]["parked_id"])

    def test_without_a_reason_nothing_is_done(self, one_parked):
        """
        The reason is for whoever asks next year.
        """
        assert 2 == one_parked.run("parked", "replay", PARKED).exit_code
        assert ParkedState.OPEN is one_parked.parked().state

    def test_without_a_broker_the_handle_is_told_to_be_left(self, one_parked):
        """
        The act itself is done.
        """
        told = one_parked.run("parked", "replay", PARKED, "--why", WHY)

        assert "channel.partner.in.parked: the handle stays there, no broker is set\n" == told.stderr


class TestDiscard:
    def test_it_is_set_aside_and_kept(self, one_parked):
        """
        Nothing is sent; row and bytes stay.
        """
        told = one_parked.run("parked", "discard", PARKED, "--why", "a test of theirs")

        assert (0, f"{PARKED}  discarded\n") == (told.exit_code, told.stdout)
        assert ParkedState.DISCARDED is one_parked.parked().state
        assert not outbox_of(one_parked)
        assert BODY == one_parked.run("parked", "show", PARKED, "--raw").stdout_bytes

    @pytest.mark.parametrize("second", ["replay", "discard"])
    def test_after_that_it_stays_so(self, one_parked, second):
        """
        By whom and when, again.
        """
        one_parked.run("parked", "discard", PARKED, "--why", "a test of theirs")
        again = one_parked.run("parked", second, PARKED, "--why", WHY)

        assert 1 == again.exit_code
        assert "already discarded by cli:" in again.stderr


def test_a_commit_that_fails_changes_nothing(one_parked):
    """
    The store is locked by a transaction of somebody else for longer than anybody waits.
    """
    other = SqliteStore(one_parked.path)
    with other.begin() as tx:
        told = one_parked.run("parked", "discard", PARKED, "--why", WHY)
        tx.apply(Changes())
    other.close()

    assert 2 == told.exit_code
    assert told.stderr.endswith("(try again) [E_STORE]\n")
    assert ParkedState.OPEN is one_parked.parked().state

"""``orderloom retention``, and what the other commands say of what is gone."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from canonical.keys import content_hash
from orderloom.correlation.port import Changes, JournalEntry, NativeRow, ParkedState
from orderloom.correlation.sqlite import SqliteStore
from tests.cli.hub import BODY, NOW, ORDER, PARKED, PO, Place, parked_changes, record

LINE = re.compile(r"(\S.*?) {2,}\S+ \S+ {2,}(\d+) {2,}(.*)")


def long_ago(place: Place, days: int, state: ParkedState = ParkedState.DISCARDED) -> None:
    """A parked message and an entry of so many days ago; beside them an order that has not ended."""
    at = datetime.now(UTC) - timedelta(days=days)
    changes = parked_changes()
    changes.parked = {key: replace(one, at=at, state=state) for key, one in changes.parked.items()}
    changes.natives = {key: replace(one, at=at) for key, one in changes.natives.items()}
    changes.journal = [JournalEntry("", at, "document_rejected", "no")]
    place.write(changes)


def kept(place: Place) -> bool:
    """Whether the parked message's bytes are there."""
    store = SqliteStore(place.path)
    found = store.native(content_hash(BODY))
    store.close()
    return found is not None


def counts(output: str) -> dict[str, str]:
    """Rows by what they are."""
    return {found[1]: found[2] for line in output.splitlines()[1:] if (found := LINE.fullmatch(line))}


def test_looking_says_what_would_go_and_takes_nothing(place):
    """
    Then the same goes, and then nothing is left to go.
    """
    long_ago(place, 401)
    looked = place.run("retention", "--dry-run")
    still = kept(place)
    done = place.run("retention")
    again = place.run("retention")

    some = {"native bytes": "1", "journal entries": "1", "keys": "0", "intakes": "0", "answers": "0"}

    assert "would go" in looked.stdout
    assert (some, some) == (counts(looked.stdout), counts(done.stdout))
    assert (True, False) == (still, kept(place))
    assert dict.fromkeys(some, "0") == counts(again.stdout)


def test_the_settings_say_how_long(place):
    """
    Bytes of 91 days ago and entries of then.
    """
    long_ago(place, 91)
    config = place.folder / "hub.toml"
    place.environment["ORDERLOOM_CONFIG"] = str(config)
    config.write_text("[retention]\nnative = 92\n")

    assert "0" == counts(place.run("retention", "--dry-run").stdout)["native bytes"]

    config.write_text("[retention]\nnative = 91\n")

    assert "1" == counts(place.run("retention", "--dry-run").stdout)["native bytes"]

    config.write_text("[retention]\nnative = 0\njournal = 0\nkeys = 0\n")

    assert "everything is kept for ever\n" == place.run("retention").stdout


def test_what_goes_first_may_not_be_kept_longest(place):
    """
    An answer is repeated under a key, and the journal names bytes.
    """
    config = place.folder / "hub.toml"
    config.write_text("[retention]\nnative = 500\nkeys = 300\n")
    place.environment["ORDERLOOM_CONFIG"] = str(config)
    told = place.run("retention").stderr.splitlines()

    rest = "(no shorter; 0 is for ever) [E_CONFIG]"

    assert [
        f"hub.toml: retention.journal: 400 days is shorter than retention.native, 500 days {rest}",
        f"hub.toml: retention.keys: 300 days is shorter than retention.journal, 400 days {rest}",
    ] == told


def test_parked_show_says_that_its_bytes_are_gone(place):
    """
    And `--raw` gives no empty file for them.
    """
    long_ago(place, 91)
    place.run("retention")
    shown = place.run("parked", "show", PARKED)
    raw = place.run("parked", "show", PARKED, "--raw")

    assert "body: removed: bytes that nobody needs are kept 90 days" in shown.stdout
    assert (1, "") == (raw.exit_code, raw.stdout)
    assert "removed: bytes that nobody needs are kept 90 days [E_NOT_FOUND]" in raw.stderr


def test_bytes_of_an_open_parked_message_stay(place):
    """
    Somebody has to decide on it.
    """
    long_ago(place, 5000, ParkedState.OPEN)
    place.run("retention")

    assert kept(place)


def test_the_journal_of_an_old_order_says_that_it_was_removed(place):
    """
    Its status is what it was.
    """
    place.write(Changes(records=[(None, record())], natives={"h": NativeRow("h", b"", "", NOW)}))
    status, journal = place.run("status", PO), place.run("journal", PO)

    assert 0 == status.exit_code
    assert f"{ORDER}: removed, entries are kept 400 days after the order's end\n" == journal.stdout

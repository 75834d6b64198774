"""``orderloom pause``, ``resume`` and ``drain``: what they say, refuse and wait for."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import msgspec
import pytest

from canonical.states import State
from orderloom.correlation.port import Changes, OutboxRow
from orderloom.correlation.sqlite import SqliteStore
from orderloom.pauses import Kind, Obeyed, obeyed_by, read_pauses, say_obeyed
from tests.cli.hub import record

WHY = ("--why", "release 4.2")


@pytest.fixture
def store(place):
    """The store beside the command, as a worker has it."""
    opened = SqliteStore(place.path)
    yield opened
    opened.close()


def working(store):
    """A worker lives, and has not looked yet."""
    now = datetime.now(UTC)
    store.register("w1", "host", 1, now, 3600.0)
    return now


@pytest.mark.parametrize(("kind", "name"), [("channel", "partner"), ("system", "crm")])
def test_a_pause_is_kept_with_who_and_why(place, store, kind, name):
    """And shown by now, until it is resumed."""
    ran = place.run("pause", kind, name, *WHY)
    assert (0, f"{kind} {name} paused\n  no worker runs; whichever starts will obey\n") == (
        ran.exit_code,
        ran.stdout,
    )
    line = place.run("now").stdout.partition("\npaused\n")[2].splitlines()[0]
    assert re.fullmatch(rf"  {kind}  {name}  for \S+ \S+  cli:\S+  release 4\.2", line)

    ran = place.run("resume", kind, name, "--why", "done")
    assert ran.stdout.startswith(f"{kind} {name} resumed after ")
    assert "paused: none" in place.run("now").stdout
    assert [(f"{kind}_paused", f"{name}: release 4.2"), (f"{kind}_resumed", f"{name}: done")] == [
        (one.event, one.text) for one in store.journal("")
    ]


def test_each_live_worker_is_named(place, store):
    """Whether it obeys, or not yet."""
    working(store)
    ran = place.run("pause", "system", "crm", *WHY)
    assert "  worker w1: has not obeyed yet\n" in ran.stdout

    place.run("resume", "system", "crm", *WHY)
    say_obeyed(store, "w1", Obeyed(token=read_pauses(store).token))
    assert {"w1"} == set(obeyed_by(store, datetime.now(UTC)))
    ran = place.run("resume", "system", "crm", *WHY)
    assert (1, "system crm: is not paused") == (ran.exit_code, ran.stderr.partition(" (")[0])


@pytest.mark.parametrize("command", ["pause", "resume", "drain"])
def test_what_nobody_knows_is_refused(place, command):
    """With the names that there are, and nothing is changed."""
    ran = place.run(command, "system", "crmm", *WHY)

    assert 2 == ran.exit_code
    assert "'crmm' is no system" in ran.stderr
    assert "billing, crm" in ran.stderr
    assert "paused: none" in place.run("now").stdout


def test_what_is_paused_is_not_paused_again(place):
    """Who has done it, and why, is told; that it stands remains theirs."""
    place.run("pause", "channel", "web", *WHY)
    ran = place.run("pause", "channel", "web", "--why", "me too")

    assert 1 == ran.exit_code
    said = r"channel web: is paused already, since \S+ \S+ by cli:\S+: release 4\.2 \(resume it first\)"
    assert re.fullmatch(rf"{said} \[E_STATE\]\n", ran.stderr)


def test_a_why_is_asked_for(place):
    """Somebody will ask tomorrow."""
    assert 2 == place.run("pause", "channel", "web").exit_code


def test_a_limit_is_no_less_than_nothing(place):
    """And nothing is paused by the attempt."""
    ran = place.run("drain", "system", "crm", *WHY, "--limit", "-1")

    assert 2 == ran.exit_code
    assert "-1.0 is not in the range" in ran.stderr
    assert "paused: none" in place.run("now").stdout


def test_drain_of_an_idle_system_ends_at_once(place, store):
    """It is paused, and stays so."""
    ran = place.run("drain", "system", "crm", *WHY)

    assert (0, "system crm: nothing is under way") == (ran.exit_code, ran.stdout.splitlines()[-1])
    assert {"crm"} == read_pauses(store).names(Kind.SYSTEM)


def test_drain_of_a_system_waits_for_its_answers(place, store):
    """Within the limit; then it says what is left, and that it stays paused."""
    at_work = record()
    lines = tuple(msgspec.structs.replace(one, state=State.IN_PROGRESS) for one in at_work.lines)
    place.write(Changes(records=[(None, msgspec.structs.replace(at_work, lines=lines))]))
    ran = place.run("drain", "system", "warehouse", *WHY, "--limit", "0.3")

    assert (1, "  1 instruction unanswered") == (ran.exit_code, ran.stdout.splitlines()[-1])
    assert "not drained within 0.3 s; it stays paused" in ran.stderr
    assert {"warehouse"} == read_pauses(store).names(Kind.SYSTEM)


@pytest.mark.parametrize(
    ("said", "left"),
    [
        pytest.param(None, "worker w1 has not obeyed yet", id="not obeyed"),
        pytest.param(("web",), "worker w1 has messages in hand", id="busy"),
        pytest.param((), "", id="done"),
    ],
)
def test_drain_of_a_channel_waits_for_the_workers(place, store, said, left):
    """Until each has settled what it had in hand."""
    working(store)
    place.run("pause", "channel", "web", *WHY)
    if said is not None:
        say_obeyed(store, "w1", Obeyed(token=read_pauses(store).token, busy=said))
    ran = place.run("drain", "channel", "web", *WHY, "--limit", "0.3")

    assert int(bool(left)) == ran.exit_code
    assert left in ran.stdout


def test_drain_of_a_channel_waits_for_the_answers_owed(place):
    """They have been written, and have not left."""
    at = datetime.now(UTC)
    rows = [
        OutboxRow("OL1", queue, "", queue, b"{}", True, at, body=b"x")
        for queue in ("channel.partner.acme.out", "channel.web.out", "system.crm.in")
    ]
    place.write(Changes(outbox=rows))
    ran = place.run("drain", "channel", "partner", *WHY, "--limit", "0.3")

    assert (1, "  channel.partner.acme.out: 1 answer unsent") == (ran.exit_code, ran.stdout.splitlines()[-1])

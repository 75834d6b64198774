"""
A batch of 500 reply cards, record 17 bad, corrected and sent again: over the queue, and by drop folder.
"""

from __future__ import annotations

import pytest

from orderloom.correlation.intake_files import FileState
from tests.support.cards import batch, told, verdicts
from tests.support.hub import running_hub

pytestmark = pytest.mark.rabbitmq

COUNT = 500
BAD, GOOD = (batch(COUNT, bad=bad, name="B2026-0901") for bad in ((17,), ()))
FIRST = ("B2026-0901", "P", verdicts(COUNT, r17="E_OFFERING"))
SECOND = ("B2026-0901", "A", verdicts(COUNT, rest="S", r17="A"))

OUT = "channel.directmail.printco.out"

FOLDER = """
[channels.web]
[channels.partner]
[channels.directmail]
folder = "drop"
quiet = 0.2
"""


def instructed(hub):
    """The ids of what the CRM was told, one for each order."""
    return [one["properties"]["message_id"] for one in hub.messages("system.crm.in")]


def acknowledgements(hub):
    """The acknowledgement files in the sender's queue, in words; those with refusals first."""
    found = hub.messages(OUT)
    words = [told(one["body"]) for one in found if one["properties"]["type"] == "acknowledgement.v1"]
    # To look at a queue may change its order.
    return sorted(words, key=lambda one: one[1], reverse=True)


def ordered(hub):
    """How many orders there are."""
    return sum(hub.states().values())


@pytest.fixture
def hub(rabbit, tmp_path):
    """A hub with the usual settings."""
    with running_hub(rabbit, tmp_path) as made:
        yield made


def test_over_the_queue(hub):
    """One message a batch; each is answered by one acknowledgement."""
    hub.worker()
    for place, body in enumerate((BAD, GOOD), 1):
        (hub.folder / "batch.bin").write_bytes(body)
        said = hub.cli("drop", "directmail", str(hub.folder / "batch.bin"))
        assert 0 == said.status, said.err
        hub.until("its acknowledgement", lambda count=place: len(acknowledgements(hub)) == count, 60, 1.0)
    # Messages that somebody has just looked at may not be back in their queue yet: looked at until they are.
    hub.until("what the CRM is told", lambda: len({*instructed(hub)}) == COUNT, 60, 1.0)
    hub.until("both acknowledgements", lambda: acknowledgements(hub) == [FIRST, SECOND], 15, 1.0)

    assert COUNT == ordered(hub)


def test_by_folder_with_the_worker_killed_in_the_middle(rabbit, tmp_path):
    """The next worker goes on behind the last record that was committed."""
    with running_hub(rabbit, tmp_path, more=FOLDER) as hub:
        worker = hub.worker()
        place = tmp_path / "drop" / "printco"
        (place / "in" / "CARDS.DAT.tmp").write_bytes(BAD)
        (place / "in" / "CARDS.DAT.tmp").rename(place / "in" / "CARDS.DAT")

        def in_the_middle():
            [row] = hub.store.open_files(1) or [None]
            return row is not None and row.state is FileState.TAKING and 0 < row.judged < COUNT

        hub.until("a chunk that is taken", in_the_middle, 60, every=0.002)
        worker.kill()
        [row] = hub.store.open_files(1)
        assert 0 < row.judged < COUNT
        assert [] == list((place / "out").iterdir())
        hub.worker()
        hub.until("its acknowledgement", lambda: not hub.store.open_files(1), 60)
        [first] = sorted((place / "out").iterdir())

        assert FIRST == told(first.read_bytes())
        assert COUNT - 1 == ordered(hub)
        (place / "in" / "CARDS.DAT").write_bytes(GOOD)
        hub.until("a second file", lambda: len(list((place / "done").iterdir())) == 2, 60)
        hub.until("its end", lambda: not hub.store.open_files(1), 60)
        [second] = {*(place / "out").iterdir()} - {first}

        assert SECOND == told(second.read_bytes())
        hub.until("what the CRM is told", lambda: len({*instructed(hub)}) == COUNT, 60, 1.0)
        assert COUNT == ordered(hub)
        assert [] == acknowledgements(hub)

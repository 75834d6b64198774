"""
A day's log of a store's tills by drop folder, through the whole hub: one answer, each order once.
"""

from __future__ import annotations

import re

import pytest

from orderloom.running import Embedded
from orderloom.settings import load
from tests.adapters.stores import SALE, line, message, previous, transaction
from tests.support.rabbit import until

SOLD = [str(number) for number in range(1, 421, 7)]


def log(bad=()):
    """A day of 420 transactions, every seventh an order; the last asks about the first."""
    case, odd = (line(inside=f"<ItemID>{code}</ItemID>") for code in ("CASE-01", "CASE-99"))
    lines = {number: odd if number in bad else case for number in SOLD}
    day = [transaction(lines.get(str(n), SALE), SequenceNumber=str(n)) for n in range(1, 421)]
    return message(*day, transaction(previous("0117.4.20260902.1"), SequenceNumber="421"))


def outcomes(body):
    """What became of each transaction, by its number; those that were ignored are counted."""
    found = re.findall(r"<SequenceNumber>(\d+)</.*?<ol:Outcome>(\w+)</", body.decode(), re.DOTALL)
    return {number: word for number, word in found if word != "Ignored"}, len(found)


class Tills:
    """The hub with a drop folder for store 0117."""

    def __init__(self, hub, root):
        self.hub = hub
        self.root = root

    def put(self, body, name):
        """The log of a day, put there as a whole; what lies in ``out`` when it is done with."""
        filed = len(self.filed())
        (self.root / "in" / f"{name}.tmp").write_bytes(body)
        (self.root / "in" / f"{name}.tmp").rename(self.root / "in" / name)
        until("the file is filed", lambda: len(self.filed()) > filed, 60)
        return {one.name: one.read_bytes() for one in sorted((self.root / "out").iterdir())}

    def filed(self):
        return [one for folder in ("done", "refused") for one in (self.root / folder).iterdir()]


@pytest.fixture
def tills(tmp_path):
    settings = tmp_path / "orderloom.toml"
    text = '[store]\npath = "orderloom.db"\n[channels.store]\nfolder = "drop"\nquiet = 1\n'
    settings.write_text(text, encoding="utf-8")
    with Embedded(load(settings, {"ORDERLOOM_SYSTEM_OSS_INTERNET_URL": "http://127.0.0.1:9"})) as hub:
        yield Tills(hub, tmp_path / "drop" / "0117")


def test_a_log_is_answered_by_one_file_and_ordered_once(tills):
    """
    What was ordered is accepted, what was sold over the counter ignored; a bad order harms no other, and the
    same log with it mended takes that one.
    """
    [(name, first)] = tills.put(log(bad=("8",)), "day.xml").items()
    told, count = outcomes(first)

    assert "0117.000000001.ack" == name
    assert 420 == count
    assert dict.fromkeys(SOLD, "Accepted") | {"8": "Rejected"} == told
    again = tills.put(log(bad=("8",)), "again.xml")

    assert {name: first} == again
    second = tills.put(log(), "mended.xml")["0117.000000002.ack"]

    assert dict.fromkeys(SOLD, "Repeated") | {"8": "Accepted"} == outcomes(second)[0]
    assert len(SOLD) == sum(tills.hub.store.counts().values())


def test_a_question_in_a_log_is_answered_on_the_queue(tills):
    """Where statuses go, too: the store asks nothing twice."""
    tills.put(log(), "day.xml")
    told = [one.body.decode() for one in tills.hub.broker.peek("channel.store.0117.out", 100)]
    [answer] = [one for one in told if "<ol:Notice>status</ol:Notice>" in one]

    assert "<SequenceNumber>421</SequenceNumber>" in answer
    assert len(SOLD) == len([one for one in told if "<ol:Notice>accepted</ol:Notice>" in one])


@pytest.mark.parametrize(
    ("body", "code"), [(log()[:-9], "E_XML_SYNTAX"), (log().replace(b">0117<", b">0042<"), "E_IDENTITY")]
)
def test_a_log_that_is_wrong_as_a_whole_creates_nothing(tills, body, code):
    """One outcome without numbers; the file lies in ``refused``."""
    [answer] = tills.put(body, "day.xml").values()

    assert f'<ol:Error Code="{code}"'.encode() in answer
    assert b"SequenceNumber" not in answer
    assert 0 == sum(tills.hub.store.counts().values())
    assert ["refused"] == [one.parent.name for one in tills.filed()]

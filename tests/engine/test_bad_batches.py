"""
Bad records through the whole hub: direct mail's acknowledgement names code, record and columns, a result of
billing is set aside with them; the other records of the file, and the next file, are taken (F-01 to F-20, one
of each way through the hub; each case by itself: tests/adapters/test_directmail_bad_input.py, tests/formats).
"""

from __future__ import annotations

from datetime import timedelta

import pytest

from adapters.formats.fixed import Format, code_page, cut, decode
from adapters.inbound.directmail.answer_layouts import ACK_TRAILER, VERDICT
from broker.port import Properties
from tests.adapters.batches import BATCH, Batch, put
from tests.adapters.test_billing import result
from tests.engine.shipped import START, Shipped

OUT = "channel.directmail.printco.out"
PAGE = code_page("cp037")
D1, D2, D3 = (BATCH.detail(number) for number in (1, 2, 3))
HEADER = BATCH.header(batch="B1")
GOOD = BATCH.file([D1, D2, D3], header=HEADER)


@pytest.fixture
def hub(tmp_path):
    """The shipped hub."""
    made = Shipped(tmp_path, split=False)
    yield made
    made.close()


def told(hub, body, minute=0):
    """Result of the acknowledgement of a batch, and its verdicts: (record, verdict, code, columns, text)."""
    hub.take(("directmail", body, Properties()), START + timedelta(minutes=minute))
    acks = []
    while (one := hub.broker.get(OUT)) is not None:
        hub.broker.ack(one)
        acks += [one.body] if one.properties.type == "acknowledgement.v1" else []
    [ack] = acks
    _, *verdicts, end = (raw.data for raw in cut((ack,), Format.of({}, 200)))
    found = [decode(one, VERDICT, PAGE) for one in verdicts]
    columns = ("RECORD-NO", "VERDICT", "CODE", "COL-FROM", "COL-TO", "FIELD", "TEXT")
    return decode(end, ACK_TRAILER, PAGE)["RESULT"], [tuple(one[name] for name in columns) for one in found]


@pytest.mark.parametrize(
    ("body", "code", "place"),
    [
        pytest.param(GOOD[:-1], "E_FW_LENGTH", "byte 800", id="F-03 cut off"),
        pytest.param(
            b"".join(GOOD[at : at + 200] + b"\r\n" for at in range(0, len(GOOD), 200)),
            "E_FW_LENGTH",
            "byte 200",
            id="F-19 text mode",
        ),
        pytest.param(GOOD[:800], "E_FW_SEQUENCE", 4, id="F-05 no trailer"),
        pytest.param(BATCH.file([D1, D2], header=HEADER, count=3), "E_FW_COUNT", 4, id="F-06 count"),
        pytest.param(BATCH.file([D1, D2], header=HEADER, cents=1), "E_FW_TOTAL", 4, id="F-07 total"),
        pytest.param(put(GOOD, 1, b"\xe7"), "E_FW_TYPE", 1, id="F-08 type"),
        pytest.param(Batch("ascii").file([Batch("ascii").detail()]), "E_FW_CODEPAGE", 1, id="F-09 ASCII"),
        pytest.param(Batch("cp500").file([Batch("cp500").detail()]), "E_FW_CODEPAGE", 1, id="F-10 cp500"),
        pytest.param(put(GOOD, 12, b"\xf9" * 8), "E_DATE", 1, id="F-16 no day"),
    ],
)
def test_a_file_that_is_wrong_as_a_whole(hub, body, code, place):
    """One verdict, and nothing of it is taken; mended, under the same number, all of it is."""
    ended, [(record, verdict, said, *_, text)] = told(hub, body)

    assert ("R", "R", code) == (ended, verdict, said)
    assert record == place if isinstance(place, int) else text.startswith(f"{place}: ")
    assert {} == hub.store.counts()
    ended, verdicts = told(hub, GOOD, minute=2)
    assert ("A", ["A", "A", "A"]) == (ended, [one[1] for one in verdicts])


@pytest.mark.parametrize(
    ("record", "code", "columns"),
    [
        pytest.param(put(D2, 1, b"\xe7"), "E_FW_TYPE", (1, 1, "REC-TYPE"), id="F-08 type"),
        pytest.param(put(D2, 36, b"\x15"), "E_CONTROL_CHAR", (34, 63, "NAME"), id="F-11 NEL"),
        pytest.param(put(D2, 27, b"\x1a\x2c"), "E_FW_PACKED", (27, 28, "QTY"), id="F-12 nibble"),
        pytest.param(put(D2, 33, b"\x00"), "E_FW_SIGN", (29, 33, "PRICE"), id="F-13 no sign"),
        pytest.param(put(D2, 34, b"\x00" * 30), "E_FW_FILLER", (34, 63, "NAME"), id="F-15 low-values"),
        pytest.param(put(D2, 36, b"\x0eAB"), "E_FW_SHIFT", (34, 63, "NAME"), id="F-18 no shift-in"),
        pytest.param(put(D2, 149, b"\xf0\xf6"), "E_FW_OCCURS", (149, 150, "ITEM-CNT"), id="F-20 six items"),
    ],
)
def test_a_record_that_is_wrong(hub, record, code, columns):
    """Its verdict has code and columns; the records around it are orders."""
    ended, verdicts = told(hub, BATCH.file([D1, record, D3], header=HEADER, cents=149700))
    first, bad, last = verdicts

    assert ("P", "A", "A") == (ended, first[1], last[1])
    assert (3, "R", code, *columns) == bad[:6]
    assert 2 == sum(hub.store.counts().values())


@pytest.mark.parametrize(
    ("body", "code", "where"),
    [
        pytest.param(result()[:-1], "E_FW_LENGTH", "byte 160", id="F-03 cut off"),
        pytest.param(result(end=1), "E_FW_COUNT", "record 2 cols 2-5 LINES", id="F-06 count"),
        pytest.param(result(named="ASCII"), "E_FW_CODEPAGE", "record 1 cols 2-10 CODE-PAGE", id="F-09 page"),
    ],
)
def test_a_result_that_is_wrong(hub, body, code, where):
    """There is nobody to answer: it waits with its place; the next one is read."""
    replies = "system.billing.replies"
    for one in (body, result()):
        hub.broker.publish("", replies, one, Properties())
        hub.work()
    [handle] = hub.broker.peek(f"{replies}.parked")

    assert body == handle.body
    assert (code, where) == (
        handle.properties.headers["x-error-code"],
        handle.properties.headers["x-error-where"],
    )
    assert 0 == hub.broker.depth(replies)

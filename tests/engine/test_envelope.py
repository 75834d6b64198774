"""
The message around the bytes: G-01 to G-06, G-10 to G-16 and G-18, and after each the next order passes.

Of a sender nothing is required but bytes: no content type, no id, no user (G-03, G-13, G-16), and what else
it puts around them decides nothing.  What adapters say of bytes: tests/adapters/test_envelope.py; what comes
over the wire: tests/broker/test_foreign.py.
"""

from __future__ import annotations

import gzip
import json
import pickle
import zlib
from base64 import b64encode
from pathlib import Path

import pytest

from broker.port import Properties
from orderloom.correlation.port import ParkedState
from orderloom.hub_topology import ORDERS_IN
from tests.engine.rig import CRM_REPLIES, order
from tests.engine.shipped import START, Shipped

IN, OUT = "channel.web.in", "channel.web.out"
PARKED = f"{IN}.parked"
MIB = 1024 * 1024
ORDER = order("W-1")
GADGET = order("W-1", offering="GADGET")
ZIPPED = gzip.compress(ORDER, mtime=0)


def drop(rig, body, **given):
    """A message with these properties, as its sender gave them."""
    rig.broker.publish("drop.web", "", body, Properties(**given))


def next_passes(rig):
    """Whatever came before."""
    rig.drop(order("W-NEXT"))
    rig.settle()
    assert "inProgress" == rig.states("W-NEXT")["order"]
    assert 0 == rig.broker.depth(IN)


def refused(rig, body, **given):
    """Code and place that come back on the channel; the next order is taken."""
    drop(rig, body, **given)
    rig.settle()
    [error] = rig.bodies(OUT)
    next_passes(rig)
    return error["code"], error["reason"].partition(": ")[0]


def taken(rig, body=ORDER, **given):
    """The order is taken, and answered on its channel's queue; so is the next one."""
    drop(rig, body, **given)
    rig.settle()
    assert ["acknowledgement.v1", "notice.accepted.v1"] == rig.told()
    assert "inProgress" == rig.states("W-1")["order"]
    next_passes(rig)


@pytest.mark.parametrize("body", [b"", b" \r\n\t "], ids=["no bytes", "blanks"])
def test_g01_nothing(rig, body):
    """There is no place where nothing is."""
    assert ("E_EMPTY", "the message holds nothing") == refused(rig, body)


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        pytest.param(b" " * (8 * MIB + 1), None, id="as sent"),
        pytest.param(gzip.compress(b" " * (8 * MIB + 1)), "gzip", id="inflated"),
        pytest.param(gzip.compress(b" " * (64 * MIB)), "gzip", id="a bomb"),
        pytest.param(b"\x1f\x8b" * (4 * MIB + 1), "gzip", id="compressed, as sent"),
    ],
)
def test_g02_over_8_mib(rig, monkeypatch, body, coding):
    """Before any adapter sees it."""
    seen = []
    translate = rig.web.translate

    def watched(native, references):
        seen.append(native.body)
        return translate(native, references)

    monkeypatch.setattr(rig.web, "translate", watched)

    assert ("E_TOO_LARGE", "message") == refused(rig, body, content_encoding=coding)
    assert [order("W-NEXT")] == seen


@pytest.mark.parametrize(
    "content_type", [None, "", "text/csv", "application/xml; charset=utf-16", "\0", "x" * 255]
)
def test_g03_a_content_type_is_not_the_channels(rig, content_type):
    """It is taken by its bytes: a format was agreed, and many a client sets no type, or a default."""
    taken(rig, content_type=content_type)


def test_g03_properties_that_a_database_may_refuse(rig):
    """NUL characters in each of them: what is parked and what is taken are kept without."""
    nul = dict.fromkeys(("content_type", "message_id", "correlation_id", "type"), "a\0b")
    drop(rig, GADGET, headers={"mood": "a\0b"}, **nul)
    rig.settle()
    [row] = rig.store.parked(None)

    assert ("E_NO_ROUTE", "ab") == (row.code, row.content_type)
    taken(rig, order("W-1"), **nul)


class Written:
    """What a pickle may do to whoever loads it."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (Path.write_bytes, (Path(self.path), b"was here"))


@pytest.mark.parametrize(
    ("content_type", "coding"),
    [
        ("application/x-python-serialize", "binary"),
        ("application/x-yaml", "utf-8"),
        ("application/x-msgpack", None),
    ],
)
@pytest.mark.parametrize("protocol", [0, 5])
def test_g04_a_content_type_that_would_run_something(rig, tmp_path, content_type, coding, protocol):
    """Nothing is loaded because a sender says so: to the web's parser a pickle is no JSON."""
    body = pickle.dumps(Written(str(tmp_path / "gift")), protocol)
    code, where = refused(rig, body, content_type=content_type, content_encoding=coding)

    assert {0: ("E_JSON_SYNTAX", "line 1 column 1 at byte 0"), 5: ("E_ENCODING", "byte 0")}[protocol] == (
        code,
        where,
    )
    assert not (tmp_path / "gift").exists()
    pickle.loads(body)  # noqa: S301 -- ours: it would have
    assert (tmp_path / "gift").exists()


@pytest.mark.parametrize("name", ["rot13-evil", "rot13", "utf-9", "../../etc/passwd", "x" * 255, "\0"])
def test_g05_a_character_set_that_nobody_knows(rig, name):
    """Whether the bytes are what they were cannot be told; nothing is looked up by that name."""
    assert ("E_CHARSET", "property content_encoding") == refused(rig, ORDER, content_encoding=name)


@pytest.mark.parametrize(
    "name", ["utf-8", "UTF-8", "us-ascii", "iso-8859-1", "cp037", "utf-16", "binary", "", None]
)
def test_g05_one_that_is_known_decides_nothing(rig, name):
    """In what the bytes are written was agreed, and they are held to that."""
    taken(rig, content_encoding=name)


def test_g05_bytes_in_what_they_say(rig):
    """Saying so does not make it agreed."""
    assert ("E_BOM", "byte 0") == refused(rig, ORDER.decode().encode("utf-16"), content_encoding="utf-16")


@pytest.mark.parametrize(
    ("body", "given", "where"),
    [
        pytest.param(ORDER, {"content_encoding": "br"}, "property content_encoding", id="unknown"),
        pytest.param(ORDER, {"content_encoding": "zstd"}, "property content_encoding", id="not read"),
        pytest.param(ORDER, {"headers": {"compression": "rot13"}}, "header compression", id="unknown header"),
        pytest.param(
            ORDER, {"headers": {"compression": "application/x-bz2"}}, "header compression", id="bzip2"
        ),
        pytest.param(ORDER, {"headers": {"compression": 7}}, "header compression", id="no text"),
        pytest.param(ORDER, {"content_encoding": "gzip"}, "message", id="is none"),
        pytest.param(ZIPPED[:-3], {"content_encoding": "gzip"}, "message", id="cut short"),
        pytest.param(ZIPPED[:-8] + b"????????", {"content_encoding": "gzip"}, "message", id="wrong checksum"),
        pytest.param(
            ZIPPED[:20] + b"\xff" + ZIPPED[21:], {"content_encoding": "gzip"}, "message", id="corrupt"
        ),
        pytest.param(
            ZIPPED + b"junk", {"content_encoding": "gzip"}, f"byte {len(ZIPPED)}", id="junk behind it"
        ),
        pytest.param(
            ZIPPED + gzip.compress(order("W-2")),
            {"content_encoding": "gzip"},
            f"byte {len(ZIPPED)}",
            id="a second one behind it, which nobody would read",
        ),
    ],
)
def test_g06_a_compression(rig, body, given, where):
    """Unknown, corrupt, or not all of what was sent; the bombs are in G-02."""
    assert ("E_COMPRESSION", where) == refused(rig, body, **given)


@pytest.mark.parametrize(
    ("body", "given"),
    [
        pytest.param(ZIPPED, {"content_encoding": "gzip"}, id="gzip"),
        pytest.param(zlib.compress(ORDER), {"content_encoding": "deflate"}, id="deflate"),
        pytest.param(
            zlib.compress(ORDER),
            {"content_encoding": "utf-8", "headers": {"compression": "application/x-gzip"}},
            id="as kombu does",
        ),
    ],
)
def test_g06_one_that_is_read(rig, body, given):
    """Whoever compresses says so in one of two ways."""
    taken(rig, body, **given)


def test_g18_compressed_twice(rig):
    """One layer is taken off, and what is below it is looked at like any other bytes."""
    assert ("E_ARCHIVE", "byte 0") == refused(rig, gzip.compress(ZIPPED), content_encoding="gzip")


def test_g10_headers_without_end(rig):
    """They decide nothing, and do not grow what is kept of a message that is set aside."""
    crowd = {f"h{number}": "x" * 8_000 for number in range(100)} | {"x-mine": 1, "n" * 200: 1, "mood": "grim"}
    drop(rig, GADGET, headers=crowd)
    rig.settle()
    [handle] = rig.broker.peek(PARKED)

    assert {"mood"} == {name for name in handle.properties.headers if not name.startswith("x-")}
    assert "x-mine" not in handle.properties.headers
    next_passes(rig)


def test_g10_headers_of_a_good_order(rig):
    """It is taken like one without."""
    taken(rig, headers={f"h{number}": "x" * 8_000 for number in range(100)})


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59+00:00"])
def test_g11_a_moment_beyond_reason(rig, moment):
    """The hub goes by its own clock."""
    taken(rig, timestamp=START.fromisoformat(moment))


@pytest.mark.parametrize(
    "reply_to", ["amq.rabbitmq.reply-to.g1h2AA5yZXBseQ==", "system.crm.in", MOBILE := "system.oss.mobile.in"]
)
def test_g12_somewhere_else_to_answer(rig, reply_to):
    """Where answers go stands in the profile, and nowhere else."""
    before = rig.depths(["system.crm.in", MOBILE])
    drop(rig, b"{not json", reply_to=reply_to, correlation_id="c-1")
    rig.settle()

    assert before == rig.depths(["system.crm.in", MOBILE])
    assert "E_JSON_SYNTAX" == rig.bodies(OUT)[0]["code"]
    taken(rig, reply_to=reply_to)
    assert [None, None] == [one.properties.reply_to for one in rig.broker.peek(OUT)]


@pytest.mark.parametrize("user", [None, "guest", "somebody else", "partner.acme"])
def test_g13_another_user(rig, user):
    """Who sends is what the bytes say, or the only endpoint; who may write is the broker's business."""
    taken(rig, user_id=user)


@pytest.fixture
def shipped(tmp_path):
    """The shipped hub with its adapters outside, so that others may speak for a channel, too."""
    made = Shipped(tmp_path, split=True)
    yield made
    made.close()


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(
            {"headers": {"CC": "system.crm.in", "BCC": "system.crm.in"}}, id="G-14 copies to others"
        ),
        pytest.param({"headers": {"n": 10**18 * 20}}, id="G-10 a number of 65 bits"),
        pytest.param({"headers": {"\U0001f4e6" * 64: 1}}, id="G-10 a name of 256 bytes"),
        pytest.param({"messageId": "m" * 4_000}, id="G-16 4,000 characters of id"),
        pytest.param({"messageId": "\u20ac" * 86}, id="G-16 258 bytes of id"),
        pytest.param({"correlationId": "c" * 4_000, "type": "t" * 4_000}, id="G-11 4,000 characters"),
    ],
)
def test_what_cannot_be_sent_on_is_set_aside_all_the_same(shipped, given):
    """Somebody's adapter says it, and AMQP cannot carry it: no other handle waits behind this one."""
    fault = {"code": "E_EDI_ISA", "what": "no header", "where": "byte 0"}
    for native in ({"body": b64encode(b"bad").decode(), **given}, {"body": b64encode(b"next").decode()}):
        content = {"command": "Translation", "channel": "partner", "native": native, "fault": fault}
        shipped.take_command(json.dumps(content).encode(), START)

    assert [b"bad", b"next"] == [one.body for one in shipped.broker.peek("channel.partner.in.parked")]
    assert 2 == len(shipped.store.parked(ParkedState.OPEN))
    assert 0 == shipped.broker.depth("system.crm.in")
    assert 0 == shipped.broker.depth(ORDERS_IN)


@pytest.mark.parametrize("count", [3, 10**9, -1, "many"])
def test_g15_counters_that_a_sender_writes(rig, count):
    """How often work was begun stands in the store: a new message is new, whatever it says of itself."""
    taken(
        rig,
        headers={
            "x-death": "rejected",
            "x-delivery-count": count,
            "x-acquired-count": count,
            "x-attempt": count,
        },
    )


def test_g15_they_do_not_make_a_message_poison(rig):
    """And one that is set aside counts from one."""
    drop(rig, GADGET, headers={"x-delivery-count": 99, "x-attempt": 99, "x-death": "expired"})
    rig.settle()
    [handle] = rig.broker.peek(PARKED)

    assert ("E_NO_ROUTE", 1) == (
        handle.properties.headers["x-error-code"],
        handle.properties.headers["x-attempt"],
    )
    assert "x-death" not in handle.properties.headers
    next_passes(rig)


@pytest.mark.parametrize(
    "name", [None, "", "m" * 255, "two\r\nlines", "\0", "\u202e", "../..", "' or 1=1 --"], ids=repr
)
def test_g16_any_id_or_none(rig, name):
    """Keys come from the document: an id is not looked at, and is shown as it came on what is set aside."""
    drop(rig, GADGET, message_id=name)
    rig.settle()
    [handle] = rig.taken(PARKED)
    [row] = rig.store.parked(None)

    assert ((name or "").replace("\0", "") or row.id) == handle.properties.message_id
    taken(rig, message_id=name)


def test_g16_one_id_for_two_orders(rig):
    """They are two all the same."""
    drop(rig, ORDER, message_id="same")
    drop(rig, order("W-2"), message_id="same")
    rig.settle()

    assert {"inProgress": 2} == rig.store.counts()


@pytest.mark.parametrize(
    ("body", "given", "code", "where"),
    [
        pytest.param(b"", {}, "E_EMPTY", "", id="G-01 nothing"),
        pytest.param(b" " * (8 * MIB + 1), {}, "E_TOO_LARGE", "message", id="G-02 size"),
        pytest.param(
            b"{}",
            {"content_encoding": "rot13-evil"},
            "E_CHARSET",
            "property content_encoding",
            id="G-05 charset",
        ),
        pytest.param(
            ZIPPED[:-3], {"content_encoding": "gzip"}, "E_COMPRESSION", "message", id="G-06 cut short"
        ),
    ],
)
def test_a_systems_reply_is_set_aside(rig, body, given, code, where):
    """There is nobody to answer: the reason waits with the bytes, and the next reply is folded."""
    rig.broker.publish("", CRM_REPLIES, body, Properties(**given))
    rig.settle()
    [row] = rig.store.parked(None)
    [handle] = rig.broker.peek(f"{CRM_REPLIES}.parked")

    assert (code, code) == (row.code, handle.properties.headers["x-error-code"])
    assert where == handle.properties.headers["x-error-where"]
    rig.drop(ORDER)
    rig.settle()
    rig.answer_crm()
    rig.settle()
    assert "completed" == rig.states("W-1")["crm"]

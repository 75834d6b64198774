"""
Bad input on a real broker: one clear error back in the channel's own format, and the next message passes.
"""

from __future__ import annotations

import gzip
import json
import re
import sqlite3
from itertools import count

import amqp
import pytest

from tests.e2e.documents import purchase_order, web_order
from tests.support.rabbit import until

pytestmark = [
    pytest.mark.rabbitmq,
    pytest.mark.parametrize("shared_hub", ["joined", "split"], indirect=True),
]

MIB = 1024 * 1024
NUMBERS = count(1)
CONTROLS = count(100)

OUT = {"web": "channel.web.out", "partner": "channel.partner.acme.out"}


@pytest.fixture(scope="module")
def hub(shared_hub):
    """A hub whose systems do not answer: this is about what senders are told at once."""
    shared_hub.worker()
    shared_hub.told = shared_hub.readers()
    return shared_hub


def web(**changes):
    """A good order with some properties changed."""
    return json.dumps(json.loads(web_order(f"W-{next(NUMBERS)}", "HANDSET-A")) | changes).encode()


def item(**changes):
    """A good order whose only item is changed."""
    good = {"id": "1", "action": "add", "quantity": 1, "productOffering": {"id": "HANDSET-A"}}
    return web(productOrderItem=[good | changes])


def x12(*changes, number="", control=None):
    """A good interchange with pieces of its text replaced."""
    name = number or f"PO-{next(NUMBERS)}"
    text = purchase_order("partner.acme", control or next(CONTROLS), (name, "HANDSET-A")).decode()
    for pattern, replacement in changes:
        text, times = re.subn(pattern, replacement, text, count=1)
        assert times, pattern
    return text.encode()


def deep(levels):
    """An item in an item in an item."""
    return b'{"a":' * levels + b"1" + b"}" * levels


def twice(body):
    """An order whose only item stands in it twice."""
    return web(productOrderItem=json.loads(body)["productOrderItem"] * 2)


# What is dropped on the web: the error that comes back, and where it says the fault is.
WEB = {
    "truncated": (lambda: web()[:60], "E_JSON_SYNTAX", "line 1 column"),
    "empty": (lambda: b"", "E_EMPTY", ""),
    "over 8 MiB": (lambda: b'{"a":"' + b"x" * (8 * MIB) + b'"}', "E_TOO_LARGE", "message"),
    "Latin-1": (lambda: web(description="caf?").replace(b"caf?", b"caf\xe9"), "E_ENCODING", "byte 18"),
    "byte order mark": (lambda: b"\xef\xbb\xbf" + web(), "E_BOM", "byte 0"),
    "not JSON": (lambda: b"{not json}", "E_JSON_SYNTAX", "line 1 column 2"),
    "nested deep": (lambda: deep(100), "E_DEPTH", "line 1 column 321"),
    "a key twice": (lambda: web()[:-1] + b',"@type":"ProductOrder"}', "E_JSON_DUPKEY", "$.@type"),
    "wrong type": (lambda: item(quantity="two"), "E_TYPE", "$.productOrderItem[0].quantity"),
    "30 digits for an id": (lambda: web(externalId=[{"id": int("9" * 30)}]), "E_TYPE", "$.externalId[0].id"),
    "unknown offering": (
        lambda: item(productOffering={"id": "NO-SUCH"}),
        "E_OFFERING",
        "$.productOrderItem[0].productOffering.id",
    ),
    "unknown action": (lambda: item(action="upgrade"), "E_ACTION", "$.productOrderItem[0].action"),
    "an item twice": (lambda: twice(web()), "E_DUPLICATE_LINE", "$.productOrderItem[1].id"),
    "negative quantity": (lambda: item(quantity=-1), "E_RANGE", "$.productOrderItem[0].quantity"),
    "absurd quantity": (lambda: item(quantity=10**30), "E_RANGE", "$.productOrderItem[0].quantity"),
}

# What a partner drops, and what comes back: 997 and TA1 with their codes, 855 with ours and a place.
# AK502 4 and AK905 5: counts; 3 and 4: control numbers; AK403 5: too long, 6: invalid character.
PARTNER = {
    "truncated": (lambda: x12()[:200], "TA1", r"\*R\*023~"),
    "wrong SE count": (lambda: x12((r"SE\*9", "SE*8")), "997", r"AK5\*R\*4~"),
    "wrong GE count": (lambda: x12((r"GE\*1", "GE*2")), "997", r"AK9\*R\*2\*1\*0\*5~"),
    "wrong IEA count": (lambda: x12((r"IEA\*1", "IEA*2")), "TA1", r"\*R\*021~"),
    "SE control number": (lambda: x12((r"SE\*9\*\d+", "SE*9*9999")), "997", r"AK5\*R\*3~"),
    "GE control number": (lambda: x12((r"GE\*1\*\d+", "GE*1*9999")), "997", r"AK9\*R\*1\*1\*0\*4~"),
    "IEA control number": (lambda: x12((r"IEA\*1\*\d+", "IEA*1*000009999")), "TA1", r"\*R\*001~"),
    "two interchanges": (lambda: x12() + x12(), "TA1", r"\*R\*024~"),
    "another receiver": (lambda: x12(("ORDERLOOM  ", "SOMEBODY   ")), "TA1", r"\*R\*008~"),
    "Latin-1": (
        lambda: x12(("Store of", "St?re of")).replace(b"St?re", b"St\xf6re"),
        "997",
        r"AK3\*N1\*4\*\*8~AK4\*2\*\*6~",
    ),
    "30 digits for a number": (lambda: x12(number="9" * 30), "997", r"AK3\*BEG\*2\*\*8~AK4\*3\*\*5~"),
    "unknown offering": (
        lambda: x12(("HX-A-BLK", "HX-NONE")),
        "855",
        r"N9\*ZZ\*E_OFFERING~MSG\*850/0001 segment 7 PO107",
    ),
    "a change": (
        lambda: x12((r"BEG\*00", "BEG*04")),
        "855",
        r"N9\*ZZ\*E_ACTION~MSG\*850/0001 segment 2 BEG01",
    ),
    "a line twice": (
        lambda: x12((r"(PO1\*[^~]*~)", r"\1\1"), (r"CTT\*1", "CTT*2"), (r"SE\*9", "SE*10")),
        "855",
        r"N9\*ZZ\*E_DUPLICATE_LINE~MSG\*850/0001 segment 8 PO101",
    ),
    "negative quantity": (
        lambda: x12((r"PO1\*1\*1", "PO1*1*-1")),
        "855",
        r"N9\*ZZ\*E_RANGE~MSG\*850/0001 segment 7 PO102",
    ),
    "absurd quantity": (
        lambda: x12((r"PO1\*1\*1", "PO1*1*999999999999")),
        "855",
        r"N9\*ZZ\*E_RANGE~MSG\*850/0001 segment 7 PO102",
    ),
}

# What names nobody who could be answered.
NOBODYS = {
    "empty": (lambda: b"", "E_EMPTY", ""),
    "over 8 MiB": (lambda: x12() + b" " * (8 * MIB), "E_TOO_LARGE", "message"),
    "cut off in its header": (lambda: x12()[:60], "E_EDI_ISA", "ISA08 at byte 54"),
    "EBCDIC": (lambda: x12().decode().encode("cp037"), "E_FORMAT_SNIFF", "byte 0"),
    "byte order mark": (lambda: b"\xef\xbb\xbf" + x12(), "E_BOM", "byte 0"),
    "unpadded header": (lambda: x12((r"\*00\* {10}", "*00*")), "E_EDI_ISA", "ISA02 at byte 7"),
    "another format": (web, "E_FORMAT_SNIFF", "byte 0"),
    "an unknown sender": (lambda: x12(("ACME  ", "NOBODY")), "E_IDENTITY", "ISA06 at byte 35"),
}


def kept(hub):
    """Messages that are in the store: taken in, or parked."""
    with sqlite3.connect(f"file:{hub.settings.store}?mode=ro", uri=True) as db:
        [[taken, parked]] = db.execute("select (select count(*) from intake), (select count(*) from parked)")
        return taken + parked


def refusals(one):
    """The records of a message to a partner that refuse something."""
    refusing = {("997", "R"), ("TA1", "R"), ("855", "RD")}
    return [record for record in one.records if (record.kind, record.status) in refusing]


def errors(one):
    """What a message to the web refuses."""
    return [one.body] if json.loads(one.body).get("@type") == "Error" else []


def dropped(hub, channel, body, refused=errors):
    """
    Drop bad bytes, and a good order after them.  Nothing is lost, the good order is there and is answered;
    returned is what was refused, once something was.

    Args:
        refused: The refusals of one message; None where nobody can be told.
    """
    heard, before = len(hub.told.kept), kept(hub)
    good = f"OK-{next(NUMBERS)}"
    next_one = web_order(good, "HANDSET-A") if channel == "web" else x12(number=good)
    hub.drop((channel, body), (channel, next_one))

    def told():
        return [one for one in hub.told.kept[heard:] if one.queue == OUT[channel]]

    until("both are dealt with", lambda: kept(hub) == before + 2)
    until("the good one is answered", lambda: any(good.encode() in one.body for one in told()))
    until("the bad one is answered", lambda: refused is None or any(map(refused, told())))
    assert hub.order(good) is not None
    return [one for one in told() if refused is not None and refused(one)]


@pytest.mark.parametrize("fault", WEB)
def test_the_web_is_told_what_was_wrong_and_where(hub, fault):
    """One TMF622 error with code and place; the next order is taken."""
    make, code, where = WEB[fault]
    [answer] = dropped(hub, "web", make())
    error = json.loads(answer.body)

    assert ("Error", code) == (error["@type"], error["code"])
    assert where in error["reason"]
    assert error["message"].endswith(f"[{code}]")


@pytest.mark.parametrize("fault", PARTNER)
def test_a_partner_is_told_in_x12_what_was_wrong(hub, fault):
    """A 997 or TA1 that rejects, or an 855 that refuses; the next interchange is taken."""
    make, kind, says = PARTNER[fault]
    [answer] = dropped(hub, "partner", make(), refusals)

    assert [kind] == [record.kind for record in refusals(answer)]
    assert re.search(says, answer.body.decode()), answer.body


@pytest.mark.parametrize("fault", NOBODYS)
def test_what_no_known_sender_can_be_told_is_parked(hub, fault):
    """With code, place and unchanged bytes, and a handle in the console; the next interchange is taken."""
    make, code, where = NOBODYS[fault]
    body = make()
    before = {row.id for row in hub.store.parked()}
    dropped(hub, "partner", body, refused=None)
    [row] = [row for row in hub.store.parked() if row.id not in before]

    assert code == row.code
    assert where == json.loads(row.fault).get("where", "")
    assert body == hub.store.native(row.native).body
    until("the handle", lambda: hub.depths()["channel.partner.in.parked"] == len(hub.store.parked()))


def drop_compressed(hub, channel, body):
    """As senders do whose client compresses."""
    parts = hub.rabbit.node.plan
    with amqp.Connection(
        f"127.0.0.1:{parts.amqp_port}",
        userid=parts.user,
        password=parts.password,
        virtual_host=hub.rabbit.vhost,
        confirm_publish=True,
    ) as connection:
        message = amqp.Message(gzip.compress(body), content_encoding="gzip", delivery_mode=2)
        connection.channel().basic_publish_confirm(message, exchange=f"drop.{channel}")


def test_a_small_message_that_is_large_inside_is_refused(hub):
    """Some kilobytes that would be 64 MiB are never inflated further than 8; small ones are read."""
    heard = len(hub.told.kept)
    drop_compressed(hub, "web", b" " * (64 * MIB))
    until("the answer", lambda: len(hub.told.kept) > heard)
    assert "E_TOO_LARGE" == json.loads(hub.told.kept[heard].body)["code"]
    drop_compressed(hub, "web", web_order("W-gzip", "HANDSET-A"))
    until("the order", lambda: hub.order("W-gzip"))


@pytest.mark.parametrize("channel", ["web", "partner"])
def test_a_number_that_was_used_is_not_used_for_something_else(hub, channel):
    """The first order stands; the second is refused by name, and may be sent under a number of its own."""
    number = f"TWICE-{next(NUMBERS)}"
    first, other = {
        "web": lambda: (web_order(number, "HANDSET-A"), web_order(number, "CASE-01")),
        "partner": lambda: (x12(number=number), x12(("HX-A-BLK", "CS-01"), number=number)),
    }[channel]()
    hub.drop((channel, first))
    until("the first", lambda: hub.order(number))
    heard = len(hub.told.kept)
    hub.drop((channel, other))

    def refused():
        return [one for one in hub.told.kept[heard:] if b"E_DUPLICATE_ORDER" in one.body]

    until("the refusal", refused)
    [refusal] = refused()
    assert hub.order(number).id.encode() in refusal.body
    assert "HANDSET-A" == hub.order(number).order.product_order_item[0].product_offering.id


def test_the_rest_of_an_interchange_passes(hub):
    """One of three orders names an unknown product: the others are taken."""
    names = [f"PO-{next(NUMBERS)}" for _ in range(3)]
    offerings = ("HANDSET-A", "HX-NONE", "INTERNET-500")
    hub.drop(("partner", purchase_order("partner.acme", next(CONTROLS), *zip(names, offerings, strict=True))))
    until("two are taken", lambda: hub.order(names[0]) and hub.order(names[2]))

    assert hub.order(names[1]) is None

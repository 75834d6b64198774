"""
Bad JSON, the same for everybody who reads it: the web, a kiosk, a channel that is declared, two systems.

Each case spoils a good document of that reader's; behind it the good one is read.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.inbound.kiosk import KioskAdapter
from adapters.inbound.web import WebAdapter
from adapters.kit import Native
from adapters.outbound.crm import CrmAdapter
from adapters.outbound.oss_internet import OssInternetAdapter
from canonical.commands import RejectedDocument
from canonical.errors import Rejected
from tests.adapters.catalogue import WEB
from tests.adapters.kiosks import KIOSKS
from tests.mapped.world import REFERENCES, adapter, samples

FIXTURES = Path(__file__).parents[1] / "fixtures"
MAPPED = adapter("json")
# By reader: a good document, and what reads it.
READERS = {
    "web": (
        (FIXTURES / "web" / "handset.json").read_bytes(),
        lambda native: WebAdapter().translate(native, WEB),
    ),
    "kiosk": (
        (FIXTURES / "kiosk" / "in" / "a-order.json").read_bytes(),
        lambda native: KioskAdapter().translate(native, KIOSKS),
    ),
    "mapped": (samples("json")["one-order"], lambda native: MAPPED.translate(native, REFERENCES)),
    "crm": ((FIXTURES / "crm" / "ok.json").read_bytes(), CrmAdapter().read_reply),
    "oss.internet": (
        (FIXTURES / "oss_internet" / "acknowledged.json").read_bytes(),
        OssInternetAdapter().read_reply,
    ),
}
CHANNELS = ("web", "kiosk", "mapped")
SYSTEMS = ("crm", "oss.internet")


def refused(reader, body):
    """Code and place of all that is refused."""
    _, read = READERS[reader]
    try:
        found = list(read(Native(body=body, content_type="application/json")))
    except Rejected as rejected:
        return [(rejected.code, rejected.where)]
    faults = [one.fault if isinstance(one, RejectedDocument) else one for one in found]
    return [(one.code, one.where) for one in faults if hasattr(one, "code")]


def with_more(reader, more):
    """Its good document with a member more, at the end."""
    good, _ = READERS[reader]
    return good.rstrip().removesuffix(b"}").rstrip() + b", " + more + b"}"


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(
    ("more", "code", "where"),
    [
        pytest.param(b'"zz": ' + b"[" * 100 + b"]" * 100, "E_DEPTH", None, id="J-02 depth"),
        pytest.param(b'"zz": {"a": 1, "a": 1}', "E_JSON_DUPKEY", "$.zz.a", id="J-03 one name twice"),
        pytest.param(b'"zz": NaN', "E_NUMBER", "$.zz", id="J-04 NaN"),
        pytest.param(b'"zz": -Infinity', "E_NUMBER", "$.zz", id="J-04 infinity"),
        pytest.param(b'"zz": 1e400', "E_NUMBER", "$.zz", id="J-05 beyond a float"),
        pytest.param(b'"zz": ' + b"9" * 5000, "E_NUMBER", "$.zz", id="J-06 5,000 digits"),
        pytest.param(b'"zz": 1e1000000000', "E_NUMBER", "$.zz", id="J-09 exponent bomb"),
        pytest.param(b'"zz": "\\ud800"', "E_ENCODING", "$.zz", id="J-10 half a pair"),
        pytest.param(b'"zz": "a\\u0000"', "E_CONTROL_CHAR", "$.zz", id="J-11 NUL"),
        pytest.param(b'"zz": 1, "ZZ": 1', "E_JSON_DUPKEY", "$.ZZ", id="J-15 but for case"),
        pytest.param(
            b'"zz": 1, "\xef\xbd\x9az": 1', "E_JSON_DUPKEY", "$['\uff5az']", id="J-15 but for width"
        ),
        pytest.param(b'"zz": [' + b"0," * 1_000_000 + b"0]", "E_RECORDS", "$", id="J-16 a million"),
        pytest.param(b'"zz": "' + b"x" * 10_000_000 + b'"', "E_TOO_LARGE", "", id="J-16 10 MB"),
    ],
)
def test_a_member_that_cannot_be_read(reader, more, code, where):
    """Refused with its path, whatever the rest of the document is."""
    [(found, place)] = refused(reader, with_more(reader, more))

    assert (code, True) == (found, where in (None, place))
    assert place or code == "E_TOO_LARGE"
    assert [] == refused(reader, READERS[reader][0])


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("tail", [b"}", b" {}", b'\n{"a": 1', b"x"])
def test_what_follows_the_document(reader, tail):
    """J-01: trailing data, a second document, half a line of one: refused at its byte."""
    good = READERS[reader][0].rstrip()
    [(code, where)] = refused(reader, good + tail)

    assert ("E_JSON_SYNTAX", f"byte {len(good + tail) - len(tail.lstrip())}") == (
        code,
        where.rpartition("at ")[2],
    )
    assert [] == refused(reader, good + b"\n")


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("body", [b"[]", b'"text"', b"12", b"true", b"null"])
def test_no_object(reader, body):
    """J-12: a document is an object."""
    assert [("E_TYPE", "$")] == refused(reader, body)


@pytest.mark.parametrize("reader", CHANNELS)
@pytest.mark.parametrize(
    ("more", "where"),
    [
        pytest.param(b'"zz": 1', "$.zz", id="J-13 unknown"),
        pytest.param(b'"__type__": "bytes", "__value__": "QQ=="', "$.__type__", id="J-14 a type of others"),
    ],
)
def test_a_property_that_nobody_knows(reader, more, where):
    """A sender of orders is told: what it wants would be lost."""
    assert [("E_UNKNOWN", where)] == refused(reader, with_more(reader, more))


@pytest.mark.parametrize("reader", SYSTEMS)
@pytest.mark.parametrize("more", [b'"zz": 1', b'"__type__": "bytes", "__value__": "QQ=="'])
def test_a_system_may_say_more_than_it_used_to(reader, more):
    """J-13, J-14: its property is passed over, and nothing is made of it."""
    good, read = READERS[reader]
    natives = [Native(body=one, content_type="") for one in (good, with_more(reader, more))]
    words = [[getattr(one, "word", None) for one in read(native)] for native in natives]

    assert words[0] == words[1]
    assert [] == refused(reader, natives[1].body)


@pytest.mark.parametrize(
    ("reader", "old", "new", "code", "where"),
    [
        pytest.param(
            "web",
            b'"quantity": 1',
            b'"quantity": 111111111111111111111111111111',
            "E_RANGE",
            "$.productOrderItem[0].quantity",
            id="J-07 web",
        ),
        pytest.param(
            "kiosk", b'"txn": "20261102-0007"', b'"txn": ' + b"1" * 30, "E_TYPE", "$.txn", id="J-07 kiosk"
        ),
        pytest.param(
            "mapped",
            b'"number": "A-1001"',
            b'"number": ' + b"1" * 30,
            "E_TYPE",
            "$.orders[0].number",
            id="J-07 mapped",
        ),
        pytest.param(
            "mapped",
            b'"quantity": 2',
            b'"quantity": true',
            "E_TYPE",
            "$.orders[0].lines[0].quantity",
            id="J-12 mapped",
        ),
        pytest.param(
            "mapped",
            b'"quantity": 2',
            b'"quantity": 9007199254740993.0',
            "E_NUMBER",
            "$.orders[0].lines[0].quantity",
            id="J-08 mapped",
        ),
    ],
)
def test_a_value_of_another_kind(reader, old, new, code, where):
    """A number for an id, and no number for a number."""
    good = READERS[reader][0]
    assert old in good

    assert [(code, where)] == refused(reader, good.replace(old, new, 1))

"""
Every value of every sample replaced by every odd one: taken or refused in words, and nothing else.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest

from adapters.inbound.web import WebAdapter
from adapters.kit import Native
from adapters.outbound.crm import CrmAdapter
from adapters.outbound.oss_internet import OssInternetAdapter
from canonical.codec import decode, encode
from canonical.commands import RejectedDocument
from canonical.errors import CODES, Rejected
from tests.adapters.catalogue import WEB

FIXTURES = Path(__file__).parents[1] / "fixtures"
ODD = (
    None,
    True,
    0,
    -1,
    10**29,
    0.5,
    "",
    " ",
    "x",
    "9" * 30,
    "\u202e\u200b",
    "Ä\n\t",
    "x" * 5000,
    [],
    [None],
    [[]],
    {},
    {"": None},
    {"@type": []},
)


def places(value, way=()):
    """The way to every value below ``value``."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, each in pairs:
        yield (*way, name)
        yield from places(each, (*way, name))


def replaced(document, way, value):
    found = copy.deepcopy(document)
    here = found
    for name in way[:-1]:
        here = here[name]
    here[way[-1]] = value
    return json.dumps(found).encode()


def odd(folder):
    """All samples of a folder, each with one odd value."""
    for path in sorted((FIXTURES / folder).glob("*.json")):
        document = json.loads(path.read_bytes())
        for way in places(document):
            for value in ODD:
                yield Native(body=replaced(document, way, value), content_type="application/json")


def outcome(adapter, native):
    """What is read of a reply, and what is refused."""
    try:
        return list(adapter.read_reply(native)), []
    except Rejected as rejected:
        return [], [rejected]


def test_the_web():
    """An odd order is a command that can be kept, or a refusal with its place."""
    told = set()
    for native in odd("web"):
        [found] = WebAdapter().translate(native, WEB)
        assert found == decode(encode(found), type(found))
        if isinstance(found, RejectedDocument):
            assert found.fault.where.startswith("$"), native.body
            told.add(found.fault.code)

    assert told <= set(CODES)
    assert {
        "E_TYPE",
        "E_MISSING",
        "E_RANGE",
        "E_UNKNOWN",
        "E_KEY_FORMAT",
        "E_FIELD_SIZE",
        "E_OFFERING",
    } <= told


@pytest.mark.parametrize(
    ("adapter", "folder"), [(CrmAdapter(), "crm"), (OssInternetAdapter(), "oss_internet")]
)
def test_systems(adapter, folder):
    """An odd reply is a reply that can be kept, or a refusal with its place."""
    told = set()
    for native in odd(folder):
        found, refused = outcome(adapter, native)
        assert found == [decode(encode(one), type(one)) for one in found]
        assert all(one.where.startswith("$") for one in refused), native.body
        told |= {one.code for one in refused}

    assert {"E_TYPE", "E_FIELD_SIZE"} <= told

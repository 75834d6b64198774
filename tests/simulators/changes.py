"""
Changes of running orders at the simulated systems: told by the hub's adapters, answers read by them.
"""

from __future__ import annotations

import http.client
from datetime import UTC, datetime
from urllib.parse import urlsplit

import msgspec
import pytest

from adapters.kit.contract import INQUIRY, Native, Stamp
from adapters.outbound.billing import BillingAdapter
from adapters.outbound.crm import CrmAdapter
from adapters.outbound.oss_internet import OssInternetAdapter
from adapters.outbound.oss_mobile import OssMobileAdapter
from adapters.outbound.warehouse import WarehouseAdapter
from canonical.replies import Reply
from canonical.systems import Attachment, Verb
from orderloom.simulators.standing import standing
from tests.adapters.instructions import (
    CHANGE_KEY,
    DOOR,
    KEY,
    ORDER,
    PURCHASE_ORDER,
    changing,
    instruction,
    line,
    turned,
    undoing,
)

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 2, 10, 0, tzinfo=UTC)
ADAPTERS = {
    one.profile.name: one
    for one in (CrmAdapter(), WarehouseAdapter(), OssInternetAdapter(), OssMobileAdapter(), BillingAdapter())
}
CHANGES = [
    (system, verb)
    for system, adapter in ADAPTERS.items()
    for verb in adapter.profile.verbs
    if verb is not Verb.DO
]
LINES = (line(1, "HANDSET-A", quantity=2), line(2, "CASE-01"))
PART = f"{ORDER}-2"
# What counts the replies to one instruction: the warehouse acknowledges it first.
RECEIPTS = {"warehouse": 1}

EVERY_CHANGE = pytest.mark.parametrize(("system", "verb"), CHANGES)
EVERY_UNDO = pytest.mark.parametrize("system", ADAPTERS)


def of(system):
    """The changes that one system can be told."""
    return pytest.mark.parametrize(("system", "verb"), [one for one in CHANGES if one[0] == system])


def first(system):
    """Two handsets and a case."""
    return instruction(
        system, "part", reference=PART, lines=LINES, place=(DOOR,), external_id=(PURCHASE_ORDER,)
    )


def change(system, verb, **more):
    """Three handsets, or no case."""
    if verb is Verb.MODIFY:
        one = changing(first(system), turned(LINES[0], quantity=3))
    else:
        one = undoing(first(system), LINES[1])
    return msgspec.structs.replace(one, **more)


def tell(broker, systems, one, number=1):
    """Tell an instruction; what the system answers at once, where it is called."""
    adapter = ADAPTERS[one.system]
    numbers = dict.fromkeys((*adapter.counters, INQUIRY), number)
    native = adapter.instruct(one, Stamp(at=NOW, numbers=numbers))
    if adapter.profile.attachment is Attachment.QUEUE:
        broker.tell(one.system, native.body)
        return []
    connection = http.client.HTTPConnection(urlsplit(systems.http_url).netloc, timeout=5)
    try:
        connection.request(native.call.method, native.call.path, native.body, {"Idempotency-Key": one.key})
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    return list(adapter.read_reply(Native(body, "", call=native.call))) if body else []


def heard(broker, system, count):
    """The first so many replies of a system, receipts aside, as the hub reads them."""
    bodies = broker.replies(system, count)
    read = [said for body in bodies for said in ADAPTERS[system].read_reply(Native(body, ""))]
    return [one for one in read if isinstance(one, Reply)]


def answers(broker, system, *, told, replies):
    """Replies to so many instructions, when so many messages of theirs are awaited."""
    return heard(broker, system, replies + told * RECEIPTS.get(system, 0))


def meaning(reply):
    """What its word means, of the whole or of its line."""
    words = {one.word for one in reply.lines} or {reply.word}
    [word] = words
    return ADAPTERS[reply.system].profile.words[word]


def about(reply):
    """Key of the instruction that it names, by whichever of its ids."""
    return {PART: KEY, f"{PART}.1": CHANGE_KEY}.get(reply.about[0].value, reply.about[0].value)


def per_instruction(system, lines=1):
    """How many messages answer so many lines."""
    return lines if system == "oss.mobile" else 1


def has(systems, system):
    """Offering and quantity of each line that the system has now."""
    return {
        number: (content["offering"], content["quantity"])
        for number, content in standing(systems.log.entries)[system, PART].items()
    }


BEFORE = {"1": ("HANDSET-A", 2), "2": ("CASE-01", 1)}
AFTER = {
    Verb.MODIFY: {"1": ("HANDSET-A", 3), "2": ("CASE-01", 1)},
    Verb.UNDO: {"1": ("HANDSET-A", 2)},
}


def only(verb, behaviour, **more):
    return [{"verb": verb.value, "behaviour": behaviour, **more}]

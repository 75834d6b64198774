"""
Two trading partners on one channel never learn of each other.
"""

from __future__ import annotations

import re

import pytest

from orderloom.simulators.x12 import read
from tests.e2e.documents import inquiry, purchase_order
from tests.support.rabbit import until

pytestmark = pytest.mark.rabbitmq


@pytest.fixture(scope="module")
def hub(shared_hub):
    """Globex has an order, and Acme has asked for it, and for a number that nobody ever used."""
    shared_hub.simulators()
    shared_hub.worker()
    shared_hub.drop(("partner", purchase_order("partner.globex", 1, ("G-7701", "HANDSET-A"))))
    until("the order ends", lambda: shared_hub.states() == {"completed": 1})
    shared_hub.drop(
        ("partner", inquiry("partner.acme", 1, "G-7701")), ("partner", inquiry("partner.acme", 2, "Z-9999"))
    )
    until("receipts and answers", lambda: shared_hub.depths()["channel.partner.acme.out"] == 4)
    return shared_hub


def told_acme(hub):
    """All that Acme finds in its queue."""
    return [
        one["body"]
        for one in hub.rabbit.management.get_messages(hub.rabbit.vhost, "channel.partner.acme.out", 100)
    ]


def answer(hub, number):
    """Acme's answer to the question for a purchase order."""
    [body] = [one for one in told_acme(hub) if f"PRF*{number}~".encode() in one]
    return body


def without_numbers(body, number):
    """Control numbers, dates, times and the number that was asked for made the same."""
    whole = read(body)
    text = body.decode().replace(f"PRF*{number}~", "PRF*?~")
    numbers = {
        whole.control,
        *(group.control for group in whole.groups),
        *(one.control for _, one in whole.sets),
    }
    for one in sorted(numbers, key=len, reverse=True):
        text = re.sub(rf"(?<=\*){re.escape(one)}(?=[*~])", "#", text)
    text = re.sub(r"\*\d{6}\*\d{4}\*U", "*D*T*U", text)
    text = re.sub(r"\*20\d{6}\*", "*D*", text)
    return re.sub(r"\*\d{4}(?=[*~])", "*T", text)


def test_a_partner_who_asks_for_anothers_order_learns_nothing(hub):
    """The answer is, byte for byte, that for a number which nobody ever used."""
    others, nobodys = answer(hub, "G-7701"), answer(hub, "Z-9999")

    assert without_numbers(nobodys, "Z-9999") == without_numbers(others, "G-7701")
    assert len(others) == len(nobodys)


def test_nothing_of_anothers_order_is_in_a_partners_queue(hub):
    """No id of it, not the hub's either, and no receipt."""
    record = hub.order("G-7701")
    acmes = [body.decode() for body in told_acme(hub)]
    ids = {alias.value for alias in record.aliases if len(alias.value) > 3} - {"G-7701"}

    assert acmes
    assert [] == [(one, text) for one in ids for text in acmes if one in text]
    assert all("5551230000" not in text for text in acmes)


def test_asked_on_behalf_of_a_partner_anothers_order_is_not_there(hub):
    """``status --as``: the same sentence and status as for a number that nobody ever used."""
    others, nobodys = (hub.cli("status", number, "--as", "partner.acme") for number in ("G-7701", "Z-9999"))

    assert (1, 1) == (others.status, nobodys.status)
    assert others.err == nobodys.err.replace("Z-9999", "G-7701")
    assert "" == others.out + nobodys.out
    assert 0 == hub.cli("status", "G-7701", "--as", "partner.globex").status

"""
Generated orders: the same for the same seed, of every kind, with the faults they say, in honest bytes.
"""

from __future__ import annotations

import json
from collections import Counter

import pytest

from orderloom.simulators import x12
from orderloom.simulators.orders import FAULTS, Mix, generate, messages
from tests.oracle.oracle import every, foretell

COUNT = 1000
CALM = {"rules": []}


@pytest.fixture(scope="module")
def orders():
    return generate(7, COUNT)


def test_the_same_seed_makes_the_same_bytes(orders):
    """And another seed others."""
    assert orders == generate(7, COUNT)
    assert not {one.number for one in orders} & {one.number for one in generate(8, COUNT)}


def test_there_are_as_many_as_asked_for_of_every_endpoint_and_fault(orders):
    """A thousand hold everything."""
    assert COUNT == len(orders)
    assert {"web.portal", "partner.acme", "partner.globex", "directmail.printco"} == {
        one.endpoint for one in orders
    }
    assert {"", *FAULTS} == {one.fault for one in orders}
    assert {1, 2, 3, 4, 5} == {len(one.lines) for one in orders if one.fault != "line"}
    assert {1, 2, 3, 4, 5} == set(Counter(one.message for one in orders if one.channel == "partner").values())


def test_numbers_and_control_numbers_are_used_once_except_where_that_is_the_fault(orders):
    """Only repetitions share a number; no two interchanges of a partner have one control number."""
    first = [(one.endpoint, one.number) for one in orders if one.fault not in {"same", "other", "mended"}]
    envelopes = {(one.endpoint, one.control[0], one.message) for one in orders if one.channel == "partner"}

    assert len(first) == len(set(first))
    assert len(envelopes) == len({envelope[:2] for envelope in envelopes})


def test_the_oracle_expects_of_the_data_what_the_generator_meant(orders):
    """The verdict is computed from what is in the documents, not from what was done to them."""
    found = [one.verdict for one in foretell((order.as_data() for order in orders), CALM)]

    assert [order.verdict for order in orders] == found


def test_an_order_that_nobody_takes_is_generated_only_when_asked_for(orders):
    """GADGET-Z parks the order."""
    gadgets = [one.as_data() for one in generate(7, 100, Mix(gadgets=1, faulty=0))]
    ordered = {line["offering"] for order in orders for line in every(order.as_data()["lines"])}

    assert "GADGET-Z" not in ordered
    assert {"parked"} == {one.verdict for one in foretell(gadgets, CALM)}


def test_every_message_is_dropped_once_in_order(orders):
    """Documents of one interchange have the same bytes."""
    dropped = list(messages(orders))

    assert len({one.message for one in orders}) == len(dropped)
    assert list(dict.fromkeys(one.native for one in orders)) == [body for _, body in dropped]


def test_an_interchange_holds_the_documents_it_says_with_the_counts_it_says(orders):
    """Trailers count right, but where the fault is that they do not."""
    for order in [one for one in orders if one.channel == "partner"]:
        interchange = x12.read(order.native)
        [group] = interchange.groups
        one = group.sets[order.position - 1]
        separator, end = interchange.separators.element, interchange.separators.segment
        trailers = [piece.strip() for piece in order.native.decode().split(end)]
        [trailer] = [t for t in trailers if t.startswith("SE") and t.endswith(separator + one.control)]

        assert order.number == one.segments[0][3]
        assert order.control == (interchange.control, group.control, one.control)
        assert (order.fault != "count") == (int(trailer.split(separator)[1]) == len(one.segments) + 2)


def test_a_batch_that_was_not_taken_whole_is_sent_again_with_its_bad_records_mended(orders):
    """Under its old name, every record under its old number; what was good has its old content."""
    cards = [one for one in orders if one.channel == "directmail"]
    mended = {one.message for one in cards if one.fault == "mended"}
    assert mended
    for message in mended:
        again = [one for one in cards if one.message == message]
        first = [one for one in cards if one.number in {o.number for o in again} and one.message < message]

        assert [one.number for one in first] == [one.number for one in again]
        assert ["S" if one.verdict == "accepted" else "M" for one in first] == [
            {"same": "S", "mended": "M"}[one.fault] for one in again
        ]


def test_a_product_order_is_json_with_its_number_and_items(orders):
    """Bundles hold their items."""
    for order in [one for one in orders if one.channel == "web"]:
        document = json.loads(order.native)

        assert order.number == document["externalId"][0]["id"]
        assert [line.id for line in order.lines] == [item["id"] for item in document["productOrderItem"]]


def test_a_repetition_has_the_content_and_not_the_bytes_of_the_first(orders):
    """Its envelope is new: it is the number that is known."""
    for again in [one for one in orders if one.fault == "same"]:
        [first] = [one for one in orders if one.number == again.number and not one.fault]

        assert (first.lines, first.customer) == (again.lines, again.customer)
        assert first.native != again.native
        assert again.message > first.message

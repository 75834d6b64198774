"""
Endpoints that mean harm, or take no care, and change orders: in native messages, through the shipped hub.
"""

from __future__ import annotations

import json

import pytest

from orderloom.correlation.conversation_port import KEPT_VERSIONS
from tests.stories.stage import Stage
from tests.stories.test_people import HANDSET, PLAN, upsert


def web_cancel(number):
    """A cancel of the order with this number."""
    task = {"@type": "CancelProductOrder", "productOrder": {"id": number}, "requestId": f"C-{number}"}
    return json.dumps(task).encode()


EARLY = {"externalId": [{"id": "W-1"}]}
"""How a change names an order that may be still to come."""


@pytest.fixture
def stage(tmp_path, monkeypatch):
    monkeypatch.setenv("ORDERLOOM_SYSTEM_OSS_INTERNET_URL", "http://127.0.0.1:9")
    made = Stage(tmp_path)
    yield made
    made.close()


def web_order(number="W-1", offering="CASE-01", **more):
    """An order of the portal with one item."""
    item = {"id": "1", "action": "add", "productOffering": {"id": offering}}
    order = {"@type": "ProductOrder", "externalId": [{"id": number}], "productOrderItem": [item]}
    return json.dumps(order | more).encode()


def web_change(number, quantity, **named):
    """A change of the quantity of item 1."""
    change = {"@type": "ProductOrder", "productOrderItem": [{"id": "1", "quantity": quantity}]}
    asked = {"@type": "ProductOrderPatchRequest", "requestId": number, "productOrder": change}
    return json.dumps(asked | (named or {"orderId": "W-1"})).encode()


class TestBeforeTheOrder:
    def test_two_changes_under_one_number_are_one_and_a_refusal(self, stage):
        """Nobody could say which of them the answer was about."""
        stage.drop("web", web_change("P-1", 3, **EARLY))
        stage.drop("web", web_change("P-1", 5, **EARLY))
        assert {"web": ["Error E_DUPLICATE_ORDER"]} == stage.news()

        stage.drop("web", web_order())

        told = stage.news()["web"]
        assert [] == [one for one in told if one.startswith("Error")]
        assert 1 == len([one for one in told if "P-1 applied" in one])
        assert ["CASE-01 x3"] == self._sent(stage)

    def test_the_same_change_twice_is_one(self, stage):
        stage.drop("web", web_change("P-1", 3, **EARLY))
        stage.drop("web", web_change("P-1", 3, **EARLY))
        stage.drop("web", web_order())

        told = stage.news()["web"]
        assert [] == [one for one in told if one.startswith("Error")]
        assert 1 == len([one for one in told if "P-1 applied" in one])
        assert ["CASE-01 x3"] == self._sent(stage)

    @pytest.mark.parametrize("number", ["W-1", "D-1"])
    def test_an_order_of_a_conversation_is_found_by_what_came_before_it(self, stage, number):
        """It is planned later than others are, and was not seen: there was no such order, it was said."""
        stage.drop("web", web_order("D-1", requestedInitialState="draft"))
        [order] = {id_ for _, id_ in stage.store.find("D-1")}
        stage.drop("web", web_change("P-1", 3, externalId=[{"id": "W-1"}]))
        if number == "W-1":
            stage.drop("web", web_cancel("D-1"))
        stage.drop("web", web_order("W-1", conversationId=stage.store.order(order).order.conversation_id))

        assert 1 == len([one for one in stage.news()["web"] if "P-1 applied" in one])
        assert ["CASE-01 x3"] == self._sent(stage)

    @staticmethod
    def _sent(stage):
        stage.answers("crm")
        stage.answers("warehouse")
        return list(stage.has()["warehouse OL1-2"].values())


class TestDrafts:
    def test_a_draft_that_is_saved_again_and_again_does_not_grow_without_end(self, stage):
        """Each document is small, and says something new."""
        told = []
        for turn in range(8):
            notes = [{"text": f"{turn} {number} {'x' * 3980}"} for number in range(100)]
            stage.drop("web", web_order("D-1", requestedInitialState="draft", note=notes))
            told += stage.news()["web"]

        assert told[-1] == "Error E_RECORDS"
        assert 5 == len([one for one in told if one.startswith("Order draft")])

        stage.drop("web", web_order("D-1"))

        assert "Order" in stage.news()["web"][0]

    def test_of_a_draft_that_is_saved_again_and_again_not_every_version_is_kept(self, stage):
        for turn in range(2 * KEPT_VERSIONS):
            stage.drop("web", web_order("D-1", requestedInitialState="draft", description=f"turn {turn}"))

        [order] = {id_ for _, id_ in stage.store.find("D-1")}
        versions = [one.version for one in stage.store.drafts([order])[order]]
        assert [*range(KEPT_VERSIONS + 1, 2 * KEPT_VERSIONS + 1)] == versions


class TestRevisions:
    def test_an_older_revision_undoes_no_later_one(self, stage):
        """Two connections, or a queue that was read twice: the third comes after the fifth."""
        stage.drop("callcenter", upsert(HANDSET))
        stage.drop("callcenter", upsert(HANDSET, PLAN, revision=5))
        stage.news()

        stage.drop("callcenter", upsert(HANDSET, revision=3))

        [told] = stage.news()["callcenter"]
        assert told.startswith("Fault")
        assert "E_STALE" in told

        stage.drop("callcenter", upsert(HANDSET, revision=6))

        assert ["undo OL1-1.2 2=MOBILE-20 x1"] == stage.news()["crm"]

    def test_nor_does_one_that_came_before_the_order(self, stage):
        stage.drop("callcenter", upsert(HANDSET, PLAN, revision=5))
        stage.drop("callcenter", upsert(HANDSET, revision=3))
        stage.drop("callcenter", upsert(HANDSET))

        told = stage.news()["callcenter"]
        assert 1 == len([one for one in told if "E_STALE" in one])
        assert 1 == len([one for one in told if "1-7/5 Applied" in one])

"""
A check in the whole engine: credit is asked for by the CRM before anybody builds a line.
"""

from __future__ import annotations

import pytest

from tests.engine.rig import CRM_REPLIES, OSS_REPLIES, RULES, Rig, crm_result, order, oss_event

CREDIT = RULES["routes/all.toml"].replace(
    'name = "crm"\n  system = "crm"', 'name = "crm"\n  system = "crm"\n  check = true\n  valid_for = "30m"'
)


@pytest.fixture
def rig(tmp_path):
    made = Rig(tmp_path, rules=RULES | {"routes/all.toml": CREDIT})
    yield made
    made.crash()


def test_a_refusal_rejects_the_order_before_anything_is_built(rig):
    """The word holds a line elsewhere; of a check it is the answer."""
    rig.drop(order())
    rig.settle()
    rig.answer_crm("REFUSED", reason="no credit")
    rig.settle()

    assert {"crm": "rejected", "internet": "cancelled", "order": "rejected"} == rig.states()
    assert [] == rig.calls.made
    assert "notice.ended.v1" == rig.told()[-1]


def test_what_was_reserved_and_not_used_is_asked_for_again_by_the_sweep(tmp_path):
    """Whether the line can be built is not known for so long that the credit must be looked at once more."""
    reach = """
  [[route.part]]
  name = "reach"
  system = "oss.internet"
  items = { category = "internet" }
  check = true
"""
    rules = CREDIT.replace(
        '  [[route.part]]\n  name = "internet"', f'{reach}  [[route.part]]\n  name = "internet"'
    )
    rules = rules.replace('expect = ["crm", "internet"]', 'expect = ["crm", "reach", "internet"]')
    rig = Rig(tmp_path, rules=RULES | {"routes/all.toml": rules})
    rig.drop(order())
    rig.settle()
    rig.answer_crm()
    rig.answer_call()
    rig.settle()
    assert {
        "crm": "completed",
        "reach": "inProgress",
        "internet": "acknowledged",
    }.items() <= rig.states().items()
    rig.step(1801)
    rig.engine.sweep(rig.now)
    rig.settle()
    [again] = rig.bodies("system.crm.in")
    assert rig.key("crm") != again["requestId"]
    assert "inProgress" == rig.states()["crm"]
    rig.drop(crm_result(again["requestId"]), CRM_REPLIES)
    rig.drop(oss_event(rig.key("reach")), OSS_REPLIES)
    rig.settle()

    assert {
        "crm": "completed",
        "reach": "completed",
        "internet": "inProgress",
    }.items() <= rig.states().items()
    rig.crash()

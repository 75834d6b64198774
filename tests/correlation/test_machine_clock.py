from __future__ import annotations

from datetime import UTC, datetime

import pytest
from freezegun import freeze_time

from orderloom.correlation.folded import Folded
from tests.correlation.build import NOON, Story, order_of, part, receipt

YEARS_APART = ("2001-01-01 00:00:00", "2038-01-19 03:14:08")


def a_story_with_everything() -> list[Folded]:
    """Acceptance, a receipt, silence, a late answer, a refusal, a respond-by and an end."""
    story = Story(
        order_of("1", "2"), part("crm", ["1"]), part("net", ["1", "2"], "crm"), part("tv", ["2"], "net")
    )
    story.hears(receipt(story.record, "crm"))
    story.due("answer-by", "crm")
    story.due("answer-by", "crm")
    story.due("respond-by")
    story.says("crm", "done")
    story.says("net", line_1="shipped", line_2="no")
    story.says("net", line_1="done")
    return story.acts


@pytest.mark.parametrize("instant", YEARS_APART)
def test_the_fold_ignores_the_machines_clock(instant):
    """What it makes of an order depends on the time it is told, whatever the machine believes."""
    expected = a_story_with_everything()

    with freeze_time(instant):
        assert datetime.fromisoformat(instant).replace(tzinfo=UTC) == datetime.now(UTC)
        assert expected == a_story_with_everything()


def test_all_instants_are_of_the_time_it_is_told():
    """Nothing carries another date than that of its step."""
    for act in a_story_with_everything():
        assert {act.at} >= {entry.at for entry in act.journal} | {notice.at for notice in act.notices}
        assert NOON.date() == act.at.date()

"""docs/cli.md and docs/settings.md say what the program does: the first is run, the second is made."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from orderloom.cli.story.scene import story_file
from orderloom.mapping_reference import reference as mapping_reference
from orderloom.settings_reference import reference
from tests.cli.hub import ORDER, Place, journal, parked_changes, record

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"^```console\n\$ (.*?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
AGE = re.compile(r"\b\d+ (d|h|min|s)( \d+ (h|min|s))?\b")
AT = re.compile(r"\b\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ")
USER = re.compile(r"cli:\w+")

EXAMPLES = BLOCK.findall((DOCS / "cli.md").read_text("utf-8"))


@pytest.fixture
def shop(place) -> Place:
    """The order, the parked message and the batch that the page talks about."""
    changes = parked_changes()
    changes.records = [(None, record())]
    changes.journal = journal(ORDER)
    place.write(changes)
    (place.folder / "printco-batch.ebcdic").write_bytes(story_file("printco-batch.ebcdic"))
    return place


def steady(text: str) -> list[str]:
    """Without what differs from day to day and from user to user; columns closed up."""
    lines = USER.sub("cli:USER", AGE.sub("AGE", AT.sub("AT", text))).splitlines()
    return [re.sub(r" {2,}", "  ", line).rstrip() for line in lines]


def test_the_page_is_what_the_program_says(shop):
    """
    Every example in turn on one store; standard output and standard error as a terminal shows them.
    """
    assert len(EXAMPLES) > 8
    for command, output in EXAMPLES:
        program, *arguments = shlex.split(command)
        ran = shop.run(*arguments)

        assert ("orderloom", command, steady(output)) == (program, command, steady(ran.output))


def test_the_settings_page_is_made_from_the_schema():
    """
    ``python -m orderloom.settings_reference > docs/settings.md`` mends it.
    """
    assert reference() == (DOCS / "settings.md").read_text("utf-8")


def test_the_mapping_page_is_made_from_the_types():
    """
    ``make reference`` mends it.
    """
    assert mapping_reference() == (DOCS / "mapping.md").read_text("utf-8")

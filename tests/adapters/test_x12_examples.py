"""
The X12 in the documentation is what the tests read and write.

An example stands in a fenced block under a comment that names it: ``<!-- example: partner orders -->``.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = re.compile(r"<!-- example: ([^>]+) -->\n+```text\n(.*?)```", re.DOTALL)
FIXTURES = {
    "docs/channels/partner.md": {
        "partner orders": "partner/in/orders",
        "partner change": "partner/in/change",
        "partner cancel": "partner/in/cancel",
        "partner answer": "partner/in/answer",
        "partner question": "partner/in/inquiry",
        "partner acknowledgement": "partner/out/acknowledgement",
        "partner ta1": "partner/out/ta1",
        "partner decided": "partner/out/855-accepted",
        "partner changed": "partner/out/865-changed",
        "partner quote": "partner/out/865-quote",
        "partner cancelled": "partner/out/865-cancelled",
        "partner shipped": "partner/out/870-shipped",
        "partner not found": "partner/out/870-not-found",
    },
    "docs/systems/warehouse.md": {
        "warehouse order": "warehouse/out/940",
        "warehouse change": "warehouse/out/940-change",
        "warehouse too late": "warehouse/in/too-late",
        "warehouse advice": "warehouse/in/shipped",
        "warehouse refusal": "warehouse/in/refusal",
    },
}


@pytest.mark.parametrize("page", FIXTURES)
def test_the_examples_of_a_page(page):
    """Each is a fixture of the tests, broken into lines."""
    found = {name: text.replace("\n", "") for name, text in EXAMPLE.findall((ROOT / page).read_text())}
    expected = {
        name: (ROOT / "tests" / "fixtures" / f"{path}.edi").read_text().replace("\n", "")
        for name, path in FIXTURES[page].items()
    }

    assert expected == found

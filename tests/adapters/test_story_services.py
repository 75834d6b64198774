"""
The demonstration's telephony and television, told in one small JSON format.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import ClassVar

import pytest

from adapters.kit import Native, Stamp
from adapters.kit.conformance import OutboundConformance
from canonical.errors import Rejected
from orderloom.cli.story.services import TelevisionAdapter, VoiceAdapter
from tests.adapters.instructions import (
    CHANGE_KEY,
    KEY,
    PURCHASE_ORDER,
    changing,
    instruction,
    line,
    turned,
    undoing,
)

FULL = instruction(
    "oss.tv",
    "tv",
    lines=(line(1, "TV-BASIC"), line(2, "TV-BASIC", quantity=2)),
    external_id=(PURCHASE_ORDER,),
)
MORE = changing(FULL, turned(FULL.lines[1], quantity=3))
GOOD = {"key": KEY, "answer": "R-1", "said": "DONE"}


class _Conformance(OutboundConformance):
    instructions: ClassVar = {"full": FULL, "changed": MORE, "taken back": undoing(FULL, FULL.lines[0])}
    replies: ClassVar = {
        word.lower(): json.dumps(GOOD | {"said": word}).encode() for word in ("DONE", "NEVER", "STUCK")
    }


class TestTelevision(_Conformance):
    adapter = TelevisionAdapter()


class TestVoice(_Conformance):
    adapter = VoiceAdapter()


def test_a_change_names_what_it_changes():
    """And says the line as it is to be."""
    told = TelevisionAdapter().instruct(MORE, Stamp(at=datetime(2026, 11, 2, tzinfo=UTC)))

    assert {
        "does": "modify",
        "key": CHANGE_KEY,
        "reference": MORE.reference,
        "number": "4500000042",
        "lines": [{"line": 2, "service": "TV-BASIC", "quantity": 3}],
        "earlier": KEY,
    } == json.loads(told.body)


@pytest.mark.parametrize("lacking", GOOD)
def test_an_answer_that_lacks_something_is_refused(lacking):
    """By name."""
    said = {name: value for name, value in GOOD.items() if name != lacking}
    native = Native(body=json.dumps(said).encode(), content_type="application/json")
    with pytest.raises(Rejected) as no:
        list(TelevisionAdapter().read_reply(native))

    assert f"$.{lacking}" in str(no.value)

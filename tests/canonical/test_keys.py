"""
Deterministic ids: they must never change, or every id changes with them.
"""

from __future__ import annotations

import uuid

from hypothesis import given
from hypothesis import strategies as st

from canonical.keys import message_id

SPACE = uuid.UUID("6f8ec6a2-6b0f-5f0c-9d1e-0d8a3f0e7c11")
WORDS = st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=4)


@given(WORDS)
def test_a_message_id_is_the_name_based_uuid_of_its_cause(words):
    """
    As the standard library makes it, bit for bit.
    """
    assert str(uuid.uuid5(SPACE, "\x1f".join(words))) == message_id(*words)


def test_a_message_id_is_the_same_for_ever():
    """
    Written down on the day on which ids were first given out.
    """
    assert "74a20254-426c-5d1a-8926-a3719c349ccf" == message_id(
        "instruction", "OL0123456789ABCDEF", "crm", "do", "0"
    )

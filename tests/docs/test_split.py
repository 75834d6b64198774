"""
docs/split.md: each of its JSON examples is taken by the queue that it is for.
"""

from __future__ import annotations

import json

import pytest

from canonical.codec import decode
from canonical.commands import SubmitOrder
from canonical.replies import Receipt, Reply
from canonical.translated import Translation
from tests.docs.pages import page

KINDS = (SubmitOrder, Translation, Reply)
EXAMPLES = [fence.body for fence in page("docs/split.md").fences if fence.language == "json"]


@pytest.mark.parametrize(("body", "kind"), list(zip(EXAMPLES, KINDS, strict=True)))
def test_an_adapter_in_another_language_may_write_so(body, kind):
    """
    Complete, and without a property that nobody knows.
    """
    union = Reply | Receipt if kind is Reply else Translation | SubmitOrder
    assert isinstance(decode(body, union), kind)
    with pytest.raises(Exception, match="unknown field `more`"):
        decode(json.dumps(json.loads(body) | {"more": 1}), union)

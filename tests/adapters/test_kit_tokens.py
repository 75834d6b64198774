"""
The suite's rule about tokens: they are handed out as they are, or the hub could not leave them out.
"""

from __future__ import annotations

import base64

import pytest

from adapters.kit import Native, Stamp
from adapters.kit.specimens import AT, intakes
from adapters.kit.tokens import hides_tokens
from tests.adapters.toy import LIST, TOYS, ToyAdapter


class Talking(ToyAdapter):
    """It hands out tokens."""

    conversing = True

    def acknowledge(self, intake, stamp):
        body = " ".join(one.token for one in intake.verdicts)
        return Native(body=self.written(body), content_type="text/plain")

    def written(self, text):
        return text.encode("ascii")


class Mainframe(Talking):
    def written(self, text):
        return text.encode("cp500")


class Wrapping(Talking):
    def written(self, text):
        return base64.b64encode(text.encode("ascii"))


class Silent(ToyAdapter):
    """It says that it converses, and hands out nothing."""

    conversing = True


@pytest.mark.parametrize(
    ("made", "hides"),
    [(Talking, False), (Mainframe, False), (Wrapping, True), (Silent, True), (ToyAdapter, False)],
)
def test_tokens_are_told_as_they_are(made, hides):
    """In ASCII or in EBCDIC; of a channel that does not converse nothing is asked."""
    adapter = made()
    orders = list(adapter.translate(Native(body=LIST, content_type=""), TOYS))
    told = intakes(orders[0].order, [one.origin for one in orders])
    stamp = Stamp(at=AT)

    assert [hides, hides] == [hides_tokens(adapter, told[name], stamp) for name in ("accepted", "repeated")]
    assert not hides_tokens(adapter, told["rejected"], stamp)

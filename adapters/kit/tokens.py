"""
Whether an adapter hands out tokens as they are: the hub leaves them out of what it keeps, and must find them.
"""

from __future__ import annotations

import msgspec

from canonical.notices import Intake, Outcome

from .contract import ConversingAdapter, InboundAdapter, Stamp

__all__ = ["hides_tokens"]

_TAKEN = frozenset({Outcome.ACCEPTED, Outcome.REPEATED})
# Every code page writes a token in the same bytes as one of these.
_PAGES = ("ascii", "cp037")


def hides_tokens(adapter: InboundAdapter, intake: Intake, stamp: Stamp) -> bool:
    """
    Whether an acknowledgement of what was all taken shows none of its tokens, as they are, in ASCII or
    EBCDIC.  Of some documents there may be nothing to tell; a channel that does not converse gets none.
    """
    outcomes = {one.outcome for one in intake.verdicts}
    if not outcomes or outcomes - _TAKEN or not isinstance(adapter, ConversingAdapter):
        return False
    tokens = [f"R-0000-0000-0000-0000-0000-{n:04d}" for n in range(len(intake.verdicts))]
    verdicts = tuple(
        msgspec.structs.replace(one, token=token) for one, token in zip(intake.verdicts, tokens, strict=True)
    )
    told = adapter.acknowledge(msgspec.structs.replace(intake, verdicts=verdicts), stamp)
    return told is None or not any(one.encode(page) in told.body for one in tokens for page in _PAGES)

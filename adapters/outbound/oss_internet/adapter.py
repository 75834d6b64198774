"""
Internet provisioning's adapter: one call an instruction; answers and events back.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from adapters.kit.contract import Native, Stamp
from adapters.kit.verbs import earlier
from canonical.errors import Rejected
from canonical.instructions import Instruction
from canonical.replies import Receipt, Reply
from canonical.systems import Verb

from .answers import read_answer
from .requests import cancel, change, service_order
from .words import PROFILE

__all__ = ["OssInternetAdapter"]

_CONTENT_TYPE = "application/json"


class OssInternetAdapter:
    """Order services from internet provisioning, change and cancel them, and read their states."""

    profile = PROFILE
    counters: tuple[str, ...] = ()

    def instruct(self, instruction: Instruction, stamp: Stamp) -> Native:
        """
        A ``ServiceOrder`` to be posted, a patch of one, or a ``CancelServiceOrder`` to be posted.

        Raises:
            Rejected: ``E_KEY_MISSING`` for a change of nothing.
        """
        changed = earlier(instruction, PROFILE)
        if instruction.verb is Verb.MODIFY:
            (call, body), name = change(instruction, changed), "change of ServiceOrder"
        elif instruction.verb is Verb.UNDO:
            (call, body), name = cancel(instruction, changed), "CancelServiceOrder"
        else:
            (call, body), name = service_order(instruction), "ServiceOrder"
        number = len(instruction.lines)
        return Native(
            body=msgspec.json.encode(body),
            content_type=_CONTENT_TYPE,
            summary=f"{name} {instruction.reference}, {number} item{'s' * (number != 1)}",
            call=call,
        )

    def read_reply(self, native: Native) -> Iterator[Reply | Receipt | Rejected]:
        """
        What is in an event, in the answer to a call, or in the error that a call got.

        An answer names its instruction only when the system echoes ``externalId``, an error never does; the
        hub knows which call it made.  Properties that are not known are passed over.

        Raises:
            Rejected: The body is none of them.
        """
        yield from read_answer(native)

"""
An adapter that some messages kill; made anew in the child that looks at suspects.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from threading import Event

from adapters.inbound.web import WebAdapter
from adapters.kit.contract import Native
from canonical.commands import Command, RejectedDocument
from canonical.references import References
from orderloom.adapter_forwarder import Forwarder
from tests.engine.rig import RULES, rules_of

__all__ = ["DEADLY", "ENDLESS", "DeadlyAdapter", "deadly"]

DEADLY = b"dies of it"
ENDLESS = b"never ends"


class DeadlyAdapter(WebAdapter):
    """The web's, with two weak spots."""

    def translate(self, native: Native, references: References) -> Iterator[Command | RejectedDocument]:
        if native.body == DEADLY:
            os._exit(9)
        if native.body == ENDLESS:
            Event().wait()
        return super().translate(native, references)


def deadly() -> Forwarder:
    """What the child makes."""
    references = rules_of(tuple(RULES.items())).references
    return Forwarder("web", DeadlyAdapter(), lambda: references)

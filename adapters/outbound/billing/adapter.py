"""
Billing's adapter: one charge message an instruction, one result message a reply.
"""

from __future__ import annotations

from collections.abc import Iterator

from adapters.formats.fixed import Format, code_page, join
from adapters.kit.contract import Native, Stamp
from adapters.kit.verbs import earlier
from canonical.errors import Rejected
from canonical.instructions import Instruction
from canonical.replies import Receipt, Reply

from .charges import charge_records
from .layouts import CHARGE, CHARGES, CHARGES_END, LENGTH, RESULT, RESULTS, RESULTS_END, REVERSAL
from .results import read_results
from .words import PROFILE

__all__ = ["BillingAdapter"]

_CONTENT_TYPE = "application/octet-stream"
_DEFAULT_PAGE = "cp037"


class BillingAdapter:
    """Tell billing what to charge, and read what it has booked."""

    profile = PROFILE
    counters: tuple[str, ...] = ("message",)
    record_families = (
        {"B": CHARGES, "V": REVERSAL, "L": CHARGE, "E": CHARGES_END},
        {"R": RESULTS, "S": RESULT, "E": RESULTS_END},
    )

    def instruct(self, instruction: Instruction, stamp: Stamp) -> Native:
        """
        A charge message, written as the system's settings say: ``code_page`` (cp037), ``recfm`` (FB).

        Raises:
            Rejected: ``E_UNCHANGEABLE`` for a change: what was charged is reversed, and charged anew;
                ``E_KEY_MISSING`` for a reversal of nothing; what records cannot say, with line and columns.
        """
        reversed_ = earlier(instruction, PROFILE)
        page = code_page(stamp.settings.get("code_page", _DEFAULT_PAGE))
        form = Format.of(stamp.settings, LENGTH)
        records = charge_records(instruction, stamp, page, reverses=reversed_, variable=form.variable)
        number, name = len(instruction.lines), "reversal" if reversed_ else "charges"
        return Native(
            body=b"".join(join(records, form, page.blank)),
            content_type=_CONTENT_TYPE,
            summary=f"{name} {instruction.reference}, {number} line{'s' * (number != 1)}",
        )

    def read_reply(self, native: Native) -> Iterator[Reply | Receipt | Rejected]:
        """
        The result in a message; it says itself in which code page and record format it is written.

        Raises:
            Rejected: It cannot be read, or does not say which charges it is about.
        """
        yield read_results(native.body)

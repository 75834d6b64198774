"""
What is open while an X12 interchange is read: the current group and the current transaction set.
"""

from __future__ import annotations

from msgspec.structs import replace

from canonical.errors import Fault, Rejected

from .x12_model import Group, GsHeader, TransactionSet
from .x12_segment import Segment, SetHome

__all__ = ["OpenGroup", "OpenSet"]


class OpenSet:
    """
    A transaction set between its ST and its SE.
    """

    def __init__(self, code: str, control: str, offset: int, home: SetHome) -> None:
        self.code, self.control, self.offset, self.home = code, control, offset, home
        self.segments: list[Segment] = []
        self.count = 0
        self.fault: Fault | None = None

    def fail(self, error: Rejected) -> None:
        self.fault = self.fault or error.fault

    def closed(self) -> TransactionSet:
        return TransactionSet(
            code=self.code,
            control=self.control,
            segments=tuple(self.segments),
            offset=self.offset,
            fault=self.fault,
        )


class OpenGroup:
    """
    A functional group between its GS and its GE.
    """

    def __init__(self, gs: GsHeader, offset: int) -> None:
        self.gs, self.offset = gs, offset
        self.sets: list[TransactionSet] = []
        self.controls: set[str] = set()
        self.declared: int | None = None
        self.fault: Fault | None = None

    def fail(self, error: Rejected) -> None:
        self.fault = self.fault or error.fault

    def closed(self) -> Group:
        sets = tuple(s if s.fault or not self.fault else replace(s, fault=self.fault) for s in self.sets)
        return Group(gs=self.gs, sets=sets, offset=self.offset, declared=self.declared, fault=self.fault)

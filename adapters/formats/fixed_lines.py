"""
Records of one length with a line end behind each.
"""

from __future__ import annotations

from collections.abc import Iterator

from canonical.errors import Rejected, shown

from .fixed_records import Raw

__all__ = ["cut_lines"]


def cut_lines(data: bytes, length: int, end: bytes) -> Iterator[Raw]:
    """
    Records of ``length`` bytes with ``end`` behind each.

    They are cut by length all the same: a line end within a record is data.

    Raises:
        Rejected: ``E_FW_SHORT`` or ``E_FW_LONG`` for a record that ends elsewhere, ``E_FW_LENGTH`` for one
            without its end or with another; when it is come to.
    """
    for number, start in enumerate(range(0, len(data), length + len(end)), 1):
        if not data.startswith(end, start + length):
            raise _misplaced(data, Raw(number, start, data[start : start + length]), length, end)
        yield Raw(number, start, data[start : start + length])


def _misplaced(data: bytes, raw: Raw, length: int, end: bytes) -> Rejected:
    allowed = f"{length} bytes and {shown(end)}"
    behind = raw.offset + length
    for other in (b"\r\n", b"\n"):
        if data.startswith(other, behind):
            what = f"{shown(other)} behind record {raw.number}; text-mode transfer?"
            return Rejected("E_FW_LENGTH", what, f"byte {behind}", allowed)
    found = data.find(end, raw.offset) - raw.offset
    if found >= 0:
        code = "E_FW_SHORT" if found < length else "E_FW_LONG"
        return Rejected(code, f"a record of {found} bytes", f"record {raw.number}", allowed)
    if len(raw.data) < length:
        what = f"the file ends {len(raw.data)} bytes into record {raw.number}"
        return Rejected("E_FW_LENGTH", what, f"byte {raw.offset}", allowed)
    return Rejected("E_FW_LENGTH", f"no line end behind record {raw.number}", f"byte {behind}", allowed)

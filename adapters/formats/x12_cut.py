"""
Cutting X12 segments: bytes of one segment to its elements, within limits and in the agreed character set.
"""

from __future__ import annotations

import re
from functools import lru_cache

from msgspec.structs import replace

from canonical.errors import shown

from .x12_model import IsaHeader
from .x12_segment import Segment, Separators, SetHome

__all__ = ["MAX_COMPONENTS", "MAX_ELEMENTS", "Cutter"]

# The widest segments of the standard (SDQ, W12) have fewer than 30 elements.
MAX_ELEMENTS = 100
# The largest composite of the standard has 17 components.
MAX_COMPONENTS = 20

# Character sets in which every ASCII byte means itself, so that separators can be found before decoding.
_CHARSETS = frozenset({"ascii", "latin-1", "cp1252", "utf-8"})
_TAG = re.compile(r"[A-Z][A-Z0-9]{1,2}")


class Cutter:
    """
    Cuts the segments of one interchange.

    Raises:
        ValueError: When ``charset`` is none in which separators can be found before decoding.
    """

    def __init__(self, isa: IsaHeader, charset: str) -> None:
        if charset not in _CHARSETS:
            msg = f"charset {charset!r} is none of {sorted(_CHARSETS)}"
            raise ValueError(msg)
        separators = isa.separators
        self._charset = charset
        self._separator = separators.element
        self._element = separators.element.encode("ascii")
        self._crowds = [c.encode("ascii") for c in (separators.component, separators.repetition) if c]
        self._control_chars = _control_chars(separators)
        self._outside = SetHome("", separators)

    def tag(self, raw: bytes) -> bytes:
        """
        The first element's first four characters: enough to tell the segments of the envelope.
        """
        return raw[:4].partition(self._element)[0]

    def cut(self, raw: bytes, offset: int, ordinal: int = 0, home: SetHome | None = None) -> Segment:
        """
        One segment with its elements; ``raw`` comes without terminator.

        Raises:
            Rejected: ``E_EDI_ELEMENTS``, ``E_EDI_COMPONENTS``, ``E_ENCODING``, ``E_CONTROL_CHAR`` or
                ``E_EDI_STRUCTURE`` (no segment id).
        """
        home = home or self._outside
        crowded = raw.count(self._element) > MAX_ELEMENTS
        if not crowded and not any(raw.count(char) >= MAX_COMPONENTS for char in self._crowds):
            try:
                text = raw.decode(self._charset)
            except UnicodeDecodeError:
                text = ""
            tag, *elements = text.split(self._separator)
            if text.isprintable() and _TAG.fullmatch(tag):
                return Segment(tag, tuple(elements), ordinal, offset, home)
        return self._cut_slowly(raw, Segment(self._safe_tag(raw), (), ordinal, offset, home))

    def _cut_slowly(self, raw: bytes, blank: Segment) -> Segment:
        """
        The same for a segment that looked odd: say what is wrong with it, or that it is sound after all.
        """
        self._refuse_crowds(raw, blank)
        tag, *elements = self._text(raw, blank).split(self._separator)
        if not _TAG.fullmatch(tag):
            allowed = "two or three capitals and digits"
            raise blank.reject(0, "E_EDI_STRUCTURE", f"{shown(tag)} is no segment id", allowed)
        return replace(blank, id=tag, elements=tuple(elements))

    def _text(self, raw: bytes, blank: Segment) -> str:
        try:
            text = raw.decode(self._charset)
        except UnicodeDecodeError as error:
            element = raw.count(self._element, 0, error.start)
            what = f"byte {raw[error.start]:#04x} (byte {blank.offset + error.start} of the message)"
            raise blank.reject(element, "E_ENCODING", what, self._charset) from None
        if found := self._control_chars.search(text):
            element = text.count(self._separator, 0, found.start())
            what = f"control character {shown(found[0])}"
            raise blank.reject(element, "E_CONTROL_CHAR", what, "printable text")
        return text

    def _safe_tag(self, raw: bytes) -> str:
        tag = self.tag(raw).decode("latin-1")
        return tag if _TAG.fullmatch(tag) else "???"

    def _refuse_crowds(self, raw: bytes, blank: Segment) -> None:
        """
        Count before cutting, so that a flood of separators makes no lists.
        """
        if raw.count(self._element) > MAX_ELEMENTS:
            raise blank.reject(0, "E_EDI_ELEMENTS", "too many elements", f"at most {MAX_ELEMENTS} a segment")
        for number, element in enumerate(raw.split(self._element)):
            if any(element.count(char) >= MAX_COMPONENTS for char in self._crowds):
                allowed = f"at most {MAX_COMPONENTS} an element"
                raise blank.reject(number, "E_EDI_COMPONENTS", "too many components", allowed)


@lru_cache(
    maxsize=64
)  # a partner's separators hardly ever change, and building the pattern costs more than one order
def _control_chars(separators: Separators) -> re.Pattern[str]:
    """
    Control characters that are not separators of this interchange.
    """
    used = {separators.element, separators.component, separators.repetition}
    chars = [chr(n) for n in (*range(0x20), *range(0x7F, 0xA0)) if chr(n) not in used]
    return re.compile(f"[{re.escape(''.join(chars))}]")

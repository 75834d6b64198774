"""
Fixed-width records, the whole of it in one import: layouts as data, records and files of them, both ways.
"""

from __future__ import annotations

from .fixed_astray import refuse_astray, refuse_blank
from .fixed_codepage import CANARY, CODE_PAGES, CodePage, code_page, page_of_canary, refuse_foreign
from .fixed_layout import FILLER, Absent, Date, Element, Field, Group, Layout, Occurs, When
from .fixed_lines import cut_lines
from .fixed_page import markdown
from .fixed_picture import Picture, Usage
from .fixed_places import spot
from .fixed_read import Record, decode, field_of
from .fixed_records import Format, Raw, Recfm, Source, Stream, cut, join, pieces, refuse_text_mode
from .fixed_spot import Spot
from .fixed_write import encode

__all__ = [
    "CANARY",
    "CODE_PAGES",
    "FILLER",
    "Absent",
    "CodePage",
    "Date",
    "Element",
    "Field",
    "Format",
    "Group",
    "Layout",
    "Occurs",
    "Picture",
    "Raw",
    "Recfm",
    "Record",
    "Source",
    "Spot",
    "Stream",
    "Usage",
    "When",
    "code_page",
    "cut",
    "cut_lines",
    "decode",
    "encode",
    "field_of",
    "join",
    "markdown",
    "page_of_canary",
    "pieces",
    "refuse_astray",
    "refuse_blank",
    "refuse_foreign",
    "refuse_text_mode",
    "spot",
]

"""
docs/errors.md has every code, what it means, who says it, and what to do.
"""

from __future__ import annotations

import re
import runpy

import pytest

from adapters.inbound.web.writer import error_document
from canonical.errors import CODES, Fault
from tests.docs.pages import ROOT, page, pages

GENERATOR = runpy.run_path(str(ROOT / "deploy" / "setup" / "write_errors.py"))


def test_the_page_is_the_one_that_is_made():
    """
    After adding a code, or saying one where it was not said before: make errors.
    """
    assert GENERATOR["page"]() == page("docs/errors.md").text


def test_every_code_that_is_said_is_explained():
    """
    A code that somebody is shown and cannot look up is of no use to him.
    """
    assert set() == set(GENERATOR["said_by"]()) - set(CODES)


def test_every_file_that_says_a_code_has_a_place():
    """
    Else the page says of a code that nothing says it.
    """
    silent = tuple(beginning for beginning, place in GENERATOR["_PLACES"] if place is None)
    nameless = [
        name
        for name in GENERATOR["_tracked"]()
        if GENERATOR["_place"](name) is None
        and not name.startswith(silent)
        and any(GENERATOR["_literals"](ROOT / name))
    ]

    assert [] == nameless


@pytest.mark.parametrize("code", sorted(CODES))
def test_the_link_in_a_web_error_leads_to_its_code(code):
    """
    The web portal's error names page and anchor.
    """
    name, _, anchor = error_document(Fault(code=code, what="x"), "x")["referenceError"].partition("#")

    assert (code, True) == (anchor, anchor in page(name).anchors)


def test_no_page_names_a_code_that_does_not_exist():
    """
    Whoever reads a code in one page looks it up in another.
    """
    named = {(one.name, code) for one in pages() for code in re.findall(r"\bE_[A-Z0-9_]+\b", one.text)}

    assert [] == sorted((name, code) for name, code in named if code not in CODES)

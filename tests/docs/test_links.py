"""
Links lead somewhere, and everything is led to.
"""

from __future__ import annotations

import posixpath

import pytest

from tests.docs.pages import ROOT, page, pages

PAGES = [pytest.param(one, id=one.name) for one in pages()]


@pytest.mark.parametrize("one", PAGES)
def test_every_link_leads_to_a_file_and_a_place_in_it(one):
    """
    Relative links only: whoever has the repository has the page.
    """
    broken = []
    for link in one.links:
        path, _, anchor = link.partition("#")
        target = posixpath.normpath(posixpath.join(posixpath.dirname(one.name), path)) if path else one.name
        if not (ROOT / target).exists() or (anchor and anchor not in page(target).anchors):
            broken.append(link)

    assert [] == broken


def test_every_page_of_the_documentation_is_in_its_index():
    """
    A page that no index names is found by nobody: docs/README.md, and for records docs/decisions/README.md.
    """
    indexes = ("docs/README.md", "docs/decisions/README.md")
    listed = {
        posixpath.normpath(posixpath.join(posixpath.dirname(index), link.partition("#")[0]))
        for index in indexes
        for link in page(index).links
    }
    written = {one.name for one in pages() if one.name.startswith("docs/")}

    assert set() == written - listed - set(indexes)

"""
docs/contract.md has every member of the contract, as the code has it.
"""

from __future__ import annotations

import runpy

import pytest

from adapters.kit import contract
from tests.docs.pages import ROOT, page

GENERATOR = runpy.run_path(str(ROOT / "deploy" / "setup" / "write_contract.py"))


def test_the_page_is_the_one_that_is_made():
    """
    After changing the contract or a type that it speaks of: make reference.
    """
    assert GENERATOR["page"]() == page("docs/contract.md").text


@pytest.mark.parametrize("name", sorted(set(contract.__all__) - {"INQUIRY"}))
def test_every_type_of_the_contract_is_there(name):
    """
    A protocol that is not on the page is one that nobody writes.
    """
    assert f"### `{name}`\n" in page("docs/contract.md").text

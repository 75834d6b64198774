"""
What becomes of each of the samples that lie beside the checkout, against ``expected.toml``.

The table itself is looked at always; the files where somebody has laid them, which the head of the test run
tells.
"""

from __future__ import annotations

import re

import pytest

from canonical.errors import CODES
from tests.formats.beside import CHANNELS, EXPECTED, SYSTEMS, made_of
from tests.support.beside import FOLDER

FILES = EXPECTED["file"]
MESSAGES = {name: one for name, one in FILES.items() if "about" not in one}


def test_each_file_is_expected_to_be_something():
    """A message of one channel or system, of which something is said; or about the others."""
    sides = [set(one) & {"channel", "system", "about"} for one in FILES.values()]

    assert {1} == set(map(len, sides))
    assert set() == {one["channel"] for one in FILES.values() if "channel" in one} - set(CHANNELS)
    assert set() == {one["system"] for one in FILES.values() if "system" in one} - set(SYSTEMS)
    assert [] == [name for name, one in MESSAGES.items() if not one["says"]]


def test_a_refusal_has_a_code_and_a_place():
    """Of the registry."""
    refusals = [said for one in MESSAGES.values() for said in one["says"] if said.startswith("refused")]
    read = [re.fullmatch(r"refused (E_\w+) at (\S.*)", said) for said in refusals]

    assert all(read)
    assert {found[1] for found in read if found} <= set(CODES)


def test_some_translate_and_what_has_no_adapter_yet_does_not():
    """EDIFACT and cXML are told that they are not what is read."""
    translated = [name for name, one in MESSAGES.items() if one["says"][0].startswith("SubmitOrder")]
    nobodys = [said for one in MESSAGES.values() if "none_yet" in one for said in one["says"]]

    assert {"x12", "synthetic"} == {name.partition("/")[0] for name in translated}
    assert all(said.startswith("refused") for said in nobodys)


if FOLDER.is_dir():

    def test_the_table_has_every_file():
        """And no other."""
        there = {str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*") if path.is_file()}

        assert set(FILES) == there

    @pytest.mark.parametrize("name", MESSAGES)
    def test_a_file_becomes_what_is_expected(name):
        """What is said of it, word for word."""
        taken = {side: MESSAGES[name][side] for side in ("channel", "system") if side in MESSAGES[name]}

        assert MESSAGES[name]["says"] == made_of((FOLDER / name).read_bytes(), taken)

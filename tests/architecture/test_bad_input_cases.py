"""
The catalogue of bad inputs, case by case: each has a test that bears its number, or a reason why it has none.

A case is named by a test's name (``test_c07_long_field``), by the id of one of its parameters or the key of a
table (``X-07 attributes``), or in its docstring (``E-12: ...``).
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]

# By kind of input, how many cases there are: 1 to so many.
CASES = {
    "C": 15,  # CSV
    "E": 26,  # EDI
    "F": 20,  # fixed width
    "G": 18,  # the envelope of any message
    "J": 18,  # JSON
    "K": 5,  # rules, settings, layouts
    "V": 10,  # values in any format
    "X": 21,  # XML and SOAP
}

# Cases that cannot come, and why.
NOT_APPLICABLE = {
    "E-08": "UNA is a segment of EDIFACT, which no channel speaks: it is refused as E_FORMAT_SNIFF",
}

_NAMED = re.compile(r"\b([A-Z]-[0-9]{2})\b")
_FUNCTION = re.compile(r"test_([a-z])([0-9]{2})_")
_KEY = re.compile(r"[A-Z]-[0-9]{2} ")


def words_of(file: Path) -> Iterator[str]:
    """Docstrings and names of a file's tests, ids of their parameters, and keys that begin with a case."""
    for node in ast.walk(ast.parse(file.read_bytes())):
        match node:
            case ast.FunctionDef(name=name) if name.startswith("test_"):
                yield from (_FUNCTION.sub(_spelt, name), ast.get_docstring(node) or "")
            case ast.keyword(arg="id", value=ast.Constant(value=str(said))):
                yield said
            case ast.Constant(value=str(said)) if _KEY.match(said):
                yield said


def _spelt(found: re.Match[str]) -> str:
    return f"{found[1].upper()}-{found[2]} "


@cache
def named() -> frozenset[str]:
    """The cases that tests name."""
    files = sorted(one for one in TESTS.rglob("*.py") if one != Path(__file__))
    return frozenset(case for file in files for said in words_of(file) for case in _NAMED.findall(said))


@pytest.mark.parametrize("kind", CASES)
def test_each_case_has_a_test(kind):
    """None is forgotten, and what has a reason not to be there is not there."""
    wanted = {f"{kind}-{number:02}" for number in range(1, CASES[kind] + 1)}

    assert {case for case in NOT_APPLICABLE if case[0] == kind} == wanted - named()


@pytest.mark.parametrize("kind", CASES)
def test_no_test_names_a_case_that_there_is_not(kind):
    """Mostly a mistyped number."""
    there = {int(case[2:]) for case in named() if case.startswith(f"{kind}-")}

    assert CASES[kind] >= max(there)


def test_reasons_are_given_for_cases_only():
    """A reason for what is no case would hide a slip of the pen."""
    assert {case for case in NOT_APPLICABLE if int(case[2:]) > CASES[case[0]]} == set()

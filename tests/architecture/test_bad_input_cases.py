"""
Every case of bad input has a test that names it: in its docstring, its name or the id of a parameter.

A case is a letter and a number, ``F-04`` (fixed width), ``G-12`` (the envelope); what it is, its tests say.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]

# How many cases each letter has.
CASES = {
    "C": 15,
    "F": 20,
    "G": 18,
    "X": 21,
}

_NAMED = re.compile(r"\b([A-Z])-(\d\d)\b")
_IN_A_KEY = re.compile(r"[A-Z]-\d\d ")
_IN_A_NAME = re.compile(r"^test_([a-z])(\d\d)_")


@pytest.mark.parametrize("letter", CASES)
def test_each_case_is_named_by_a_test(letter):
    """Whoever takes a test away sees what nobody tests any more."""
    cases = {f"{letter}-{number:02}" for number in range(1, CASES[letter] + 1)}

    assert set() == cases - named()


@pytest.mark.parametrize("letter", CASES)
def test_no_test_names_a_case_that_there_is_not(letter):
    """Mostly a mistyped number."""
    there = {one for one in named() if one.startswith(f"{letter}-")}

    assert CASES[letter] == max(int(one.partition("-")[2]) for one in there) == len(there)


@cache
def named():
    """Every case that some test names."""
    return {
        case
        for file in TESTS.rglob("*.py")
        if file != Path(__file__)
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        for case in _named_by(node)
    }


def _named_by(node: ast.AST) -> Iterator[str]:
    """The cases in a docstring or name of a test, and in the id of a parameter or a table's key."""
    match node:
        case ast.FunctionDef(name=name) if name.startswith("test_"):
            if found := _IN_A_NAME.match(name):
                yield f"{found[1].upper()}-{found[2]}"
            yield from _cases(ast.get_docstring(node) or "")
        case ast.keyword(arg="id", value=ast.Constant(value=str(text))):
            yield from _cases(text)
        case ast.Constant(value=str(text)) if _IN_A_KEY.match(text):
            yield from _cases(text)


def _cases(text: str) -> Iterator[str]:
    yield from (f"{letter}-{number}" for letter, number in _NAMED.findall(text))

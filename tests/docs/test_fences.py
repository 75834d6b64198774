"""
What is fenced in a page can be taken as it stands: code parses, commands exist.
"""

from __future__ import annotations

import ast
import json
import shlex
import tomllib
from xml.etree import ElementTree as ET

import click
import pytest

from orderloom.cli import main
from tests.docs.pages import Page, pages

PARSERS = {"python": ast.parse, "toml": tomllib.loads, "json": json.loads, "xml": ET.fromstring}
LANGUAGES = {*PARSERS, "console", "sh", "mermaid", "text", ""}
PAGES = [pytest.param(one, id=one.name) for one in pages()]


def parsed(words: list[str]) -> list[str]:
    """
    Names of what is mandatory and not there.

    Raises:
        UsageError: A command or an option that does not exist, or a word too many.
    """
    command: click.Command = main
    context = click.Context(main, info_name="orderloom")
    while True:
        values, rest, _ = command.make_parser(context).parse_args(list(words))
        if not isinstance(command, click.Group):
            break
        if not rest or rest[0] == "COMMAND":
            return [] if rest else ["COMMAND"]
        name, found, words = command.resolve_command(context, rest)
        assert found is not None
        command, context = found, click.Context(found, info_name=name, parent=context)
    if rest:
        raise click.UsageError(f"too much: {rest}")
    given = {name for name, value in values.items() if isinstance(value, str | tuple) and value}
    return [str(one.name) for one in command.params if one.required and one.name not in given]


def fault(line: str, *, mention: bool = False) -> str:
    """
    What is wrong with a line of a shell, as far as it is about our program; '' when nothing is.

    Args:
        mention: It only names the command, and need not be complete.
    """
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split = True
    words = list(lexer)
    while words and "=" in words[0] and not words[0].startswith("-"):
        words = words[1:]
    if not words or words[0].rpartition("/")[2] != "orderloom":
        return ""
    ends = next((n for n, word in enumerate(words) if set(word) <= set("|&;<>")), len(words))
    try:
        missing = parsed(words[1:ends])
    except click.UsageError as error:
        return f"{line}: {error.format_message()}"
    return f"{line}: lacks {missing}" if missing and not mention else ""


@pytest.mark.parametrize("one", PAGES)
def test_fenced_code_parses(one: Page):
    """
    Python, TOML and JSON; a language that nobody checks is not used.
    """
    faults = []
    for fence in one.fences:
        if fence.language not in LANGUAGES:
            faults.append(f"line {fence.line}: {fence.language}")
        elif parse := PARSERS.get(fence.language):
            try:
                parse(fence.body)
            except (SyntaxError, ValueError) as error:
                faults.append(f"line {fence.line}: {error}")

    assert [] == faults


@pytest.mark.parametrize("one", PAGES)
def test_every_command_exists_with_its_options(one: Page):
    """
    In fences as typed, and between backquotes where it begins with `orderloom`.
    """
    spans = [span for span in one.spans if span.startswith("orderloom ") and "…" not in span]

    assert [] == [found for line in one.commands() if (found := fault(line))]
    assert [] == [found for span in spans if (found := fault(span, mention=True))]


@pytest.mark.parametrize(
    "line",
    [
        "orderloom parked shew 3f0c7a",
        "orderloom status 1 --loud",
        "orderloom status",
        "orderloom parked replay 3f0c7a",
        "orderloom now please",
        "ORDERLOOM_STORE=x .venv/bin/orderloom --config a.toml topology differ",
    ],
)
def test_what_does_not_exist_is_noticed(line):
    """
    A check that takes everything checks nothing.
    """
    assert fault(line)

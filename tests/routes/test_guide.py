"""
docs/routes.md is run: its commands print what it says, and its examples are accepted.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from orderloom.cli.routes import routes_group
from orderloom.rules import default_folder
from routes.rules import read
from tests.routes.builders import EVERYTHING, PROFILES, part, route, rules_of, texts

GUIDE = (default_folder() / "docs" / "routes.md").read_text()


def blocks(language: str) -> list[str]:
    """The fenced blocks of one language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)


def example(beginning: str) -> str:
    """The one TOML example that begins so, its schema comment aside."""
    texts_only = [one.partition("\n\n")[2] if one.startswith("#:schema") else one for one in blocks("toml")]
    [found] = [one for one in texts_only if one.startswith(beginning)]
    return found


def sessions() -> list[tuple[str, str]]:
    """Each command and what the guide says it prints."""
    pieces = re.split(r"^\$ (.*)\n", "".join(blocks("console")), flags=re.MULTILINE)
    return list(zip(pieces[1::2], pieces[2::2], strict=True))


def run(command: str) -> str:
    """What a command prints, in the working folder."""
    words = shlex.split(command)
    if words[:2] != ["orderloom", "routes"]:
        return subprocess.run(command, shell=True, check=True, capture_output=True, text=True).stdout  # noqa: S602
    return CliRunner().invoke(routes_group(lambda: PROFILES), words[2:]).output


def pattern(said: str) -> re.Pattern[str]:
    """``...`` stands for anything: for the rest of a line's word, or for whole lines."""
    whole = re.escape(said).replace(re.escape("...\n"), r"(?:.*\n)*")
    return re.compile(whole.replace(re.escape("..."), r"[0-9a-f]+"))


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A folder with the shipped rules, as a reader of the guide has it before them."""
    for name in ("routes", "endpoints"):
        shutil.copytree(default_folder() / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("checkout")
def test_every_command_prints_what_the_guide_says():
    """From the first to the last, with the route written where the guide says so."""
    for command, said in sessions():
        if command == "orderloom routes check --rules trial":
            Path("trial/routes/gadgets.toml").write_text(example("[[route]]"))
        printed = run(command)

        assert pattern(said).fullmatch(printed), (command, printed)


@pytest.mark.usefixtures("checkout")
def test_the_guide_shows_every_command():
    """And the ones it shows are all there is."""
    group = routes_group(lambda: PROFILES)

    assert set(group.commands) == {
        shlex.split(command)[2] for command, _ in sessions() if "routes" in command[:17]
    }


def test_the_conditions_example_is_accepted():
    """Copied into a route, it works."""
    when = example("when = ").removeprefix("when = ").strip()

    assert 3 == len(rules_of(route("r", when, part("a"))).routes[0].when)


def test_the_offering_and_endpoint_examples_are_accepted():
    """Copied into files, they work together."""
    files = texts(EVERYTHING, catalogue=example("[[offering]]"), **{"partner.acme": example("id = ")})
    references = read(files, PROFILES).references

    assert 1 == len(references.of_channel("partner"))
    assert (
        "HANDSET-A"
        == references.offering_by_code(references.endpoints["partner.acme"], "UP", "076123400003", "").id
    )


def test_the_recommendation_example_is_accepted():
    """Copied into a file of a world that sells such a thing."""
    files = texts(EVERYTHING, catalogue=example("[[offering]]").replace("HANDSET-A", "MONTH-FREE", 1))
    files["routes/catalogue/lines.toml"] = "\n".join(
        f'[[offering]]\nid = "{one}"\nname = "{one}"\ncategory = "{one}"' for one in ("internet", "mobile")
    )
    files["routes/recommendations/guide.toml"] = example("[[recommendation]]")
    [rule] = read(files, PROFILES).recommendations

    assert (86_400, frozenset({"callcenter", "store"})) == (rule.answer_by, rule.channels)


def test_the_calendar_example_is_accepted():
    """Copied into a file, its system's parts count by it."""
    files = texts(route("r", "{ }", part("internet", 'due = "2 working days"', system="oss.internet")))
    files["routes/calendars/guide.toml"] = example("[[calendar]]")
    rules = read(files, PROFILES)

    assert ["field"] == [step.part.calendar for step in rules.steps]


@pytest.mark.parametrize(
    ("schema", "table", "section"),
    [
        ("routes", ("$defs", "route"), "A route, key by key"),
        ("routes", ("$defs", "when"), "`when`"),
        ("routes", ("$defs", "part"), "`[[route.part]]`"),
        ("routes", ("$defs", "test"), "`[[route.test]]`"),
        ("catalogue", ("$defs", "offering"), "The catalogue"),
        ("recommendations", ("$defs", "recommendation"), "Recommendations"),
        ("recommendations", ("$defs", "recommendation", "properties", "when"), "Recommendations"),
        ("recommendations", ("$defs", "recommendation", "properties", "after"), "Recommendations"),
        ("calendars", ("$defs", "calendar"), "Calendars"),
        ("endpoint", (), "Endpoints"),
    ],
)
def test_every_key_that_may_be_written_is_explained(schema, table, section):
    """A key that is in a schema and not in the guide is found by nobody."""
    keys = json.loads((default_folder() / "routes" / "schema" / f"{schema}.json").read_text())
    for step in table:
        keys = keys[step]
    text = re.search(rf"^##+ {re.escape(section)}\n(.*?)(?=^## |^### |\Z)", GUIDE, re.MULTILINE | re.DOTALL)[
        1
    ]

    assert [] == [key for key in keys["properties"] if not re.search(rf"\b{key}\b", text)]

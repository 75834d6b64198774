"""
What is checked by schema or by pattern costs little, whatever comes, and reaches for nothing.

Neither is ever taken from a sender: schemas are files of ours, patterns stand in them or in code.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
import re
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from referencing.exceptions import Unresolvable

from canonical.schemas import schemas
from orderloom.mappings import schema as mapping_schema
from orderloom.settings_layers import schema as settings_schema
from routes.validator import validator_of

ROOT = Path(__file__).parents[2]
PACKAGES = ("adapters", "broker", "canonical", "orderloom", "routes")
# Long enough to see what grows with the square; the short ones first, for what doubles with each character.
LENGTHS = (20, 24, 2_000, 20_000)
MOST = 0.2
SEARCHES = frozenset({"search", "finditer", "findall", "sub", "split"})
PIECES = (
    "a", "A", "0", "-", ".", " ", "a.", "a-", "0 ", "a a", "\t", '"', "\\", "*", "[", "(a)", "/a", "x=1,",
)  # fmt: skip
AROUND = (("", "!"), ("", "\x00"), ("https://", "@"), ("2026-01-01T00:00:00.", "x"))


Pattern = re.Pattern[str] | re.Pattern[bytes]


def files_of_schemas() -> list[Path]:
    """All that are committed."""
    found = [one for name in PACKAGES for one in sorted((ROOT / name).rglob("schema/*.json"))]
    assert len(found) > 20
    return found


def nodes(value: object) -> Iterator[dict[str, object]]:
    """All objects of a document."""
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from nodes(each)
    elif isinstance(value, list):
        for each in value:
            yield from nodes(each)


def patterns_of_schemas() -> set[str]:
    """Every ``pattern`` in every schema, those that are made from types too."""
    written = [json.loads(one.read_text(encoding="utf-8")) for one in files_of_schemas()]
    found = [node["pattern"] for node in nodes([*written, mapping_schema()]) if "pattern" in node]
    return {one for one in found if isinstance(one, str)}


def patterns_of_code() -> Iterator[tuple[str, Pattern, frozenset[str]]]:
    """Every pattern that a module of ours has made at its import, and how it is used there."""
    for package in PACKAGES:
        for one in pkgutil.walk_packages([str(ROOT / package)], f"{package}."):
            if not one.name.endswith(("__main__", "kit.conformance")):
                importlib.import_module(one.name)
    for name in sorted(one for one in sys.modules if one.partition(".")[0] in PACKAGES):
        module = sys.modules[name]
        source = Path(str(module.__file__)).read_text(encoding="utf-8")
        for variable, value in vars(module).items():
            if isinstance(value, re.Pattern):
                uses = re.findall(rf"\b{variable}\.({'|'.join(SEARCHES)}|match|fullmatch)\b", source)
                yield f"{name}.{variable}", value, frozenset(uses)


def hostile() -> Iterator[str]:
    """Nearly what a pattern wants, again and again, and then not: on these it would try all ways."""
    for length in LENGTHS:
        for piece in PIECES:
            for before, end in AROUND:
                yield f"{before}{piece * (length // len(piece))}{end}"


def is_busy(pattern: Pattern, *, searches: bool = False) -> bool:
    """Whether one of the hostile texts keeps it busy; ``searches``: also when it is looked for in them."""
    for text in hostile():
        told = text.encode() if isinstance(pattern.pattern, bytes) else text
        for use in (pattern.fullmatch, pattern.match, *((pattern.search,) if searches else ())):
            began = time.process_time()
            use(told)
            if time.process_time() - began > MOST:
                return True
    return False


def test_no_pattern_of_a_schema_can_be_kept_busy():
    """
    J-17: a hostile value costs less than a blink in each of them.

    They are our own and each is looked at here, so that Python's engine does for them.
    """
    found = patterns_of_schemas()

    assert len(found) > 8
    assert [] == [one for one in sorted(found) if is_busy(re.compile(one), searches=True)]


def test_no_pattern_of_the_code_can_be_kept_busy():
    """J-17: nor in those with which values and records are read."""
    found = list(patterns_of_code())

    assert len(found) > 60
    assert [] == [name for name, one, uses in found if is_busy(one, searches=bool(uses & SEARCHES))]


@pytest.mark.parametrize("pattern", [r"^(a+)+$", r"(a|a)*$"])
def test_a_pattern_that_can_is_found(pattern):
    """J-17: what other products have had in their schemas."""
    assert is_busy(re.compile(pattern))


def test_no_schema_names_anything_outside_itself():
    """J-18: each ``$ref`` leads into the same document."""
    everything = [json.loads(one.read_text(encoding="utf-8")) for one in files_of_schemas()]
    everything += [mapping_schema(), settings_schema(), *schemas().values()]
    found = [node["$ref"] for node in nodes(everything) if isinstance(node.get("$ref"), str)]

    assert found
    assert [] == [one for one in found if not one.startswith("#/")]


@pytest.fixture
def elsewhere():
    """A server that would be asked for a schema, and what it was asked for."""
    asked = []

    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_said):
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Elsewhere)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_schema_that_leads_away_is_an_error(elsewhere):
    """J-18: nothing is fetched for it, from the network or from a file."""
    url, asked = elsewhere
    away = (f"{url}/schema.json", "file:///etc/passwd", "other.json")
    for one in away:
        with pytest.raises(Unresolvable, match=re.escape(one)):
            list(validator_of({"properties": {"a": {"$ref": one}}}).iter_errors({"a": 1}))

    assert [] == asked
    assert [] == list(validator_of({"$ref": "#/$defs/a", "$defs": {"a": {"type": "integer"}}}).iter_errors(1))


def test_every_validator_of_ours_is_made_there():
    """J-18: jsonschema's own default fetches what a schema names."""
    makers = [
        str(file.relative_to(ROOT))
        for package in PACKAGES
        for file in sorted((ROOT / package).rglob("*.py"))
        if re.search(r"Draft202012Validator\(|jsonschema\.validate\(", file.read_text(encoding="utf-8"))
    ]

    assert ["routes/validator.py"] == makers

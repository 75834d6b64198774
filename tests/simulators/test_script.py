"""
Scripts: which rule decides, what a script may not say, and that the oracle reads it as the simulators do.
"""

from __future__ import annotations

import json
from itertools import product

import pytest

from orderloom.simulators.script import ALL_SYSTEMS, BEHAVIOURS, Script, ScriptError, shipped
from tests.oracle.oracle import chosen

SHIPPED = ("calm", "mixed", "by-number")


def script(*rules, **behaviours):
    return Script.of({"rules": list(rules), "behaviours": behaviours})


def test_the_first_rule_that_fits_decides():
    """By number, prefix, offering and system."""
    played = script(
        {"order": ["PO-1", "PO-2"], "system": "crm", "behaviour": "rejected"},
        {"offering": "CASE-01", "behaviour": "refused"},
        {"prefix": "PO-", "behaviour": "slow"},
    )

    assert "rejected" == played.behaviour("crm", "PO-1").kind
    assert "slow" == played.behaviour("warehouse", "PO-1").kind
    assert "refused" == played.behaviour("crm", "X", ("HANDSET-A", "CASE-01")).kind
    assert "ok" == played.behaviour("crm", "X").kind


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({"rule": []}, "script: unknown 'rule'"),
        ({"rules": [{"behaviour": "sleepy"}]}, r"rules\[0\].behaviour: unknown 'sleepy'"),
        ({"rules": [{"behaviour": "ok", "dely": 1}]}, r"rules\[0\]: unknown 'dely'"),
        ({"rules": [{"system": "erp", "behaviour": "ok"}]}, r"rules\[0\].system: unknown 'erp'"),
        ({"rules": [{"system": "crm", "behaviour": "early"}]}, "crm cannot be 'early'"),
        ({"rules": [{"behaviour": "duplicate", "repeat": "often"}]}, "unknown 'often'"),
        ({"rules": [{"seeded": {"shares": {"odd": 1}}}]}, "unknown behaviour 'odd'"),
        ({"rules": [{"seeded": {"shares": {"ok": 0}}}]}, "0 is no share"),
        ({"behaviours": {"x": {}}}, "behaviours.x.behaviour: unknown ''"),
        ({"rules": [{"order": 5, "behaviour": "ok"}]}, "5 is neither a text nor a list"),
        ({"rules": [{"verb": "cancel", "behaviour": "ok"}]}, r"rules\[0\].verb: unknown 'cancel'"),
        ({"rules": [{"behaviour": "too_late"}]}, r"rules\[0\]: 'too_late' cannot become of do"),
        (
            {"rules": [{"verb": ["do", "undo"], "behaviour": "backorder"}]},
            r"rules\[0\]: 'backorder' cannot become of undo",
        ),
    ],
)
def test_a_script_that_says_what_it_cannot_is_refused_by_name(document, says):
    """Where, and what is allowed."""
    with pytest.raises(ScriptError, match=says):
        Script.of(document)


def test_a_file_that_is_no_json_is_refused(tmp_path):
    """With the file's name."""
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(ScriptError, match=r"bad\.json"):
        Script.load(tmp_path / "bad.json")


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_scripts_load(name):
    """They come with the project."""
    assert Script.load(shipped(name))


@pytest.mark.parametrize("name", SHIPPED)
def test_simulators_and_oracle_choose_the_same_behaviour(name):
    """Two readings of one file: every system, thousands of numbers, by seed, prefix and system."""
    document = json.loads(shipped(name).read_text("utf-8"))
    played = Script.of(document)
    prefixes = {rule["prefix"] for rule in document["rules"] if "prefix" in rule} | {"A7-", "W7-"}
    for system, prefix, number in product(ALL_SYSTEMS, sorted(prefixes), range(200)):
        order = f"{prefix}{number:05}"
        ours, theirs = played.behaviour(system, order), chosen(document, system, order, ["HANDSET-A"])

        assert ours.kind == theirs["behaviour"], (system, order)
        assert ours.answers_repeat == theirs.get("answers_repeat", False)
        assert {str(place): word for place, word in ours.words.items()} == theirs.get("words", {})


def test_the_mixed_script_uses_every_behaviour_somewhere():
    """A thousand orders, and changes of them, meet everything."""
    played = Script.load(shipped("mixed"))
    met = {
        played.behaviour(system, f"A7-{n:05}", verb=verb).kind
        for system, n, verb in product(ALL_SYSTEMS, range(5000), ("do", "undo"))
    }

    assert set(BEHAVIOURS) == met


def test_a_rule_is_about_first_instructions_unless_it_names_a_verb():
    """So a script from before there were changes says nothing of them."""
    played = script(
        {"verb": ["modify", "undo"], "offering": "CASE-01", "behaviour": "too_late"},
        {"verb": "undo", "behaviour": "refused"},
        {"behaviour": "silent"},
    )

    assert "silent" == played.behaviour("crm", "X", ("CASE-01",)).kind
    assert "too_late" == played.behaviour("crm", "X", ("CASE-01",), "modify").kind
    assert "refused" == played.behaviour("crm", "X", (), "undo").kind
    assert "ok" == played.behaviour("crm", "X", (), "modify").kind


def test_a_share_that_cannot_become_of_a_verb_is_well():
    """A backorder is nothing that can happen to a change."""
    played = script({"verb": ["do", "undo"], "seeded": {"shares": {"backorder": 1}}})

    assert "backorder" == played.behaviour("warehouse", "X").kind
    assert "ok" == played.behaviour("warehouse", "X", (), "undo").kind

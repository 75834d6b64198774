"""
Points of no return in rules: what cannot be meant is told with file, line and key; the rest is explained.
"""

from __future__ import annotations

import pytest

from orderloom.rules import default_folder, load
from routes.explain import explain, explained
from routes.rules import RulesError, read
from routes.trial import trial_order
from tests.routes.builders import EVERYTHING, PROFILES, texts

CHARGE = 'change_charge = { amount = "5", currency = "USD", valid_for = "1h" }'


def faults_of(*lines: str) -> list[str]:
    """What is wrong with a part of the warehouse's that says these."""
    said = "\n      ".join(('system = "warehouse"', *lines))
    try:
        read(texts(EVERYTHING.replace('system = "crm"', said)), PROFILES)
    except RulesError as error:
        return [str(one).removeprefix("routes/rules-1.toml:") for one in error.faults]
    return []


@pytest.mark.parametrize(
    "lines",
    [
        ('hard_ponr = "shipped"',),
        ('soft_ponr = "shipped"', 'hard_ponr = "completed"', CHARGE),
        ('soft_ponr = "48h before appointment"', 'hard_ponr = "24h before appointment"', CHARGE),
        ('soft_ponr = "24h before appointment"', 'hard_ponr = "24h before handover"', CHARGE),
        ('soft_ponr = "24h before requestedCompletionDate"', 'hard_ponr = "shipped"', CHARGE),
    ],
)
def test_what_can_be_meant_is_taken(lines):
    """Nobody knows which of a time and a milestone comes first."""
    assert [] == faults_of(*lines)


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        (
            ('hard_ponr = "shiped"',),
            "10 route[0].part[0].hard_ponr: warehouse has no milestone 'shiped' (one of completed, shipped)",
        ),
        (
            ('soft_ponr = "shipped"',),
            "10 route[0].part[0].soft_ponr: what a change costs is not said (a change_charge)",
        ),
        (
            ('hard_ponr = "shipped"', CHARGE),
            "11 route[0].part[0].change_charge: it is never asked for (a soft_ponr)",
        ),
        (
            ('hard_ponr = "24h befor appointment"',),
            (
                "10 route[0].part[0].hard_ponr: '24h befor appointment' is not allowed (a milestone of the"
                " system, completed, or a time before an instant, as in 24h before appointment)"
            ),
        ),
    ],
)
def test_what_cannot_be_meant_is_one_fault(lines, fault):
    """With the line, the key and what is allowed."""
    assert [f"{fault} [E_ROUTES]"] == faults_of(*lines)


@pytest.mark.parametrize(
    ("soft", "hard"),
    [
        ("shipped", "shipped"),
        ("completed", "shipped"),
        ("12h before appointment", "24h before appointment"),
        ("1d before appointment", "24h before appointment"),
    ],
)
def test_a_charge_that_nobody_could_ever_be_asked_for_is_a_fault(soft, hard):
    """The soft point has to come before the hard one."""
    [fault] = faults_of(f'soft_ponr = "{soft}"', f'hard_ponr = "{hard}"', CHARGE)

    assert (
        f"10 route[0].part[0].soft_ponr: a change never costs anything: from {hard} on it is refused"
        " (an earlier point than hard_ponr) [E_ROUTES]"
    ) == fault


def test_what_a_change_costs_is_explained():
    """Beside what the part waits for, and why it is there."""
    rules = load(default_folder(), PROFILES)
    sample = (default_folder() / "routes" / "samples" / "broadband-and-handset.json").read_bytes()
    order = trial_order(sample, rules, channel="web")
    said = explained(explain(order, rules, PROFILES))

    assert "  a change costs 30.00 USD from 24h before appointment on, is refused from completed on" in said
    assert "  a change is refused from shipped on" in said

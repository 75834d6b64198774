"""
The pages speak of what there is, in the words of the glossary.
"""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from broker.shapes import Topology
from canonical.amendments import SETTLED, PieceState
from canonical.rollup import Child, Rolled, roll_up
from canonical.states import CancelStage, Cause, State
from orderloom.adapters_found import find_adapters
from orderloom.engine.said import EVENTS, MESSAGE
from orderloom.hub_topology import hub_topology
from orderloom.rules import default_folder, load
from orderloom.settings import load as load_settings
from tests.docs.pages import ROOT, page, pages

CHANNELS = "web|callcenter|store|kiosk|directmail|iptv|partner|agent"
PLACE = r"(?:<[a-z]+>|[a-z0-9][a-z0-9-]*)"
NAMES = re.compile(
    rf"(?:channel\.(?:<channel>|{CHANNELS})\.(?:in|out|{PLACE}\.out)"
    rf"|system\.{PLACE}(?:\.{PLACE})?\.(?:in|work|replies)"
    rf"|drop\.(?:<channel>|{CHANNELS})|reply\.{PLACE}(?:\.{PLACE})?"
    r"|orders|status|orders\.(?:in|recent)|replies\.in|status\.recent|unrouted|hub\.identity|<queue>)(?:\.parked)?"
)
NAME_LIKE = re.compile(
    r"(?<![\w.\[/<])(?:(?:channel|system|drop|reply)\.(?=[\w<])[\w.<>-]*[\w>]"
    r"|(?:orders|status|replies)\.(?:in|out|recent)|[\w<>][\w.<>-]*\.parked)(?![\w/])"
)

# What others say for our words; the glossary names them, and nobody uses them.
SYNONYMS = re.compile(
    r"\b(?:dead[- ]letter queues?|DLQ|poison queues?|error queues?|sub-?orders?|order components?"
    r"|orchestration plans?|workflows?|sagas?|connectors?|translators?|touchpoints?|back-?end systems?"
    r"|routing slips?|audit logs?)\b",
    re.IGNORECASE,
)
OURS = [
    pytest.param(one, id=one.name)
    for one in pages()
    if one.name.startswith("docs/") and one.name != "docs/glossary.md"
]


@cache
def topology() -> Topology:
    """What the hub needs with the settings and rules that ship."""
    settings = load_settings(environment={})
    profiles = find_adapters(settings).profiles
    endpoints = load(default_folder(), profiles).references.endpoints.values()
    return hub_topology(settings, endpoints, profiles)


def fits(pattern: str, name: str) -> bool:
    """Whether a name as pages write it, with ``<channel>`` for any, stands for this one."""
    return re.fullmatch(re.sub(r"<[a-z]+>", "[a-z0-9.-]+", pattern.replace(".", r"\.")), name) is not None


@pytest.mark.parametrize("one", OURS)
def test_every_queue_that_is_named_can_exist(one):
    """
    A name that no rule of the topology makes is a queue that nobody finds in the console.
    """
    drawn = (fence.body for fence in one.fences if fence.language == "mermaid")
    named = {name for text in (*one.spans, *drawn) for name in NAME_LIKE.findall(text)}

    assert [] == sorted(name for name in named if not NAMES.fullmatch(name))


def test_the_runbook_says_how_deep_every_queue_is():
    """
    Each queue of the topology is in the first table, by name or by pattern, and nothing else is.
    """
    section = page("docs/runbook.md").text.partition("at rest\n")[2].partition("### ")[0]
    rows = [line.split(" | ")[0] for line in section.splitlines() if line.startswith("| `")]
    patterns = [span for row in rows for span in re.findall("`([^`]+)`", row)]
    queues = [one.name for one in topology().queues]

    assert [] == [queue for queue in queues if not any(fits(pattern, queue) for pattern in patterns)]
    assert [] == [pattern for pattern in patterns if not any(fits(pattern, queue) for queue in queues)]


def test_the_runbook_explains_every_line_of_the_log():
    """
    Each event that the hub logs is in the table, and no other.
    """
    events = {MESSAGE, *EVENTS.values()}
    for path in (ROOT / "orderloom").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("_log.") and node.args:
                said = (one for one in ast.walk(node.args[0]) if isinstance(one, ast.Constant))
                events |= {one.value for one in said if isinstance(one.value, str)}
    table = page("docs/runbook.md").text.partition("| event | means |")[2].partition("\n\n")[0]
    rows = [line.split(" | ")[0] for line in table.splitlines()]

    assert {event for row in rows for event in re.findall("`([a-z_]+)`", row)} == events


@pytest.mark.parametrize("one", OURS)
def test_no_page_uses_anothers_word_for_ours(one):
    """
    One word for one thing: whoever searches for it finds it.
    """
    assert [] == SYNONYMS.findall(one.prose)


def rows() -> list[tuple[str, str, str]]:
    """(when, state, example) of the roll-up table."""
    table = page("docs/architecture.md").text.partition("| row | when |")[2].partition("\n\n")[0]
    cells = [line.strip("| ").split(" | ") for line in table.splitlines()]
    return [(one[1], one[2], one[3]) for one in cells if one[0].isdigit()]


def child(text: str) -> Child:
    """``held``, ``cancelled by fallout`` or ``acknowledged after held``."""
    state, word, more = (*text.split(" "), "", "")[:3]
    return Child(
        State(state),
        cause=Cause(more) if word == "by" else None,
        waits_on=State(more) if word == "after" else None,
    )


@pytest.mark.parametrize(("when", "state", "example"), rows())
def test_the_roll_up_table_is_the_roll_up(when, state, example):
    """
    Each row's example has the row's state.
    """
    assert State(state) is roll_up(map(child, re.findall("`([^`]+)`", example))).state


@pytest.mark.parametrize(
    ("stage", "state"),
    [
        (CancelStage.ACCEPTED, State.PENDING_CANCELLATION),
        (CancelStage.ASSESSING, State.ASSESSING_CANCELLATION),
    ],
)
def test_a_cancel_of_the_level_goes_first(stage, state):
    """
    As rows 1 and 2 say, whatever else is open; and no longer once everything has ended.
    """
    assert Rolled(state) == roll_up([Child(State.PENDING), Child(State.COMPLETED)], stage)
    assert Rolled(State.COMPLETED) == roll_up([Child(State.COMPLETED)], stage)


def test_the_table_has_every_state_but_draft():
    """
    Rows are not lost on the way to paper.
    """
    assert {State(state) for _, state, _ in rows()} == set(State) - {State.DRAFT}


def test_the_life_of_a_change_has_every_state_and_no_other():
    """
    The picture of a piece of an amendment; from each state that settles it nothing leads on.
    """
    [picture] = [
        one.body
        for one in page("docs/architecture.md").fences
        if one.language == "mermaid" and "awaitingCustomer" in one.body
    ]
    ways = re.findall(r"^ +(\S+) --> (\w+|\[\*\])", picture, re.MULTILINE)
    named = {name for way in ways for name in way} - {"[*]"}

    assert set(PieceState) == named
    assert SETTLED == {before for before, after in ways if after == "[*]"}
    assert [] == [way for way in ways if way[0] in SETTLED and way[1] != "[*]"]

"""
What must become of orders, computed from what was dropped and from the simulators' script alone.

Standard library only; not a line of it is the hub's or the simulators'.  It knows the reference world
(offerings, which system does what and in which order, what the systems' words mean) and the design's rules
of status, each written down here a second time.

An order is plain data: ``number``, ``endpoint``, ``customer``, ``countsRight`` and ``lines``; a line has
``id``, ``offering`` (empty for a code that nobody knows), ``quantity``, ``action``, ``codes``, ``lines``.
The script is the decoded JSON of a script file.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tests.oracle.rollup import ENDS, Child, Parent, rolled

__all__ = ["SYSTEMS", "Outcome", "foretell", "line_end"]

Data = dict[str, Any]

SYSTEMS = ("crm", "warehouse", "oss.internet", "oss.mobile", "billing")

CATEGORY = {
    "HANDSET-A": "device",
    "HANDSET-B": "device",
    "CASE-01": "device",
    "ROUTER-AX": "device",
    "INTERNET-100": "internet",
    "INTERNET-500": "internet",
    "MOBILE-20": "mobile",
    "MOBILE-50": "mobile",
    "BUNDLE-HOME": "bundle",
    "GADGET-Z": "gadget",
    "MONTH-FREE": "credit",
}
MOST = {
    "CASE-01": 500,
    "INTERNET-100": 10,
    "INTERNET-500": 10,
    "MOBILE-20": 10,
    "MOBILE-50": 10,
    "BUNDLE-HOME": 10,
    "MONTH-FREE": 1,
}
MOST_OF_OTHERS = 100


@dataclass(frozen=True)
class Part:
    """Work of one system on items of some categories; for the same item it waits for these parts."""

    name: str
    system: str
    categories: tuple[str, ...]
    after: tuple[str, ...] = ()


# Each stands behind those that it may wait for.
PARTS = (
    Part("crm", "crm", ("device", "internet", "mobile")),
    Part("warehouse", "warehouse", ("device",), ("crm",)),
    Part("internet", "oss.internet", ("internet",), ("crm",)),
    Part("mobile", "oss.mobile", ("mobile",), ("crm",)),
    # Whatever is delivered is billed when it is, and for itself.
    Part("billing-device", "billing", ("device",), ("crm", "warehouse")),
    Part("billing-internet", "billing", ("internet",), ("crm", "internet")),
    Part("billing-mobile", "billing", ("mobile",), ("crm", "mobile")),
)
FULFILLED = {category for part in PARTS for category in part.categories}

# What a word means for the line it speaks of.
MEANING = {
    "crm": {
        "OK": "completed",
        "BACKLOG": "inProgress",
        "REFUSED": "held",
        "INVALID": "rejected",
        "NEEDS-CUSTOMER": "pending",
    },
    "warehouse": {"CC": "completed", "BK": "held", "BP": "held", "NS": "rejected"},
    "oss.internet": {
        "completed": "completed",
        "inProgress": "inProgress",
        "held": "held",
        "pending": "pending",
        "rejected": "rejected",
        "failed": "held",
    },
    "oss.mobile": {
        "0": "completed",
        "100": "inProgress",
        "2001": "pending",
        "1001": "rejected",
        "3002": "held",
        "3003": "held",
        "5001": "held",
    },
    "billing": {
        "00": "completed",
        "05": "inProgress",
        "10": "pending",
        "20": "held",
        "30": "rejected",
        "90": "held",
    },
}
GOOD_WORD = {"crm": "OK", "warehouse": "CC", "oss.internet": "completed", "oss.mobile": "0", "billing": "00"}

# Behaviours that only some systems can show; for the others they count as good behaviour.
ABLE = {
    "out_of_order": ("crm", "oss.internet", "oss.mobile", "billing"),
    "needs_customer": ("crm", "oss.internet", "oss.mobile", "billing"),
    "counter_offer": ("oss.internet",),
    "early": ("warehouse", "oss.internet"),
    "header_only": ("warehouse",),
    "http_error": ("oss.internet",),
    "lose_answer": ("oss.internet", "oss.mobile"),
    "lose_command": ("oss.mobile",),
    "slow_drip": ("oss.internet",),
    "http_refuse": ("oss.internet",),
}


@dataclass(frozen=True)
class Outcome:
    """
    What must become of one document.

    Args:
        verdict: ``accepted``, ``repeated``, ``rejected`` or ``parked``.
        status: The order's last state; empty for a document that made no order.
        cause: Why it is cancelled, if it is.
        items: Last state of every item by its id, bundles too; items that stay as they are have none.
        instructions: How many different instructions each system gets for it.
    """

    verdict: str
    status: str = ""
    cause: str = ""
    items: tuple[tuple[str, str], ...] = ()
    instructions: tuple[tuple[str, int], ...] = tuple((system, 0) for system in SYSTEMS)


def foretell(orders: Iterable[Data], script: Data) -> list[Outcome]:
    """The outcomes, one for each document, in the order of dropping."""
    taken: dict[tuple[str, str], str] = {}
    found = []
    for order in orders:
        verdict = judged(order, taken)
        if verdict == "accepted":
            taken[order["endpoint"], order["number"]] = content(order)
            found.append(carried_out(order, script))
        else:
            found.append(Outcome(verdict))
    return found


# -- the verdict of the intake


def judged(order: Data, taken: dict[tuple[str, str], str]) -> str:
    """Faults of its own first, then whether and with what its number was taken, then whether it is routed."""
    if not order["countsRight"] or not all(fit(line) for line in every(order["lines"])):
        return "rejected"
    ids = [line["id"] for line in every(order["lines"])]
    if len(ids) != len(set(ids)):
        return "rejected"
    first = taken.get((order["endpoint"], order["number"]))
    if first is not None:
        return "repeated" if first == content(order) else "rejected"
    return "accepted" if all(served(line) for line in every(order["lines"])) else "parked"


def fit(line: Data) -> bool:
    """A known offering, in a quantity that can be ordered."""
    known = line["offering"] in CATEGORY
    return known and 1 <= line["quantity"] <= MOST.get(line["offering"], MOST_OF_OTHERS)


def served(line: Data) -> bool:
    """Somebody takes it, or nobody needs to; a bundle is served by what it holds."""
    category = CATEGORY[line["offering"]]
    return line["action"] == "noChange" or category in FULFILLED or bool(line["lines"])


def content(order: Data) -> str:
    """All that two documents under one number must have in common."""
    return repr((order["customer"], order["lines"]))


def every(lines: Sequence[Data]) -> Iterator[Data]:
    """All lines, bundles before what they hold."""
    for line in lines:
        yield line
        yield from every(line["lines"])


# -- what the systems make of it


def carried_out(order: Data, script: Data) -> Outcome:
    """Part after part, in the order in which one may wait for another."""
    ends: dict[tuple[str, str], Parent] = {}
    waits: dict[tuple[str, str], str] = {}
    sent = dict.fromkeys(SYSTEMS, 0)
    for part in PARTS:
        lines = [line for line in every(order["lines"]) if needed(line, part)]
        alive = []
        before: list[tuple[str, str]] = []
        for line in lines:
            own = waited_for(order, part, line)
            if any(ends[one][0] in ENDS and ends[one][0] != "completed" for one in own):
                ends[part.name, line["id"]] = ("cancelled", "fallout")
                continue
            alive.append(line)
            before += own
        # One instruction carries them all, so each of them waits on what any of them waits on.
        waiting = worst(ends[one][0] if ends[one][0] != "acknowledged" else waits[one] for one in before)
        for line in alive:
            ends[part.name, line["id"]] = ("acknowledged", "")
            waits[part.name, line["id"]] = waiting
        if not alive or any(ends[one][0] != "completed" for one in before):
            continue
        sent[part.system] += 1
        behaviour = chosen(script, part.system, order["number"], [line["offering"] for line in alive])
        for place, line in enumerate(alive, 1):
            ends[part.name, line["id"]] = (line_end(behaviour, part.system, place), "")
            waits[part.name, line["id"]] = ""
    items: dict[str, str] = {}
    tops = [item(line, ends, waits, items) for line in order["lines"] if counts(line)]
    status, cause = rolled((state, why, "") for state, why in tops)
    return Outcome("accepted", status, cause, tuple(sorted(items.items())), tuple(sent.items()))


def needed(line: Data, part: Part) -> bool:
    """Whether a part has work with a line."""
    return line["action"] != "noChange" and CATEGORY[line["offering"]] in part.categories


def waited_for(order: Data, part: Part, line: Data) -> list[tuple[str, str]]:
    """
    Everything waits for its own lines before it.  In an order with a bundle, internet waits for the warehouse
    too: none of the warehouse's lines is its own, so it waits for all of them.
    """
    found = [(name, line["id"]) for name in part.after]
    lines = list(every(order["lines"]))
    if part.name == "internet" and any(CATEGORY[one["offering"]] == "bundle" for one in lines):
        [warehouse] = [one for one in PARTS if one.name == "warehouse"]
        found += [("warehouse", one["id"]) for one in lines if needed(one, warehouse)]
    return found


def worst(states: Iterable[str]) -> str:
    """What an unsent line waits on: the customer before us, else nobody."""
    stand = set(states)
    return "pending" if "pending" in stand else "held" if "held" in stand else ""


def counts(line: Data) -> bool:
    """Items that stay as they are do not count."""
    return line["action"] != "noChange" or any(counts(one) for one in line["lines"])


def item(
    line: Data,
    ends: dict[tuple[str, str], Parent],
    waits: dict[tuple[str, str], str],
    items: dict[str, str],
) -> Parent:
    """An item is the roll-up of the lines that serve it and of the items nested in it."""
    children: list[Child] = [
        (*ends[part.name, line["id"]], waits.get((part.name, line["id"]), ""))
        for part in PARTS
        if (part.name, line["id"]) in ends
    ]
    children += [(*item(one, ends, waits, items), "") for one in line["lines"] if counts(one)]
    answer = rolled(children)
    items[line["id"]] = answer[0]
    return answer


# -- how a system behaves, and what state that leaves a line in


def chosen(script: Data, system: str, number: str, offerings: Sequence[str]) -> Data:
    """The behaviour that the script has for one instruction: the first rule that fits."""
    for rule in script.get("rules", ()):
        if matches(rule, system, number, offerings):
            name = share(rule["seeded"], system, number) if "seeded" in rule else rule["behaviour"]
            behaviour = script.get("behaviours", {}).get(name) or {**rule, "behaviour": name}
            able = ABLE.get(behaviour["behaviour"], SYSTEMS)
            return behaviour if system in able else {"behaviour": "ok"}
    return {"behaviour": "ok"}


def matches(rule: Data, system: str, number: str, offerings: Sequence[str]) -> bool:
    """Whether a rule is about a first instruction; what it does not name it does not ask for."""
    return (
        "do" in several(rule.get("verb", "do"))
        and system in several(rule.get("system", SYSTEMS))
        and number in several(rule.get("order", number))
        and number.startswith(rule.get("prefix", ""))
        and ("offering" not in rule or not set(several(rule["offering"])).isdisjoint(offerings))
    )


def several(value: Any) -> Sequence[str]:
    """One text or many."""
    return [value] if isinstance(value, str) else value


def share(seeded: Data, system: str, number: str) -> str:
    """The share an order falls into: first 64 bits of SHA-256 of ``seed:system:number`` modulo their sum."""
    text = f"{seeded.get('seed', 0)}:{system}:{number}"
    drawn = int(hashlib.sha256(text.encode()).hexdigest()[:16], 16) % sum(seeded["shares"].values())
    reached = 0
    for name, size in seeded["shares"].items():
        reached += size
        if drawn < reached:
            return str(name)
    raise AssertionError(text)


def line_end(behaviour: Data, system: str, place: int) -> str:
    """
    The state in which a behaviour leaves the line at ``place`` (1-based) of an instruction.

    What comes twice, late, early, or after the end changes nothing; silence is held, once the system has been
    asked again; a refusal is held, since only some words are final.
    """
    kind = behaviour["behaviour"]
    if kind == "silent":
        return "completed" if behaviour.get("answers_repeat") else "held"
    if kind == "backorder" and not behaviour.get("completes", True):
        return "held"  # at crm and billing the word is progress only, and then nothing follows: silence
    if kind in {"refused", "http_refuse"}:
        return "held"
    if kind in {"rejected", "needs_customer", "counter_offer"}:
        return {"rejected": "rejected"}.get(kind, "pending")
    if kind == "lines":
        words = behaviour.get("words", {})
        word = words.get(str(place)) or behaviour.get("word") or GOOD_WORD[system]
        return {"inProgress": "held"}.get(MEANING[system][word], MEANING[system][word])
    return "completed"

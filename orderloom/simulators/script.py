"""
Scripts: which simulated system behaves how, for which orders.

One JSON file with rules in order; the first that fits an instruction decides.  Described, with every
behaviour and setting, in docs/simulators.md.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

__all__ = [
    "ALL_SYSTEMS",
    "BEHAVIOURS",
    "EVERY_SYSTEM",
    "VERBS",
    "Behaviour",
    "Rule",
    "Script",
    "ScriptError",
    "bucket",
    "shipped",
]

ALL_SYSTEMS = ("crm", "warehouse", "oss.internet", "oss.mobile", "billing")
"""Those that are started unless others are named."""

EVERY_SYSTEM = (*ALL_SYSTEMS, "oss.voice", "oss.tv")
"""With those of the demonstration's own."""

_TALKATIVE = ("crm", "oss.internet", "oss.mobile", "billing")

# Which systems can behave so: a warehouse has no word for progress, crm no receipt that could be late.
BEHAVIOURS: Mapping[str, tuple[str, ...]] = {
    "ok": EVERY_SYSTEM,
    "slow": EVERY_SYSTEM,
    "silent": EVERY_SYSTEM,
    "duplicate": EVERY_SYSTEM,
    "out_of_order": _TALKATIVE,
    "contradictory": ALL_SYSTEMS,
    "early": ("warehouse", "oss.internet"),
    "backorder": EVERY_SYSTEM,
    "rejected": EVERY_SYSTEM,
    "refused": EVERY_SYSTEM,
    "needs_customer": _TALKATIVE,
    "lines": ALL_SYSTEMS,
    "header_only": ("warehouse",),
    "http_error": ("oss.internet",),
    "lose_answer": ("oss.internet", "oss.mobile"),
    "lose_command": ("oss.mobile",),
    "slow_drip": ("oss.internet",),
    "http_refuse": ("oss.internet",),
    "too_late": ALL_SYSTEMS,
    "crossing": ALL_SYSTEMS,
}

VERBS = ("do", "modify", "undo")
"""What an instruction may want; a rule that names none is about the first."""

# What can become of a change; the last two of nothing else.
_OF_CHANGES = (
    *("ok", "slow", "silent", "duplicate", "refused", "http_error", "http_refuse"),
    *("lose_answer", "lose_command", "slow_drip", "too_late", "crossing"),
)
_ONLY_CHANGES = ("too_late", "crossing")

# Long enough to be overtaken by everything else, short enough for a demonstration.
_SLOW = 3.0


class ScriptError(Exception):
    """A script says something that it cannot say; the text names where."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """
    How one instruction is answered.

    Args:
        kind: One of :data:`BEHAVIOURS`.
        delay: Seconds from applying to the first answer.
        then: Seconds from the first answer to the second, where there are two.
        answers_repeat: A silent system answers when it is asked again.
        repeat: ``duplicate``: the ``same`` reply twice, under a ``new`` key, or ``both``.
        completes: A backorder is filled after ``then`` seconds.
        words: The system's words for single lines, by their place (1-based) in the instruction.
        word: The word for all others; empty means the one for "done".
        times: How many calls fail, or commands or answers are lost, before one is let through.
        status: HTTP status of the answer, or of the failure.
        seconds: How long a dripping answer takes.
        at_once: A change is decided by the answer to the call, and no event follows.
    """

    kind: str
    delay: float = 0.0
    then: float = 0.0
    answers_repeat: bool = False
    repeat: str = "same"
    completes: bool = True
    words: Mapping[int, str] = field(default_factory=dict)
    word: str = ""
    times: int = 1
    status: int = 0
    seconds: float = 1.0
    at_once: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """What an instruction must look like (empty: anything), and what it gets; ``shares`` choose by number."""

    systems: tuple[str, ...] = ()
    orders: tuple[str, ...] = ()
    prefix: str = ""
    offerings: tuple[str, ...] = ()
    behaviour: Behaviour | None = None
    seed: int = 0
    shares: tuple[tuple[str, int], ...] = ()
    verbs: tuple[str, ...] = VERBS[:1]

    def fits(self, system: str, number: str, offerings: tuple[str, ...], verb: str) -> bool:
        """Whether the rule is about this instruction."""
        return (
            verb in self.verbs
            and (not self.systems or system in self.systems)
            and (not self.orders or number in self.orders)
            and number.startswith(self.prefix)
            and (not self.offerings or any(one in self.offerings for one in offerings))
        )


@dataclass(frozen=True, slots=True)
class Script:
    """Rules in order, and named behaviours that shares may speak of."""

    rules: tuple[Rule, ...] = ()
    named: Mapping[str, Behaviour] = field(default_factory=dict)

    def behaviour(
        self, system: str, number: str, offerings: tuple[str, ...] = (), verb: str = VERBS[0]
    ) -> Behaviour:
        """
        How ``system`` treats an instruction about order ``number``; ``ok`` when no rule fits.

        A share that names what the system cannot do counts as ``ok`` for it, and so does one that names what
        cannot become of this verb.
        """
        for rule in self.rules:
            if rule.fits(system, number, offerings, verb):
                chosen = rule.behaviour or self._named(bucket(rule.seed, system, number, rule.shares))
                able = system in BEHAVIOURS[chosen.kind] and _possible(chosen.kind, verb)
                return chosen if able else replace(chosen, kind="ok")
        return Behaviour("ok")

    def _named(self, name: str) -> Behaviour:
        return self.named.get(name) or Behaviour(name, delay=_SLOW if name == "slow" else 0.0)

    @classmethod
    def load(cls, path: Path) -> Script:
        """
        Read a script.

        Raises:
            ScriptError: Naming the first thing that is wrong.
        """
        try:
            return cls.of(json.loads(path.read_text("utf-8")))
        except json.JSONDecodeError as error:
            raise ScriptError(f"{path.name}: {error}") from error

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Script:
        """
        The script that a decoded JSON document is.

        Raises:
            ScriptError: Naming the first thing that is wrong.
        """
        _only(document, ("description", "behaviours", "rules"), "script")
        named = {
            name: _behaviour(one, f"behaviours.{name}")
            for name, one in document.get("behaviours", {}).items()
        }
        rules = tuple(_rules(document.get("rules", ()), named))
        return cls(rules, named)


def bucket(seed: int, system: str, number: str, shares: tuple[tuple[str, int], ...]) -> str:
    """
    The share that an order falls into at a system: SHA-256 of ``seed:system:number``.

    Its first 8 bytes, as a big-endian number, modulo the sum of the shares, counted through in order.
    """
    digest = hashlib.sha256(f"{seed}:{system}:{number}".encode()).digest()
    left = int.from_bytes(digest[:8], "big") % sum(share for _, share in shares)
    for name, share in shares:
        left -= share
        if left < 0:
            return name
    raise AssertionError("the remainder is below the sum")


def shipped(name: str) -> Path:
    """A script that comes with the project: ``calm``, ``mixed``, ``by-number``."""
    return Path(__file__).parent / "scripts" / f"{name}.json"


_MATCHES = ("why", "system", "order", "prefix", "offering", "verb")
_SETTINGS = tuple(one.name for one in fields(Behaviour) if one.name != "kind")


def _rules(rules: Any, named: Mapping[str, Behaviour]) -> Iterator[Rule]:
    for place, rule in enumerate(rules):
        where = f"rules[{place}]"
        match = {
            "systems": _several(rule.get("system", ()), where),
            "orders": _several(rule.get("order", ()), where),
            "offerings": _several(rule.get("offering", ()), where),
            "prefix": rule.get("prefix", ""),
            "verbs": _several(rule.get("verb", VERBS[0]), where),
        }
        unknown = [one for one in match["systems"] if one not in EVERY_SYSTEM]
        if unknown:
            raise ScriptError(f"{where}.system: unknown {unknown[0]!r} (one of {', '.join(EVERY_SYSTEM)})")
        if strange := [one for one in match["verbs"] if one not in VERBS]:
            raise ScriptError(f"{where}.verb: unknown {strange[0]!r} (one of {', '.join(VERBS)})")
        if "seeded" in rule:
            _only(rule, (*_MATCHES, "seeded"), where)
            yield Rule(**match, **_shares(rule["seeded"], named, f"{where}.seeded"))
        else:
            rest = {name: value for name, value in rule.items() if name not in _MATCHES}
            chosen = named.get(rest.get("behaviour", "")) if len(rest) == 1 else None
            yield _able(Rule(**match, behaviour=chosen or _behaviour(rest, where)), where)


def _possible(kind: str, verb: str) -> bool:
    """Whether it can become of an instruction with this verb."""
    return kind not in _ONLY_CHANGES if verb == VERBS[0] else kind in _OF_CHANGES


def _able(rule: Rule, where: str) -> Rule:
    """Refuse a rule that names a system which cannot behave so, or a verb of which that cannot become."""
    kind = rule.behaviour.kind if rule.behaviour else ""
    for verb in rule.verbs:
        if not _possible(kind, verb):
            raise ScriptError(f"{where}: {kind!r} cannot become of {verb}")
    for system in rule.systems:
        if system not in BEHAVIOURS[kind]:
            raise ScriptError(f"{where}: {system} cannot be {kind!r} (only {', '.join(BEHAVIOURS[kind])})")
    return rule


def _shares(seeded: Mapping[str, Any], named: Mapping[str, Behaviour], where: str) -> dict[str, Any]:
    _only(seeded, ("seed", "shares"), where)
    shares = tuple(seeded["shares"].items())
    for name, share in shares:
        if name not in named and name not in BEHAVIOURS:
            raise ScriptError(f"{where}.shares: unknown behaviour {name!r}")
        if not isinstance(share, int) or share < 1:
            raise ScriptError(f"{where}.shares.{name}: {share!r} is no share (a whole number above 0)")
    return {"seed": seeded.get("seed", 0), "shares": shares}


def _behaviour(document: Mapping[str, Any], where: str) -> Behaviour:
    _only(document, ("behaviour", *_SETTINGS), where)
    kind = document.get("behaviour", "")
    if kind not in BEHAVIOURS:
        raise ScriptError(f"{where}.behaviour: unknown {kind!r} (one of {', '.join(BEHAVIOURS)})")
    settings = {name: value for name, value in document.items() if name != "behaviour"}
    if settings.get("repeat", "same") not in {"same", "new", "both"}:
        raise ScriptError(f"{where}.repeat: unknown {settings['repeat']!r} (same, new or both)")
    if kind == "slow":
        settings.setdefault("delay", _SLOW)
    settings["words"] = {int(place): word for place, word in settings.get("words", {}).items()}
    return Behaviour(kind, **settings)


def _several(value: Any, where: str) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list | tuple) and all(isinstance(one, str) for one in value):
        return tuple(value)
    raise ScriptError(f"{where}: {value!r} is neither a text nor a list of texts")


def _only(document: Mapping[str, Any], allowed: tuple[str, ...], where: str) -> None:
    for name in document:
        if name not in allowed:
            raise ScriptError(f"{where}: unknown {name!r} (one of {', '.join(allowed)})")

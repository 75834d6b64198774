"""
What is to be proposed, and whether an order waits for the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import msgspec

from canonical.codec import encode
from canonical.commands import Origin
from canonical.conversation import Recommendation, RecommendationState
from canonical.keys import message_id
from canonical.notices import NoticeKind
from canonical.order import Order, OrderContent, every_item
from canonical.parties import aliases_of
from canonical.references import Endpoint
from orderloom.correlation.conversation_port import RecommendationRow
from routes.model import RuleSet
from routes.recommendations import Happened, RecommendationRule, on_order

from .talk import QUESTION
from .unit import Unit

__all__ = [
    "GUARDED",
    "decided",
    "may_propose",
    "party_of",
    "propose",
    "propose_all",
    "proposes",
    "question_for",
]

GUARDED = frozenset({"partner", "agent"})
"""Channels of other companies: they see their own interactions, and no recommendations unless agreed."""


def may_propose(profile: Endpoint) -> bool:
    """Whether an endpoint is told what to propose: partners and agents only when that was agreed."""
    return profile.recommendations or profile.channel not in GUARDED


def proposes(rules: RuleSet, content: OrderContent) -> bool:
    """Whether something might be proposed because of what is ordered: then its customer matters."""
    triggers = (one.trigger.items for one in rules.recommendations)
    wanted = {action for one in triggers if one is not None for action in one.actions}
    return bool(wanted) and any(item.action in wanted for item in every_item(content.product_order_item))


def party_of(order: Order) -> str:
    """The customer of an order, by the first alias that it says; empty when it says none."""
    return next((alias.id for alias in aliases_of(order.related_party)), "")


def question_for(
    unit: Unit, order: Order, origin: Origin
) -> tuple[RecommendationRule, Recommendation] | None:
    """
    The first proposal that is to be answered before ``order`` is carried out, if there is one.

    Nothing waits for somebody who would not be told that he is asked.
    """
    party = party_of(order)
    profile = unit.world.endpoints.get(origin.endpoint)
    if not party or profile is None or not may_propose(profile):
        return None
    if NoticeKind.INFORMATION_REQUIRED not in profile.notices:
        return None
    for rule in on_order(unit.rules.recommendations, order):
        if rule.ask_first and profile.channel in rule.channels and _fits(unit, rule, party):
            return rule, _made(unit, rule, party, order.id)
    return None


def propose_all(
    unit: Unit, rules: Sequence[RecommendationRule], party: str, cause: str
) -> list[Recommendation]:
    """Make what these rules propose to a customer, unless that was done often enough."""
    fitting = (rule for rule in rules if party and not rule.ask_first and _fits(unit, rule, party))
    return [propose(unit, rule, _made(unit, rule, party, cause), party) for rule in fitting]


def propose(
    unit: Unit, rule: RecommendationRule, made: Recommendation, party: str, order: str = ""
) -> Recommendation:
    """Keep a recommendation; ``order`` is the draft that waits for its answer."""
    row = RecommendationRow(
        id=made.id,
        party=party,
        rule=rule.name,
        order_id=order,
        channels=tuple(sorted(rule.channels)),
        state=made.state,
        at=made.made,
        valid_until=made.valid_until,
        doc=encode(made),
    )
    talk = unit.talk
    talk.recommendations[row.id] = unit.changes.conversation.recommendations[row.id] = row
    talk.proposed[party] = (*talk.proposed.get(party, ()), row)
    return made


def decided(unit: Unit, row: RecommendationRow, state: RecommendationState) -> None:
    """What has become of a recommendation."""
    made = msgspec.json.decode(row.doc, type=Recommendation)
    doc = encode(msgspec.structs.replace(made, state=state))
    now = replace(row, state=state, doc=doc)
    talk = unit.talk
    talk.recommendations[row.id] = unit.changes.conversation.recommendations[row.id] = now
    known = talk.proposed.get(row.party, ())
    talk.proposed[row.party] = tuple(now if one.id == now.id else one for one in known)


def _fits(unit: Unit, rule: RecommendationRule, party: str) -> bool:
    talk = unit.talk
    talk.load_parties(unit.tx, [party])
    known = talk.known_as(party)
    happened = [Happened(row.kind, row.at) for one in known for row in talk.interactions.get(one, ())]
    made = [row.at for one in known for row in talk.proposed.get(one, ()) if row.rule == rule.name]
    return rule.fits(happened, made, unit.now)


def _made(unit: Unit, rule: RecommendationRule, party: str, cause: str) -> Recommendation:
    answer_by = _later(unit.now, rule.answer_by) if rule.answer_by is not None else None
    offering = unit.rules.references.offering(rule.offering.id, f"recommendation {rule.name}")
    return Recommendation(
        id=QUESTION + message_id("recommendation", rule.name, party, cause),
        name=rule.name,
        offering=msgspec.structs.replace(rule.offering, name=offering.name),
        made=unit.now,
        valid_until=answer_by or _later(unit.now, rule.valid_for),
        text=rule.text,
        reason=rule.reason,
        apology=rule.apology,
        answer_by=answer_by,
    )


def _later(now: datetime, seconds: int) -> datetime:
    return now + timedelta(seconds=seconds)

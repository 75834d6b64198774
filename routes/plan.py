"""
Planning: an order in; parts, what each waits for and the reason of each out.

Every route that matches adds its parts.  An order that no route takes, or with an item that no part serves,
is refused by name: the hub parks it and never drops it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from canonical.errors import Rejected, shown
from canonical.order import Order, OrderItem
from canonical.plan import PartPlan, Plan
from canonical.systems import SystemProfile

from .conditions import Facts
from .model import RuleSet, Step

__all__ = ["make_plan"]

# Enough to see what is wrong; an order may have a thousand items.
_NAMED = 5


def make_plan(order: Order, rules: RuleSet, profiles: Mapping[str, SystemProfile]) -> Plan:
    """
    The plan of ``order`` by ``rules``; the same order and rules always give the same plan.

    Args:
        order: With the categories that :func:`routes.catalogue.fill` fills in, and its capturing channel.
        profiles: The systems that can be reached now; pinned rules may be older than these.

    Raises:
        Rejected: ``E_NO_ROUTE``; ``E_ITEM_NOT_ROUTED`` with the lines that no part serves;
            ``E_CONFIG`` when a part's system is not there any more.
    """
    facts = Facts.of(order)
    taken = [route.takes(facts) for route in rules.routes]
    if not facts.work or not any(taken):
        raise _no_route(facts)
    chosen = [
        (step, served)
        for step in rules.steps
        if taken[step.route] and (served := tuple(i.id for i in facts.work if step.part.items.takes(i)))
    ]
    _check_served(facts.work, {item for _, served in chosen for item in served})
    names = {step.part.name for step, _ in chosen}
    checks = {step.part.name: frozenset(served) for step, served in chosen if step.part.check}
    parts = tuple(
        _part(number, step, served, _after(step, served, names, checks), profiles)
        for number, (step, served) in enumerate(chosen, start=1)
    )
    return Plan(rules_version=rules.version, parts=parts)


def _after(
    step: Step, served: tuple[str, ...], names: set[str], checks: Mapping[str, frozenset[str]]
) -> tuple[str, ...]:
    """What a part waits for: what it says, as far as that is planned, and every check of one of its items."""
    said = {name for name in step.part.after if name in names}
    if not step.part.check:
        said |= {name for name, items in checks.items() if not items.isdisjoint(served)}
    return tuple(sorted(said))


def _part(
    number: int,
    step: Step,
    served: tuple[str, ...],
    after: tuple[str, ...],
    profiles: Mapping[str, SystemProfile],
) -> PartPlan:
    rule = step.part
    if rule.system not in profiles:
        where = f"route {step.reason.route} part {rule.name}"
        allowed = f"one of {', '.join(sorted(profiles))}"
        raise Rejected("E_CONFIG", f"system {shown(rule.system)} is not there", where, allowed)
    return PartPlan(
        name=rule.name,
        number=number,
        system=rule.system,
        items=served,
        reason=step.reason,
        after=after,
        due=rule.due,
        calendar=rule.calendar,
        answer_within=rule.answer_within,
        optional=rule.optional,
        check=rule.check,
        valid_for=rule.valid_for,
        on_fallout=rule.on_fallout,
        concerns=rule.concerns,
        soft_ponr=rule.soft_ponr,
        hard_ponr=rule.hard_ponr,
        change_charge=rule.change_charge,
        ask=rule.ask,
    )


def _no_route(facts: Facts) -> Rejected:
    if not facts.work:
        allowed = "at least one item with action add, modify or delete"
        return Rejected("E_NO_ROUTE", "no item of the order asks for anything", "order", allowed)
    channel, category = shown(facts.channel), shown(facts.order.category)
    return Rejected("E_NO_ROUTE", f"no route takes channel {channel} with category {category}", "order")


def _check_served(work: Sequence[OrderItem], served: set[str]) -> None:
    left = [item for item in work if item.id not in served]
    if not left:
        return
    more = f" and {len(left) - _NAMED} more" if len(left) > _NAMED else ""
    where = "item " + ", ".join(item.line_ref or item.id for item in left[:_NAMED]) + more
    wanted = dict.fromkeys(f"{shown(item.product_offering.id)} ({item.action})" for item in left[:_NAMED])
    raise Rejected("E_ITEM_NOT_ROUTED", f"no part of the plan serves {', '.join(wanted)}", where)

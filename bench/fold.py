"""
What one fold costs: accepting an order of four items in three parts, and folding one reply into it.

Run from the project's folder: ``python bench/fold.py``.  Prints the best and the median of many runs, in
microseconds; on a machine that does something else too, the best is what the code costs.
"""

# ruff: noqa: INP001  (a script, no package)

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median
from time import perf_counter_ns

from canonical.commands import Origin, SubmitOrder
from canonical.order import OfferingRef, Order, OrderContent, OrderItem
from canonical.plan import PartPlan, Plan, Reason
from canonical.references import Endpoint
from canonical.replies import Reference, Reply
from canonical.states import Action, State
from canonical.systems import Attachment, Meaning, SystemProfile
from orderloom.correlation.fold import accept, draft_order
from orderloom.correlation.fold_reply import fold_reply
from orderloom.correlation.folded import World

_NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
_RUNS = 3000
_ITEMS = ("1", "2", "3", "4")
_PARTS = (("crm", _ITEMS, ()), ("store", ("1", "2"), ("crm",)), ("net", ("3", "4"), ("crm",)))


def main(write: Callable[[str], object] = sys.stdout.write) -> None:
    """Measure and print."""
    order, plan, world = _order(), _plan(), _world()
    accepted = accept(order, plan, world, _NOW).record
    reply = Reply(
        system="crm",
        key="reply-1",
        about=(Reference(type="reference", value=f"{order.id}-1"),),
        word="done",
        outputs={"accountId": "A-1"},
    )
    last = Reply(
        system="net", key="reply-2", about=(Reference(type="reference", value=f"{order.id}-3"),), word="done"
    )
    released = fold_reply(accepted, reply, world, _NOW).record
    for what, run in (
        ("accept, 4 items in 3 parts", lambda: accept(order, plan, world, _NOW)),
        ("reply that releases two parts", lambda: fold_reply(accepted, reply, world, _NOW)),
        ("reply that releases nothing", lambda: fold_reply(released, last, world, _NOW)),
    ):
        best, middle = _cost(run)
        write(f"{what:<32}best {best:6.1f} us   median {middle:6.1f} us\n")


def _cost(run: Callable[[], object]) -> tuple[float, float]:
    took = []
    for _ in range(_RUNS):
        start = perf_counter_ns()
        run()
        took.append(perf_counter_ns() - start)
    return min(took) / 1000, median(took) / 1000


def _order() -> Order:
    content = OrderContent(
        product_order_item=tuple(
            OrderItem(id=name, action=Action.ADD, product_offering=OfferingRef(id=f"offer-{name}"))
            for name in _ITEMS
        )
    )
    origin = Origin(channel="web", endpoint="web.portal", document_type="ProductOrder", document="PO-1")
    return draft_order(SubmitOrder(origin=origin, order=content), content, "rules-1", _NOW)


def _plan() -> Plan:
    reason = Reason(route="bench", rules_version="rules-1", clause="any order")
    return Plan(
        rules_version="rules-1",
        parts=tuple(
            PartPlan(name=name, number=number, system=name, items=items, reason=reason, after=after)
            for number, (name, items, after) in enumerate(_PARTS, start=1)
        ),
    )


def _world() -> World:
    words = {"done": Meaning(state=State.COMPLETED)}
    profiles = {
        name: SystemProfile(name=name, attachment=Attachment.QUEUE, words=words, reference_type="reference")
        for name, _, _ in _PARTS
    }
    endpoint = Endpoint(id="web.portal", channel="web", out_queue="channel.web.out")
    return World(profiles=profiles, endpoints={endpoint.id: endpoint})


if __name__ == "__main__":
    main()

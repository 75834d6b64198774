"""
``orderloom forget``: a customer's wish that nothing personal of him is kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from canonical.errors import shown

from .context import Here, Refused, actor, complain, here, sentence
from .text import counted

if TYPE_CHECKING:
    from orderloom.correlation.port import Store
    from orderloom.forgetting import Customer, Fate, Left

__all__ = ["forget"]


@click.command()
@click.argument("party")
@click.option("--why", required=True, help="For the journal: the request, by its number; no name.")
@click.option("--dry-run", "dry", is_flag=True, help="Say what would be overwritten, and change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask: it cannot be undone.")
@here
def forget(place: Here, party: str, *, why: str, dry: bool, yes: bool) -> None:
    """
    Overwrite what is personal of the customer PARTY in all orders that have ended.

    PARTY is an id by which a sender names the customer: C-88100, email:ada@example.com, phone:+15125550142.
    Names, addresses, notes, values of characteristics and the messages themselves go; ids, states, hashes and
    amounts stay. Orders that still run are left as they are: say it again when they have ended.

    Example:
      orderloom forget email:ada@example.com --why "request 2026-117" --dry-run
    """
    from orderloom.forgetting import find_customer

    with place.store() as store:
        customer = find_customer(store, party)
        _known(store, customer)
        if not (dry or yes):
            click.confirm(f"forget a customer of {counted(len(customer.orders), 'order')}?", abort=True)
        left = _orders(place, store, customer, why, dry=dry)
    if left:
        what = f"{counted(left, 'order')} left as {'it is' if left == 1 else 'they are'}"
        complain(sentence("E_STATE", what, allowed="say it again when they have ended"), status=1)


def _known(store: Store, customer: Customer) -> None:
    if customer.orders or store.interactions(customer.ids, 1) or store.conversations_of(customer.ids):
        return
    if any(one.event == "party_forgotten" and one.data["party"] in customer.ids for one in store.journal("")):
        return
    what = f"no customer {shown(customer.name)}"
    if customer.others:
        what += f", who is somebody else in {counted(customer.others, 'order')}"
    raise Refused("E_NOT_FOUND", what, "", "an id by which a sender names a customer")


def _orders(place: Here, store: Store, customer: Customer, why: str, *, dry: bool) -> int:
    """Forget all of him, and say what became of it; returns how many orders were left."""
    from orderloom.correlation.port import StoreBusy
    from orderloom.forgetting import Left, forget_interactions, forget_order

    at, who = place.now(), actor()
    natives, done, left = 0, 0, 0
    for order_id in customer.orders:
        fate = forget_order(store, order_id, actor=who, why=why, at=at, dry=dry)
        click.echo(_told(fate))
        if isinstance(fate, Left):
            left += 1
        else:
            done += not fate.before
            natives += fate.natives if not fate.before else 0
    said = forget_interactions(store, customer, actor=who, why=why, at=at, dry=dry)
    tail = "would be overwritten; nothing was changed (--dry-run)" if dry else "overwritten"
    facts = (counted(done, "order"), counted(natives, "message"), counted(said, "interaction"))
    click.echo(f"{', '.join(facts)} {tail}")
    if not dry:
        try:
            store.scrub()
        except StoreBusy as busy:
            complain(
                sentence(
                    "E_STORE",
                    f"overwritten, but its file is not rewritten yet: {busy}",
                    allowed="say it again",
                )
            )
    return left


def _told(fate: Fate | Left) -> str:
    from orderloom.forgetting import Left

    if isinstance(fate, Left):
        return f"{fate.order_id}  left: {fate.why}"
    what = "forgotten before" if fate.before else counted(fate.natives, "message")
    return f"{fate.order_id}  {fate.number or '-'}  {what}"

"""
What people do with held lines, as one transaction's work among any other.
"""

from __future__ import annotations

import msgspec

from canonical.codec import encode
from canonical.errors import Rejected, shown
from canonical.keys import content_hash
from orderloom.correlation.fallout import Act, carry_out
from orderloom.correlation.port import InboxRow

from .items import FromOperator
from .keys import act_key
from .unit import Unit

__all__ = ["take_act"]


def take_act(unit: Unit, item: FromOperator) -> None:
    """
    Carry out one act on one order; the same act a second time changes nothing.

    Raises:
        Rejected: It cannot be; ``E_STATE`` too when its id was another act's.
    """
    key = act_key(item.act.id, item.order_id)
    digest = _digest(item.act)
    known = unit.inbox.get(key)
    if known is not None:
        if known.hash != digest:
            what = f"the id is that of another act, of {known.at:%Y-%m-%d %H:%M:%S} UTC"
            raise Rejected("E_STATE", what, f"act {shown(item.act.id)}", "an id of its own")
        return
    record = unit.records.get(item.order_id)
    if record is None:
        raise Rejected("E_NOT_FOUND", f"no order {shown(item.order_id)}")
    unit.take(carry_out(record, item.act, unit.world, unit.now), key)
    unit.taken(InboxRow(key, digest, item.order_id, unit.now))


def _digest(act: Act) -> str:
    """Of what is done: said again later, "held for two hours" is another instant and the same act."""
    chosen = msgspec.structs.replace(act.chosen, held_by=None)
    return content_hash(encode(msgspec.structs.replace(act, chosen=chosen)))

"""
The floor: a relay that takes what the hub takes and sends what the hub sends, and neither reads nor keeps it.

Which messages those are is learned from orders that went through the hub (:func:`learned`): the first
message of an order sets off what the hub sends up to the first instruction, the reply to that the other
instructions, and one of the last replies all the rest.  Same number, sizes, properties and hops; only
contents repeat.
"""

from __future__ import annotations

import pickle
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import median_low

from broker.port import Delivery

from .relaying import Message, run
from .world import CHANNEL_IN, RECENT, SYSTEMS, system_in, system_replies

__all__ = ["Script", "learned"]

Script = Mapping[str, Sequence[Message]]
"""What each input queue's messages lead to."""

_FIRST, *_OTHERS = SYSTEMS


def learned(seen: Iterable[Delivery]) -> Script:
    """
    The messages of one typical order among those that were seen, by what sets them off.

    Args:
        seen: Everything that the hub sent, each queue in its order.
    """
    by_order: defaultdict[str, list[Delivery]] = defaultdict(list)
    begin: list[Delivery] = []
    for one in seen:
        if one.properties.type == "acknowledgement.v1":
            begin = [one]  # names the sender's message, not the order; all are alike
        elif one.properties.correlation_id:
            by_order[one.properties.correlation_id].append(one)
    typical = median_low(len(found) for found in by_order.values())
    order = next(found for found in by_order.values() if len(found) == typical)
    begin += [one for one in order if one.queue in (RECENT[0], system_in(_FIRST))]
    middle = [one for one in order if one.queue in {system_in(name) for name in _OTHERS}]
    known = {id(one) for one in (*begin, *middle)}
    rest = [one for one in order if id(one) not in known]
    script = {CHANNEL_IN: begin, system_replies(_FIRST): middle, system_replies(_OTHERS[-1]): rest}
    queues = (CHANNEL_IN, *map(system_replies, SYSTEMS))
    return {queue: tuple(map(_again, script.get(queue, ()))) for queue in queues}


def _again(one: Delivery) -> Message:
    """As the hub sent it: announcements to their exchange, everything else straight to its queue."""
    exchange, _, recent = one.queue.partition(".")
    if recent == "recent":
        return exchange, str(one.properties.type), one.body, one.properties
    return "", one.queue, one.body, one.properties


if __name__ == "__main__":
    # Written by the process that starts this one.
    _script: Script = pickle.loads(Path(sys.argv[2]).read_bytes())  # noqa: S301
    run(sys.argv[1], "bench relay", tuple(_script), lambda one: _script[one.queue])

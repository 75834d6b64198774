"""
The four systems of the bench in one process: each answers every instruction at once, in its own format.

Reading and writing is the simulators'; what they remember, and sync to disk before they answer, is left out,
so that the hub is measured and not they.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from broker.port import Delivery, Properties
from orderloom.simulators.billing import Billing
from orderloom.simulators.calls import CallLog
from orderloom.simulators.crm import Crm
from orderloom.simulators.mobile import Mobile
from orderloom.simulators.script import Behaviour, Script
from orderloom.simulators.warehouse import Warehouse

from .relaying import Message, run
from .world import system_in

__all__ = ["Systems"]

_OK = Behaviour("ok")


class Systems:
    """What the systems say to their instructions."""

    def __init__(self) -> None:
        log, script = _log(), Script.of({})
        made = (make(script, log, _now) for make in (Crm, Warehouse, Mobile, Billing))
        self._by_queue: Mapping[str, Crm | Warehouse | Mobile | Billing] = {
            system_in(one.name): one for one in made
        }

    @property
    def queues(self) -> tuple[str, ...]:
        """The queues of the four."""
        return tuple(self._by_queue)

    def answers(self, instruction: Delivery) -> Iterator[Message]:
        """All answers to it."""
        system = self._by_queue[instruction.queue]
        properties = Properties(content_type=system.content_type, headers={"system": system.name})
        for told in system.read(instruction.body):
            for reply in system.render(told, _OK, _now(), {}):
                yield f"reply.{system.name}", system.name, system.encode(reply.body), properties


def _log() -> CallLog:
    """Their control numbers go on where those of the process before have stopped: a number is used once."""
    log = CallLog()
    base = int(_now().timestamp()) % 100_000 * 9_000
    for system, *counters in (("warehouse", "interchange", "group"), ("oss.mobile", "serial")):
        log.append({"system": system, "key": "", "applied": False, "numbers": dict.fromkeys(counters, base)})
    return log


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    _systems = Systems()
    run(sys.argv[1], "bench echo", _systems.queues, _systems.answers)

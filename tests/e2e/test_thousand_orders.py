"""
A thousand orders, with worker and adapters killed on the way: in both shapes, on both stores.

All of them with ``ORDERLOOM_FULL=1``; else two of the four, with fewer.  ``ORDERLOOM_E2E_ORDERS`` sets
another number for all.
"""

from __future__ import annotations

import faulthandler
import json
import os
from threading import Thread

import pytest

from orderloom.simulators.orders import Mix, generate, messages
from orderloom.simulators.script import shipped
from tests.e2e.run import Applied, Run, Stopwatch, load_script, share
from tests.support.hub import running_hub

pytestmark = pytest.mark.rabbitmq

_SEED = 20
_ALL = 1000
_MANY = 400
_FEW = 150

# When the worker is killed, in shares of all instructions that the systems will apply; of few orders twice,
# for on PostgreSQL each death costs a lease.
_KILLS = (0.02, 0.15, 0.35, 0.55, 0.8)
_FEW_KILLS = (0.15, 0.55)
_NEIGHBOURS_KILL = 0.45

# When the adapters are killed in split shape, in shares of all native messages that they forward.
_ADAPTER_KILLS = (0.02, 0.3, 0.6)

# Seconds that systems have to answer: more than a burst of all these orders keeps them waiting.
_ANSWER_WITHIN = 12

# Seconds for all instructions to be applied; for the last answers and for giving up those that never come.
_LIMIT = 120.0
_REST = 120.0

# Seconds after which it hangs.
_LONGEST = 900

# A contradiction is a second answer after the first.  A broker may swap two messages of which one was in a
# dead worker's hands, so that between them must lie more than a worker's absence and its backlog.
_CONTRADICTED_AFTER = 120.0
_FEW_CONTRADICTED_AFTER = 45.0


def _count(shape, store):
    """How many orders."""
    short = _MANY if (shape, store) == ("joined", "sqlite") else _FEW
    full = os.environ.get("ORDERLOOM_FULL") == "1"
    return int(os.environ.get("ORDERLOOM_E2E_ORDERS", _ALL if full else short))


@pytest.fixture(
    params=[
        ("joined", "sqlite"),
        pytest.param(("joined", "postgres"), marks=[pytest.mark.postgres, pytest.mark.long]),
        pytest.param(("split", "sqlite"), marks=pytest.mark.long),
        pytest.param(("split", "postgres"), marks=pytest.mark.postgres),
    ],
    ids=" on ".join,
)
def hub(request, rabbit, tmp_path):
    """A hub in each shape, on each store."""
    shape, store = request.param
    with running_hub(rabbit, tmp_path, split=shape == "split") as made:
        if store == "postgres":
            made.environment["ORDERLOOM_STORE"] = request.getfixturevalue("postgres")
        made.orders = _count(shape, store)
        yield made


class Deaths:
    """The processes of a hub, and when each of them is killed."""

    def __init__(self, hub, capsys):
        self.hub = hub
        self.watch = Stopwatch()
        self.applied = Applied(hub.calls)
        self.accepted = 0
        self.worker = hub.worker()
        self._systems()
        self._capsys = capsys
        self._moments = []
        self._forwards = []

    def tell(self, text):
        """How far it is."""
        moving = {"acknowledged", "inProgress"}
        resting = sum(count for state, count in self.hub.states().items() if state not in moving)
        with self._capsys.disabled():
            line = f"  {self.watch.seconds:5.1f} s  {resting} of {self.accepted} orders at rest  {text}"
            print(line, flush=True)  # noqa: T201 (a long test says how far it is)

    def all(self, instructions, natives):
        """Wait for each moment, kill, and start again."""
        few = self.hub.orders < _MANY
        moments = [(count, self._kill_worker) for count in share(instructions, _FEW_KILLS if few else _KILLS)]
        moments += [(count, self._kill_systems) for count in share(instructions, [_NEIGHBOURS_KILL])]
        self._moments = sorted(moments, key=lambda one: one[0])
        self._forwards = share(len(natives), _ADAPTER_KILLS) if self.hub.split else []
        while self._moments or self._forwards:
            self.hub.until("the next death", self._due, _LIMIT, 0.02)
            if self._adapters_due():
                self.hub.kill_adapters()
                self.tell(f"adapters killed ({self._forwards.pop(0)} messages)")
                self.hub.adapt()
            else:
                count, kill = self._moments.pop(0)
                kill(count)

    def _due(self):
        return self._adapters_due() or (self._moments and self.applied.count() >= self._moments[0][0])

    def _adapters_due(self):
        logs = (process.log.read_bytes() for process in self.hub.adapters.values())
        forwarded = sum(log.count(b"message_forwarded") for log in logs)
        return self._forwards and forwarded >= self._forwards[0]

    def _kill_worker(self, count):
        self.worker.kill()
        self.tell(f"worker killed ({count} instructions)")
        self.worker = self.hub.worker()

    def _kill_systems(self, count):
        self.systems.kill()
        self.tell(f"systems killed ({count} instructions)")
        self._systems()

    def _systems(self):
        self.systems = self.hub.simulators(self.hub.folder / "script.json")


def test_a_thousand_mixed_orders_survive_five_kills(hub, capsys):
    """
    Every order ends as the oracle says, nothing is applied twice, no number is left out, and everybody has
    been told the last state: with SIGKILL for the worker five times, once for the systems, and in split shape
    three times for every adapter.
    """
    _longer(capsys)
    hub.answer_within = _ANSWER_WITHIN
    hub.configure()
    late = _FEW_CONTRADICTED_AFTER if hub.orders < _ALL else _CONTRADICTED_AFTER
    script = _script(hub.folder / "script.json", late)
    deaths = Deaths(hub, capsys)
    orders = generate(_SEED, hub.orders, Mix(gadgets=0.01))
    run = Run(hub, hub.readers(), orders, script)
    watch, tell, applied = deaths.watch, deaths.tell, deaths.applied
    deaths.accepted = len(run.accepted)
    dropping = Thread(target=run.drop)
    dropping.start()
    total = sum(run.instructed.values())
    deaths.all(total, list(messages(orders)))
    dropping.join()
    hub.until("most instructions applied", lambda: applied.count() >= 0.95 * total, _LIMIT)
    tell("95 % of all instructions applied")
    rate = 0.95 * len(orders) / watch.seconds
    run.until_every_order_has_its_state(_REST)
    run.until_told(30)
    tell(f"all ended; {rate:.0f} orders/s with the kills, until systems were waited for that never answer")

    assert [] == run.wrong()
    run.orders_kept()
    run.applied_once()
    run.gapless()
    run.last_words()
    run.answered()
    run.nothing_left(late + 30)
    assert 0 == deaths.worker.stop()


def _longer(capsys):
    """On a slow machine a thousand orders take longer than any other test may."""
    with capsys.disabled():
        faulthandler.dump_traceback_later(_LONGEST, exit=True, file=os.dup(2))


def _script(file, late):
    """The mixed script, with contradictions that come late; written to ``file``."""
    script = load_script(shipped("mixed"))
    script["behaviours"]["contradictory"]["then"] = late
    file.write_text(json.dumps(script), "utf-8")
    return script

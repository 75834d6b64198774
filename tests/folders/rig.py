"""
The engine's bench with a drop folder: the direct-mail adapter, one sender, one system that ships.
"""

from __future__ import annotations

import json
import pathlib
from concurrent.futures import Executor, Future
from functools import partial

from adapters.inbound.directmail import DirectMailAdapter
from broker.memory import MemoryBroker
from broker.topology import BindingSpec, ExchangeSpec, QueueSpec, Topology
from orderloom.engine.hub import Hub, SystemLink
from orderloom.folders.broker import FolderBroker
from orderloom.folders.places import folder_of, make_places, place_of
from orderloom.folders.work import FileWork
from orderloom.hub_topology import Lane, LaneKind
from orderloom.identity import Identity
from orderloom.settings import load
from orderloom.worker import Worker
from tests.engine import rig as bench
from tests.engine.rig import CONSUMED, RULES, WorkerRig, rules_of
from tests.support.cards import told

__all__ = ["IN", "MENDED", "SENDER", "FolderRig", "patched_rename"]

SENDER = "directmail.printco"
IN = "channel.directmail.in"
PRINTCO_OUT = "channel.directmail.printco.out"

SENDERS = {
    "endpoints/directmail.toml": """
id = "directmail.printco"
channel = "directmail"
name = "Reply cards"
out_queue = "channel.directmail.printco.out"

[[identifier]]
qualifier = "ID"
value = "PRINTCO"
""",
    "endpoints/letters.toml": """
id = "directmail.letters"
channel = "directmail"
name = "Letters"
out_queue = "channel.directmail.letters.out"
out_folder = true

[[identifier]]
qualifier = "ID"
value = "LETTERS"
""",
    "routes/catalogue/mail.toml": """
[[offering]]
id = "HANDSET"
name = "A handset"
category = "handset"
codes = [{ owner = "directmail", type = "OFFER-CODE", code = "HANDSETA" }]

[[offering]]
id = "LATER"
name = "A handset that no route takes yet"
category = "later"
codes = [{ owner = "directmail", type = "OFFER-CODE", code = "LATER" }]
""",
    "routes/mail.toml": """
[[route]]
name = "mail"
why = "whoever ordered by mail is a customer"
when = { item = { category = "handset" } }
  [[route.part]]
  name = "customer"
  system = "crm"
  items = { category = "handset" }
  [[route.test]]
  order = "samples/mail.json"
  channel = "directmail"
  endpoint = "directmail.printco"
  expect = ["customer"]
""",
    "routes/samples/mail.json": json.dumps(
        {"productOrderItem": [{"id": "1", "action": "add", "productOffering": {"id": "HANDSET"}}]}
    ),
}

# A route for what no route takes in the others.
MENDED = SENDERS | {
    "routes/mail.toml": SENDERS["routes/mail.toml"].replace('"handset"', '["handset", "later"]')
}

OUT = (PRINTCO_OUT, "channel.directmail.letters.out")


class Inline(Executor):
    """Does a job at once."""

    def submit(self, job, /, *args, **more):
        done = Future()
        try:
            done.set_result(job(*args, **more))
        except Exception as error:  # noqa: BLE001 -- whatever it is, whoever asks for the result gets it
            done.set_exception(error)
        return done


class FolderRig(WorkerRig):
    """The bench with a whole worker, whose channel directmail has a drop folder."""

    def __init__(self, folder, *, fuse=None, executor=Inline, broker=None):
        folder.mkdir(exist_ok=True)
        self.executor = executor
        self.shared = broker
        (folder / "orderloom.toml").write_text(
            '[channels.directmail]\nfolder = "drop"\nquiet = 1\n[systems.crm]\n', "utf-8"
        )
        self.settings = load(folder / "orderloom.toml", {})
        self.out = PRINTCO_OUT
        self.mail = DirectMailAdapter()
        self.place = place_of(folder / "drop", SENDER)
        self.lanes = {**CONSUMED, IN: Lane(IN, LaneKind.CHANNEL, "directmail", 400)}
        super().__init__(folder, rules=RULES | SENDERS, fuse=fuse)

    def start(self):
        if self.shared is not None:
            # Two benches in one world; the second has names of its own.
            self.broker, self.workers = self.shared, self.workers + 100
        if not self.broker.has_queue(PRINTCO_OUT):
            base = bench.topology()
            self.broker = MemoryBroker(
                Topology(
                    owner="bench",
                    exchanges=(*base.exchanges, ExchangeSpec(name="drop.directmail", type="fanout")),
                    queues=(*base.queues, *(QueueSpec(name=name) for name in (IN, f"{IN}.parked", *OUT))),
                    bindings=(
                        *base.bindings,
                        BindingSpec(exchange="drop.directmail", queue=IN, routing_key=""),
                    ),
                )
            )
        self._connect()
        hub = self.hub()
        make_places(self.settings, hub.rules().references.endpoints.values())
        self.files = FileWork(self.settings, hub, self.store, {"directmail"}, self.executor())
        self.worker = Worker(
            hub,
            self.store,
            FolderBroker(self.client, partial(folder_of, self.settings)),
            self.calls,
            tuple(self.lanes.values()),
            clock=lambda: self.now,
            identity=Identity(self._identity, self._write_identity),
            files=self.files,
            name=self.name,
        )
        self.worker.start()
        self.engine = self.worker.engine

    def hub(self):
        return Hub(
            channels={"web": self.web, "directmail": self.mail},
            systems={
                one.profile.name: SystemLink(adapter=one, profile=one.profile) for one in (self.crm, self.oss)
            },
            lanes=self.lanes,
            rules=lambda: rules_of(tuple(self.rules.items())),
            folders=frozenset({"directmail"}),
            limits=self.limits,
        )

    def crash(self):
        self.files.close()
        super().crash()

    def put(self, body, name="CARDS.DAT"):
        """A sender puts a whole file."""
        (self.place.incoming / f"{name}.tmp").write_bytes(body)
        (self.place.incoming / f"{name}.tmp").rename(self.place.incoming / name)

    def turn(self, seconds=0.6, turns=40):
        """Turn until nothing is left to do."""
        for _ in range(turns):
            self.step(seconds)
            self.engine.sweep(self.now)
            if self.engine.idle and not self.left():
                return

    def wait(self, seconds):
        """Let time pass, as a worker that is alive sees it."""
        for _ in range(int(seconds // 5)):
            self.step(5)

    def left(self):
        """What is still in hand: files not done with, and what lies where it should not stay."""
        lying = [one for folder in (self.place.incoming, self.place.work) for one in folder.iterdir()]
        return [*self.store.open_files(99), *(one for one in lying if not one.name.startswith("."))]

    def answers(self):
        """The acknowledgement files, by name."""
        return {one.name: one.read_bytes() for one in sorted(self.place.outgoing.iterdir())}

    def answer(self):
        """The one acknowledgement, in words."""
        [body] = self.answers().values()
        return told(body)

    def orders(self):
        """How many orders there are."""
        return sum(self.store.counts().values())


def patched_rename(monkeypatch, rig_of):
    """Let every rename be an operation at which the process may end."""
    rename = pathlib.Path.rename

    def fused(self, target):
        return rig_of().fuse("rename", lambda: rename(self, target))

    monkeypatch.setattr(pathlib.Path, "rename", fused)

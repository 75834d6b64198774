"""Builders for the command line's tests: settings, profiles, and orders as a store keeps them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from click.testing import CliRunner, Result

from canonical import order as o
from canonical.codec import encode
from canonical.errors import Fault
from canonical.keys import content_hash
from canonical.notices import NoticeKind
from canonical.plan import PartPlan, Plan, Reason
from canonical.references import Endpoint
from canonical.states import Action, State
from canonical.systems import Attachment, Meaning, SystemProfile, Verb
from orderloom.cli import main
from orderloom.correlation.port import Changes, JournalEntry, NativeRow, ParkedRow
from orderloom.correlation.record import Alias, Instructed, Line, Record, Told
from orderloom.correlation.sqlite import SqliteStore
from orderloom.engine.messages import Props

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
ORDER = "OL7M2K4Q9XH3TZ8RWA"
ORDER_B = "OLB2BB4Q9XH3TZ8RWB"
PO = "4500000042"
PARKED = "3f0c7a10-0000-5000-8000-000000000001"
BODY = b"ISA*00*          *00*          *ZZ*ACME           *ZZ*ORDERLOOM      ~\nPO1*1*2*EA***VP*HX-C-BLK~\n"
FAULT = Fault(
    code="E_OFFERING",
    what="unknown VP code 'HX-C-BLK'",
    where="PO107 of line 1",
    allowed="one of the catalogue's VP codes for partner.acme",
)

PROFILES = {
    name: SystemProfile(
        name=name,
        attachment=attachment,
        words={"OK": Meaning(state=State.COMPLETED)},
        reference_type="reference",
        milestones=("shipped",) if name == "warehouse" else (),
    )
    for name, attachment in (
        ("crm", Attachment.QUEUE),
        ("warehouse", Attachment.QUEUE),
        ("oss.internet", Attachment.CALL),
        ("oss.mobile", Attachment.QUEUE),
        ("billing", Attachment.QUEUE),
    )
}

ENDPOINTS = (
    Endpoint(id="web.portal", channel="web", out_queue="channel.web.out"),
    Endpoint(id="partner.acme", channel="partner", out_queue="channel.partner.acme.out"),
    Endpoint(id="partner.globex", channel="partner", out_queue="channel.partner.globex.out"),
    Endpoint(id="directmail.printco", channel="directmail", out_queue="channel.directmail.printco.out"),
    Endpoint(id="callcenter.desk", channel="callcenter", out_queue="channel.callcenter.out"),
    Endpoint(id="store.0117", channel="store", out_queue="channel.store.0117.out"),
    Endpoint(id="kiosk.mall-1", channel="kiosk", out_queue="channel.kiosk.mall-1.out"),
)


def after(seconds: int) -> datetime:
    """So many seconds after ``NOW``."""
    return NOW + timedelta(seconds=seconds)


@dataclass
class Place:
    """A folder with a store; commands run in it see no settings but those given here."""

    folder: Path
    environment: dict[str, str | None] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        return self.folder / "hub.db"

    def write(self, changes: Changes) -> None:
        """One transaction on the store."""
        store = SqliteStore(self.path)
        with store.begin() as tx:
            tx.apply(changes)
        store.close()

    def parked(self) -> ParkedRow:
        """The parked row that the tests put there."""
        store = SqliteStore(self.path)
        [row] = [one for one in store.parked(None) if one.id == PARKED]
        store.close()
        return row

    def run(self, *arguments: str, input_: bytes | None = None) -> Result:
        """``orderloom`` with these arguments, in this process."""
        environment = {"ORDERLOOM_STORE": str(self.path), "ORDERLOOM_CONFIG": None, **self.environment}
        return CliRunner(env=environment).invoke(main, arguments, input=input_, prog_name="orderloom")


def reason(route: str = "home device", clause: str = "device") -> Reason:
    return Reason(route=route, rules_version="r1", clause=clause, why="product book 4.2")


def order(order_id: str, endpoint: str, number: str, state: State = State.IN_PROGRESS) -> o.Order:
    """A handset and a case, ordered by one endpoint under its number."""
    channel = endpoint.partition(".")[0]
    item = o.OrderItem(
        id="1",
        action=Action.ADD,
        product_offering=o.OfferingRef(id="HANDSET-A", name="Handset A"),
        quantity=2,
        line_ref="0010",
        category="device",
        state=State.HELD,
    )
    return o.Order(
        id=order_id,
        state=state,
        version=1,
        creation_date=NOW,
        rules_version="r1",
        product_order_item=(item,),
        external_id=(o.ExternalId(owner=endpoint, external_identifier_type="purchaseOrder", id=number),),
        channel=(
            o.RelatedChannel(
                role=o.ChannelRole.CAPTURE,
                channel=o.ChannelRef(id=channel),
                endpoint=endpoint,
                at=NOW,
            ),
        ),
        progress=o.Progress(done=1, total=3),
    )


def record(order_id: str = ORDER, endpoint: str = "partner.acme", number: str = PO) -> Record:
    """Done at the crm, on backorder at the warehouse, and not yet at the internet plant."""
    parts = (
        PartPlan(name="crm", number=1, system="crm", items=("1",), reason=reason("customer", "any order")),
        PartPlan(
            name="warehouse", number=2, system="warehouse", items=("1",), reason=reason(), after=("crm",)
        ),
        PartPlan(
            name="internet",
            number=3,
            system="oss.internet",
            items=("1",),
            reason=reason("home bundle"),
            after=("crm", "warehouse"),
        ),
    )
    lines = (
        Line(part="crm", item="1", number=1, state=State.COMPLETED, since=after(5), sent=True, word="OK"),
        Line(
            part="warehouse",
            item="1",
            number=1,
            state=State.HELD,
            since=after(60),
            sent=True,
            word="BP",
            code="E_SYSTEM_HELD",
            quantity=1,
        ),
        Line(part="internet", item="1", number=1, state=State.ACKNOWLEDGED, since=NOW),
    )
    return Record(
        order=order(order_id, endpoint, number),
        plan=Plan(rules_version="r1", parts=parts),
        lines=lines,
        instructions=(
            Instructed(
                key=f"{order_id}:warehouse",
                part="warehouse",
                system="warehouse",
                verb=Verb.DO,
                reference=f"{order_id}-2",
                sent_at=after(6),
                asked=1,
            ),
        ),
        told=(
            Told(
                endpoint=endpoint, kind=NoticeKind.ACCEPTED, version=1, at=after(7), state=State.IN_PROGRESS
            ),
        ),
        aliases=(
            Alias(owner=endpoint, type="purchaseOrder", value=number),
            Alias(owner="oss.internet", type="serviceOrder", value=f"SO-{order_id[-4:]}"),
        ),
    )


def journal(order_id: str = ORDER) -> list[JournalEntry]:
    """Two entries of an order's story."""
    return [
        JournalEntry(
            order_id, NOW, "order_accepted", "850 became an order", {"document": PO}, "partner.acme"
        ),
        JournalEntry(order_id, after(60), "reply_taken", "1 of 2 shipped", {"word": "BP"}, "warehouse"),
    ]


def parked_changes(body: bytes = BODY, order_id: str = "") -> Changes:
    """One parked message."""
    digest = content_hash(body)
    props = Props(
        message_id="m-1",
        type="",
        content_type="application/edi-x12",
        at=NOW,
        headers={"traceparent": "00-1-2-01"},
    )
    row = ParkedRow(
        id=PARKED,
        queue="channel.partner.in",
        code=FAULT.code,
        fault=encode(FAULT),
        native=digest,
        content_type="application/edi-x12",
        properties=props.encoded(),
        at=NOW,
        order_id=order_id,
    )
    native = NativeRow(digest, body, "application/edi-x12", NOW)
    return Changes(parked={row.id: row}, natives={digest: native})

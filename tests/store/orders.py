"""
Builders for the store's tests: small orders that read, and one order with every field said.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from canonical import amendments as a
from canonical import order as o
from canonical.commands import AmendOrder, OrderRef, Origin
from canonical.errors import Fault
from canonical.instructions import InstructionLine
from canonical.notices import NoticeKind
from canonical.plan import OnFallout, PartPlan, Plan, Reason
from canonical.states import Action, Cause, State
from canonical.systems import Verb
from orderloom.correlation.port import Changes, NativeRow, OutboxRow
from orderloom.correlation.record import (
    Alias,
    Amending,
    Cancelling,
    Instructed,
    Line,
    Record,
    Step,
    StepState,
    Told,
)

NOW = datetime(2026, 11, 21, 20, 17, 0, 123456, tzinfo=UTC)

CATEGORIES = ("internet", "voice", "tv", "mobile")


def later(seconds: float) -> datetime:
    """``NOW`` and so many seconds."""
    return NOW + timedelta(seconds=seconds)


def order_id(number: int) -> str:
    """``OL`` and 16 digits."""
    return f"OL{number:016d}"


def item(name: str, state: State | None = State.ACKNOWLEDGED) -> o.OrderItem:
    """One item of a category."""
    return o.OrderItem(
        id=name,
        action=Action.ADD,
        product_offering=o.OfferingRef(id=f"{name}-100", name=f"{name} 100"),
        category=name,
        state=state,
    )


def part(name: str, number: int, *after: str) -> PartPlan:
    """The part that serves the item of the same name."""
    why = Reason(route="triple-play", rules_version="r1", clause="when.category", why="product book 4.2")
    return PartPlan(name=name, number=number, system=f"oss.{name}", items=(name,), reason=why, after=after)


def line(name: str, state: State = State.ACKNOWLEDGED, since: datetime = NOW, number: int = 1) -> Line:
    """The line of one part."""
    return Line(part=name, item=name, number=number, state=state, since=since)


def instructed(record: Record, name: str, sent_at: datetime = NOW, **more: object) -> Instructed:
    """One instruction to the system of a part."""
    facts = {"key": f"{record.id}:{name}", "part": name, "system": f"oss.{name}", "verb": Verb.DO}
    return Instructed(**facts | {"reference": f"{record.id}-1", "sent_at": sent_at} | more)


def record(number: int = 1, state: State = State.ACKNOWLEDGED, since: datetime = NOW) -> Record:
    """An order of four items, as it is when it has just been accepted."""
    doc = o.Order(
        id=order_id(number),
        state=state,
        version=1,
        creation_date=NOW,
        rules_version="r1",
        product_order_item=tuple(item(one) for one in CATEGORIES),
        external_id=(
            o.ExternalId(owner="partner.acme", external_identifier_type="purchaseOrder", id=f"PO{number}"),
        ),
        channel=(
            o.RelatedChannel(
                role=o.ChannelRole.CAPTURE,
                channel=o.ChannelRef(id="partner"),
                endpoint="partner.acme",
                at=NOW,
            ),
        ),
        progress=o.Progress(done=0, total=4),
    )
    return Record(
        order=doc,
        plan=Plan(rules_version="r1", parts=tuple(part(one, at) for at, one in enumerate(CATEGORIES, 1))),
        lines=tuple(line(one, state, since) for one in CATEGORIES),
        aliases=(Alias(owner="partner.acme", type="purchaseOrder", value=f"PO{number}"),),
    )


def full_record(number: int = 7) -> Record:
    """An order in which every field has a value that is not its default."""
    place = o.Place(
        role="installationAddress",
        place=o.Address(
            id="A1",
            name="Åse Ødegård",
            street="Main Street 1",
            city="Springfield",
            state_or_province="IL",
            postcode="62701",
            country="US",
        ),
    )
    inner = o.OrderItem(
        id="1.1",
        action=Action.MODIFY,
        product_offering=o.OfferingRef(id="fibre", name="Fibre"),
        quantity=2,
        product=o.Product(
            id="P1",
            product_serial_number="SN1",
            product_characteristic=(
                o.Characteristic(name="speed", value="100 \U0001f680", value_type="number"),
            ),
            place=(place,),
        ),
        product_order_item_relationship=(o.ItemRelationship(id="2", relationship_type="reliesOn"),),
        item_price=(
            o.ItemPrice(
                price_type="recurring",
                price=o.Money(value=Decimal("29.90"), unit="USD"),
                name="monthly",
                recurring_charge_period="month",
            ),
        ),
        note=(o.Note(text="ring twice", author="agent 42"),),
        line_ref="001",
        choice_group="phones",
        category="internet",
        state=State.CANCELLED,
        cause=Cause.CUSTOMER,
    )
    bundle = o.OrderItem(
        id="1",
        action=Action.ADD,
        product_offering=o.OfferingRef(id="bundle", name="Bundle"),
        product_order_item=(inner,),
        state=State.IN_PROGRESS,
    )
    doc = o.Order(
        id=order_id(number),
        state=State.PARTIAL,
        version=3,
        creation_date=NOW,
        rules_version="r2",
        product_order_item=(bundle, item("voice")),
        external_id=(o.ExternalId(owner="web.shop", external_identifier_type="cart", id="C-1"),),
        related_party=(o.RelatedParty(role="customer", party_or_party_role=o.PartyRef(id="C1", name="Åse")),),
        place=(place,),
        category="residential",
        description="triple play",
        priority="1",
        requested_start_date=later(60),
        requested_completion_date=later(3600),
        note=(o.Note(text="n", author="a"),),
        conversation_id="conv-1",
        cause=Cause.FALLOUT,
        channel=(
            o.RelatedChannel(
                role=o.ChannelRole.CAPTURE,
                channel=o.ChannelRef(id="web", name="Web"),
                endpoint="web.shop",
                at=NOW,
                actor="u1",
            ),
        ),
        progress=o.Progress(done=1, total=2),
        expected_completion_date=later(7200),
        completion_date=later(7300),
        cancellation_date=later(7400),
        order_relationship=(o.OrderRelationship(id="OL9", relationship_type="followOn"),),
        product_order_milestone=(o.Milestone(id="m", name="shipped", milestone_date=later(5)),),
        product_order_jeopardy_alert=(o.JeopardyAlert(id="j", name="late", alert_date=later(6)),),
        product_order_error_message=(
            o.ErrorMessage(code="E_NO_ANSWER", reason="silent", timestamp=later(7)),
        ),
    )
    planned = PartPlan(
        name="internet",
        number=2,
        system="oss.internet",
        items=("1.1", "voice"),
        reason=Reason(route="r", rules_version="r2", clause="c", why="w"),
        after=("crm",),
        due="2 working days",
        answer_within=60,
        optional=True,
        check=True,
        on_fallout=OnFallout.FAIL,
    )
    return Record(
        order=doc,
        plan=Plan(rules_version="r2", parts=(planned,)),
        lines=(
            Line(
                part="internet",
                item="1.1",
                number=2,
                state=State.CANCELLED,
                since=later(0.000001),
                revision=1,
                sent=True,
                cause=Cause.FALLOUT,
                word="SHORT",
                code="E_SYSTEM_REFUSED",
                reason="no port free",
                quantity=0,
                milestone="scheduled",
            ),
            line("voice", State.HELD),
        ),
        instructions=(
            Instructed(
                key="k1",
                part="internet",
                system="oss.internet",
                verb=Verb.UNDO,
                reference="OL7-2.1",
                sent_at=later(1),
                revision=1,
                attempt=3,
                native="ab" * 32,
                received=True,
                answered_at=later(2),
                asked=2,
                inquiries=3,
                inquiring=True,
                numbers={"group": 17, "interchange": 9},
                items=("1.1",),
                undoes="k0",
                lines=(InstructionLine(number=2, item=inner, was=item("voice")),),
            ),
        ),
        told=(
            Told(
                endpoint="web.shop",
                kind=NoticeKind.INFORMATION_REQUIRED,
                version=2,
                at=later(3),
                state=State.PENDING,
                native="cd" * 32,
                about="AM000000000001",
            ),
        ),
        aliases=(Alias(owner="oss.internet", type="serviceOrder", value="SO-1", part="internet"),),
        outputs={"crm.accountId": "A-1"},
        amendments=(amending("AM000000000001"),),
        cancels=(cancelling("AM000000000002"),),
        steps=(
            Step(
                cause="AM000000000001",
                piece=1,
                part="internet",
                item="1.1",
                state=StepState.HELD,
                verb=Verb.MODIFY,
                removes=True,
                added=True,
                back=True,
                key="k2",
                fault=Fault(code="E_NO_ANSWER", what="silent"),
            ),
        ),
    )


def amending(name: str) -> Amending:
    """An amendment of which every field is said."""
    wanted = item("internet")
    change = a.ItemChange(
        kind=a.ChangeKind.CHANGE,
        item="1.1",
        fields=("quantity",),
        wanted=wanted,
        line_ref="001",
        parent="1",
    )
    fault = Fault(code="E_CHARGE", what="it costs", where="item 1.1", allowed="a yes")
    piece = a.Piece(
        number=1,
        changes=(change,),
        state=a.PieceState.AWAITING_CUSTOMER,
        question=f"{name}-1",
        fault=fault,
        charge=o.Money(value=Decimal("30.00"), unit="USD"),
        answer_by=later(60),
        version=2,
        follow_on="OL8",
    )
    amendment = a.Amendment(
        id=name,
        endpoint="web.shop",
        at=NOW,
        state=a.AmendmentState.AWAITING_CUSTOMER,
        scope=a.Scope.WHOLE,
        document="C-1/2",
        base=1,
        atomic=True,
        pieces=(piece,),
        fields=a.OrderPatch(priority="2"),
        fault=fault,
        waits_for=("AM000000000000",),
    )
    origin = Origin(channel="web", endpoint="web.shop", document="C-1/2")
    about = OrderRef(value="C-1", type="cart")
    command = AmendOrder(origin=origin, about=about, scope=a.Scope.WHOLE, remove=("voice",))
    return Amending(
        amendment=amendment, command=command, plan=Plan(rules_version="r2", parts=(part("internet", 1),))
    )


def cancelling(name: str) -> Cancelling:
    """A cancel of which every field is said."""
    task = a.CancelTask(
        id=name,
        endpoint="web.shop",
        at=NOW,
        state=a.TaskState.TERMINATED_WITH_ERROR,
        scope=a.CancelScope.WHAT_IS_POSSIBLE,
        items=("1.1",),
        document="C-1/3",
        reason="no longer wanted",
        fault=Fault(code="E_TOO_LATE", what="shipped"),
        past=("warehouse",),
        version=4,
    )
    return Cancelling(task=task, origin=Origin(channel="web", endpoint="web.shop", document="C-1/3"))


def native(body: bytes = b"ISA*00*", name: str = "") -> NativeRow:
    """Native bytes under a made-up hash."""
    return NativeRow(hash=name or f"h{body.hex()}", body=body, content_type="application/EDI-X12", at=NOW)


def message(order: str = "OL1", destination: str = "system.crm.in", **more: object) -> OutboxRow:
    """One message to be published, its body inline unless ``native`` is given."""
    facts: dict[str, object] = {
        "order_id": order,
        "destination": destination,
        "exchange": "",
        "routing_key": destination,
        "properties": b'{"message_id":"m1"}',
        "mandatory": True,
        "at": NOW,
        "body": None if more.get("native") else b"{}",
    }
    return OutboxRow(**facts | more)


def saved(*records: Record, **more: object) -> Changes:
    """Changes that bring in new orders."""
    return Changes(records=[(None, one) for one in records], **more)

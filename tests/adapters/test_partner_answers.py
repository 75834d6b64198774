"""
What trading partners are told of their orders: 855 and 870.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from adapters.formats.x12 import read_functional_acknowledgement, read_interchanges
from adapters.inbound.partner import PartnerAdapter
from canonical.commands import AskStatus
from canonical.errors import Fault
from canonical.keys import order_id
from canonical.notices import Notice, NoticeKind
from canonical.order import (
    ChannelRef,
    ChannelRole,
    ErrorMessage,
    JeopardyAlert,
    Milestone,
    Order,
    RelatedChannel,
)
from canonical.states import Cause, State
from tests.adapters.partners import (
    ACME,
    AT,
    FIXTURES,
    GLOBEX,
    changed,
    group,
    interchange,
    order,
    read,
    segments,
    stamp,
    taken,
)

SHIPPED_AT = datetime(2026, 11, 20, 16, tzinfo=UTC)
FIRST, SECOND = taken((FIXTURES / "in" / "orders.edi").read_bytes())


def order_in(state=State.IN_PROGRESS, *lines, command=FIRST, **said):
    """The hub's order for a command; ``lines`` are the states of its lines, all ``state`` when left out."""
    origin, content = command.origin, command.order
    states = lines or (state,) * len(content.product_order_item)
    items = tuple(
        changed(item, state=now) for item, now in zip(content.product_order_item, states, strict=True)
    )
    fields = {name: getattr(content, name) for name in content.__struct_fields__}
    return Order(
        **fields | {"product_order_item": items} | said,
        id=order_id(origin.endpoint, origin.document_type, origin.document),
        state=state,
        version=2,
        creation_date=AT,
        rules_version="test",
        channel=(
            RelatedChannel(
                role=ChannelRole.CAPTURE, channel=ChannelRef(id="partner"), endpoint=origin.endpoint, at=AT
            ),
        ),
    )


def render(kind, order, endpoint=ACME, **said):
    """The message for a notice about an order, under the number 7."""
    notice = Notice(
        kind=kind, endpoint=endpoint.id, at=AT, order=order, document=order.external_id[0].id, **said
    )
    return PartnerAdapter().render(notice, stamp(endpoint))


def told(kind, order, **said):
    """Its segments, read back."""
    return segments(render(kind, order, **said))


def trouble(code, reason, *items):
    """A recorded error."""
    return ErrorMessage(code=code, reason=reason, timestamp=AT, product_order_item=items)


def golden(name):
    """The bytes of a message of ours, as they are meant to be."""
    return (FIXTURES / "out" / f"{name}.edi").read_bytes()


class TestDecided:
    def test_the_bytes(self):
        """An 855 in the partner's separators, for an order whose lines are all in work."""
        native = render(NoticeKind.ACCEPTED, order_in())

        assert golden("855-accepted") == native.body
        assert "855 for PO 4500000042: AD IA IA" == native.summary

    def test_the_bytes_for_another_partner(self):
        """Separators, line breaks and ids are those of the profile; the codes are the partner's own."""
        [command] = taken((FIXTURES / "in" / "globex-one-line.edi").read_bytes())
        done = order_in(State.COMPLETED, command=command)

        assert golden("855-globex") == render(NoticeKind.ACCEPTED, done, GLOBEX).body

    @pytest.mark.parametrize(
        ("states", "verdict", "codes"),
        [
            ((State.COMPLETED, State.IN_PROGRESS), "AD", ["IA", "IA"]),
            ((State.IN_PROGRESS, State.HELD), "AC", ["IA", "IB"]),
            ((State.PENDING, State.IN_PROGRESS), "AC", ["IH", "IA"]),
            ((State.REJECTED, State.IN_PROGRESS), "AC", ["IR", "IA"]),
            ((State.REJECTED, State.FAILED), "RD", ["IR", "IR"]),
            ((State.CANCELLED, State.REJECTED), "RD", ["IR", "IR"]),
            ((State.ACKNOWLEDGED, State.ACKNOWLEDGED), "AD", ["IA", "IA"]),
        ],
    )
    def test_verdict_and_lines(self, states, verdict, codes):
        """BAK02 follows from the lines: all taken, none taken, or some with a change."""
        found = told(NoticeKind.ACCEPTED, order_in(State.IN_PROGRESS, *states))

        assert f"BAK*00*{verdict}*4500000042*20261120****" in found[0]
        assert codes == [line.split("*")[1] for line in found if line.startswith("ACK")]

    def test_a_line_that_the_customer_cancelled(self):
        """It is deleted, not rejected."""
        whole = order_in(State.IN_PROGRESS, State.CANCELLED, State.IN_PROGRESS)
        first, second = whole.product_order_item
        whole = changed(whole, product_order_item=(changed(first, cause=Cause.CUSTOMER), second))

        assert "ACK*ID*2*EA" in told(NoticeKind.ACCEPTED, whole)

    def test_why_a_line_is_not_as_ordered(self):
        """The last error that was recorded for the line stands behind it."""
        whole = order_in(
            State.HELD,
            State.IN_PROGRESS,
            State.HELD,
            product_order_error_message=(
                trouble("E_NO_ANSWER", "no answer from warehouse", "2"),
                trouble("E_SYSTEM_HELD", "warehouse says 'BK'", "2"),
            ),
        )

        assert [
            "PO1*2*2*EA*19.5**VP*CS-01",
            "ACK*IB*2*EA",
            "N9*ZZ*E_SYSTEM_HELD",
            "MSG*warehouse says 'BK'",
            "CTT*2",
        ] == told(NoticeKind.ACCEPTED, whole)[-5:]

    def test_the_date_that_is_expected(self):
        """ACK05 is told for lines that are still to come."""
        whole = order_in(
            State.IN_PROGRESS,
            State.IN_PROGRESS,
            State.REJECTED,
            expected_completion_date=datetime(2026, 12, 4, tzinfo=UTC),
        )

        assert ["ACK*IA*2*EA*067*20261204", "ACK*IR*2*EA"] == [
            line for line in told(NoticeKind.ACCEPTED, whole) if line.startswith("ACK")
        ]

    def test_an_order_that_came_another_way(self):
        """Without codes and a date of the partner's own, the hub's stand in for them."""
        whole = order_in(note=())
        bare = tuple(changed(item, note=()) for item in whole.product_order_item)
        found = told(NoticeKind.ACCEPTED, changed(whole, product_order_item=bare))

        assert found[0].startswith("BAK*00*AD*4500000042*20261121*")
        assert "PO1*1*2*EA*599.00**VN*HANDSET-A" in found


class TestReported:
    @pytest.mark.parametrize(
        ("name", "kind", "order"),
        [
            ("870-ended", NoticeKind.ENDED, order_in(State.COMPLETED, completion_date=AT)),
            (
                "870-shipped",
                NoticeKind.SHIPPED,
                order_in(
                    State.IN_PROGRESS,
                    product_order_milestone=(
                        Milestone(
                            id="1", name="shipped", milestone_date=SHIPPED_AT, product_order_item=("1",)
                        ),
                    ),
                ),
            ),
            (
                "870-delayed",
                NoticeKind.DELAYED,
                order_in(
                    State.HELD,
                    State.HELD,
                    State.COMPLETED,
                    product_order_error_message=(trouble("E_NO_ANSWER", "no answer from warehouse", "1"),),
                    product_order_jeopardy_alert=(
                        JeopardyAlert(id="1", name="late", alert_date=AT, message="waits for the warehouse"),
                    ),
                ),
            ),
        ],
    )
    def test_the_bytes(self, name, kind, order):
        """An 870 says how the order stands, then each line."""
        assert golden(name) == render(kind, order).body

    @pytest.mark.parametrize(
        ("state", "isr"),
        [
            (State.ACKNOWLEDGED, "ISR*NN"),
            (State.IN_PROGRESS, "ISR*IN"),
            (State.PENDING, "ISR*ID"),
            (State.HELD, "ISR*PH"),
            (State.ASSESSING_CANCELLATION, "ISR*HQ**C03"),
            (State.PENDING_CANCELLATION, "ISR*HQ**C03"),
            (State.COMPLETED, "ISR*CL"),
            (State.PARTIAL, "ISR*CP*20261121"),
            (State.FAILED, "ISR*UN**A80"),
            (State.REJECTED, "ISR*DE**REJ"),
            (State.CANCELLED, "ISR*IC**C03"),
        ],
    )
    def test_states(self, state, isr):
        """Each state of order and lines has its code; the first ISR is the order's."""
        found = [line for line in told(NoticeKind.CHANGED, order_in(state)) if line.startswith("ISR")]

        assert [isr] * 3 == found

    def test_lost_and_not_cancelled_by_the_customer(self):
        """What was cancelled because other work was lost has another reason."""
        whole = order_in(State.CANCELLED, cause=Cause.FALLOUT)
        items = tuple(changed(one, cause=Cause.FALLOUT) for one in whole.product_order_item)

        found = told(NoticeKind.ENDED, changed(whole, product_order_item=items))
        assert ["ISR*IC**A80"] * 3 == [line for line in found if line.startswith("ISR")]

    def test_the_end_of_a_shipped_line(self):
        """While the order lives a shipped line says so; when it has ended, how it ended counts."""
        shipped = (Milestone(id="1", name="shipped", milestone_date=SHIPPED_AT, product_order_item=("1",)),)
        living = order_in(State.IN_PROGRESS, product_order_milestone=shipped)
        ended = order_in(State.COMPLETED, product_order_milestone=shipped)

        assert "ISR*SH*20261120" in told(NoticeKind.STATUS, living, asked="4500000042")
        assert "ISR*SH*20261120" in told(NoticeKind.SHIPPED, ended)
        assert "ISR*SH*20261120" not in told(NoticeKind.ENDED, ended)

    def test_long_reasons_are_cut_into_descriptions(self):
        """PID05 holds 80 characters; a sentence may take three."""
        whole = order_in(State.HELD, product_order_error_message=(trouble("E_NO_ANSWER", "long " * 60, "1"),))
        found = [line for line in told(NoticeKind.DELAYED, whole) if line.startswith("PID")]

        assert 3 == len(found)
        assert all(len(line.removeprefix("PID*F****")) <= 80 for line in found)

    @pytest.mark.parametrize(
        "kind", [NoticeKind.INFORMATION_REQUIRED, NoticeKind.CHANGED, NoticeKind.DELAYED, NoticeKind.ENDED]
    )
    def test_every_kind_is_told(self, kind):
        """Unasked reports say so in BSR01."""
        assert told(kind, order_in())[0] == "BSR*3*PA*7*20261121***1405"


class TestAsked:
    ASKED = read((FIXTURES / "in" / "inquiry.edi").read_bytes())[0]

    def answer(self, order, asked=ASKED, **said):
        """The answer to the sample's question."""
        assert isinstance(asked, AskStatus)
        fault = None if order else Fault(code="E_NOT_FOUND", what=f"no order {asked.about.value!r}")
        notice = Notice(
            kind=NoticeKind.STATUS,
            endpoint=asked.origin.endpoint,
            at=AT,
            order=order,
            origin=asked.origin,
            fault=fault,
            asked=asked.about.value,
            document=order.external_id[0].id if order else "",
        )
        return PartnerAdapter().render(notice, stamp(**said))

    def test_the_bytes(self):
        """BSR names the question by its number and date."""
        assert golden("870-status") == self.answer(order_in()).body

    def test_an_order_that_the_asker_has_not(self):
        """Not found, and nothing else."""
        native = self.answer(None)

        assert golden("870-not-found") == native.body
        assert "870 for 4500000042: not found" == native.summary

    def test_nothing_is_learned_about_others(self):
        """The answer depends on the question only: whether another's order exists makes no difference."""
        message = (FIXTURES / "in" / "inquiry.edi").read_bytes()
        [other] = read(message.replace(b"PRF*4500000042", b"PRF*9999999999"))

        assert self.answer(None).body.replace(b"4500000042", b"9999999999") == self.answer(None, other).body


class TestNothingToSay:
    def test_a_fault_of_syntax(self):
        """The 997 has said it."""
        [bad] = read(interchange(group(order(count=9))))
        notice = Notice(
            kind=NoticeKind.REJECTED, endpoint="partner.acme", at=AT, origin=bad.origin, fault=bad.fault
        )

        assert PartnerAdapter().render(notice, stamp()) is None

    def test_a_question_refused_by_the_hub(self):
        """An 855 is about purchase orders only."""
        [asked] = read((FIXTURES / "in" / "inquiry.edi").read_bytes())
        fault = Fault(code="E_STATE", what="not now")
        notice = Notice(
            kind=NoticeKind.REJECTED, endpoint="partner.acme", at=AT, origin=asked.origin, fault=fault
        )

        assert PartnerAdapter().render(notice, stamp()) is None


def test_what_we_send_is_read_by_the_reader():
    """Every golden message is one sound interchange."""
    for path in sorted((FIXTURES / "out").glob("*.edi")):
        [found] = read_interchanges(path.read_bytes())
        assert found.fault is None, path.name
        assert not [one.fault for group_ in found.groups for one in group_.sets if one.fault], path.name


def test_a_997_of_ours_is_read_as_a_receipt():
    """Whoever gets our 997 reads in it what we said."""
    [found] = read_interchanges(golden("acknowledgement"))
    receipts = [read_functional_acknowledgement(one) for one in found.groups[0].sets]

    assert [("PO", "77", "P"), ("RS", "78", "A")] == [
        (one.functional_id, one.control, one.status) for one in receipts
    ]
    assert [("0001", "R", ("4",)), ("0009", "A", ())] == [
        (one.control, one.status, one.notes) for one in receipts[0].sets
    ]

"""
Shipping instructions, and what the warehouse sends, built by hand.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from adapters.kit import Native, Stamp
from adapters.outbound.warehouse import WarehouseAdapter
from canonical.errors import Rejected
from canonical.replies import Receipt, Reply
from tests.adapters.instructions import (
    CUSTOMER,
    DOOR,
    ORDER,
    PURCHASE_ORDER,
    changing,
    instruction,
    line,
    turned,
    undoing,
)

FIXTURES = Path(__file__).parents[1] / "fixtures" / "warehouse"
AT = datetime(2026, 11, 21, 14, 5, 9, tzinfo=UTC)
REFERENCE = f"{ORDER}-2"

FULL = instruction(
    "warehouse",
    "warehouse",
    reference=REFERENCE,
    lines=(line(1, "HANDSET-A", quantity=2), line(2, "CASE-01")),
    place=(DOOR,),
    related_party=(CUSTOMER,),
    external_id=(PURCHASE_ORDER,),
    requested_completion_date=datetime(2026, 12, 4, tzinfo=UTC),
)
CHANGE = changing(FULL, turned(FULL.lines[0], quantity=3))
CANCEL = undoing(FULL, FULL.lines[1])
SMALLEST = instruction("warehouse", "warehouse", reference=REFERENCE, lines=(line(1, "CASE-01"),))


def told(one, **settings):
    """The 940 for an instruction, as lines; with ISA13 and GS06 7."""
    stamp = Stamp(at=AT, numbers={"interchange": 7, "group": 7}, settings={"line_break": "\n", **settings})
    return WarehouseAdapter().instruct(one, stamp).body.decode().splitlines()


def body_of(one):
    """What stands between ST and SE."""
    return [line.rstrip("~") for line in told(one)[3:-3]]


def interchange(*groups, count=None, control="000000301", trailer=None):
    """A message from the warehouse."""
    isa = (
        "ISA*00*          *00*          *ZZ*WAREHOUSE1     *ZZ*ORDERLOOM      "
        f"*261122*1600*U*00401*{control}*0*P*>~"
    )
    count = len(groups) if count is None else count
    return f"{isa}{''.join(groups)}IEA*{count}*{trailer or control}~".encode("latin-1")


def group(*sets, kind="SW", control="301", count=None):
    """A group of sets."""
    count = len(sets) if count is None else count
    header = f"GS*{kind}*WAREHOUSE1*ORDERLOOM*20261122*1600*{control}*X*004010~"
    return f"{header}{''.join(sets)}GE*{count}*{control}~"


def transaction_set(*body, code="945", control="0301", count=None):
    """A 945, or any set."""
    count = len(body) + 2 if count is None else count
    return "".join(f"{line}~" for line in (f"ST*{code}*{control}", *body, f"SE*{count}*{control}"))


def advice(*lines, head=f"W06*F*{REFERENCE}*20261122*SH-1**4500000042"):
    """A message with one 945."""
    return interchange(group(transaction_set(head, *lines)))


def receipt(*lines):
    """A message with one 997."""
    return interchange(group(transaction_set(*lines, code="997"), kind="FA"))


def verdict(*lines, oti=f"OTI*TA*TN*{REFERENCE}.1*****9*0009*940"):
    """A message with one 824."""
    return interchange(group(transaction_set("BGN*11*CH-1*20261122", oti, *lines, code="824"), kind="AG"))


def read(message: bytes) -> list[Reply | Receipt | Rejected]:
    """What the adapter makes of a message."""
    return list(WarehouseAdapter().read_reply(Native(body=message, content_type="")))

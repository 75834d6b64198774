from __future__ import annotations

from adapters.kit.conformance import OutboundConformance
from adapters.outbound.warehouse import WarehouseAdapter
from tests.adapters.shipping import CANCEL, CHANGE, FIXTURES, FULL, SMALLEST

REPLIES = {path.stem: path.read_bytes() for path in sorted((FIXTURES / "in").glob("*.edi"))}
INSTRUCTIONS = {"full": FULL, "smallest": SMALLEST, "change": CHANGE, "cancel": CANCEL}


class TestWarehouse(OutboundConformance):
    adapter = WarehouseAdapter()
    instructions = INSTRUCTIONS
    replies = REPLIES

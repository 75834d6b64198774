"""
Two kiosks with a small catalogue, their samples, and ways to change one.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path

from adapters.inbound.kiosk import KioskAdapter
from adapters.kit import Native
from canonical.references import Code, Endpoint, Identifier, Offering, References

FIXTURES = Path(__file__).parents[1] / "fixtures" / "kiosk"
SAMPLES = {path.stem: path.read_bytes() for path in sorted((FIXTURES / "in").glob("*.json"))}
ORDER = json.loads(SAMPLES["a-order"])
GONE = object()


def kiosk(name):
    """The profile of a kiosk."""
    return Endpoint(
        id=f"kiosk.{name.lower()}",
        channel="kiosk",
        out_queue=f"channel.kiosk.{name.lower()}.out",
        identifiers=(Identifier(qualifier="KIOSK", value=name),),
    )


MALL = kiosk("MALL-1")
CODES = {"HANDSET-A": "PHONE-A", "CASE-01": "CASE", "MOBILE-20": "PLAN-20"}
OFFERINGS = tuple(
    Offering(
        id=id_,
        name=f"{id_} by name",
        category="device",
        max_quantity=10,
        codes=(Code(owner="kiosk", type="SKU", code=code),),
    )
    for id_, code in CODES.items()
)
KIOSKS = References.of("test", OFFERINGS, (MALL, kiosk("MALL-2")))


def changed(path, value, document=ORDER):
    """The order with the value at ``path`` (``cart.0.sku``) replaced or added, or GONE."""
    found = copy.deepcopy(document)
    *way, last = path.split(".")
    here = found
    for name in way:
        here = here[int(name)] if isinstance(here, list) else here[name]
    if value is GONE:
        del here[last]
    else:
        here[int(last) if isinstance(here, list) else last] = value
    return found


def read(document):
    """What the adapter makes of a document, or of bytes."""
    body = document if isinstance(document, bytes) else json.dumps(document, ensure_ascii=False).encode()
    [command] = KioskAdapter().translate(Native(body=body, content_type="application/json"), KIOSKS)
    return command

"""
Builders of web messages: a good order, and ways to change it.
"""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

from adapters.inbound.web import WebAdapter
from adapters.kit import Native
from canonical.commands import Command, RejectedDocument
from tests.adapters.catalogue import WEB

FIXTURES = Path(__file__).parents[1] / "fixtures" / "web"
HANDSET = json.loads((FIXTURES / "handset.json").read_bytes())
GONE = object()


def changed(path: str, value: Any, document: Any = HANDSET) -> dict[str, Any]:
    """The handset order with the value at ``path`` (``productOrderItem.0.quantity``) replaced, or GONE."""
    found = copy.deepcopy(document)
    *way, last = path.split(".")
    here = found
    for name in way:
        here = here[int(name) if isinstance(here, list) else name]
    if value is GONE:
        del here[last]
    elif isinstance(here, list):
        here[int(last)] = value
    else:
        here[last] = value
    return found


def read(document: Any) -> Command | RejectedDocument:
    """What the adapter makes of a document, or of bytes."""
    body = document if isinstance(document, bytes) else json.dumps(document, ensure_ascii=False).encode()
    [command] = WebAdapter().translate(Native(body=body, content_type="application/json"), WEB)
    return command

"""
The world that is measured: one channel, four systems on queues, orders that need all four.
"""

from __future__ import annotations

import json
from pathlib import Path

from broker.port import Delivery
from broker.topology import Topology
from orderloom.adapters_found import find_adapters
from orderloom.hub_topology import hub_topology
from orderloom.rules import load as load_rules
from orderloom.settings import Settings
from orderloom.wiring import profiles_of

__all__ = [
    "CHANNEL_IN",
    "CHANNEL_OUT",
    "DROP",
    "RECENT",
    "SYSTEMS",
    "completes",
    "order",
    "settings_text",
    "system_in",
    "system_replies",
    "topology",
]

RULES = Path(__file__).parent.parent / "rules"

SYSTEMS = ("crm", "warehouse", "oss.mobile", "billing")
DROP = "drop.web"
CHANNEL_IN = "channel.web.in"
CHANNEL_OUT = "channel.web.out"
RECENT = ("orders.recent", "status.recent")

_OFFERINGS = ("HANDSET-A", "CASE-01", "MOBILE-20")


def settings_text(store: str) -> str:
    """A settings file; ``store`` is a path or a URL.  Every system may take as long as it likes."""
    systems = "".join(f'[systems."{name}"]\nanswer_within = 3600\n' for name in SYSTEMS)
    head = f'[store]\npath = "{store}"\n[rules]\nfolder = "{RULES.as_posix()}"\n'
    return f'{head}[channels.web]\nadapter = "web"\n{systems}'


def topology(settings: Settings) -> Topology:
    """What hub and relay need on their broker: the same."""
    profiles = profiles_of(settings, find_adapters(settings))
    endpoints = load_rules(settings.rules, profiles).references.endpoints.values()
    return hub_topology(settings, endpoints, profiles)


def system_in(system: str) -> str:
    """Where a system takes its instructions."""
    return f"system.{system}.in"


def system_replies(system: str) -> str:
    """Where the hub takes a system's replies."""
    return f"system.{system}.replies"


def order(number: str) -> bytes:
    """A TMF622 order of three items, about 1 KB; all four systems are needed for it."""
    place = {
        "@type": "GeographicAddress",
        "streetNr": "12",
        "streetName": "Harbour Road",
        "city": "Austin",
        "stateOrProvince": "TX",
        "postcode": "78701",
        "country": "US",
    }
    document = {
        "@type": "ProductOrder",
        "externalId": [{"owner": "web", "externalIdentifierType": "orderId", "id": number}],
        "relatedParty": [
            {"role": "customer", "partyOrPartyRole": {"id": "C-2005", "name": "Customer of the bench"}}
        ],
        "place": [{"role": "deliveryAddress", "place": place}],
        "productOrderItem": [
            {"id": str(at), "action": "add", "quantity": 1, "productOffering": {"id": offering}}
            for at, offering in enumerate(_OFFERINGS, 1)
        ],
    }
    return json.dumps(document).encode()


def completes(message: Delivery) -> bool:
    """Whether this tells the channel that an order has ended well."""
    return message.properties.type == "notice.ended.v1"

"""
A small catalogue and one endpoint on the web, for the adapters' tests.
"""

from __future__ import annotations

from canonical.references import Endpoint, Offering, References

WEB_PORTAL = Endpoint(id="web.portal", channel="web", out_queue="channel.web.out", name="Web portal")

OFFERINGS = (
    Offering(id="INTERNET-500", name="Internet 500", category="internet", max_quantity=1),
    Offering(id="HANDSET-A", name="Handset A, black", category="device"),
    Offering(id="CASE-01", name="Case, clear", category="device"),
    Offering(id="ROUTER-AX", name="Router AX", category="device"),
    Offering(id="BUNDLE-HOME", name="Home bundle", category="bundle"),
)

WEB = References.of("test", OFFERINGS, (WEB_PORTAL,))

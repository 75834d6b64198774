"""
What the senders of generated orders call the catalogue's offerings; the web says their ids.
"""

from __future__ import annotations

from collections.abc import Mapping

from .orders_batch import OFFER_CODE
from .orders_kiosk import KIOSK, SKU
from .orders_poslog import GTIN, ITEM_ID
from .orders_soap import PRODUCT

__all__ = ["CODES", "UNKNOWN"]

CODES: Mapping[str, Mapping[str, tuple[tuple[str, str], ...]]] = {
    "partner.acme": {
        "HANDSET-A": (("VP", "HX-A-BLK"), ("UP", "076123400003")),
        "HANDSET-B": (("VP", "HX-B-BLK"),),
        "CASE-01": (("VP", "CS-01"), ("UP", "076123400010")),
        "ROUTER-AX": (("VP", "RT-AX"),),
        "INTERNET-100": (("VP", "NET-100"),),
        "INTERNET-500": (("VP", "NET-500"),),
        "MOBILE-20": (("VP", "MOB-20"),),
        "MOBILE-50": (("VP", "MOB-50"),),
        "GADGET-Z": (("VP", "GZ-01"),),
    },
    "partner.globex": {
        "HANDSET-A": (("VP", "G-HANDSET-A"),),
        "CASE-01": (("UP", "076123400010"),),
        "INTERNET-500": (("VP", "G-NET500"),),
        "MOBILE-20": (("VP", "G-MOB20"),),
        "GADGET-Z": (("VP", "G-GADGET"),),
    },
    "directmail.printco": {
        "HANDSET-A": ((OFFER_CODE, "HANDSETA"),),
        "HANDSET-B": ((OFFER_CODE, "HANDSETB"),),
        "CASE-01": ((OFFER_CODE, "CASE01"),),
        "ROUTER-AX": ((OFFER_CODE, "ROUTERAX"),),
        "INTERNET-100": ((OFFER_CODE, "NET100"),),
        "INTERNET-500": ((OFFER_CODE, "NET500"),),
        "MOBILE-20": ((OFFER_CODE, "MOBILE20"),),
        "MOBILE-50": ((OFFER_CODE, "MOBILE50"),),
        "GADGET-Z": ((OFFER_CODE, "GADGETZ"),),
    },
    "callcenter.desk": {
        "HANDSET-A": ((PRODUCT, "Handset A black"),),
        "HANDSET-B": ((PRODUCT, "Handset B black"),),
        "CASE-01": ((PRODUCT, "Phone Case"),),
        "ROUTER-AX": ((PRODUCT, "Router AX"),),
        "INTERNET-100": ((PRODUCT, "Home Internet 100"),),
        "INTERNET-500": ((PRODUCT, "Home Internet 500"),),
        "MOBILE-20": ((PRODUCT, "Mobile 20 GB"),),
        "MOBILE-50": ((PRODUCT, "Mobile 50 GB"),),
        "BUNDLE-HOME": ((PRODUCT, "Home Bundle"),),
        "GADGET-Z": ((PRODUCT, "Gadget Z"),),
    },
    "store.0117": {
        "HANDSET-A": ((GTIN, "00076123400003"), (ITEM_ID, "HANDSET-A")),
        "HANDSET-B": ((GTIN, "00076123400027"),),
        "CASE-01": ((ITEM_ID, "CASE-01"), (GTIN, "00076123400010")),
        "ROUTER-AX": ((ITEM_ID, "ROUTER-AX"),),
        "INTERNET-100": ((ITEM_ID, "INTERNET-100"),),
        "INTERNET-500": ((ITEM_ID, "INTERNET-500"),),
        "MOBILE-20": ((ITEM_ID, "MOBILE-20"),),
        "MOBILE-50": ((ITEM_ID, "MOBILE-50"),),
        "BUNDLE-HOME": ((ITEM_ID, "BUNDLE-HOME"),),
        "GADGET-Z": ((ITEM_ID, "GADGET-Z"),),
    },
    KIOSK: {
        "HANDSET-A": ((SKU, "PHONE-A"),),
        "HANDSET-B": ((SKU, "PHONE-B"),),
        "CASE-01": ((SKU, "CASE"),),
        "ROUTER-AX": ((SKU, "ROUTER"),),
        "INTERNET-100": ((SKU, "FIBRE-100"),),
        "INTERNET-500": ((SKU, "FIBRE-500"),),
        "MOBILE-20": ((SKU, "PLAN-20"),),
        "MOBILE-50": ((SKU, "PLAN-50"),),
        "GADGET-Z": ((SKU, "GADGET-Z"),),
    },
}
"""By endpoint and offering, qualifier and code pairs."""

UNKNOWN: Mapping[str, tuple[str, str]] = {
    "partner": ("VP", "NO-SUCH-THING"),
    "directmail": (OFFER_CODE, "NOSUCH"),
    "callcenter": (PRODUCT, "No such thing"),
    "store": (ITEM_ID, "NO-SUCH-THING"),
    "kiosk": (SKU, "NO-SUCH-THING"),
}
"""By channel, a code that nobody knows."""

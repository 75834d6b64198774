"""
Rules for a home of everything: internet, voice and television, and a plan beside it.

Voice and television are the demonstration's.
"""

from __future__ import annotations

from orderloom.simulators.services import Television, Voice

__all__ = ["BILLS", "ONE_BILL", "Television", "Voice"]

_ROUTES = """
[[route]]
name = "home"
why = "One line into the house carries voice and television; a plan is beside it; one bill"
when = { item = { category = "internet" } }

  [[route.part]]
  name = "crm"
  system = "crm"

  [[route.part]]
  name = "internet"
  system = "oss.internet"
  items = { category = "internet" }
  after = ["crm"]

  [[route.part]]
  name = "voice"
  system = "oss.voice"
  items = { category = "voice" }
  after = ["crm", "internet"]

  [[route.part]]
  name = "tv"
  system = "oss.tv"
  items = { category = "tv" }
  after = ["crm", "internet"]

  [[route.part]]
  name = "mobile"
  system = "oss.mobile"
  items = { category = "mobile" }
  after = ["crm"]

{bills}
  [[route.test]]
  order = "samples/home.json"
  channel = "web"
  expect = {expected}
"""
_ONE_BILL = """
  [[route.part]]
  name = "billing"
  system = "billing"
  after = ["crm", "internet", "voice", "tv", "mobile"]
"""
_BILL = """
  [[route.part]]
  name = "billing-{0}"
  system = "billing"
  items = {{ category = "{0}" }}
  after = ["crm", "{0}"]
"""
_BILLS = "".join(_BILL.format(one) for one in ("internet", "voice", "tv", "mobile"))
_CATALOGUE = "".join(
    f'[[offering]]\nid = "{id_}"\nname = "{id_}"\ncategory = "{category}"\n'
    for id_, category in {
        "INTERNET-500": "internet", "VOICE": "voice", "TV-BASIC": "tv", "MOBILE-20": "mobile",
    }.items()
)  # fmt: skip
_SAMPLE = ",".join(
    f'{{"id":"{place}","action":"add","productOffering":{{"id":"{id_}"}}}}'
    for place, id_ in enumerate(("INTERNET-500", "VOICE", "TV-BASIC"), 1)
)


def _rules(bills: str, *parts: str) -> dict[str, str]:
    """The whole rules of such a home, but for the endpoints."""
    routes = _ROUTES.replace("{bills}", bills).replace("{expected}", str(["crm", "internet", *parts]))
    return {
        "routes/home.toml": routes,
        "routes/catalogue/home.toml": _CATALOGUE,
        "routes/samples/home.json": f'{{"productOrderItem":[{_SAMPLE}]}}',
    }


ONE_BILL = _rules(_ONE_BILL, "tv", "voice", "billing")
"""All of it is on one bill, which is written when the last of it is there."""

BILLS = _rules(_BILLS, "billing-internet", "tv", "billing-tv", "voice", "billing-voice")
"""Each service is billed when it is there."""

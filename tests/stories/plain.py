"""
What the shipped world does not have: voice and TV, their two systems, and the rules for a home of everything.

Both systems are told, and answer, in lines of words::

    do 1f0c2f5e… OL2T5Q8V9WXY3Z4A7B-3 4500000042 -
    1 TV-BASIC 1

    DONE 1f0c2f5e… R-1
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from adapters.kit.contract import Native, Stamp
from canonical.errors import Rejected
from canonical.instructions import Instruction
from canonical.replies import Reference, Reply
from canonical.states import State
from canonical.systems import Attachment, Meaning, SystemProfile, Verb
from orderloom.simulators.answers import Line, Told, Vocabulary, answers
from orderloom.simulators.neighbour import Neighbour, token
from orderloom.simulators.neighbour import Reply as Letter
from orderloom.simulators.script import Behaviour

__all__ = ["BILLS", "ONE_BILL", "Tv", "TvAdapter", "Voice", "VoiceAdapter", "install"]

_ALL = (Verb.DO, Verb.MODIFY, Verb.UNDO)
_WORDS = {
    "DONE": Meaning(state=State.COMPLETED, answers=_ALL),
    "NEVER": Meaning(state=State.REJECTED, code="E_SYSTEM_REFUSED"),
    "STUCK": Meaning(state=State.HELD, code="E_SYSTEM_REFUSED", answers=_ALL),
}


class _PlainAdapter:
    """Tells a system in words, and reads its words."""

    profile: SystemProfile
    counters: tuple[str, ...] = ()

    def instruct(self, instruction: Instruction, stamp: Stamp) -> Native:
        """Verb, key, reference, the channel's number and what is changed; then the lines."""
        number = instruction.external_id[0].id
        head = (
            instruction.verb, instruction.key, instruction.reference, number, instruction.undoes or "-",
        )  # fmt: skip
        lines = [
            f"{one.number} {one.item.product_offering.id} {one.item.quantity}" for one in instruction.lines
        ]
        return Native(body="\n".join((" ".join(head), *lines)).encode(), content_type="text/plain")

    def read_reply(self, native: Native) -> Iterator[Reply]:
        """Word, key, and the answer's own number."""
        match native.body.decode().split():
            case [word, key, number]:
                about = (Reference(type="key", value=key),)
                yield Reply(system=self.profile.name, key=number, about=about, word=word)
            case _:
                raise Rejected("E_TYPE", "no answer", "line 1", "word, key, number")


def _profile(name: str) -> SystemProfile:
    return SystemProfile(
        name=name, attachment=Attachment.QUEUE, words=_WORDS, reference_type="reference", verbs=_ALL
    )


class VoiceAdapter(_PlainAdapter):
    """Telephony."""

    profile = _profile("oss.voice")


class TvAdapter(_PlainAdapter):
    """Television."""

    profile = _profile("oss.tv")


class _Plain(Neighbour):
    """The system behind such an adapter."""

    vocabulary = Vocabulary(done="DONE", rejected="NEVER", backorder="STUCK", refused="STUCK", changed="DONE")

    def read(self, body: bytes) -> list[Told]:
        """The one instruction of a message."""
        (verb, key, reference, number, earlier), *lines = (one.split() for one in body.decode().splitlines())
        wanted = tuple(Line(place, offering, int(quantity)) for place, offering, quantity in lines)
        return [Told(key, reference, number, verb, wanted, {}, earlier.strip("-"))]

    def render(self, told: Told, behaviour: Behaviour, at: datetime, numbers: dict[str, int]) -> list[Letter]:
        """One answer, said of all lines."""
        spoken = answers(behaviour, self.vocabulary, len(told.lines), changes=told.changes)
        number = token("R-", self.name, told.key)
        return [Letter(number, one.after, f"{one.words[0]} {told.key} {number}") for one in spoken]


class Voice(_Plain):
    """Telephony."""

    name = "oss.voice"


class Tv(_Plain):
    """Television."""

    name = "oss.tv"


def install(folder: Path) -> None:
    """Lay both adapters down in ``folder`` as an installed distribution."""
    info = folder / "plain_systems-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: plain-systems\nVersion: 1.0\n")
    points = [f"oss.{name.lower()} = {__name__}:{name}Adapter" for name in ("Voice", "Tv")]
    (info / "entry_points.txt").write_text("\n".join(("[orderloom.outbound]", *points, "")))


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

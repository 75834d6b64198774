"""
The mappings that `orderloom adapter new` writes, as channel ``agent``, and what they know.
"""

from __future__ import annotations

from pathlib import Path
from string import Template

import orderloom
from adapters.kit.contract import Native, Stamp
from adapters.kit.specimens import AT
from adapters.mapped import MappedAdapter
from canonical.commands import Origin, RejectedDocument
from canonical.errors import Fault, Rejected
from canonical.notices import Intake, Outcome, Verdict
from canonical.references import Code, Endpoint, Identifier, Offering, References
from orderloom.mappings import read_mapping

__all__ = [
    "FORMATS",
    "ONE",
    "REFERENCES",
    "SHIPPED",
    "adapter",
    "answer",
    "mapping",
    "outcome",
    "samples",
    "translated",
]

SHIPPED = Path(orderloom.__file__).parent / "scaffold"
FORMATS = ("csv", "fixed", "json", "xml")
ONE = Endpoint(
    id="agent.one",
    channel="agent",
    out_queue="channel.agent.one.out",
    identifiers=(Identifier(qualifier="ID", value="ONE"),),
)
REFERENCES = References.of(
    "test",
    [
        Offering(
            id="HANDSET-A",
            name="Handset A",
            category="device",
            max_quantity=100,
            codes=(Code(owner="agent", type="SKU", code="4711"),),
        )
    ],
    [ONE],
)


def mapping(form: str) -> str:
    """The text of the mapping file."""
    text = (SHIPPED / form / "mapping.toml").read_text(encoding="utf-8")
    return Template(text).substitute(name="agent")


def adapter(form: str, *changes: tuple[str, str]) -> MappedAdapter:
    """Its adapter, after replacing texts in it."""
    text = mapping(form)
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return read_mapping(text, "agent.toml")


def samples(form: str) -> dict[str, bytes]:
    """By name."""
    return {one.stem: one.read_bytes() for one in sorted((SHIPPED / form / "samples").iterdir())}


def translated(made: MappedAdapter, body: bytes, references: References = REFERENCES) -> list:
    """All that a message becomes."""
    return list(made.translate(Native(body=body, content_type=""), references))


def outcome(made: MappedAdapter, body: bytes, references: References = REFERENCES) -> list[tuple[str, str]]:
    """Code and place of everything that is refused."""
    try:
        found = translated(made, body, references)
    except Rejected as rejected:
        return [(rejected.code, rejected.where)]
    return [(one.fault.code, one.fault.where) for one in found if isinstance(one, RejectedDocument)]


def answer(made: MappedAdapter) -> bytes:
    """An acknowledgement of one refused order."""
    origin = Origin(
        channel="agent", endpoint="agent.one", envelope="17", document_type="ORDER", document="A-1001"
    )
    fault = Fault(code="E_OFFERING", what="unknown offering", where="line 2")
    verdicts = (Verdict(origin=origin, outcome=Outcome.REJECTED, fault=fault),)
    intake = Intake(endpoint="agent.one", channel="agent", envelope="17", verdicts=verdicts)
    native = made.acknowledge(intake, Stamp(at=AT, endpoint=ONE))
    return native.body if native else b""

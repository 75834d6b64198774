"""
What a partner's profile says about its interchanges, and whether one keeps to it.
"""

from __future__ import annotations

from adapters.formats.x12 import Group, Interchange, IsaParty, Spot
from adapters.formats.x12_agreement import Agreement
from adapters.formats.x12_isa import ISA_WIDTHS
from canonical.errors import Fault, HubError, shown
from canonical.references import Endpoint

__all__ = ["CHANNEL", "agreement_with", "fault_of_group", "fault_of_interchange", "isa_where"]

CHANNEL = "partner"


def agreement_with(endpoint: Endpoint) -> Agreement:
    """
    How we write to ``endpoint``.

    Raises:
        HubError: ``E_CONFIG`` when its profile lacks an identifier or what it calls the hub.
    """
    if endpoint.hub is None or not endpoint.identifiers:
        raise HubError("E_CONFIG", "the profile has no identifier or no hub", endpoint.id, "both")
    us, them = endpoint.hub, endpoint.identifiers[0]
    return Agreement.of(
        IsaParty(us.qualifier, us.value), IsaParty(them.qualifier, them.value), endpoint.format
    )


def isa_where(element: int, offset: int) -> str:
    """The place of one ISA element of the interchange that begins at ``offset``."""
    start = offset + 4 + sum(ISA_WIDTHS[: element - 1]) + element - 1
    return str(Spot(segment="ISA", element=element, offset=start))


def fault_of_interchange(interchange: Interchange, endpoint: Endpoint, agreed: Agreement) -> Fault | None:
    """
    Why nothing of the interchange may be used: for somebody else, a test, another version, or broken.
    """
    isa, offset = interchange.isa, interchange.offset
    if isa.receiver != agreed.us:
        what = f"the interchange is for {shown(f'{isa.receiver.qualifier}/{isa.receiver.id}')}"
        return Fault(
            code="E_IDENTITY",
            what=what,
            where=isa_where(8, offset),
            allowed=f"{agreed.us.qualifier}/{agreed.us.id}",
        )
    if isa.usage != agreed.usage:
        what = f"usage {shown(isa.usage)} from {endpoint.id}"
        return Fault(code="E_EDI_TEST", what=what, where=isa_where(15, offset), allowed=agreed.usage)
    if isa.version != agreed.interchange_version:
        what = f"interchange version {shown(isa.version)}"
        return Fault(
            code="E_EDI_VERSION",
            what=what,
            where=isa_where(12, offset),
            allowed=agreed.interchange_version,
        )
    return interchange.fault


def fault_of_group(group: Group, agreed: Agreement) -> Fault | None:
    """Why no set of the group may be used: it is broken, or of another version or agency."""
    if group.fault:
        return group.fault
    gs = group.gs
    # Behind the release stands the guideline that the sender follows (004010VICS).
    if gs.agency == "X" and gs.version.startswith(agreed.version):
        return None
    element, value = (8, gs.version) if gs.agency == "X" else (7, gs.agency)
    return Fault(
        code="E_EDI_VERSION",
        what=f"group version {shown(value)}",
        where=str(Spot(segment="GS", element=element, offset=group.offset)),
        allowed=agreed.version if element == 8 else "X",
    )

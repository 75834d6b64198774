"""
An order as the hub would take it in, made from canonical JSON: what is explained and tested without any hub.
"""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from canonical.codec import decode
from canonical.errors import Rejected
from canonical.order import ChannelRef, ChannelRole, Order, OrderContent, RelatedChannel
from canonical.states import State

from .catalogue import fill
from .model import RuleSet

__all__ = ["trial_order"]

# A trial has no time of its own, and no condition looks at one.
_NO_TIME = datetime(2000, 1, 1, tzinfo=UTC)

_WANTED = "an order in canonical JSON, as in routes/samples; for a native message `orderloom adapter try`"


def trial_order(text: str | bytes, rules: RuleSet, channel: str = "", endpoint: str = "") -> Order:
    """
    The order in ``text`` (JSON of a canonical ``OrderContent``), captured by ``endpoint``.

    An endpoint tells its channel; a channel alone stands for its first endpoint; without both, for nobody.

    Raises:
        Rejected: When it is no such JSON, the endpoint is unknown, or the catalogue refuses it.
    """
    content = fill(_content(text), rules.references)
    fields = {name: getattr(content, name) for name in OrderContent.__struct_fields__}
    return Order(
        id="TRIAL",
        state=State.ACKNOWLEDGED,
        version=1,
        creation_date=_NO_TIME,
        rules_version=rules.version,
        channel=_captured(rules, channel, endpoint),
        **fields,
    )


def _content(text: str | bytes) -> OrderContent:
    try:
        return decode(text, OrderContent)
    except msgspec.ValidationError as error:
        raise Rejected("E_TYPE", str(error)[:200], "order", _WANTED) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Rejected("E_JSON_SYNTAX", str(error)[:200], "order", _WANTED) from None


def _captured(rules: RuleSet, channel: str, endpoint: str) -> tuple[RelatedChannel, ...]:
    references = rules.references
    if endpoint:
        if endpoint not in references.endpoints:
            raise Rejected(
                "E_VALUE", f"unknown endpoint {endpoint!r}", "endpoint", ", ".join(references.endpoints)
            )
        of_endpoint = references.endpoints[endpoint].channel
        if channel not in {"", of_endpoint}:
            raise Rejected("E_VALUE", f"{endpoint} is not an endpoint of {channel}", "channel", of_endpoint)
        channel = of_endpoint
    elif channel:
        endpoint = next((one.id for one in references.of_channel(channel)), "")
    if not channel:
        return ()
    ref = ChannelRef(id=channel)
    return (RelatedChannel(role=ChannelRole.CAPTURE, channel=ref, endpoint=endpoint, at=_NO_TIME),)

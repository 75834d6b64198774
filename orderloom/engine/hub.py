"""
What the engine knows of the world around it: adapters, systems, lanes and the current rules.

Made once by the wiring; nothing in it changes while the engine runs but the version of the rules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from adapters.kit.contract import (
    INQUIRY,
    ConversingAdapter,
    InboundAdapter,
    InquiringAdapter,
    Native,
    OutboundAdapter,
    Stamp,
)
from canonical.calendars import Calendar
from canonical.commands import AmendOrder
from canonical.errors import Rejected
from canonical.instructions import Instruction
from canonical.order import Order
from canonical.proposal import Proposal
from canonical.references import Endpoint
from canonical.systems import Attachment, SystemProfile
from orderloom.correlation.folded import World
from orderloom.hub_topology import Lane, system_in, system_work
from routes.amend import propose
from routes.model import RuleSet

from .tokens import fresh_token

__all__ = ["Hub", "Limits", "SystemLink"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """
    Bounds of the engine's work; the defaults are measured, see ``docs/decisions/engine.md``.

    Args:
        batch: Messages in one transaction, ``batch_bytes`` their bodies: one may hold many orders.
        window: Publishes in flight, ``window_bytes`` their bodies.
        unsent_bytes: Past this much unsent, intake pauses.
        message_bytes: Largest native message, as sent and inflated.
        lease: Seconds a worker owns its outbox rows without renewing.
        again_after: Seconds before a repeated question is answered again.
        early_for: Seconds that a reply, or a change, waits for an order nobody knows yet.
        poison_starts: The start of work on one message that is not made any more.
        draft_for: Seconds after its last edit that a draft lapses.
        token_for: Seconds that a conversation's token is good.
        hold_after: Seconds that an outage of a system, or its silence, changes no state.
        breaker_after: Calls to a system that fail one after another before its calls stop.
    """

    batch: int = 200
    batch_bytes: int = 256 * 1024
    window: int = 2000
    window_bytes: int = 8 * 1024 * 1024
    unsent_bytes: int = 64 * 1024 * 1024
    message_bytes: int = 8 * 1024 * 1024
    lease: float = 10.0
    again_after: float = 60.0
    early_for: float = 900.0
    poison_starts: int = 3
    draft_for: float = 30 * 86400.0
    token_for: float = 7 * 86400.0
    hold_after: float = 300.0
    breaker_after: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemLink:
    """
    How one system is reached.

    Args:
        timeout: Seconds for one whole call.
        settings: Format settings for its adapter.
    """

    adapter: OutboundAdapter
    profile: SystemProfile
    timeout: float = 10.0
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def queue(self) -> str:
        """Where its instructions are put."""
        called = self.profile.attachment is Attachment.CALL
        return system_work(self.profile.name) if called else system_in(self.profile.name)

    def inquire(self, instruction: Instruction, stamp: Stamp, number: int) -> Native:
        """
        The question what became of ``instruction``, asked for the ``number``-th time.

        Raises:
            Rejected: Its adapter cannot ask.
        """
        if not isinstance(self.adapter, InquiringAdapter):
            what = f"{self.profile.name} cannot be asked"
            raise Rejected("E_ACTION", what, "inquire", "an adapter that can")
        return self.adapter.inquire(instruction, replace(stamp, numbers={**stamp.numbers, INQUIRY: number}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """
    The wired hub.

    Args:
        rules: Gives the current rules; asked once a batch.
        pinned: Gives an earlier version of them, which an order is pinned to; None when it cannot be read.
        folders: Channels that have a drop folder.
        mint: Makes a conversation's token that nobody can guess.
    """

    channels: Mapping[str, InboundAdapter]
    systems: Mapping[str, SystemLink]
    lanes: Mapping[str, Lane]
    rules: Callable[[], RuleSet]
    folders: frozenset[str] = frozenset()
    limits: Limits = Limits()
    pinned: Callable[[str], RuleSet | None] = lambda version: None
    mint: Callable[[], str] = fresh_token

    def conversing(self, channel: str) -> bool:
        """Whether a channel's format has words for tokens and for what was said so far."""
        return isinstance(self.channels.get(channel), ConversingAdapter)

    def profiles(self) -> Mapping[str, SystemProfile]:
        """What each system can do."""
        return {name: link.profile for name, link in self.systems.items()}

    def world(self, rules: RuleSet) -> World:
        """What the fold may look up."""
        return World(
            self.profiles(),
            rules.references.endpoints,
            partial(self._propose, rules),
            partial(self._calendars, rules),
            self.limits.hold_after,
        )

    def _rules_of(self, current: RuleSet, version: str) -> RuleSet | None:
        return current if current.version == version else self.pinned(version)

    def _calendars(self, current: RuleSet, version: str) -> Mapping[str, Calendar]:
        rules = self._rules_of(current, version)
        return rules.calendars if rules is not None else {}

    def _propose(self, current: RuleSet, order: Order, command: AmendOrder) -> Proposal:
        """An amendment planned by the version that its order is pinned to: versions are never mixed."""
        version = order.rules_version
        rules = self._rules_of(current, version)
        if rules is None:
            raise Rejected(
                "E_CONFIG", f"the rules {version} of the order cannot be read", f"order {order.id}"
            )
        return propose(order, command, rules, self.profiles())

    @staticmethod
    def only_endpoint(rules: RuleSet, channel: str) -> Endpoint | None:
        """The endpoint of a channel that has just one, so that even unreadable bytes have a sender."""
        found = rules.references.of_channel(channel)
        return found[0] if len(found) == 1 else None

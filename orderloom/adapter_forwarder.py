"""
What an adapter process makes of one native message: the message that goes to ``orders.in``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic

import structlog

from adapters.kit.contract import InboundAdapter
from broker.port import Delivery, HeaderValue, Properties
from canonical.codec import encode
from canonical.commands import Command, RejectedDocument
from canonical.errors import Fault, Rejected
from canonical.keys import content_hash, message_id
from canonical.references import References
from canonical.translated import MOST_DOCUMENTS, Translation
from orderloom.adapters_found import find_adapters
from orderloom.correlation.port import StoreError
from orderloom.engine.forwarded import LARGEST, TRANSLATED, native_message, wrapped
from orderloom.engine.hub import Limits
from orderloom.engine.messages import APP_ID, CANONICAL
from orderloom.engine.translate import translated
from orderloom.rules import read_folder
from orderloom.settings import Settings, load
from orderloom.stores import open_store
from orderloom.wiring import CurrentRules, profiles_of
from routes.rules import read

__all__ = ["Forwarder", "Translated", "make_forwarder"]

_log = structlog.get_logger()

# Seconds between looks at the store's rules.
_LOOK = 1.0


@dataclass(frozen=True, slots=True)
class Translated:
    """
    A message for ``orders.in``.

    Args:
        documents: How many it holds.
        code: Of the fault, when the bytes could not be read.
    """

    body: bytes
    properties: Properties
    documents: int = 0
    code: str = ""


@dataclass(frozen=True, slots=True)
class Forwarder:
    """
    One channel's adapter, with what it may look up.

    Args:
        references: Asked for each message.
        native_bytes: Largest native message, as sent and inflated.
    """

    channel: str
    adapter: InboundAdapter
    references: Callable[[], References]
    native_bytes: int = Limits().message_bytes

    def __call__(self, delivery: Delivery) -> Translated:
        """
        The message for ``orders.in``; never an exception: whatever goes wrong is said in it.

        Bytes that would be too large in JSON, alone or with their documents, go as they are; so do those
        with more documents than a translation may hold.
        """
        try:
            return self._message(delivery, self._documents(delivery))
        except Rejected as rejected:
            fault = rejected.fault
        except Exception as error:  # noqa: BLE001 - adapters are anybody's code: the message alone is parked
            _log.error("message_failed", channel=self.channel, error=repr(error), exc_info=error)
            what = f"{type(error).__name__} while working on it"
            fault = Fault(code="E_INTERNAL", what=what, where="message")
        return self.at_fault(delivery, fault)

    def at_fault(self, delivery: Delivery, fault: Fault) -> Translated:
        """The message for ``orders.in`` about bytes that could not be read."""
        return self._message(delivery, (), fault)

    def _documents(self, delivery: Delivery) -> tuple[Command | RejectedDocument, ...]:
        return translated(self.adapter, self.references(), delivery, self.native_bytes)

    def _message(
        self,
        delivery: Delivery,
        documents: tuple[Command | RejectedDocument, ...],
        fault: Fault | None = None,
    ) -> Translated:
        code = fault.code if fault is not None else ""
        if len(documents) > MOST_DOCUMENTS:
            return self._as_it_is(delivery, code)
        translation = Translation(
            channel=self.channel, native=native_message(delivery), documents=documents, fault=fault
        )
        body = encode(translation)
        if len(body) > LARGEST:
            return self._as_it_is(delivery, code)
        return Translated(body, self._properties(delivery, documents, code), len(documents), code)

    def _as_it_is(self, delivery: Delivery, code: str) -> Translated:
        properties = replace(wrapped(delivery, self.channel), app_id=APP_ID)
        return Translated(delivery.body, properties, code=code)

    def _properties(
        self, delivery: Delivery, documents: tuple[Command | RejectedDocument, ...], code: str
    ) -> Properties:
        """Legible in the console; the same message has the same id however often it is sent."""
        headers: dict[str, HeaderValue] = {"channel": self.channel, "documents": len(documents)}
        endpoint = next((one.origin.endpoint for one in documents if one.origin.endpoint), "")
        headers |= {"endpoint": endpoint} if endpoint else {}
        headers |= {"fault": code} if code else {}
        given = delivery.properties.message_id or ""
        key = message_id("translation", self.channel, given, content_hash(delivery.body))
        return Properties(
            message_id=key, type=TRANSLATED, content_type=CANONICAL, app_id=APP_ID, headers=headers
        )


def make_forwarder(config: Path | None, channel: str, *, from_store: bool = False) -> Forwarder:
    """
    The forwarder of a channel, from the settings; it can be made again in another process.

    Args:
        from_store: Look up what the hub's store has as its current rules, and not the folder.

    Raises:
        SettingsError: The settings are wrong, or an adapter is missing.
        RulesError: The rules are wrong.
        StoreError: The store is to be asked, and cannot be.
    """
    settings = load(config)
    adapters = find_adapters(settings)
    return Forwarder(channel, adapters.inbound[channel], _references(settings, from_store=from_store))


def _references(settings: Settings, *, from_store: bool) -> Callable[[], References]:
    profiles = profiles_of(settings, find_adapters(settings))
    texts = read_folder(settings.rules)
    rules = read(texts, profiles)
    if not from_store:
        return lambda: rules.references
    store = open_store(settings.store, create=False)
    return _Followed(CurrentRules(store, profiles, texts, rules), rules.references)


class _Followed:
    """The store's current references, looked at once a second; those it had when the store is away."""

    def __init__(self, current: CurrentRules, references: References) -> None:
        self._current = current
        self._references = references
        self._next = 0.0

    def __call__(self) -> References:
        now = monotonic()
        if now >= self._next:
            self._next = now + _LOOK
            try:
                self._references = self._current().references
            except StoreError as error:
                _log.warning("rules_not_read", error=str(error))
        return self._references

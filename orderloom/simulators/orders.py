"""
Orders by the thousand: mixed, seeded, with a share of faults, in the native bytes of their channels.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from .order import GeneratedLine, GeneratedOrder
from .orders_batch import batch, number_of
from .orders_codes import CODES, UNKNOWN
from .orders_kiosk import KIOSK, cart
from .orders_native import interchange, product_order
from .orders_poslog import receipt_of, sequence_of, till_log
from .orders_soap import upsert

__all__ = ["FAULTS", "Mix", "generate", "messages"]

_PARTNERS = ("partner.acme", "partner.globex")
_CARDS = "directmail.printco"
_DESK, _STORE = "callcenter.desk", "store.0117"

_INITIALS = {
    "web.portal": "W",
    "partner.acme": "A",
    "partner.globex": "G",
    _CARDS: "",
    _DESK: "1-",
    KIOSK: "K",
}

_DEVICES = ("HANDSET-A", "HANDSET-B", "CASE-01", "ROUTER-AX")
_INTERNET = ("INTERNET-100", "INTERNET-500")
_MOBILE = ("MOBILE-20", "MOBILE-50")

# What can be wrong with one document, with the verdict and code that it must get.
FAULTS: Mapping[str, tuple[str, str]] = {
    "offering": ("rejected", "E_OFFERING"),
    "line": ("rejected", "E_DUPLICATE_LINE"),
    "quantity": ("rejected", "E_RANGE"),
    "count": ("rejected", "E_EDI_COUNT"),
    "same": ("repeated", ""),
    "other": ("rejected", "E_DUPLICATE_ORDER"),
    "mended": ("accepted", ""),
}
# A record has no line numbers that could be wrong, and a wrong count refuses all of a batch; its numbers
# come again when a batch is sent again, with what was wrong in it mended.
_KINDS = {
    "web": ("offering", "line", "quantity", "same", "other"),
    "partner": ("offering", "line", "quantity", "count", "same", "other"),
    "directmail": ("offering", "quantity"),
    "callcenter": ("offering", "line", "quantity", "same", "other"),
    "store": ("offering", "line", "quantity", "same", "other"),
    "kiosk": ("offering", "line", "quantity", "same", "other"),
}

# What a packed field of three digits can hold, and what the others can.
_BAD_QUANTITIES = {"directmail": (0, -1, 999)}
_BAD_QUANTITY = (0, -1, 9_999_999)

# Documents between an order and its repetition: several messages, so that nobody takes both in one batch.
_REPEAT_AFTER = 250

_INTERCHANGE_MOST = 5
_BATCH_MOST = 8
_LINES_MOST = 5


@dataclass(frozen=True, slots=True)
class Mix:
    """
    What the orders are like, in shares from 0 to 1.

    Args:
        web: Of all messages.
        cards: Of all messages: batches of direct mail.
        calls: Of all messages: orders of the call centre; these and the next are none by default, so that a
            seed makes what it always made.
        tills: Of all messages: logs of a store's till.
        kiosk: Of all messages: carts of a kiosk.
        faulty: Of all documents.
        bundle: Of orders of the web, the call centre and the store.
        keeps: Of web orders: they name something that stays as it is (noChange).
        gadgets: Of all orders: they hold the offering that no route takes.
        repeat_after: Documents that lie at least between an order and its repetition.
    """

    web: float = 0.5
    cards: float = 0.08
    calls: float = 0.0
    tills: float = 0.0
    kiosk: float = 0.0
    faulty: float = 0.1
    bundle: float = 0.15
    keeps: float = 0.05
    gadgets: float = 0.0
    repeat_after: int = _REPEAT_AFTER


def generate(seed: int, count: int, mix: Mix | None = None) -> list[GeneratedOrder]:
    """``count`` documents in the order of dropping; the same for the same arguments, for ever."""
    return _Generator(seed, mix or Mix()).orders(count)


def messages(orders: list[GeneratedOrder]) -> Iterator[tuple[str, bytes]]:
    """Channel and bytes of each message, once, in the order of dropping."""
    last = -1
    for order in orders:
        if order.message != last:
            yield order.channel, order.native
            last = order.message


class _Generator:
    def __init__(self, seed: int, mix: Mix) -> None:
        self._seed = seed
        self._mix = mix
        self._random = random.Random(seed)  # the same orders for the same seed is the point
        self._made: list[GeneratedOrder] = []
        self._controls = dict.fromkeys((*_PARTNERS, _CARDS), 0)
        # Batches that were not taken whole, and where they stand among the documents.
        self._wrong: list[tuple[int, str, list[GeneratedOrder]]] = []
        self._message = 0
        self._repeated: set[tuple[str, str]] = set()

    def orders(self, count: int) -> list[GeneratedOrder]:
        while len(self._made) < count:
            left = count - len(self._made)
            drawn = self._random.random()
            if drawn < self._mix.web:
                self._add_web()
            elif drawn < self._mix.web + self._mix.cards:
                self._add_batch(min(self._random.randint(1, _BATCH_MOST), left), left)
            elif drawn >= 1 - self._mix.calls:
                self._add_call()
            elif drawn >= 1 - self._mix.calls - self._mix.tills:
                self._add_till()
            elif drawn >= 1 - self._mix.calls - self._mix.tills - self._mix.kiosk:
                self._add_cart()
            else:
                self._add_interchange(min(self._random.randint(1, _INTERCHANGE_MOST), left))
            self._message += 1
        return self._made

    def _add_web(self) -> None:
        order = self._document("web.portal", len(self._made))
        native = product_order(order)
        self._made.append(order.placed(self._message, 1, native, ("", "", "")))

    def _add_call(self) -> None:
        order = self._document(_DESK, len(self._made))
        self._made.append(order.placed(self._message, 1, upsert(order), ("", "", "")))

    def _add_till(self) -> None:
        order = self._document(_STORE, len(self._made))
        self._made.append(order.placed(self._message, 1, till_log(order), ("", "", "")))

    def _add_cart(self) -> None:
        order = self._document(KIOSK, len(self._made))
        self._made.append(order.placed(self._message, 1, cart(order), ("", "", "")))

    def _add_interchange(self, sets: int) -> None:
        endpoint = self._random.choice(_PARTNERS)
        inside = [self._document(endpoint, len(self._made) + place) for place in range(sets)]
        self._controls[endpoint] += 1
        # Far apart for different seeds, so that one hub may be given the orders of several.
        control = self._seed % 10_000 * 10_000 + self._controls[endpoint]
        native, controls = interchange(endpoint, inside, control)
        self._made.extend(
            order.placed(self._message, place, native, numbers)
            for place, (order, numbers) in enumerate(zip(inside, controls, strict=True), 1)
        )

    def _add_batch(self, records: int, left: int) -> None:
        """A new batch, or an old one that was not taken whole, with its bad records mended."""
        old = next((one for one in self._wrong if one[0] + self._mix.repeat_after <= len(self._made)), None)
        if old is not None and len(old[2]) <= left:
            self._wrong.remove(old)
            name, inside = old[1], [self._again(one) for one in old[2]]
        else:
            self._controls[_CARDS] += 1
            # Ten characters; far apart for different seeds, as control numbers are.
            name = f"{self._seed % 10_000:04}-{self._controls[_CARDS]:05}"
            inside = [self._document(_CARDS, 0, number_of(name, place)) for place in range(1, records + 1)]
            if any(one.verdict == "rejected" for one in inside):
                self._wrong.append((len(self._made), name, inside))
        native = batch(name, inside)
        self._made.extend(
            order.placed(self._message, place, native, ("", "", "")) for place, order in enumerate(inside, 1)
        )

    def _again(self, record: GeneratedOrder) -> GeneratedOrder:
        fault = "mended" if record.verdict == "rejected" else "same" if record.verdict == "accepted" else ""
        lines = self._lines(_CARDS) if fault == "mended" else record.lines
        verdict = FAULTS[fault][0] if fault else record.verdict
        return replace(record, lines=lines, fault=fault, verdict=verdict, code="")

    def _document(self, endpoint: str, place: int, number: str = "") -> GeneratedOrder:
        customer = f"C-{self._random.randint(1000, 9999)}"
        number = number or self._number(endpoint, place)
        order = GeneratedOrder(number, endpoint, self._lines(endpoint), customer)
        if self._random.random() >= self._mix.faulty:
            return order
        return self._faulty(order, self._random.choice(_KINDS[order.channel]))

    def _number(self, endpoint: str, place: int) -> str:
        if endpoint == _STORE:
            return receipt_of(sequence_of(self._seed, place))
        return f"{_INITIALS[endpoint]}{self._seed}-{place:05}"

    def _faulty(self, order: GeneratedOrder, fault: str) -> GeneratedOrder:
        verdict, code = FAULTS[fault]
        if fault in {"same", "other"}:
            first = self._earlier(order.endpoint)
            if first is None:
                return order
            order = replace(order, number=first.number, lines=first.lines, customer=first.customer)
        return replace(order, fault=fault, verdict=verdict, code=code, lines=self._spoiled(order, fault))

    def _earlier(self, endpoint: str) -> GeneratedOrder | None:
        """A good order from long ago that nobody repeated yet."""
        candidates = [
            one
            for one in self._made[: max(len(self._made) - self._mix.repeat_after, 0)]
            if one.endpoint == endpoint and not one.fault and (endpoint, one.number) not in self._repeated
        ]
        if not candidates:
            return None
        chosen = self._random.choice(candidates)
        self._repeated.add((endpoint, chosen.number))
        return chosen

    def _spoiled(self, order: GeneratedOrder, fault: str) -> tuple[GeneratedLine, ...]:
        first, *others = order.lines
        match fault:
            case "offering":
                codes = (UNKNOWN[order.channel],) if order.channel in UNKNOWN else ()
                offering = "" if codes else "NO-SUCH-THING"
                return (replace(first, offering=offering, codes=codes, lines=()), *others)
            case "line":
                return (first, *others, replace(first, lines=()))
            case "quantity":
                bad = _BAD_QUANTITIES.get(order.channel, _BAD_QUANTITY)
                return (replace(first, quantity=self._random.choice(bad)), *others)
            case "other":
                return (replace(first, quantity=first.quantity + 1), *others)
            case _:
                return order.lines

    def _lines(self, endpoint: str) -> tuple[GeneratedLine, ...]:
        offerings = [self._offering(endpoint) for _ in range(self._random.randint(1, _LINES_MOST))]
        lines = [self._line(str(place), one, endpoint) for place, one in enumerate(offerings, 1)]
        if endpoint in {"web.portal", _DESK, _STORE} and self._random.random() < self._mix.bundle:
            lines[0] = self._bundle(CODES.get(endpoint, {}))
        if endpoint == "web.portal" and len(lines) > 1 and self._random.random() < self._mix.keeps:
            lines[-1] = GeneratedLine(lines[-1].id, lines[-1].offering, action="noChange")
        if self._random.random() < self._mix.gadgets:
            lines.append(self._line(str(len(lines) + 1), "GADGET-Z", endpoint))
        return tuple(lines)

    def _offering(self, endpoint: str) -> str:
        known = CODES.get(endpoint)
        sold = [one for one in (*_DEVICES, *_INTERNET, *_MOBILE) if known is None or one in known]
        return self._random.choice(sold)

    def _line(self, id_: str, offering: str, endpoint: str) -> GeneratedLine:
        known = CODES.get(endpoint)
        codes = known[offering] if known else ()
        used = codes if self._random.random() < 0.5 else codes[:1]
        quantity = self._random.randint(1, 5) if offering in _DEVICES else 1
        return GeneratedLine(id_, offering, quantity, codes=used)

    def _bundle(self, codes: Mapping[str, tuple[tuple[str, str], ...]]) -> GeneratedLine:
        inside = (("1.1", self._random.choice(_INTERNET)), ("1.2", "ROUTER-AX"))
        lines = tuple(GeneratedLine(id_, one, codes=codes.get(one, ())) for id_, one in inside)
        return GeneratedLine("1", "BUNDLE-HOME", codes=codes.get("BUNDLE-HOME", ()), lines=lines)

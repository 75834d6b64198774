"""
What a sender understands of what the hub tells it: small records of 997, TA1, 855, 865, 870, TMF JSON, of the
acknowledgement and status files of direct mail, of the call centre's SOAP, of a store's POSLog and of the
kiosks' small JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from . import x12
from .told_of_order import ToldOfOrder
from .told_poslog import from_poslog
from .told_soap import from_soap
from .x12 import element

__all__ = ["ToldOfOrder", "understand"]

# Length of direct mail's records, and the code page that was agreed with its one sender.
_RECORD = 200
_PAGE = "cp037"

_PARTNERS = {("ZZ", "ACME"): "partner.acme", ("12", "5551230000"): "partner.globex"}


def understand(queue: str, body: bytes) -> list[ToldOfOrder]:
    """
    The records of one message of an out queue.

    Raises:
        ValueError: The message is not what that queue's readers speak.
    """
    if queue.startswith("channel.directmail."):
        return list(_from_file(queue.removeprefix("channel.").removesuffix(".out"), body))
    if queue.startswith("channel.callcenter."):
        return list(from_soap(body))
    if queue.startswith("channel.store."):
        return list(from_poslog(queue.removeprefix("channel.").removesuffix(".out"), body))
    if queue.startswith("channel.kiosk."):
        return [_from_kiosk(queue.removeprefix("channel.").removesuffix(".out"), json.loads(body))]
    return list(_from_x12(body) if queue.startswith("channel.partner.") else _from_web(body))


def _from_file(endpoint: str, body: bytes) -> Iterator[ToldOfOrder]:
    """The records of an acknowledgement or status file, cut by column: docs/channels/directmail.md."""
    text = body.decode(_PAGE)
    head, *records = [text[at : at + _RECORD] for at in range(0, len(text), _RECORD)]
    if head[:1] == "S":
        yield _status(endpoint, head)
        return
    *verdicts, end = records
    if head[:1] != "A" or end[:1] != "Z" or int(end[2:9]) != len(verdicts) or len(text) % _RECORD:
        raise ValueError(f"no file of {len(verdicts)} verdicts: {head[:11]!r}, {end[:9]!r}")
    for one in verdicts:
        code, what = one[38:58].rstrip(), one[86:].rstrip()
        yield ToldOfOrder(
            endpoint,
            _number(head[1:11], one[8:15]),
            "VER",
            one[15],
            control=(head[19:28],),
            about=one[16:38].rstrip(),
            text=f"{code} {what}".strip(),
        )


def _status(endpoint: str, one: str) -> ToldOfOrder:
    said = (one[63:83], f"{int(one[111:114])}/{int(one[114:117])}", one[117:137], one[137:])
    return ToldOfOrder(
        endpoint,
        _number(one[1:11], one[11:18]),
        "STS",
        one[83:103].rstrip(),
        control=(one[18:27],),
        about=one[41:63].rstrip(),
        text=" ".join(" ".join(said).split()),
    )


def _number(batch: str, sequence: str) -> str:
    return "-".join(filter(None, (batch.rstrip(), sequence.strip())))


def _from_x12(body: bytes) -> Iterator[ToldOfOrder]:
    interchange = x12.read(body)
    endpoint = _PARTNERS.get(interchange.receiver, "/".join(interchange.receiver))
    for segment in interchange.loose:
        yield ToldOfOrder(
            endpoint, element(segment, 1), "TA1", element(segment, 4), control=(interchange.control,),
            text=element(segment, 5),
        )  # fmt: skip
    for group, one in interchange.sets:
        control = (interchange.control, group.control, one.control)
        read = {"997": _of_997, "855": _of_855, "865": _of_865, "870": _of_870}.get(one.kind)
        if read is None:
            raise ValueError(f"a {one.kind} from the hub")
        yield from read(one, endpoint, control)


def _of_997(one: x12.Set, endpoint: str, control: tuple[str, ...]) -> Iterator[ToldOfOrder]:
    group = _first(one, "AK1")
    document = ""
    for segment in one.segments:
        if segment[0] == "AK2":
            document = element(segment, 2)
        elif segment[0] == "AK5":
            codes = " ".join(filter(None, segment[2:]))
            yield ToldOfOrder(
                endpoint, document, "997", element(segment, 1), control=control, about=element(group, 2),
                text=codes,
            )  # fmt: skip
    if not any(segment[0] == "AK5" for segment in one.segments):
        verdict = _first(one, "AK9")
        yield ToldOfOrder(endpoint, "", "997", element(verdict, 1), control=control, about=element(group, 2))


def _of_855(one: x12.Set, endpoint: str, control: tuple[str, ...]) -> Iterator[ToldOfOrder]:
    header = _first(one, "BAK")
    lines = []
    number = ""
    for segment in one.segments:
        if segment[0] == "PO1":
            number = element(segment, 1)
        elif segment[0] == "ACK":
            lines.append((number, element(segment, 1)))
    yield ToldOfOrder(
        endpoint,
        element(header, 3),
        "855",
        element(header, 2),
        tuple(lines),
        control,
        about=element(header, 8),
        text=_text(one),
    )


def _of_865(one: x12.Set, endpoint: str, control: tuple[str, ...]) -> Iterator[ToldOfOrder]:
    """What became of a change: BCA02 of the whole, ACK01 of each line."""
    header = _first(one, "BCA")
    lines = []
    number = ""
    for segment in one.segments:
        if segment[0] == "POC":
            number = element(segment, 1)
        elif segment[0] == "ACK":
            lines.append((number, element(segment, 1)))
    status = element(header, 2)
    yield ToldOfOrder(endpoint, element(header, 3), "865", status, tuple(lines), control, text=_text(one))


def _of_870(one: x12.Set, endpoint: str, control: tuple[str, ...]) -> Iterator[ToldOfOrder]:
    status, number = "", ""
    lines = []
    for segment in one.segments:
        if segment[0] in {"PO1", "LIN", "POS"}:
            number = element(segment, 1)
        elif segment[0] == "ISR":
            if number:
                lines.append((number, element(segment, 1)))
            status = status or element(segment, 1)
    document = element(_first(one, "PRF"), 1)
    yield ToldOfOrder(endpoint, document, "870", status, tuple(lines), control, text=_text(one))


def _first(one: x12.Set, name: str) -> tuple[str, ...]:
    return next((segment for segment in one.segments if segment[0] == name), ())


def _text(one: x12.Set) -> str:
    """Reference ZZ (an error code) and message texts."""
    codes = [element(s, 2) for s in one.segments if s[0] in {"N9", "REF"} and element(s, 1) == "ZZ"]
    return " ".join([*codes, *(element(s, 1) for s in one.segments if s[0] == "MSG")])


def _from_kiosk(endpoint: str, said: dict[str, Any]) -> ToldOfOrder:
    """One answer, as docs/channels/kiosk.md has it; it is for the kiosk whose queue this is."""
    if said["kioskId"] != endpoint.partition(".")[2].upper():
        raise ValueError(f"an answer for kiosk {said['kioskId']!r} to {endpoint}")
    fault = said.get("error", {})
    return ToldOfOrder(
        endpoint,
        document=said["txn"],
        kind=said["answer"],
        status=fault["code"] if said["answer"] == "refused" else said.get("state", ""),
        lines=tuple((one["line"], one["state"]) for one in said.get("lines", ())),
        about=said.get("order", ""),
        text=f"{fault['code']} {fault['what']}" if fault else said.get("reason", ""),
    )


def _from_web(body: bytes) -> Iterator[ToldOfOrder]:
    document: dict[str, Any] = json.loads(body)
    kind = document["@type"]
    if kind == "Error":
        text = document.get("message", "")
        yield ToldOfOrder("web.portal", "", kind, document["code"], text=text)
        return
    order = document["event"]["productOrder"] if "event" in document else document
    yield ToldOfOrder(
        endpoint="web.portal",
        document=_own_number(order),
        kind=kind,
        status=order["state"],
        lines=tuple(_item_states(order)),
        control=(document["eventId"],) if "eventId" in document else (),
        about=order.get("id", ""),
        text=document.get("title", ""),
    )


def _own_number(order: dict[str, Any]) -> str:
    ids = order.get("externalId", [])
    own = [one["id"] for one in ids if str(one.get("owner", "")).partition(".")[0] == "web"]
    return str((own or [one["id"] for one in ids] or [""])[0])


def _item_states(order: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for item in order.get("productOrderItem", ()):
        yield item["id"], item.get("state", "")
        yield from _item_states(item)

"""
What an adapter made of some bytes, looked at: its faults, and its bytes for comparison.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from canonical.codec import encode
from canonical.commands import Command, Origin, RejectedDocument
from canonical.errors import CODES, Fault, Rejected
from canonical.replies import Receipt, Reply

from .contract import Native

__all__ = ["Read", "bytes_of", "failed_alone", "fault_of", "origin_of", "said", "sound", "worded", "words_of"]

# Where there is nothing, or nothing was read, there is no place to name.
_PLACELESS = frozenset({"E_EMPTY", "E_TOO_LARGE"})

Read = Command | RejectedDocument | Reply | Receipt | Rejected


def fault_of(read: Read) -> Fault | None:
    """Why it was refused, or None when it was taken."""
    match read:
        case Rejected() | RejectedDocument():
            return read.fault
        case _:
            return None


def origin_of(read: Command | RejectedDocument) -> Origin:
    """Where it came from."""
    return read.origin


def words_of(replies: Iterable[Reply | Receipt]) -> Iterator[str]:
    """All words that the replies use, of parts and of lines."""
    for reply in replies:
        if isinstance(reply, Reply):
            yield from filter(None, (reply.word, *(line.word for line in reply.lines)))


def said(read: Read) -> bytes:
    """What it says, without the keys that may be made of the bytes of the whole message."""
    match read:
        case Rejected():
            return bytes_of(read)
        case Reply() | Receipt():
            return encode(msgspec.structs.replace(read, key="-"))
        case _:
            return encode(
                msgspec.structs.replace(read, origin=msgspec.structs.replace(read.origin, envelope=""))
            )


def bytes_of(made: object) -> bytes:
    """All of it, as bytes that are equal when it is."""
    match made:
        case None | Rejected():
            return repr(made).encode()
        case Native(body=body, content_type=content_type, summary=summary, call=call):
            return b"\n".join((body, content_type.encode(), summary.encode(), repr(call).encode()))
        case _:
            return encode(made)


def worded(name: str, outcomes: Iterable[Read]) -> tuple[Fault, ...]:
    """
    The faults among ``outcomes``, all of which are in words.

    Raises:
        AssertionError: One has no code of the registry, no words or no place; ``name`` says what was read.
    """
    faults = tuple(filter(None, map(fault_of, outcomes)))
    for fault in faults:
        if why := _unworded(fault):
            raise AssertionError(f"{name}: {why}")
    return faults


def _unworded(fault: Fault) -> str:
    if fault.code not in CODES:
        return f"{fault.code!r} is no code of docs/errors.md"
    if not fault.what:
        return f"{fault.code} does not say what is wrong"
    return "" if fault.where or fault.code in _PLACELESS else f"{fault} does not say where"


def sound(native: Native | None) -> Native | None:
    """
    It itself, when it is one, or nothing to say.

    Raises:
        AssertionError: It has no bytes, no content type, or no summary for people.
    """
    if native is not None:
        missing = [name for name in ("body", "content_type", "summary") if not getattr(native, name)]
        if missing:
            raise AssertionError(f"no {', no '.join(missing)}: who has nothing to say gives None")
        if not native.summary.isprintable():
            raise AssertionError(f"the summary is for people: {native.summary!r}")
    return native


def failed_alone(read: Sequence[Read], whole: Sequence[bytes]) -> bool:
    """Whether one record of ``whole`` was refused, and the others were read as they are."""
    pairs = list(zip(read, whole, strict=False))
    failed = [fault_of(one) is not None for one, _ in pairs]
    stand = [bad or said(one) == good for bad, (one, good) in zip(failed, pairs, strict=True)]
    return len(read) == len(whole) and sum(failed) == 1 and all(stand)

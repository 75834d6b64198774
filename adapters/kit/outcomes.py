"""
What an adapter made of some bytes, looked at: its faults, and its bytes for comparison.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from canonical.codec import encode
from canonical.commands import Command, Origin, RejectedDocument
from canonical.errors import Fault, Rejected
from canonical.replies import Receipt, Reply

from .contract import Native

__all__ = ["Read", "bytes_of", "failed_alone", "fault_of", "origin_of", "said", "words_of"]

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


def failed_alone(read: Sequence[Read], whole: Sequence[bytes]) -> bool:
    """Whether one record of ``whole`` was refused, and the others were read as they are."""
    pairs = list(zip(read, whole, strict=False))
    failed = [fault_of(one) is not None for one, _ in pairs]
    stand = [bad or said(one) == good for bad, (one, good) in zip(failed, pairs, strict=True)]
    return len(read) == len(whole) and sum(failed) == 1 and all(stand)

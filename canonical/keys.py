"""
Deterministic ids: the same cause has the same id, on whichever machine and however often.
"""

from __future__ import annotations

import hashlib
import uuid

__all__ = [
    "amendment_id",
    "content_hash",
    "conversation_id",
    "follow_on_id",
    "inquiry_key",
    "instruction_key",
    "instruction_reference",
    "message_id",
    "order_id",
    "party_id",
    "readable",
]

# Any fixed UUID will do; it must never change, or every id changes with it.
_SPACE = uuid.UUID("6f8ec6a2-6b0f-5f0c-9d1e-0d8a3f0e7c11").bytes

# Crockford's base 32: no I, L, O, U, so that an id can be read out over the telephone.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

# 80 bits in 16 characters: with the prefix and a part number it fits the 22 characters that
# X12 data element 76 has for it, and 100 million orders collide with a chance of 1 in 10^8.
_ORDER_CHARACTERS = 16


def message_id(*cause: str) -> str:
    """
    The id of what these words caused; the words are joined unambiguously.

    A name-based UUID of SHA-1 (RFC 9562, 5.5), as ``uuid.uuid5`` makes it in twice the time: an order has 40.
    """
    name = "\x1f".join(cause).encode()
    number = bytearray(hashlib.sha1(_SPACE + name, usedforsecurity=False).digest()[:16])
    number[6] = number[6] & 0x0F | 0x50  # version 5
    number[8] = number[8] & 0x3F | 0x80  # variant of the RFC
    text = number.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def content_hash(body: bytes) -> str:
    """SHA-256 of ``body``, 64 hexadecimal digits: the name under which native bytes are kept."""
    return hashlib.sha256(body).hexdigest()


def order_id(endpoint: str, document_type: str, document: str) -> str:
    """The hub's id of the order with this business key: ``OL`` and 16 characters."""
    return "OL" + _digest(endpoint, document_type, document)


def conversation_id(order: str) -> str:
    """The id of the conversation that began with this order or draft: ``CV`` and 16 characters."""
    return "CV" + _digest("conversation", order)


def party_id(alias_type: str, value: str) -> str:
    """The id of whoever is known by this typed alias: ``PA`` and 16 characters that do not tell it."""
    return "PA" + _digest("party", alias_type, value)


def readable(number: int, characters: int) -> str:
    """The lowest bits of ``number`` in Crockford's base 32, five a character."""
    return "".join(_ALPHABET[(number >> (5 * place)) & 31] for place in range(characters - 1, -1, -1))


def _digest(*words: str) -> str:
    digest = hashlib.sha256("\x1f".join(words).encode()).digest()
    return readable(int.from_bytes(digest[:10], "big"), _ORDER_CHARACTERS)


def amendment_id(order: str, endpoint: str, document_type: str, document: str) -> str:
    """The id of what one document asks of an order: ``AM`` and 12 characters, short enough for any format."""
    return "AM" + order_id(endpoint, document_type, f"{order}|{document}")[-12:]


def follow_on_id(order: str, amendment: str, piece: int) -> str:
    """The hub's id of the draft that is made of a wish which came too late for ``order``."""
    return order_id("hub", "followOn", f"{order}|{amendment}|{piece}")


def instruction_key(order: str, part: str, verb: str, revision: int) -> str:
    """The key under which a system applies an instruction at most once."""
    return message_id("instruction", order, part, verb, str(revision))


def inquiry_key(instruction: str, number: int) -> str:
    """The id of the ``number``-th question what became of the instruction with this key."""
    return f"{instruction}-inquiry-{number}"


def instruction_reference(order: str, part_number: int, revision: int) -> str:
    """The short reference of an instruction, at most 22 characters: ``OL…-2``, revised ``OL…-2.1``."""
    return f"{order}-{part_number}" + (f".{revision}" if revision else "")

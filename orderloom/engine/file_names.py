"""
Names of what is written into folders: deterministic, so that the same file is never written under two.
"""

from __future__ import annotations

from enum import StrEnum

from .outgoing import Again

__all__ = ["FOLDER", "FileKind", "again_name", "file_name", "out_folder"]

FOLDER = "file:"
"""How a destination begins that is a folder and no queue; the endpoint follows."""

# Enough of a hash to tell the files of one folder apart.
_HASH = 12


class FileKind(StrEnum):
    """What a file is; the end of its name."""

    ACKNOWLEDGEMENT = "ack"
    STATUS = "status"


def out_folder(endpoint: str) -> str:
    """The destination of what is written into the folder of ``endpoint``."""
    return f"{FOLDER}{endpoint}"


def file_name(endpoint: str, number: int, kind: FileKind) -> str:
    """``printco.000000007.ack``: the numbers of one endpoint have no gaps, whatever the kind."""
    return f"{endpoint.partition('.')[2]}.{number:09}.{kind}"


def again_name(again: Again) -> str:
    """``printco.again-3f9a0c1d2e4b.ack``: stored bytes once more, under a name that is made of them."""
    kind = FileKind.ACKNOWLEDGEMENT if again.type.startswith("acknowledgement") else FileKind.STATUS
    return f"{again.endpoint.partition('.')[2]}.again-{again.native[:_HASH]}.{kind}"

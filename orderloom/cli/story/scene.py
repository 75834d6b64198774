"""
What a story is made of: scenes, time that passes, what a person does; and the files that are sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib.resources import files

__all__ = [
    "CONTENT_TYPES",
    "Act",
    "Pause",
    "Repair",
    "Scene",
    "StageStuckError",
    "Step",
    "filled",
    "places",
    "story_file",
    "story_rules",
]

CONTENT_TYPES = {
    "web": "application/json",
    "partner": "application/edi-x12",
    "directmail": "application/octet-stream",
    "callcenter": "text/xml",
    "store": "application/xml",
    "kiosk": "application/json",
}

_RULES = ("routes/story.toml", "routes/catalogue/story.toml", "routes/samples/triple-play.json")

_PLACE = re.compile(rb"%([a-z]+)%")


class StageStuckError(Exception):
    """Somebody on the stage is not done in time, or says nothing; the text says who."""


@dataclass(frozen=True, slots=True)
class Scene:
    """
    One native message of the story.

    Args:
        file: What is sent; its places, such as ``%token%``, are filled with what was kept.
        queue: Where it is answered; ``answer`` is the type of the last message that answers it at once,
            empty when nothing does yet.
        keeps: By name, where in what is read from ``queue`` it stands: a pattern with one group.
        order: Number of the order whose status all its channels are asked for afterwards.
    """

    says: str
    channel: str
    file: str
    queue: str = ""
    answer: str = ""
    keeps: Mapping[str, str] = field(default_factory=dict)
    order: str = ""


@dataclass(frozen=True, slots=True)
class Pause:
    """Time that passes, until then."""

    says: str
    until: datetime
    order: str = ""


@dataclass(frozen=True, slots=True)
class Repair:
    """
    A person says that a part of an order was done by hand.

    Args:
        why: For the journal.
        act: The act's id: what is done twice under one id is done once.
    """

    says: str
    order: str
    part: str
    why: str
    act: str


Step = Scene | Pause | Repair


@dataclass(frozen=True, slots=True)
class Act:
    """Scenes that belong together."""

    title: str
    steps: tuple[Step, ...]


def story_file(name: str) -> bytes:
    """A file of the story: ``script.json``, or a message of ``native/``."""
    folder = files("orderloom.cli").joinpath("story")
    return (folder if name == "script.json" else folder.joinpath("native")).joinpath(name).read_bytes()


def story_rules() -> dict[str, str]:
    """What the story adds to the shipped rules, by file."""
    folder = files("orderloom.cli").joinpath("story", "rules")
    return {name: folder.joinpath(name).read_text("utf-8") for name in _RULES}


def places(body: bytes) -> tuple[str, ...]:
    """The names of what has to be filled in."""
    return tuple(dict.fromkeys(name.decode() for name in _PLACE.findall(body)))


def filled(body: bytes, kept: Mapping[str, str]) -> bytes:
    """
    A message with its places filled.

    Raises:
        KeyError: Nothing was kept under a name.
    """
    return _PLACE.sub(lambda place: kept[place[1].decode()].encode(), body)

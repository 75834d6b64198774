"""
Plays a story on a stage and prints it: what is sent, what comes back, who was told something and who was not.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone, tzinfo
from textwrap import indent, wrap
from typing import Protocol

import click

from orderloom.cli.context import complain, sentence
from orderloom.cli.text import one_line
from orderloom.correlation.port import JournalEntry, Store
from orderloom.correlation.record import Record
from orderloom.simulators.channels import Kept

from .scene import Act, Pause, Repair, Scene, Step, filled, places, story_file
from .told import Asked, ask, touched, untouched

__all__ = ["AUSTIN", "Player", "Theatre"]

AUSTIN = timezone(timedelta(hours=-6), "CST")
"""Where the story plays, in November."""

# Columns of a line, and of the name of a queue.
_WIDE = 110
_WHERE = 30


class Theatre(Protocol):
    """A stage, as whoever plays on it sees it."""

    @property
    def systems(self) -> tuple[str, ...]:
        """Everybody who can be told to do something."""
        ...

    @property
    def store(self) -> Store:
        """The hub's."""
        ...

    def now(self) -> datetime:
        """What its clock shows."""
        ...

    def drop(self, channel: str, body: bytes, scene: Scene | None = None) -> None:
        """Send something; returns when what comes of it has come."""
        ...

    def until(self, moment: datetime) -> None:
        """Let time pass."""
        ...

    def repair(self, one: Repair) -> str:
        """Let a person do that; what that prints."""
        ...

    def calls(self) -> Sequence[Mapping[str, object]]:
        """All that the systems were told so far."""
        ...

    def told(self) -> Sequence[Kept]:
        """All that the channels were told so far."""
        ...


class Player:
    """
    Plays acts in their order; scenes are numbered through.

    Args:
        zone: Of the times that are printed.
        messages: Print every message as well, as it is.
    """

    def __init__(self, stage: Theatre, zone: tzinfo = AUSTIN, *, messages: bool = False) -> None:
        self._messages = messages
        self._stage = stage
        self._zone = zone
        self.kept: dict[str, str] = {}
        self._number = 0
        self._asked = 100
        self.differing: list[str] = []

    def play(self, act: Act) -> None:
        """Play one act; what its channels are told differently is remembered in ``differing``."""
        click.echo(f"\n\n== {act.title}")
        for step in act.steps:
            calls, told = len(self._stage.calls()), len(self._stage.told())
            self._begin(step)
            news = self._stage.told()[told:]
            for line in self._heard(news):
                click.echo(line)
            if isinstance(step, Scene):
                self._keep(step, news)
            self._touched(self._stage.calls()[calls:])
            if step.order:
                self._status(step.order)

    def _begin(self, step: Step) -> None:
        if isinstance(step, Pause):
            self._stage.until(step.until)
            click.echo(f"\n   — {step.says} ({self._stage.now().astimezone(self._zone):%a %H:%M}) —")
            return
        self._number += 1
        click.echo(f"\n{self._number}. {step.says}")
        if isinstance(step, Repair):
            words = ("orderloom", "fallout", "complete", step.order, "--part", step.part, "--why", step.why)
            click.echo(f"   $ {shlex.join((*words, '--act', step.act))}")
            click.echo(indent(self._stage.repair(step), "   "), nl=False)
            return
        template = story_file(step.file)
        body = filled(template, self.kept)
        self._line("->", f"drop.{step.channel}", f"{step.file}, {len(body)} bytes")
        for name in places(template):
            click.echo(f"   with {name} {self.kept[name]}")
        for line in self._whole(body):
            click.echo(line)
        self._stage.drop(step.channel, body, step)

    def _keep(self, scene: Scene, news: Sequence[Kept]) -> None:
        said = "\n".join(one.body.decode("utf-8", "replace") for one in news if one.queue == scene.queue)
        for name, pattern in scene.keeps.items():
            found = re.findall(pattern, said)
            if not found:
                complain(sentence("E_NO_ANSWER", f"nobody was told a {name}", scene.file), status=1)
            self.kept[name] = found[-1]

    def _touched(self, calls: Sequence[Mapping[str, object]]) -> None:
        told = touched(calls, self._stage.systems)
        for number, (system, what) in enumerate(told.items()):
            click.echo(f"   {'' if number else 'touched':<12} {system} ({what})")
        if not told:
            click.echo(f"   {'touched':<12} nobody")
        rest = untouched(self._stage.systems, told)
        if rest and told:
            click.echo(f"   {'not touched':<12} {', '.join(rest)}")

    def _status(self, number: str) -> None:
        asked = self._ask(number)
        click.echo(f"   {'status':<12} {asked}")
        if not asked.same:
            self.differing.append(f"{number} in step {self._number}: {asked}")

    def _ask(self, number: str) -> Asked:
        """Ask in all channels; once more when the order has moved on meanwhile."""
        while True:
            order = self.record(number).order
            self._asked += 1
            asked = ask(order, self._asked, self._stage.drop, self._stage.told)
            after = self.record(number).order
            if (order.state, order.progress) == (after.state, after.progress):
                return asked

    def record(self, number: str) -> Record:
        """The order that has this number."""
        store = self._stage.store
        found = (store.order(order_id) for _, order_id in store.find(number))
        record = next((one for one in found if one is not None), None)
        if record is None:
            complain(sentence("E_NOT_FOUND", "no order is known by it", number), status=1)
        return record

    def calls(self) -> Sequence[Mapping[str, object]]:
        """All that the systems were told."""
        return self._stage.calls()

    def journal(self, record: Record) -> Sequence[JournalEntry]:
        """The story of one order."""
        return self._stage.store.journal(record.id)

    def _line(self, arrow: str, where: str, what: str) -> None:
        for line in self._lines(self._stage.now(), arrow, where, what):
            click.echo(line)

    def _heard(self, news: Sequence[Kept]) -> Iterator[str]:
        """What the channels were told, one after the other."""

        def place(kept: Kept) -> tuple[datetime, str]:
            return kept.at.replace(second=0, microsecond=0), kept.queue

        for kept in sorted(news, key=place):
            for record in kept.records:
                lines = (f"{line}={word}" if word else line for line, word in record.lines)
                said = (record.kind, record.document, record.status, *lines)
                what = " ".join(one for one in said if one)
                yield from self._lines(kept.at, "<-", kept.queue, what, record.text)
            if not kept.records:
                yield from self._lines(kept.at, "<-", kept.queue, kept.fault or f"{len(kept.body)} bytes")
            yield from self._whole(kept.body)

    def _whole(self, body: bytes) -> Iterator[str]:
        """A message as it is, line by line; one that is no text is not shown."""
        if not self._messages:
            return
        try:
            text = body.decode()
        except UnicodeDecodeError:
            text = f"({len(body)} bytes, no text: orderloom decode)"
        yield from (f"      | {one_line(line)}" for line in text.splitlines())

    def _lines(self, at: datetime, arrow: str, where: str, what: str, text: str = "") -> Iterator[str]:
        """What was sent or told, and what it says to people; what does not fit stands below."""
        head = f"   {at.astimezone(self._zone):%a %H:%M} {arrow} {where:<{_WHERE}} "
        yield from wrap(
            f"{what} {text}", _WIDE, initial_indent=head, subsequent_indent=" " * len(head),
            break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip

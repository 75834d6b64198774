"""
One act on the held lines of one order or of many: asked for, rehearsed, carried out, told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click
import msgspec

from canonical.amendments import ItemPatch
from canonical.errors import Fault, Rejected
from canonical.keys import message_id
from canonical.references import References
from orderloom.correlation.fallout import Act, ActKind, Chosen
from orderloom.correlation.port import Store, StoreError
from orderloom.correlation.record import Line, Record

from .context import Here, Refused, actor, complain, say
from .lookup import find_records
from .text import counted, table

if TYPE_CHECKING:
    from orderloom.acts import Acted
    from orderloom.engine.hub import Hub

__all__ = ["Wanted", "act_on_all", "hub_of"]


class Wanted(msgspec.Struct, frozen=True):
    """What the options of an act say."""

    key: str
    part: str
    item: str
    code: str
    system: str
    older_than: timedelta | None
    why: str
    dry: bool
    yes: bool
    id_: str

    def chosen(self, at: datetime) -> Chosen:
        """Which of an order's held lines."""
        by = None if self.older_than is None else at - self.older_than
        return Chosen(part=self.part, item=self.item, code=self.code, system=self.system, held_by=by)


def hub_of(place: Here, store: Store) -> Hub:
    """The hub of the settings, to fold and to write with."""
    from orderloom.wiring import wire
    from routes.rules import RulesError

    try:
        hub, *_ = wire(place.settings, store)
    except RulesError as error:
        complain(*error.faults)
    return hub


def _references(store: Store, hub: Hub, record: Record) -> References:
    """The catalogue that an order is pinned to; the current one when the store has lost that."""
    from routes.rules import RulesError, read

    texts = store.load_rules(record.order.rules_version)
    if texts is None:
        return hub.rules().references
    try:
        return read(texts, hub.profiles()).references
    except RulesError as error:
        complain(*error.faults)


def act_on_all(
    place: Here,
    kind: ActKind,
    wanted: Wanted,
    *,
    not_applied: bool = False,
    outputs: Mapping[str, str] | None = None,
    patch: ItemPatch | None = None,
) -> None:
    """
    Carry one act out on every order that is meant, each in a transaction of its own, and say what came of it.

    Raises:
        Refused: Nothing that is meant is held, or it is more than one order and nobody has said yes.
    """
    from orderloom.acts import act_on

    at = place.now()
    act = Act(
        id=wanted.id_ or message_id("act", actor(), at.isoformat(), kind),
        kind=kind,
        by=actor(),
        why=wanted.why,
        chosen=wanted.chosen(at),
        patch=patch,
        not_applied=not_applied,
        outputs=outputs or {},
    )
    refused: list[Fault] = []
    with place.store() as store:
        hub = hub_of(place, store)
        ids = _meant(store, wanted, act)
        if not (wanted.key or wanted.dry or wanted.yes):
            click.confirm(f"{kind} what is held of {counted(len(ids), 'order')}?", abort=True)
        done = 0
        for order_id in ids:
            try:
                ready = _checked(store, hub, act, order_id)
                acted = act_on(hub, store, ready, order_id, at, dry=wanted.dry)
            except Rejected as no:
                where = order_id if no.where in ("", order_id) else f"{order_id}, {no.where}"
                refused.append(Fault(code=no.code, what=no.what, where=where, allowed=no.allowed))
                continue
            except StoreError:
                click.echo(f"{done} of {len(ids)} orders done; go on with --act {act.id}", err=True)
                raise
            done += 1
            say(_told(acted))
    tail = "nothing was changed (--dry-run)" if wanted.dry else f"act {act.id}"
    if done:
        click.echo(f"{counted(done, 'order')}; {tail}")
    if refused:
        complain(*refused, status=1)


def _checked(store: Store, hub: Hub, act: Act, order_id: str) -> Act:
    """The act as the order's catalogue allows it."""
    from orderloom.acts import checked_patch

    record = store.order(order_id)
    if record is None or act.patch is None:
        return act
    patch = checked_patch(record, act.patch, _references(store, hub, record))
    return msgspec.structs.replace(act, patch=patch)


def _meant(store: Store, wanted: Wanted, act: Act) -> Sequence[str]:
    if wanted.key:
        records = find_records(store, wanted.key)
        if len(records) > 1:
            known = ", ".join(record.id for record in records)
            raise Refused("E_STATE", f"{len(records)} orders are known by it", wanted.key, f"one of {known}")
        return [records[0].id]
    lines = store.held_lines(code=wanted.code, system=wanted.system, held_by=act.chosen.held_by)
    ids = dict.fromkeys(
        one.order_id for one in lines if wanted.part in ("", one.part) and wanted.item in ("", one.item)
    )
    if not ids:
        raise Refused("E_STATE", "nothing that is meant is held", "", "`orderloom fallout list`")
    return list(ids)


def _told(acted: Acted) -> Iterator[str]:
    """The lines that moved, the order's state, and the messages that follow."""
    if acted.before is None or acted.after is None:
        yield f"{acted.order_id}  done before, by this very act"
        return
    before, after = acted.before.order, acted.after.order
    yield f"{acted.order_id}  {before.state} -> {after.state}"
    yield from table(_moved(acted.before, acted.after))
    yield from table((where, props.type, _about(props.headers)) for where, props in acted.messages)


def _moved(before: Record, after: Record) -> Iterator[tuple[str, str, str]]:
    was = {line.key: line for line in before.lines}
    for line in after.lines:
        old = was[line.key]
        if line != old:
            yield line.part, f"item {line.item}", f"{_state(old)} -> {_state(line)}"
    steps = {one.id: one for one in after.steps}
    for step in before.steps:
        left = steps.get(step.id)
        if left is None or left.state is not step.state:
            code = f" [{step.fault.code}]" if step.fault is not None else ""
            what = f"{step.verb or 'change'} of {step.part}"
            yield what, f"item {step.item}", f"{step.state}{code} -> {left.state if left else 'over'}"
    changes = {one.amendment.id: one.amendment.state for one in after.amendments}
    for amending in before.amendments:
        asked = amending.amendment
        if changes[asked.id] is not asked.state:
            yield f"amendment {asked.id}", "", f"{asked.state} -> {changes[asked.id]}"


def _state(line: Line) -> str:
    revision = f", revision {line.revision}" if line.revision else ""
    return f"{line.state}{f' [{line.code}]' if line.code else ''}{revision}"


def _about(headers: Mapping[str, object]) -> str:
    named = (headers.get(name) for name in ("part", "summary"))
    attempt = headers.get("attempt", 1)
    return " ".join([*(str(one) for one in named if one), *([f"attempt {attempt}"] if attempt != 1 else [])])

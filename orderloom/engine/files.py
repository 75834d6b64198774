"""
Files of drop folders: what the first pass found, then their records, a chunk in one transaction with its
checkpoint.

A chunk whose checkpoint is not that of the row was committed before, or the file is another worker's by now:
it is not worked on.  Verdicts hang on the row in pieces, so that the acknowledgement of a million records
can be written without holding them.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import msgspec

from canonical.codec import decode, encode
from canonical.commands import Origin
from canonical.errors import Fault
from canonical.notices import Outcome, Verdict
from orderloom.correlation.intake_files import FilePiece, FileState, IntakeFile
from orderloom.correlation.port import InboxRow, JournalEntry
from orderloom.correlation.record import Record

from .intake import FILE_REF, Judge, envelope_reused
from .items import FileChecked, FromFile
from .keys import envelope_key
from .outgoing import AckFile
from .unit import Unit

__all__ = ["SEAL", "take_checked", "take_chunk", "verdicts_of"]

SEAL = 0
"""Number of the piece that holds what the first pass saw of the bytes."""

# Number of the piece with the one verdict on a file that is refused as a whole.
_WHOLE = 1


def verdicts_of(piece: FilePiece) -> Sequence[Verdict]:
    """The verdicts in a piece, without their orders."""
    return decode(zlib.decompress(piece.body), tuple[Verdict, ...])


def take_checked(unit: Unit, item: FileChecked) -> None:
    """Refuse the file as a whole, answer it as its equal was answered, or begin to take its records."""
    row = _ours(unit, item.file, FileState.READY)
    if row is None:
        return
    found = item.checked
    row = replace(row, hash=found.hash, envelope=found.origin.envelope, rules=unit.rules.version)
    same = item.same
    if same is not None and (same.whole or same.rules == unit.rules.version):
        _write(unit, _answered_as(row, same))
        return
    known = unit.inbox.get(envelope_key(found.origin, found.hash))
    if found.fault is not None:
        _refuse(unit, row, found.origin, found.fault)
    elif known is not None and known.whole and known.hash != found.hash:
        _refuse(unit, row, found.origin, envelope_reused(found.origin))
    else:
        _write(unit, replace(row, state=FileState.TAKING, records=found.records))
        unit.changes.pieces.append(FilePiece(row.id, SEAL, item.seal))


def take_chunk(unit: Unit, item: FromFile) -> None:
    """Judge some records, and move the checkpoint behind them."""
    row = _ours(unit, item.file, FileState.TAKING)
    if row is None or row.position != item.start:
        return
    origin = Origin(channel=item.channel, endpoint=item.endpoint, envelope=row.envelope)
    judge = _Records(unit, origin, row.id, item.hash)
    before = len(unit.outgoing)
    told = [one for one in (judge.judge(document) for _, document in item.documents) if one is not None]
    row = _counted(row, item, told, unit.rules.version)
    if item.broken is not None:
        row = replace(row, code=item.broken.code)
    if item.documents:
        unit.changes.pieces.append(FilePiece(row.id, row.position, _packed(told)))
    if not item.last:
        _write(unit, row)
        return
    key = envelope_key(origin, item.hash)
    unit.taken(InboxRow(key, item.hash, FILE_REF + row.id, unit.now, row.whole, unit.now))
    unit.outgoing.insert(before, AckFile(_held(unit, replace(row, state=FileState.ANSWERING))))


class _Records(Judge):
    """Records of a file; what they lack is kept with the file, and told in its one acknowledgement."""

    kept = ("record_taken", "record of a file taken")

    def set_aside(self, fault: Fault) -> None:
        """The file stays in ``done``: put back when the rules are mended, it is judged anew."""

    def repeated(self, first: InboxRow, record: Record) -> None:
        """The acknowledgement says so."""


def _ours(unit: Unit, file: str, state: FileState) -> IntakeFile | None:
    row = unit.files.get(file)
    return row if row is not None and row.state is state and row.worker in unit.names else None


def _held(unit: Unit, row: IntakeFile) -> IntakeFile:
    ends: datetime = unit.now + timedelta(seconds=unit.hub.limits.lease)
    return replace(row, changed=unit.now, worker=unit.worker, lease=ends)


def _write(unit: Unit, row: IntakeFile) -> None:
    held = unit.files[row.id] = _held(unit, row)
    unit.changes.files.append(held)


def _counted(row: IntakeFile, item: FromFile, told: Sequence[Verdict], rules: str) -> IntakeFile:
    number = Counter(one.outcome for one in told)
    return replace(
        row,
        position=item.documents[-1][0] if item.documents else row.position,
        accepted=row.accepted + number[Outcome.ACCEPTED],
        repeated=row.repeated + number[Outcome.REPEATED],
        rejected=row.rejected + number[Outcome.REJECTED],
        waiting=row.waiting + number[Outcome.PARKED],
        rules=rules,
    )


def _answered_as(row: IntakeFile, same: IntakeFile) -> IntakeFile:
    return replace(
        row,
        state=FileState.ANSWERING,
        records=same.records,
        repeated=same.accepted + same.repeated,
        rejected=same.rejected,
        waiting=same.waiting,
        answer=same.answer,
        numbers=same.numbers,
        answered_at=same.answered_at,
        code=same.code,
        same_as=same.id,
    )


def _refuse(unit: Unit, row: IntakeFile, origin: Origin, fault: Fault) -> None:
    verdict = Verdict(origin=origin, outcome=Outcome.REJECTED, fault=fault)
    unit.changes.pieces.append(FilePiece(row.id, _WHOLE, _packed([verdict])))
    facts = {"code": fault.code, "intake": row.id, "envelope": origin.envelope, "native": row.hash}
    unit.changes.journal.append(
        JournalEntry("", unit.now, "file_refused", fault.unquoted(), facts, origin.endpoint or row.endpoint)
    )
    unit.outgoing.append(AckFile(_held(unit, replace(row, state=FileState.ANSWERING, code=fault.code))))


def _packed(verdicts: Sequence[Verdict]) -> bytes:
    """A chunk's verdicts are much alike: packed they take a tenth."""
    return zlib.compress(encode([msgspec.structs.replace(one, order=None, token="") for one in verdicts]))

"""
The contract on files of drop folders: rows with a checkpoint, and what hangs on them.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from orderloom.correlation.intake_files import FilePiece, FileState, IntakeFile
from orderloom.correlation.port import Changes, StoreError
from tests.store.orders import NOW, later


def file(name="f1", at=NOW, **more):
    """A file that was just seen."""
    facts = {"channel": "directmail", "endpoint": "directmail.printco", "name": f"{name}.DAT", "size": 2**31}
    return IntakeFile(id=name, at=at, changed=at, **facts | more)


def write(store, **changes):
    with store.begin() as transaction:
        transaction.apply(Changes(**changes))


class FilesContract:
    """What is kept of files."""

    def test_a_file_is_kept_as_it_is_from_the_first_look_to_the_answer(self, store):
        """Every fact of it; written again it is the same row."""
        seen = file(size=2 * 1024**3)
        taking = replace(
            seen,
            state=FileState.TAKING,
            changed=later(1),
            hash="ab" * 32,
            envelope="PRINTCO/B1",
            records=1_000_000,
            position=201,
            accepted=190,
            repeated=7,
            rejected=2,
            waiting=1,
            worker="w1",
            lease=later(30),
            rules="v1",
        )
        answering = replace(
            taking,
            state=FileState.ANSWERING,
            answer="printco.000000007.ack",
            numbers={"file": 7},
            answered_at=later(2),
            code="E_FW_COUNT",
            same_as="f0",
        )
        for one in (seen, taking, answering):
            write(store, files=[one])
            with store.begin() as transaction:
                assert {"f1": one} == transaction.files(["f1", "f2"])
            assert one == store.file("f1")
        assert store.file("f2") is None

    def test_open_files_are_listed_oldest_first_until_they_are_done_with(self, store):
        """Answered or refused, a file is history."""
        rows = [file(f"f{one}", later(-one), state=state) for one, state in enumerate(FileState)]
        write(store, files=rows)

        assert [row.id for row in reversed(rows) if not row.state.final] == [
            row.id for row in store.open_files(9)
        ]
        assert 2 == len(store.open_files(2))

    def test_no_endpoint_s_files_hide_another_s(self, store):
        """However many somebody has put there before: of each its own, what has come furthest first."""
        many = [file(f"a{one}", later(one), endpoint="directmail.letters") for one in range(5)]
        states = [FileState.SEEN, FileState.READY, FileState.TAKING, FileState.ANSWERING, FileState.DONE]
        own = [file(f"b{one}", later(9 + one), state=state) for one, state in enumerate(states)]
        write(store, files=[*many, *own])

        assert ["b3", "a0"] == [row.id for row in store.files_by_endpoint(1)]
        assert ["b3", "b2", "b1", "a0", "a1", "a2"] == [row.id for row in store.files_by_endpoint(3)]

    def test_what_hangs_on_a_file_comes_in_its_order_and_is_written_once(self, store):
        """A chunk that is written again, after a commit of unknown fate, changes nothing."""
        pieces = [FilePiece("f1", number, bytes([number % 256]) * 9) for number in (401, 0, 201)]
        write(store, files=[file(), file("f2")], pieces=[*pieces, FilePiece("f2", 0, b"other")])
        write(store, pieces=[FilePiece("f1", 201, b"again")])

        assert sorted(pieces, key=lambda one: one.number) == list(store.file_pieces("f1", -1, 9))
        assert [201] == [one.number for one in store.file_pieces("f1", 0, 1)]
        assert [] == list(store.file_pieces("f1", 401, 9))

    def test_nothing_hangs_on_a_file_that_nobody_knows(self, store):
        """It could never be found again."""
        with pytest.raises(StoreError):
            write(store, pieces=[FilePiece("nobody", 0, b"")])

    def test_a_file_that_is_gone_takes_with_it_what_hung_on_it(self, store):
        """It was taken away by its sender before it was taken."""
        write(store, files=[file()], pieces=[FilePiece("f1", 0, b"seal")])
        write(store, files_gone=["f1", "f2"])

        assert store.file("f1") is None
        assert [] == list(store.file_pieces("f1", -1, 9))

    def test_the_answer_to_the_same_bytes_is_found_again(self, store):
        """The last that was judged itself: not one still under way, nor one answered by another's."""
        same = {"hash": "h1", "state": FileState.DONE}
        write(
            store,
            files=[
                file("f1", later(1), **same),
                file("f2", later(2), **same),
                file("f3", later(3), **same, same_as="f2"),
                file("f4", later(4), hash="h1", state=FileState.TAKING),
                file("f5", later(5), **same | {"endpoint": "directmail.letters"}),
            ],
        )
        found = store.answered_file("directmail.printco", "h1")

        assert found is not None
        assert "f2" == found.id
        assert store.answered_file("directmail.printco", "h2") is None

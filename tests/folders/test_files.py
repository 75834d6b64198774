"""
A batch by drop folder, from the sender's rename to the acknowledgement.
"""

from __future__ import annotations

import os
from dataclasses import replace
from time import process_time

import pytest
from structlog.testing import capture_logs

from orderloom.correlation.intake_files import FileState
from orderloom.folders import reader, work
from orderloom.folders.poll import poll_folders
from orderloom.folders.wiring import polling
from orderloom.pauses import Kind, Pause, pause, resume
from tests.adapters.batches import BATCH, Batch
from tests.folders.rig import IN, MENDED
from tests.support.cards import batch, told, verdicts


def test_a_batch_is_taken_and_acknowledged_once(rig):
    """Each record with its verdict, the orders on their way, the file in ``done``."""
    rig.put(batch(450, bad=(17,)))
    rig.turn()

    assert ("B1", "P", verdicts(450, r17="E_OFFERING")) == rig.answer()
    assert 449 == rig.orders() == len(rig.taken("system.crm.in"))
    [done] = rig.place.done.iterdir()
    assert done.name.endswith("-CARDS.DAT")
    assert [] == rig.left()


def test_a_corrected_file_takes_only_what_was_refused(rig):
    """Under its old batch number: what was accepted repeats its verdict."""
    rig.put(batch(12, bad=(3,)))
    rig.turn()
    [first] = rig.answers()
    rig.put(batch(12))
    rig.turn()
    second = rig.answers()[next(name for name in rig.answers() if name != first)]

    assert ("B1", "A", verdicts(12, rest="S", r3="A")) == told(second)
    assert 12 == rig.orders() == len(rig.taken("system.crm.in"))


def test_the_same_bytes_are_answered_by_the_same_file(rig):
    """Also when its receiver has taken the first away; and nothing is ordered or told twice."""
    rig.put(batch(12, bad=(3,)))
    rig.turn()
    [(name, first)] = rig.answers().items()
    said = len(rig.taken("channel.directmail.printco.out"))
    (rig.place.outgoing / name).unlink()
    for again in ("AGAIN.DAT", "CARDS.DAT"):
        rig.put(batch(12, bad=(3,)), again)
        rig.turn()

        assert {name: first} == rig.answers()
    assert 11 == rig.orders() == len(rig.taken("system.crm.in")) == said
    assert [] == rig.taken("channel.directmail.printco.out")
    assert 3 == len(list(rig.place.done.iterdir()))


def test_the_same_bytes_are_judged_anew_when_the_rules_were_mended(rig):
    """A record that no route took waits for a person; its file is put back, and it is ordered."""
    body = BATCH.file([BATCH.detail(1), BATCH.detail(2, code="LATER")], header=BATCH.header(batch="B1"))
    rig.put(body)
    rig.turn()

    assert ("B1", "P", {1: "A", 2: "E_NO_ROUTE"}) == rig.answer()
    [first] = rig.answers()
    rig.rules.update(MENDED)
    [done] = rig.place.done.iterdir()
    done.rename(rig.place.incoming / "CARDS.DAT")
    rig.turn()
    second = rig.answers()[next(name for name in rig.answers() if name != first)]

    assert ("B1", "A", {1: "S", 2: "A"}) == told(second)
    assert 2 == rig.orders()


def test_a_file_that_is_wrong_as_a_whole_is_refused_and_creates_nothing(rig):
    """One verdict, on the envelope; the same again is answered the same."""
    details = [BATCH.detail(1), BATCH.detail(2)]
    rig.put(BATCH.file(details, count=3, header=BATCH.header(batch="B1")))
    rig.turn()

    assert ("B1", "R", {"file": "E_FW_COUNT"}) == rig.answer()
    assert 0 == rig.orders()
    assert 1 == len(list(rig.place.refused.iterdir()))
    rig.put(BATCH.file(details, count=3, header=BATCH.header(batch="B1")))
    rig.turn()

    assert ("B1", "R", {"file": "E_FW_COUNT"}) == rig.answer()
    assert 2 == len(list(rig.place.refused.iterdir()))


def test_another_batch_under_the_number_of_a_whole_one_is_refused(rig):
    """A new batch needs a new number."""
    rig.put(batch(3))
    rig.turn()
    [first] = rig.answers()
    rig.put(batch(4))
    rig.turn()
    second = rig.answers()[next(name for name in rig.answers() if name != first)]

    assert ("B1", "R", {"file": "E_EDI_DUPLICATE"}) == told(second)
    assert 3 == rig.orders()


def test_nobody_sends_in_another_s_folder(rig):
    """Whose folder it is says who sends; the header must say the same."""
    rig.put(batch(3, sender="LETTERS"))
    rig.turn()

    assert ("B1", "R", {"file": "E_IDENTITY"}) == rig.answer()
    assert 0 == rig.orders()


def test_what_came_by_folder_is_known_on_the_queue_and_the_other_way_round(rig):
    """One batch is one batch, however it comes; each way is answered in its own."""
    rig.put(batch(3))
    rig.turn()
    rig.taken("channel.directmail.printco.out")
    rig.drop(batch(3), IN)
    rig.turn()
    [again] = rig.taken("channel.directmail.printco.out")

    assert ("B1", "A", verdicts(3, rest="S")) == told(again.body)
    rig.drop(batch(3, name="B2"), IN)
    rig.turn()
    [first] = rig.answers()
    rig.put(batch(3, name="B2"))
    rig.turn()
    second = rig.answers()[next(name for name in rig.answers() if name != first)]

    assert ("B2", "A", verdicts(3, rest="S")) == told(second)
    assert 6 == rig.orders()


def test_a_batch_resent_over_the_queue_is_answered_by_its_acknowledgement_alone(rig):
    """The last notices of hundreds of orders would bury the answer."""
    rig.drop(batch(5), IN)
    rig.turn()
    first = [one for one in rig.taken(rig.out) if one.properties.type == "acknowledgement.v1"]
    rig.wait(120)
    rig.drop(batch(5), IN)
    rig.turn()

    assert [one.body for one in first] == [one.body for one in rig.taken(rig.out)]
    assert 1 == len(first)


def test_a_flood_of_records_over_the_queue_is_answered_by_a_refusal(rig):
    """Its sender is told, before anybody takes the worker for dead."""
    sound = rig.rules["endpoints/directmail.toml"]
    rig.rules["endpoints/directmail.toml"] = sound + '[format]\nrecfm = "VB"\n'
    form = Batch("cp037", "VB")
    header = form.framed(form.header(batch="B1"))
    rig.drop(header + form.framed(b"\xc4\x40") * 1_390_000, IN)
    began = process_time()
    rig.turn()
    [refusal] = rig.taken("channel.directmail.printco.out")
    text = refusal.body.decode("cp037")

    assert 2 > process_time() - began
    assert "B1        PRINTCO " == text[5:23]
    assert "E_TOO_LARGE" in text
    assert "more than 1000 records" in text


def test_a_file_is_left_alone_while_it_grows(rig):
    """Size and times have to be those of the look before; what ends in .tmp or begins with a dot is none."""
    body = batch(3)
    growing = rig.place.incoming / "CARDS.DAT"
    for name in ("LATER.tmp", "LATER.PART", ".hidden"):
        (rig.place.incoming / name).write_bytes(body)
    for size in (200, 400, 600):
        growing.write_bytes(body[:size])
        rig.step(3)

        assert [FileState.SEEN] == [row.state for row in rig.store.open_files(9)]
    growing.write_bytes(body)
    rig.turn(turns=9)

    assert ("B1", "A", verdicts(3)) == rig.answer()
    assert {"LATER.tmp", "LATER.PART", ".hidden"} == {one.name for one in rig.place.incoming.iterdir()}


def test_a_paused_channel_s_files_wait_wherever_they_are(rig):
    """One half taken and one untouched: nothing of either is taken until somebody resumes."""
    rig.put(batch(450))
    while rig.orders() < 200:
        rig.step(0.6)
    made = Pause(at=rig.now, by="cli:op", why="month end")
    pause(rig.store, Kind.CHANNEL, "directmail", made)
    rig.put(batch(12, name="B2"), "NEXT.DAT")
    rig.wait(20)
    taken = rig.orders()
    rig.wait(60)

    assert taken == rig.orders() < 450
    assert {} == rig.answers()

    resume(rig.store, Kind.CHANNEL, "directmail", made, at=rig.now, by="cli:op", why="done")
    rig.wait(20)
    rig.turn()

    assert 462 == rig.orders()
    assert 2 == len(rig.answers())


def test_a_file_that_is_taken_away_is_forgotten(rig):
    """Before it was taken, or before it had come to rest."""
    rig.put(batch(3))
    rig.step(1)
    (rig.place.incoming / "CARDS.DAT").unlink()
    rig.step(1.1)

    assert [] == list(rig.store.open_files(9))


def test_links_and_folders_are_nobody_s_files(rig, tmp_path):
    """What a sender cannot read, the hub does not read for it."""
    secret = tmp_path / "secret"
    secret.write_bytes(batch(3))
    (rig.place.incoming / "LINK.DAT").symlink_to(secret)
    (rig.place.incoming / "FOLDER").mkdir()
    os.mkfifo(rig.place.incoming / "FIFO")
    for _ in range(4):
        rig.step(2)

    assert [] == list(rig.store.open_files(9))
    assert {} == rig.answers()


@pytest.mark.parametrize(
    "name", ["a b.DAT", "..DAT;rm -rf x", "\x1b[2J.DAT", "ключ", b"\xff\xfe\n.DAT", "%2e%2e%2fx", "x" * 255]
)
def test_a_name_may_be_anything(rig, name):
    """It is shown escaped, and never tells the hub where to write."""
    lying = os.fsencode(rig.place.incoming) + b"/" + os.fsencode(name)
    with open(lying, "wb") as file:  # noqa: PTH123 -- bytes that are no text
        file.write(batch(3))
    rig.step(0.1)
    before = list(rig.store.open_files(9))
    rig.turn()

    if os.fsencode(name).startswith(b"."):
        assert [] == before
        return
    assert before[0].name.isascii()
    assert before[0].name.isprintable()
    assert ("B1", "A", verdicts(3)) == rig.answer()
    [done] = rig.place.done.iterdir()
    assert done.name.isprintable()


def test_a_file_that_changes_between_the_passes_is_refused_from_there_on(rig, monkeypatch):
    """Not a byte that was not checked is taken."""
    monkeypatch.setattr(reader, "_CHUNK", 4)
    rig.put(batch(12))
    while not rig.orders():
        rig.step(0.6)
    [own] = rig.place.work.iterdir()
    changed = bytearray(own.read_bytes())
    changed[-400:] = changed[-400:].replace("Ada".encode("cp037"), "Eve".encode("cp037"))
    own.write_bytes(changed)
    rig.restart()
    rig.turn()
    batch_id, result, found = rig.answer()

    assert ("B1", "P") == (batch_id, result)
    assert {1: "A", 2: "A", 3: "A", 4: "A", "file": "E_FILE_CHANGED"} == found
    assert 4 == rig.orders()
    assert 1 == len(list(rig.place.refused.iterdir()))


def test_a_file_that_is_lost_while_it_is_taken_is_refused_from_there_on(rig, monkeypatch):
    """Its sender is told, and the next one is taken."""
    monkeypatch.setattr(reader, "_CHUNK", 4)
    rig.put(batch(12))
    while not rig.orders():
        rig.step(0.6)
    [own] = rig.place.work.iterdir()
    rig.restart()
    own.unlink()
    rig.put(batch(3, name="B2"), "NEXT.DAT")
    rig.turn()
    found = {name: (result, each) for name, result, each in map(told, rig.answers().values())}

    assert {
        "B1": ("P", {1: "A", 2: "A", 3: "A", 4: "A", "file": "E_FILE_READ"}),
        "B2": ("A", verdicts(3)),
    } == found
    assert 7 == rig.orders()
    assert [] == rig.left()


def test_a_file_that_is_lost_while_it_is_answered_is_answered(rig):
    """There is nothing left to file: the log says so, and the next one is taken."""
    rig.put(batch(12))
    while [FileState.ANSWERING] != [row.state for row in rig.store.open_files(9)]:
        rig.step(0.6)
    [own] = rig.place.work.iterdir()
    own.unlink()
    rig.put(batch(3, name="B2"), "NEXT.DAT")
    with capture_logs() as lines:
        rig.turn()

    assert [("B1", "A", verdicts(12)), ("B2", "A", verdicts(3))] == [*map(told, rig.answers().values())]
    assert ["CARDS.DAT"] == [one["file"] for one in lines if one["event"] == "file_lost"]
    assert [] == rig.left()
    assert 1 == len(list(rig.place.done.iterdir()))


def test_a_file_is_not_lost_whose_disk_is_not_there(rig, tmp_path):
    """It waits, and goes on when the disk is back."""
    rig.put(batch(12))
    while [FileState.ANSWERING] != [row.state for row in rig.store.open_files(9)]:
        rig.step(0.6)
    rig.place.root.rename(tmp_path / "elsewhere")
    rig.wait(20)

    assert [FileState.ANSWERING] == [row.state for row in rig.store.open_files(9)]
    assert not rig.place.root.exists()
    (tmp_path / "elsewhere").rename(rig.place.root)
    rig.wait(10)
    rig.turn()

    assert ("B1", "A", verdicts(12)) == rig.answer()


def test_folders_that_are_removed_are_made_again(rig):
    """Also in the middle of a file."""
    for folder in rig.place.folders:
        folder.rmdir()
    rig.step(1.1)

    assert all(folder.is_dir() for folder in rig.place.folders)
    rig.put(batch(12))
    while [FileState.ANSWERING] != [row.state for row in rig.store.open_files(9)]:
        rig.step(0.6)
    rig.place.outgoing.rmdir()
    rig.place.done.rmdir()
    rig.turn()

    assert ("B1", "A", verdicts(12)) == rig.answer()


def test_a_file_in_the_place_of_a_folder_is_told_and_waited_for(rig):
    """Once, with what mends it; then the file is answered."""
    rig.place.outgoing.rmdir()
    rig.place.outgoing.write_bytes(b"x")
    rig.put(batch(3))
    with capture_logs() as lines:
        rig.wait(30)
    wrong, *more = [one["reason"] for one in lines if one["event"] == "folder_wrong"]

    assert [] == more
    assert f"{rig.place.outgoing} is no folder: move it away" == wrong
    assert wrong in {one["reason"] for one in lines if one["event"] == "file_waits"}
    rig.place.outgoing.unlink()
    rig.wait(10)
    rig.turn()

    assert ("B1", "A", verdicts(3)) == rig.answer()


def test_the_oldest_file_of_an_endpoint_comes_first(rig, monkeypatch):
    """A corrected batch must not overtake the one that it corrects."""
    monkeypatch.setattr(reader, "_CHUNK", 4)
    rig.put(batch(12, bad=(3,)), "Z.DAT")
    rig.step(0.6)
    rig.put(batch(12), "A.DAT")
    rig.turn()
    bodies = [told(rig.answers()[name])[2] for name in sorted(rig.answers())]

    assert [verdicts(12, r3="E_OFFERING"), verdicts(12, rest="S", r3="A")] == bodies


def test_what_a_sender_of_files_is_told_becomes_files(rig):
    """Where its profile says so: numbered without gaps, acknowledgements and notices alike."""
    letters = replace(rig.place, endpoint="directmail.letters", root=rig.place.root.parent / "letters")
    rig.drop(batch(2, sender="LETTERS"), IN)
    rig.turn()
    names = sorted(one.name for one in letters.outgoing.iterdir())

    assert ["letters.000000001.ack", "letters.000000002.status", "letters.000000003.status"] == names
    assert ("B1", "A", verdicts(2)) == told((letters.outgoing / names[0]).read_bytes())
    assert [] == rig.taken("channel.directmail.letters.out")
    rig.wait(120)
    rig.drop(batch(2, sender="LETTERS"), IN)
    rig.turn()
    [again] = {one.name for one in letters.outgoing.iterdir()} - set(names)

    assert again.startswith("letters.again-")
    assert (letters.outgoing / names[0]).read_bytes() == (letters.outgoing / again).read_bytes()


def test_two_who_poll_see_what_the_other_saw(rig):
    """The look before is in the store: the clock may look, and a worker, at the same time."""
    (rig.place.incoming / "CARDS.DAT").write_bytes(batch(3))
    rig.files._next_poll = rig.now.replace(year=2099)
    looks = [poll_folders(rig.settings, rig.store, rig.now) for _ in range(2)]
    rig.now = rig.now.replace(minute=rig.now.minute + 1)
    looks += [poll_folders(rig.settings, rig.store, rig.now) for _ in range(2)]

    assert [1, 0, 1, 0] == looks
    assert [FileState.READY] == [row.state for row in rig.store.open_files(9)]


def test_the_clock_looks_for_files_too(rig):
    """It has a chore for it, where a channel has a folder."""
    (rig.place.incoming / "CARDS.DAT").write_bytes(batch(3))
    [chore] = polling(rig.settings, rig.store)

    assert [1] == list(chore.steps(rig.now))
    assert [FileState.SEEN] == [row.state for row in rig.store.open_files(9)]


def test_a_thousand_files_of_one_endpoint_delay_no_other(rig):
    """Each endpoint has its turn, and so many rows of its own."""
    letters = rig.place.root.parent / "letters" / "in"
    for number in range(1100):
        (letters / f"{number:05}").write_bytes(b"")
    rig.step(1)
    rig.put(batch(3))
    rig.turn(turns=20)

    assert ("B1", "A", verdicts(3)) == rig.answer()
    waiting = [row for row in rig.store.open_files(2000) if row.endpoint == "directmail.letters"]
    assert 900 < len(waiting) <= 1000


@pytest.mark.parametrize("unread", ["letters/in", "letters"])
def test_a_folder_that_cannot_be_read_delays_no_other(rig, as_nobody, unread):
    """And what was seen there is still known when it can be read again."""
    letters = rig.place.root.parent / "letters" / "in"
    (letters / "CARDS.DAT").write_bytes(batch(2, sender="LETTERS", name="B2"))
    rig.step(0.1)
    closed = rig.place.root.parent / unread
    with as_nobody(rig.place.root.parents[1]):
        closed.chmod(0)
        rig.put(batch(3))
        rig.turn(turns=12)

        assert ("B1", "A", verdicts(3)) == rig.answer()
        assert ["directmail.letters"] == [row.endpoint for row in rig.store.open_files(9)]
        closed.chmod(0o700)
        rig.turn()

    assert 5 == rig.orders()


def test_a_file_that_may_not_be_read_is_refused_and_blocks_nobody(rig, as_nobody):
    """After a few tries; each such file has an acknowledgement of its own, and what comes behind is taken."""
    closed = [rig.place.incoming / name for name in ("A.DAT", "B.DAT")]
    for one in closed:
        one.write_bytes(batch(3))
    with as_nobody(rig.place.root.parents[1]):
        for one in closed:
            one.chmod(0)
        rig.put(batch(5), "C.DAT")
        rig.step(1)
        rig.step(1.1)

        assert {"A.DAT", "B.DAT"} <= {one.name for one in rig.place.incoming.iterdir()}
        rig.turn(turns=200)
        found = sorted((told(body) for body in rig.answers().values()), key=str)

    assert [] == rig.left()
    assert [verdicts(5), {"file": "E_FILE_READ"}, {"file": "E_FILE_READ"}] == sorted(
        (verdict for _, _, verdict in found), key=len, reverse=True
    )
    assert 2 == len(list(rig.place.refused.iterdir()))
    assert 5 == rig.orders()


def test_a_file_that_is_given_its_mode_late_is_taken(rig, as_nobody):
    """It is tried again before it is refused."""
    rig.put(batch(3))
    with as_nobody(rig.place.root.parents[1]):
        (rig.place.incoming / "CARDS.DAT").chmod(0)
        rig.turn(turns=8)
        (rig.place.incoming / "CARDS.DAT").chmod(0o600)
        rig.turn()

        assert ("B1", "A", verdicts(3)) == rig.answer()


def test_files_that_wait_hold_no_place(rig, as_nobody, monkeypatch):
    """Where one is worked on at a time, the next endpoint's is taken while one may not be read yet."""
    monkeypatch.setattr(work, "_MOST", 1)
    letters = rig.place.root.parent / "letters" / "in"
    (letters / "A.DAT").write_bytes(batch(3))
    with as_nobody(rig.place.root.parents[1]):
        (letters / "A.DAT").chmod(0)
        rig.step(1)
        rig.put(batch(5))
        rig.turn(turns=12)

        assert ("B1", "A", verdicts(5)) == rig.answer()
        assert (letters / "A.DAT").exists()

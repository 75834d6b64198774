"""
What ``orderloom doctor`` finds about drop folders.
"""

from __future__ import annotations

from shutil import rmtree

import pytest

from orderloom.folders.examine import examine_folders


@pytest.fixture
def found(rig):
    """What is found, after ``spoil`` was done to the sender's folder."""

    def look():
        endpoints = rig.hub().rules().references.endpoints.values()
        return [(one.what, one.mend) for one in examine_folders(rig.settings, endpoints)]

    return look


def test_what_a_worker_has_made_is_sound(found):
    assert [] == found()


def test_a_folder_that_is_missing_is_told(rig, found):
    """The next worker makes it."""
    rig.place.refused.rmdir()
    [(what, mend)] = found()

    assert "refused: not there yet" in what
    assert "orderloom worker" == mend


def test_a_folder_that_was_never_made_is_told(rig, found):
    """Its disk may not be there: a worker that runs makes nothing."""
    rmtree(rig.place.root)
    [(what, mend)] = found()

    assert "in: not there yet: a worker makes it at its start" in what
    assert "orderloom worker" == mend


@pytest.mark.parametrize("what", ["file", "link to nothing"])
@pytest.mark.parametrize("name", ["out", "work", "."])
def test_what_stands_in_a_folder_s_place_is_told(rig, found, name, what):
    """No worker can mend that: somebody has to move it away."""
    place = rig.place.root / name
    rmtree(place)
    place.write_bytes(b"x") if what == "file" else place.symlink_to("nowhere")
    endpoints = rig.hub().rules().references.endpoints.values()
    [one] = examine_folders(rig.settings, endpoints)

    assert not one.warning
    assert f"{place}: is no folder" in one.what
    assert f"move {place} away: a worker makes the folder" == one.mend


def test_a_link_is_told(rig, found, tmp_path):
    """The hub would not look there."""
    rig.place.incoming.rmdir()
    (tmp_path / "elsewhere").mkdir()
    rig.place.incoming.symlink_to(tmp_path / "elsewhere")
    [(what, _)] = found()

    assert "in: is a link" in what


def test_a_folder_of_the_hub_s_where_anybody_may_write_is_told(rig, found):
    """What was checked must not be changed."""
    rig.place.work.chmod(0o777)
    [(what, mend)] = found()

    assert "work: anybody may write there" in what
    assert f"chmod o-w {rig.place.work}" == mend

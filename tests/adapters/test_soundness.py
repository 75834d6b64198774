from __future__ import annotations

import msgspec
import pytest

from adapters.kit.soundness import unsound
from adapters.outbound.warehouse import WarehouseAdapter
from canonical.states import State
from canonical.systems import Meaning, SystemProfile, Verb

SOUND = WarehouseAdapter.profile
CHANGES = (Verb.MODIFY, Verb.UNDO)


def said(**word: object) -> SystemProfile:
    """The warehouse's profile with one more word."""
    return msgspec.structs.replace(SOUND, words={**SOUND.words, "XX": Meaning(**word)})


def test_a_sound_profile():
    """Nothing is found wrong with it."""
    assert () == unsound(SOUND)


@pytest.mark.parametrize(
    ("profile", "fault"),
    [
        pytest.param(
            msgspec.structs.replace(SOUND, words={"TA": SOUND.words["TA"]}),
            "no word says that do is done",
            id="nothing for do",
        ),
        pytest.param(
            said(state=State.HELD, code="E_NONE"), "XX: there is no code E_NONE", id="an unknown code"
        ),
        pytest.param(said(state=State.REJECTED), "XX: it refuses, and has no code", id="no code"),
        pytest.param(
            said(state=State.COMPLETED, milestone="lost"),
            "XX: lost is no milestone of the profile",
            id="no such milestone",
        ),
        pytest.param(
            said(state=State.PENDING, answers=CHANGES), "XX: no change becomes pending", id="a change waits"
        ),
        pytest.param(
            said(state=State.COMPLETED, answers=CHANGES, past=True),
            "XX: only a change that is refused can come too late",
            id="made too late",
        ),
        pytest.param(
            said(state=State.HELD, code="E_TOO_LATE", past=True),
            "XX: only a change that is refused can come too late",
            id="a first order too late",
        ),
    ],
)
def test_an_unsound_profile(profile, fault):
    """The one fault is named."""
    assert (fault,) == unsound(profile)


def test_a_word_for_what_the_system_is_never_told():
    """It can only be a mistake in the words, or in the verbs."""
    told = msgspec.structs.replace(SOUND, verbs=(Verb.DO,))

    assert "TA: it answers what the system is never told" in unsound(told)

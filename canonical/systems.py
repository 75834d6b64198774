"""
What a system can do, as data: declared by its adapter, read by planning and by the fold.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from .base import Canonical, Id, Text
from .states import State

__all__ = ["Attachment", "Meaning", "Repeat", "SystemProfile", "Verb"]


class Verb(StrEnum):
    """What an instruction wants: the work, a change of it, or its undoing."""

    DO = "do"
    MODIFY = "modify"
    UNDO = "undo"


class Attachment(StrEnum):
    """How a system is reached: native messages on its queue, or a call (HTTP, SOAP, SFTP)."""

    QUEUE = "queue"
    CALL = "call"


class Repeat(StrEnum):
    """
    What may be done after an unknown outcome.

    ``KEY``: repeat freely, the system applies one key once.  ``INQUIRE``: ask first.
    ``NEVER``: an operator decides.
    """

    KEY = "key"
    INQUIRE = "inquire"
    NEVER = "never"


class Meaning(Canonical, frozen=True):
    """
    What one reply word means for the line it speaks of.

    Args:
        state: The line's new state.  A refusal is ``held`` unless the word is final, then ``rejected``.
        code: Stable code shown with a held or rejected line.
        milestone: Reached with this word (``shipped``), if any.
        answers: Verbs that the word can answer.  For ``modify`` and ``undo`` the state speaks of the change
            and not of the line: ``completed`` it was made, ``inProgress`` it will be, ``held`` or
            ``rejected`` it was refused, and the line is as it was.
        past: With ``modify`` or ``undo``: it was refused because its point of no return had passed.
    """

    state: State
    code: Text = ""
    milestone: Text = ""
    answers: tuple[Verb, ...] = (Verb.DO,)
    past: bool = False


class SystemProfile(Canonical, frozen=True):
    """
    A system as its adapter declares it.

    Args:
        words: Meaning of each reply word; a word that is not here is ``E_REPLY_WORD`` and is parked.
        verbs: What it can be told.  One that cannot ``modify`` is told to undo and to do anew, if it can
            undo.
        answer_within: Seconds after which the system is asked again, and after as long again is overdue.
        reference_type: Alias type of the reference that an instruction carries and a reply names.
        milestones: In order; a later one implies the earlier.
        receipt_counter: Counter of the adapter's whose number its receipts cite (997 AK102: ``group``).
        not_applied: With ``repeat`` ``INQUIRE``: the word that, as the answer to an inquiry, says that the
            instruction was never carried out.
    """

    name: Id
    attachment: Attachment
    words: Mapping[str, Meaning]
    reference_type: Id
    repeat: Repeat = Repeat.KEY
    verbs: tuple[Verb, ...] = (Verb.DO,)
    answer_within: int = 3600
    milestones: tuple[Id, ...] = ()
    receipt_counter: Text = ""
    not_applied: Text = ""

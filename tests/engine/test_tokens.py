"""
Tokens are left out of answers that are kept, and others put in their places.
"""

from __future__ import annotations

from orderloom.engine.tokens import fill_in, fresh_token, leave_out, places

FIRST, SECOND = "R-0000-0000-0000-0000-0000-0001", "R-0000-0000-0000-0000-0000-0002"


def test_each_token_leaves_a_place_as_long_as_it():
    """Where it stood, with its number: a kept answer may speak of several orders."""
    body = f"<a>{SECOND}</a><b>{FIRST}</b>".encode()
    kept = leave_out(body, {1: FIRST, 2: SECOND})

    assert b"<a>R-UUUU-UUUU-UUUU-UUUU-0000-0002</a><b>R-UUUU-UUUU-UUUU-UUUU-0000-0001</b>" == kept
    assert {1, 2} == places(kept)
    assert body == fill_in(kept, {1: FIRST, 2: SECOND})


def test_also_in_ebcdic():
    """Records of a mainframe: its code pages agree on letters, digits and the hyphen."""
    for page in ("cp037", "cp500", "cp273", "cp1140"):
        body = f"{FIRST} {SECOND}".encode(page)
        kept = leave_out(body, {1: FIRST})

        assert f"R-UUUU-UUUU-UUUU-UUUU-0000-0001 {SECOND}".encode(page) == kept
        assert {1} == places(kept)
        assert body == fill_in(kept, {1: FIRST})


def test_what_is_no_token_of_the_answer_stays():
    """Somebody else's, that a sender has quoted; and an answer without any."""
    body = f"said {SECOND}".encode()

    assert body == leave_out(body, {1: FIRST})
    assert body == leave_out(body, {1: ""})
    assert frozenset() == places(body)


def test_a_place_for_which_there_is_none_stays_empty():
    """Its order is gone."""
    kept = leave_out(FIRST.encode(), {1: FIRST})

    assert kept == fill_in(kept, {1: ""})


def test_every_token_is_found():
    """Whichever letters it has."""
    for _ in range(200):
        token = fresh_token()
        assert token.encode() not in leave_out(token.encode(), {7: token})

from __future__ import annotations

import pytest

from adapters.formats.fixed import cut_lines
from canonical.errors import Rejected

LF, CRLF = b"\n", b"\r\n"


def lines(data, end=LF):
    return [(raw.number, raw.offset, raw.data) for raw in cut_lines(data, 4, end)]


def refused(data, end=LF):
    """What was read before it, code and place."""
    found = []
    with pytest.raises(Rejected) as caught:
        found.extend(raw.data for raw in cut_lines(data, 4, end))
    return caught.value.code, caught.value.where, caught.value.what


@pytest.mark.parametrize("end", [LF, CRLF])
def test_records_have_their_length_and_a_line_end(end):
    """A line end within a record is data, whatever the data are worth."""
    body = end.join((b"ABCD", b"E\nFG", b"\r\n\r\n", b""))

    assert [
        (1, 0, b"ABCD"),
        (2, 4 + len(end), b"E\nFG"),
        (3, 2 * (4 + len(end)), b"\r\n\r\n"),
    ] == lines(body, end)


@pytest.mark.parametrize(
    ("data", "code", "where", "what"),
    [
        pytest.param(b"ABCD\nABC\nABCD\n", "E_FW_SHORT", "record 2", "a record of 3 bytes", id="F-01 short"),
        pytest.param(b"ABCD\n\nABCD\n", "E_FW_SHORT", "record 2", "a record of 0 bytes", id="F-01 empty"),
        pytest.param(b"ABCDE\nABCD\n", "E_FW_LONG", "record 1", "a record of 5 bytes", id="F-02 long"),
        pytest.param(
            b"ABCD\nABCDABCD\n", "E_FW_LONG", "record 2", "a record of 8 bytes", id="F-02 two in one"
        ),
        pytest.param(
            b"ABCD\nAB", "E_FW_LENGTH", "byte 5", "the file ends 2 bytes into record 2", id="F-03 cut"
        ),
        pytest.param(
            b"ABCD\nABCD", "E_FW_LENGTH", "byte 9", "no line end behind record 2", id="F-03 no last end"
        ),
        pytest.param(
            b"ABCD\r\nABCD\r\n",
            "E_FW_LENGTH",
            "byte 4",
            "b'\\r\\n' behind record 1; text-mode transfer?",
            id="F-19 CR LF for LF",
        ),
    ],
)
def test_lines_of_another_length(data, code, where, what):
    """The first record that is wrong is named, not where the file ends."""
    assert (code, where, what) == refused(data)


def test_a_lost_carriage_return():
    """F-19: LF where CR LF was agreed."""
    code, where, what = refused(b"ABCD\nABCD\n", CRLF)

    assert ("E_FW_LENGTH", "byte 4") == (code, where)
    assert "text-mode transfer?" in what

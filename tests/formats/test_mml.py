from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.formats.mml import Command, read_answers, read_commands, write_commands
from canonical.errors import Rejected

PRINTABLE = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) not in '"%')
ECHO = '%%ADD SUB:REF="R-1",LINE=1;%%'


def answer(*lines, echo=ECHO, code="RETCODE = 0 Operation is successful"):
    return "\n".join((echo, code, "", *lines, "---    END", "")).encode()


def only(data):
    [found] = read_answers(data)
    return found


def outcome(data):
    """Codes of all that is refused."""
    try:
        return {one.code for one in read_answers(data) if isinstance(one, Rejected)}
    except Rejected as rejected:
        return {rejected.code}


class TestCommands:
    def test_texts_are_quoted_and_numbers_are_not(self):
        """One command a line."""
        commands = [
            Command("ADD", "SUB", {"IMSI": "001", "LINE": 1}),
            Command("LST", "SUB", {"REF": "R,;=-1"}),
        ]

        assert b'ADD SUB:IMSI="001",LINE=1;\nLST SUB:REF="R,;=-1";\n' == write_commands(commands)

    @given(st.lists(st.dictionaries(st.sampled_from("ABC"), st.text(PRINTABLE, max_size=20)), min_size=1))
    def test_commands_are_read_as_they_were_written(self, parameters):
        """All values come back as texts."""
        commands = [Command("ADD", "SUB", each) for each in parameters]

        assert commands == list(read_commands(write_commands(commands)))

    @pytest.mark.parametrize(
        "text", ["ADD SUB:A=1", "ADD:A=1;", 'ADD SUB:A="1;', "ADD SUB:A=1,A=2;", "x" * 9000]
    )
    def test_what_is_no_command_is_refused(self, text):
        """With the line that it stands in; what stands before is read."""
        commands = read_commands(f"LST SUB:A=1;\n{text}\n".encode())

        assert Command("LST", "SUB", {"A": "1"}) == next(commands)
        with pytest.raises(Rejected, match="line 2"):
            next(commands)

    @pytest.mark.parametrize("value", ['a"b', "a%%b", "caf\xe9", "a\nb", "a\tb"])
    def test_what_cannot_be_said_is_refused(self, value):
        """MML has no escape: what would end a value is never written."""
        with pytest.raises(Rejected) as caught:
            write_commands([Command("ADD", "SUB", {"TEXT": value})])

        assert ("E_VALUE", "TEXT") == (caught.value.code, caught.value.where)

    @pytest.mark.parametrize("name", ["", "lower", "A-B", "1A", 'A="x",B'])
    def test_names_are_names(self, name):
        """Neither can a name smuggle in a parameter."""
        with pytest.raises(Rejected) as caught:
            write_commands([Command("ADD", "SUB", {name: 1})])

        assert "E_VALUE" == caught.value.code

    def test_a_command_that_could_not_be_read_back_is_refused(self):
        """Its answer would be lost; the longest one is read as it was written."""
        longest = Command("ADD", "SUB", {"A": "x" * (7996 - len('ADD SUB:A="";'))})
        longer = Command("ADD", "SUB", {"A": f"{longest.parameters['A']}x"})
        echo = f"%%{write_commands([longest]).decode().strip()}%%"

        assert longest == only(answer(echo=echo)).command
        with pytest.raises(Rejected) as caught:
            write_commands([longer])
        assert ("E_FIELD_SIZE", "ADD SUB") == (caught.value.code, caught.value.where)

    @given(
        st.dictionaries(
            st.sampled_from(["REF", "LINE", "A", "B_2", "MSISDN"]),
            st.text(PRINTABLE, max_size=20),
            max_size=5,
        )
    )
    def test_what_is_written_is_read(self, parameters):
        """An element that repeats the command gives every value back."""
        command = Command("ADD", "SUB", parameters)
        echo = f"%%{write_commands([command]).decode().strip()}%%"

        assert command == only(answer(echo=echo)).command


class TestAnswers:
    def test_everything_that_an_answer_says(self):
        """Who answers, which command, the code, the text, the rows."""
        rows = (
            "Title",
            "-----",
            "LINE = 1",
            "CARD STATE = in use",
            "",
            "LINE = 2",
            "",
            "(Number of results = 2)",
        )
        head = b"+++    HSS-1    2026-09-01 12:30:16\r\nO&M    #000481\r\n"
        found = only(head + answer(*rows, code="RETCODE = 0003001  ERR: exists"))

        assert ("HSS-1", "000481") == (found.element, found.serial)
        assert Command("ADD", "SUB", {"REF": "R-1", "LINE": "1"}) == found.command
        assert ("3001", "ERR: exists") == (found.code, found.text)
        assert ({"LINE": "1", "CARD STATE": "in use"}, {"LINE": "2"}) == found.rows
        assert (1, 4) == (found.line, found.code_line)

    def test_the_smallest_answer(self):
        """Echo, code, end."""
        found = only(b"%%LST SUB%%\nRETCODE = 0\n---    END")

        assert ("LST SUB", {}, "0", "", (), "") == (
            found.command.name,
            found.command.parameters,
            found.code,
            found.text,
            found.rows,
            found.serial,
        )

    def test_several_answers(self):
        """One that cannot be read does not stop the next."""
        first, second, third = read_answers(
            answer() + answer(echo="%%nothing%%") + answer(code="RETCODE = 1")
        )

        assert ("0", "1") == (first.code, third.code)
        assert ("E_MML_SYNTAX", "line 5") == (second.code, second.where)

    @pytest.mark.parametrize(
        ("data", "where"),
        [
            pytest.param(answer()[:-9], "line 4", id="cut off"),
            pytest.param(answer() + b"%%ADD", "line 5", id="a beginning behind"),
            pytest.param(b"---    END", "line 1", id="nothing but an end"),
            pytest.param(answer(echo="ADD SUB;"), "line 1", id="no echo"),
            pytest.param(answer(echo="%%ADD SUB:A=1"), "line 1", id="half an echo"),
            pytest.param(answer(echo="%%"), "line 1", id="nothing in it"),
            pytest.param(answer(echo="%%ADD%%"), "line 1", id="a verb alone"),
            pytest.param(answer(echo='%%ADD SUB:A="1%%'), "line 1", id="open quote"),
            pytest.param(answer(echo="%%ADD SUB:A=1,A=2%%"), "line 1", id="a parameter twice"),
            pytest.param(answer(code="RETCODE = x"), "line 1", id="no number"),
            pytest.param(answer(code="OK"), "line 1", id="no code"),
            pytest.param(b"RETCODE = 0\n" + answer(code="OK"), "line 2", id="a code before the command"),
            pytest.param(answer(ECHO), "line 4", id="a second command"),
            pytest.param(ECHO.encode() + b"\n" + answer(), "line 2", id="a second command at once"),
            pytest.param(answer("%%ADD SUB"), "line 4", id="half of a second command"),
            pytest.param(answer("RETCODE = 5001 busy"), "line 4", id="a second code"),
            pytest.param(b"RETCODE = 5001\n" + answer(), "line 3", id="a code and one before the command"),
        ],
    )
    def test_what_is_no_answer(self, data, where):
        """Each is refused with the line; what came before it is an answer still."""
        *_, last = read_answers(data)

        assert isinstance(last, Rejected)
        assert ("E_MML_SYNTAX", where) == (last.code, last.where)

    @pytest.mark.parametrize(
        ("data", "code", "where"),
        [
            pytest.param(b"", "E_EMPTY", "", id="nothing"),
            pytest.param(b"\n \n", "E_EMPTY", "", id="blanks"),
            pytest.param(b"\xef\xbb\xbf" + answer(), "E_BOM", "byte 0", id="mark"),
            pytest.param(b"%%A B%%\nRETCODE = 1 \xe9\n", "E_ENCODING", "byte 20", id="latin-1"),
            pytest.param(answer("TEXT = \x00"), "E_CONTROL_CHAR", "line 4 column 8 at byte 74", id="NUL"),
            pytest.param(b" " * (4 * 1024 * 1024 + 1), "E_TOO_LARGE", "", id="too many bytes"),
            pytest.param(answer() * 1001, "E_RECORDS", "line 4001", id="too many answers"),
            pytest.param(answer(*50_000 * ["-"]), "E_RECORDS", "line 50001", id="too many lines"),
            pytest.param(b'{"a": 1}', "E_FORMAT_SNIFF", "byte 0", id="JSON"),
        ],
    )
    def test_what_is_no_text(self, data, code, where):
        """Nothing of it is read."""
        with pytest.raises(Rejected) as caught:
            list(read_answers(data))

        assert (code, where) == (caught.value.code, caught.value.where)

    def test_two_answers_without_an_end_between_them_are_none(self):
        """The code of the second would be taken for the first; the answers beside them are read."""
        lost = answer(echo='%%ADD SUB:REF="R-1",LINE=1;%%').partition(b"---")[0]
        found = list(read_answers(answer() + lost + answer(echo="%%ADD SUB:LINE=2%%") + answer()))

        assert ["0", ("E_MML_SYNTAX", "line 8"), "0"] == [
            (one.code, one.where) if isinstance(one, Rejected) else one.code for one in found
        ]

    def test_a_thousand_answers(self):
        """That many may come in one message."""
        assert 1000 == len([one for one in read_answers(answer() * 1000) if one.code == "0"])

    def test_a_long_line_is_the_fault_of_its_answer(self):
        """The answers beside it are read."""
        first, second, third = read_answers(answer() + answer("T" * 8001) + answer(code="RETCODE = 1"))

        assert ("0", "1") == (first.code, third.code)
        assert ("E_FIELD_SIZE", "line 8") == (second.code, second.where)

    @pytest.mark.parametrize(
        "flood",
        [
            ECHO.encode() + b"\nRETCODE = 0\n---    END\n",
            b"%%" * 4_000_000,
            b"A" + b" " * 7000 + b"\n",
            b"A = \n" * 1_000_000,
            b"%%A B:" + b"C=1," * 1900 + b"%%\n",
        ],
    )
    def test_floods_cost_no_more_than_a_moment(self, flood):
        """Hostile text is read in time that grows with its length only."""
        body = (flood * (1 + 400_000 // len(flood)))[: 4 * 1024 * 1024 - 40]
        started = time.monotonic()

        assert outcome(body) <= {"E_FIELD_SIZE", "E_MML_SYNTAX", "E_RECORDS"}
        assert time.monotonic() - started < 20

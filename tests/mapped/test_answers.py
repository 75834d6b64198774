from __future__ import annotations

import json

import msgspec
import pytest

from adapters.kit.contract import Stamp
from adapters.kit.specimens import AT, intakes, notices
from canonical.errors import Fault
from tests.mapped.world import FORMATS, ONE, adapter, samples, translated

STAMP = Stamp(at=AT, endpoint=ONE)


def told(form, *changes):
    """The adapter, an intake of one accepted and one refused order, and the notices of the first."""
    made = adapter(form, *changes)
    orders = translated(made, samples(form)["two-orders"])
    origins = [one.origin for one in orders]
    return made, intakes(orders[0].order, origins), notices(orders[0].order, origins[0])


class TestAcknowledgement:
    def test_csv(self):
        """A header, and a row for each order."""
        made, intake, _ = told("csv")
        [head, refused, taken] = made.acknowledge(intake["mixed"], STAMP).body.decode().splitlines()

        assert "WHAT;ORDER;OUR-ID;RESULT;STATE;AT;ERROR;TEXT" == head
        assert (
            "RECEIVED;A-1001;;rejected;;01.09.2026 14:30;E_OFFERING;"
            "line 1: unknown offering 'X' (an offering id) [E_OFFERING]"
        ) == refused
        assert ["RECEIVED", "A-1002", "accepted", "acknowledged"] == [
            taken.split(";")[n] for n in (0, 1, 3, 4)
        ]

    def test_fixed(self):
        """Fields at their columns, cut where they are too long."""
        made, intake, _ = told("fixed")
        lines = made.acknowledge(intake["mixed"], STAMP).body.split(b"\n")

        assert [184, 184, 0] == [len(line) for line in lines]
        assert b"RECEIVED    A-1001      " == lines[0][:24]
        assert b"202609011430E_OFFERING" == lines[0][72:94]

    def test_json(self):
        """Names with points are properties within properties."""
        made, intake, _ = told("json")
        first, _ = json.loads(made.acknowledge(intake["mixed"], STAMP).body)["answers"]

        assert {"number": "A-1001", "id": "", "state": ""} == first["order"]
        assert ("rejected", "2026-09-01T12:30:15Z") == (first["result"], first["at"])

    def test_xml(self):
        """Names with an @ are attributes."""
        made, intake, _ = told("xml")
        body = made.acknowledge(intake["mixed"], STAMP).body

        assert b'<Answer what="received">\n  <Number>A-1001</Number>' in body

    @pytest.mark.parametrize("form", FORMATS)
    def test_nothing_to_say(self, form):
        """Parked documents wait for somebody to look."""
        made, intake, _ = told(form)

        assert made.acknowledge(intake["parked"], STAMP) is None
        assert made.acknowledge(intake["nothing"], STAMP) is None


class TestNotices:
    def test_only_what_is_told(self):
        """Kinds that are not listed are not told; a refusal is told once, by the acknowledgement."""
        made, _, notice = told("csv")

        assert {"accepted", "delayed", "shipped", "ended"} == {
            name.split()[0] for name, one in notice.items() if made.render(one, STAMP) is not None
        }

    def test_a_refusal_where_nothing_is_acknowledged(self):
        """Then the notice says it."""
        made, _, notice = told("csv", ('tell = ["acknowledgement", ', 'tell = ["rejected", '))
        body = made.render(notice["rejected"], STAMP).body.decode()

        assert "rejected;A-1001;;;;01.09.2026 14:30;E_OFFERING;" in body

    def test_a_row_for_each_line(self):
        """With what the line says."""
        made, _, notice = told(
            "csv",
            ('rows = "order"', 'rows = "line"'),
            ('{ name = "ERROR", value = "error.code" }', '{ name = "LINE", value = "line.number" }'),
            ('{ name = "TEXT", value = "error.text" }', '{ name = "LINE-STATE", value = "line.state" }'),
        )
        rows = made.render(notice["ended"], STAMP).body.decode().splitlines()[1:]

        assert [["1", "completed"], ["2", "completed"]] == [row.split(";")[-2:] for row in rows]

    def test_what_a_spreadsheet_would_run_is_text(self):
        """A reason that begins with = has a mark before it."""
        made, _, notice = told("csv", ('value = "error.text"', 'value = "reason"'))
        evil = msgspec.structs.replace(notice["ended"], reason='=HYPERLINK("http://x")\r\n\x00')

        assert made.render(evil, STAMP).body.endswith(b'"\'=HYPERLINK(""http://x"")   "\r\n')

    @pytest.mark.parametrize("form", FORMATS)
    def test_any_text_can_be_told(self, form):
        """Whatever a sender made us quote."""
        made, _, notice = told(form, ('value = "outcome"', 'value = "error.where"'))
        for text in (
            "\x00\x1b\r\n",
            "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
            "x" * 4000,
        ):
            fault = Fault(code="E_VALUE", what=text, where=text)
            evil = msgspec.structs.replace(notice["ended"], fault=fault, reason=text)

            assert made.render(evil, STAMP).body

"""``orderloom decode``: any payload field by field; ``parked show`` and ``journal`` show the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from canonical.keys import content_hash
from orderloom.cli.story.scene import story_file
from orderloom.correlation.port import Changes, JournalEntry, NativeRow
from tests.cli.hub import ORDER, PARKED, journal, parked_changes, record
from tests.mapped.world import adapter, answer, mapping, samples

FIXTURES = Path(__file__).parents[1] / "fixtures"
AT = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
BATCH = story_file("printco-batch.ebcdic")


def put(place, name, body):
    """A file beside the store."""
    (place.folder / name).write_bytes(body)
    return name


@pytest.mark.parametrize(
    ("sample", "options", "form", "line"),
    [
        ("partner/in/orders.edi", [], "X12", "178 BEG03 4500000042 4500000042"),
        ("kiosk/in/smallest.json", [], "JSON", '54 $.cart[0].sku "CASE" CASE'),
        ("oss_mobile/done.txt", [], "MML", '113 REF "OL2T5Q8V9WXY3Z4A7B-1" OL2T5Q8V9WXY3Z4A7B-1'),
        (
            "directmail/in/fb-cp037.bin",
            [],
            "FB records of 200 bytes, cp037",
            "228 PRICE 000049900C 499.00",
        ),
        (
            "directmail/in/vb-cp500.bin",
            ["--channel", "directmail"],
            "VB records of 204 bytes, cp500",
            "5 BATCH-ID C2F2F0F2F660F0F9F0F1 B2026-0901",
        ),
        (
            "directmail/in/fb-cp037.bin",
            ["--endpoint", "directmail.printco", "--code-page", "cp500"],
            "FB records of 200 bytes, cp500",
            "1 BATCH-ID C2F2F0F2F660F0F9F0F1 B2026-0901",
        ),
        (
            "billing/in/later-vb-cp273.bin",
            ["--system", "billing"],
            "VB records of 164 bytes, cp273",
            "100 BILL-ACCT C260F8F8F14040404040404040404040… B-881",
        ),
        ("billing/in/locked-ascii.bin", [], "FB records of 160 bytes, ascii", "94 RESULT 20 20"),
    ],
)
def test_each_format_is_told_and_shown(place, sample, options, form, line):
    """By option or by its first bytes; offset, name, bytes, value."""
    name = put(place, "payload", (FIXTURES / sample).read_bytes())
    ran = place.run("decode", name, *options)
    head, *lines = ran.stdout.splitlines()

    assert (0, f"payload: {form}") == (ran.exit_code, head)
    assert line in [" ".join(one.split()) for one in lines]


def test_xml_and_csv_are_told_from_their_first_bytes(place):
    """Their fields have paths and columns."""
    xml = place.run("decode", "-", input_=b'<?xml version="1.0"?><a><b c="1">x</b></a>')
    csv = place.run("decode", "-", input_=b"order;name\n1;Ada\n")

    assert ["-: XML", "/a/b/@c", "/a/b"] == [
        xml.stdout.splitlines()[0],
        *(line.split()[1] for line in xml.stdout.splitlines() if "/a/b" in line),
    ]
    assert "-: CSV, delimiter ';'" == csv.stdout.splitlines()[0]
    assert [["11", "order", "1", "1"], ["13", "name", "Ada", "Ada"]] == [
        line.split() for line in csv.stdout.splitlines()[-2:]
    ]


def test_where_it_stops_being_readable_is_said(place):
    """And the exit status is 1."""
    ran = place.run("decode", put(place, "batch", BATCH))

    assert 1 == ran.exit_code
    assert "! record 3 cols 29-33 PRICE: 0000049A0C is not packed decimal" in ran.stdout
    assert "Otis Vance" in ran.stdout


def test_what_nobody_reads_is_refused(place):
    """EDIFACT has no reader yet, and says so."""
    ran = place.run("decode", "-", input_=b"UNA:+.? 'UNB+UNOC:3+A:14+B:14+260901:1200+1'")

    assert 1 == ran.exit_code
    assert "byte 0: looks like EDIFACT, which nobody here reads" in ran.stdout
    assert "[E_FORMAT_SNIFF]" in ran.stdout


def test_an_archive_is_not_opened(place):
    """It is told what it is (G-18)."""
    ran = place.run("decode", put(place, "batch.gz", b"\x1f\x8b\x08\x00" + BATCH))

    assert 1 == ran.exit_code
    assert "byte 0: looks like gzip, which nobody here reads" in ran.stdout
    assert "[E_ARCHIVE]" in ran.stdout


def test_only_so_many_records_are_shown(place):
    """And that there are more."""
    ran = place.run("decode", put(place, "batch", BATCH), "--records", "2")

    assert 0 == ran.exit_code
    assert "record 2 DTL" in ran.stdout
    assert "  … more behind record 2 (--records, --all)" == ran.stdout.splitlines()[-1]
    assert "record 3" not in ran.stdout


def test_what_is_not_there_is_named(place):
    """With what there is."""
    wrong = (["--channel", "fax"], ["--endpoint", "directmail.nobody"], ["--system", "tv"])
    for options in wrong:
        ran = place.run("decode", "-", *options, input_=b"{}")

        assert 2 == ran.exit_code
        assert f"decode: unknown {options[0].strip('-')} {options[1]!r} (one of " in ran.stderr


def test_a_terminal_is_not_moved_by_a_payload(place):
    """Escapes and marks of direction are shown escaped."""
    ran = place.run("decode", "-", input_='{"a\u202e": "x\x1b[2J\u202e"}'.encode())

    assert "\x1b" not in ran.stdout
    assert "\u202e" not in ran.stdout


def test_a_parked_batch_shows_its_fields(place):
    """By the queue that it was parked from: number and values of the document, not only bytes."""
    changes = parked_changes()
    [row] = changes.parked.values()
    body = NativeRow(hash=content_hash(BATCH), body=BATCH, content_type="", at=AT)
    changes.natives = {body.hash: body}
    changes.parked = {PARKED: replace(row, native=body.hash, queue="channel.directmail.in")}
    place.write(changes)
    shown = place.run("parked", "show", PARKED).stdout

    assert "fields, FB records of 200 bytes, cp037" in shown
    assert "! record 3 cols 29-33 PRICE" in shown
    assert "BATCH-ID C2F2F0F2F660F1F1F0F2 B2026-1102" in " ".join(shown.split())


def test_the_journal_shows_the_messages_that_it_names(place):
    """With ``--decoded``; else the story alone."""
    body = (FIXTURES / "warehouse" / "in" / "shipped.edi").read_bytes()
    native = NativeRow(hash=content_hash(body), body=body, content_type="", at=AT)
    said = JournalEntry(ORDER, AT, "native_kept", "warehouse said it", {"native": native.hash}, "warehouse")
    gone = JournalEntry(ORDER, AT, "native_kept", "acme said it", {"native": "0" * 64}, "partner.acme")
    place.write(
        Changes(
            records=[(None, record())],
            journal=[*journal(ORDER), said, gone],
            natives={native.hash: native},
        )
    )
    story, decoded = place.run("journal", ORDER).stdout, place.run("journal", ORDER, "--decoded").stdout

    assert "fields, X12" not in story
    assert 1 == decoded.count("fields, X12")
    assert "native_kept  warehouse said it" in decoded
    assert "W0601" in decoded


class TestMappedChannels:
    @pytest.fixture
    def agents(self, place, request):
        """Channel agent, in the format that the test names, beside those that ship."""
        form = request.param
        (place.folder / "agent.toml").write_text(mapping(form), encoding="utf-8")
        settings = '[channels.web]\n[channels.agent]\nmapping = "agent.toml"\n'
        (place.folder / "orderloom.toml").write_text(settings, encoding="utf-8")
        return form, place, samples(form)["one-order"]

    @pytest.mark.parametrize(
        ("agents", "form", "line"),
        [
            ("csv", "CSV, delimiter ';'", "56 ORDER A-1001 A-1001"),
            ("fixed", "FB records of 52 bytes, ascii", "53 ORDER A-1001 A-1001"),
        ],
        indirect=["agents"],
    )
    @pytest.mark.parametrize(
        "options", [[], ["--channel", "agent"]], ids=["by its first bytes", "by channel"]
    )
    def test_a_message_is_shown_as_the_mapping_lays_it_out(self, agents, form, line, options):
        """With byte offsets, whether the channel is named or told from how the message begins."""
        _, place, body = agents
        ran = place.run("decode", put(place, "payload", body), *options)
        head, *lines = ran.stdout.splitlines()

        assert (0, f"payload: {form}", "") == (ran.exit_code, head, ran.stderr)
        assert line in [" ".join(one.split()) for one in lines]

    @pytest.mark.parametrize("agents", ["csv", "fixed"], indirect=True)
    def test_a_parked_message_is_shown_with_what_is_wrong_in_it(self, agents):
        """A column, a kind of record that the mapping does not have."""
        form, place, body = agents
        body = body.replace(b"ITEM;", b"ITAM;").replace(b"\nL", b"\nQ")
        changes = parked_changes()
        [row] = changes.parked.values()
        native = NativeRow(hash=content_hash(body), body=body, content_type="", at=AT)
        changes.natives = {native.hash: native}
        changes.parked = {PARKED: replace(row, native=native.hash, queue="channel.agent.in")}
        place.write(changes)
        shown = place.run("parked", "show", PARKED).stdout

        told = {"csv": "unknown column 'ITAM'", "fixed": "record 3 cols 1-1 KIND: 'Q' (H, O, L, T)"}
        assert told[form] in shown
        assert "A-1001" in shown

    @pytest.mark.parametrize("agents", ["csv", "fixed"], indirect=True)
    def test_the_journal_shows_an_answer_by_its_own_columns(self, agents):
        """What is written has another layout than what comes."""
        form, place, _ = agents
        body = answer(adapter(form))
        native = NativeRow(hash=content_hash(body), body=body, content_type="", at=AT)
        said = JournalEntry(ORDER, AT, "told", "accepted", {"native": native.hash}, "agent.one")
        place.write(Changes(records=[(None, record())], journal=[said], natives={native.hash: native}))
        lines = [
            " ".join(one.split()) for one in place.run("journal", ORDER, "--decoded").stdout.splitlines()
        ]

        assert any(line.endswith("WHAT RECEIVED RECEIVED") for line in lines)
        assert any(line.endswith("ERROR E_OFFERING E_OFFERING") for line in lines)


def test_a_screen_is_not_filled_with_one_field_or_one_record(place):
    """A long value is cut and says how long it is; of a record with very many fields the first are shown."""
    long = place.run("decode", put(place, "long.json", b'{"a":"' + b"x" * 100_000 + b'"}'))
    many = place.run(
        "decode", put(place, "many.xml", b"<a " + b" ".join(b'a%d=""' % n for n in range(5_000)) + b"/>")
    )

    assert long.stdout.rstrip().endswith("x… (100000 characters)")
    assert len(long.stdout) < 10_000
    assert many.stdout.rstrip().endswith("more than 1000 fields in record 1")
    assert 1_003 == len(many.stdout.splitlines())

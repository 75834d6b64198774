from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import orderloom
from broker.port import Properties
from orderloom.adapters_found import find_adapters
from orderloom.mappings import mapped_adapter, read_mapping, schema
from orderloom.running import Embedded
from orderloom.settings import SettingsError, load
from orderloom.wiring import wire
from tests.docs.pages import ROOT
from tests.mapped.world import adapter, mapping, samples


def faults(text: str) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        read_mapping(text, "agent.toml")
    return str(refused.value).splitlines()


def changed(form: str, old: str, new: str) -> list[str]:
    text = mapping(form)
    assert old in text
    return faults(text.replace(old, new, 1))


class TestFaults:
    @pytest.mark.parametrize(
        ("form", "old", "new", "told"),
        [
            (
                "csv",
                'quantity = "QTY"',
                'quantty = "QTY"',
                "agent.toml:29 line.quantty: unknown key 'quantty'",
            ),
            ("csv", "[line]", "[lines]", "agent.toml:25 lines: unknown key 'lines'"),
            ("csv", 'number = "ORDER"', 'numbr = "ORDER"', "agent.toml:17 order.number: missing"),
            (
                "csv",
                'form = "DD.MM.YYYY", z',
                'frm = "x", z',
                "agent.toml:19 order.requested.frm: unknown key",
            ),
            (
                "csv",
                'offering = "ITEM"',
                'offering = "ITEMS"',
                "agent.toml:25 line: 'ITEMS' is none of the columns",
            ),
            ("csv", 'offering = "ITEM"', "offering = 4", "agent.toml:27 line.offering: 4 is not allowed"),
            ("csv", 'N = "add"', 'N = "ad"', "agent.toml:28 line.action: unknown action 'ad'"),
            ("csv", "words = { N", "word = { N", "agent.toml:28 line.action.word: unknown key 'word'"),
            (
                "csv",
                "Europe/Paris",
                "Europe/Pariss",
                "agent.toml:19 order.requested.zone: unknown time zone 'Europe/Pariss'",
            ),
            (
                "csv",
                '"DD.MM.YYYY hh:mm", zone = "Europe/Paris"',
                '"DD.MM.YYYY hh:mm", zone = "UTC+2"',
                "agent.toml:37 answer.columns[5].zone: unknown time zone 'UTC+2'",
            ),
            ("csv", "DD.MM.YYYY", "DD.MM.YY", "agent.toml:19 order.requested.form: 'DD.MM.YY' has letters"),
            ("csv", 'delimiter = ";"', 'delimiter = "x"', "agent.toml:11 csv.delimiter: 'x' is not allowed"),
            ("csv", '"ORDER", "CUSTOMER"', '"LINE", "CUSTOMER"', "agent.toml:9 csv: columns: each name once"),
            ("csv", 'format = "csv"', 'format = "xml"', "agent.toml:9 csv: is there, and the format is xml"),
            ("csv", 'value = "event"', 'value = "evnt"', "agent.toml:37 answer.columns[0].value: 'evnt'"),
            (
                "csv",
                '{ name = "ORDER", v',
                '{ name = "WHAT", v',
                "agent.toml:37 answer.columns: each name once",
            ),
            pytest.param("csv", "[csv]", "[csv", "agent.toml:9: no TOML:", id="no TOML"),
            pytest.param(
                "csv",
                'quantity = "QTY"',
                'quantity = "QTY"\nquantity = "X"',
                "agent.toml:30: no TOML: cannot overwrite a value",
                id="K-02 a key twice",
            ),
            pytest.param(
                "fixed",
                'picture = "9(3)"',
                'picture = "9(3)", redefines = "LINE"',
                "agent.toml:35 fixed.record[2].fields[1].redefines: unknown key 'redefines'",
                id="K-05 nothing is laid over anything",
            ),
            ("fixed", 'picture = "9(3)"', 'picture = "N(3)"', "agent.toml:9 fixed: no picture: 'N(3)'"),
            ("fixed", 'kind = "L"', 'kind = "O"', "agent.toml:9 fixed: two records are of kind 'O'"),
            (
                "fixed",
                'count = "COUNT"',
                'count = "CNT"',
                "agent.toml:48 fixed.record[3].count: no field 'CNT'",
            ),
            (
                "fixed",
                'code_page = "ascii"',
                'code_page = "cp1047"',
                "agent.toml:9 fixed: unknown code page",
            ),
            (
                "fixed",
                ', picture = "X(12)" },\n  { name = "OUR',
                ' },\n  { name = "OUR',
                "agent.toml:77 answer.columns: ORDER",
            ),
            ("json", '"customer.id"', '"customer..id"', "agent.toml:16 order: 'customer..id' is no way"),
            ("json", '"order.id"', '"order"', "agent.toml:37 answer.columns: order"),
            ("csv", 'offering = "ITEM"', "offering = {}", "agent.toml:27 line.offering: comes from nowhere"),
            (
                "csv",
                '{ from = "ACTION"',
                '{ always = "add", from = "ACTION"',
                "agent.toml:28 line.action: comes from two places",
            ),
            ("csv", 'N = "add"', 'N = ""', "agent.toml:28 line.action: unknown action ''"),
            (
                "csv",
                'quantity = "QTY"',
                'quantity = { from = "QTY", code = "SKU" }',
                "agent.toml:29 line.quantity: only an offering has a code",
            ),
            (
                "csv",
                'quantity = "QTY"',
                'quantity = { from = "QTY", words = { one = "1", none = "0" } }',
                "agent.toml:29 line.quantity: '0' is no quantity",
            ),
            (
                "csv",
                'colour = "COLOUR"',
                'colour = { always = "red", default = "blue" }',
                "agent.toml:32 line.characteristics.colour: words and default are for",
            ),
            (
                "csv",
                'word = "END"',
                'word = "\\u20ac\\n"',
                "agent.toml:15 csv.trailer.word: '€\\n' is not allowed",
            ),
            (
                "csv",
                '{ name = "OUR-ID", value',
                '{ name = "OUR-ID", always = "x", value',
                "agent.toml:37 answer.columns[2]: comes from two places",
            ),
            ("csv", "customer]", '"cus\\ttomer"]', "agent.toml:17 order.party: 'cus\\ttomer' is not allowed"),
            ("fixed", 'kind = "O"', 'kind = "OO"', "agent.toml:9 fixed: order: X cannot say 'OO'"),
            ("fixed", 'kind = "O"', 'kind = "Ö"', "agent.toml:9 fixed: order: X cannot say 'Ö'"),
            ("fixed", '"X(8)" },\n]', '"X(0)" },\n]', "agent.toml:9 fixed: header: FILE-NO has no length"),
            ("fixed", '"9(6)"', '"X(6)"', "agent.toml:9 fixed: trailer: COUNT counts records"),
            ("json", '"customer.id"', '"$.customer.id"', "agent.toml:16 order: '$.customer.id' is no way"),
            ("json", '"customer.id"', '"customer[0].id"', "agent.toml:16 order: 'customer[0].id' is no way"),
            ("json", 'lines = "lines"', 'lines = "a..b"', "agent.toml:11 json.lines: 'a..b' is no way"),
            (
                "xml",
                '"Customer/Name"',
                '"c:Customer/Name"',
                "agent.toml:17 order: 'c:Customer/Name' is no way",
            ),
            (
                "xml",
                '"Customer/Name"',
                '"Customer/@id/Name"',
                "agent.toml:17 order: 'Customer/@id/Name' is no",
            ),
            (
                "xml",
                '"Customer/Name"',
                '"Customer[1]/Name"',
                "agent.toml:17 order: 'Customer[1]/Name' is no way",
            ),
            ("xml", '"Lines/Line"', '"Lines/@Line"', "agent.toml:12 xml.lines: 'Lines/@Line' is no way"),
            ("xml", 'root = "Orders"', 'root = "o:Orders"', "agent.toml:10 xml.root: 'o:Orders' is no name"),
            ("xml", 'row = "Answer"', 'row = "an answer"', "agent.toml:37 answer.row: 'an answer'"),
        ],
    )
    def test_each_with_its_line(self, form, old, new, told):
        """What is wrong, where it stands, and what is allowed."""
        found = changed(form, old, new)

        assert [told] == [one[: len(told)] for one in found if one.startswith(told)], found
        assert all(one.endswith("[E_CONFIG]") for one in found)

    def test_lines_are_right(self):
        """Counted from 1, in the file as it stands."""
        text = mapping("csv")
        line = text.splitlines().index('quantity = "QTY"') + 1
        [told] = faults(text.replace('quantity = "QTY"', 'quantty = "QTY"'))

        assert told.startswith(
            f"agent.toml:{line} line.quantty: unknown key 'quantty' (one of offering, action"
        )

    def test_all_at_once(self):
        """Several faults are several sentences."""
        text = mapping("csv").replace('quantity = "QTY"', 'quantty = "QTY"').replace('"csv"', '"tsv"')

        assert 2 == len(faults(text))

    def test_a_trailer_that_no_row_can_be(self):
        """In another encoding than its own, or with the delimiter where nothing is quoted."""
        ascii_ = ('encoding = "utf-8"', 'encoding = "ascii"')
        bare = ('delimiter = ";"', 'delimiter = ";"\nquote = ""')
        for word, (old, new) in (("Übrig", ascii_), ("E;D", bare)):
            text = mapping("csv").replace('word = "END"', f'word = "{word}"')
            read_mapping(text, "agent.toml")

            assert any("no row of this table can begin with" in one for one in faults(text.replace(old, new)))

    @pytest.mark.parametrize(
        "body", [b"", b"\xff", b"x" * 2_000_000, b"a=" + b"[" * 100_000, b"a=" + b"{a=" * 9_999]
    )
    def test_files_that_are_none(self, tmp_path, body):
        """Empty, no UTF-8, huge, without end; or not there."""
        (tmp_path / "agent.toml").write_bytes(body)
        with pytest.raises(SettingsError, match="E_CONFIG"):
            mapped_adapter(tmp_path / "agent.toml")
        with pytest.raises(SettingsError, match="cannot be read"):
            mapped_adapter(tmp_path / "none.toml")
        with pytest.raises(SettingsError, match="cannot be read"):
            mapped_adapter(tmp_path)

    def test_no_more_is_read_than_a_file_may_have(self, tmp_path):
        """Whatever stands behind it: a device has no end."""
        (tmp_path / "agent.toml").write_bytes(b"x" * 2_000_000)
        with pytest.raises(SettingsError, match="more than 1048576 bytes"):
            mapped_adapter(tmp_path / "agent.toml")


def test_the_schema_is_the_one_that_is_made():
    """After a change of adapters/mapped/model.py: make schemas."""
    committed = (Path(orderloom.__file__).parent / "schema" / "mapping.json").read_text(encoding="utf-8")

    assert json.loads(json.dumps(schema())) == json.loads(committed)


class TestSettings:
    def settings(self, folder, text):
        (folder / "hub.toml").write_text(text, encoding="utf-8")
        return load(folder / "hub.toml", {})

    def test_a_channel_with_a_mapping(self, tmp_path):
        """The file is looked for beside the settings."""
        (tmp_path / "agent.toml").write_text(mapping("csv"), encoding="utf-8")
        found = find_adapters(self.settings(tmp_path, '[channels.agent]\nmapping = "agent.toml"\n'))

        assert "agent" == found.inbound["agent"].channel

    def test_of_another_channel(self, tmp_path):
        """It says which channel it is for."""
        (tmp_path / "agent.toml").write_text(mapping("csv"), encoding="utf-8")
        with pytest.raises(
            SettingsError, match=r"channels\.store\.mapping: the adapter says that it is for 'agent'"
        ):
            find_adapters(self.settings(tmp_path, '[channels.store]\nmapping = "agent.toml"\n'))

    def test_not_both(self, tmp_path):
        """A mapping and an adapter."""
        with pytest.raises(SettingsError, match=r"channels\.agent\.mapping: there is an adapter too"):
            self.settings(tmp_path, '[channels.agent]\nmapping = "agent.toml"\nadapter = "web"\n')

    def test_its_faults_are_those_of_the_settings(self, tmp_path):
        """With those of the other channels."""
        (tmp_path / "agent.toml").write_text(mapping("csv").replace("quantity", "quantty"), encoding="utf-8")
        text = '[channels.agent]\nmapping = "agent.toml"\n[channels.fax]\n'
        with pytest.raises(SettingsError) as refused:
            find_adapters(self.settings(tmp_path, text))

        assert ["agent.toml:29", "channels.fax.adapter:"] == [
            str(one).split()[0] for one in refused.value.faults
        ]


@pytest.mark.parametrize("form", ["csv", "fixed", "json", "xml"])
def test_a_mapped_channel_carries_an_order(form, tmp_path, monkeypatch):
    """Dropped, accepted, acknowledged; and the same message again is the same answer, and no second order."""
    for folder in ("routes", "endpoints"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    (tmp_path / "endpoints" / "agent.one.toml").write_text(
        'id = "agent.one"\nchannel = "agent"\nname = "One"\nout_queue = "channel.agent.one.out"\n', "utf-8"
    )
    (tmp_path / "agent.toml").write_text(mapping(form), encoding="utf-8")
    (tmp_path / "orderloom.toml").write_text('[channels.agent]\nmapping = "agent.toml"\n', encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ORDERLOOM_SYSTEM_OSS_INTERNET_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("ORDERLOOM_RULES", str(tmp_path))
    monkeypatch.setenv("ORDERLOOM_STORE", str(tmp_path / "orderloom.db"))
    body = samples(form)["one-order"]
    with Embedded(load()) as hub:
        hub.broker.publish("drop.agent", "", body, Properties())
        answer = hub.broker.get("channel.agent.one.out", 15.0)
        refused = body.replace(b"HANDSET-A", b"HANDSET-X").replace(b"A-1001", b"A-1003")
        hub.broker.publish("drop.agent", "", refused, Properties())
        second = hub.broker.get("channel.agent.one.out", 15.0)

    assert answer is not None
    assert b"A-1001" in answer.body
    assert b"accepted" in answer.body
    assert second is not None
    assert adapter(form).mapping.format == form


def test_where_a_mapped_channel_may_not_have_a_folder(tmp_path):
    """Files of any length need an adapter of their own; said in a sentence, not at the first file."""
    (tmp_path / "agent.toml").write_text(mapping("csv"), encoding="utf-8")
    text = '[channels.agent]\nmapping = "agent.toml"\nfolder = "drop"\n'
    with pytest.raises(SettingsError, match=r"channels\.agent\.folder: its adapter"):
        wire(TestSettings().settings(tmp_path, text), None)

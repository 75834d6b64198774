from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from canonical.errors import Fault
from orderloom.cli.routes import routes_group
from orderloom.rules import default_folder
from orderloom.settings import SettingsError
from tests.routes.builders import EVERYTHING, PROFILES, texts

PHONE = texts()["routes/samples/phone.json"]


def run(*arguments: str, given: str | None = None) -> tuple[int, str]:
    """Exit code and output of ``routes …``."""
    result = CliRunner().invoke(routes_group(lambda: PROFILES), arguments, input=given)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.output


@pytest.fixture
def folder(tmp_path):
    """A folder with the small rules, as a person would keep them."""
    for name, text in texts(EVERYTHING).items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path


class TestCheck:
    def test_sound_rules_are_counted(self, folder):
        """One line is enough when all is well."""
        code, output = run("check", "--rules", str(folder))

        assert 0 == code
        assert output.startswith("rules r-")
        assert output.endswith(
            ": 1 routes, 1 parts, 1 tests, 4 offerings, 2 endpoints, 0 recommendations, 0 calendars\n"
        )

    def test_faults_are_printed_with_file_line_and_key(self, folder):
        """All of them, and the exit code says so."""
        (folder / "routes/rules-1.toml").write_text(EVERYTHING.replace("why", "wy"))
        code, output = run("check", "--rules", str(folder))

        assert 1 == code
        assert "routes/rules-1.toml:4 route[0].wy: unknown key 'wy'" in output
        assert output.endswith("2 faults; nothing of these rules would be loaded\n")

    def test_the_rules_of_the_installation_are_the_default(self):
        """With their one known gap as a warning."""
        code, output = run("check")

        assert 0 == code
        assert (
            "warning: routes/catalogue/gadgets.toml:7 offering[0].category: no part serves GADGET-Z" in output
        )

    def test_a_folder_without_rules_is_told(self, tmp_path):
        """A wrong folder must not look like sound rules."""
        code, output = run("check", "--rules", str(tmp_path))

        assert 1 == code
        assert "no routes here (a folder that holds routes/ and endpoints/) [E_ROUTES]" in output

    def test_files_that_are_no_text_are_told(self, folder):
        """With their names."""
        (folder / "routes/latin.toml").write_bytes(b"name = '\xfc'")
        code, output = run("check", "--rules", str(folder))

        assert 1 == code
        assert "routes/latin.toml: no UTF-8: byte 8 [E_ROUTES]" in output

    @pytest.mark.parametrize("command", [["check"], ["test"], ["explain", "-"]])
    def test_wrong_settings_are_not_told_as_wrong_rules(self, command):
        """Then the question could not be asked, which the root of the command line answers."""
        fault = Fault(code="E_CONFIG", what="no adapter 'fax' is installed", where="systems.fax")

        def wrong():
            raise SettingsError([fault])

        result = CliRunner().invoke(routes_group(wrong), command, input=PHONE)

        assert isinstance(result.exception, SettingsError)
        assert "" == result.output


class TestTest:
    def test_each_test_has_a_line(self, folder):
        """And the count at the end."""
        assert (0, "ok   everything test 1 (routes/samples/phone.json)\n1 tests, 0 failed\n") == run(
            "test", "--rules", str(folder)
        )

    def test_a_failed_test_is_an_exit_code(self, folder):
        """A build can stop on it."""
        (folder / "routes/samples/phone.json").write_text(PHONE.replace("PHONE", "FONE"))
        code, output = run("test", "--rules", str(folder))

        assert 1 == code
        assert "unknown offering 'FONE'" in output
        assert output.endswith("2 tests, 2 failed\n")


class TestExplain:
    def test_an_order_is_explained(self, folder):
        """From a file."""
        code, output = run("explain", str(folder / "routes/samples/phone.json"), "--rules", str(folder))

        assert 0 == code
        assert "part 1/1 crm: crm, items 1\n" in output

    def test_an_order_may_come_from_standard_input(self, folder):
        """Piped from another tool; with its endpoint."""
        code, output = run(
            "explain", "-", "--endpoint", "partner.acme", "--json", "--rules", str(folder), given=PHONE
        )

        assert 0 == code
        assert ["crm"] == [one["name"] for one in json.loads(output)["parts"]]

    def test_an_order_that_would_be_parked_is_an_exit_code(self):
        """The explanation is still there."""
        sample = default_folder() / "routes/samples/gadget.json"
        code, output = run("explain", str(sample), "--channel", "web")

        assert 1 == code
        assert "no plan: item 10: no part of the plan serves 'GADGET-Z' (add) [E_ITEM_NOT_ROUTED]" in output
        assert "route broadband does not take the order" in output

    @pytest.mark.parametrize(
        ("given", "arguments", "said"),
        [
            pytest.param("{}", [], "[E_TYPE]", id="no order"),
            pytest.param(
                PHONE,
                ["--endpoint", "partner.gone"],
                "unknown endpoint 'partner.gone'",
                id="no such endpoint",
            ),
            pytest.param(
                PHONE,
                ["--channel", "wbe"],
                "channel: unknown channel 'wbe' (partner, web) [E_VALUE]",
                id="no such channel",
            ),
        ],
    )
    def test_what_cannot_be_read_is_one_sentence(self, folder, given, arguments, said):
        """No traceback for a typing mistake."""
        code, output = run("explain", "-", *arguments, "--rules", str(folder), given=given)

        assert 1 == code
        assert said in output
        assert 1 == len(output.splitlines())


def test_a_native_message_is_no_order_to_explain(tmp_path):
    """Whoever tries it with what a channel sends is told what is wanted, and what to use instead."""
    native = tmp_path / "order.json"
    native.write_text('{"@type": "ProductOrder", "productOrderItem": []}')
    code, output = run("explain", str(native), "--channel", "web")

    assert 1 == code
    assert "canonical JSON, as in routes/samples; for a native message `orderloom adapter try`" in output

"""What `orderloom adapter new` writes passes at once; `orderloom adapter check` tells sound from broken."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

from orderloom.adapter_check import adapter_at, check
from orderloom.adapter_new import FORMATS, channels
from orderloom.cli import main
from orderloom.cli.adapter_try import _print
from orderloom.cli.story.scene import story_file
from orderloom.decoding import Known
from orderloom.settings import SettingsError
from tests.docs.pages import ROOT

MAKING = [pytest.param(form, (), id=form) for form in FORMATS]
MAKING += [pytest.param("csv", ("--python",), id="csv in Python")]


def run(*arguments: str):
    return CliRunner().invoke(main, list(map(str, arguments)))


def made(form: str, *options: str, name: str = "agent") -> Path:
    """The file that makes the channel, in a folder below the working folder."""
    ran = run("adapter", "new", name, "--format", form, *options)
    assert 0 == ran.exit_code, ran.output
    *written, following = ran.output.splitlines()
    assert sorted(str(one) for one in Path(name).rglob("*") if one.is_file()) == sorted(written)
    return Path(following.removeprefix("next: orderloom adapter check "))


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    yield tmp_path
    sys.modules.pop("agent", None)


class TestNew:
    @pytest.mark.parametrize(("form", "options"), MAKING)
    def test_its_tests_pass_at_once(self, form, options):
        """As an integrator runs them, in the new folder."""
        file = made(form, *options)
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", "."]
        ran = subprocess.run(
            command, cwd=file.parent, capture_output=True, text=True, timeout=120, check=False
        )
        counted = re.search(r"(\d+) passed", ran.stdout)

        assert 0 == ran.returncode, ran.stdout + ran.stderr
        assert counted is not None
        assert int(counted[1]) > 25

    @pytest.mark.parametrize("form", FORMATS)
    def test_the_check_passes(self, form):
        """With the samples and the sender's profile that were written."""
        file = made(form)
        ran = run("adapter", "check", file)

        assert (0, True) == (ran.exit_code, bool(re.fullmatch(rf"{file}: \d+ checks pass\n", ran.output)))

    def test_nothing_is_written_over(self, place):
        """A folder that is there stays what it is."""
        made("csv")
        before = (place / "agent" / "agent.toml").read_bytes()
        ran = run("adapter", "new", "agent", "--format", "json")

        assert (1, "agent: is there already (a new folder) [E_CONFIG]\n") == (ran.exit_code, ran.output)
        assert before == (place / "agent" / "agent.toml").read_bytes()

    def test_a_channel_that_no_profile_may_name(self, place):
        """Said before anything is written."""
        ran = run("adapter", "new", "fax", "--format", "csv")

        assert (2, f"NAME: unknown channel 'fax' (one of {', '.join(channels())}) [E_CONFIG]\n") == (
            ran.exit_code,
            ran.output,
        )
        assert [] == list(place.iterdir())

    def test_what_is_written_for_python_can_be_installed(self):
        """The entry point names the class that is there, under a name that no other package has."""
        file = made("x12", name="store")
        project = tomllib.loads((file.parent / "pyproject.toml").read_text(encoding="utf-8"))
        [(name, value)] = project["project"]["entry-points"]["orderloom.inbound"].items()

        assert ("own-store", "store:StoreAdapter") == (name, value)
        assert "store" == adapter_at(f"{file}:StoreAdapter").channel

    def test_a_name_that_nobody_has_taken_is_its_own(self):
        """Otherwise it would need a line more in the settings."""
        file = made("x12", name="agent")
        project = tomllib.loads((file.parent / "pyproject.toml").read_text(encoding="utf-8"))

        assert {"agent": "agent:AgentAdapter"} == project["project"]["entry-points"]["orderloom.inbound"]


TRANSLATES = "        yield from self._mapped.translate(native, references)\n"
IMPURE = """
        import time

        time.time()
"""
RAISING = """
        str(native.body, "ascii")
"""
SILENT = """
        if not native.body.endswith(b"\\n"):
            return
"""
COUNTING = """
        self.times = getattr(self, "times", 0) + 1
        return Native(body=str(self.times).encode(), content_type="text/plain", summary="x")
"""
ACKNOWLEDGES = "        return self._mapped.acknowledge(intake, stamp)\n"
ENDLESS = """
        from itertools import count

        from orderloom import Origin, RejectedDocument, Rejected

        origin = Origin(channel="agent", endpoint="agent.one", envelope="1", document_type="ORDER")
        for _ in count():
            yield RejectedDocument(origin=origin, fault=Rejected("E_VALUE", "bad", "here").fault)
"""
THREADED = """
        import _thread

        _thread.start_new_thread(int, ())
"""
PRINTING = """
        import warnings

        warnings.sys.stdout.write("{")
"""
NO_COMMAND = """
        yield 5
"""
BROKEN = {
    "endless": (TRANSLATES, ENDLESS, "TestAdapter"),
    "with threads": (TRANSLATES, THREADED + TRANSLATES, "test_it_touches_nothing"),
    "no commands": (TRANSLATES, NO_COMMAND, "TestAdapter"),
    "impure": (TRANSLATES, IMPURE + TRANSLATES, "test_the_adapter_is_pure"),
    "raising": (TRANSLATES, RAISING + TRANSLATES, "test_bad_bytes_are_refused_in_words"),
    "silent": (TRANSLATES, SILENT + TRANSLATES, "test_a_cut_message_is_refused"),
    "never the same": (ACKNOWLEDGES, COUNTING, "test_an_intake_is_acknowledged_or_not"),
}


class TestCheck:
    @pytest.mark.parametrize("defect", BROKEN)
    def test_a_broken_adapter_fails(self, defect):
        """By the check that is for it."""
        file = made("csv", "--python")
        old, new, name = BROKEN[defect]
        text = file.read_text(encoding="utf-8")
        assert old in text
        file.write_text(text.replace(old, new), encoding="utf-8")
        ran = run("adapter", "check", file)

        assert 1 == ran.exit_code
        assert re.search(rf"(FAILED|ERROR) .*{name}", ran.output)
        assert re.search(r"agent\.py: \d+ of \d+ checks fail \(all pass\) \[E_CONFIG\]\n$", ran.output)

    def test_a_sample_that_is_refused_fails(self):
        """Samples are good messages."""
        file = made("csv")
        sample = file.parent / "samples" / "one-order.csv"
        sample.write_bytes(sample.read_bytes().replace(b"HANDSET-A", b"HANDSET-X"))
        found = check(str(file))

        assert not found.sound
        assert "this one is refused:" in found.report
        assert "line 2 column 36 ITEM at byte 91: unknown offering 'HANDSET-X'" in found.report

    def test_samples_of_which_none_is_good(self):
        """Why, in a sentence of the adapter's own."""
        file = made("csv")
        for sample in (file.parent / "samples").iterdir():
            sample.write_bytes(sample.read_bytes().replace(b"HANDSET-A", b"HANDSET-X"))
        ran = run("adapter", "check", file)

        assert 1 == ran.exit_code
        assert "no sample that holds an order" in ran.output
        assert "line 2 column 36 ITEM at byte 91: unknown offering 'HANDSET-X'" in ran.output

    @pytest.mark.parametrize(
        ("module", "told"),
        [
            ("agent/none.toml", "cannot be read"),
            ("agent/none.py", "cannot be imported"),
            ("no.such.module", "cannot be imported"),
            ("json", "no inbound adapter"),
            ("adapters.inbound.web:Web", "there is adapters.inbound.web:WebAdapter"),
        ],
    )
    def test_what_is_no_adapter(self, module, told):
        """A sentence, and no stack of a program that failed."""
        made("csv")
        ran = run("adapter", "check", module)

        assert 2 == ran.exit_code
        assert told in ran.output
        assert ran.output.endswith("[E_CONFIG]\n")

    @pytest.mark.parametrize(
        ("beginning", "told"),
        [
            ("class Agent", "cannot be imported: SyntaxError"),
            ("raise ValueError('no licence')", "cannot be imported: ValueError: no licence"),
            ("raise SystemExit(0)", "cannot be imported: SystemExit: 0"),
        ],
    )
    def test_what_fails_before_it_is_an_adapter(self, beginning, told):
        """Whatever it raises, nobody takes its end for a success."""
        file = made("csv", "--python")
        text = file.read_text("utf-8").replace("\nclass ", f"\n{beginning}\n\n\nclass ")
        file.write_text(text, encoding="utf-8")
        ran = run("adapter", "check", file)

        assert (2, True) == (ran.exit_code, ran.output.startswith(f"{file}: {told}")), ran.output

    def test_a_class_that_cannot_be_made(self):
        """Nor this."""
        file = made("csv", "--python")
        text = file.read_text("utf-8").replace(
            "self._mapped =", "raise SystemExit(0)\n        self._mapped ="
        )
        file.write_text(text, encoding="utf-8")
        ran = run("adapter", "check", file)

        assert (2, f"{file}: cannot be made: SystemExit: 0 (a class without arguments) [E_CONFIG]\n") == (
            ran.exit_code,
            ran.output,
        )

    def test_a_file_called_like_something_else(self):
        """It is not the other that is checked."""
        file = made("csv", "--python")
        other = file.rename(file.with_name("json.py"))
        ran = run("adapter", "check", other)

        assert 2 == ran.exit_code
        assert "there is another module of that name" in ran.output

    def test_what_an_adapter_prints_is_not_taken_for_an_answer(self):
        """The suite says that it prints, and nothing else fails because of it."""
        file = made("csv", "--python")
        file.write_text(file.read_text("utf-8").replace(TRANSLATES, PRINTING + TRANSLATES), encoding="utf-8")
        found = check(str(file))

        assert (0, True) == (found.failed, found.passed > 25), found.report

    @pytest.mark.parametrize(("rows", "sound"), [(1, True), (2, False)])
    def test_a_table_without_a_trailer(self, rows, sound):
        """It may lose an order at its end and nobody can tell, but never a part of one."""
        file = made("csv")
        text = file.read_text("utf-8").replace('trailer = { word = "END", count = 2 }\n', "")
        file.write_text(text, encoding="utf-8")
        (file.parent / "samples" / "two-orders.csv").unlink()
        sample = file.parent / "samples" / "one-order.csv"
        head, row, _ = sample.read_bytes().splitlines(keepends=True)
        more = [row.replace(b";1;HANDSET", b";%d;HANDSET" % number) for number in range(1, rows + 1)]
        sample.write_bytes(head + b"".join(more))
        found = check(str(file))

        assert sound == found.sound, found.report
        assert sound or "and half of one taken" in found.report

    @pytest.mark.parametrize("name", ["kiosk", "web"])
    def test_a_channel_that_ships_too(self, name):
        """Its own senders beside it are all that there are, so that its message need not tell which."""
        file = made("xml", name=name)

        assert check(str(file)).sound

    def test_a_fault_of_the_mapping_is_told_with_its_line(self):
        """And no test is run."""
        file = made("csv")
        file.write_text(file.read_text("utf-8").replace("quantity", "quantty"), encoding="utf-8")
        ran = run("adapter", "check", file)

        assert 2 == ran.exit_code
        assert ran.output.startswith("agent.toml:29 line.quantty: unknown key 'quantty'")

    def test_without_samples(self):
        """There is nothing to prove it on."""
        file = made("csv")
        for sample in (file.parent / "samples").iterdir():
            sample.unlink()

        assert "no samples (good messages, one a file (--samples))" in run("adapter", "check", file).output

    def test_without_pytest(self, monkeypatch):
        """What to install is in the sentence."""
        file = made("csv")
        found = importlib.util.find_spec
        monkeypatch.setattr(
            importlib.util, "find_spec", lambda name: None if name == "pytest" else found(name)
        )
        with pytest.raises(SettingsError, match=r"the suite needs pytest, .*orderloom\[kit\]"):
            check(str(file))

    def test_a_file_of_suites_is_run_as_it_is(self, place):
        """Systems are checked so: their instructions stand in the test."""
        made("json")
        suite = place / "agent" / "test_agent.py"

        assert check(str(suite)).passed > 25


def tried(channel: str, file: str):
    """In a process of its own: a hub sets up the logging of the process that it is in."""
    return subprocess.run(
        [sys.executable, "-m", "orderloom", "adapter", "try", channel, file],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )


class TestTry:
    @pytest.fixture(autouse=True)
    def hub(self, place):
        """Settings and rules of a hub with the new channel, whose sender has no profile yet."""
        for name in ("routes", "endpoints"):
            shutil.copytree(ROOT / name, place / name)
        made("json")
        settings = '[channels.agent]\nmapping = "agent/agent.toml"\n[rules]\nfolder = "."\n'
        (place / "orderloom.toml").write_text(settings, encoding="utf-8")

    def test_an_order_to_its_end(self, place):
        """All that its sender is told, and how it ended; nothing is left on disk."""
        shutil.copy(place / "agent" / "endpoints" / "agent.one.toml", place / "endpoints")
        before = sorted(place.rglob("*"))
        ran = tried("agent", "agent/samples/one-order.json")
        told = [line.split("  ")[1].split()[0] for line in ran.stdout.splitlines() if line.startswith("<-")]

        assert (0, "acknowledgement", "ended") == (ran.returncode, told[0], told[-1]), ran.stdout
        assert re.search(r"^A-1001  OL\w{16}  completed  3/3 lines done$", ran.stdout, re.MULTILINE)
        assert before == sorted(place.rglob("*"))

    def test_an_order_for_later(self, place):
        """It waits for its day, and who tries it does not; told or not, it is there."""
        shutil.copy(place / "agent" / "endpoints" / "agent.one.toml", place / "endpoints")
        mapping = (
            (place / "agent" / "agent.toml").read_text("utf-8").replace("requested =", "requested_start =")
        )
        (place / "agent" / "agent.toml").write_text(mapping.partition("[answer]")[0], encoding="utf-8")
        sample = place / "agent" / "samples" / "one-order.json"
        sample.write_bytes(sample.read_bytes().replace(b"2026-12-24", b"2199-12-24"))
        ran = tried("agent", "agent/samples/one-order.json")
        said = r"^A-1001  OL\w{16}  acknowledged  0/3 lines done, which begin at 2199-12-23 23:00:00Z$"

        assert 0 == ran.returncode, ran.stdout
        assert re.search(said, ran.stdout, re.MULTILINE)
        assert "<-" not in ran.stdout

    def test_a_refused_order(self, place):
        """Its sender is told why, and the answer is no."""
        shutil.copy(place / "agent" / "endpoints" / "agent.one.toml", place / "endpoints")
        sample = place / "agent" / "samples" / "one-order.json"
        sample.write_bytes(sample.read_bytes().replace(b"HANDSET-A", b"HANDSET-X"))
        ran = tried("agent", "agent/samples/one-order.json")

        assert 1 == ran.returncode, ran.stdout
        assert "unknown offering 'HANDSET-X'" in ran.stdout

    def test_answers_that_are_no_text(self, place):
        """Of records in EBCDIC the fields are shown, by the sender's layouts and code page."""
        (place / "orderloom.toml").write_text('[rules]\nfolder = "."\n', encoding="utf-8")
        (place / "cards.bin").write_bytes(story_file("printco-batch.ebcdic"))
        ran = tried("directmail", "cards.bin")

        assert 1 == ran.returncode, ran.stdout
        assert re.search(r"^ +\d+  VERDICT .* A$", ran.stdout, re.MULTILINE), ran.stdout
        assert re.search(r"^ +\d+  VERDICT .* R$", ran.stdout, re.MULTILINE), ran.stdout

    def test_what_nobody_can_be_told(self):
        """A message of an unknown sender is parked, and why is said."""
        ran = tried("agent", "agent/samples/one-order.json")

        assert 1 == ran.returncode
        assert (
            "$: the message does not tell its sender "
            "(one endpoint on channel agent (there are none), or message.sender) [E_IDENTITY]" in ran.stdout
        )

    def test_an_unknown_channel(self):
        """Named with those that there are."""
        ran = tried("fax", "agent/samples/one-order.json")

        assert (2, "CHANNEL: unknown channel 'fax' (of agent) [E_CONFIG]\n") == (ran.returncode, ran.stdout)


def test_an_answer_moves_no_cursor(capsys):
    """Whatever an adapter makes of what a stranger wrote, it is text on this screen."""
    _print(
        "channel.agent.out",
        {"summary": "a\x1b[2J"},
        "x\N{RIGHT-TO-LEFT OVERRIDE}y\x1b[31m\tz\r\n".encode(),
        Known(),
    )

    told = "<- channel.agent.out  a\\x1b[2J\n   x\\u202ey\\x1b[31m"
    assert capsys.readouterr().out.startswith(told)

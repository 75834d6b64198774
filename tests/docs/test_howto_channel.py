"""
docs/howto-channel.md is typed from the first command to the last, and prints what it says.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib

import pytest

from orderloom.mappings import schema
from tests.docs.pages import ROOT, page

PAGE = page("docs/howto-channel.md")
FILE = re.compile(r"<!-- file: (\S+) -->\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SESSIONS = re.split(
    r"^\$ (.*)\n", "".join(one.body for one in PAGE.fences if one.language == "console"), flags=re.MULTILINE
)
# Clock times and days differ from run to run; nothing else may.
CLOCK = re.compile(r"\d\d\.\d\d\.\d{4} \d\d:\d\d")


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A folder with the shipped rules, and the settings that the page has."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("routes", "endpoints"):
        shutil.copytree(ROOT / name, folder / name)
    for name, text in FILE.findall(PAGE.text):
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def typed(command: str, folder) -> str:
    """What a command prints, on standard output and on standard error."""
    words = shlex.split(command)
    if words[0] == "orderloom":
        command = shlex.join([sys.executable, "-m", *words])
    ran = subprocess.run(  # noqa: S602 - the commands of our own page
        command,
        shell=True,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=120,
        check=False,
    )
    return ran.stdout.decode().replace("\r\n", "\n")


def pattern(said: str) -> re.Pattern[str]:
    """``...`` alone on a line stands for any lines, within one for a hash."""
    whole = re.escape(CLOCK.sub("CLOCK", said)).replace(re.escape("...\n"), r"(?:.*\n)*")
    return re.compile(whole.replace(re.escape("..."), r"[0-9a-f]+"))


def test_every_command_prints_what_the_page_says(checkout):
    """
    In the order of the page, in one folder.
    """
    commands = list(zip(SESSIONS[1::2], SESSIONS[2::2], strict=True))

    assert len(commands) > 8
    for command, said in commands:
        printed = CLOCK.sub("CLOCK", typed(command, checkout))
        assert pattern(said).fullmatch(printed), (command, printed)


def test_the_excerpt_is_of_a_mapping():
    """
    Every key that it shows is one that a mapping may have.
    """
    [excerpt] = [one.body for one in PAGE.fences if one.language == "toml" and "[line]" in one.body]
    types = schema()["$defs"]
    for table, name in (("csv", "CsvShape"), ("order", "OrderMap"), ("line", "LineMap")):
        assert set() == set(tomllib.loads(excerpt)[table]) - set(types[name]["properties"])

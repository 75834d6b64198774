"""
What a conformance suite needs beside an adapter: the adapter made, references that name its senders, samples.

For tests that stand beside an adapter or a mapping file, and for ``orderloom adapter check``.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType

from adapters.kit.bounds import bounded
from adapters.kit.contract import InboundAdapter, Native
from canonical.commands import Command, RejectedDocument
from canonical.errors import Fault, Rejected
from canonical.keys import content_hash
from canonical.references import References
from routes.rules import read

from .adapters_found import NotMadeError, made, profiles
from .mappings import mapped_adapter
from .rules import default_folder, read_folder
from .settings import SettingsError

__all__ = [
    "Found",
    "adapter_at",
    "check",
    "folder_of",
    "is_open_ended",
    "number_in",
    "references_beside",
    "samples_in",
]

# Seconds; the suite of a large adapter with a dozen samples takes one minute on a slow machine.
_PATIENCE = 900

# Digits are the same in every EBCDIC page.
_PAGES = ("utf-8", "cp037")

_SUITE = """\
from pathlib import Path

from adapters.kit.conformance import InboundConformance
from orderloom.adapter_check import adapter_at, is_open_ended, number_in, references_beside, samples_in


class TestAdapter(InboundConformance):
    adapter = adapter_at({module!r})
    references = references_beside(Path({folder!r}), {rules})
    samples = samples_in(Path({samples!r}))
    number = number_in(adapter, references, samples)
    open_ended = is_open_ended(adapter)
"""
_COUNTED = re.compile(r"\b(\d+) (passed|failed|errors?)")


@dataclass(frozen=True, slots=True)
class Found:
    """
    What the suite found.

    Args:
        report: What pytest printed, for people.
    """

    passed: int
    failed: int
    report: str

    @property
    def sound(self) -> bool:
        """Whether the adapter holds the contract."""
        return self.passed > 0 and not self.failed


def check(module: str, samples: Path | None = None, rules: Path | None = None) -> Found:
    """
    Run the conformance suite on an adapter, in a process of its own.

    Args:
        module: As for :func:`adapter_at`; or a file ``test_….py`` with suites of its own, as systems need:
            their instructions nobody can guess.
        samples: Folder with good messages; None: ``samples`` beside the module.
        rules: Folder with catalogue and endpoints; None: what ships.

    Raises:
        SettingsError: pytest is not installed, or there is no such adapter.
    """
    if importlib.util.find_spec("pytest") is None:
        allowed = "pip install pytest, or orderloom with its extra orderloom[kit]"
        raise SettingsError([_fault("", "the suite needs pytest, which is not installed", allowed)])
    with TemporaryDirectory(prefix="orderloom-check-") as place:
        if Path(module).name.startswith("test_") and module.endswith(".py"):
            suite = Path(module).resolve()
        else:
            suite = Path(place) / "test_adapter.py"
            suite.write_text(_suite(module, samples, rules), encoding="utf-8")
        return _ran(suite, Path(place))


def _suite(module: str, samples: Path | None, rules: Path | None) -> str:
    adapter_at(module)  # what cannot be made is told in a sentence, not by a failing test
    folder = folder_of(module)
    chosen = (samples or folder / "samples").resolve()
    samples_in(chosen)
    name, colon, wanted = module.partition(":")
    absolute = str(Path(name).resolve()) if name.endswith((".toml", ".py")) else name
    at = f"Path({str(rules.resolve())!r})" if rules else None
    return _SUITE.format(module=absolute + colon + wanted, folder=str(folder), samples=str(chosen), rules=at)


def _ran(suite: Path, place: Path) -> Found:
    options = ["-q", "--tb=short", "--no-header", "-p", "no:cacheprovider", "--rootdir", str(suite.parent)]
    command = [sys.executable, "-m", "pytest", *options, "-c", os.devnull, str(suite)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        ran = subprocess.run(  # noqa: S603 - our own interpreter, the suite of whoever called
            command,
            cwd=place if suite.is_relative_to(place) else suite.parent,
            env=environment,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Found(0, 1, f"the suite did not end within {_PATIENCE} seconds")
    counted = {name.rstrip("s"): int(number) for number, name in _COUNTED.findall(ran.stdout[-200:])}
    failed = counted.get("failed", 0) + counted.get("error", 0)
    broken = ran.returncode != 0 and not failed
    return Found(counted.get("passed", 0), failed + broken, ran.stdout + ran.stderr)


def adapter_at(module: str) -> InboundAdapter:
    """
    The adapter that ``module`` names.

    Args:
        module: A mapping file (``agent.toml``), a Python file (``kiosk.py``) or a module; the last two
            with ``:Class``, unless it has but one class that is an adapter.

    Raises:
        SettingsError: There is none, or it cannot be made.
    """
    name, _, wanted = module.partition(":")
    if name.endswith(".toml"):
        return mapped_adapter(Path(name))
    if name.endswith(".py"):
        folder = str(Path(name).resolve().parent)
        if folder not in sys.path:
            sys.path.insert(0, folder)
        name = Path(name).stem
    loaded = _imported(name, module)
    own = [
        one
        for one in vars(loaded).values()
        if isinstance(one, type) and not getattr(one, "_is_protocol", False) and _is_adapter(one)
    ]
    chosen = [one for one in own if one.__name__ == wanted] if wanted else list(dict.fromkeys(own))
    if len(chosen) != 1:
        there = ", ".join(f"{name}:{one.__name__}" for one in own) or "none"
        what = f"{len(chosen)} inbound adapters" if chosen else "no inbound adapter"
        raise SettingsError([_fault(module, what, f"one with channel, translate…; there is {there}")])
    try:
        found = made(chosen[0])
    except NotMadeError as error:
        fault = _fault(module, f"cannot be made: {error}", "a class without arguments")
        raise SettingsError([fault]) from None
    if not isinstance(found, InboundAdapter):
        raise SettingsError([_fault(module, "lacks members of InboundAdapter", "docs/adapters.md")])
    return found


def _imported(name: str, module: str) -> ModuleType:
    """The module ``name``, which is that of a file, if ``module`` says one, and of no other."""
    try:
        loaded = made(lambda: importlib.import_module(name))
    except NotMadeError as error:
        raise SettingsError([_fault(module, f"cannot be imported: {error}", "a module or a file")]) from None
    file = module.partition(":")[0]
    if file.endswith(".py") and Path(loaded.__file__ or "").resolve() != Path(file).resolve():
        what = f"there is another module of that name, {loaded.__file__ or 'built in'}"
        raise SettingsError([_fault(module, what, "a file with a name of its own")])
    return loaded


def folder_of(module: str) -> Path:
    """Where the file of ``module`` stands: its samples and profiles are looked for beside it."""
    name = module.partition(":")[0]
    if name.endswith((".toml", ".py")):
        return Path(name).resolve().parent
    found = importlib.import_module(name).__file__
    return Path(found).resolve().parent if found else Path.cwd()


def references_beside(folder: Path, rules: Path | None = None) -> References:
    """
    The catalogue of ``rules`` (None: what ships) with its endpoints, and those of ``folder/endpoints``, which
    are then the only ones of their channel: the adapter beside them need not tell them from others'.

    Raises:
        RulesError: Something in them is wrong.
    """
    beside = {
        f"endpoints/{file.name}": file.read_text(encoding="utf-8")
        for file in sorted((folder / "endpoints").glob("*.toml"))
    }
    found = read({**read_folder(rules or default_folder()), **beside}, profiles()).references
    own = {tomllib.loads(text)["id"] for text in beside.values()}
    channels = {found.endpoints[one].channel for one in own}
    kept = [one for one in found.endpoints.values() if one.id in own or one.channel not in channels]
    return References.of(found.version, found.offerings.values(), kept)


def number_in(adapter: InboundAdapter, references: References, samples: Mapping[str, bytes]) -> bytes:
    """
    The control number of the first sample as it stands in it: what its envelope key is, or ends with behind a
    slash.  Empty when the format has none, or none that can be found so.
    """
    first = next(iter(samples.values()))
    native = Native(body=first, content_type="")
    try:
        command = next(bounded(lambda: adapter.translate(native, references), 1), None)
    except Rejected:
        return b""  # the suite says what is wrong with it
    envelope = command.origin.envelope if isinstance(command, Command | RejectedDocument) else ""
    if envelope in {"", content_hash(first)}:
        return b""
    written = (
        part.encode(page, "replace") for part in (envelope, envelope.rpartition("/")[2]) for page in _PAGES
    )
    return next((one for one in written if one and one in first), b"")


def is_open_ended(adapter: InboundAdapter) -> bool:
    """Whether its format has neither an end nor a count, as it says itself by ``open_ended``."""
    return bool(getattr(adapter, "open_ended", False))


def samples_in(folder: Path) -> Mapping[str, bytes]:
    """
    The files of ``folder``, by name.

    Raises:
        SettingsError: There are none.
    """
    found = {file.name: file.read_bytes() for file in sorted(folder.glob("*")) if file.is_file()}
    if not found:
        raise SettingsError([_fault(str(folder), "no samples", "good messages, one a file (--samples)")])
    return found


def _is_adapter(one: type) -> bool:
    return all(hasattr(one, name) for name in ("translate", "acknowledge", "render", "channel"))


def _fault(where: str, what: str, allowed: str) -> Fault:
    return Fault(code="E_CONFIG", what=what, where=where, allowed=allowed)

"""
A new channel's files, from what ships in ``orderloom/scaffold``: mapping or adapter, profile, samples, tests.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import entry_points
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template

__all__ = ["FORMATS", "NewChannel", "channels"]

FORMATS = ("x12", "fixed", "xml", "json", "csv")
# Formats for which there is no mapping.
_PYTHON_ONLY = frozenset({"x12"})


def channels() -> tuple[str, ...]:
    """The kinds of place that orders come from: what a sender's profile may name."""
    schema = json.loads(files("routes").joinpath("schema/endpoint.json").read_text("utf-8"))
    return tuple(schema["properties"]["channel"]["enum"])


@dataclass(frozen=True, slots=True)
class NewChannel:
    """
    What is to be written.

    Args:
        python: A class, even where a mapping is enough.
    """

    name: str
    format: str
    python: bool = False

    @property
    def file(self) -> str:
        """The file that makes the channel: ``agent.toml`` or ``agent.py``."""
        return f"{self.name}.py" if self._programmed else f"{self.name}.toml"

    def write(self, folder: Path) -> Iterator[Path]:
        """
        Write the files into ``folder``, which may not be there yet; each is given when it is written.

        Raises:
            FileExistsError: It is there.
        """
        made = dict(self._files())
        folder.mkdir(parents=True)
        for name, body in made.items():
            file = folder / name
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(body)
            yield file

    @property
    def _programmed(self) -> bool:
        return self.python or self.format in _PYTHON_ONLY

    def _files(self) -> Iterator[tuple[str, bytes]]:
        shipped = files("orderloom").joinpath("scaffold")
        words = self._words(shipped)
        own = shipped.joinpath(self.format)
        if not self._programmed:
            yield self.file, words["mapping"].encode()
        else:
            place = own if self.format in _PYTHON_ONLY else shipped.joinpath("python")
            yield self.file, _filled(place.joinpath("adapter.py.txt"), words)
            yield "pyproject.toml", _filled(shipped.joinpath("python/pyproject.toml.txt"), words)
        yield f"endpoints/{self.name}.one.toml", _filled(shipped.joinpath("all/endpoint.toml.txt"), words)
        for sample in sorted(own.joinpath("samples").iterdir(), key=lambda one: one.name):
            yield f"samples/{sample.name}", sample.read_bytes()
        yield f"test_{self.name}.py", _filled(shipped.joinpath("all/test.py.txt"), words)

    def _words(self, shipped: Traversable) -> Mapping[str, str]:
        taken = self.name in entry_points(group="orderloom.inbound").names
        entry = f"own-{self.name}" if taken else self.name
        words = {
            "name": self.name,
            "module": self.name,
            "entry": entry,
            "setting": "" if entry == self.name else f'  adapter = "{entry}"',
            "class_name": self.name.capitalize(),
            "file": self.file,
            "format": self.format,
            "sample": next(
                one.name
                for one in shipped.joinpath(self.format, "samples").iterdir()
                if one.name.startswith("one-order")
            ),
        }
        mapping = shipped.joinpath(self.format, "mapping.toml")
        if self.format not in _PYTHON_ONLY:
            words["mapping"] = _filled(mapping, words).decode()
        return words


def _filled(template: Traversable, words: Mapping[str, str]) -> bytes:
    return Template(template.read_text(encoding="utf-8")).substitute(words).encode()

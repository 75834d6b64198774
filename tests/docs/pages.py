"""
The Markdown pages of the repository, and what stands in them: fences, spans of code, links, anchors.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from textwrap import dedent

__all__ = ["ROOT", "Fence", "Page", "page", "pages"]

ROOT = Path(__file__).resolve().parents[2]

_FENCE = re.compile(
    r"^(?P<mark> *```+)(?P<language>[\w-]*)\n(?P<body>.*?)^(?P=mark)$", re.MULTILINE | re.DOTALL
)
_SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_LINK = re.compile(r"\[[^\]]*\]\((?P<to>[^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} +(.+?) *$", re.MULTILINE)
_ANCHOR = re.compile(r'<a id="([^"]+)"></a>')


@dataclass(frozen=True, slots=True)
class Fence:
    """One fenced block: its language, its text, the line it begins on."""

    language: str
    body: str
    line: int


@dataclass(frozen=True)
class Page:
    """One page by its name, relative to the checkout."""

    name: str

    @cached_property
    def text(self) -> str:
        """All of it."""
        return (ROOT / self.name).read_text(encoding="utf-8")

    @cached_property
    def fences(self) -> tuple[Fence, ...]:
        """Its fenced blocks, in order."""
        return tuple(
            Fence(one["language"], dedent(one["body"]), self.text.count("\n", 0, one.start()) + 1)
            for one in _FENCE.finditer(self.text)
        )

    @cached_property
    def prose(self) -> str:
        """The text without its fenced blocks."""
        return _FENCE.sub("", self.text)

    @cached_property
    def spans(self) -> tuple[str, ...]:
        """What stands between single backquotes in the prose."""
        return tuple(_SPAN.findall(self.prose))

    @cached_property
    def links(self) -> tuple[str, ...]:
        """Where it leads to within the repository: paths and anchors as they are written."""
        found = (one["to"] for one in _LINK.finditer(_SPAN.sub("", self.prose)))
        return tuple(to for to in found if not re.match(r"[a-z]+:", to))

    @cached_property
    def anchors(self) -> frozenset[str]:
        """What a link may name behind ``#``: explicit anchors, and headings as GitHub spells them."""
        slugs: dict[str, int] = {}
        for heading in _HEADING.findall(self.prose):
            slug = _slug(heading)
            slugs[slug] = slugs.get(slug, -1) + 1
        numbered = (slug if not n else f"{slug}-{n}" for slug, most in slugs.items() for n in range(most + 1))
        return frozenset((*numbered, *_ANCHOR.findall(self.text)))

    def commands(self) -> Iterator[str]:
        """The command lines of its console and sh blocks, without the prompt; continued lines are one."""
        for fence in self.fences:
            if fence.language in ("console", "sh"):
                for line in fence.body.replace("\\\n", " ").splitlines():
                    if fence.language == "sh" or line.startswith("$ "):
                        yield line.removeprefix("$ ").strip()


def _slug(heading: str) -> str:
    """Lower case, blanks to hyphens, everything else but letters, digits, hyphens and underscores dropped."""
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")


@cache
def page(name: str) -> Page:
    """One page."""
    return Page(name)


@cache
def pages() -> tuple[Page, ...]:
    """Every page that is tracked, or will be."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", "*.md"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    names = sorted(set(listed.stdout.decode().split("\0")) - {""})
    return tuple(page(name) for name in names if (ROOT / name).is_file())

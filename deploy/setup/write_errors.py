"""
Write docs/errors.md: ``make errors``, after adding a code, or saying one where it was not said before.

Meanings come from ``canonical.errors.CODES``, who says a code from the sources; what to do about it stands in
``errors.toml`` beside this file.
"""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from canonical.errors import CODES

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PAGE = ROOT / "docs" / "errors.md"

_SHIPPED = ("adapters", "broker", "canonical", "orderloom", "routes")
_CODE = re.compile(r"[EW]_[A-Z0-9_]+")
_RESERVED = "nothing in this version"

# Who says it, by the beginning of the file's name; the first that fits.  None: lists or translates codes.
_PLACES: tuple[tuple[str, str | None], ...] = (
    ("adapters/formats/x12_ack.py", None),
    ("adapters/inbound/web/writer.py", None),
    ("adapters/kit/verbs.py", "any system"),
    ("adapters/kit/", None),
    ("canonical/errors.py", None),
    ("orderloom/cli/fallout_advice.py", None),
    ("orderloom/cli/story/", None),
    ("orderloom/reports/", None),
    ("orderloom/simulators/", None),
    ("adapters/formats/json_", "JSON"),
    ("adapters/formats/x12", "X12"),
    ("adapters/formats/soap", "SOAP"),
    ("adapters/formats/xml_", "XML"),
    ("adapters/formats/fixed", "fixed width"),
    ("adapters/formats/mml", "MML"),
    ("adapters/formats/csv", "CSV"),
    ("adapters/formats/", "any format"),
    ("adapters/mapped/", "mapped channels"),
    ("adapters/inbound/web", "channel `web`"),
    ("adapters/inbound/partner", "channel `partner`"),
    ("adapters/inbound/directmail", "channel `directmail`"),
    ("adapters/inbound/callcenter", "channel `callcenter`"),
    ("adapters/inbound/store", "channel `store`"),
    ("adapters/inbound/kiosk", "channel `kiosk`"),
    ("adapters/outbound/crm", "system `crm`"),
    ("adapters/outbound/warehouse", "system `warehouse`"),
    ("adapters/outbound/oss_internet", "system `oss.internet`"),
    ("adapters/outbound/billing", "system `billing`"),
    ("adapters/outbound/oss_mobile", "system `oss.mobile`"),
    ("canonical/calendars.py", "rules"),
    ("canonical/ponr.py", "rules"),
    ("canonical/zones.py", "any format"),
    ("canonical/references.py", "catalogue"),
    ("routes/catalogue.py", "catalogue"),
    ("routes/trial.py", "`routes explain`"),
    ("routes/", "rules"),
    ("orderloom/rules.py", "rules"),
    ("orderloom/correlation/fallout.py", "command line"),
    ("orderloom/correlation/", "replies"),
    ("orderloom/engine/calling.py", "calls"),
    ("orderloom/engine/", "engine"),
    ("orderloom/calls.py", "calls"),
    ("orderloom/http_", "calls"),
    ("orderloom/folders/", "drop folders"),
    ("orderloom/listener.py", "listener"),
    ("orderloom/settings", "settings"),
    ("orderloom/adapters_found.py", "settings"),
    ("orderloom/mappings.py", "settings"),
    ("orderloom/acts.py", "command line"),
    ("orderloom/adapter_check.py", "command line"),
    ("orderloom/adapter_new.py", "command line"),
    ("orderloom/decoding.py", "command line"),
    ("orderloom/wiring.py", "settings"),
    ("orderloom/adapter_", "adapters on their own"),
    ("orderloom/clock.py", "clock"),
    ("orderloom/identity.py", "worker"),
    ("orderloom/running.py", "worker"),
    ("orderloom/cli/", "command line"),
)


def said_by() -> Mapping[str, tuple[str, ...]]:
    """Each code that shipped code says, with the places that say it, in the order of ``_PLACES``."""
    found: dict[str, set[str]] = {}
    for name in _tracked():
        place = _place(name)
        for code in _literals(ROOT / name) if place else ():
            found.setdefault(code, set()).add(place or "")
    order = list(dict.fromkeys(name for _, name in _PLACES))
    return {code: tuple(sorted(places, key=order.index)) for code, places in found.items()}


def page() -> str:
    """
    The text of docs/errors.md.

    Raises:
        ValueError: A code without advice, twice advised, or advice for no code.
    """
    written = tomllib.loads((HERE / "errors.toml").read_text(encoding="utf-8"))
    advised = [code for group in written["group"] for code in group["advice"]]
    if sorted(advised) != sorted(CODES):
        odd = sorted(set(advised) ^ set(CODES)) or "a code stands twice"
        raise ValueError(f"deploy/setup/errors.toml: {odd}")
    return "\n".join((written["intro"], *_sections(written["group"]))).rstrip("\n") + "\n"


def _sections(groups: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    said = said_by()
    for group in groups:
        yield f"## {group['title']}\n"
        yield "| code | meaning | said by | what to do |\n| --- | --- | --- | --- |"
        for code, todo in group["advice"].items():
            places = ", ".join(said.get(code, ())) or _RESERVED
            yield f'| <a id="{code}"></a>`{code}` | {CODES[code]} | {places} | {todo} |'
        yield ""


def _tracked() -> list[str]:
    """Of the checkout only: what somebody is still writing is explained when it comes in."""
    command = ["git", "ls-files", "-z", "--", *(f"{folder}/*.py" for folder in _SHIPPED)]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout.decode()
    return sorted(name for name in listed.split("\0") if name and (ROOT / name).is_file())


def _place(name: str) -> str | None:
    for beginning, place in _PLACES:
        if name.startswith(beginning):
            return place
    return None


def _literals(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _CODE.fullmatch(node.value):
            yield node.value


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()

"""
Write canonical/schema/*.json from the canonical types, and orderloom/schema/mapping.json from those of
mapping files: ``make schemas``, after changing one of them.
"""

from __future__ import annotations

import json
from pathlib import Path

from canonical.schemas import schemas
from orderloom.mappings import schema

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "canonical" / "schema"
MAPPING = ROOT / "orderloom" / "schema" / "mapping.json"


def main() -> None:
    """Write every file, and remove those that no type stands behind any more."""
    made = schemas()
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.json"):
        if old.name not in made:
            old.unlink()
    for name, made_of in made.items():
        _write(FOLDER / name, made_of)
    _write(MAPPING, schema())


def _write(file: Path, made: object) -> None:
    file.write_text(json.dumps(made, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

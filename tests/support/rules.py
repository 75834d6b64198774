"""
The shipped rules in a folder of a test's own, which it may change.
"""

from __future__ import annotations

from pathlib import Path

from orderloom.rules import default_folder, read_folder

__all__ = ["copy_rules"]


def copy_rules(folder: Path) -> None:
    """Every rule file that is shipped, whichever kinds there are."""
    for name, text in read_folder(default_folder()).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")

"""``python -m orderloom``."""

from __future__ import annotations

from orderloom.cli import main

if __name__ == "__main__":
    main(prog_name="orderloom")

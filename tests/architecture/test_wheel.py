"""
What is installed from a wheel is what is in the checkout: schemas, routes and migrations too.
"""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ("adapters", "broker", "canonical", "orderloom", "routes")


def test_the_wheel_holds_every_file_of_the_five_packages_and_nothing_else(tmp_path):
    """A schema, a route or a migration left behind would be missed only in production."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *SHIPPED],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    expected = {name for name in listed.stdout.decode().split("\0") if name and (ROOT / name).is_file()}

    [wheel] = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])

    with zipfile.ZipFile(wheel) as archive:
        assert expected == {name for name in archive.namelist() if ".dist-info/" not in name}

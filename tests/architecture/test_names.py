"""
Four import names at the top are generic and exist on public indexes: ours must be the ones that are found.
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import distribution, entry_points, packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECT = "orderloom"
NAMES = ("adapters", "broker", "canonical", "orderloom", "routes")


@pytest.mark.parametrize("name", NAMES)
def test_no_other_distribution_claims_our_import_name(name):
    """Another installed distribution with this import name would shadow ours."""
    assert set() == set(packages_distributions().get(name, [])) - {PROJECT}


@pytest.mark.parametrize("name", NAMES)
def test_each_package_is_imported_from_this_checkout(name):
    """What the tests import is what is edited here."""
    file = import_module(name).__file__

    assert file is not None
    assert Path(file).resolve().is_relative_to(ROOT)


@pytest.mark.parametrize("name", NAMES)
def test_each_package_says_that_it_is_typed(name):
    """Integrators' type checkers read our annotations only where `py.typed` lies."""
    assert (ROOT / name / "py.typed").is_file()


@pytest.mark.parametrize("side", ["inbound", "outbound"])
def test_every_shipped_adapter_is_found_by_its_entry_point(side):
    """An adapter that the wiring cannot load is no adapter."""
    found = entry_points(group=f"orderloom.{side}")

    assert found.names
    for one in found:
        assert callable(one.load()), one


def test_the_project_can_never_be_published():
    """Indexes refuse this classifier: four generic names must not be claimed for everybody."""
    assert "Private :: Do Not Upload" in distribution(PROJECT).metadata.get_all("Classifier")

"""A place in which the command line runs."""

from __future__ import annotations

import pytest

from orderloom.correlation.port import Changes
from tests.cli.hub import ORDER_B, PO, Place, journal, parked_changes, record


@pytest.fixture
def place(tmp_path, monkeypatch) -> Place:
    """An empty store, and no setting of the machine's."""
    monkeypatch.chdir(tmp_path)
    here = Place(tmp_path)
    here.write(Changes())
    return here


@pytest.fixture
def two_orders(place) -> Place:
    """One order of each of two partners, under the same number."""
    place.write(
        Changes(
            records=[(None, record()), (None, record(ORDER_B, "partner.globex", PO))],
            journal=[*journal(), *journal(ORDER_B)],
        )
    )
    return place


@pytest.fixture
def one_parked(place) -> Place:
    """One parked message."""
    place.write(parked_changes())
    return place

"""Which store the settings name, and that the command line works on either."""

from __future__ import annotations

import pytest

from orderloom.correlation.port import Changes, StoreError
from orderloom.settings import Url, load
from orderloom.stores import open_store
from orderloom.wiring import open_store as open_for


class TestFile:
    """A path is SQLite."""

    def test_a_worker_makes_it_with_its_folder(self, tmp_path):
        """
        And a command finds it afterwards.
        """
        place = tmp_path / "var" / "hub.db"
        open_store(place).close()
        open_store(place, create=False, patience=1.0).close()

    def test_a_command_makes_neither_file_nor_folder(self, tmp_path):
        """
        Nothing is created by looking.
        """
        with pytest.raises(StoreError, match="there is no such store"):
            open_store(tmp_path / "var" / "hub.db", create=False)

        assert [] == list(tmp_path.iterdir())

    @pytest.mark.parametrize("create", [True, False])
    def test_a_directory_is_told(self, tmp_path, create):
        """
        In place of the database's own words, to worker and command alike.
        """
        with pytest.raises(StoreError, match=f"{tmp_path}: is a directory"):
            open_store(tmp_path, create=create)


@pytest.mark.postgres
class TestUrl:
    """A postgresql:// URL is PostgreSQL."""

    def test_a_worker_makes_its_tables(self, postgres):
        """
        And a command finds them afterwards.
        """
        settings = load(environment={"ORDERLOOM_STORE": postgres})
        open_for(settings).close()
        store = open_store(settings.store, create=False)

        assert {} == store.counts()
        store.close()

    def test_a_command_makes_no_tables(self, postgres):
        """
        A misspelt database is an error, not an empty hub.
        """
        for _ in range(2):
            with pytest.raises(StoreError, match="there is no such store"):
                open_store(Url(postgres), create=False)

    def test_commands_work_on_it(self, postgres, place):
        """
        The first look of the day, against the database.
        """
        store = open_store(Url(postgres))
        with store.begin() as transaction:
            transaction.apply(Changes(counters={"n": 1}))
        store.close()
        place.environment["ORDERLOOM_STORE"] = postgres
        shown = place.run("now")

        assert (0, "") == (shown.exit_code, shown.stderr)

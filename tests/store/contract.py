"""
The store's contract: what every database behind the port must do, run once for each.

A suite inherits :class:`StoreContract` and says how its store is opened.
"""

from __future__ import annotations

from abc import abstractmethod

import pytest

from tests.store.contract_aging import AgingContract
from tests.store.contract_breakers import BreakersContract
from tests.store.contract_conversation import ConversationContract
from tests.store.contract_files import FilesContract
from tests.store.contract_forgetting import ForgettingContract
from tests.store.contract_messages import MessagesContract
from tests.store.contract_orders import OrdersContract
from tests.store.contract_reports import ReportsContract

__all__ = ["StoreContract"]


class StoreContract(
    BreakersContract,
    OrdersContract,
    MessagesContract,
    AgingContract,
    FilesContract,
    ConversationContract,
    ReportsContract,
    ForgettingContract,
):
    """Inherit it, and implement :meth:`open_store`."""

    @abstractmethod
    def open_store(self, folder):
        """A store; the same folder gives the same store again."""

    @pytest.fixture
    def store(self, tmp_path):
        """A store that is closed when the test ends."""
        opened = self.open_store(tmp_path)
        yield opened
        opened.close()

"""
The store's suites tell their failures as test files do.
"""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite(
    "tests.store.contract",
    "tests.store.contract_aging",
    "tests.store.contract_breakers",
    "tests.store.contract_conversation",
    "tests.store.contract_files",
    "tests.store.contract_forgetting",
    "tests.store.contract_messages",
    "tests.store.contract_orders",
    "tests.store.contract_reports",
)

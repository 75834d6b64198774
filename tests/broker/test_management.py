"""The management API's refusals, in words that a person can act on."""

from __future__ import annotations

import pytest

from broker.management import Management, ManagementRefused
from tests.support.rabbit import Rabbit

pytestmark = pytest.mark.rabbitmq


def test_a_wrong_password_is_told_with_server_and_user_and_without_json(rabbit: Rabbit):
    """
    Nobody has to read the server's JSON, and the password is not shown.
    """
    host = rabbit.management_url.rpartition("@")[2]
    with pytest.raises(ManagementRefused) as refused:
        Management(f"http://stranger:sesame@{host}").overview()

    assert str(refused.value).startswith(f"{host}: management API, user 'stranger': ")
    assert "{" not in str(refused.value)
    assert "sesame" not in str(refused.value)
    assert 401 == refused.value.status


def test_what_is_not_there_is_told_with_its_path(rabbit: Rabbit):
    """
    The request is named: which one failed is what a person needs to know.
    """
    with pytest.raises(ManagementRefused, match="GET /queues/nowhere/q: 404 Not Found"):
        rabbit.management._ask("GET", "/queues/nowhere/q")

"""
Customers are known by exact, typed aliases.
"""

from __future__ import annotations

import re

import pytest

from canonical.order import PartyRef, RelatedParty
from canonical.parties import PartyAlias, alias_of, aliases_of


@pytest.mark.parametrize(
    ("text", "alias"),
    [
        pytest.param("C-7", ("customerId", "C-7"), id="a bare id is a customer's"),
        pytest.param("customerId:C-7", ("customerId", "C-7"), id="which may be said"),
        pytest.param("email:ada@example.com", ("email", "ada@example.com"), id="e-mail"),
        pytest.param(
            "msisdn:15550107007", ("phone", "15550107007"), id="a subscriber's number is a telephone's"
        ),
        pytest.param("account:a:b", ("account", "a:b"), id="only the first colon counts"),
        pytest.param("urn:x:7", ("customerId", "urn:x:7"), id="a type that is none of ours"),
        pytest.param("email:", ("customerId", "email:"), id="a type of nothing"),
        pytest.param("Email:x", ("customerId", "Email:x"), id="nothing is normalised"),
    ],
)
def test_an_alias_is_read_as_it_stands(text, alias):
    """A value of one type is never one of another."""
    assert PartyAlias(*alias) == alias_of(text)


def test_a_party_s_id_does_not_tell_the_value():
    """The same alias is the same party; another type or value is another."""
    ids = {PartyAlias(*one).id for one in [("email", "a@b"), ("email", "A@b"), ("phone", "a@b")]}

    assert 3 == len(ids)
    assert alias_of("phone:1").id == alias_of("msisdn:1").id
    assert all(re.fullmatch(r"PA[0-9A-HJKMNP-TV-Z]{16}", one) for one in ids)


def test_a_document_names_its_customer_by_several_aliases():
    """Each once; whoever else stands on it is somebody else."""
    named = [("customer", "C-7"), ("salesAgent", "A-1"), ("customer", "email:a@b"), ("customer", "C-7")]
    parties = [RelatedParty(role=role, party_or_party_role=PartyRef(id=id_)) for role, id_ in named]

    assert (("customerId", "C-7"), ("email", "a@b")) == aliases_of(parties)

"""
The conformance suite finds what it is there to find: adapters that are wrong, each in one way.
"""

from __future__ import annotations

import itertools

import pytest

from adapters.inbound.web import WebAdapter
from adapters.kit import Native
from adapters.kit.conformance import InboundConformance, OutboundConformance
from adapters.kit.purity import impurities
from adapters.outbound.crm import CrmAdapter
from canonical.notices import Intake
from canonical.replies import Reference, Reply
from tests.adapters.catalogue import WEB
from tests.adapters.instructions import KEY, instruction
from tests.adapters.web_orders import FIXTURES

SAMPLE = (FIXTURES / "smallest.json").read_bytes()
CALLS = itertools.count()


class Raising(WebAdapter):
    def translate(self, native, references):
        native.body.decode("ascii")
        return super().translate(native, references)


class Tolerant(WebAdapter):
    """Takes half a message for a whole one."""

    def translate(self, native, references):
        return super().translate(Native(body=SAMPLE, content_type=""), references)


class Forgetful(WebAdapter):
    def acknowledge(self, intake, stamp):
        return Native(body=str(next(CALLS)).encode(), content_type="text/plain", summary="count")

    render = acknowledge


class Hashing(WebAdapter):
    """The same all day long, and another thing tomorrow."""

    def acknowledge(self, intake, stamp):
        return Native(body=str(hash("x")).encode(), content_type="text/plain", summary="hash")


class Misspelling(CrmAdapter):
    def read_reply(self, native):
        yield Reply(system="crm", key="1", about=(Reference(type="key", value=KEY),), word="OKAY")


class _Web(InboundConformance):
    references = WEB
    samples = {"smallest": SAMPLE}  # noqa: RUF012 - an integrator writes it so


class HashingSuite(_Web):
    adapter = Hashing()


class _Crm(OutboundConformance):
    instructions = {"one": instruction("crm", "crm")}  # noqa: RUF012 - as above
    replies = {"ok": b"{}"}  # noqa: RUF012 - as above


def suite(adapter, base):
    return type("Suite", (base,), {"adapter": adapter})()


def test_bad_bytes_must_be_refused():
    """An exception of Python's is no refusal."""
    with pytest.raises(UnicodeDecodeError):
        suite(Raising(), _Web).test_bad_bytes_are_refused_in_words(SAMPLE)


def test_half_a_message_must_be_refused():
    """It is no message."""
    with pytest.raises(AssertionError):
        suite(Tolerant(), _Web).test_a_cut_message_is_refused(SAMPLE)


def test_equal_input_must_give_equal_output():
    """An adapter that counts for itself is found out."""
    with pytest.raises(AssertionError):
        suite(Forgetful(), _Web).test_an_intake_is_acknowledged_or_not(None)


def test_output_must_not_depend_on_the_process():
    """What only another process shows is found out there, and nowhere else."""
    nothing = Intake(endpoint="web.portal", channel="web", envelope="1", verdicts=())
    HashingSuite().test_an_intake_is_acknowledged_or_not(nothing)
    with pytest.raises(AssertionError) as caught:
        HashingSuite().test_the_same_in_another_process()

    assert "Error" not in str(caught.value).partition("assert")[0]


def test_words_must_be_in_the_table():
    """A reply in a word that the profile lacks is found out."""
    with pytest.raises(AssertionError):
        suite(Misspelling(), _Crm).test_a_reply_is_read(b"{}")


def test_good_adapters_pass():
    """The same checks let the real ones through."""
    suite(WebAdapter(), _Web).test_bad_bytes_are_refused_in_words(SAMPLE)
    suite(WebAdapter(), _Web).test_a_sample_translates(SAMPLE)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        pytest.param("from datetime import datetime\nNOW = datetime.now()\n", "2: calls .now()", id="clock"),
        pytest.param("import os.path\n", "1: imports os.path", id="files"),
        pytest.param("from socket import socket\n", "1: imports socket", id="network"),
        pytest.param("from zoneinfo import ZoneInfo\n", "1: imports zoneinfo", id="time zones"),
        pytest.param("import uuid\nID = uuid.uuid4()\n", "2: calls .uuid4()", id="randomness"),
        pytest.param("def f():\n    print(open('x'))\n", "2: calls print()", id="screen"),
        pytest.param("def f():\n    import logging\n", "2: imports logging", id="inside a function"),
    ],
)
def test_impurities_are_named(source, found, tmp_path, monkeypatch):
    """Module and line are told, also of a module that is only imported by the adapter's."""
    name = f"acme_adapters_{next(CALLS)}"
    package = tmp_path / name
    package.mkdir()
    (package / "__init__.py").write_text("from . import helper\n", encoding="utf-8")
    (package / "helper.py").write_text(source, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)

    assert f"{name}.helper:{found}" in impurities(name)


def test_the_shipped_adapters_are_pure():
    """Nothing of ours has to be excused."""
    assert () == impurities("adapters.inbound.web")
    assert () == impurities("adapters.outbound.crm")
    assert () == impurities("adapters.outbound.oss_internet")

"""
The pages on direct mail, billing and mobile provisioning show the layouts that are read, and what is written.
"""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path

import pytest

from adapters.formats.fixed import markdown
from adapters.formats.mml import read_answers
from adapters.inbound.directmail import answer_layouts as answers
from adapters.inbound.directmail import layouts as batches
from adapters.kit import Stamp
from adapters.outbound.billing import BillingAdapter
from adapters.outbound.billing import layouts as charges
from adapters.outbound.oss_mobile import OssMobileAdapter
from canonical.notices import Outcome, Verdict
from tests.adapters import test_billing, test_oss_mobile
from tests.adapters.batches import BATCH, intake, put, read, stamp, verdict
from tests.adapters.test_directmail_answers import ADAPTER, with_order

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {
    path: (DOCS / path).read_text(encoding="utf-8")
    for path in ("channels/directmail.md", "systems/billing.md", "systems/oss-mobile.md")
}
LAYOUT = re.compile(r"<!-- layout: (\S+) -->\n\n((?:\|.*\n)+)")
EXAMPLE = re.compile(r"<!-- example: ([^>]+) -->\n\n```text\n(.*?)```", re.DOTALL)
TEXT = "\n".join(PAGES.values())
SHOWN = dict(LAYOUT.findall(TEXT))
WRITTEN = dict(EXAMPLE.findall(TEXT))

LAYOUTS = {
    "HDR": batches.HEADER,
    "DTL": batches.DETAIL,
    "INQ": batches.INQUIRY,
    "TRL": batches.TRAILER,
    "ACK": answers.ACK_HEADER,
    "VER": answers.VERDICT,
    "END": answers.ACK_TRAILER,
    "STS": answers.STATUS,
    "CHARGES": charges.CHARGES,
    "REVERSAL": charges.REVERSAL,
    "CHARGE": charges.CHARGE,
    "CHARGES-END": charges.CHARGES_END,
    "RESULTS": charges.RESULTS,
    "RESULT": charges.RESULT,
    "RESULTS-END": charges.RESULTS_END,
}


def lines(body, size, page):
    """Fixed records as a page shows them: one a line, without the blanks at the end."""
    found = (body[at : at + size].decode(page).rstrip() for at in range(0, len(body), size))
    return "".join(f"{one}\n" for one in found)


def acknowledgement():
    good, bad = read(BATCH.file([BATCH.detail(1), put(BATCH.detail(2), 29, b"\x00\x4a\x99\x00\x0c")]))
    order = with_order(read(BATCH.file([BATCH.detail(17)]))[0]).order
    accepted = Verdict(origin=good.origin, outcome=Outcome.ACCEPTED, order=order)
    return lines(ADAPTER.acknowledge(intake(accepted, verdict(bad)), stamp()).body, 200, "cp037")


def charged(one=test_billing.FULL):
    settings = {"code_page": "ascii"}
    told = Stamp(
        at=datetime.fromisoformat("2026-09-01T12:30:15+00:00"), numbers={"message": 7}, settings=settings
    )
    return lines(BillingAdapter().instruct(one, told).body, 160, "ascii")


def mobile(verb, one=test_oss_mobile.FULL):
    say = getattr(OssMobileAdapter(), verb)
    return say(one, test_oss_mobile.AT).body.decode()


MADE = {
    "directmail acknowledgement": acknowledgement,
    "billing charges": charged,
    "billing reversal": lambda: charged(test_billing.REVERSED),
    "mobile commands": lambda: mobile("instruct"),
    "mobile change": lambda: mobile("instruct", test_oss_mobile.BIGGER),
    "mobile undo": lambda: mobile("instruct", test_oss_mobile.ALL_BACK),
    "mobile inquiry": lambda: mobile("inquire"),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_table_is_the_layout(name):
    """Whoever writes a program from the page writes what is read."""
    assert markdown(LAYOUTS[name]) == SHOWN[name]


@pytest.mark.parametrize("name", MADE)
def test_an_example_is_what_comes_out(name):
    """To the last character."""
    assert MADE[name]() == WRITTEN[name]


READ = {"mobile answer": "done", "mobile too late": "too-late", "mobile listed": "listed"}


@pytest.mark.parametrize(("name", "sample"), READ.items())
def test_an_example_is_what_is_read(name, sample):
    """The answers shown are the samples that the conformance suite reads."""
    assert list(read_answers(test_oss_mobile.REPLIES[sample])) == list(read_answers(WRITTEN[name].encode()))


def test_nothing_is_shown_that_nobody_looks_at():
    """A table or an example without a test grows wrong."""
    assert set(LAYOUTS) == set(SHOWN)
    assert set(MADE) | set(READ) == set(WRITTEN)


@pytest.mark.parametrize(
    ("page", "adapter"),
    [("systems/billing.md", BillingAdapter()), ("systems/oss-mobile.md", OssMobileAdapter())],
)
def test_every_word_is_in_the_table(page, adapter):
    """With the state that it brings."""
    rows = re.findall(r"^\| ((?:`\d+`(?:, )?)+) \| (\w+)", PAGES[page], re.MULTILINE)
    told = {word: state for words, state in rows for word in re.findall(r"\d+", words)}

    assert told == {word: meaning.state.value for word, meaning in adapter.profile.words.items()}

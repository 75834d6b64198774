"""
A batch of direct mail, sent again with one record mended.
"""

from __future__ import annotations

from tests.adapters.batches import Batch


def test_corrected(stage):
    """corrected batch resent."""
    batch = Batch()
    good, other = batch.detail(1), batch.detail(3, account="C-3", code="MOBILE20")
    bad, mended = (batch.detail(2, account="C-2", code=code) for code in ("NOPE", "CASE01"))
    stage.drop("directmail", batch.file([good, bad, other]))
    assert stage.news() == {
        "crm": ["do OL1-1 1=HANDSET-A x1 campaign=AUTUMN26", "do OL2-1 1=MOBILE-20 x1 campaign=AUTUMN26"],
        "directmail.printco": [
            "B2026-0901 P | 0000001 A | 0000002 R E_OFFERING | 0000003 A",
            "B2026-0901 0000001 accepted inProgress 000 003",
            "B2026-0901 0000003 accepted inProgress 000 003",
        ],
    }
    stage.answers("crm")
    assert stage.news() == {
        "warehouse": ["940 N OL1-2 1=HANDSET-A x1"],
        "oss.mobile": ["ADD SUB OL2-2 1=MOBILE-20 x1 CAMPAIGN=AUTUMN26"],
    }

    stage.drop("directmail", batch.file([good, mended, other]))
    assert stage.news() == {
        "crm": ["do OL3-1 1=CASE-01 x1 campaign=AUTUMN26"],
        "directmail.printco": [
            "B2026-0901 A | 0000001 S | 0000002 A | 0000003 S",
            "B2026-0901 0000002 accepted inProgress 000 003",
        ],
    }
    stage.later(minutes=2)
    stage.drop("directmail", batch.file([good, mended, other]))
    assert stage.news() == {"directmail.printco": ["B2026-0901 A | 0000001 S | 0000002 A | 0000003 S"]}

    stage.answers("crm")
    stage.answers("warehouse")
    assert stage.news() == {
        "warehouse": ["940 N OL3-2 1=CASE-01 x1"],
        "billing": ["D OL1-3 1=HANDSET-A x1", "D OL3-3 1=CASE-01 x1"],
        "directmail.printco": [
            "B2026-0901 0000001 shipped inProgress 002 003",
            "B2026-0901 0000002 shipped inProgress 002 003",
        ],
    }

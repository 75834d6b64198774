"""
The bench of the formats in its shortest form: that it reads what it writes, and that memory is flat.
"""

from __future__ import annotations

from bench.formats import run


def test_it_measures_each_format_and_memory_does_not_follow_the_file():
    """A file of records four times as long takes no more than a megabyte more of memory."""
    said: list[str] = []
    x12, soap, short, long = run(
        {"x12": (50_000,), "soap": (50_000,), "ebcdic": (1_000_000, 4_000_000)}, said.append, least=1
    )

    assert 5 == len(said)
    assert (5_000, 20_000) == (short.records, long.records)
    assert min(x12.records, soap.records) > 20
    assert min(one.rate for one in (x12, soap, short, long)) > 0
    assert long.peak - short.peak < 1024

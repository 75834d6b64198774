"""
Data of a real COBOL program, where somebody has laid them beside the checkout: read to the last character.

They are not part of this project; without them there is nothing to read, and no test.
"""

from __future__ import annotations

import json

import pytest

from adapters.formats.fixed import (
    Field,
    Format,
    Group,
    Layout,
    Occurs,
    Recfm,
    Usage,
    code_page,
    cut,
    decode,
    encode,
    pieces,
)
from tests.support.beside import FOLDER

SAMPLES = FOLDER / "cobol"
FILES = sorted(SAMPLES.glob("*_data_example.bin"))

COMP_3 = Usage.COMP_3
ACCOUNTS = Layout(
    "RECORD",
    (
        Field(name="ID", picture="S9(4)", usage=Usage.COMP),
        Group(
            name="COMPANY",
            elements=(
                Field(name="SHORT-NAME", picture="X(10)"),
                Field(name="COMPANY-ID-NUM", picture="9(5)", usage=COMP_3),
                Field(name="COMPANY-ID-STR", picture="X(3)", redefines="COMPANY-ID-NUM", controls=True),
            ),
        ),
        Group(
            name="METADATA",
            elements=(
                Field(name="CLIENTID", picture="X(15)"),
                Field(name="REGISTRATION-NUM", picture="X(10)"),
                Field(name="NUMBER-OF-ACCTS", picture="9(03)", usage=COMP_3),
                Group(
                    name="ACCOUNT",
                    elements=(
                        Group(
                            name="ACCOUNT-DETAIL",
                            occurs=Occurs(80, 0, "NUMBER-OF-ACCTS"),
                            elements=(
                                Field(name="ACCOUNT-NUMBER", picture="X(24)"),
                                Field(name="ACCOUNT-TYPE-N", picture="9(5)", usage=COMP_3),
                                Field(
                                    name="ACCOUNT-TYPE-X",
                                    picture="X(3)",
                                    redefines="ACCOUNT-TYPE-N",
                                    controls=True,
                                ),
                            ),
                        ),
                    ),
                ),
            ),
        ),
    ),
)
PAGE = code_page("cp037")


def records(path):
    found = cut(pieces(path.read_bytes()), Format(Recfm.FB, ACCOUNTS.length))
    return [decode(raw.data, ACCOUNTS, PAGE, number=raw.number) for raw in found]


def as_json(value):
    """The value with names as JSON has them: underscores for hyphens."""
    if isinstance(value, dict):
        return {name.replace("-", "_"): as_json(one) for name, one in value.items()}
    return [as_json(one) for one in value] if isinstance(value, tuple) else value


if FILES:

    @pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
    def test_it_is_read_as_its_owner_reads_it(path):
        """Each record is the line of JSON that was published with it."""
        expected = path.with_name(path.name.replace("data_example.bin", "expected_test1.txt"))
        expected = expected.read_text(encoding="utf-8").splitlines()

        assert expected == [json.dumps(as_json(one.values), separators=(",", ":")) for one in records(path)]

    @pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
    def test_it_is_written_as_it_was_read(path):
        """What is read and written is the same record again, up to what lies behind the last turn."""
        for record in records(path):
            again = encode(record.values, ACCOUNTS, PAGE)

            assert record.values == decode(again, ACCOUNTS, PAGE).values

"""
POSLogs as files: what two passes find is what a message of the same bytes says.
"""

from __future__ import annotations

import gc
import hashlib
import tracemalloc
from io import BytesIO
from itertools import chain

import pytest

from adapters.inbound.store import StoreAdapter
from adapters.kit import Stamp
from adapters.kit.contract import BatchAdapter
from adapters.kit.outcomes import said
from adapters.kit.specimens import AT, order_of
from canonical.commands import AskStatus, RejectedDocument, SubmitOrder
from canonical.errors import Fault
from canonical.notices import Intake, Outcome, Verdict
from canonical.references import References
from canonical.states import State
from tests.adapters.stores import ONE, OTHER, SALE, SAMPLES, STORE, line, message, previous, read, transaction

STORES = StoreAdapter()
HEAD, TAIL = message("\0").split(b"\0")
# An order and two questions, an order that is refused, two transactions that order nothing, a question.
MIXED = message(
    transaction(line(), previous("OL1", "2"), previous("OL2", "3"), SequenceNumber="1"),
    transaction(line(inside="<ItemID>CASE-99</ItemID>"), previous("OL3"), SequenceNumber="2"),
    transaction(SALE, SequenceNumber="3"),
    transaction(line(), SequenceNumber=None),
    transaction(previous("OL4"), SequenceNumber="5"),
    transaction(line(), SequenceNumber="6", RetailStoreID="0042"),
)


def checked(body, endpoint=STORE):
    return STORES.check(BytesIO(body), endpoint)


def documents(body, start=0, references=ONE):
    return list(STORES.records(BytesIO(body), STORE, references, start))


@pytest.mark.parametrize("body", [*SAMPLES.values(), MIXED], ids=[*SAMPLES, "mixed"])
class TestBothPasses:
    def test_a_file_says_what_a_message_says(self, body):
        """Document by document; and there are as many as the first pass counted."""
        numbered = documents(body)

        assert isinstance(STORES, BatchAdapter)
        assert list(map(said, read(body))) == [said(one) for _, one in numbered]
        assert list(range(1, checked(body).records + 1)) == [number for number, _ in numbered]
        assert [number for number, _ in numbered] == [one.origin.position for _, one in numbered]

    def test_it_goes_on_behind_every_document(self, body):
        """Also between the order and the questions of one transaction."""
        whole = documents(body)

        assert [whole[start:] for start in range(len(whole) + 1)] == [
            documents(body, start) for start in range(len(whole) + 1)
        ]

    def test_numbers_do_not_depend_on_the_catalogue(self, body):
        """What was judged before the catalogue was changed is not judged again under another number."""
        nothing = References.of("other", (), (STORE,))

        assert [(number, one.origin.document) for number, one in documents(body)] == [
            (number, one.origin.document) for number, one in documents(body, references=nothing)
        ]

    def test_a_file_is_known_by_its_bytes(self, body):
        """POSLog has no number for a log."""
        found = checked(body)

        assert hashlib.sha256(body).hexdigest() == found.hash == found.origin.envelope
        assert (None, "store.0117") == (found.fault, found.origin.endpoint)


class TestWhole:
    @pytest.mark.parametrize(
        ("body", "code"),
        [
            (b"", "E_EMPTY"),
            (b"RetailStoreID;0117\n", "E_XML_SYNTAX"),
            (b"{}", "E_FORMAT_SNIFF"),
            (MIXED[:-3], "E_XML_SYNTAX"),
            (MIXED + MIXED, "E_XML_SYNTAX"),
            (MIXED.replace(b"POSLog", b"PosLog"), "E_UNKNOWN"),
            (MIXED.replace(b"IXRetail", b"IXretail"), "E_XML_NAMESPACE"),
            (MIXED.replace(b"<Transaction>", b"<Batch/><Transaction>", 1), "E_UNKNOWN"),
            (b'<!DOCTYPE POSLog [<!ENTITY a "b">]>' + MIXED, "E_XML_DTD"),
            (HEAD + TAIL, "E_MISSING"),
            (message(transaction(RetailStoreID="0042")), "E_IDENTITY"),
            (message(transaction(RetailStoreID=None)), "E_MISSING"),
        ],
    )
    def test_what_is_wrong_as_a_whole_is_found_before_anything_is_taken(self, body, code):
        """And all of it is read: its hash is that of the file."""
        found = checked(body)

        assert (code, hashlib.sha256(body).hexdigest()) == (found.fault.code, found.hash)
        assert found.fault.where or code == "E_EMPTY"

    def test_a_wrong_profile_is_told(self):
        """Nothing is guessed for a zone that is none."""
        odd = type(STORE)(id="store.0117", channel="store", out_queue="x", format={"zone": "Mars/Olympus"})

        assert "E_CONFIG" == checked(MIXED, odd).fault.code

    def test_another_store_has_a_folder_of_its_own(self):
        """Whose folder it is says who sends."""
        assert "E_IDENTITY" == checked(MIXED, OTHER).fault.code


def test_a_fault_in_an_order_harms_no_question():
    """The customer at the till is answered, whatever became of what they ordered beside."""
    kinds = [type(one) for one in read(MIXED)]

    assert [SubmitOrder, AskStatus, AskStatus, RejectedDocument, AskStatus] == kinds[:5]
    assert ["0117.4.20260902.2", "0117.4.20260902.2.5"] == [one.origin.document for one in read(MIXED)[3:5]]


def verdicts():
    """Of each outcome; those of a file come without their orders."""
    [first, question, *_] = read(MIXED)
    order = order_of(first.order, first.origin, State.ACKNOWLEDGED)
    fault = Fault(code="E_OFFERING", what="unknown <offering>", where="line 1")
    return [
        Verdict(origin=first.origin, outcome=Outcome.ACCEPTED, order=order, order_id=order.id),
        Verdict(origin=first.origin, outcome=Outcome.REPEATED, order=order, order_id=order.id),
        Verdict(origin=question.origin, outcome=Outcome.ACCEPTED),
        Verdict(origin=first.origin, outcome=Outcome.REJECTED, fault=fault),
        Verdict(origin=first.origin, outcome=Outcome.PARKED, fault=fault),
    ]


def acknowledged(given):
    return list(STORES.acknowledge_file(iter(given), Stamp(at=AT, endpoint=STORE, file="0117.000000001.ack")))


class TestAcknowledgement:
    @pytest.mark.parametrize("count", [1, 2, 3, 5])
    def test_a_file_is_acknowledged_as_a_message_is(self, count):
        """Byte for byte, in pieces of one transaction."""
        given = verdicts()[:count]
        intake = Intake(endpoint="store.0117", channel="store", envelope="x", verdicts=tuple(given))
        pieces = acknowledged(given)

        assert STORES.acknowledge(intake, Stamp(at=AT, endpoint=STORE)).body == b"".join(pieces)
        assert pieces[-1] == b"</POSLog>\n"

    def test_a_file_with_nothing_to_tell_is_a_log_without_transactions(self):
        """A file is always answered by one."""
        [whole] = acknowledged(verdicts()[2:3])

        assert whole.endswith(b' xmlns:ol="urn:orderloom:store:1"/>\n')


class Endless:
    """A log of so many transactions, made as it is read."""

    def __init__(self, count):
        sale, order = (transaction(one, SequenceNumber="{}").encode() for one in (SALE, line()))
        some = ((order if n % 10 == 0 else sale).replace(b"{}", b"%d" % n) for n in range(count))
        self._pieces = chain((HEAD,), some, (TAIL,))
        self._held = b""

    def read(self, size, /):
        while len(self._held) < size and (piece := next(self._pieces, b"")):
            self._held += piece
        piece, self._held = self._held[:size], self._held[size:]
        return piece


def test_a_long_log_is_not_held():
    """One transaction at a time, in both passes: all of them at once take forty million bytes."""
    count = 10_000
    assert STORES.check(Endless(10), STORE).fault is None  # what is made once, is made before it is measured
    assert list(STORES.records(Endless(10), STORE, ONE, 0))
    gc.freeze()  # nodes and their parents are rings, which go the later, the more there was before
    gc.collect()
    tracemalloc.start()
    try:
        summary = STORES.check(Endless(count), STORE)
        found = sum(isinstance(one, SubmitOrder) for _, one in STORES.records(Endless(count), STORE, ONE, 0))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        gc.unfreeze()

    assert (None, count, count // 10) == (summary.fault, summary.records, found)
    assert peak < 12_000_000

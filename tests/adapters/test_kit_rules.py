"""
For each rule of the conformance suite an adapter that breaks it, and nothing but it, and is found out.
"""

from __future__ import annotations

import html
import linecache
from contextlib import suppress
from xml.etree import ElementTree as ET

import msgspec
import pytest

from adapters.kit import Native, bounds
from adapters.kit.conformance import InboundConformance, OutboundConformance
from adapters.kit.specimens import notices
from adapters.outbound.crm import CrmAdapter
from canonical.commands import RejectedDocument
from canonical.errors import Fault, Rejected
from canonical.notices import Intake
from tests.adapters.instructions import instruction
from tests.adapters.toy import LIST, TOYS, ToyAdapter

RULES = {
    "bad bytes": "test_bad_bytes_are_refused_in_words",
    "cut": "test_a_cut_message_is_refused",
    "code page": "test_another_code_page_is_refused",
    "too large": "test_too_large_is_refused",
    "XML": "test_hostile_xml_is_refused",
    "one bad record": "test_one_bad_record_harms_no_other",
}
ONE_EACH = [pytest.param(name, id=rule.replace(" ", "-")) for rule, name in RULES.items()]


class ToySuite(InboundConformance):
    adapter = ToyAdapter()
    references = TOYS
    samples = {"list": LIST}  # noqa: RUF012 - an integrator writes it so
    number = b"0001"


class TestToy(ToySuite):
    """The good one passes everything."""


class Raising(ToyAdapter):
    def lines(self, body):
        return body.decode("ascii").splitlines()


class Refusing(ToyAdapter):
    """It refuses in words of its own making."""

    def __init__(self, fault):
        self.fault = fault

    def translate(self, native, references):
        try:
            yield from super().translate(native, references)
        except Rejected:
            origin = self.origin("", native.body, 1)
            yield RejectedDocument(origin=origin, fault=self.fault)


class Guessing(ToyAdapter):
    """What is no ASCII may be EBCDIC."""

    def lines(self, body):
        return super().lines(body if body[:1] == b"T" else body.decode("cp037").encode("utf-8"))


class Patient(ToyAdapter):
    """It takes away what is blank, whatever it costs."""

    def translate(self, native, references):
        yield from super().translate(Native(body=native.body.rstrip() + b"\n", content_type=""), references)


class AllOrNothing(ToyAdapter):
    """One unknown offering, and no order of the list is taken."""

    def order(self, line, origin, references):
        found = super().order(line, origin, references)
        if isinstance(found, RejectedDocument):
            raise Rejected.of(found.fault)
        return found

    def translate(self, native, references):
        return iter(list(super().translate(native, references)))


class Uncounted(ToyAdapter):
    """It asks for no end."""

    def lines(self, body):
        first, *others = body.decode("ascii", "replace").replace("\ufffd", "\x00").splitlines() or [""]
        if not all(map(str.isprintable, (first, *others))):
            raise Rejected("E_CONTROL_CHAR", "no lines of text", "somewhere", "text")
        orders = [line for line in others if line[:1] != "E"]
        return [first, *orders, f"E {len(orders)}"]


class Hashed(ToyAdapter):
    """It takes the hash of the bytes, though there is a number."""

    def origin(self, number, body, position):
        found = super().origin(number, body, position)
        return msgspec.structs.replace(found, envelope=str(sum(n * byte for n, byte in enumerate(body))))


class Forgetting(ToyAdapter):
    """All lists are one to it."""

    def origin(self, number, body, position):
        return super().origin("always", body, position)


class Looking(ToyAdapter):
    """It looks into a file, through a module that the list of forbidden ones does not have."""

    def acknowledge(self, intake, stamp):
        linecache.clearcache()
        linecache.getlines(__file__)
        return super().acknowledge(intake, stamp)


class LookingSuite(ToySuite):
    adapter = Looking()


class Trusting(ToyAdapter):
    """XML as Python's own reader takes it: with document types and their entities."""

    def lines(self, body):
        try:
            text = "".join(ET.fromstring(body).itertext())  # noqa: S314 - that is the point
        except (ET.ParseError, LookupError, ValueError):
            raise Rejected("E_VALUE", "no XML", "line 1", "XML") from None
        return text.splitlines()

    def translate(self, native, references):
        lines = self.lines(native.body)
        for position, line in enumerate(lines[1:-1], 1):
            yield self.order(line, self.origin("1", native.body, position), references)


class Half(Uncounted):
    """It takes half a line for an order, of whatever there is in stock."""

    def content(self, line, references):
        try:
            return super().content(line, references)
        except Rejected:
            return super().content("O A-1 CASE-01", references)


def suite(adapter, **attributes):
    """A suite for ``adapter``."""
    return type("Suite", (ToySuite,), {"adapter": adapter, **attributes})()


def broken_rules(adapter, sample=LIST, **attributes):
    """The rules about bytes that ``adapter`` breaks, by name."""
    tried = suite(adapter, **attributes)
    return {name for name, test in RULES.items() if not holds(getattr(tried, test), sample)}


def holds(test, *arguments):
    """Whether the adapter under test passes."""
    try:
        test(*arguments)
    except (AssertionError, LookupError, Rejected, UnicodeDecodeError):
        return False
    return True


@pytest.mark.parametrize(
    ("adapter", "rules"),
    [
        pytest.param(ToyAdapter(), set(), id="none"),
        pytest.param(Raising(), {"bad bytes", "code page"}, id="an exception of Python's"),
        pytest.param(
            Refusing(Fault(code="E_NO_SUCH_CODE", what="no", where="line 1")), set(RULES), id="unknown code"
        ),
        pytest.param(Refusing(Fault(code="E_VALUE", what="no")), set(RULES), id="no place"),
        pytest.param(Refusing(Fault(code="E_VALUE", what="", where="line 1")), set(RULES), id="no words"),
        pytest.param(Guessing(), {"code page"}, id="another code page guessed"),
        pytest.param(Patient(), {"too large"}, id="size looked at too late"),
        pytest.param(AllOrNothing(), {"one bad record"}, id="all for one"),
        pytest.param(Uncounted(), {"cut"}, id="half a message"),
    ],
)
def test_an_adapter_that_breaks_a_rule_is_found_out(adapter, rules):
    """By the test whose name says the rule; one that breaks none passes them all."""
    assert rules >= broken_rules(adapter)
    assert bool(rules) == bool(broken_rules(adapter))


def test_a_reader_of_entities_is_found_out():
    """An XML adapter that leaves document types to its library breaks that rule."""
    sample = b'<?xml version="1.0" encoding="UTF-8"?>\n<l>' + LIST.strip() + b"</l>"

    assert "XML" in broken_rules(Trusting(), sample)


@pytest.mark.parametrize(
    ("adapter", "found_out"),
    [pytest.param(Uncounted(), False, id="whole"), pytest.param(Half(), True, id="half")],
)
def test_without_an_end_only_whole_records_are_taken(adapter, found_out):
    """A format without end mark may lose records at its end, but never take half of one."""
    tried = suite(adapter, open_ended=True)

    assert found_out is not holds(tried.test_a_cut_message_is_refused, LIST)


@pytest.mark.parametrize("adapter", [Hashed(), Forgetting()])
def test_a_control_number_must_be_the_key(adapter):
    """Neither all the bytes nor nothing of them."""
    assert not holds(suite(adapter).test_the_envelope_key_is_the_control_number)


def test_a_number_must_be_in_the_sample():
    """A suite that names another one is told."""
    assert not holds(suite(ToyAdapter(), number=b"7777").test_the_envelope_key_is_the_control_number)


@pytest.mark.parametrize(
    ("adapter", "right"),
    [
        pytest.param(ToyAdapter(), True, id="a number"),
        pytest.param(Hashed(), False, id="a sum of its own"),
        pytest.param(Forgetting(), False, id="always the same"),
    ],
)
def test_a_number_that_is_not_named_must_be_there_all_the_same(adapter, right):
    """Some bytes change the key, and others do not."""
    assert right is holds(suite(adapter, number=b"").test_the_envelope_key_is_the_control_number)


def test_touching_the_world_is_found_out():
    """Also through a library, which no list of forbidden imports knows."""
    assert holds(LookingSuite().test_the_adapter_is_pure)
    assert holds(LookingSuite().test_the_same_in_another_process)
    assert not holds(LookingSuite().test_it_touches_nothing)


class Bare(ToyAdapter):
    """It lets a reason begin another field."""

    def sayable(self, text):
        return text.encode("ascii", "replace").decode().translate({10: " ", 9: " "})


class Cutting(ToyAdapter):
    """A reason ends at a quote."""

    def sayable(self, text):
        return super().sayable(text).partition("'")[0]


class Escaping(ToyAdapter):
    """It escapes what nobody unescapes."""

    def sayable(self, text):
        return super().sayable(html.escape(text))


class Breaking(ToyAdapter):
    """A line end in a text is one of the message."""

    def sayable(self, text):
        return "\n".join(map(super().sayable, text.split("\n")))


class Unread(ToyAdapter):
    """Nobody here reads what it writes."""

    reads_back = None


class Pasting(Unread):
    """JSON, pasted together; its reader needs no introduction."""

    def render(self, notice, stamp):
        body = f'{{"kind": "{notice.kind}", "reason": "{notice.reason}"}}'
        return Native(body=body.encode(), content_type="application/json", summary="told")


class PastingCrm(CrmAdapter):
    """The same for a system."""

    def instruct(self, instruction, stamp):
        name = instruction.related_party[0].party_or_party_role.name
        body = f'{{"key": "{instruction.key}", "customer": "{name}"}}'
        return Native(body=body.encode(), content_type="application/json", summary="told")


class CrmSuite(OutboundConformance):
    instructions = {"one": instruction("crm", "crm")}  # noqa: RUF012 - an integrator writes it so
    replies = {"ok": b"{}"}  # noqa: RUF012 - as above


@pytest.mark.parametrize(
    ("adapter", "right"),
    [
        pytest.param(ToyAdapter(), True, id="good"),
        pytest.param(Bare(), False, id="another field"),
        pytest.param(Cutting(), False, id="cut off"),
        pytest.param(Escaping(), False, id="escaped for nobody"),
        pytest.param(Breaking(), False, id="another line"),
        pytest.param(Unread(), False, id="no reader"),
        pytest.param(Pasting(), False, id="no JSON"),
    ],
)
def test_what_is_written_must_read_back(adapter, right):
    """All of a text, in its own field, whatever signs are in it; and an own format needs a reader."""
    [first, _] = adapter.translate(Native(body=LIST, content_type=""), TOYS)
    told = notices(first.order, first.origin)["delayed"]

    assert right is holds(suite(adapter).test_a_notice_reads_back, told)


@pytest.mark.parametrize(("adapter", "right"), [(CrmAdapter(), True), (PastingCrm(), False)])
def test_what_a_system_is_told_must_read_back(adapter, right):
    """Instructions are held to the same."""
    tried = type("Suite", (CrmSuite,), {"adapter": adapter})()

    assert right is holds(tried.test_an_instruction_reads_back, instruction("crm", "crm"))


def test_a_format_of_its_own_needs_a_reader():
    """And whoever has none is told what to write."""
    with pytest.raises(LookupError, match="give it reads_back"):
        suite(Unread()).test_an_acknowledgement_reads_back(Intake("toy.shop", "toy", "0001", ()))


class Misplaced(ToyAdapter):
    """It says something else of where a document came from."""

    def __init__(self, **changes):
        self.changes = changes

    def origin(self, number, body, position):
        return msgspec.structs.replace(super().origin(number, body, position), **self.changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"channel": "web"},
        {"endpoint": "toy.unknown"},
        {"endpoint": "shop.other"},
        {"position": 7},
        {"envelope": ""},
        {"document_type": ""},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_the_origin_must_be_right(changes):
    """Channel, endpoint, place, envelope and type of each document."""
    assert not holds(suite(Misplaced(**changes)).test_a_sample_translates, LIST)
    assert holds(suite(Misplaced()).test_a_sample_translates, LIST)


class Tireless(ToyAdapter):
    """It does not come back, and lets nobody stop it."""

    def lines(self, body):
        while True:
            with suppress(Exception):
                body += b"."


class Endless(ToyAdapter):
    """It finds one more order each time."""

    def translate(self, native, references):
        found = list(super().translate(native, references))
        while True:
            yield from found


def test_who_does_not_come_back_is_stopped(monkeypatch):
    """After as long as the hub itself would wait."""
    monkeypatch.setattr(bounds, "SECONDS", 0.2)
    suite = type("Suite", (ToySuite,), {"adapter": Tireless()})()

    with pytest.raises(bounds.OutOfBoundsError, match="did not come back from a message within"):
        suite.test_a_sample_translates(LIST)


def test_who_never_ends_is_stopped():
    """At the number of documents beyond which the hub reads no further."""
    suite = type("Suite", (ToySuite,), {"adapter": Endless()})()

    with pytest.raises(bounds.OutOfBoundsError, match="100000 documents of one message, and no end"):
        suite.test_a_sample_translates(LIST)


@pytest.mark.parametrize(
    ("adapter", "test", "said", "told"),
    [
        (LookingSuite.adapter, "test_it_touches_nothing", (), "open "),
        (
            ToyAdapter(),
            "test_a_sample_translates",
            (LIST.replace(b"HANDSET-A", b"X"),),
            "unknown offering 'X'",
        ),
        (
            Refusing(Fault(code="E_MINE", what="bad")),
            "test_bad_bytes_are_refused_in_words",
            (LIST,),
            "E_MINE",
        ),
        (Hashed(), "test_the_envelope_key_is_the_control_number", (), "and another key"),
    ],
    ids=["what it touches", "why a sample is refused", "which code is none", "which key"],
)
def test_what_is_wrong_is_said(adapter, test, said, told):
    """An adapter's author reads it from the failed test, and not from the suite's source."""
    suite = (
        LookingSuite() if adapter is LookingSuite.adapter else type("S", (ToySuite,), {"adapter": adapter})()
    )
    with pytest.raises(AssertionError) as caught:
        getattr(suite, test)(*said)

    # Without what pytest adds in this repository, where it rewrites every assertion.
    assert told in str(caught.value).partition("assert ")[0]

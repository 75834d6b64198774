"""
What every adapter must hold, as test classes to inherit: name an adapter and its samples, and run pytest.

    class TestRetail(InboundConformance):
        adapter = RetailAdapter()
        references = REFERENCES
        samples = {"one order": b"..."}

Everything else is made from the samples: they are cut, damaged, recoded, doubled, blown up and mixed with
hostile XML.  A format's own facts (a control number, no end mark) are attributes.
"""

from __future__ import annotations

import hashlib
import inspect
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, ClassVar

import msgspec
import pytest

from canonical.codec import decode, encode
from canonical.commands import Command, Origin, RejectedDocument, SubmitOrder
from canonical.errors import Fault, Rejected
from canonical.instructions import Instruction
from canonical.keys import content_hash
from canonical.order import OrderContent
from canonical.references import References
from canonical.replies import Receipt, Reply
from canonical.systems import Attachment, Repeat, Verb

from .bounds import bounded
from .contract import INQUIRY, InboundAdapter, InquiringAdapter, Native, OutboundAdapter, Stamp
from .elsewhere import Elsewhere, seen_elsewhere
from .hostile_xml import hostile_xml
from .outcomes import Read, bytes_of, failed_alone, fault_of, origin_of, said, sound, worded, words_of
from .purity import impurities
from .reading_back import lost_signs
from .soundness import unsound
from .specimens import AT, intakes, notices
from .spoiled import another, blots, cuts, damaged, flips, garbage, oversize, recoded
from .tokens import hides_tokens

__all__ = ["InboundConformance", "OutboundConformance"]

# Documents, or replies, of one message: the hub takes no more, whatever an adapter finds.
_MOST = 100_000


class _Conformance:
    """
    What both sides have in common.

    Attributes:
        open_ended: The format has neither an end mark nor a count (CSV, plain records): what is missing
            behind a whole record cannot be known.
        says_its_page: A message says itself in which code page it is written, so that it may be in any.
    """

    open_ended: ClassVar[bool] = False
    says_its_page: ClassVar[bool] = False

    def test_the_adapter_is_pure(self) -> None:
        """It imports and calls nothing that talks to the world, nor does what it imports of its package."""
        found = impurities(type(self._adapter()).__module__)

        assert not found, "\n".join(found)

    def test_the_same_in_another_process(self) -> None:
        """Locale, time zone and hash seed change no byte of what it makes of its samples."""
        there = self._elsewhere()

        assert self.fingerprint() == there.fingerprint, there.errors or "other bytes than in this process"

    def test_it_touches_nothing(self) -> None:
        """At work it opens no file, no connection and no program, not even through somebody's library."""
        there = self._elsewhere()

        assert there.fingerprint, there.errors
        assert not there.acts, "\n".join(there.acts)

    def fingerprint(self) -> str:
        """One hash of all that the adapter makes of its samples."""
        digest = hashlib.sha256()
        for made in self._everything():
            digest.update(f"{len(made)}:".encode() + made)
        return digest.hexdigest()

    def _elsewhere(self) -> Elsewhere:
        return seen_elsewhere(inspect.getfile(type(self)), type(self).__qualname__)

    def _adapter(self) -> object:
        raise NotImplementedError

    def _everything(self) -> Iterator[bytes]:
        raise NotImplementedError

    def _read(self, body: bytes) -> Iterator[Read]:
        raise NotImplementedError

    def _survives(self, name: str, body: bytes) -> tuple[Fault, ...]:
        """The faults told of ``body``: whatever it is, they are worded, and nothing else is raised."""
        return worded(name, self._outcomes(body))

    def _refuses(self, name: str, body: bytes, code: str = "") -> None:
        """``body`` is refused, with ``code`` if there is one."""
        found = {fault.code for fault in self._survives(name, body)}

        assert found, f"{name}, and taken"
        assert not code or code in found, f"{name}: {', '.join(sorted(found))} instead of {code}"

    def _outcomes(self, body: bytes) -> list[Read]:
        found: list[Read] = []
        try:
            found.extend(self._read(body))
        except Rejected as rejected:
            found.append(rejected)
        return found

    def _spoiled(self, sample: bytes) -> None:
        for name, body in (*garbage(sample).items(), *damaged(sample), ("last byte lost", sample[:-1])):
            self._survives(name, body)

    def _cut(self, sample: bytes) -> None:
        whole = list(map(said, self._outcomes(sample)))
        # The last byte may be a mere terminator; before it, a cut loses something, and must be told.
        for length, body in cuts(sample.rstrip()[:-1]):
            name = f"cut to {length} bytes"
            read = self._outcomes(body)
            if worded(name, read):
                continue
            assert self.open_ended, f"{name}, and taken: without end or count the format is open_ended"
            assert read, f"{name}, and nothing said"
            assert list(map(said, read)) == whole[: len(read)], f"{name}, and half of one taken"

    def _one_bad_record(self, sample: bytes) -> None:
        """Somewhere in ``sample`` there is a byte by which one record fails, and all the others stand."""
        whole = list(map(said, self._outcomes(sample)))
        if self._records(sample) == 1:  # nobody else to harm: the one fault is all there is to tell
            alone = any(len(read) == 1 and fault_of(read[0]) for read in self._blotted(sample))
        else:
            alone = any(failed_alone(read, whole) for read in self._blotted(sample))
        assert alone, "whatever byte is spoiled, all of the message is refused"

    def _records(self, sample: bytes) -> int:
        return len(self._outcomes(sample))

    def _blotted(self, sample: bytes) -> Iterator[list[Read]]:
        return (self._outcomes(body) for body in blots(sample))


class _Samples(_Conformance):
    """The tests that take one good native message each, of whichever side."""

    def test_bad_bytes_are_refused_in_words(self, good: bytes) -> None:
        """Damaged or foreign bytes are refused with a code and a place, and never an exception."""
        self._spoiled(good)

    def test_a_cut_message_is_refused(self, good: bytes) -> None:
        """Cut at any byte it is refused; where the format has no end, nothing but whole records is taken."""
        self._cut(good)

    def test_another_code_page_is_refused(self, good: bytes) -> None:
        """Not one letter is guessed; where a message says its page, the same is read or nothing."""
        whole = list(map(said, self._outcomes(good)))
        for name, body in recoded(good).items():
            if not self.says_its_page or list(map(said, self._outcomes(body))) != whole:
                self._refuses(name, body)

    def test_too_large_is_refused(self, good: bytes) -> None:
        """A message over the limit is no message, whatever fills it up."""
        self._refuses("too large", oversize(good))

    def test_hostile_xml_is_refused(self, good: bytes) -> None:
        """Entities, document types, inclusions and floods: by their codes where the format is XML."""
        for name, body, code in hostile_xml(good):
            self._refuses(name, body, code)

    def test_one_bad_record_harms_no_other(self, good: bytes) -> None:
        """A record at fault is refused alone; the rest of its message is taken as if it were good."""
        self._one_bad_record(good)


class InboundConformance(_Samples):
    """
    What a channel's adapter must hold.

    Attributes:
        adapter: The adapter.
        references: Catalogue and endpoints that the samples need.
        samples: Native messages by name; each is good, and one at least holds an order.
        content_type: Of the samples.
        number: The control number as it stands in the first sample; empty where the format has none.  The
            key is looked at more closely when it is named.
    """

    adapter: ClassVar[InboundAdapter]
    references: ClassVar[References]
    samples: ClassVar[Mapping[str, bytes]]
    content_type: ClassVar[str] = ""
    number: ClassVar[bytes] = b""

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """One test a sample, a kind of notice and an outcome."""
        for argument in {"sample", "good"} & set(metafunc.fixturenames):
            _each(metafunc, argument, self.samples)
        if "notice" in metafunc.fixturenames:
            _each(metafunc, "notice", notices(*self._ordered()))
        if "intake" in metafunc.fixturenames:
            content, _ = self._ordered()
            _each(metafunc, "intake", intakes(content, self._origins()))

    def test_it_is_an_inbound_adapter(self) -> None:
        """It has the members of the contract."""
        assert isinstance(self.adapter, InboundAdapter)

    def test_a_sample_translates(self, sample: bytes) -> None:
        """A good message becomes commands, each saying where it came from, in order."""
        commands = list(self._read(sample))

        assert commands, "nothing is read in it"
        refused = [str(one.fault) for one in commands if isinstance(one, RejectedDocument)]
        assert not refused, "\n".join(("samples are good messages, and this one is refused:", *refused))
        origins = [origin_of(one) for one in commands]
        assert {self.adapter.channel} == {origin.channel for origin in origins}, origins
        own = {one.id for one in self.references.of_channel(self.adapter.channel)}
        assert {origin.endpoint for origin in origins} <= own, origins
        assert list(range(1, len(origins) + 1)) == [origin.position for origin in origins], origins
        assert all(origin.envelope and origin.document_type for origin in origins), origins
        again = [decode(encode(one), type(one)) for one in commands]
        assert commands == again, "as JSON and back it is another command"

    def test_translation_is_repeatable(self, sample: bytes) -> None:
        """The same message is the same commands, byte for byte."""
        first, again = (list(map(bytes_of, self._read(sample))) for _ in range(2))
        assert first == again, "the second time it is read as something else"

    def test_the_envelope_key_is_the_control_number(self) -> None:
        """
        Without a number it is the hash of the bytes.  With one: another number is another envelope, the same
        number with other content is the same (the hub refuses it as used before), also within one message.
        Where the suite does not name the number, there must be one: some bytes change the key, others do not.
        """
        [first, *_] = self.samples.values()
        if not self.number:
            self._key_of_an_unnamed_number(first)
            return
        assert self.number in first, f"the first sample does not hold {self.number!r}"
        envelopes = self._envelopes(self._read(first))
        renumbered = list(self._read(first.replace(self.number, another(self.number))))
        faults = list(map(str, filter(None, map(fault_of, renumbered))))
        assert not faults, "\n".join(("under another number it is refused:", *faults))
        assert not envelopes & self._envelopes(renumbered), "another number, and the same key"
        again = list(self._other_content(first))
        assert again, "no byte changes the content without changing the number"
        assert [envelopes] * len(again) == list(map(self._envelopes, again)), "other content, and another key"
        twice = self._outcomes(first + first)
        assert worded("twice", twice) or envelopes == self._envelopes(twice), (
            "twice in a message, and two keys"
        )

    def test_a_notice_is_rendered_or_not(self, notice: Any) -> None:
        """A notice of each kind is native bytes or nothing, the same each time."""
        stamp = self._stamp(notice.endpoint)

        first, again = (sound(self.adapter.render(notice, stamp)) for _ in range(2))
        assert first == again, "the second time it is told something else"

    def test_an_intake_is_acknowledged_or_not(self, intake: Any) -> None:
        """An intake of each outcome has one acknowledgement or none, the same each time."""
        first, again = (sound(self.adapter.acknowledge(intake, self._stamp())) for _ in range(2))
        assert first == again, "the second time it is told something else"
        assert not hides_tokens(self.adapter, intake, self._stamp()), "tokens are not told as they are"

    def test_a_notice_reads_back(self, notice: Any) -> None:
        """What is told is read by the format's own reader, all of it, whatever signs its texts have."""
        stamp = self._stamp(notice.endpoint)

        assert not lost_signs(self.adapter, notice, lambda told: self.adapter.render(told, stamp), stamp)

    def test_an_acknowledgement_reads_back(self, intake: Any) -> None:
        """So is what a message is acknowledged with."""
        stamp = self._stamp()

        assert not lost_signs(self.adapter, intake, lambda one: self.adapter.acknowledge(one, stamp), stamp)

    def _adapter(self) -> object:
        return self.adapter

    def _read(self, body: bytes) -> Iterator[Command | RejectedDocument]:
        native = Native(body=body, content_type=self.content_type)
        return bounded(lambda: self.adapter.translate(native, self.references), _MOST)

    def _everything(self) -> Iterator[bytes]:
        for sample in self.samples.values():
            yield from map(bytes_of, self._read(sample))
        content, origin = self._ordered()
        for notice in notices(content, origin).values():
            yield bytes_of(self.adapter.render(notice, self._stamp()))
        for intake in intakes(content, self._origins()).values():
            yield bytes_of(self.adapter.acknowledge(intake, self._stamp()))

    def _envelopes(self, commands: Iterable[Any]) -> set[str]:
        return {origin_of(one).envelope for one in commands}

    def _key_of_an_unnamed_number(self, first: bytes) -> None:
        if all({content_hash(one)} == self._envelopes(self._read(one)) for one in self.samples.values()):
            return
        whole, key = list(map(said, self._outcomes(first))), self._envelopes(self._read(first))
        others = [(self._envelopes(read), list(map(said, read))) for read in self._good(first)]
        same = [content for envelopes, content in others if envelopes == key and content != whole]
        assert same, "every byte changes the key, and it is not the hash of the bytes"
        other = [envelopes for envelopes, _ in others if envelopes != key]
        assert other, "no byte changes the key: name the number"

    def _other_content(self, sample: bytes) -> Iterator[list[Read]]:
        """What is read of ``sample`` with one byte of it changed, but not of its number, and is other."""
        whole = list(map(said, self._outcomes(sample)))
        return (read for read in self._good(sample, self.number) if list(map(said, read)) != whole)

    def _good(self, sample: bytes, kept: bytes = b"") -> Iterator[list[Read]]:
        """What is read of ``sample`` with one byte changed, ``kept`` excepted, where nothing is refused."""
        for body in itertools.chain(blots(sample), flips(sample)):
            if body.count(kept) == sample.count(kept):
                read = self._outcomes(body)
                if not any(map(fault_of, read)):
                    yield read

    def _stamp(self, endpoint: str = "") -> Stamp:
        """For an endpoint; of the first order, if none is named."""
        name = endpoint or self._ordered()[1].endpoint
        numbers = dict.fromkeys(self.adapter.counters, 7)
        return Stamp(at=AT, numbers=numbers, endpoint=self.references.endpoints.get(name))

    def _orders(self) -> Iterator[SubmitOrder]:
        for sample in self.samples.values():
            yield from (one for one in self._outcomes(sample) if isinstance(one, SubmitOrder))

    def _ordered(self) -> tuple[OrderContent, Origin]:
        """The first order that a sample asks for."""
        first = next(self._orders(), None)
        if first is None:
            faults = (fault_of(one) for sample in self.samples.values() for one in self._outcomes(sample))
            why = [
                f"{type(self).__name__} has no sample that holds an order",
                *map(str, filter(None, faults)),
            ]
            raise pytest.UsageError("\n".join(why))
        return first.order, first.origin

    def _origins(self) -> Sequence[Origin]:
        """The documents of the message that the first order came in."""
        _, first = self._ordered()
        read = (one for sample in self.samples.values() for one in self._outcomes(sample))
        every = (one.origin for one in read if isinstance(one, Command | RejectedDocument))
        return [
            origin
            for origin in every
            if (origin.endpoint, origin.envelope) == (first.endpoint, first.envelope)
        ]


class OutboundConformance(_Samples):
    """
    What a system's adapter must hold.

    Attributes:
        adapter: The adapter.
        instructions: Instructions by name, of each verb that its profile lists.
        replies: Native replies by name; each is good.
        settings: The system's format settings.
        content_type: Of the replies.
    """

    adapter: ClassVar[OutboundAdapter]
    instructions: ClassVar[Mapping[str, Instruction]]
    replies: ClassVar[Mapping[str, bytes]]
    settings: ClassVar[Mapping[str, str]] = {}
    content_type: ClassVar[str] = ""

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """One test an instruction and a reply."""
        if "instruction" in metafunc.fixturenames:
            _each(metafunc, "instruction", self.instructions)
        for argument in {"reply", "good"} & set(metafunc.fixturenames):
            _each(metafunc, argument, self.replies)

    def test_it_is_an_outbound_adapter(self) -> None:
        """It has the members of the contract."""
        assert isinstance(self.adapter, OutboundAdapter)

    def test_the_profile_is_sound(self) -> None:
        """Every verb can be answered, every bad word has a code, and every milestone is declared."""
        assert not unsound(self.adapter.profile)

    def test_the_samples_cover_the_verbs(self) -> None:
        """There is an instruction for each verb that the profile lists."""
        verbs, told = set(self.adapter.profile.verbs), {one.verb for one in self.instructions.values()}
        assert verbs == told, f"the profile lists {sorted(verbs)}, the instructions are {sorted(told)}"

    def test_an_instruction_is_told(self, instruction: Instruction) -> None:
        """It comes out as bytes that carry its key or its reference, with a call where one is made."""
        native = self._instruct(instruction)
        attached = self.adapter.profile.attachment

        sound(native)
        named = instruction.key.encode() in native.body or instruction.reference.encode() in native.body
        assert named, f"neither key nor reference is in {native.body[:500]!r}"
        assert (attached is Attachment.CALL) == (native.call is not None), native.call
        assert native == self._instruct(instruction), "the second time it is told something else"

    def test_an_instruction_reads_back(self, instruction: Instruction) -> None:
        """Its own format's reader reads it, all of it, and so it does a question about it."""
        adapter, stamp = self.adapter, self._stamp()

        assert not lost_signs(adapter, instruction, lambda told: adapter.instruct(told, stamp), stamp)
        if isinstance(adapter, InquiringAdapter):
            assert not lost_signs(adapter, instruction, lambda one: adapter.inquire(one, stamp), stamp)

    def test_an_instruction_it_cannot_say_is_refused(self, instruction: Instruction) -> None:
        """A verb that the profile does not list is refused in words."""
        unknown = set(Verb) - set(self.adapter.profile.verbs)
        for verb in sorted(unknown):
            with pytest.raises(Rejected):
                self._instruct(msgspec.structs.replace(instruction, verb=verb))

    def test_it_asks_where_it_must(self, instruction: Instruction) -> None:
        """Whose profile says that it must be inquired has a question, and a word for "never applied"."""
        profile = self.adapter.profile
        must = profile.repeat is Repeat.INQUIRE

        assert must == bool(profile.not_applied)
        assert must <= isinstance(self.adapter, InquiringAdapter)
        if isinstance(self.adapter, InquiringAdapter) and must:
            asked = self._inquire(self.adapter, instruction)
            sound(asked)
            assert profile.not_applied in profile.words
            assert instruction.key.encode() in asked.body or instruction.reference.encode() in asked.body
            assert (profile.attachment is Attachment.CALL) == (asked.call is not None)
            assert asked == self._inquire(self.adapter, instruction)
            assert asked.body != self._instruct(instruction).body

    def test_a_reply_is_read(self, reply: bytes) -> None:
        """A good reply is replies and receipts of this system, in words that its profile has."""
        found = list(self._read(reply))
        profile = self.adapter.profile

        assert found, "nothing is read in it"
        refused = [str(one) for one in found if isinstance(one, Rejected)]
        assert not refused, "\n".join(("samples are good replies, and this one is refused:", *refused))
        replies = [one for one in found if not isinstance(one, Rejected)]
        assert {profile.name} == {one.system for one in replies}, replies
        words = set(words_of(replies)) - set(profile.words)
        assert not words, f"not in the profile's words: {sorted(words)}"
        assert len(replies) == len({one.key for one in replies}), "two replies of one key"
        again = [decode(encode(one), type(one)) for one in replies]
        assert replies == again, "as JSON and back it is another reply"

    def test_reading_is_repeatable(self, reply: bytes) -> None:
        """The same bytes are the same replies, with the same keys."""
        first, again = (list(map(bytes_of, self._read(reply))) for _ in range(2))
        assert first == again, "the second time it is read as something else"

    def _adapter(self) -> object:
        return self.adapter

    def _read(self, body: bytes) -> Iterator[Reply | Receipt | Rejected]:
        native = Native(body=body, content_type=self.content_type)
        return bounded(lambda: self.adapter.read_reply(native), _MOST)

    def _records(self, sample: bytes) -> int:
        """A record may say several things, such as that it was received and refused."""
        return len({one.about for one in self._read(sample) if not isinstance(one, Rejected)})

    def _stamp(self) -> Stamp:
        numbers = dict.fromkeys((*self.adapter.counters, INQUIRY), 7)
        return Stamp(at=AT, numbers=numbers, settings=self.settings)

    def _instruct(self, instruction: Instruction) -> Native:
        return self.adapter.instruct(instruction, self._stamp())

    def _inquire(self, adapter: InquiringAdapter, instruction: Instruction) -> Native:
        return adapter.inquire(instruction, self._stamp())

    def _everything(self) -> Iterator[bytes]:
        for instruction in self.instructions.values():
            yield bytes_of(self._instruct(instruction))
        for reply in self.replies.values():
            yield from map(bytes_of, self._read(reply))


def _each(metafunc: pytest.Metafunc, argument: str, named: Mapping[str, object]) -> None:
    if not named:
        raise pytest.UsageError(f"{metafunc.cls} names nothing for {argument!r}")
    metafunc.parametrize(argument, list(named.values()), ids=list(named))

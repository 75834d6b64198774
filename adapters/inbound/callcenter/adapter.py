"""
The call-centre channel's adapter: one SOAP request a message, with one order or several.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from adapters.formats.soap import Version, read_envelope
from adapters.formats.xml_node import XmlNode
from adapters.kit.contract import Native, Stamp
from canonical.commands import Command, Origin, RejectedDocument
from canonical.errors import Rejected, shown
from canonical.keys import content_hash
from canonical.notices import Intake, Notice, NoticeKind
from canonical.references import References

from .answers import acknowledgement, answer, refused_later, status_notice
from .conversation import INTERACTION, RESUME, conversation_answer, read_interaction, read_resume
from .order import ANSWERED, ORDER, QUESTION, read_answer, read_order, read_question
from .profile import FROM, Agreement, only_endpoint, sender_of
from .vocabulary import ANSWER, CHANNEL, DATA, HAPPENED, QUERY, RESUMING, SERVICE, UPSERT

__all__ = ["CallCenterAdapter"]

# Orders of one message: they are taken in at once, and meanwhile the worker does nothing else.
_AT_ONCE = 1_000
# Which SOAP was spoken: an answer speaks the same.
_SOAP = "soap"
_VERSIONS = {"1.1": Version.V1_1, "1.2": Version.V1_2}
_NAMES = {version: name for name, version in _VERSIONS.items()}
_TYPES = {UPSERT: ORDER, QUERY: QUESTION, ANSWER: ANSWERED, RESUMING: RESUME, HAPPENED: INTERACTION}


class CallCenterAdapter:
    """
    Translate the call centre's requests: orders to be entered, kept, changed or cancelled, answers to quotes,
    interactions, and questions for a status or for what was said so far.

    Its envelope key is the hash of the bytes, since SOAP numbers no message.  What is wrong with the envelope
    is one rejected document, what is wrong with an order is that order's alone.
    """

    channel = CHANNEL
    counters: tuple[str, ...] = ()
    conversing = True

    def translate(self, native: Native, references: References) -> Iterator[Command | RejectedDocument]:
        """
        One document an order, or one for a message that cannot be read; ``Rejected`` is never raised.
        """
        only = only_endpoint(references)
        origin = Origin(channel=CHANNEL, endpoint=only.id if only else "", envelope=content_hash(native.body))
        try:
            envelope = read_envelope(native.body, content_type=native.content_type, understood=(FROM,))
            origin = replace(origin, details={_SOAP: _NAMES[envelope.version]})
            endpoint = sender_of(envelope, references)
            origin = replace(origin, endpoint=endpoint.id)
            agreed = Agreement.of(endpoint)
            nodes = _documents(envelope.body)
        except Rejected as rejected:
            yield RejectedDocument(origin=origin, fault=rejected.fault)
            return
        operation = envelope.body.local
        for position, node in enumerate(nodes, 1):
            place = replace(origin, position=position, document_type=_TYPES[operation])
            if operation == QUERY:
                yield read_question(node, place)
            elif operation == ANSWER:
                yield read_answer(node, place)
            elif operation == RESUMING:
                yield read_resume(node, place)
            elif operation == HAPPENED:
                yield read_interaction(node, place, agreed)
            else:
                yield read_order(node, place, agreed, references)

    def acknowledge(self, intake: Intake, stamp: Stamp) -> Native | None:
        """
        The outcome of each order, or a fault when none was taken; None for what is parked, and for questions.
        """
        return (
            acknowledgement(intake.verdicts, _spoken(intake.verdicts[0].origin)) if intake.verdicts else None
        )

    def render(self, notice: Notice, stamp: Stamp) -> Native | None:
        """
        ``UpdateLineItems``, or the answer to a question; None for ``rejected``, which the answer to the
        request has told, unless what is refused had been taken before.
        """
        if stamp.endpoint is None:
            return None
        agreed = Agreement.of(stamp.endpoint)
        if notice.conversation is not None:
            spoken = _spoken(notice.origin) if notice.origin else agreed.version
            return conversation_answer(notice, notice.conversation, agreed, spoken)
        if notice.kind is NoticeKind.STATUS:
            return answer(notice, agreed, _spoken(notice.origin) if notice.origin else agreed.version)
        if notice.kind is NoticeKind.REJECTED or notice.order is None:
            return refused_later(notice, agreed.version)
        return status_notice(notice, notice.order, agreed)


def _spoken(origin: Origin) -> Version:
    return _VERSIONS[origin.details.get(_SOAP, "1.1")]


def _documents(request: XmlNode) -> tuple[XmlNode, ...]:
    """
    The orders that a request is about.
    """
    if request.local not in _TYPES:
        what = f"the operation {shown(request.local)} is not known"
        raise request.reject("E_SOAP", what, ", ".join(_TYPES))
    if request.uri != SERVICE:
        raise request.foreign(SERVICE)
    request.refuse_unknown(("ListOfSWIOrderIO",), DATA)
    listed = request.child("ListOfSWIOrderIO", DATA)
    name = "SWIInteraction" if request.local == HAPPENED else "SWIOrder"
    listed.refuse_unknown((name,))
    return listed.all(name, low=1, high=_AT_ONCE)

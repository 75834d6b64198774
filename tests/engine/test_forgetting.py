"""
A customer is forgotten: nothing personal of him is left anywhere in the store, and everything else is.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import msgspec
import pytest

from canonical.states import State
from orderloom.cli.parked_acts import Act, discard
from orderloom.correlation.forgetting import is_forgotten
from orderloom.correlation.port import Changes, JournalEntry, OutboxRow, StoreBusy
from orderloom.forgetting import Fate, Left, find_customer, forget_interactions, forget_order
from tests.engine.rig import CRM_REPLIES, Rig, crm_result, oss_answer

WHO = {"actor": "cli:ada", "why": "request 117"}

# Each of these words stands in one place of what comes in, and nowhere else.
PERSONAL = (
    "Zebulon",
    "Quixote",
    "Aldgate",
    "Wapping",
    "E1W-9XX",
    "zeb@quixote.example",
    "Drawbridge",
    "Moustache",
    "Whiskers",
    "Portcullis",
    "+441632960117",
)
CUSTOMER = "email:zeb@quixote.example"


def order(
    number: str, customer: str = CUSTOMER, name: str = "Zebulon Quixote", street: str = "Aldgate"
) -> bytes:
    """An order in which every place that a person may stand in has one."""
    place = {
        "@type": "GeographicAddress",
        "name": name,
        "streetName": street,
        "city": "Wapping" if name.startswith("Zeb") else "Elsewhere",
        "postcode": "E1W-9XX" if name.startswith("Zeb") else "X",
        "country": "GB",
    }
    mine = name.startswith("Zeb")
    parties = [
        {"role": "customer", "partyOrPartyRole": {"@type": "PartyRef", "id": customer, "name": name}},
        {"role": "customer", "partyOrPartyRole": {"@type": "PartyRef", "id": f"C-{number}"}},
    ]
    if mine:
        parties.append(
            {"role": "customer", "partyOrPartyRole": {"@type": "PartyRef", "id": "phone:+441632960117"}}
        )
    greeting = {
        "@type": "StringCharacteristic",
        "name": "greeting",
        "value": "Moustache" if mine else "Hello",
    }
    return json.dumps(
        {
            "@type": "ProductOrder",
            "externalId": [{"owner": "web", "externalIdentifierType": "orderId", "id": number}],
            "description": "for Whiskers" if mine else "for somebody",
            "note": [{"@type": "Note", "text": "over the Drawbridge" if mine else "ring", "author": name}],
            "relatedParty": [{"@type": "RelatedPartyRefOrPartyRoleRef", **one} for one in parties],
            "productOrderItem": [
                {
                    "@type": "ProductOrderItem",
                    "id": "1",
                    "action": "add",
                    "quantity": 1,
                    "productOffering": {"@type": "ProductOfferingRef", "id": "NET"},
                    "product": {
                        "@type": "Product",
                        "productCharacteristic": [greeting],
                        "place": [
                            {"@type": "RelatedPlaceRefOrValue", "role": "installationAddress", "place": place}
                        ],
                    },
                }
            ],
        }
    ).encode()


def carried_out(rig: Rig, body: bytes, number: str, reason: str) -> None:
    """The order from its document to its end; the CRM once says no, with a reason in words."""
    rig.drop(body)
    rig.settle()
    rig.answer_crm("REFUSED", reason=reason)
    rig.settle()
    rig.drop(crm_result(rig.key("crm", number), "OK", number=f"R-{number}"), CRM_REPLIES)
    rig.settle()
    key = rig.calls.made[0].key
    rig.answer_call(body=oss_answer(key))
    rig.settle()
    rig.tell_oss(number)
    rig.settle()
    assert "completed" == rig.states(number)["order"]


@pytest.fixture
def ended(rig) -> Rig:
    """His order has ended, and so has another customer's."""
    return both_ended(rig)


def both_ended(rig: Rig) -> Rig:
    """His order has ended, and so has another customer's; all messages have left."""
    carried_out(rig, order("W-1"), "W-1", "Portcullis is down")
    carried_out(rig, order("W-2", "C-77", "Other Person", "High Street"), "W-2", "no")
    rig.step(1.0)
    assert () == rig.store.unsent()
    return rig


def kept(rig: Rig) -> str:
    """Everything that the store has, row by row, as text."""
    words = []
    with rig.store._connections.read() as db:
        execute = db.execute
        for table in TABLES:
            for row in execute(f"select * from {table}").fetchall():  # noqa: S608 -- ours
                words += [
                    bytes(one).decode("utf-8", "replace") if isinstance(one, bytes | memoryview) else str(one)
                    for one in row
                ]
    return "\n".join(words)


TABLES = (
    *(
        "orders",
        "item",
        "part",
        "line",
        "instruction",
        "told",
        "alias",
        "alias_key",
        "inbox",
        "native",
        "breaker",
    ),
    *("intake", "outbox", "reply", "journal", "timer", "parked", "attempt", "claim", "change", "breaker"),
    *("conversation", "token", "draft", "draft_seen", "party_alias", "interaction", "recommendation"),
    *("intake_file", "intake_piece", "setting", "counter"),
)


def found(text: str) -> set[str]:
    """Which of the words that are his stand there."""
    return {word for word in PERSONAL if word in text}


def forget(rig: Rig, name: str = CUSTOMER, *, dry: bool = False) -> list[Fate | Left]:
    """All that the command does, in its order."""
    customer = find_customer(rig.store, name)
    fates = [forget_order(rig.store, one, at=rig.now, dry=dry, **WHO) for one in customer.orders]
    forget_interactions(rig.store, customer, at=rig.now, dry=dry, **WHO)
    if not dry:
        rig.store.scrub()
    return fates


def test_nothing_of_him_is_left_in_any_table(ended):
    """Nor did the journal ever have anything of him."""
    assert set(PERSONAL) == found(kept(ended))
    assert set() == found(repr(ended.store.journal(ended.record("W-1").id)) + repr(ended.store.journal("")))
    [fate] = forget(ended)

    assert ("W-1", False) == (fate.number, fate.before)
    assert set() == found(kept(ended))


def test_nothing_is_left_in_the_files_either(ended):
    """The database, its log, and what stands beside them: byte by byte, while the worker has them open."""
    forget(ended)
    files = {one.name: one.read_bytes().decode("latin-1") for one in ended.folder.iterdir() if one.is_file()}

    assert {} == {name: words for name, text in files.items() if (words := found(text))}
    assert any("High Street" in text for text in files.values())


def test_what_proves_the_order_stays(ended):
    """Ids, states, hashes, quantities and dates; and the other customer's order, to the last byte."""
    before, other = ended.record("W-1"), ended.record("W-2")
    bytes_of_other = [ended.store.native(one.native).body for one in other.instructions]
    forget(ended)
    after = ended.record("W-1")

    assert [(one.key, one.state, one.word) for one in before.lines] == [
        (one.key, one.state, one.word) for one in after.lines
    ]
    assert [(one.key, one.reference, one.native) for one in before.instructions] == [
        (one.key, one.reference, one.native) for one in after.instructions
    ]
    assert [(one.kind, one.native) for one in before.told] == [(one.kind, one.native) for one in after.told]
    assert (before.order.completion_date, before.order.external_id) == (
        after.order.completion_date,
        after.order.external_id,
    )
    assert [one.product_offering for one in before.order.product_order_item] == [
        one.product_offering for one in after.order.product_order_item
    ]
    assert is_forgotten(after.order)
    assert other == ended.record("W-2")
    assert bytes_of_other == [ended.store.native(one.native).body for one in other.instructions]


def test_a_customer_id_stays_and_an_address_does_not(ended):
    """What is personal by itself is replaced by what tells nothing."""
    forget(ended)
    ids = [one.party_or_party_role.id for one in ended.record("W-1").order.related_party]

    assert "C-W-1" == ids[1]
    assert all(one.startswith("forgotten:PA") for one in (ids[0], ids[2]))


def test_who_and_why_are_in_the_journal(ended):
    """Of the order, and of none; the latter with what stands for the customer."""
    forget(ended)
    [one] = [entry for entry in ended.store.journal(ended.record().id) if entry.event == "forgotten"]
    assert ("cli:ada", True) == (one.actor, one.text.endswith("messages removed: request 117"))
    [two] = [entry for entry in ended.store.journal("") if entry.event == "party_forgotten"]
    assert ("1", "PA") == (two.data["orders"], two.data["party"][:2])


def test_looking_alone_changes_nothing(ended):
    """It says how many messages would go."""
    text = kept(ended)
    [fate] = forget(ended, dry=True)

    assert 0 < fate.natives
    assert text == kept(ended)
    assert fate == forget(ended)[0]


def test_any_alias_of_his_finds_all_of_him(ended):
    """Those of one document belong to one party; an alias that only looks alike finds nobody."""
    for name in (CUSTOMER, "phone:+441632960117", "C-W-1"):
        assert (ended.record("W-1").id,) == find_customer(ended.store, name).orders
    assert () == find_customer(ended.store, "email:Zeb@quixote.example").orders


def test_the_second_time_there_is_nothing_to_do(ended):
    """By the id that stays."""
    forget(ended)
    [fate] = forget(ended, "C-W-1")

    assert fate.before
    assert 1 == ended.events().count("forgotten")


def test_an_order_that_runs_is_left(rig):
    """Nobody could deliver to an address that was forgotten."""
    rig.drop(order("W-1"))
    rig.settle()
    [left] = forget(rig)

    assert "inProgress: it has not ended" == left.why
    assert set(PERSONAL) - {"Portcullis"} <= found(kept(rig))


def test_a_message_that_has_not_left_keeps_its_order(ended):
    """It is told first."""
    record = ended.record("W-1")
    with ended.store.begin() as tx:
        row = OutboxRow(record.id, "q", "", "q", b"{}", mandatory=True, at=ended.now, body=b"{}")
        tx.apply(Changes(outbox=[row]))
    [left] = forget(ended)

    assert "a message of it has not left yet" == left.why


def test_sent_again_it_is_the_same_order_and_no_second(ended):
    """Its envelope was forgotten, its number was not; the sender is answered."""
    forget(ended)
    ended.told()
    ended.now += timedelta(minutes=5)
    ended.drop(order("W-1"))
    ended.settle()

    assert {"completed": 2} == ended.store.counts()
    assert State.COMPLETED is ended.record("W-1").order.state


def test_what_comes_for_it_at_that_moment_makes_it_say_so(ended, monkeypatch):
    """Nothing is overwritten by what was read before."""
    stale = msgspec.structs.replace(ended.record("W-1"), outputs={"crm.accountId": "A-0"})
    monkeypatch.setattr(ended.store, "order", lambda _: stale, raising=False)
    with pytest.raises(StoreBusy, match="something came for it just now"):
        forget_order(ended.store, stale.id, at=ended.now, **WHO)


def test_a_late_word_about_a_forgotten_order_is_still_understood(ended):
    """Ids and references stay, so that systems can go on speaking of it."""
    forget(ended)
    ended.drop(crm_result(ended.key("crm", "W-1"), "OK", number="R-late"), CRM_REPLIES)
    ended.settle()

    assert () == ended.store.parked()


def test_what_he_said_and_did_besides_is_forgotten_with_him(ended):
    """Complaints and visits, by whichever of his aliases; kind, place and time of them stay."""
    for number, party in (("I-1", "C-W-1"), ("I-2", "phone:+441632960117"), ("I-3", "C-77")):
        document = {
            "@type": "PartyInteraction",
            "id": number,
            "reason": "complaint",
            "description": f"{'Gargoyle' if party != 'C-77' else 'Somebody'} on the roof",
            "relatedParty": [
                {
                    "@type": "RelatedPartyRefOrPartyRoleRef",
                    "role": "customer",
                    "partyOrPartyRole": {"@type": "PartyRef", "id": party},
                }
            ],
        }
        ended.drop(json.dumps(document).encode())
    ended.settle()
    ended.step(1.0)
    assert "Gargoyle on the roof" in kept(ended)
    forget(ended)

    assert "Gargoyle" not in kept(ended)
    assert "Somebody on the roof" in kept(ended)
    rows = ended.store.interactions(find_customer(ended.store, "C-W-1").ids, 9)
    assert ["complaint", "complaint"] == [one.kind for each in rows.values() for one in each]


def test_a_draft_that_became_an_order_is_forgotten_in_all_its_versions(rig):
    """What was said and overruled, too."""
    draft = json.loads(order("W-1"))
    for text in ("over the Drawbridge", "under the Drawbridge"):
        said = draft | {"requestedInitialState": "draft", "note": [{"@type": "Note", "text": text}]}
        rig.drop(json.dumps(said).encode())
        rig.settle()
    carried_out(rig, order("W-1"), "W-1", "Portcullis is down")
    rig.step(1.0)
    forget(rig)

    assert set() == found(kept(rig))


def test_an_order_that_was_his_is_forgotten_with_him(rig):
    """A change has given it to somebody else: what it came in, and what was told, still has his name."""
    rig.drop(order("W-1"))
    rig.settle()
    other = [{"role": "customer", "partyOrPartyRole": {"id": "C-77", "name": "Other Person"}}]
    change = {"@type": "ProductOrder", "relatedParty": other}
    asked = {"@type": "ProductOrderPatchRequest", "requestId": "P-1", "orderId": "W-1"}
    rig.drop(json.dumps(asked | {"productOrder": change}).encode())
    for _ in range(3):
        rig.settle()
        rig.answer_crm()
    assert ["C-77"] == [one.party_or_party_role.id for one in rig.record("W-1").order.related_party]
    rig.answer_call(body=oss_answer(rig.calls.made[0].key))
    rig.settle()
    rig.tell_oss("W-1")
    rig.settle()
    rig.step(1.0)
    assert State.COMPLETED is rig.record("W-1").order.state

    forget(rig)

    assert set() == found(kept(rig))


def test_a_draft_that_was_his_is_forgotten_with_him(rig):
    """The document that submits it names another customer."""
    draft = json.loads(order("W-1")) | {"requestedInitialState": "draft"}
    rig.drop(json.dumps(draft).encode())
    rig.settle()
    names = ("email:other@person.example", "C-77", "phone:+15550107")
    other = [{"role": "customer", "partyOrPartyRole": {"id": one, "name": "Other"}} for one in names]
    rig.drop(json.dumps(draft | {"relatedParty": other}).encode())
    rig.settle()
    rig.drop(b'{"@type": "CancelProductOrder", "productOrder": {"id": "W-1"}, "requestId": "C-1"}')
    rig.settle()
    rig.step(1.0)

    forget(rig)

    assert set() == found(kept(rig))


def test_a_parked_message_of_his_has_to_be_settled_first(ended):
    """Then its bytes go, and what its fault quotes."""
    ended.drop(crm_result(ended.key("crm", "W-1"), "Portcullis", number="R-odd"), CRM_REPLIES)
    ended.settle()
    [row] = ended.store.parked()
    assert "Portcullis" in row.fault.decode()
    [left] = forget(ended)
    assert "a message of it is parked: replay or discard it first" == left.why

    discard(ended.store, row.id, Act("cli:ada", "rubbish", ended.now))
    forget(ended)
    assert set() == found(kept(ended))
    assert ["E_REPLY_WORD"] == [one.code for one in ended.store.parked(None)]


def test_the_story_is_told_without_what_was_said(ended):
    """Each entry once, in its order, with its facts; of others' words what their code means."""
    quoted = JournalEntry(
        ended.record("W-1").id,
        ended.now,
        "fallout",
        "crm: 'Portcullis' is too long [E_FIELD_SIZE]",
        {"code": "E_FIELD_SIZE", "part": "crm"},
    )
    facts = {"field": "item 1 greeting", "earlier": "Moustache"}
    overruled = replace(quoted, event="draft_overruled", data=facts)
    with ended.store.begin() as tx:
        tx.apply(Changes(journal=[quoted, overruled]))
    before = ended.store.journal(quoted.order_id)
    forget(ended)
    *after, last = ended.store.journal(quoted.order_id)

    assert set() == found(kept(ended))
    assert [(one.event, one.at) for one in before] == [(one.event, one.at) for one in after]
    assert "forgotten" == last.event
    told = {one.event: one for one in after}
    assert ("One field is longer than allowed.", quoted.data) == (told["fallout"].text, told["fallout"].data)
    assert {"field": "item 1 greeting"} == told["draft_overruled"].data
    assert (
        told["status_changed"].text == next(one for one in before[::-1] if one.event == "status_changed").text
    )


def test_every_table_is_looked_at(rig):
    """One that comes later must not be forgotten by these tests."""
    with rig.store._connections.read() as db:
        names = db.execute("select name from sqlite_schema where type = 'table'").fetchall()

    assert {*TABLES, "migration", "rules", "worker", "sqlite_sequence"} == {name for (name,) in names}

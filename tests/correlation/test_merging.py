"""
Two places edit one draft: what either says is kept, and the same field twice is the later's.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from canonical.order import (
    Address,
    Characteristic,
    ExternalId,
    ItemRelationship,
    Note,
    OfferingRef,
    OrderContent,
    OrderItem,
    PartyRef,
    Place,
    Product,
    RelatedParty,
)
from canonical.states import Action
from orderloom.correlation.merging import Conflict, merge


def item(id_="1", offering="PHONE-A", quantity=1, *, group="", after=(), **values):
    """One item; ``values`` are its characteristics."""
    return OrderItem(
        id=id_,
        action=Action.ADD,
        product_offering=OfferingRef(id=offering),
        quantity=quantity,
        choice_group=group,
        product=Product(
            product_characteristic=tuple(
                Characteristic(name=name, value=value) for name, value in values.items()
            )
        ),
        product_order_item_relationship=tuple(
            ItemRelationship(id=one, relationship_type="reliesOn") for one in after
        ),
    )


def draft(*items, **fields):
    """What a document says of a draft."""
    return OrderContent(product_order_item=items, **fields)


def ids(content):
    return [one.id for one in content.product_order_item]


class TestItems:
    def test_two_fields_of_one_item_are_both_changed(self):
        """The web wants two of them, the call centre wants them white."""
        base = draft(item(color="black"))
        web, desk = draft(item(quantity=2, color="black")), draft(item(color="white"))
        merged = merge(base, web, desk)

        assert draft(item(quantity=2, color="white")) == merged.content
        assert ("item 1 color",) == merged.changed
        assert () == merged.conflicts

    def test_the_same_field_twice_is_the_laters(self):
        """And it is told what the earlier was."""
        base = draft(item(color="black"))
        merged = merge(base, draft(item(color="red")), draft(item(color="white")))

        assert draft(item(color="white")) == merged.content
        assert (Conflict("item 1 color", "red", "white"),) == merged.conflicts
        assert "item 1 color (red, now white)" == str(merged.conflicts[0])

    def test_the_same_change_twice_is_one(self):
        """They agree: nobody has overruled anybody."""
        base, both = draft(item()), draft(item(quantity=3))
        merged = merge(base, both, both)

        assert (both, (), ()) == (merged.content, merged.changed, merged.conflicts)

    def test_what_the_sender_had_seen_and_does_not_name_is_taken_away(self):
        """Of five telephones one is left; what another has added meanwhile it cannot mean."""
        base = draft(*(item(str(one), f"PHONE-{one}", group="phone") for one in range(1, 6)))
        current = draft(*base.product_order_item, item("6", "CASE"))
        merged = merge(base, current, draft(item("2", "PHONE-2", group="phone")))

        assert ["2", "6"] == ids(merged.content)
        assert tuple(f"item {one} removed" for one in (1, 3, 4, 5)) == merged.changed

    def test_taken_away_here_and_changed_there(self):
        """The later wins, whichever it is."""
        base, changed = draft(item("1"), item("2")), draft(item("1", quantity=2), item("2"))
        away = draft(item("2"))

        assert ["2"] == ids(merge(base, changed, away).content)
        assert (Conflict("item 1", "changed", "removed", plain=True),) == merge(base, changed, away).conflicts
        assert {"1", "2"} == set(ids(merge(base, away, changed).content))
        assert (Conflict("item 1", "removed", "changed", plain=True),) == merge(base, away, changed).conflicts
        assert ["2"] == ids(merge(base, away, base).content)

    def test_who_has_not_seen_the_draft_only_adds_to_it(self):
        """A cart's line 1 has nothing to do with the draft's item 1."""
        current = draft(item("1", "PHONE-A"), item("2", "CASE"))
        cart = draft(item("1", "PLAN-20"), item("3", "CASE", after=("1",)))
        merged = merge(None, current, cart)

        assert ["1", "2", "4", "3"] == ids(merged.content)
        assert "PLAN-20" == merged.content.product_order_item[2].product_offering.id
        assert "4" == merged.content.product_order_item[3].product_order_item_relationship[0].id

    def test_an_id_that_another_still_knows_is_not_given_again(self):
        """It was taken away, but the other still has it before its eyes."""
        merged = merge(None, draft(item("1")), draft(item("3", "CASE")), reserved=["1", "2", "3"])

        assert ["1", "4"] == ids(merged.content)

    def test_who_says_the_very_same_unseen_has_added_nothing(self):
        """A cart that is sent again by another way."""
        current = draft(item("1", quantity=2))

        assert current == merge(None, current, current).content
        assert ["1", "2"] == ids(merge(None, current, draft(item("1"))).content)

    def test_a_document_without_items_says_nothing_of_items(self):
        """The draft as it stands, and a note."""
        base = draft(item("1"), item("2"))
        merged = merge(base, base, draft(note=(Note(text="ring twice"),)))

        assert replace(base, note=(Note(text="ring twice"),)) == merged.content

    def test_no_item_relies_on_one_that_is_gone(self):
        """It was taken away by somebody who did not see the relationship."""
        base = draft(item("1"), item("2"))
        merged = merge(base, draft(item("1"), item("2"), item("3", after=("1",))), draft(item("2")))

        assert ["2", "3"] == ids(merged.content)
        assert () == merged.content.product_order_item[1].product_order_item_relationship


class TestFields:
    def test_what_is_not_said_stays(self):
        """A kiosk has no words for a description, a group or a delivery date."""
        base = draft(item(group="phone"), description="as discussed", priority="1")
        merged = merge(base, base, draft(item(quantity=2)))

        assert (
            draft(item(quantity=2, group="phone"), description="as discussed", priority="1") == merged.content
        )

    def test_aliases_of_the_customer_stand_beside_each_other(self):
        """One of each type; numbers are kept, each once."""

        def party(id_):
            return RelatedParty(role="customer", party_or_party_role=PartyRef(id=id_))

        def number(owner, id_):
            return ExternalId(owner=owner, external_identifier_type="n", id=id_)

        web = draft(item(), related_party=(party("C-7"),), external_id=(number("web", "1"),))
        store = draft(
            item(),
            related_party=(party("email:ada@example.com"), party("C-8")),
            external_id=(number("store", "2"), number("web", "1")),
        )
        merged = merge(web, web, store)

        assert (party("C-8"), party("email:ada@example.com")) == merged.content.related_party
        assert (number("web", "1"), number("store", "2")) == merged.content.external_id

    def test_of_people_the_journal_is_told_the_field_alone(self):
        """It copies no names and no addresses."""

        def at(street):
            return draft(
                item(),
                place=(Place(role="deliveryAddress", place=Address(street=street)),),
                description=street,
            )

        conflicts = merge(at("Old Road"), at("New Road"), at("Long Road")).conflicts

        assert (Conflict("description"), Conflict("place deliveryAddress")) == conflicts
        assert ["description", "place deliveryAddress"] == [str(one) for one in conflicts]


# Properties: three versions of a draft of few items, so that they meet.

ITEMS = st.builds(
    item,
    st.sampled_from(["1", "2", "3"]),
    st.sampled_from(["A", "B"]),
    st.integers(1, 3),
    color=st.sampled_from(["black", "white"]),
)
DRAFTS = st.builds(
    lambda items, priority: draft(*items, priority=priority),
    st.lists(ITEMS, min_size=1, max_size=3, unique_by=lambda one: one.id),
    st.sampled_from(["1", "2"]),
)


def by_id(content):
    return {one.id: one for one in content.product_order_item}


class TestProperties:
    @given(DRAFTS, DRAFTS)
    def test_alone_a_document_says_what_comes_of_it(self, base, said):
        """When nobody else was there, the draft is the document, and nothing is in conflict."""
        merged = merge(base, base, said)

        assert by_id(said) == by_id(merged.content)
        assert said.priority == merged.content.priority
        assert () == merged.conflicts

    @given(DRAFTS, DRAFTS)
    def test_who_changes_nothing_undoes_nothing(self, base, current):
        """An old document that comes late takes nothing back."""
        merged = merge(base, current, base)

        assert current == merged.content
        assert () == merged.changed == merged.conflicts

    @given(DRAFTS, DRAFTS, DRAFTS)
    def test_said_twice_is_said_once(self, base, current, said):
        """The second time it is what the sender sees."""
        once = merge(base, current, said).content

        assert once == merge(said, once, said).content

    @given(DRAFTS, DRAFTS, DRAFTS)
    def test_without_conflict_it_does_not_matter_who_was_first(self, base, one, other):
        """Disjoint changes are all there, whatever their order."""
        first, second = merge(base, one, other), merge(base, other, one)
        if not first.conflicts and not second.conflicts and not _both_added(base, one, other):
            assert by_id(first.content) == by_id(second.content)
            assert first.content.priority == second.content.priority

    @given(DRAFTS, DRAFTS, DRAFTS)
    def test_what_both_changed_differently_is_told(self, base, current, said):
        """No field is overruled in silence."""
        told = {one.path for one in merge(base, current, said).conflicts}
        was, theirs, mine = by_id(base), by_id(current), by_id(said)
        for id_ in was.keys() & theirs.keys() & mine.keys():
            amounts = {was[id_].quantity, theirs[id_].quantity, mine[id_].quantity}
            assert (3 == len(amounts)) == (f"item {id_} quantity" in told)

    @given(st.none() | DRAFTS, DRAFTS, DRAFTS)
    def test_every_id_stands_once(self, base, current, said):
        """Whatever met whatever."""
        found = ids(merge(base, current, said).content)

        assert len(set(found)) == len(found)

    @given(DRAFTS, DRAFTS)
    def test_unseen_nothing_is_taken_away(self, current, said):
        """Whoever has never seen the draft."""
        found = by_id(merge(None, current, said).content)

        assert by_id(current) == {id_: found[id_] for id_ in by_id(current)}


def _both_added(base, one, other):
    """The same new id twice is two items, and which of them keeps it is a matter of who was first."""
    return bool((by_id(one).keys() & by_id(other).keys()) - by_id(base).keys())

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from canonical.order import ChannelRef, ChannelRole, RelatedChannel
from canonical.references import Offering
from canonical.states import Action
from routes.conditions import Clause, Facts, FieldIs, HasItem, PartyIs, StartGiven, contradict
from routes.selectors import WORK, Selector, Wanted
from tests.routes.builders import EVERYTHING, item, order, part, route, rules_of

# Slowness on a busy machine is no fault of an example.
CALM = settings(deadline=None)
RULES = rules_of(EVERYTHING)
START = datetime(2026, 4, 1, tzinfo=UTC)
TEXTS = st.text(alphabet="ab", max_size=3)
WANTED = st.one_of(
    st.frozensets(TEXTS, min_size=1, max_size=3).map(Wanted),
    TEXTS.map(lambda prefix: Wanted(prefix=prefix)),
)


def when(text: str) -> tuple[Clause, ...]:
    """The clauses of a route whose ``when`` is this TOML."""
    return rules_of(route("r", text, part("a"))).routes[0].when


class TestClauses:
    @pytest.mark.parametrize(
        ("condition", "fitting", "other"),
        [
            pytest.param('{ channel = "web" }', {}, {"endpoint": "partner.acme"}, id="channel"),
            pytest.param(
                '{ channel = ["web", "store"] }', {}, {"endpoint": "partner.acme"}, id="one of channels"
            ),
            pytest.param('{ endpoint = "partner.acme" }', {"endpoint": "partner.acme"}, {}, id="endpoint"),
            pytest.param(
                '{ category = "residential" }',
                {"category": "residential"},
                {"category": "business"},
                id="category",
            ),
            pytest.param(
                '{ category = { prefix = "res" } }', {"category": "residential"}, {}, id="category prefix"
            ),
            pytest.param(
                '{ party = { customer = "C-1" } }', {"customer": "C-1"}, {"customer": "C-10"}, id="customer"
            ),
            pytest.param(
                '{ party = { customer = { prefix = "C-" } } }', {"customer": "C-9"}, {}, id="customer prefix"
            ),
            pytest.param("{ requested_start = true }", {"requested_start_date": START}, {}, id="with start"),
            pytest.param(
                "{ requested_start = false }", {}, {"requested_start_date": START}, id="without start"
            ),
        ],
    )
    def test_a_condition_on_the_order(self, condition, fitting, other):
        """It holds for the one order and not for the other."""
        [clause] = when(condition)

        assert clause.holds(Facts.of(order(RULES, **fitting)))
        assert not clause.holds(Facts.of(order(RULES, **other)))

    @pytest.mark.parametrize(
        ("condition", "fitting", "other"),
        [
            pytest.param('{ category = "device" }', item(), item(offering="LINE"), id="category"),
            pytest.param('{ offering = ["CASE", "PHONE"] }', item(), item(offering="LINE"), id="offering"),
            pytest.param('{ action = "delete" }', item(action="delete"), item(action="add"), id="action"),
            pytest.param(
                '{ characteristic = { speed = "fast" } }', item(speed="fast"), item(speed="slow"), id="equals"
            ),
            pytest.param(
                '{ characteristic = { speed = ["a", "b"] } }', item(speed="b"), item(speed="c"), id="one of"
            ),
            pytest.param(
                '{ characteristic = { sim = { prefix = "49" } } }',
                item(sim="4930"),
                item(sim="1"),
                id="prefix",
            ),
            pytest.param(
                '{ characteristic = { sim = "" } }'.replace('""', '["x"]'), item(sim="x"), item(), id="absent"
            ),
            pytest.param(
                '{ category = "device", action = "add" }',
                item(),
                item(action="modify"),
                id="both must hold of one item",
            ),
        ],
    )
    def test_a_condition_on_items(self, condition, fitting, other):
        """``item`` wants some item like that, ``no_item`` wants none."""
        [some] = when(f"{{ item = {condition} }}")
        [none] = when(f"{{ no_item = {condition} }}")
        with_it = Facts.of(order(RULES, item("1", "LINE"), item("2", "BUNDLE", "add", rename(fitting, "3"))))
        without = Facts.of(order(RULES, rename(other, "1")))

        assert (True, False) == (some.holds(with_it), none.holds(with_it))
        assert (False, True) == (some.holds(without), none.holds(without))

    def test_two_item_conditions_may_be_met_by_two_items(self):
        """A list asks for some item of each kind."""
        clauses = when('{ item = [{ category = "device" }, { category = "internet" }] }')
        both = Facts.of(order(RULES, item("1"), item("2", "LINE")))
        one = Facts.of(order(RULES, item("1")))

        assert [True, True] == [clause.holds(both) for clause in clauses]
        assert [True, False] == [clause.holds(one) for clause in clauses]

    def test_bundles_are_items_too(self):
        """A route may ask for the bundle that it is about."""
        [clause] = when('{ item = { category = "bundle" } }')

        assert clause.holds(Facts.of(order(RULES, item("1", "BUNDLE", "add", item("2")))))

    def test_nochange_items_do_not_count_unless_asked_for(self):
        """They are on the order to be seen."""
        facts = Facts.of(order(RULES, item("1"), item("2", "LINE", "noChange")))
        [unasked] = when('{ item = { category = "internet" } }')
        [asked] = when('{ item = { category = "internet", action = "noChange" } }')

        assert not unasked.holds(facts)
        assert asked.holds(facts)

    def test_only_the_capturing_channel_counts(self):
        """An order that the store looked into first is still routed as the web's."""
        taken = order(RULES)
        store = RelatedChannel(
            role=ChannelRole.INFORM, channel=ChannelRef(id="store"), endpoint="store.1", at=START
        )
        facts = Facts.of(msgspec.structs.replace(taken, channel=(store, *taken.channel)))

        assert ("web", "web.portal") == (facts.channel, facts.endpoint)

    def test_an_order_that_nobody_captured_fits_no_channel(self):
        """Then no condition on channel or endpoint can hold."""
        facts = Facts.of(msgspec.structs.replace(order(RULES), channel=()))

        assert [False, False] == [
            clause.holds(facts) for clause in when('{ channel = "web", endpoint = "web.portal" }')
        ]

    @pytest.mark.parametrize(
        ("condition", "said", "saw"),
        [
            pytest.param(
                '{ channel = ["web", "store"] }', "channel is store or web", "channel is 'web'", id="channel"
            ),
            pytest.param('{ category = "x" }', "category is x", "no category is given", id="nothing there"),
            pytest.param('{ party = { customer = "C" } }', "customer is C", "customer is 'C-1'", id="party"),
            pytest.param('{ party = { agent = "C" } }', "agent is C", "no agent is given", id="no party"),
            pytest.param(
                '{ item = { category = "device", action = "add" } }',
                "some item's category is device and action is add",
                "item 1, 2, 3, 4, 5 and 1 more",
                id="items",
            ),
            pytest.param(
                '{ no_item = { characteristic = { speed = { prefix = "f" } } } }',
                "no item's characteristic speed begins with 'f'",
                "none of 6 items",
                id="no items",
            ),
            pytest.param(
                "{ requested_start = true }",
                "a requested start is given",
                "no requested start is given",
                id="start",
            ),
        ],
    )
    def test_a_condition_says_itself_and_what_it_saw(self, condition, said, saw):
        """Explanations are made of these two."""
        [clause] = when(condition)
        facts = Facts.of(order(RULES, *(item(str(number)) for number in range(1, 7)), customer="C-1"))

        assert (said, saw) == (str(clause), clause.saw(facts))


def rename(one, name):
    """The same item under another id."""
    return type(one)(**{field: getattr(one, field) for field in one.__struct_fields__} | {"id": name})


class TestWanted:
    @CALM
    @given(WANTED, WANTED, TEXTS)
    def test_what_does_not_overlap_has_no_text_in_common(self, one, other, text):
        """The proof that two routes exclude each other rests on this."""
        assert one.overlaps(other) == other.overlaps(one)
        assert one.overlaps(other) or not (one.fits(text) and other.fits(text))

    @CALM
    @given(WANTED, WANTED, TEXTS)
    def test_what_is_within_another_fits_it_too(self, one, other, text):
        """The narrower implies the wider."""
        assert not one.within(other) or not one.fits(text) or other.fits(text)

    @CALM
    @given(WANTED)
    def test_everything_is_within_itself(self, one):
        """And overlaps itself, since it always fits some text."""
        assert one.within(one)
        assert one.overlaps(one)


OFFERINGS = {
    one.id: one for one in (Offering(id="P", name="", category="d"), Offering(id="L", name="", category="i"))
}
SELECTORS = st.builds(
    Selector,
    categories=st.none() | st.frozensets(st.sampled_from("di"), min_size=1),
    offerings=st.none() | st.frozensets(st.sampled_from("PL"), min_size=1),
    actions=st.frozensets(st.sampled_from(sorted(Action)), min_size=1) | st.just(WORK),
    characteristics=st.just(()) | st.tuples(st.tuples(st.just("speed"), WANTED)),
)
CLAUSES = st.one_of(
    st.builds(FieldIs, st.just("category"), WANTED),
    st.builds(PartyIs, st.just("customer"), WANTED),
    st.builds(StartGiven, st.booleans()),
    st.builds(HasItem, SELECTORS, st.booleans()),
    st.builds(
        FieldIs,
        st.just("channel"),
        st.frozensets(st.sampled_from(["web", "partner"]), min_size=1).map(Wanted),
    ),
    st.builds(
        FieldIs,
        st.just("endpoint"),
        st.frozensets(st.sampled_from(["web.portal", "partner.acme"]), min_size=1).map(Wanted),
    ),
)


TWO_OFFERINGS = """
    [[offering]]
    id = "P"
    name = "Phone"
    category = "d"
    codes = [{ owner = "partner.acme", type = "VP", code = "PH-1" }]

    [[offering]]
    id = "L"
    name = "Line"
    category = "i"
"""
TWO = rules_of(EVERYTHING, catalogue=TWO_OFFERINGS)


@st.composite
def orders(draw):
    """Any order of phones and lines that the small catalogue has, with everything conditions look at."""
    actions = st.sampled_from([one.value for one in Action])
    items = [
        item(
            str(number),
            draw(st.sampled_from("PL")),
            draw(actions),
            **draw(st.just({}) | st.fixed_dictionaries({"speed": TEXTS})),
        )
        for number in range(draw(st.integers(0, 3)))
    ]
    fields = {"category": draw(TEXTS), "customer": draw(TEXTS) or None}
    endpoint = draw(st.sampled_from(["web.portal", "partner.acme"]))
    start = {"requested_start_date": START} if draw(st.booleans()) else {}
    return order(TWO, item("x", "P"), *items, endpoint=endpoint, **fields, **start)


class TestContradict:
    @pytest.mark.parametrize(
        ("some", "others", "apart"),
        [
            pytest.param('{ channel = "web" }', '{ channel = ["store", "agent"] }', True, id="channels"),
            pytest.param(
                '{ channel = ["web", "store"] }', '{ channel = "store" }', False, id="a channel in common"
            ),
            pytest.param(
                '{ channel = "web" }', '{ endpoint = "partner.acme" }', True, id="endpoint elsewhere"
            ),
            pytest.param(
                '{ channel = "web" }', '{ endpoint = "web.portal" }', False, id="endpoint of the channel"
            ),
            pytest.param('{ channel = "web" }', '{ category = "x" }', False, id="nothing alike"),
            pytest.param(
                '{ category = "ab" }', '{ category = { prefix = "b" } }', True, id="prefix that differs"
            ),
            pytest.param(
                '{ party = { customer = "a" } }', '{ party = { customer = "b" } }', True, id="customers"
            ),
            pytest.param(
                '{ party = { customer = "a" } }', '{ party = { agent = "b" } }', False, id="two roles"
            ),
            pytest.param("{ requested_start = true }", "{ requested_start = false }", True, id="start"),
            pytest.param(
                '{ item = { offering = "PHONE" } }',
                '{ no_item = { category = "device" } }',
                True,
                id="in the category",
            ),
            pytest.param(
                '{ item = { category = "device" } }',
                '{ no_item = { offering = "PHONE" } }',
                False,
                id="wider",
            ),
            pytest.param(
                '{ item = { category = "device" } }',
                '{ item = { category = "internet" } }',
                False,
                id="two items",
            ),
            pytest.param("{ }", "{ }", False, id="any order"),
        ],
    )
    def test_which_routes_are_known_to_be_apart(self, some, others, apart):
        """Known both ways round, or not known."""
        catalogue = RULES.references.offerings

        assert apart is contradict(when(some), when(others), catalogue)
        assert apart is contradict(when(others), when(some), catalogue)

    @CALM
    @given(st.lists(CLAUSES, max_size=3), st.lists(CLAUSES, max_size=3), orders())
    def test_no_order_fulfils_what_contradicts(self, some, others, one):
        """Two routes that may share a part name really never meet."""
        facts = Facts.of(one)
        fulfilled = all(clause.holds(facts) for clause in (*some, *others))

        assert not (fulfilled and contradict(some, others, OFFERINGS))

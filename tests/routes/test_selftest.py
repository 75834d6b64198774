from __future__ import annotations

import msgspec
import pytest

from canonical.errors import Rejected
from routes.selftest import selftest
from routes.trial import trial_order
from tests.routes.builders import EVERYTHING, PROFILES, part, route, rules_of


def with_tests(*tests: str, when: str = "{ }"):
    """A route for devices, and these tests of it."""
    head = route(
        "r",
        when,
        part("a", 'items = { category = "device" }'),
        part("b", 'after = ["a"]', 'items = { category = "device" }'),
    )
    blocks = "\n".join(f"[[route.test]]\n{test}" for test in tests)
    return rules_of(head.partition("[[route.test]]")[0] + blocks)


def results(rules) -> list[str]:
    return [str(one) for one in selftest(rules, PROFILES)]


class TestSelftest:
    @pytest.mark.parametrize(
        ("test", "said"),
        [
            pytest.param(
                'order = "samples/phone.json"\nexpect = ["a", "b"]',
                "ok   r test 1 (routes/samples/phone.json)",
                id="as expected",
            ),
            pytest.param(
                'order = "samples/phone.json"\nexpect = ["a"]',
                "FAIL r test 1 (routes/samples/phone.json): expected a, got a, b",
                id="a part more",
            ),
            pytest.param(
                'order = "samples/phone.json"\nexpect = ["b", "a"]',
                "FAIL r test 1 (routes/samples/phone.json): expected b, a, got a, b",
                id="another order of parts",
            ),
            pytest.param(
                'order = "samples/line.json"\nexpect_error = "E_ITEM_NOT_ROUTED"',
                "ok   r test 1 (routes/samples/line.json)",
                id="refused as expected",
            ),
            pytest.param(
                'order = "samples/line.json"\nexpect = ["a"]',
                "FAIL r test 1 (routes/samples/line.json): expected a, got item 1:"
                " no part of the plan serves 'LINE' (add) [E_ITEM_NOT_ROUTED]",
                id="refused",
            ),
            pytest.param(
                'order = "samples/phone.json"\nexpect_error = "E_ITEM_NOT_ROUTED"',
                "FAIL r test 1 (routes/samples/phone.json): expected E_ITEM_NOT_ROUTED, got a, b",
                id="not refused",
            ),
        ],
    )
    def test_a_plan_is_compared_with_what_its_test_expects(self, test, said):
        """Names of all parts in the order of their numbers, or the code of the refusal."""
        assert [said] == results(with_tests(test))

    def test_a_test_says_who_captured_the_order(self):
        """Routes for one partner are tested as that partner."""
        acme = 'order = "samples/phone.json"\nendpoint = "partner.acme"\nexpect = ["a", "b"]'
        web = 'order = "samples/phone.json"\nchannel = "web"\nexpect_error = "E_NO_ROUTE"'

        assert ["ok  ", "ok  "] == [
            one[:4] for one in results(with_tests(acme, web, when='{ endpoint = "partner.acme" }'))
        ]

    def test_a_route_that_no_test_reaches_has_failed(self):
        """Its tests pass whatever the route says."""
        never = 'order = "samples/phone.json"\nexpect_error = "E_NO_ROUTE"'

        assert (
            "FAIL r: none of its tests has an order that the route takes"
            == results(with_tests(never, when='{ channel = "store" }'))[-1]
        )

    def test_a_broken_sample_fails_its_test_and_no_other(self):
        """The tests of all routes are run, whatever one of them meets."""
        rules = with_tests(
            'order = "samples/phone.json"\nexpect = ["a", "b"]', 'order = "samples/line.json"\nexpect = ["a"]'
        )
        broken = type(rules)(
            version=rules.version,
            routes=rules.routes,
            references=rules.references,
            steps=rules.steps,
            samples={**rules.samples, "routes/samples/line.json": "{"},
        )
        first, second = selftest(broken, PROFILES)

        assert (True, False) == (first.passed, second.passed)
        assert second.fault.endswith("[E_JSON_SYNTAX]")


class TestTrialOrder:
    @pytest.mark.parametrize(
        ("text", "code"),
        [
            pytest.param("{", "E_JSON_SYNTAX", id="no JSON"),
            pytest.param(b"\xff", "E_JSON_SYNTAX", id="no UTF-8"),
            pytest.param('{"productOrderItem": {}}', "E_TYPE", id="no order"),
            pytest.param('{"productOrderItem": [], "more": 1}', "E_TYPE", id="unknown field"),
            pytest.param('{"productOrderItem": []}', "E_MISSING", id="no items"),
            pytest.param('{"productOrderItem": [' * 100_000, "E_JSON_SYNTAX", id="nested without end"),
        ],
    )
    def test_what_is_no_order_is_refused(self, text, code):
        """A person typed it; they get a sentence, not a traceback."""
        with pytest.raises(Rejected) as caught:
            trial_order(text, rules_of(EVERYTHING))

        assert code == caught.value.code

    @pytest.mark.parametrize(
        ("origin", "captured"),
        [
            pytest.param(("", ""), None, id="nobody"),
            pytest.param(("partner", ""), ("partner", "partner.acme"), id="a channel's first endpoint"),
            pytest.param(("", "partner.acme"), ("partner", "partner.acme"), id="an endpoint's channel"),
            pytest.param(("store", ""), ("store", ""), id="a channel without endpoints"),
        ],
    )
    def test_channel_and_endpoint_complete_each_other(self, origin, captured):
        """One of the two is enough."""
        rules = rules_of(EVERYTHING)
        channel = trial_order(rules.samples["routes/samples/phone.json"], rules, *origin).channel

        assert captured == (next(((one.channel.id, one.endpoint) for one in channel), None))

    @pytest.mark.parametrize("origin", [("", "partner.gone"), ("web", "partner.acme")])
    def test_an_endpoint_must_be_known_and_of_its_channel(self, origin):
        """A typing mistake must not explain another order."""
        rules = rules_of(EVERYTHING)

        with pytest.raises(Rejected, match="E_VALUE"):
            trial_order(rules.samples["routes/samples/phone.json"], rules, *origin)

    def test_it_is_an_order_that_can_be_sent_on(self):
        """The trial has every field that the hub's own orders must have."""
        rules = rules_of(EVERYTHING)
        trial = trial_order(rules.samples["routes/samples/phone.json"], rules, "web")

        assert trial == msgspec.json.decode(msgspec.json.encode(trial), type=type(trial))

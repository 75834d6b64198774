from __future__ import annotations

import re
from textwrap import dedent

import pytest

from routes.rules import RulesError, read, version_of
from tests.routes.builders import CATALOGUE, ENDPOINTS, EVERYTHING, PROFILES, part, route, rules_of, texts


def faults_of(files: dict[str, str]) -> list[str]:
    """Every fault that reading these files tells, as people read it."""
    with pytest.raises(RulesError) as caught:
        read(files, PROFILES)
    return [str(fault) for fault in caught.value.faults]


def changed(old: str, new: str, text: str = EVERYTHING) -> str:
    """``text`` with one thing in it replaced, which must be there."""
    assert old in text
    return text.replace(old, new)


def catalogue_with(*lines: str) -> str:
    """The small catalogue with one more offering."""
    return dedent(CATALOGUE) + "\n".join(["[[offering]]", *lines])


class TestShape:
    @pytest.mark.parametrize(
        ("files", "fault"),
        [
            pytest.param(
                texts(changed('why = "tests', 'wy = "tests')),
                "routes/rules-1.toml:4 route[0].wy: unknown key 'wy' (one of name, why, when, part,"
                " test) [E_ROUTES]",
                id="K-04 unknown key",
            ),
            pytest.param(
                texts(changed('why = "tests need a route that takes all"', "")),
                "routes/rules-1.toml:2 route[0].why: missing [E_ROUTES]",
                id="no why",
            ),
            pytest.param(
                texts(changed("[[route.test]]", "[route.tests]")),
                "routes/rules-1.toml:2 route[0].test: missing [E_ROUTES]",
                id="no test",
            ),
            pytest.param(
                texts(changed('system = "crm"', 'system = "crm"\n      atomic = true')),
                "routes/rules-1.toml:10 route[0].part[0].atomic: unknown key 'atomic' (one of"
                " name, system, items, after, due, calendar, answer_within, optional, check, valid_for,"
                " on_fallout, concerns, soft_ponr, hard_ponr, ask, change_charge) [E_ROUTES]",
                id="a later release's key",
            ),
            pytest.param(
                texts(changed('name = "crm"', 'name = "C R M"')),
                "routes/rules-1.toml:8 route[0].part[0].name: 'C R M' is not allowed"
                " (lower case letters, digits and hyphens, at most 40, a letter first) [E_ROUTES]",
                id="a name no queue could show",
            ),
            pytest.param(
                texts(changed("when = { }", 'when = { channel = "fax" }')),
                "routes/rules-1.toml:5 route[0].when.channel: 'fax' is not allowed (one of web,"
                " callcenter, store,"
                " kiosk, directmail, iptv, partner, agent, or a list of them) [E_ROUTES]",
                id="unknown channel",
            ),
            pytest.param(
                texts(changed("when = { }", "when = { item = { category = 7 } }")),
                "routes/rules-1.toml:5 route[0].when.item.category: 7 is not allowed (a text or a"
                " list of texts)"
                " [E_ROUTES]",
                id="K-02 a number for a text",
            ),
            pytest.param(
                texts(changed("when = { }", 'when = { party = { customer = { begins = "C" } } }')),
                "routes/rules-1.toml:5 route[0].when.party.customer.begins: unknown key 'begins'"
                " (one of prefix)"
                " [E_ROUTES]",
                id="unknown way to compare",
            ),
            pytest.param(
                texts(changed("when = { }", "when = { item = [{ }] }")),
                "routes/rules-1.toml:5 route[0].when.item[0]: a table of nothing is not allowed"
                " (a table of category, offering, action, characteristic; at least one) [E_ROUTES]",
                id="an item condition that asks nothing",
            ),
            pytest.param(
                texts(changed('system = "crm"', 'system = "crm"\n      items = { action = "noChange" }')),
                "routes/rules-1.toml:10 route[0].part[0].items.action: 'noChange' is not allowed"
                " (one of add, modify, delete, or a list of them (noChange is never served)) [E_ROUTES]",
                id="serving what asks for nothing",
            ),
            pytest.param(
                texts(changed('expect = ["crm"]', 'expect = ["crm"]\n      expect_error = "E_NO_ROUTE"')),
                (
                    "routes/rules-1.toml:11 route[0].test[0]: a table of order, expect, expect_error is not"
                    " allowed (a table with order, and either expect or expect_error) [E_ROUTES]"
                ),
                id="a test that expects two things",
            ),
            pytest.param(
                texts(changed("when = { }", "when = { ")),
                "routes/rules-1.toml:5: no TOML: ",
                id="K-02 no TOML",
            ),
            pytest.param(
                texts(changed("when = { }", "when = { }\nwhen = { }")),
                "routes/rules-1.toml:6: no TOML: cannot overwrite a value",
                id="K-02 a key twice",
            ),
            pytest.param(
                texts(changed("when = { }", "when = { channel = NO }")),
                "routes/rules-1.toml:5: no TOML: invalid value",
                id="K-02 a word without quotes",
            ),
            pytest.param(
                texts(changed("when = { }", "when: !!python/object:os.system {}")),
                "routes/rules-1.toml:5: no TOML: ",
                id="K-01 an object of Python's",
            ),
            pytest.param(
                texts(changed("when = { }", "when: &a [*a, *a]")),
                "routes/rules-1.toml:5: no TOML: ",
                id="K-03 an alias",
            ),
            pytest.param(
                texts(EVERYTHING, catalogue=changed("max_quantity = 5", "max_quantity = 0", CATALOGUE)),
                "routes/catalogue/all.toml:6 offering[0].max_quantity: 0 is not allowed"
                " (a whole number from 1 to 1000000) [E_ROUTES]",
                id="an offering nobody could order",
            ),
            pytest.param(
                texts(EVERYTHING, portal=changed('channel = "web"', "", ENDPOINTS["web.portal"])),
                "endpoints/portal.toml channel: missing [E_ROUTES]",
                id="an endpoint without a channel",
            ),
            pytest.param(
                texts(EVERYTHING) | {"routes/deep/er.toml": ""},
                "routes/deep/er.toml: no place for a rule file (routes/*.toml, routes/catalogue/*.toml,"
                " routes/recommendations/*.toml, routes/calendars/*.toml, routes/samples/*.json,"
                " endpoints/*.toml) [E_ROUTES]",
                id="a file in the wrong place",
            ),
        ],
    )
    def test_a_schema_fault_names_file_line_key_and_what_is_allowed(self, files, fault):
        """Whoever wrote the rules can mend them from the sentence alone."""
        assert [] != [said for said in faults_of(files) if said.startswith(fault)]

    def test_all_faults_of_all_files_come_at_once(self):
        """Nobody mends one fault to be shown the next."""
        files = texts(
            changed('why = "tests', 'wy = "tests'),
            changed('system = "crm"', 'system = "cmr"', EVERYTHING.replace('"everything"', '"second"')),
            catalogue=changed('name = "Case"', "name = 1", CATALOGUE),
            portal=changed('"channel.web.out"', '"out"', ENDPOINTS["web.portal"]),
        )
        said = "\n".join(faults_of(files))

        for place in ("rules-1.toml:4", "rules-2.toml:9", "catalogue/all.toml:11", "portal.toml:5"):
            assert place in said

    def test_a_broken_file_is_not_blamed_on_those_that_refer_to_it(self):
        """A category in an unreadable catalogue is unknown to us, not to the catalogue."""
        files = texts(
            route(
                "r", '{ item = { category = "gone" }, endpoint = "web.gone" }', part("a", 'after = ["gone"]')
            ),
            "broken",
            catalogue="broken",
            portal="broken",
        )

        assert {"routes/rules-2.toml", "routes/catalogue/all.toml", "endpoints/portal.toml"} == {
            re.split(r"[: ]", fault)[0] for fault in faults_of(files)
        }


LINT = [
    pytest.param(
        texts(changed('system = "crm"', 'system = "cmr"')),
        "routes/rules-1.toml:9 route[0].part[0].system: unknown system 'cmr' (one of billing,"
        " crm, oss.internet, oss.mobile, warehouse)",
        id="K-04 unknown system",
    ),
    pytest.param(
        texts(route("r", '{ item = { category = "devise" } }', part("a"))),
        "routes/rules-1.toml:5 route[0].when.item.category: unknown category 'devise' (one of"
        " bundle, device, internet)",
        id="unknown category in when",
    ),
    pytest.param(
        texts(route("r", "{ }", part("a", 'items = { offering = ["PHONE", "FONE"] }'))),
        "routes/rules-1.toml:9 route[0].part[0].items.offering: unknown offering 'FONE' (one of"
        " BUNDLE, CASE, LINE, PHONE)",
        id="unknown offering in items",
    ),
    pytest.param(
        texts(route("r", '{ endpoint = "web.shop" }', part("a"))),
        "routes/rules-1.toml:5 route[0].when.endpoint: unknown endpoint 'web.shop' (one of"
        " partner.acme, web.portal)",
        id="K-04 unknown endpoint",
    ),
    pytest.param(
        texts(route("r", "{ }", part("a", 'valid_for = "30m"'))),
        "routes/rules-1.toml:9 route[0].part[0].valid_for: nothing is reserved by it (only with check ="
        " true)",
        id="a reservation without a check",
    ),
    pytest.param(
        texts(route("r", "{ }", part("a", 'after = ["b"]'))),
        "routes/rules-1.toml:9 route[0].part[0].after: unknown part 'b' (one of a)",
        id="unknown part in after",
    ),
    pytest.param(
        texts(route("r", "{ }", part("a", 'after = ["a"]'))),
        "routes/rules-1.toml:9 route[0].part[0].after: parts wait in a circle: a waits for a",
        id="waits for itself",
    ),
    pytest.param(
        texts(route("r", "{ }", part("a", 'after = ["b"]')), route("s", "{ }", part("b", 'after = ["a"]'))),
        "routes/rules-1.toml:9 route[0].part[0].after: parts wait in a circle: a waits for b waits for a",
        id="a circle over two files",
    ),
    pytest.param(
        texts(route("r", "{ }", part("a"), part("a"))),
        "routes/rules-1.toml:11 route[0].part[1].name: part 'a' is also in route 'r', and one order"
        " can match both"
        " (another name, or conditions that exclude each other)",
        id="a part twice in a route",
    ),
    pytest.param(
        texts(route("r", '{ channel = "web" }', part("a")), route("s", "{ }", part("a", system="warehouse"))),
        "routes/rules-2.toml:7 route[0].part[0].name: part 'a' is also in route 'r', and one order"
        " can match both"
        " (another name, or conditions that exclude each other)",
        id="a part in two routes that can meet",
    ),
    pytest.param(
        texts(route("r", "{ }", part("a")), route("r", "{ }", part("b"))),
        "routes/rules-2.toml:3 route[0].name: route 'r' stands twice (first at routes/rules-1.toml:2"
        " route[0])",
        id="a route twice",
    ),
    pytest.param(
        texts(route("r", '{ channel = "web", endpoint = "partner.acme" }', part("a"))),
        "routes/rules-1.toml:5 route[0].when: no order can be both: channel is web; endpoint is partner.acme",
        id="K-04 a route that nothing can match",
    ),
    pytest.param(
        texts(route("r", '{ item = { offering = "PHONE" }, no_item = { category = "device" } }', part("a"))),
        "routes/rules-1.toml:5 route[0].when: no order can be both: some item's offering is PHONE;"
        " no item's category is device",
        id="wanting and not wanting an item",
    ),
    pytest.param(
        texts(route("r", "{ }", part("a", 'items = { category = "internet", offering = "PHONE" }'))),
        "routes/rules-1.toml:9 route[0].part[0].items: no offering fits: category is internet and"
        " offering is PHONE",
        id="items that no offering fits",
    ),
    pytest.param(
        texts(route("r", "{ }", part("a", 'items = { category = "bundle" }'))),
        "routes/rules-1.toml:9 route[0].part[0].items: only bundles fit, which are never served themselves"
        " (the items they hold)",
        id="a part for bundles",
    ),
    pytest.param(
        texts(
            route("r", '{ no_item = { category = "device" } }', part("a", 'items = { offering = "CASE" }'))
        ),
        "routes/rules-1.toml:9 route[0].part[0].items: the part can never serve an item:"
        " the route wants no item's category is device",
        id="K-04 a part whose items its route excludes",
    ),
    pytest.param(
        texts(
            route("r", '{ channel = "web" }', part("a", 'after = ["b"]')),
            route("s", '{ channel = "partner" }', part("b")),
        ),
        "routes/rules-1.toml:9 route[0].part[0].after: part 'b' is never in the same plan",
        id="K-04 waiting for a part of another channel",
    ),
    pytest.param(
        texts(route("r", "{ }", part("a", "check = true", 'after = ["b"]'), part("b"))),
        "routes/rules-1.toml:10 route[0].part[0].after: a check cannot wait for 'b', which is none"
        " (checks run first)",
        id="a check that waits for work",
    ),
    pytest.param(
        texts(changed("samples/phone.json", "samples/fone.json")),
        "routes/rules-1.toml:12 route[0].test[0].order: no such sample: routes/samples/fone.json"
        " (one of routes/samples/line.json, routes/samples/phone.json)",
        id="no such sample",
    ),
    pytest.param(
        texts(changed('expect = ["crm"]', 'expect = ["cmr"]')),
        "routes/rules-1.toml:13 route[0].test[0].expect: unknown part 'cmr' (one of crm)",
        id="a test expects an unknown part",
    ),
    pytest.param(
        texts(changed('expect = ["crm"]', 'expect_error = "E_LATE"')),
        "routes/rules-1.toml:13 route[0].test[0].expect_error: unknown error code 'E_LATE'",
        id="a test expects an unknown code",
    ),
    pytest.param(
        texts(
            changed(
                'expect = ["crm"]', 'expect = ["crm"]\n      channel = "web"\n      endpoint = "partner.acme"'
            )
        ),
        "routes/rules-1.toml:14 route[0].test[0].channel: partner.acme is not an endpoint of web",
        id="a test's endpoint of another channel",
    ),
    pytest.param(
        texts(EVERYTHING, catalogue=catalogue_with('id = "PHONE"', 'name = "Again"', 'category = "device"')),
        "routes/catalogue/all.toml:25 offering[4].id: offering 'PHONE' stands twice"
        " (first at routes/catalogue/all.toml:2 offering[0])",
        id="an offering twice",
    ),
    pytest.param(
        texts(
            EVERYTHING,
            catalogue=catalogue_with(
                'id = "B"',
                'name = "B"',
                'category = "device"',
                'codes = [{owner="partner.acme",type="VP",code="PH-1"}]',
            ),
        ),
        "routes/catalogue/all.toml:28 offering[4].codes[0]: VP code 'PH-1' of partner.acme stands twice"
        " (first at routes/catalogue/all.toml:2 offering[0])",
        id="a code twice",
    ),
    pytest.param(
        texts(EVERYTHING, catalogue=changed('"partner.acme"', '"partner.acne"', CATALOGUE)),
        "routes/catalogue/all.toml:7 offering[0].codes[0].owner: unknown owner 'partner.acne'"
        " (one of partner, partner.acme, web, web.portal)",
        id="a code of nobody",
    ),
    pytest.param(
        texts(EVERYTHING, **ENDPOINTS, twin=changed('"Acme"', '"Twin"', ENDPOINTS["partner.acme"])),
        "endpoints/twin.toml:2 id: endpoint 'partner.acme' stands twice (first at"
        " endpoints/partner.acme.toml)",
        id="an endpoint twice",
    ),
    pytest.param(
        texts(EVERYTHING, **ENDPOINTS, twin=ENDPOINTS["partner.acme"].replace("partner.acme", "partner.b")),
        "endpoints/twin.toml:7 identifier[0]: identifier ZZ/ACME stands twice on channel partner"
        " (first at endpoints/partner.acme.toml)",
        id="two endpoints with one name on the wire",
    ),
    pytest.param(
        texts(EVERYTHING, portal=changed('"web.portal"', '"store.portal"', ENDPOINTS["web.portal"])),
        "endpoints/portal.toml:2 id: 'store.portal' is not of channel web (web.<name>)",
        id="an endpoint named after another channel",
    ),
    pytest.param(
        texts(EVERYTHING, portal=changed('"channel.web.out"', '"web.out"', ENDPOINTS["web.portal"])),
        "endpoints/portal.toml:5 out_queue: unknown queue 'web.out' (one of channel.web.out,"
        " channel.web.portal.out)",
        id="an out queue that the topology does not have",
    ),
]


class TestLint:
    @pytest.mark.parametrize(("files", "fault"), LINT)
    def test_what_does_not_fit_together_is_told_with_its_place(self, files, fault):
        """Rules that a schema accepts can still be wrong as a whole."""
        assert f"{fault} [E_ROUTES]" in faults_of(files)

    def test_an_unknown_name_is_one_fault_and_not_several(self):
        """What no offering fits excludes nothing: the misspelt word is what is wrong."""
        when = '{ item = { category = "divice" }, no_item = { category = "device" } }'

        assert [
            (
                "routes/rules-1.toml:5 route[0].when.item.category: unknown category 'divice'"
                " (one of bundle, device, internet) [E_ROUTES]"
            )
        ] == faults_of(texts(route("r", when, part("a"))))

    def test_one_part_name_in_two_routes_is_fine_when_they_exclude_each_other(self):
        """The same work can be cut differently for different orders."""
        rules = rules_of(
            route("r", '{ item = { offering = "BUNDLE" } }', part("a", 'after = ["b"]'), part("b")),
            route("s", '{ no_item = { category = "bundle" } }', part("a"), part("b", 'after = ["a"]')),
        )

        assert {"r", "s"} == {one.name for one in rules.routes}

    def test_every_circle_is_told(self):
        """Two circles, two faults."""
        one = route("r", "{ }", part("a", 'after = ["b"]'), part("b", 'after = ["a"]'))
        two = route("s", "{ }", part("c", 'after = ["d"]'), part("d", 'after = ["c"]'))

        assert ["a waits for b waits for a", "c waits for d waits for c"] == [
            fault.partition("circle: ")[2].removesuffix(" [E_ROUTES]") for fault in faults_of(texts(one, two))
        ]

    def test_offerings_that_no_part_serves_are_a_warning(self):
        """Orders for them will be parked, which can be meant."""
        rules = rules_of(route("r", "{ }", part("a", 'items = { offering = ["PHONE", "LINE"] }')))

        assert [
            (
                "routes/catalogue/all.toml:12 offering[1].category: no part serves CASE of category"
                " 'device' [E_ROUTES]"
            )
        ] == [str(warning) for warning in rules.warnings]

    def test_bundles_need_no_part(self):
        """What they hold is served, so that nothing is missing."""
        assert () == rules_of(EVERYTHING).warnings


class TestVersion:
    def test_it_is_short_and_stable(self):
        """It goes into messages, onto orders and over the telephone."""
        version = rules_of(EVERYTHING).version

        assert re.fullmatch(r"r-[0-9a-f]{12}", version)
        assert version == rules_of(EVERYTHING).version

    def test_the_order_in_which_files_are_listed_does_not_matter(self):
        """Folders list their files in any order."""
        files = texts(EVERYTHING)

        assert version_of(files) == version_of(dict(reversed(files.items())))

    @pytest.mark.parametrize(
        "name", ["routes/rules-1.toml", "routes/catalogue/all.toml", "endpoints/web.portal.toml"]
    )
    def test_any_change_of_a_rule_text_is_another_version(self, name):
        """Routes, catalogue and endpoints are pinned together."""
        files = texts(EVERYTHING)

        assert version_of(files) != version_of(files | {name: files[name] + "\n# later"})

    def test_samples_do_not_count(self):
        """No order is planned by a sample."""
        files = texts(EVERYTHING)

        assert version_of(files) == version_of(files | {"routes/samples/new.json": "{}"})

    def test_references_carry_the_same_version(self):
        """What translates and what plans an order is one version."""
        rules = rules_of(EVERYTHING)

        assert rules.version == rules.references.version

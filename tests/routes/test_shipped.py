from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from adapters.inbound.directmail.detail import CODE_TYPE
from adapters.inbound.directmail.profile import QUALIFIER
from canonical.errors import Rejected
from canonical.notices import NoticeKind
from canonical.references import Identifier
from orderloom.rules import default_folder, load, read_folder
from routes.plan import make_plan
from routes.rules import version_of
from routes.selftest import selftest
from tests.routes.builders import PROFILES, item, order

RULES = load(default_folder(), PROFILES)
REFERENCES = RULES.references


def plan(*items, endpoint="web.portal") -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """Items and ``after`` of each part, in the order of the plan."""
    parts = make_plan(order(RULES, *items, endpoint=endpoint), RULES, PROFILES).parts
    return {one.name: (one.items, one.after) for one in parts}


BUNDLE = item("1", "BUNDLE-HOME", "add", item("1.1", "INTERNET-500"), item("1.2", "ROUTER-AX"))


class TestShippedRoutes:
    def test_their_own_tests_pass(self):
        """Every route that ships carries tests, and they hold."""
        assert [] == [str(one) for one in selftest(RULES, PROFILES) if not one.passed]

    @pytest.mark.parametrize(
        "endpoint",
        [
            "web.portal",
            "partner.acme",
            "partner.globex",
            "directmail.printco",
            "callcenter.desk",
            "store.0117",
            "kiosk.mall-1",
        ],
    )
    @pytest.mark.parametrize(
        ("items", "expected"),
        [
            pytest.param(
                [item("1", "HANDSET-A"), item("2", "CASE-01")],
                {
                    "crm": (("1", "2"), ()),
                    "warehouse": (("1", "2"), ("crm",)),
                    "billing-device": (("1", "2"), ("crm", "warehouse")),
                },
                id="devices are shipped after the customer record, and billed when they have left",
            ),
            pytest.param(
                [item("1", "INTERNET-100")],
                {
                    "crm": (("1",), ()),
                    "internet": (("1",), ("crm",)),
                    "billing-internet": (("1",), ("crm", "internet")),
                },
                id="internet is provided after the customer record",
            ),
            pytest.param(
                [item("1", "INTERNET-100"), item("2", "HANDSET-B")],
                {
                    "crm": (("1", "2"), ()),
                    "internet": (("1",), ("crm",)),
                    "warehouse": (("2",), ("crm",)),
                    "billing-device": (("2",), ("crm", "warehouse")),
                    "billing-internet": (("1",), ("crm", "internet")),
                },
                id="a handset beside a line does not hold it up, nor what it costs",
            ),
            pytest.param(
                [item("1", "MOBILE-20"), item("2", "HANDSET-B")],
                {
                    "crm": (("1", "2"), ()),
                    "mobile": (("1",), ("crm",)),
                    "billing-mobile": (("1",), ("crm", "mobile")),
                    "warehouse": (("2",), ("crm",)),
                    "billing-device": (("2",), ("crm", "warehouse")),
                },
                id="a number is live before the handset is there",
            ),
            pytest.param(
                [BUNDLE],
                {
                    "crm": (("1.1", "1.2"), ()),
                    "warehouse": (("1.2",), ("crm",)),
                    "billing-device": (("1.2",), ("crm", "warehouse")),
                    "internet": (("1.1",), ("crm", "warehouse")),
                    "billing-internet": (("1.1",), ("crm", "internet")),
                },
                id="in a home bundle the router goes first",
            ),
            pytest.param(
                [item("1", "BUNDLE-HOME", "add", item("2", "INTERNET-100"))],
                {
                    "crm": (("2",), ()),
                    "internet": (("2",), ("crm",)),
                    "billing-internet": (("2",), ("crm", "internet")),
                },
                id="a home bundle without a router waits for none",
            ),
        ],
    )
    def test_the_plans_of_the_reference_world(self, items, expected, endpoint):
        """Whoever sells it, an order is fulfilled in the same way."""
        found = plan(*items, endpoint=endpoint)

        assert expected == found
        assert list(expected) == list(found)

    @pytest.mark.parametrize(
        "items", [[item("1", "GADGET-Z")], [item("1", "HANDSET-A"), item("2", "GADGET-Z")]]
    )
    def test_a_gadget_is_sold_and_fulfilled_by_nobody(self, items):
        """Orders for it are parked until a route serves it."""
        with pytest.raises(Rejected) as caught:
            plan(*items)

        assert "E_ITEM_NOT_ROUTED" == caught.value.code

    def test_the_gadget_is_the_only_gap(self):
        """Everything else in the catalogue is served."""
        assert ["no part serves GADGET-Z of category 'gadget'"] == [one.what for one in RULES.warnings]


class TestShippedReferences:
    def test_offerings_and_their_categories(self):
        """The catalogue of the reference world."""
        assert {
            "INTERNET-100": "internet",
            "INTERNET-500": "internet",
            "MOBILE-20": "mobile",
            "MOBILE-50": "mobile",
            "HANDSET-A": "device",
            "HANDSET-B": "device",
            "CASE-01": "device",
            "ROUTER-AX": "device",
            "BUNDLE-HOME": "bundle",
            "GADGET-Z": "gadget",
            "MONTH-FREE": "credit",
        } == {one.id: one.category for one in REFERENCES.offerings.values()}

    @pytest.mark.parametrize(
        ("endpoint", "kind", "code", "offering"),
        [
            ("partner.acme", "VP", "HX-A-BLK", "HANDSET-A"),
            ("partner.acme", "VP", "HX-B-BLK", "HANDSET-B"),
            ("partner.acme", "VP", "CS-01", "CASE-01"),
            ("partner.acme", "VP", "NET-500", "INTERNET-500"),
            ("partner.acme", "VP", "NET-100", "INTERNET-100"),
            ("partner.acme", "VP", "RT-AX", "ROUTER-AX"),
            ("partner.globex", "VP", "G-HANDSET-A", "HANDSET-A"),
            ("partner.globex", "VP", "G-CASE", "CASE-01"),
            ("partner.globex", "VP", "G-NET500", "INTERNET-500"),
            ("partner.acme", "UP", "076123400003", "HANDSET-A"),
            ("partner.globex", "UP", "076123400010", "CASE-01"),
            ("partner.acme", "VP", "MOB-50", "MOBILE-50"),
            ("partner.globex", "VP", "G-MOB20", "MOBILE-20"),
            ("directmail.printco", "OFFER-CODE", "HANDSETA", "HANDSET-A"),
            ("directmail.printco", "OFFER-CODE", "MOBILE20", "MOBILE-20"),
            ("callcenter.desk", "PRODUCT", "Home Bundle", "BUNDLE-HOME"),
            ("callcenter.desk", "PRODUCT", "Phone Case", "CASE-01"),
            ("store.0117", "GTIN", "00076123400010", "CASE-01"),
            ("store.0117", "ITEM-ID", "MOBILE-20", "MOBILE-20"),
            ("kiosk.mall-1", "SKU", "PHONE-A", "HANDSET-A"),
            ("kiosk.mall-1", "SKU", "PLAN-50", "MOBILE-50"),
        ],
    )
    def test_partners_order_by_their_own_codes(self, endpoint, kind, code, offering):
        """Each partner has its own vendor part numbers; the bar code is the same for all."""
        assert offering == REFERENCES.offering_by_code(REFERENCES.endpoints[endpoint], kind, code, "").id

    def test_one_partner_cannot_order_by_another_ones_codes(self):
        """A code belongs to its owner."""
        with pytest.raises(Rejected, match="E_OFFERING"):
            REFERENCES.offering_by_code(REFERENCES.endpoints["partner.globex"], "VP", "HX-A-BLK", "")

    def test_bar_codes_have_right_check_digits(self):
        """A scanner would refuse others (UPC-A: weights 3 and 1, modulo 10)."""
        codes = [
            code.code for one in REFERENCES.offerings.values() for code in one.codes if code.type == "UP"
        ]

        assert codes
        assert {0} == {
            sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(code)) % 10 for code in codes
        }

    @pytest.mark.parametrize(
        ("qualifier", "value", "endpoint"),
        [("ZZ", "ACME", "partner.acme"), ("12", "5551230000", "partner.globex"), ("ZZ", "GLOBEX", None)],
    )
    def test_senders_are_known_by_their_envelope(self, qualifier, value, endpoint):
        """ISA05 and ISA06 say who sends."""
        found = REFERENCES.sender("partner", qualifier, value)

        assert endpoint == (found.id if found else None)

    @pytest.mark.parametrize(
        ("endpoint", "queue", "separators"),
        [
            ("web.portal", "channel.web.out", None),
            ("partner.acme", "channel.partner.acme.out", ("*", "~", ">", "")),
            ("partner.globex", "channel.partner.globex.out", ("|", "~", ">", "\n")),
        ],
    )
    def test_each_endpoint_has_its_queue_and_its_format(self, endpoint, queue, separators):
        """Two partners never share a queue."""
        one = REFERENCES.endpoints[endpoint]
        names = ("element", "segment", "component", "line_break")

        assert (queue, 7200) == (one.out_queue, one.respond_by)
        assert separators == (tuple(one.format[name] for name in names) if one.format else None)

    def test_reply_cards_name_offerings_in_the_eight_characters_that_a_record_has(self):
        """
        Whatever is sold by itself can be ordered by a card; a bundle holds what one record cannot say, and a
        credit is given.
        """
        codes = {
            one.id: code.code
            for one in REFERENCES.offerings.values()
            for code in one.codes
            if (code.owner, code.type) == ("directmail", CODE_TYPE)
        }

        assert {"BUNDLE-HOME", "MONTH-FREE"} == REFERENCES.offerings.keys() - codes.keys()
        assert [] == [code for code in codes.values() if len(code) > 8]

    def test_a_batch_is_known_by_its_sender_and_answered_in_its_own_format(self):
        """SENDER-ID in the header, and the code page and record form that were agreed."""
        found = REFERENCES.sender("directmail", QUALIFIER, "PRINTCO")

        assert found is not None
        assert ("directmail.printco", "channel.directmail.printco.out") == (found.id, found.out_queue)
        assert {"code_page": "cp037", "recfm": "FB", "lrecl": "200", "currency": "USD"} == dict(found.format)

    def test_partners_call_the_hub_by_one_name(self):
        """ISA07 and ISA08 of what they send."""
        assert {Identifier(qualifier="ZZ", value="ORDERLOOM")} == {
            one.hub for one in REFERENCES.of_channel("partner")
        }

    def test_endpoints_want_all_notices_but_status(self):
        """Status answers a question and is never sent unasked."""
        assert {frozenset(NoticeKind) - {NoticeKind.STATUS}} == {
            frozenset(one.notices) for one in REFERENCES.endpoints.values()
        }


class TestFiles:
    @pytest.mark.parametrize("name", ["routes", "catalogue", "endpoint"])
    def test_schemas_are_valid_themselves(self, name):
        """JSON Schema, draft 2020-12."""
        schema = json.loads((default_folder() / "routes" / "schema" / f"{name}.json").read_text())

        Draft202012Validator.check_schema(schema)
        assert "https://json-schema.org/draft/2020-12/schema" == schema["$schema"]

    def test_every_rule_file_names_the_schema_that_editors_complete_it_with(self):
        """The comment points at a file that is there."""
        folder = default_folder()
        for name in read_folder(folder):
            if name.endswith(".toml"):
                first = (folder / name).read_text().partition("\n")[0]

                assert first.startswith("#:schema "), name
                assert ((folder / name).parent / first.removeprefix("#:schema ")).is_file(), name

    def test_line_ends_do_not_make_another_version(self, tmp_path):
        """A checkout on Windows pins the same rules."""
        texts = read_folder(default_folder())
        for name, text in texts.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(text.replace("\n", "\r\n").encode())

        assert texts == read_folder(tmp_path)
        assert RULES.version == version_of(read_folder(tmp_path))

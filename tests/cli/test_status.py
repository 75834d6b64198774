"""``orderloom status`` and ``journal``: one answer, by any id, and only to those who may have it."""

from __future__ import annotations

import json

import pytest
from msgspec.structs import replace

from canonical.order import ErrorMessage, JeopardyAlert, Milestone
from orderloom.correlation.port import Changes
from tests.cli.hub import NOW, ORDER, ORDER_B, PO, after, record

SCREEN = """\
OL7M2K4Q9XH3TZ8RWA  inProgress  1/3 lines done  since 2026-03-01 09:31:00Z
  capture   2026-03-01 09:30:00Z  partner.acme
  known as  4500000042 (purchaseOrder, partner.acme)
  known as  SO-8RWA (serviceOrder, oss.internet)
  rules     r1, order version 1
  held      1 for a person: orderloom fallout show OL7M2K4Q9XH3TZ8RWA

item 1  add 2 x HANDSET-A (their line 0010)  held
    part       system        state         since                 said                       why
    crm        crm           completed     2026-03-01 09:30:05Z  OK                         customer: any order
    warehouse  warehouse     held          2026-03-01 09:31:00Z  BP 1 done [E_SYSTEM_HELD]  home device: device
    internet   oss.internet  acknowledged  2026-03-01 09:30:00Z  waits for warehouse        home bundle: device

told
    accepted  partner.acme  version 1  2026-03-01 09:30:07Z
"""  # noqa: E501 -- a screen, as it is printed


class TestStatus:
    def test_the_time_line_says_what_is_done_and_what_is_waited_for(self, two_orders):
        """
        State, progress, every id, and each line with part, system, state, since, word and route.
        """
        assert SCREEN == two_orders.run("status", ORDER).stdout

    @pytest.mark.parametrize(
        "key",
        [
            pytest.param(ORDER, id="the hub's own id"),
            pytest.param("SO-8RWA", id="an id that a system gave"),
            pytest.param(f" {ORDER} ", id="pasted with blanks"),
        ],
    )
    def test_any_id_finds_it(self, two_orders, key):
        """
        The same answer, whoever's id it is.
        """
        assert SCREEN == two_orders.run("status", key).stdout

    def test_an_id_of_several_orders_shows_them_all(self, two_orders):
        """
        Two partners use the same purchase order number.
        """
        shown = two_orders.run("status", PO)

        assert 0 == shown.exit_code
        assert shown.stdout.startswith(SCREEN + f"\n{ORDER_B}  inProgress")

    def test_a_fault_of_the_hubs_own_names_its_code_once(self, place):
        """
        Its sentence ends with the code already.
        """
        known = record()
        lines = [
            replace(one, reason="warehouse: no way [E_SYSTEM_HELD]", quantity=None) if one.code else one
            for one in known.lines
        ]
        place.write(Changes(records=[(None, replace(known, lines=tuple(lines)))]))

        shown = place.run("status", ORDER).stdout

        assert 1 == shown.count("[E_SYSTEM_HELD]")
        assert "no way [E_SYSTEM_HELD]" in shown

    def test_dates_milestones_and_alerts_are_shown(self, place):
        """
        When it is wanted and expected, what was reached, and why it will be late; an endpoint sees the dates.
        """
        known = record()
        order = replace(
            known.order,
            requested_completion_date=after(3600),
            expected_completion_date=after(7200),
            product_order_milestone=(Milestone(id="warehouse.picked", name="picked", milestone_date=NOW),),
            product_order_jeopardy_alert=(
                JeopardyAlert(id="1.1", name="jeopardy", alert_date=NOW, message="warehouse was due"),
            ),
        )
        place.write(Changes(records=[(None, replace(known, order=order))]))
        dates = "  wanted by  2026-03-01 10:30:00Z\n  expected   2026-03-01 11:30:00Z\n"

        shown = place.run("status", ORDER).stdout

        assert dates in shown
        assert "  reached    2026-03-01 09:30:00Z  warehouse.picked\n" in shown
        assert "  jeopardy   2026-03-01 09:30:00Z  warehouse was due\n" in shown
        assert dates in place.run("status", ORDER, "--as", "partner.acme").stdout

    def test_a_contradiction_is_shown_under_its_item(self, place):
        """
        It moves nothing, so that no line says it.
        """
        known = record()
        what = "crm says NO of crm for item 1, but the line is completed"
        error = ErrorMessage(
            code="E_CONTRADICTION",
            reason=what,
            timestamp=known.order.creation_date,
            product_order_item=("1",),
        )
        order = replace(known.order, product_order_error_message=(error,))
        place.write(Changes(records=[(None, replace(known, order=order))]))

        shown = place.run("status", ORDER).stdout

        assert f"    2026-03-01 09:30:00Z  {what} [E_CONTRADICTION]\n" in shown
        assert shown.index("internet   oss.internet") < shown.index(what) < shown.index("\ntold\n")

    def test_json_is_the_whole_record(self, two_orders):
        """
        One line an order, for programs.
        """
        [found] = map(json.loads, two_orders.run("status", ORDER, "--json").stdout.splitlines())

        assert ORDER == found["order"]["id"]
        assert ["crm", "warehouse", "internet"] == [part["name"] for part in found["plan"]["parts"]]

    def test_an_unknown_id_is_a_no(self, two_orders):
        """
        Status 1, on standard error, without a traceback.
        """
        shown = two_orders.run("status", "4500009999")

        assert (1, "") == (shown.exit_code, shown.stdout)
        assert "no order '4500009999' (an id under which somebody knows it) [E_NOT_FOUND]\n" == shown.stderr

    def test_what_a_sender_wrote_cannot_move_the_cursor(self, two_orders):
        """
        Control characters in an id come out escaped.
        """
        assert "\x1b" not in two_orders.run("status", "x\x1b[2J").stderr


class TestAsAnEndpoint:
    def test_an_endpoint_sees_its_order_and_not_who_works_on_it(self, two_orders):
        """
        No systems, no parts, no routes, no ids of others.
        """
        shown = two_orders.run("status", PO, "--as", "partner.acme")

        assert (
            "OL7M2K4Q9XH3TZ8RWA  inProgress  1/3 lines done\n"
            "  ordered   2026-03-01 09:30:00Z\n"
            "  known as  4500000042 (purchaseOrder)\n"
            "\n"
            "item 1  add 2 x HANDSET-A (their line 0010)  held\n"
        ) == shown.stdout

    def test_its_json_has_no_more(self, two_orders):
        """
        The canonical order, without plan, lines and instructions.
        """
        shown = two_orders.run("status", PO, "--as", "partner.acme", "--json").stdout

        assert ORDER == json.loads(shown)["id"]
        assert not [word for word in ("crm", "warehouse", "globex", "SO-") if word in shown]

    @pytest.mark.parametrize("endpoint", ["partner.globex", "web.portal", "nobody"])
    def test_anothers_order_and_no_order_are_the_same_answer(self, two_orders, endpoint):
        """
        Word for word, apart from the id that was asked for; so the asker learns nothing.
        """
        anothers = two_orders.run("status", ORDER, "--as", endpoint)
        nobodys = two_orders.run("status", "OL0000000000000000", "--as", endpoint)

        assert (1, "") == (anothers.exit_code, anothers.stdout)
        assert nobodys.exit_code == anothers.exit_code
        assert nobodys.stderr.replace("OL0000000000000000", ORDER) == anothers.stderr


class TestJournal:
    def test_the_story_is_told_oldest_first(self, two_orders):
        """
        When, what, by whom, in words, with facts.
        """
        assert (
            "at                    event           by            what                 facts\n"
            "2026-03-01 09:30:00Z  order_accepted  partner.acme  850 became an order  document=4500000042\n"
            "2026-03-01 09:31:00Z  reply_taken     warehouse     1 of 2 shipped       word=BP\n"
        ) == two_orders.run("journal", "SO-8RWA").stdout

    def test_json_is_one_entry_a_line(self, two_orders):
        """
        For programs.
        """
        shown = two_orders.run("journal", ORDER, "--json").stdout.splitlines()

        assert ["order_accepted", "reply_taken"] == [json.loads(line)["event"] for line in shown]

    def test_an_unknown_id_is_a_no(self, two_orders):
        """
        As with status.
        """
        assert 1 == two_orders.run("journal", "4500009999").exit_code

"""
Internet provisioning at its HTTP port, and the events that follow.
"""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Condition, Thread
from time import monotonic
from urllib.parse import urlsplit

import pytest

from orderloom.simulators.calls import read_log
from tests.simulators.support import DictBroker, neighbourhood, service_order
from tests.support.rabbit import until

LIMIT = 5
ITEM = {"id": "1", "action": "add", "service": {"name": "INTERNET-500"}}


@pytest.fixture
def broker():
    return DictBroker()


def rule(behaviour, **more):
    return [{"behaviour": behaviour, **more}]


def post(url, key, body=None, *, path="/serviceOrder", method="POST"):
    """Status and decoded body of one call."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=LIMIT)
    try:
        headers = {"Idempotency-Key": key, "Content-Type": "application/json"} if key else {}
        connection.request(method, path, body or service_order(key), headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"null")
    finally:
        connection.close()


def states(broker, count):
    """State of the service order in each event."""
    return [event["event"]["serviceOrder"]["state"] for event in events(broker, count)]


def events(broker, count):
    return [json.loads(body) for body in broker.replies("oss.internet", count)]


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        pytest.param([], ["completed"], id="ok"),
        pytest.param(rule("out_of_order"), ["completed", "inProgress"], id="out of order"),
        pytest.param(rule("contradictory"), ["completed", "failed"], id="contradictory"),
        pytest.param(rule("backorder", then=0.02), ["held", "completed"], id="held, then done"),
        pytest.param(rule("rejected"), ["rejected"], id="rejected"),
        pytest.param(rule("refused"), ["failed"], id="refused"),
        pytest.param(rule("needs_customer"), ["pending"], id="needs the customer"),
        pytest.param(rule("duplicate", repeat="both"), ["completed"] * 3, id="three times"),
    ],
)
def test_an_order_is_accepted_and_answered_by_events(broker, rules, expected):
    """202 with the service order's id, then each behaviour in TMF641's states."""
    with neighbourhood(broker, rules) as systems:
        status, accepted = post(systems.http_url, "K1")

        assert (202, "acknowledged", "K1") == (status, accepted["state"], accepted["externalId"])
        assert expected == states(broker, len(expected))
        [entry] = [one for one in systems.log.entries if "sent" not in one]
        assert ("K1", "OLK1-3", "PO-1", True) == tuple(
            entry[name] for name in ("key", "reference", "order_number", "applied")
        )


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PATCH", "/serviceOrder/K1", {"note": [{"id": "OLK1-3.1"}], "serviceOrderItem": [ITEM]}, 202),
        ("PATCH", "/serviceOrder/K1", {"note": [{"id": "OLK1-3.1"}], "serviceOrderItem": []}, 400),
        ("PATCH", "/serviceOrder/K1", {"serviceOrderItem": [ITEM]}, 400),
        ("PATCH", "/serviceOrder/K1", {"note": [], "serviceOrderItem": [ITEM]}, 400),
        ("PATCH", "/serviceOrder", {}, 404),
        ("PATCH", "/cancelServiceOrder/K1", {}, 404),
        ("POST", "/cancelServiceOrder", {"serviceOrder": {"id": "K1"}}, 400),
        ("POST", "/serviceOrder/K1", {}, 404),
    ],
)
def test_what_can_be_called(broker, method, path, body, status):
    """Service orders are posted and patched, cancels posted; each with what it takes to do them."""
    with neighbourhood(broker, systems=("oss.internet",)) as systems:
        found, _ = post(systems.http_url, "K2", json.dumps(body).encode(), path=path, method=method)

    assert status == found


def test_an_event_names_the_order_and_its_items(broker):
    """By the system's id and by the key."""
    with neighbourhood(broker, rule("lines", words={"2": "rejected"})) as systems:
        body = service_order("K1", offerings=("INTERNET-100", "INTERNET-500"))
        _, accepted = post(systems.http_url, "K1", body)
        [event] = events(broker, 1)
    order = event["event"]["serviceOrder"]

    assert "ServiceOrderStateChangeEvent" == event["eventType"]
    assert (accepted["id"], "K1", "partial") == (order["id"], order["externalId"], order["state"])
    assert ["completed", "rejected"] == [one["state"] for one in order["serviceOrderItem"]]


def test_a_repeated_key_gets_the_same_answer_and_the_same_event(broker):
    """Nothing is applied twice."""
    with neighbourhood(broker) as systems:
        first = post(systems.http_url, "K1")
        second = post(systems.http_url, "K1")
        found = events(broker, 2)

        assert first == second
        assert found[0] == found[1]
        assert 1 == sum(entry.get("applied", False) for entry in systems.log.entries)


def test_an_early_event_comes_before_the_answer_to_the_call(broker):
    """By the time the caller has its 202, the event is out."""
    with neighbourhood(broker, rule("early")) as systems:
        post(systems.http_url, "K1")

        assert 1 == len(broker.seen["system.oss.internet.replies"])


def test_a_system_that_is_down_applies_nothing_until_it_is_up(broker):
    """503 as often as the script says, then the order."""
    with neighbourhood(broker, rule("http_error", times=2, status=503)) as systems:
        statuses = [post(systems.http_url, "K1")[0] for _ in range(3)]

        assert [503, 503, 202] == statuses
        assert ["completed"] == states(broker, 1)
        assert ["error", "error", "applied"] == [
            one["outcome"] for one in systems.log.entries if "sent" not in one
        ]


def test_a_refused_call_is_answered_with_a_tmf_error_and_applies_nothing(broker):
    """Client errors are final: code, reason and message say why."""
    with neighbourhood(broker, rule("http_refuse", status=409)) as systems:
        status, error = post(systems.http_url, "K1")

        assert (409, "409") == (status, error["code"])
        assert {"reason", "message"} <= set(error)
        assert [False] == [entry["applied"] for entry in systems.log.entries]


def test_an_answer_can_be_lost_after_the_order_was_applied(broker):
    """The connection drops; the repeated call gets the recorded answer."""
    with neighbourhood(broker, rule("lose_answer")) as systems:
        with pytest.raises((http.client.HTTPException, ConnectionError)):
            post(systems.http_url, "K1")
        status, accepted = post(systems.http_url, "K1")

        assert (202, "K1") == (status, accepted["externalId"])
        assert {"completed"} == set(states(broker, 1))
        assert 1 == sum(entry.get("applied", False) for entry in systems.log.entries)


def test_an_answer_can_drip(broker):
    """It takes its time, and is whole in the end."""
    with neighbourhood(broker, rule("slow_drip", seconds=0.2)) as systems:
        began = monotonic()
        status, accepted = post(systems.http_url, "K1")

        assert (202, "K1") == (status, accepted["externalId"])
        assert monotonic() - began >= 0.2


def test_a_dripping_answer_ends_when_the_system_is_stopped(broker):
    """No stop waits for a slow answer."""
    with neighbourhood(broker, rule("slow_drip", seconds=600)) as systems:
        caller = Thread(target=hang_up_on, args=(systems.http_url,))
        caller.start()
        assert 1 == len(events(broker, 1))
    caller.join(LIMIT)

    assert not caller.is_alive()


def hang_up_on(url):
    """A call whose answer never becomes whole."""
    with pytest.raises(http.client.HTTPException):
        post(url, "K1")


@pytest.mark.parametrize(
    ("key", "body"),
    [("", b"{}"), ("K1", b"{"), ("K1", b"{}"), ("K1", b'{"serviceOrderItem":[{"id":"1"}]}')],
    ids=["no key", "no JSON", "no items", "no service"],
)
def test_what_cannot_be_read_is_a_bad_request(broker, key, body):
    """400, and logged."""
    with neighbourhood(broker) as systems:
        assert 400 == post(systems.http_url, key, body)[0]
        assert ["unreadable"] == [entry["outcome"] for entry in systems.log.entries]


def test_a_caller_that_dies_while_it_speaks_has_ordered_nothing(broker):
    """Half a body is no service order, and nobody is there to be told so."""
    with neighbourhood(broker) as systems:
        address = urlsplit(systems.http_url)
        with socket.create_connection((address.hostname, address.port), LIMIT) as half:
            half.sendall(b"POST /serviceOrder HTTP/1.1\r\nHost: h\r\nContent-Length: 900\r\n\r\n{")
            half.shutdown(socket.SHUT_WR)
            assert b"" == half.recv(1)
        assert 202 == post(systems.http_url, "K1")[0]
        assert ["K1"] == [entry["key"] for entry in systems.log.entries if "key" in entry]


def test_an_order_that_is_too_large_is_refused_unread(broker):
    """More than a mebibyte is not collected."""
    with neighbourhood(broker) as systems:
        address = urlsplit(systems.http_url)
        with socket.create_connection((address.hostname, address.port), LIMIT) as large:
            large.sendall(b"POST /serviceOrder HTTP/1.1\r\nHost: h\r\nContent-Length: 1048577\r\n\r\n")
            assert b"413" == large.recv(100).split()[1]


def test_another_path_is_not_found(broker):
    """There is one resource."""
    with neighbourhood(broker) as systems:
        assert 404 == post(systems.http_url, "K1", path="/productOrder")[0]


def test_an_order_can_be_looked_up_by_its_key(broker):
    """For a caller who does not know whether the order arrived."""
    with neighbourhood(broker) as systems:
        connection = http.client.HTTPConnection(urlsplit(systems.http_url).netloc, timeout=LIMIT)
        connection.request("GET", "/serviceOrder?externalId=K1")
        nothing = json.loads(connection.getresponse().read())
        _, accepted = post(systems.http_url, "K1")
        connection.request("GET", "/serviceOrder?externalId=K1")
        found = json.loads(connection.getresponse().read())
        connection.close()

    assert [] == nothing
    assert [accepted] == found


class TestCallback:
    def test_events_are_posted_until_the_receiver_takes_them(self, broker):
        """Anything but a 2xx is tried again, with the same bytes."""
        with (
            receiver([500, 204]) as (url, received),
            neighbourhood(broker, callback_url=f"{url}/listener") as systems,
        ):
            post(systems.http_url, "K1")
            bodies = received(2)

        assert bodies[0] == bodies[1]
        assert ("/listener", "completed") == (
            bodies[0][0],
            json.loads(bodies[0][1])["event"]["serviceOrder"]["state"],
        )

    def test_an_event_owed_when_the_process_died_is_sent_at_the_next_start(self, broker, tmp_path):
        """Applied, answered, killed: the event still comes, and is not sent a third time."""
        log = tmp_path / "calls.jsonl"
        with neighbourhood(broker, rule("slow", delay=60), log) as systems:
            post(systems.http_url, "K1")
        with neighbourhood(broker, log=log):
            assert ["completed"] == states(broker, 1)
            until("the log says sent", lambda: any("sent" in entry for entry in read_log(log)))
        with neighbourhood(broker, log=log) as systems:
            post(systems.http_url, "K2")
            keys = [event["event"]["serviceOrder"]["externalId"] for event in events(broker, 2)]

        assert ["K1", "K2"] == keys


@contextmanager
def receiver(statuses) -> Iterator:
    """An HTTP server that answers with these statuses in turn and keeps path and body of each call."""
    received: list[tuple[str, bytes]] = []
    changed = Condition()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with changed:
                self.send_response(statuses[min(len(received), len(statuses) - 1)])
                self.end_headers()
                received.append((self.path, body))
                changed.notify_all()

        def log_message(self, *args):
            """Quiet."""

    def first(count):
        with changed:
            assert changed.wait_for(lambda: len(received) >= count, LIMIT), f"{len(received)} of {count}"
            return list(received)

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", first
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

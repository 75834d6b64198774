"""The listener over real HTTP: bytes go on unread, and 204 means that the broker has them."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Iterator, Mapping

import pytest

from broker.port import BrokerUnavailable, Result
from orderloom.listener import Listener
from orderloom.settings import ListenerSettings, SettingsError

EVENT = b'{"eventId": "e-1", "event": {}} \xff'
PATH = "/listener/oss.internet/serviceOrderStateChangeEvent"


class Broker:
    """Takes what is dropped, or does with it what a test says."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, str, bytes, str, dict[str, str]]] = []
        self.result = Result.TAKEN
        self.gone = False
        self.confirm = threading.Event()
        self.confirm.set()

    def drop(
        self, exchange: str, key: str, body: bytes, content_type: str, headers: Mapping[str, str]
    ) -> Result:
        self.confirm.wait(10)
        if self.gone:
            raise BrokerUnavailable("127.0.0.1: gone")
        self.taken.append((exchange, key, body, content_type, dict(headers)))
        return self.result


@pytest.fixture
def broker() -> Broker:
    return Broker()


@pytest.fixture
def port(broker) -> Iterator[int]:
    listener = Listener(ListenerSettings(port=0), ["oss.internet"], broker.drop)
    yield listener.start()
    listener.stop()


def post(
    port: int, path: str = PATH, body: bytes = EVENT, method: str = "POST", **headers: str
) -> tuple[int, dict[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    named = {"Content-Type": "application/json", **{key.replace("_", "-"): headers[key] for key in headers}}
    connection.request(method, path, body, named)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, json.loads(text) if text.startswith(b"{") else {}


class TestTaken:
    def test_the_bytes_go_on_unread(self, broker, port):
        """
        They are no UTF-8 and no JSON; that is for the system's adapter to say.
        """
        status, _ = post(port)

        assert 204 == status
        assert [
            (
                "reply.oss.internet",
                "serviceOrderStateChangeEvent",
                EVENT,
                "application/json",
                {"system": "oss.internet", "event": "serviceOrderStateChangeEvent"},
            )
        ] == broker.taken

    def test_the_answer_waits_for_the_confirm(self, broker, port):
        """
        As long as the broker has not confirmed, the sender has no 204.
        """
        broker.confirm.clear()
        answered: list[int] = []
        sender = threading.Thread(target=lambda: answered.append(post(port)[0]))
        sender.start()
        sender.join(0.2)

        assert [] == answered
        broker.confirm.set()
        sender.join(10)
        assert [204] == answered

    def test_a_json_type_with_a_parameter_or_a_suffix_is_json(self, broker, port):
        """
        Both are in use in the trade.
        """
        for content_type in ("application/json; charset=utf-8", "application/merge-patch+json"):
            assert 204 == post(port, Content_Type=content_type)[0]


class TestNotTaken:
    @pytest.mark.parametrize("result", [Result.REFUSED, Result.UNROUTABLE, Result.UNKNOWN])
    def test_what_the_broker_has_not_taken_is_sent_again(self, broker, port, result):
        """
        Also when nobody knows; the event id tells the repetition.
        """
        broker.result = result

        assert 503 == post(port)[0]

    def test_without_a_broker_the_sender_is_asked_to_come_again(self, broker, port):
        """
        503, never a broken connection.
        """
        broker.gone = True
        status, said = post(port)

        assert (503, "E_CALL_FAILED") == (status, said["code"])

    @pytest.mark.parametrize(
        ("changes", "status", "code"),
        [
            pytest.param({"path": "/listener/crm/x"}, 404, "E_NOT_FOUND", id="a queue-attached system"),
            pytest.param({"path": "/listener/nobody/x"}, 404, "E_NOT_FOUND", id="no system"),
            pytest.param({"path": "/listener/oss.internet/%0d%0a"}, 404, "E_NOT_FOUND", id="no event"),
            pytest.param({"Content_Type": "text/xml"}, 415, "E_CONTENT_TYPE", id="not JSON"),
            pytest.param({"Content_Encoding": "gzip"}, 415, "E_COMPRESSION", id="compressed"),
            pytest.param({"body": b" \n"}, 400, "E_EMPTY", id="no body"),
            pytest.param({"body": b"x" * (8 * 1024 * 1024 + 1)}, 413, "E_TOO_LARGE", id="over 8 MiB"),
        ],
    )
    def test_what_is_no_reply_is_refused_with_its_code(self, broker, port, changes, status, code):
        """
        Nothing of it reaches the broker.
        """
        told, said = post(port, **changes)

        assert (status, code) == (told, said["code"])
        assert [] == broker.taken

    def test_a_body_without_a_length_is_measured_too(self, broker, port):
        """
        Chunked, and no end of it: refused at the limit.
        """
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        blocks = (bytes(1024 * 1024) for _ in range(9))
        try:
            connection.request("POST", PATH, blocks, {"Content-Type": "application/json"})
            status = connection.getresponse().status
        except ConnectionError:
            status = 413  # closed while the rest was still being sent
        connection.close()

        assert 413 == status
        assert [] == broker.taken

    def test_other_methods_and_paths_are_not_served(self, port):
        """
        There is one thing to do here.
        """
        assert 405 == post(port, method="GET")[0]
        assert 404 == post(port, path="/")[0]

    def test_a_sender_that_goes_away_harms_nobody(self, broker, port):
        """
        Half a body, then nothing; the next one is served.
        """
        with socket.create_connection(("127.0.0.1", port)) as line:
            head = f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n"
            line.sendall(head.encode() + b"Content-Type: application/json\r\n\r\n{")

        assert 204 == post(port)[0]
        assert 1 == len(broker.taken)


class TestWhoMayCome:
    def test_with_a_token_only_its_bearer_is_heard(self, broker):
        """
        Missing, wrong and longer tokens are the same to the sender.
        """
        listener = Listener(ListenerSettings(port=0, token="s3cret"), ["oss.internet"], broker.drop)
        port = listener.start()
        statuses = [
            post(port, **({"Authorization": given} if given else {}))[0]
            for given in ("", "Bearer wrong", "Bearer s3cret2", "s3cret", "Bearer s3cret")
        ]
        listener.stop()

        assert [401, 401, 401, 401, 204] == statuses

    def test_without_a_token_it_does_not_bind_to_the_world(self, broker):
        """
        Told at start, with both ways out.
        """
        for host in ("0.0.0.0", "::", "192.0.2.1", "hub.example"):  # noqa: S104 -- that is what is refused
            with pytest.raises(SettingsError) as refused:
                Listener(ListenerSettings(host=host), [], broker.drop)

            assert (
                f"listener.host: '{host}' is reachable from outside, and there is no token"
                " (a loopback address, or a token in $ORDERLOOM_LISTENER_TOKEN) [E_CONFIG]"
            ) == str(refused.value)

    def test_a_port_that_is_taken_is_named(self, broker):
        """
        One sentence, no traceback.
        """
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            with pytest.raises(
                SettingsError, match=f"127.0.0.1:{port} cannot be bound: Address already in use"
            ):
                Listener(ListenerSettings(port=port), [], broker.drop).start()

    def test_the_port_is_free_again_after_stop(self, broker):
        """
        A worker that is started again gets it.
        """
        listener = Listener(ListenerSettings(port=0), ["oss.internet"], broker.drop)
        port = listener.start()
        post(port)
        listener.stop()

        with socket.create_server(("127.0.0.1", port)):
            pass

"""Calls to systems over real HTTP: what is known after each fault, and that no call outlives its time."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from time import monotonic

import pytest

from adapters.kit.contract import CallSpec, Native
from orderloom.calls import Call, CallKind, CallPool, CallResult
from orderloom.settings import SettingsError, SystemSettings
from tests.calls.far_side import FarSide, far_side
from tests.support.rabbit import until

KEY = "5d0c9c1e-key"


@pytest.fixture
def far() -> Iterator[FarSide]:
    with far_side() as server:
        yield server


def system(url: str, name: str = "oss.internet", **changes: object) -> SystemSettings:
    return SystemSettings(name=name, adapter=name, url=url, **{"timeout": 5.0, "pool": 2, **changes})


def native(path: str = "/ok", **headers: str) -> Native:
    return Native(b"{}", "application/json", call=CallSpec(path=path, headers=headers))


def call_of(path: str, system_name: str = "oss.internet", **headers: str) -> Call:
    return Call(KEY, 1, system_name, native(path, **headers))


def collected(pool: CallPool, count: int = 1) -> list[CallResult]:
    found: list[CallResult] = []

    def arrived() -> bool:
        found.extend(pool.collect())
        return len(found) >= count

    until(f"{count} results", arrived)
    return found


def result_of(far: FarSide, call: Call, **changes: object) -> CallResult:
    pool = CallPool([system(far.url, **changes)])
    try:
        pool.submit(call)
        [result] = collected(pool)
        return result
    finally:
        pool.close()


class TestAnswers:
    def test_an_answer_comes_back_whole(self, far):
        """
        Status, bytes and content type, under the call's key, attempt and system, with how it was called.
        """
        result = result_of(far, Call(KEY, 3, "oss.internet", native("/serviceOrder")))

        assert CallSpec(path="/serviceOrder") == result.spec
        assert (KEY, 3, "oss.internet") == (result.key, result.attempt, result.system)
        assert (CallKind.ANSWERED, 201, b'{"id":"SO-1"}', "application/json", None) == (
            result.kind,
            result.status,
            result.body,
            result.content_type,
            result.error,
        )

    def test_the_request_carries_key_bytes_and_the_adapters_headers(self, far):
        """
        The path is below the system's url; the token is the settings'; nothing is asked for compressed.
        """
        pool = CallPool([system(f"{far.url}/tmf-api/v4", token="t0ken")])
        pool.submit(Call(KEY, 1, "oss.internet", native("/serviceOrder?fields=id", **{"X-Trace": "a b"})))
        collected(pool)
        pool.close()
        [(path, headers, body)] = far.seen

        assert "/tmf-api/v4/serviceOrder?fields=id" == path
        assert b"{}" == body
        assert {
            "Idempotency-Key": KEY,
            "Content-Type": "application/json",
            "Accept-Encoding": "identity",
            "Authorization": "Bearer t0ken",
            "X-Trace": "a b",
        }.items() <= headers.items()

    def test_a_refusal_has_its_body(self, far):
        """
        OU-02: a 4xx is the system's word, to be read by its adapter.
        """
        result = result_of(far, call_of("/refuse"))

        assert (CallKind.REFUSED, 422, None) == (result.kind, result.status, result.error)
        assert b"no such line" in result.body

    @pytest.mark.parametrize("status", [500, 502, 503, 504])
    def test_a_server_error_may_have_been_carried_out(self, far, status):
        """
        OU-01: a gateway answers 5xx also when the system behind it has done the work.
        """
        result = result_of(far, call_of(f"/status/{status}"))

        assert (CallKind.UNKNOWN, status) == (result.kind, result.status)
        assert f"oss.internet: answered {status} [E_CALL_FAILED]" == str(result.error)

    @pytest.mark.parametrize("status", [408, 425, 429])
    def test_a_system_that_says_not_now_has_done_nothing(self, far, status):
        """
        These three may be tried again whatever the system's rule for repetition.
        """
        assert CallKind.TRANSIENT is result_of(far, call_of(f"/status/{status}")).kind

    @pytest.mark.parametrize("status", [401, 407])
    def test_credentials_that_are_not_accepted_are_for_a_person(self, far, status):
        """
        Whoever is not known is refused whatever he asks: it is no word about the instruction.
        """
        result = result_of(far, call_of(f"/status/{status}"))

        assert (CallKind.OPERATOR, status) == (result.kind, result.status)
        assert "the token is not accepted" in str(result.error)

    @pytest.mark.parametrize(
        ("said", "seconds"),
        [
            pytest.param("120", 120.0, id="seconds"),
            pytest.param("999999", 3600.0, id="at most an hour"),
            pytest.param("soon", None, id="unreadable"),
            pytest.param("-5", None, id="negative"),
        ],
    )
    def test_retry_after_is_honoured_up_to_an_hour(self, far, said, seconds):
        """
        OU-10: it comes back as seconds.
        """
        assert seconds == result_of(far, call_of(f"/later/{said}")).retry_after

    def test_retry_after_may_be_a_date(self, far):
        """
        Counted from the injected clock, never negative.
        """
        at = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
        for now, seconds in ((at - timedelta(minutes=2), 120.0), (at + timedelta(minutes=2), 0.0)):
            pool = CallPool([system(far.url)], now=lambda now=now: now)
            pool.submit(call_of("/later/Sun,+01+Mar+2026+12:00:00+GMT"))
            [result] = collected(pool)
            pool.close()

            assert seconds == result.retry_after

    def test_a_redirect_is_not_followed(self, far):
        """
        OU-09: the other host never hears of it.
        """
        with far_side() as elsewhere:
            result = result_of(far, call_of("/away", **{"X-Elsewhere": elsewhere.url}))

            assert (CallKind.OPERATOR, 307, "E_REDIRECT") == (result.kind, result.status, result.error.code)
            assert [] == elsewhere.seen


class TestUnknownOutcomes:
    @pytest.mark.parametrize(
        "path",
        [
            pytest.param("/drop", id="OU-04 applied, answer lost"),
            pytest.param("/reset", id="OU-07 reset"),
            pytest.param("/cut", id="OU-06 truncated"),
            pytest.param("/garbage", id="OU-06 not HTTP"),
            pytest.param("/packed", id="OU-06 compressed"),
        ],
    )
    def test_a_broken_answer_leaves_the_outcome_unknown(self, far, path):
        """
        The request arrived; nobody can say what became of it.
        """
        result = result_of(far, call_of(path))

        assert CallKind.UNKNOWN is result.kind
        assert result.error is not None
        assert 1 == len(far.seen)

    @pytest.mark.parametrize("path", ["/wait", "/drip", "/driphead"])
    def test_the_deadline_is_for_the_whole_call(self, far, path):
        """
        OU-05: silence, a slow body and a slow header all end in time; bytes that trickle in change nothing.
        """
        began = monotonic()
        result = result_of(far, call_of(path), timeout=0.3)

        assert CallKind.UNKNOWN is result.kind
        assert "oss.internet: no full answer within 0.3 s [E_CALL_FAILED]" == str(result.error)
        assert monotonic() - began < 3

    def test_an_endless_answer_is_cut_off(self, far):
        """
        OU-14: two gigabytes are announced, a few times the cap are sent at most.
        """
        result = result_of(far, call_of("/endless"))

        assert (CallKind.UNKNOWN, "E_TOO_LARGE", b"") == (result.kind, result.error.code, result.body)
        assert far.sent < 64 * 1024 * 1024

    def test_a_repetition_has_the_same_key(self, far):
        """
        OU-16: three attempts, and the far side can see that they are one.
        """
        pool = CallPool([system(far.url)])
        for attempt, path in enumerate(("/drop", "/status/500", "/ok"), start=1):
            pool.submit(Call(KEY, attempt, "oss.internet", native(path)))
            collected(pool)
        pool.close()

        assert 3 == len(far.seen)
        assert {KEY} == far.applied


class TestNoConnection:
    def test_a_system_that_is_down_delays_nobody_else(self, far):
        """
        OU-03: nothing listens at one system, its pool is full of refusals, and the other answers.
        """
        with socket.create_server(("127.0.0.1", 0)) as taken:
            nobody = f"http://127.0.0.1:{taken.getsockname()[1]}"
        pool = CallPool([system(nobody, "down"), system(far.url)])
        pool.submit(call_of("/ok", "down"))
        pool.submit(call_of("/ok"))
        results = {one.system: one for one in collected(pool, 2)}
        pool.close()

        assert CallKind.ANSWERED is results["oss.internet"].kind
        assert CallKind.TRANSIENT is results["down"].kind
        assert "down: the connection failed: Connection refused [E_CALL_FAILED]" == str(results["down"].error)

    def test_an_unknown_host_is_transient(self):
        """
        RFC 6761: the top-level domain ``invalid`` never resolves.
        """
        pool = CallPool([system("http://oss.invalid")])
        pool.submit(call_of("/ok"))
        [result] = collected(pool)
        pool.close()

        assert CallKind.TRANSIENT is result.kind

    def test_https_never_falls_back_to_plain(self, far):
        """
        OU-08: a far side without TLS hears nothing.
        """
        pool = CallPool([system(far.url.replace("http:", "https:"))])
        pool.submit(call_of("/ok"))
        [result] = collected(pool)
        pool.close()

        assert CallKind.TRANSIENT is result.kind
        assert [] == far.seen

    def test_a_kept_connection_that_died_is_replaced(self, far):
        """
        OU-17: the far side closed it while it was idle; the next call opens another.
        """
        pool = CallPool([system(far.url, pool=1)])
        kinds = []
        for _ in range(3):
            until("a free slot", lambda: pool.free("oss.internet") == 1)
            pool.submit(call_of("/idle"))
            kinds += [one.kind for one in collected(pool)]
        pool.close()

        assert [CallKind.ANSWERED] * 3 == kinds


class TestRequestsThatCannotBeSent:
    @pytest.mark.parametrize(
        ("headers", "named"),
        [
            pytest.param({"X-A": "b\r\nX-Evil: 1"}, "'X-A'", id="V-06 CRLF in a value"),
            pytest.param({"X-A": "b\n"}, "'X-A'", id="line end at the end"),
            pytest.param({"X-A": "\u00e4"}, "'X-A'", id="not ASCII"),
            pytest.param({"X A": "b"}, "'X A'", id="blank in a name"),
            pytest.param({"idempotency-key": "other"}, "'idempotency-key'", id="the hub's own"),
            pytest.param({"Host": "other"}, "'Host'", id="another host"),
        ],
    )
    def test_a_header_that_cannot_be_sent_is_named(self, far, headers, named):
        """
        Nothing leaves the hub.
        """
        result = result_of(far, call_of("/ok", **headers))

        assert (CallKind.OPERATOR, "E_HEADERS") == (result.kind, result.error.code)
        assert f"oss.internet header {named}" == result.error.where
        assert [] == far.seen

    @pytest.mark.parametrize(
        "path", ["../admin", "a/../../b", "/%2e%2e/x", "a b", "x\r\ny", "x\n", "http://[::1", "#a"]
    )
    def test_a_path_cannot_lead_away(self, far, path):
        """
        Above the system's url, or to what is no path at all.
        """
        result = result_of(far, call_of(path))

        assert (CallKind.OPERATOR, "E_CALL_FAILED") == (result.kind, result.error.code)
        assert [] == far.seen

    @pytest.mark.parametrize("path", ["//evil.example/x", "http://evil.example/x", "@evil.example"])
    def test_another_host_in_a_path_stays_a_path(self, far, path):
        """
        V-10: the call goes to the system of the settings, whatever the path looks like.
        """
        result = result_of(far, call_of(path))

        assert CallKind.ANSWERED is result.kind
        assert 1 == len(far.seen)

    def test_an_adapter_without_a_call_is_told(self, far):
        """
        A queue adapter was put where a call adapter belongs.
        """
        result = result_of(far, Call(KEY, 1, "oss.internet", Native(b"", "application/json")))

        assert CallKind.OPERATOR is result.kind


class TestPool:
    def test_a_system_is_called_by_so_many_threads_and_no_more(self, far):
        """
        The third call of two waits for a thread, and is made when one is free.
        """
        pool = CallPool([system(far.url, pool=2)])
        pool.submit(call_of("/wait"))
        pool.submit(call_of("/wait"))

        pool.submit(call_of("/wait"))

        assert 0 == pool.free("oss.internet")
        far.release.set()
        assert 3 == len(collected(pool, 3))
        until("the slots are free", lambda: pool.free("oss.internet") == 2)
        pool.close()

    def test_close_is_quick_and_tells_what_it_broke_off(self, far):
        """
        A call under way is unknown; it was not carried to its end, and its thread is gone.
        """
        pool = CallPool([system(far.url, timeout=30.0)])
        pool.submit(call_of("/wait"))
        until("it has arrived", lambda: far.seen)
        began = monotonic()
        pool.close()
        [result] = pool.collect()

        assert CallKind.UNKNOWN is result.kind
        assert "oss.internet: the hub stopped while it waited [E_CALL_FAILED]" == str(result.error)
        assert monotonic() - began < 2
        assert [] == [one.name for one in threading.enumerate() if one.name.startswith("call ")]

    def test_a_system_without_a_url_is_told_at_start(self):
        """
        With the key and the variable that set it.
        """
        with pytest.raises(SettingsError) as refused:
            CallPool([system("")])

        assert (
            'systems."oss.internet".url: is not set'
            " (an http url there, or in $ORDERLOOM_SYSTEM_OSS_INTERNET_URL) [E_CONFIG]"
        ) == str(refused.value)

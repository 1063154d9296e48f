"""Whatever is wrong with Prometheus, every command that reads it says so in a line and never passes."""

import json
import math
import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler

import pytest

from tests.clients.misbehaving import Answer, answering, body
from tests.recorded_slos import AT, AT_TEXT, FakeSlo, Series
from tests.recording_prometheus import Recording, recording_prometheus
from tests.runner.cli.slo.commands import Ended, chaos_slo

COMMANDS = (("status",), ("check", "llm-availability"))
command = pytest.mark.parametrize("arguments", COMMANDS, ids=("status", "check"))


def refused(status: int, error: str) -> Answer:
    return body(status, json.dumps({"status": "error", "errorType": "execution", "error": error}))


def result(text: str) -> Answer:
    return body(200, '{"status": "success", "data": {"resultType": "vector", "result": ' + text + "}}")


BAD = {
    "503 of a proxy": (body(503, "no healthy upstream", "text/plain"), "answered 503 without JSON"),
    "503 of its own": (refused(503, "query timed out in expression evaluation"), "query timed out"),
    "422": (refused(422, "query processing would load too many samples"), "status 422: query processing would load"),
    "html": (body(200, "<html>Sign in</html>", "text/html"), "is this Prometheus's address"),
    "no result": (body(200, '{"status": "success"}'), "does not answer like Prometheus"),
    "result of another kind": (result('{"a": 1}'), "does not answer like Prometheus"),
    "samples that are none": (result('[{"metric": {}}]'), "does not answer like Prometheus"),
    "values that are none": (result('[{"metric": {}, "value": [1, "many"]}]'), "does not answer like Prometheus"),
    "an empty answer": (body(200, ""), "without JSON"),
    "half an answer": (body(200, '{"status": "succ'), "without JSON"),
}


def ask(url: str, arguments: tuple[str, ...], timeout: float = 5) -> Ended:
    return chaos_slo(*arguments, "--at", AT_TEXT, "--prometheus", url, "--timeout", str(timeout))


@pytest.mark.parametrize(("answer", "said"), BAD.values(), ids=BAD.keys())
def test_a_bad_answer_is_no_data(answer: Answer, said: str) -> None:
    with answering(answer) as url:
        ended = {arguments[0]: ask(url, arguments) for arguments in COMMANDS}
    for name, one in ended.items():
        assert (one.status, one.out) == (4, "")
        assert said in one.err
        assert one.err.count("\n") == 1
        assert one.err.startswith(f"chaos slo {name}: ")


@command
def test_a_server_that_is_down_is_no_data(arguments: tuple[str, ...]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    ended = ask(url, arguments)
    assert (ended.status, ended.out) == (4, "")
    assert f"cannot reach Prometheus at {url}: connection refused" in ended.err


def silent(stop: threading.Event) -> Answer:
    def answer(_: BaseHTTPRequestHandler) -> None:
        stop.wait()

    return answer


def dripping(stop: threading.Event) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not stop.wait(0.02):
            handler.wfile.write(b" ")
            handler.wfile.flush()

    return answer


@pytest.mark.parametrize(
    ("slow", "said"), [(silent, "no answer in time"), (dripping, "did not finish its answer within 0.1 s")]
)
def test_a_slow_server_is_no_data(slow: Callable[[threading.Event], Answer], said: str) -> None:
    stop = threading.Event()
    with answering(slow(stop)) as url:
        ended = ask(url, ("check", "--all"), timeout=0.1)
        stop.set()
    assert (ended.status, ended.out) == (4, "")
    assert said in ended.err


def test_who_waits_is_told_for_what(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runner.cli.slo.prometheus.FIRST_SECONDS", 0.01)
    stop = threading.Event()
    with answering(silent(stop)) as url:
        ended = ask(url, ("status",), timeout=0.1)
        stop.set()
    assert ended.err.startswith(f"waiting for {url} ...\n")


def test_a_huge_answer_is_no_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clients.prometheus.Prometheus.__init__.__defaults__", (5.0, 1000))
    with answering(result("[" + " " * 2000 + "]")) as url:
        ended = ask(url, ("check", "--all"))
    assert (ended.status, ended.out) == (4, "")
    assert "larger than 1000 bytes" in ended.err


@pytest.mark.parametrize("url", ["", "prometheus:9090", "ftp://x"])
@command
def test_an_address_that_is_none_is_bad_usage(arguments: tuple[str, ...], url: str) -> None:
    ended = ask(url, arguments)
    assert (ended.status, ended.out) == (2, "")
    assert "--prometheus" in ended.err


TWICE = Series("slo:burn_rate", {"slo": "llm-availability", "window": "1h", "replica": "b"}, 0, AT)
UNKNOWN = {
    "partial data": (Recording([FakeSlo()], warnings=["store 1 is unavailable"]), "store 1 is unavailable"),
    "NaN": (Recording([FakeSlo(budget=math.nan)]), "its budget is nan"),
    "infinite": (Recording([FakeSlo(burn={"1h": math.inf})]), "its burn rate over 1h is inf"),
    "of no time": (Recording([FakeSlo(age=math.nan)]), "its newest reading is of no time (nan)"),
    "bad events of another time": (Recording([FakeSlo(bad_age=200)]), "its bad events are of another time"),
    "too much budget": (Recording([FakeSlo(budget=2)]), "its budget is 2, which cannot be"),
    "a budget of another burn": (
        Recording([FakeSlo(burn={"28d": 0.1}, long_age=20)]),
        "its budget left is 0.75, which its burn rate of 0.1 over 28d does not leave",
    ),
    "stale": (Recording([FakeSlo(age=200)]), "its newest reading is 3m20s old"),
    "no traffic": (Recording([FakeSlo(burn=dict.fromkeys(("5m", "30m", "1h")))]), "there were no events in 1h"),
    "traffic that a fault took": (
        Recording([FakeSlo(burn={"1h": 500.0, "5m": None})]),
        "fast-page: burns at 500 over 1h, above 13.4, and at an unknown rate over 5m: there were no events in 5m",
    ),
    "absent": (Recording([FakeSlo(events={"5m": None})]), "its SLI has no data"),
    "malformed": (Recording([FakeSlo(without=("period_seconds",))]), "the label period_seconds is missing"),
    "twice": (Recording([FakeSlo(service="a"), FakeSlo(service="b")]), "it is recorded 2 times (service a, b)"),
    "a series twice": (Recording([FakeSlo()], more=[TWICE]), "its burn rate is recorded more than once"),
}


@pytest.mark.parametrize(("recording", "said"), UNKNOWN.values(), ids=UNKNOWN.keys())
def test_what_cannot_be_trusted_is_unknown_and_does_not_pass(recording: Recording, said: str) -> None:
    with recording_prometheus(recording) as url:
        report, gate = ask(url, ("status",)), ask(url, ("check", "--all"))
    assert report.status == 0
    assert "unknown" in report.out
    assert said in " ".join(report.out.split())
    assert gate.status == 4
    assert said in gate.out

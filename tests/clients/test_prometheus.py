"""The Prometheus client against servers that answer, and against servers that misbehave in every usual way."""

import json
import socket
import threading
import time
from base64 import b64encode
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from clients.prometheus import Known, Prometheus, PrometheusError, Sample, Unknown, reading, shown_address
from tests.clients.misbehaving import Answer, answering, body


def success(result: list[Any], kind: str = "vector", **more: Any) -> str:
    return json.dumps({"status": "success", "data": {"resultType": kind, "result": result}, **more})


def test_samples_come_back_as_they_were_scraped_and_only_from_the_range() -> None:
    entry = {"metric": {"pod": "a"}, "values": [[9, "1"], [10, "2"], [11.5, "NaN"], [12, "3"], [21, "4"]]}
    with answering(body(200, success([entry], "matrix"))) as url, Prometheus(url) as prometheus:
        (series,) = prometheus.raw("up", 10, 20).series
    assert series.labels == {"pod": "a"}
    assert list(series.samples) == [Sample(10, 2), Sample(12, 3)]


def test_the_query_names_its_range_and_its_time() -> None:
    seen: list[str] = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        seen.append(handler.path)
        body(200, success([], "matrix"))(handler)

    with answering(answer) as url, Prometheus(url) as prometheus:
        assert prometheus.raw('up{job="x"}', 100.25, 110.5).series == ()
    assert seen == ["/api/v1/query?query=up%7Bjob%3D%22x%22%7D%5B10250ms%5D&time=110.500"]


@pytest.mark.parametrize(("shift", "word"), [(40, "behind"), (-40, "ahead of")])
def test_clocks_that_are_apart_are_no_reading(shift: float, word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    date = formatdate(time.time() - shift, usegmt=True)
    monkeypatch.setattr(BaseHTTPRequestHandler, "date_time_string", lambda *_: date)
    with (
        answering(body(200, success([]))) as url,
        Prometheus(url) as prometheus,
        pytest.raises(PrometheusError, match=f"{word} that of this machine"),
    ):
        prometheus.value("x", 5)


def test_warnings_are_kept() -> None:
    with (
        answering(body(200, success([], "matrix", warnings=["a store is down"]))) as url,
        Prometheus(url) as prometheus,
    ):
        assert prometheus.raw("up", 0, 1).warnings == ("a store is down",)


def test_one_number_is_a_known_reading() -> None:
    with answering(body(200, success([{"metric": {}, "value": [5, "0.5"]}]))) as url, Prometheus(url) as prometheus:
        assert prometheus.value("x", 5) == Known(0.5, 5)


@pytest.mark.parametrize("value", ["NaN", "+Inf", "-Inf"])
def test_what_is_no_number_is_unknown(value: str) -> None:
    with answering(body(200, success([{"metric": {}, "value": [5, value]}]))) as url, Prometheus(url) as prometheus:
        assert isinstance(prometheus.value("x", 5), Unknown)


@pytest.mark.parametrize("count", [0, 2])
def test_none_or_several_series_are_no_reading(count: int) -> None:
    with (
        answering(body(200, success([{"metric": {}, "value": [5, "1"]}] * count))) as url,
        Prometheus(url) as prometheus,
    ):
        found = prometheus.value("x", 5)
    assert isinstance(found, Unknown)
    assert f"gives {count} series" in found.reason


def test_a_float_becomes_a_reading() -> None:
    assert reading(1.5, 7) == Known(1.5, 7)
    assert isinstance(reading(float("nan"), 7), Unknown)


def test_a_server_that_is_down_is_named_with_the_remedy() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with Prometheus(url) as prometheus, pytest.raises(PrometheusError) as caught:
        prometheus.raw("up", 0, 1)
    said = str(caught.value)
    assert f"cannot reach Prometheus at {url}: connection refused; is it up" in said
    assert "chaos lab status" in said
    assert "chaos lab start prometheus" in said
    assert "query" not in said


def test_a_silent_server_is_given_up_on() -> None:
    release = threading.Event()

    def silent(_: BaseHTTPRequestHandler) -> None:
        release.wait()

    with answering(silent) as url, Prometheus(url, timeout=0.2) as prometheus:
        with pytest.raises(PrometheusError, match="no answer in time"):
            prometheus.raw("up", 0, 1)
        release.set()  # only now would the server go on


def test_a_dripping_server_cannot_hold_a_run() -> None:
    """Each byte comes in time, the answer never does."""
    stop = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not stop.wait(0.05):
            handler.wfile.write(b" ")
            handler.wfile.flush()

    with answering(drip) as url, Prometheus(url, timeout=0.4) as prometheus:
        with pytest.raises(PrometheusError, match=r"did not finish its answer within 0\.4 s"):
            prometheus.raw("up", 0, 1)
        stop.set()  # until here it dripped


def test_a_server_that_drips_headers_cannot_hold_a_run() -> None:
    """Each byte comes in time, the end of the headers never does."""
    stop = threading.Event()

    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Drip: ")
        while not stop.wait(0.02):
            handler.wfile.write(b"x")

    with answering(drip) as url, Prometheus(url, timeout=0.3) as prometheus:
        for _ in range(2):  # a call that was given up is not in the way of the next
            with pytest.raises(PrometheusError, match=r"did not finish its answer within 0\.3 s"):
                prometheus.raw("up", 0, 1)
        stop.set()  # until here it dripped


def test_a_second_try_has_the_time_that_the_first_left() -> None:
    stop = threading.Event()
    calls: list[str] = []

    def slow(handler: BaseHTTPRequestHandler) -> None:
        calls.append(handler.path)
        stop.wait(0.2 if len(calls) == 1 else None)
        body(503, "Service Unavailable", "text/plain")(handler)

    with answering(slow) as url, Prometheus(url, timeout=0.8) as prometheus:
        with pytest.raises(PrometheusError, match=r"no answer in time: .* within 0\.8 s"):
            prometheus.raw("up", 0, 1)
        stop.set()
    assert len(calls) == 2


def test_a_huge_answer_is_not_swallowed() -> None:
    with (
        answering(body(200, success([]) + " " * 20_000)) as url,
        Prometheus(url, max_answer_bytes=10_000) as prometheus,
        pytest.raises(PrometheusError, match="larger than 10000 bytes: select fewer series"),
    ):
        prometheus.raw("up", 0, 1)


def test_an_overloaded_server_is_asked_once_more_and_no_more() -> None:
    calls: list[str] = []

    def overloaded(handler: BaseHTTPRequestHandler) -> None:
        calls.append(handler.path)
        body(503, "Service Unavailable", "text/plain")(handler)

    with (
        answering(overloaded) as url,
        Prometheus(url) as prometheus,
        pytest.raises(PrometheusError, match="answered 503 without JSON"),
    ):
        prometheus.raw("up", 0, 1)
    assert len(calls) == 2


def test_a_refused_query_is_told_with_prometheus_own_reason() -> None:
    refusal = json.dumps({"status": "error", "errorType": "execution", "error": "query timed out"})
    with (
        answering(body(422, refusal)) as url,
        Prometheus(url) as prometheus,
        pytest.raises(
            PrometheusError, match=r"refused the query with status 422: query timed out \(query: up\[1000ms\]\)"
        ),
    ):
        prometheus.raw("up", 0, 1)


@pytest.mark.parametrize("length", [1, 2000], ids=["in the address", "in the body"])
@pytest.mark.parametrize("text", ["\udcff", chr(0xD83D)], ids=ascii)
def test_a_query_that_is_no_utf_8_is_told_with_the_text_at_fault(text: str, length: int) -> None:
    with Prometheus("http://127.0.0.1:1") as prometheus, pytest.raises(PrometheusError) as caught:
        prometheus.vector(f'x{{a="{"b" * length}{text}"}}', 5)
    assert f"cannot be asked about {text!r}, which is no UTF-8" in str(caught.value)


@pytest.mark.parametrize("content", ["[]", '{"status": "success"}', '{"status": "success", "data": {"result": 3}}'])
def test_json_that_is_not_prometheus_is_told_apart(content: str) -> None:
    with (
        answering(body(200, content)) as url,
        Prometheus(url) as prometheus,
        pytest.raises(PrometheusError, match="does not answer like Prometheus"),
    ):
        prometheus.raw("up", 0, 1)


def test_a_page_of_another_server_is_told_apart() -> None:
    with (
        answering(body(200, "<html>Grafana</html>", "text/html")) as url,
        Prometheus(url) as prometheus,
        pytest.raises(PrometheusError, match="is this Prometheus's address"),
    ):
        prometheus.raw("up", 0, 1)


def labelled(value: str, **labels: str) -> dict[str, Any]:
    return {"metric": labels, "value": [5, value]}


def test_a_vector_keeps_labels_values_and_warnings() -> None:
    content = success([labelled("1", pod="a"), labelled("+Inf", pod="b")], warnings=["a store is down"])
    with answering(body(200, content)) as url, Prometheus(url) as prometheus:
        found = prometheus.vector("up", 5)
    assert [(sample.labels["pod"], sample.value) for sample in found.samples] == [("a", 1.0), ("b", float("inf"))]
    assert found.warnings == ("a store is down",)
    assert found.at == 5


def test_a_value_of_an_answer_that_may_be_incomplete_is_unknown() -> None:
    content = success([labelled("1")], warnings=["a store is down"])
    with answering(body(200, content)) as url, Prometheus(url) as prometheus:
        found = prometheus.value("x", 5)
    assert isinstance(found, Unknown)
    assert "a store is down" in found.reason


def test_remarks_on_the_style_of_a_query_are_no_warnings() -> None:
    """Prometheus 2.48 to 2.53 sends them among the warnings, later ones apart as infos."""
    content = success([labelled("1")], warnings=["PromQL info: metric might not be a counter"], infos=["the same"])
    with answering(body(200, content)) as url, Prometheus(url) as prometheus:
        assert prometheus.value("x", 5) == Known(1, 5)


@pytest.mark.parametrize(
    "entry", [{"metric": {}}, {"metric": {}, "value": [5, "much"]}, {"metric": {}, "value": None}, "x"]
)
def test_entries_that_are_no_samples_are_told(entry: object) -> None:
    with (
        answering(body(200, success([entry]))) as url,
        Prometheus(url) as prometheus,
        pytest.raises(PrometheusError, match="does not answer like Prometheus: no instant vector"),
    ):
        prometheus.vector("up", 5)


def test_a_matrix_asks_for_its_range_to_the_millisecond() -> None:
    seen: list[str] = []
    entry = {"metric": {"slo": "a"}, "values": [[10.5, "1"], [11, "NaN"], [11.5, "2"]]}

    def answer(handler: BaseHTTPRequestHandler) -> None:
        seen.append(handler.path)
        body(200, success([entry], "matrix", warnings=["slow store"]))(handler)

    with answering(answer) as url, Prometheus(url) as prometheus:
        found = prometheus.matrix("x", 10.5, 11.5, 0.5)
    assert seen == ["/api/v1/query_range?query=x&start=10.500&end=11.500&step=0.500"]
    assert list(found.series[0].samples) == [Sample(10.5, 1), Sample(11.5, 2)]
    assert found.warnings == ("slow store",)


def test_a_matrix_without_data_in_it_is_told() -> None:
    with (
        answering(body(200, '{"status": "success", "data": null}')) as url,
        Prometheus(url) as prometheus,
        pytest.raises(PrometheusError, match="does not answer like Prometheus"),
    ):
        prometheus.matrix("x", 10, 20, 1)


def test_a_long_query_goes_in_the_body_and_is_tried_again_all_the_same() -> None:
    seen: list[tuple[str, str, bytes]] = []
    query = "x + " * 1000 + "x"

    def answer(handler: BaseHTTPRequestHandler) -> None:
        sent = handler.rfile.read(int(handler.headers["Content-Length"]))
        seen.append((handler.command, handler.path, sent))
        status = 503 if len(seen) == 1 else 200
        body(status, success([labelled("1")]))(handler)

    with answering(answer) as url, Prometheus(url) as prometheus:
        assert prometheus.value(query, 5) == Known(1, 5)
    assert [(command, path) for command, path, _ in seen] == [("POST", "/api/v1/query")] * 2
    assert b"time=5.000" in seen[0][2]


def test_a_date_that_is_none_is_not_the_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BaseHTTPRequestHandler, "date_time_string", lambda *_: "yesterday")
    with answering(body(200, success([labelled("1")]))) as url, Prometheus(url) as prometheus:
        assert prometheus.value("x", 5) == Known(1, 5)


@pytest.mark.parametrize(
    ("url", "said"), [("", "no address of Prometheus is given"), ("localhost:9090", "write it like")]
)
def test_a_wrong_address_is_told_at_once(url: str, said: str) -> None:
    with pytest.raises(PrometheusError, match=said):
        Prometheus(url)


def test_a_proxy_of_the_machine_is_not_asked_for_the_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://192.0.2.1:3128")
    monkeypatch.setenv("http_proxy", "http://192.0.2.1:3128")
    with answering(body(200, success([], "matrix"))) as url, Prometheus(url, timeout=2) as prometheus:
        assert prometheus.raw("up", 0, 1).series == ()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://user:secret@host:9090/x", "http://***@host:9090/x"),
        ("https://secret@host", "https://***@host"),
        ("http://user:sec@ret@host", "http://***@host"),
        ("http://user:sec/ret@host", "http://***@host"),
        ("user:secret@host:9090", "***@host:9090"),
        ("http://host:9090", "http://host:9090"),
        ("http://host:9090/x?token=secret", "http://host:9090/x"),
        ("http://host:9090#secret", "http://host:9090"),
        ("http://user:a?b#c@host:9090", "http://***@host:9090"),
    ],
)
def test_an_address_is_shown_without_the_password_in_it(url: str, shown: str) -> None:
    assert shown_address(url) == shown


@pytest.mark.parametrize("url", ["ftp://u:secret@host", "u:secret@host:9090", "http://u:secret/1@host", "http://:x@["])
def test_a_wrong_address_is_told_without_the_password_in_it(url: str) -> None:
    with pytest.raises(PrometheusError, match=r"'(\w+://)?\*\*\*@.* is no address") as told:
        Prometheus(url)
    assert "secret" not in str(told.value)


@pytest.mark.parametrize(
    "url", ["http://host:9090/?token=secret", "http://host:9090/x#secret", "https://u:secret@host?a=b"]
)
def test_an_address_with_a_token_behind_its_path_is_refused_without_telling_it(url: str) -> None:
    with pytest.raises(PrometheusError, match="with a query or a fragment behind it") as told:
        Prometheus(url)
    assert "secret" not in str(told.value)


PASSWORD = "secret"
LEAKS = {
    "refused": body(400, '{"status": "error", "error": "no"}'),
    "no JSON": body(200, "<html>", "text/html"),
    "no data": body(200, success([3])),
    "warned": body(200, success([], warnings=["part"])),
}


@pytest.mark.parametrize("answer", LEAKS.values(), ids=LEAKS.keys())
def test_the_password_is_sent_and_in_no_message(answer: Answer) -> None:
    sent: list[str | None] = []

    def noting(handler: BaseHTTPRequestHandler) -> None:
        sent.append(handler.headers["Authorization"])
        answer(handler)

    with answering(noting) as url, Prometheus(url.replace("//", f"//user:{PASSWORD}@")) as prometheus:
        assert prometheus.url == url.replace("//", "//***@")
        for ask in (lambda: prometheus.vector("x", 5), lambda: prometheus.matrix("x", 1, 2, 1)):
            try:
                told = repr(ask())
            except PrometheusError as error:
                told = str(error)
            assert PASSWORD not in told
    assert set(sent) == {"Basic " + b64encode(f"user:{PASSWORD}".encode()).decode()}


def test_a_server_that_is_down_is_named_without_the_password() -> None:
    with Prometheus("http://user:secret@127.0.0.1:1") as prometheus, pytest.raises(PrometheusError) as told:
        prometheus.vector("x", 5)
    assert "at http://***@127.0.0.1:1: connection refused" in str(told.value)


def test_a_server_that_does_not_speak_tls_is_told_in_words() -> None:
    with (
        answering(body(200, success([]))) as url,
        Prometheus(url.replace("http://", "https://")) as prometheus,
        pytest.raises(PrometheusError, match="it does not speak TLS: http://\\?;"),
    ):
        prometheus.vector("x", 5)


@pytest.mark.parametrize(
    "entry",
    [
        {"metric": [], "value": [1, "1"]},
        {"metric": None, "value": [1, "1"]},
        {"metric": "x", "value": [1, "1"]},
        {"metric": {"slo": 5}, "value": [1, "1"]},
        {"metric": {"slo": None}, "value": [1, "1"]},
        {"metric": {"window": [1]}, "value": [1, "1"]},
        {"metric": {}, "value": "12"},
        {"metric": {}, "value": {}},
        {"metric": {}, "value": None},
        {"metric": {}, "value": [1]},
        {"metric": {}, "value": [1, "1", "1"]},
        {"metric": {}, "value": [1, True]},
        {"metric": {}, "value": [1, 10**400]},
        {"metric": {}, "value": [10**400, "1"]},
        {"metric": {}, "value": ["1", "1"]},
    ],
    ids=str,
)
def test_entries_of_other_types_are_told_and_are_no_internal_error(entry: dict[str, Any]) -> None:
    series = {**entry, "values": [entry["value"]]}
    with answering(body(200, success([series]))) as url, Prometheus(url) as prometheus:
        with pytest.raises(PrometheusError, match="does not answer like Prometheus: no instant vector"):
            prometheus.vector("up", 1)
        with pytest.raises(PrometheusError, match="does not answer like Prometheus: no series of samples"):
            prometheus.matrix("up", 0, 1, 1)


@pytest.mark.parametrize("warnings", ["part", 5, True, {"a": 1}, [None], [["x"]]], ids=str)
def test_warnings_that_are_no_texts_are_told(warnings: Any) -> None:
    with (
        answering(body(200, success([], warnings=warnings))) as url,
        Prometheus(url) as prometheus,
        pytest.raises(PrometheusError, match="its warnings are no list of texts"),
    ):
        prometheus.vector("up", 1)


@pytest.mark.parametrize(
    ("more", "warnings"),
    [({"isPartial": True}, ("the answer is partial (isPartial)",)), ({"isPartial": False, "warnings": None}, ())],
)
def test_a_partial_answer_is_a_warning(more: dict[str, Any], warnings: tuple[str, ...]) -> None:
    with answering(body(200, success([], **more))) as url, Prometheus(url) as prometheus:
        assert prometheus.vector("up", 1).warnings == warnings


@pytest.mark.parametrize("sent", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"], ids=["at once", "half"])
def test_a_server_that_closes_the_connection_is_said_to(sent: bytes) -> None:
    def closing(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(sent)
        handler.close_connection = True

    with (
        answering(closing) as url,
        Prometheus(url) as prometheus,
        pytest.raises(PrometheusError, match="it closed the connection before its answer was whole"),
    ):
        prometheus.vector("up", 1)

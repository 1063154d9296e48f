"""Questions about metrics: many in few requests, and no answer that is not whole."""

import json
import re
import socket
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from clients.prometheus import LabelledValue, Prometheus, PrometheusError
from clients.prometheus_metadata import QUESTIONS_PER_REQUEST, PrometheusMetadata, Refused
from tests.clients.misbehaving import Answer, answering, body

_QUESTION = re.compile(r'label_replace\((?P<question>\S+), "(?P<label>\w+)", "(?P<index>\d+)", "", ""\)')


def data(value: Any, **more: Any) -> Answer:
    return body(200, json.dumps({"status": "success", "data": value, **more}))


def vector(*samples: tuple[dict[str, str], float]) -> dict[str, Any]:
    return {
        "resultType": "vector",
        "result": [{"metric": labels, "value": [5, str(value)]} for labels, value in samples],
    }


def refused(status: int) -> Answer:
    return body(status, json.dumps({"status": "error", "errorType": "x", "error": "no good"}))


class Answering:
    """Answers question `qN` with N, refuses `bad`, and knows nothing of anything else."""

    def __init__(self) -> None:
        self.requests = 0

    def __call__(self, handler: BaseHTTPRequestHandler) -> None:
        self.requests += 1
        length = int(handler.headers.get("Content-Length") or 0)
        asked = parse_qs(handler.rfile.read(length).decode() or urlsplit(handler.path).query)
        questions = _QUESTION.findall(asked["query"][0])
        assert asked["time"] == ["5.000"]
        if any(question == "bad" for question, _, _ in questions):
            refused(400)(handler)
            return
        known = [({label: index, "job": "a"}, float(q[1:])) for q, label, index in questions if q.startswith("q")]
        data(vector(*known))(handler)


def test_every_question_gets_its_own_answer_in_few_requests() -> None:
    server = Answering()
    requests: list[None] = []
    questions = [f"q{number}" for number in range(QUESTIONS_PER_REQUEST + 5)] + ["q1", "nothing"]
    with answering(server) as url, Prometheus(url) as prometheus:
        answers = PrometheusMetadata(prometheus, 5, lambda: requests.append(None)).answers(questions)
    assert answers["q104"] == (LabelledValue({"job": "a"}, 104.0),)
    assert answers["nothing"] == ()
    assert len(answers) == QUESTIONS_PER_REQUEST + 6
    assert server.requests == len(requests) == 2


def test_the_question_that_prometheus_does_not_understand_is_found_and_the_others_are_answered() -> None:
    with answering(Answering()) as url, Prometheus(url) as prometheus:
        answers = PrometheusMetadata(prometheus, 5).answers(["q1", "q2", "bad", "q3"])
    assert answers["bad"] == Refused("Prometheus does not take bad for a query: no good")
    assert [answers[name] for name in ("q1", "q2", "q3")] == [(LabelledValue({"job": "a"}, n),) for n in (1, 2, 3)]


def test_no_question_is_no_request() -> None:
    server = Answering()
    with answering(server) as url, Prometheus(url) as prometheus:
        assert PrometheusMetadata(prometheus, 5).answers([]) == {}
    assert server.requests == 0


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (refused(422), "status 422: no good"),
        (body(503, "down", "text/plain"), "answered 503 without JSON"),
        (body(200, "<html>"), "without JSON"),
        (data(vector(), warnings=["a store is down"]), "answered in part only.*a store is down"),
        (data(vector(({"job": "a"}, 1))), "a series that was not asked for"),
        (data(vector(({"mlchaos_question": "7"}, 1))), "a series that was not asked for"),
    ],
    ids=["422", "503", "no JSON", "partial", "strange series", "strange number"],
)
def test_what_is_no_whole_answer_is_an_error(answer: Answer, said: str) -> None:
    with (
        answering(answer) as url,
        Prometheus(url) as prometheus,
        pytest.raises(PrometheusError, match=said),
    ):
        PrometheusMetadata(prometheus, 5).answers(["q1"])


def test_retention_types_and_names_are_read() -> None:
    answers = {
        "/api/v1/status/runtimeinfo": data({"storageRetention": "15d or 10GiB"}),
        "/api/v1/metadata": data({"x": [{"type": "gauge"}, {"type": "counter"}]}),
        "/api/v1/label/__name__/values": data(["a", "b"]),
    }
    with answering(lambda handler: answers[handler.path](handler)) as url, Prometheus(url) as prometheus:
        metadata = PrometheusMetadata(prometheus, 5)
        assert metadata.retention() == "15d or 10GiB"
        assert metadata.metric_types() == {"x": frozenset({"gauge", "counter"})}
        assert metadata.metric_names() == ("a", "b")


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_server_that_does_not_serve_metadata_is_told_from_one_that_fails(status: int) -> None:
    with answering(refused(status)) as url, Prometheus(url) as prometheus:
        metadata = PrometheusMetadata(prometheus, 5)
        assert metadata.retention() is None
        assert metadata.metric_types() is None


@pytest.mark.parametrize("ask", ["retention", "metric_types", "metric_names"])
@pytest.mark.parametrize("answer", [refused(422), data(5), data({"x": 3}), data(None)])
def test_metadata_that_is_none_is_an_error(ask: str, answer: Answer) -> None:
    with answering(answer) as url, Prometheus(url) as prometheus, pytest.raises(PrometheusError):
        getattr(PrometheusMetadata(prometheus, 5), ask)()


def test_nobody_there_is_an_error() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with Prometheus(url) as prometheus, pytest.raises(PrometheusError, match="connection refused"):
            PrometheusMetadata(prometheus, 5).answers(["q1"])

"""`chaos slo validate`: everything that is wrong, where it is, and how it ends."""

import json
import socket
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from tests.clients.misbehaving import Answer, answering, body
from tests.real_prometheus import address_in, real_prometheus
from tests.runner.cli.slo.commands import Ended, chaos_slo
from tests.waiting import wait_for

GOOD = """\
apiVersion: openslo/v1
kind: SLO
metadata:
  name: {name}
spec:
  service: llm
  description: Chats are answered.
  budgetingMethod: Occurrences
  timeWindow: [{{duration: 28d, isRolling: true}}]
  objectives: [{{target: {target}}}]
  indicator:
    metadata: {{name: chat}}
    spec:
      ratioMetric:
        counter: true
        bad:
          metricSource:
            type: prometheus
            spec:
              query: {bad}
        total:
          metricSource: {{type: prometheus, spec: {{query: {total}}}}}
"""
LATENCY = """\
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: ttft}
spec:
  service: llm
  description: First tokens come soon.
  budgetingMethod: Occurrences
  timeWindow: [{duration: 28d, isRolling: true}]
  objectives: [{target: 0.99, op: lte, value: 0.75}]
  indicator:
    metadata: {name: ttft}
    spec:
      thresholdMetric:
        metricSource: {type: prometheus, spec: {histogram: ttft_seconds}}
"""


def text(name: str = "chat", target: float = 0.99, bad: str = "errors_total", total: str = "requests_total") -> str:
    return GOOD.format(name=name, target=target, bad=json.dumps(bad), total=json.dumps(total))


@pytest.fixture
def slos(tmp_path: Path) -> Path:
    directory = tmp_path / "slos"
    directory.mkdir()
    (directory / "chat.yaml").write_text(text())
    return directory


def validate(*arguments: str | Path, **environment: str) -> Ended:
    return chaos_slo("validate", *map(str, arguments), **environment)


def test_good_files_pass_with_nothing_on_standard_output(slos: Path) -> None:
    ended = validate(slos)
    assert (ended.status, ended.out) == (0, "")
    assert ended.err == "chaos slo validate: 1 SLO, 0 errors, 0 warnings\n"


def test_the_catalogue_is_what_is_validated_without_files() -> None:
    ended = validate()
    assert ended.status == 0, ended.err


def test_every_problem_of_every_file_comes_in_one_pass_with_its_line(slos: Path) -> None:
    (slos / "a.yaml").write_text(text("a", target=0.9, bad="sum(rate(errors_total[5m])"))
    (slos / "b.yaml").write_text(text("chat", total="sum by (code) (requests_total)"))
    ended = validate(slos)
    assert ended.status == 2
    bad, tier, total, twice = ended.err.splitlines()[:-1]
    query = (slos / "a.yaml").read_text().splitlines().index('              query: "sum(rate(errors_total[5m])"') + 1
    assert f"a.yaml:{query}:22: error: spec.indicator.spec.ratioMetric.bad.metricSource.spec.query:" in bad + tier
    assert "PromQL does not parse: unclosed left parenthesis" in bad + tier
    assert "the tier fast-page can never fire" in bad + tier
    assert "b.yaml" in total + twice
    assert "gives a series for each group" in total + twice
    assert "the SLO chat is declared already, at" in total + twice
    assert ended.err.splitlines()[-1] == "chaos slo validate: 3 SLOs, 4 errors, 0 warnings"


def test_warnings_pass_unless_they_are_taken_for_errors(slos: Path) -> None:
    (slos / "chat.yaml").write_text(text().replace("28d", "7d"))
    assert validate(slos).status == 0
    strict = validate("--strict", slos)
    assert strict.status == 2
    assert "warning:" in strict.err


def test_json_says_the_same_for_machines(slos: Path) -> None:
    (slos / "chat.yaml").write_text(text(target=0.9))
    ended = validate("--json", slos)
    document = json.loads(ended.out)
    (problem,) = document["problems"]
    assert ended.status == 2
    assert (document["ok"], document["slos"], document["errors"], document["warnings"]) == (False, 1, 1, 0)
    assert problem["level"] == "error"
    assert problem["file"].endswith("chat.yaml")
    assert problem["message"].startswith("the tier fast-page can never fire")
    assert problem["remedy"].startswith("raise the objective above")
    assert (document["prometheus"], document["prometheus_failure"]) == (None, None)


def test_what_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    ended = validate(tmp_path / "nothing.yaml")
    assert ended.status == 2
    assert "cannot be read" in ended.err


def test_the_environments_prometheus_is_left_alone(slos: Path) -> None:
    def fail(handler: BaseHTTPRequestHandler) -> None:
        raise AssertionError(handler.path)

    with answering(fail) as url:
        assert validate(slos, PROMETHEUS_URL=url).status == 0


@pytest.fixture
def nobody() -> Iterator[str]:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{unused.getsockname()[1]}"


def test_a_prometheus_that_is_down_is_no_pass_and_comes_after_the_files_problems(slos: Path, nobody: str) -> None:
    (slos / "chat.yaml").write_text(text(target=0.9))
    ended = validate(slos, "--prometheus", nobody)
    first, second, last = ended.err.splitlines()
    assert ended.status == 4
    assert "can never fire" in first
    assert second.startswith("chaos slo validate: nothing was checked against Prometheus: cannot reach Prometheus at")
    assert last == "chaos slo validate: 1 SLO, 1 error, 0 warnings, not checked against Prometheus"


def _refused(status: int) -> Answer:
    return body(status, json.dumps({"status": "error", "errorType": "execution", "error": "too many samples"}))


def _slow(handler: BaseHTTPRequestHandler) -> None:
    """Sends its answer a byte at a time, for longer than anybody waits."""
    handler.send_response(200)
    handler.end_headers()
    for _ in range(1000):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.02)


def _queries_fail(handler: BaseHTTPRequestHandler) -> None:
    """Metadata is served, and queries are not."""
    if "/query" in handler.path:
        _refused(422)(handler)
    else:
        data = {"storageRetention": "90d"} if "runtimeinfo" in handler.path else {}
        body(200, json.dumps({"status": "success", "data": data}))(handler)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (body(503, "down", "text/plain"), "answered 503 without JSON"),
        (_refused(422), "status 422: too many samples"),
        (_queries_fail, "status 422: too many samples"),
        (body(200, "<html>Sign in</html>", "text/html"), "without JSON"),
        (body(200, "[]"), "no JSON object"),
        (body(200, '{"status": "success"}'), "does not answer like Prometheus"),
    ],
    ids=["503", "422", "422 to queries", "HTML", "a list", "no data"],
)
def test_a_bad_prometheus_is_said_and_never_passes(slos: Path, answer: Answer, said: str) -> None:
    with answering(answer) as url:
        ended = validate(slos, "--prometheus", url)
        document = json.loads(validate(slos, "--prometheus", url, "--json").out)
    assert ended.status == 4
    assert said in ended.err
    assert document["ok"] is False
    assert said in document["prometheus_failure"]


def test_a_slow_prometheus_is_given_up_after_the_timeout(slos: Path) -> None:
    with answering(_slow) as url:
        ended = validate(slos, "--prometheus", url, "--timeout", "0.2")
    assert ended.status == 4
    # Which of the two depends on whether this machine gets the first byte through in time.
    assert "did not finish its answer within 0.2 s" in ended.err or "no answer in time" in ended.err


def test_an_address_that_is_none_is_bad_usage_even_when_it_is_empty(slos: Path) -> None:
    empty = validate(slos, "--prometheus", "")
    assert empty.status == 2
    assert "--prometheus is empty: write an address" in empty.err
    ended = validate(slos, "--prometheus", "localhost:9090")
    assert ended.status == 2
    assert "write it like http://prometheus.example:9090" in ended.err


def test_a_server_without_metadata_passes_with_a_warning(slos: Path) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        if "/query" not in handler.path:
            _refused(404)(handler)
            return
        found = [{"metric": {"mlchaos_question": str(n)}, "value": [1, "1"]} for n in range(2)]
        body(200, json.dumps({"status": "success", "data": {"resultType": "vector", "result": found}}))(handler)

    with answering(answer) as url:
        ended = validate(slos, "--prometheus", url)
        strict = validate(slos, "--prometheus", url, "--strict")
    assert (ended.status, strict.status) == (0, 2)
    assert "does not say how long it keeps samples" in ended.err
    assert "2 warnings" in ended.err


RECORDED = """\
groups:
  - name: series
    interval: 200ms
    rules:
      - {record: requests_total, expr: vector(5), labels: {code: "200"}}
      - {record: ttft_seconds_count, expr: vector(5)}
      - {record: ttft_seconds_bucket, expr: vector(4), labels: {le: "0.5"}}
      - {record: ttft_seconds_bucket, expr: vector(5), labels: {le: "1.0"}}
      - {record: ttft_seconds_bucket, expr: vector(5), labels: {le: "+Inf"}}
"""


@pytest.mark.lab
@pytest.mark.needs("prometheus")
def test_a_real_prometheus_tells_what_its_series_edges_and_retention_are_not(tmp_path: Path, lab_octet: int) -> None:
    file = tmp_path / "slos.yaml"
    file.write_text(
        text(bad='requests_total{code=~"5.."}') + LATENCY + "---\n" + text("typo", bad='request_total{code="1"}')
    )
    directory = tmp_path / "prometheus"
    directory.mkdir()
    flags = ["--storage.tsdb.retention.time=15d"]

    def lines() -> list[str]:
        return validate(file, "--prometheus", url).err.splitlines()

    with real_prometheus(directory, address_in(lab_octet), rules={"series": RECORDED}, flags=flags) as url:
        wait_for(lambda: any("0.75 is no bucket edge of ttft_seconds" in line for line in lines()), 20)
        ended = validate(file, "--prometheus", url)
    assert ended.status == 2
    said = "\n".join(line.partition(": ")[2] for line in ended.err.splitlines())
    assert said.count("need 28d of samples each, and this Prometheus keeps 15d") == 1
    assert 'code=~"5.." holds for none, code is 200; leave it so if nothing bad has happened yet' in said
    assert "there is no metric request_total; did you mean requests_total?" in said
    assert "0.75 is no bucket edge of ttft_seconds: its edges are 0.5, 1, +Inf; write 0.5 or 1" in said

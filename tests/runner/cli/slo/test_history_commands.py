"""`chaos slo burn` and `chaos slo backtest` as they are typed: exit codes, and a line for whatever is wrong."""

import json
import math
import threading
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from slos.rules.names import BAD_EVENTS, EVENTS
from tests.clients.in_process import answering_in_process
from tests.clients.misbehaving import Answer, answering, body
from tests.recorded_slos import AT, AT_TEXT, FakeSlo
from tests.recording_prometheus import Recording, evaluated
from tests.runner.cli.slo.commands import Ended, chaos_slo
from tests.runner.runs.spooled_runs import spool_run

RECORDING = Recording([FakeSlo(window="1d", period_seconds=86_400)])
BROKEN = (AT - 7200, AT - 3600)
FILE = """
apiVersion: openslo/v1
kind: SLO
metadata: {name: llm-availability, annotations: {mlchaos.io/tiers: "fast-page, slow-page"}}
spec:
  service: llm
  indicator:
    metadata: {name: answered}
    spec:
      ratioMetric:
        counter: true
        bad: {metricSource: {type: prometheus, spec: {query: 'requests_total{code="500"}'}}}
        total: {metricSource: {type: prometheus, spec: {query: requests_total}}}
  timeWindow: [{duration: 28d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.99}]
"""


def serving(ranges: Answer) -> Answer:
    """Recorded SLOs at once, and `ranges` for what is asked over a range."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        address = urlsplit(handler.path)
        if address.path.endswith("query_range"):
            ranges(handler)
            return
        asked = parse_qs(address.query)
        result = evaluated(RECORDING, asked["query"][0], float(asked["time"][0]))
        body(200, json.dumps({"status": "success", "data": {"resultType": "vector", "result": result}}))(handler)

    return answer


def history(bad: str = "", warnings: tuple[str, ...] = ()) -> Answer:
    """One bad hour; `bad` is written for every value instead."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        asked = parse_qs(urlsplit(handler.path).query)
        start, end, step = (float(asked[name][0]) for name in ("start", "end", "step"))
        times = [start + index * step for index in range(round((end - start) / step) + 1)]
        errors = [[at, bad or ("60" if BROKEN[0] < at <= BROKEN[1] else "0")] for at in times]
        events = [[at, bad or "100"] for at in times]
        query = asked["query"][0]
        if BAD_EVENTS in query:
            found = [{"metric": {"__name__": EVENTS}, "values": events}]
            found.append({"metric": {"__name__": BAD_EVENTS}, "values": errors})
        else:
            found = [{"metric": {}, "values": errors if 'code="500"' in query else events}]
        document: dict[str, Any] = {"status": "success", "data": {"resultType": "matrix", "result": found}}
        body(200, json.dumps(document | ({"warnings": warnings} if warnings else {})))(handler)

    return answer


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An SLO file, on a machine without any run log."""
    monkeypatch.setenv("MLCHAOS_STATE_DIR", str(tmp_path / "state"))
    (tmp_path / "llm.yaml").write_text(FILE)
    return str(tmp_path / "llm.yaml")


def ask(url: str, *arguments: str, timeout: str = "5") -> Ended:
    return chaos_slo(*arguments, "--at", AT_TEXT, "--prometheus", url, "--timeout", timeout, COLUMNS="80")


def both(url: str, file: str, *more: str) -> tuple[Ended, Ended]:
    return ask(url, "burn", "llm-availability", *more), ask(url, "backtest", file, "--days", "1", "--step", "5m", *more)


def refused(status: int, error: str) -> Answer:
    return body(status, json.dumps({"status": "error", "errorType": "execution", "error": error}))


BAD = {
    "503": (body(503, "no healthy upstream", "text/plain"), "answered 503 without JSON"),
    "422": (refused(422, "query processing would load too many samples"), "would load too many samples"),
    "400": (refused(400, "exceeded maximum resolution of 11,000 points per timeseries"), "11,000 points"),
    "html": (body(200, "<html>Sign in</html>", "text/html"), "is this Prometheus's address"),
    "no result": (body(200, '{"status": "success"}'), "does not answer like Prometheus"),
    "partial data": (history(warnings=("store 1 is unavailable",)), "store 1 is unavailable"),
    "NaN": (history(bad="NaN"), "llm-availability"),
    "absurd": (history(bad="1e300"), "llm-availability"),
    "nothing": (body(200, '{"status": "success", "data": {"resultType": "matrix", "result": []}}'), "rules"),
}


@pytest.mark.parametrize(("answer", "said"), BAD.values(), ids=BAD.keys())
def test_a_bad_answer_is_no_data(answer: Answer, said: str, file: str) -> None:
    with answering(serving(answer)) as url:
        burn, backtest = both(url, file)
    assert (burn.status, burn.out) == (4, "")
    assert burn.err.startswith("chaos slo burn: ")
    assert burn.err.count("\n") == 1
    assert said in burn.err
    assert backtest.status == 4
    assert "chaos slo backtest: " in backtest.err


def test_a_server_that_does_not_answer_in_time_is_no_data(file: str) -> None:
    stop = threading.Event()

    def wait(_: BaseHTTPRequestHandler) -> None:
        stop.wait()

    with answering(serving(wait)) as url:
        burn = ask(url, "burn", "llm-availability", timeout="0.1")
        stop.set()
    assert (burn.status, burn.out) == (4, "")
    assert "no answer in time" in burn.err


def test_a_server_that_is_down_is_no_data_and_no_address_is_bad_usage(file: str) -> None:
    assert [one.status for one in both("http://127.0.0.1:1", file)] == [4, 4]
    assert [one.status for one in both("", file)] == [2, 2]


def test_the_page_shows_the_burn_and_the_chaos_run_in_it(file: str, tmp_path: Path) -> None:
    spool_run("r1", "An LLM pod is killed", BROKEN[0] + 60, ended_at=BROKEN[0] + 120, verdict="breached")
    journal = {
        "experiment": {"title": "A node is lost"},
        "start": "2026-01-15T01:30:00+00:00",
        "end": "2026-01-15T01:40:00+00:00",
        "status": "completed",
        "deviated": True,
    }
    (tmp_path / "journal.json").write_text(json.dumps(journal))
    with answering_in_process(serving(history())) as url:
        page = ask(url, "burn", "llm-availability", "--journal", str(tmp_path / "journal.json"))
        document = json.loads(ask(url, "burn", "llm-availability", "--json").out)
    assert (page.status, page.err) == (0, "")
    words = [" ".join(line.split()) for line in page.out.splitlines()]
    assert "1 2026-01-15 01:00 to 02:00 1h 600 720 2500.0%" in words
    assert "1 An LLM pod is killed breached 2026-01-15 01:01:00 1m of 1h" in words
    assert "1 A node is lost completed, deviated 2026-01-15 01:30:00 10m of 1h" in words
    assert document["burns"][0]["chaos_runs"][0]["overlap_seconds"] == 60
    assert document["status"]["state"] == "burning"


def test_a_torn_spool_is_warned_of_and_the_page_still_printed(file: str, tmp_path: Path) -> None:
    spool_run("r1", "An LLM pod is killed", BROKEN[0] + 60)
    with (tmp_path / "state" / "spool" / "r1.jsonl").open("a") as torn:
        torn.write('{"event": "ended", "at"')
    with answering_in_process(serving(history())) as url:
        page = ask(url, "burn", "llm-availability")
    assert page.status == 0
    assert "warning: " in page.err
    assert "torn by a crash" in page.err


def test_a_file_that_is_no_journal_is_bad_input(file: str) -> None:
    ended = ask("http://127.0.0.1:1", "burn", "llm-availability", "--journal", file)
    assert (ended.status, ended.out) == (2, "")
    assert "is no journal of Chaos Toolkit" in ended.err


def test_a_backtest_shows_both_objectives_side_by_side(file: str) -> None:
    with answering_in_process(serving(history())) as url:
        page = ask(url, "backtest", file, "--days", "2", "--objective", "95", "--step", "5m")
        document = json.loads(ask(url, "backtest", file, "--days", "2", "--step", "5m", "--json").out)
    words = [" ".join(line.split()) for line in page.out.splitlines()]
    assert page.status == 0
    assert words[0] == "Alerts from 2026-01-13 03:00 to 2026-01-15 03:00 UTC, looked at every 5m"
    assert "alerts at 99% (declared) at 95%" in words
    assert "fast-page (page) 1 0" in words
    assert "slow-page (page) 1 0" in words
    assert "2026-01-15 01:15 to 02:05 50m fast-page page 83.3%" in words
    (result,) = document["slos"][0]["results"]
    assert [one["tier"] for one in result["alerts"]][:2] == ["fast-page", "slow-page"]


def test_a_backtest_says_what_bad_events_and_budget_are_of(file: str) -> None:
    with answering_in_process(serving(history())) as url:
        short, long = (ask(url, "backtest", file, "--days", days, "--step", "5m").out for days in ("1", "40"))
    since = "Bad events and budget are those from"
    assert f"{since} 2026-01-13 21:00 to 2026-01-15 03:00: 4.5% of the window of 28d." in " ".join(short.split())
    assert f"{since} 2025-12-18 03:00 to 2026-01-15 03:00: the whole window of 28d." in " ".join(long.split())


def test_where_almost_nothing_is_known_nothing_is_said_to_have_been_fine(file: str) -> None:
    def newest(handler: BaseHTTPRequestHandler) -> None:
        asked = parse_qs(urlsplit(handler.path).query)
        found = [
            {"metric": {}, "values": [[float(asked["end"][0]), "0" if 'code="500"' in asked["query"][0] else "9"]]}
        ]
        body(200, json.dumps({"status": "success", "data": {"resultType": "matrix", "result": found}}))(handler)

    with answering_in_process(serving(newest)) as url:
        ended = ask(url, "backtest", file, "--days", "9", "--step", "5m")
    words = " ".join(ended.out.split())
    assert ended.status == 0
    assert "No data for more than 99.9% of the time: what would have fired then, nobody knows." in words
    assert "At 99% nothing is known to have fired: more than 99.9% is without data." in words


def test_a_backtest_without_any_data_has_no_page_and_a_document_with_the_error(file: str) -> None:
    nothing = body(200, '{"status": "success", "data": {"resultType": "matrix", "result": []}}')
    with answering_in_process(serving(nothing)) as url:
        plain, machine = (
            ask(url, "backtest", file, "--days", "2", "--step", "5m", *more) for more in ((), ("--json",))
        )
    assert (plain.status, plain.out, machine.status) == (4, "", 4)
    document = json.loads(machine.out)
    assert document["error"] in plain.err
    assert [one["slo"] for one in document["slos"]] == ["llm-availability"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--days", "0"), "--days"),
        (("--days", "nan"), "nan is no number"),
        (("--days", "1000"), "--days"),
        (("--step", "7m"), "take 5m, 1m or 30s"),
        (("--step", "often"), "is no duration"),
        (("--step", "10m"), "does not divide 5m"),
        (("--time-scale", "1e9"), "is more than 300"),
        (("--time-scale", "nan"), "nan is no number"),
        (("--objective", "0.9"), "not a ratio"),
        (("--objective", "x=99"), "no SLO 'x' is declared"),
    ],
)
def test_bad_usage_is_told_before_anything_is_asked(arguments: tuple[str, ...], said: str, file: str) -> None:
    ended = ask("http://127.0.0.1:1", "backtest", file, *arguments)
    assert (ended.status, ended.out) == (2, "")
    assert said in " ".join(ended.err.split())


def test_a_bad_file_is_told_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("kind: [")
    ended = ask("http://127.0.0.1:1", "backtest", str(tmp_path / "bad.yaml"))
    assert (ended.status, ended.out) == (2, "")
    assert "bad.yaml:2:1: error: no YAML" in ended.err


def test_infinities_are_never_printed_as_json(file: str) -> None:
    with answering_in_process(serving(history())) as url:
        text = ask(url, "burn", "llm-availability", "--json").out

    def refuse(constant: str) -> float:
        raise AssertionError(constant)

    json.loads(text, parse_constant=refuse)
    assert math.isfinite(json.loads(text)["spent"])

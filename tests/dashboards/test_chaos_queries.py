"""Every query about chaos itself, put to a real Prometheus that scrapes what the exporter serves of a run."""

import json
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from actions.fault import Target
from actions.ledger.record import Record, Undo
from dashboards import committed
from runner.alerting.timeline import STAGES, AlertTimeline, StageSeen
from runner.allowance.month import Spending
from runner.exporter.faults import LedgerState, fault_values
from runner.exporter.results import Results, result_values
from runner.exporter.values import Bounds
from runner.runs.record import Durations
from runner.store.values import AlertProof, AlertTry
from tests.clients.misbehaving import answering, body
from tests.dashboards.asking import Asked, asked_by
from tests.dashboards.outstanding import Outstanding
from tests.dashboards.test_promql import parsed, series_of
from tests.real_prometheus import address_in, real_prometheus, scraping
from tests.runner.allowance.rows import row
from tests.runner.exporter.scrape import series
from tests.waiting import wait_for

pytestmark = [pytest.mark.lab, pytest.mark.needs("prometheus")]

SLO, ALERT = "llm-ttft", "LlmTtftBudgetBurn"
CHOICES = {"slo": SLO, "alert": ".*", "experiment": ".*", "__rate_interval": "10s"}
SOURCES = {'mlchaos_source_up{source="store"}': 1, 'mlchaos_source_looked_timestamp_seconds{source="store"}': 1}


@dataclass(frozen=True, slots=True)
class Server:
    """A Prometheus to put queries to."""

    url: str

    def query(self, expression: str) -> list[dict[str, Any]]:
        query = urllib.parse.urlencode({"query": expression})
        with urllib.request.urlopen(f"{self.url}/api/v1/query?{query}", timeout=10) as answer:
            rows: list[dict[str, Any]] = json.load(answer)["data"]["result"]
            return rows


def exposition() -> str:
    """One run that ended and one that goes on with a fault in effect, as the exporter tells of them."""
    seen = tuple(StageSeen(stage, 100.0 + number) for number, stage in enumerate(STAGES))
    way = AlertTimeline(ALERT, SLO, "page", "ml-oncall", seen, 90.0, 60.0, "proven", predicted_at=102.0)
    tried = AlertTry("a", "x", 100.0, way)
    runs = (row("a", durations=Durations(1.0, 2.0, 3.0), spent={SLO: 0.25}), row("b", "running"))
    found = Results(runs, (AlertProof(ALERT, SLO, "page", 1, 1, tried, tried),), {SLO: Spending(0.25)}, {})
    target, undo = Target("pod", "llm-0", "ml-serving", "1", {}), Undo("pods.kill", {})
    fault = Record("x", "r", "pods.kill", target, undo, 1.0, 2.0, "active")
    ledger = LedgerState(records=(fault,), unreadable=0, alive=frozenset({"r"}), halted=False)
    values = series(result_values(found, Bounds())) | series(fault_values([ledger], ("pods.kill",), 1.0))
    return "".join(f"{name} {value}\n" for name, value in (values | SOURCES).items())


def about_chaos() -> Iterator[Asked]:
    """The questions that only the exporter answers."""
    for dashboard in committed.read():
        for asked in asked_by(dashboard.model):
            read = set(series_of(parsed(asked)))
            if read and all(name.startswith("mlchaos_") for name in read):
                yield asked


def test_every_query_about_chaos_has_data(tmp_path: Path, lab_octet: int) -> None:
    questions = list(about_chaos())
    assert len(questions) > 30
    outstanding = Outstanding(questions, CHOICES)
    with answering(body(200, exposition(), "text/plain; version=0.0.4")) as exporter:
        configuration = scraping({"exporter": exporter.removeprefix("http://")})
        with real_prometheus(tmp_path, address_in(lab_octet), configuration) as url:
            try:
                wait_for(lambda: outstanding.ask(Server(url)), 20, every=0.2)
            except AssertionError:
                pytest.fail(f"without data:\n{outstanding}")

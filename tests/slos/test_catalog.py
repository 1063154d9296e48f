"""The catalogue keeps its promises: it reads, it lints, and its thresholds can be measured."""

import math
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest

import slos
from lab.workloads.buckets import HTTP_REQUEST, INTER_TOKEN, REQUEST_LATENCY, TIME_TO_FIRST_TOKEN
from lab.workloads.trainer.metrics import STEP_EDGES
from slos.files.reading import Loaded, read
from slos.model import LatencyThreshold, Slo
from slos.promql.indicators import reads
from slos.promql.language import edge_texts
from slos.promql.selectors import Selector
from slos.rules.compile import AlertRule, compile_slo
from slos.tiers import TIER

CATALOG = Path(slos.__file__).parent / "catalog"
DOCUMENTATION = Path(__file__).parents[2] / "docs" / "slo-catalog.md"

PROMETHEUS_CLIENT = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
"""prometheus_client's Histogram.DEFAULT_BUCKETS, which KServe and starlette_exporter (MLServer) leave as they are."""

EDGES: Mapping[str, tuple[float, ...]] = {
    # vllm-project/vllm, vllm/v1/metrics/loggers.py; the lab measures with the same
    "vllm:time_to_first_token_seconds": TIME_TO_FIRST_TOKEN,
    "vllm:inter_token_latency_seconds": INTER_TOKEN,
    "vllm:request_queue_time_seconds": REQUEST_LATENCY,
    # sgl-project/sglang, python/sglang/srt/metrics/collector.py
    "sglang:time_to_first_token_seconds": (
        *(0.1, 0.2, 0.4, 0.6, 0.8, 1, 2, 4, 6, 8, 10, 20, 40, 60, 80, 100, 200, 400),
    ),
    "sglang:inter_token_latency_seconds": (
        *(0.002, 0.004, 0.006, 0.008, 0.01, 0.015, 0.02, 0.025, 0.03, 0.035, 0.04, 0.06, 0.08, 0.1),
        *(0.2, 0.4, 0.6, 0.8, 1, 2, 4, 6, 8),
    ),
    "sglang:queue_time_seconds": (0, 0.1, 0.2, 0.5, 1, 2, 3, 4, 5, 10, 15, 20, 30, 40, 50, 60),
    # trallnag/prometheus-fastapi-instrumentator, metrics.py: latency_lowr_buckets
    "http_request_duration_seconds": (0.1, 0.5, 1),
    "request_predict_seconds": PROMETHEUS_CLIENT,
    "rest_server_request_duration_seconds": PROMETHEUS_CLIENT,
    # ray-project/ray, python/ray/serve/_private/constants.py: DEFAULT_LATENCY_BUCKET_MS
    "ray_serve_http_request_latency_ms": (1, 2, 5, 10, 20, 50, 100, 200, 300, 400, 500, 1000, 2000, 5000),
    "mltrain_step_seconds": STEP_EDGES,
}


@cache
def catalog() -> Loaded:
    return read({str(path.relative_to(CATALOG)): path.read_text() for path in sorted(CATALOG.rglob("*.yaml"))})


def all_slos() -> tuple[Slo, ...]:
    return catalog().slos.slos


def bucket_selectors(slo: Slo) -> list[Selector]:
    return [
        part.selector
        for part in reads(slo.indicator)
        if any(matcher.label == "le" for matcher in part.selector.matchers)
    ]


def test_every_file_reads_without_a_problem() -> None:
    assert [str(problem) for problem in catalog().problems] == []
    assert len(list(CATALOG.rglob("*.yaml"))) == 10
    assert len(all_slos()) > 30


def test_every_file_declares_the_services_of_its_slos() -> None:
    """Each file can be taken by itself."""
    for path in CATALOG.rglob("*.yaml"):
        declared = read({path.name: path.read_text()}).slos
        assert {slo.service for slo in declared.slos} == {service.name for service in declared.services}, path


def test_every_bucket_that_is_read_is_an_edge_of_the_real_histogram() -> None:
    checked = []
    for slo in all_slos():
        for selector in bucket_selectors(slo):
            base = (selector.name or "").removesuffix("_bucket")
            (edge,) = (matcher for matcher in selector.matchers if matcher.label == "le")
            written = [text for number in EDGES[base] for text in edge_texts(number)]
            found = edge.value in written if edge.op == "=" else any(re.fullmatch(edge.value, text) for text in written)
            assert found, f"{slo.name}: {selector} is no edge of {base}"
            checked.append(slo.name)
    assert {"llm-ttft", "llm-itl", "sglang-itl-interactive", "ray-serve-latency", "training-step-time"} <= {*checked}


def test_the_labs_gateway_has_the_edge_that_its_latency_is_judged_by() -> None:
    (latency,) = (slo.indicator for slo in all_slos() if slo.name == "inference-latency")
    assert isinstance(latency, LatencyThreshold)
    assert latency.threshold in HTTP_REQUEST


def test_a_bucket_is_matched_as_prometheus_2_and_3_write_it() -> None:
    for slo in all_slos():
        for selector in bucket_selectors(slo):
            (edge,) = (matcher for matcher in selector.matchers if matcher.label == "le")
            number = float(edge.value.partition("|")[0])
            for text in (f"{number:g}", str(number)):
                assert edge.value == text if edge.op == "=" else re.fullmatch(edge.value, text), selector


def test_every_alert_says_what_to_do() -> None:
    for slo in all_slos():
        assert slo.description
        alerts = [rule for group in compile_slo(slo) for rule in group.rules if isinstance(rule, AlertRule)]
        assert len(alerts) > 1
        for alert in alerts:
            assert len(alert.annotations["runbook"]) > 20, slo.name
            assert alert.annotations["description"]


def test_every_tier_that_is_on_can_fire() -> None:
    for slo in all_slos():
        for tier in slo.alerting.tiers:
            assert TIER[tier].reachable(slo.window.seconds, slo.objective), f"{slo.name}: {tier}"


def test_a_window_must_hold_some_events_to_page() -> None:
    assert [slo.name for slo in all_slos() if not slo.minimum_events] == []


@pytest.mark.parametrize("metric", ["DCGM_FI_DEV_XID_ERRORS", "mltrain_last_recovery_seconds"])
def test_a_gauge_that_keeps_its_last_value_is_never_counted(metric: str) -> None:
    """An XID stays until the next one: neither its rate nor its sum over time means anything."""
    selectors = [part.selector for slo in all_slos() for part in reads(slo.indicator) if part.selector.name == metric]
    assert [selector for selector in selectors if selector.range_seconds is not None] == []


def test_the_documentation_has_a_row_for_every_slo_with_its_objective() -> None:
    rows = dict(re.findall(r"^\| `([a-z0-9-]+)` \| ([0-9.]+)% \|", DOCUMENTATION.read_text(), flags=re.MULTILINE))
    assert rows.keys() == {slo.name for slo in all_slos()}
    for slo in all_slos():
        assert math.isclose(float(rows[slo.name]), 100 * slo.objective), slo.name

"""The `mltrain_*` contract: what docs/mltrain-metrics.md promises is exported, with the labels it says."""

import re
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from lab.workloads.trainer.exporter import Exporter
from lab.workloads.trainer.metrics import ALLREDUCE_EDGES, CHECKPOINT_EDGES, STEP_EDGES, TrainerMetrics
from lab.workloads.trainer.record import RunRecord

CONTRACT = Path(__file__).parents[3] / "docs" / "mltrain-metrics.md"


def make_metrics(rank: int) -> TrainerMetrics:
    metrics = TrainerMetrics("trainer", rank, 2.0, leads=rank == 0)
    if rank == 0:
        metrics.account(lambda: RunRecord(started_at=1.0, lost_steps=17))
    return metrics


def exported(metrics: TrainerMetrics) -> dict[str, str]:
    """Metric name as Prometheus shows it -> type."""
    families = text_string_to_metric_families(metrics.exposition().decode())
    return {f.name + ("_total" if f.type == "counter" else ""): f.type for f in families}


def documented() -> dict[str, tuple[str, str]]:
    """Metric name -> (type, which ranks)."""
    rows = [line.strip("|").split("|") for line in CONTRACT.read_text().splitlines() if line.startswith("| `mltrain_")]
    cells = [[cell.strip() for cell in row] for row in rows if len(row) == 6]
    return {name.strip("`"): (kind, ranks) for name, kind, _unit, _labels, ranks, _meaning in cells}


def test_rank_0_exports_what_is_documented_and_nothing_else() -> None:
    assert exported(make_metrics(0)) == {name: kind for name, (kind, _) in documented().items()}


def test_the_other_ranks_export_what_is_documented_for_all() -> None:
    for_all = {name: kind for name, (kind, ranks) in documented().items() if ranks == "all"}
    assert exported(make_metrics(1)) == for_all


def test_every_series_says_job_and_rank() -> None:
    for family in text_string_to_metric_families(make_metrics(0).exposition().decode()):
        for sample in family.samples:
            assert sample.labels["job"] == "trainer"
            assert sample.labels["rank"] == "0"


@pytest.mark.parametrize(
    ("name", "edges"),
    [
        ("mltrain_step_seconds", STEP_EDGES),
        ("mltrain_allreduce_seconds", ALLREDUCE_EDGES),
        ("mltrain_checkpoint_seconds", CHECKPOINT_EDGES),
    ],
)
def test_bucket_edges_are_documented(name: str, edges: tuple[float, ...]) -> None:
    match = re.search(rf"^\| `{name}` \| ([\d., ]+) \|$", CONTRACT.read_text(), re.MULTILINE)
    assert match is not None
    assert tuple(float(edge) for edge in match[1].split(",")) == edges


def test_the_age_of_the_last_checkpoint_grows_from_the_run_s_start_until_there_is_one() -> None:
    metrics = make_metrics(0)
    assert "mltrain_checkpoint_age_seconds" in metrics.exposition().decode()
    before = metrics.registry.get_sample_value("mltrain_checkpoint_age_seconds", {"job": "trainer", "rank": "0"})
    metrics.checkpoint_stored(wall_time=1e12, seconds=0.1)
    after = metrics.registry.get_sample_value("mltrain_checkpoint_age_seconds", {"job": "trainer", "rank": "0"})
    assert before is not None
    assert before > 1e9
    assert after == 0


def test_the_exporter_serves_metrics_and_health() -> None:
    exporter = Exporter("127.0.0.1", 0, make_metrics(1).exposition)
    exporter.start()
    host, port = exporter.server_address[:2]
    base = f"http://{host!s}:{port}"
    with urllib.request.urlopen(f"{base}/metrics") as answer:
        assert b"mltrain_up_ranks" in answer.read()
    with urllib.request.urlopen(f"{base}/healthz") as answer:
        assert answer.status == 200
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(f"{base}/else")
    exporter.shutdown()
    exporter.server_close()

import pytest

from runner.alerting.timeline import AlertTimeline, StageSeen
from runner.allowance.month import Spending
from runner.exporter.metrics import METRICS
from runner.exporter.results import Results, result_values
from runner.exporter.values import Bounds
from runner.runs.record import Durations
from runner.store.values import AlertProof, AlertTry, RunRow
from tests.runner.allowance.rows import NOVEMBER, row
from tests.runner.exporter.scrape import series

LLM, GPU = "LLM: one replica dies", "GPU node lost"


def served(*runs: RunRow, bounds: Bounds | None = None) -> dict[str, float]:
    return series(result_values(Results(runs, (), {}, {}), bounds or Bounds()))


def timeline(outcome: str = "proven", **changed: object) -> AlertTimeline:
    stages = (StageSeen("fault", 100.0), StageSeen("firing", 107.5), StageSeen("notified", 109.0),
              StageSeen("resolved", None))  # fmt: skip
    values: dict[str, object] = {
        "alert": "LlmTtftBudgetBurn", "slo": "llm-ttft", "severity": "page", "receiver": "ml-oncall", "stages": stages,
        "fires_within": 90.0, "resolves_within": None, "outcome": outcome, "predicted_at": 106.0,
    }  # fmt: skip
    return AlertTimeline(**(values | changed))  # type: ignore[arg-type]


def proof(alert: str = "LlmTtftBudgetBurn", at: float = 100.0, proven_at: float | None = 50.0) -> AlertProof:
    proven = None if proven_at is None else AlertTry("a", LLM, proven_at, timeline())
    last = AlertTry("b", LLM, at, timeline("lost"))
    return AlertProof(alert, "llm-ttft", "page", 2, 0 if proven is None else 1, last, proven)


def test_runs_are_counted_by_experiment_and_verdict() -> None:
    found = served(row("a"), row("b"), row("c", "breached"), row("d", "died", title=GPU), row("e", "running"))
    assert found[f'mlchaos_runs{{experiment="{LLM}",verdict="held"}}'] == 2
    assert found[f'mlchaos_runs{{experiment="{LLM}",verdict="breached"}}'] == 1
    assert found[f'mlchaos_runs{{experiment="{LLM}",verdict="aborted"}}'] == 0
    assert found[f'mlchaos_runs{{experiment="{GPU}",verdict="died"}}'] == 1
    assert found[f'mlchaos_runs_in_progress{{experiment="{LLM}"}}'] == 1
    assert found[f'mlchaos_runs_in_progress{{experiment="{GPU}"}}'] == 0


def test_the_last_run_is_the_newest_that_has_ended() -> None:
    found = served(
        row("a", started_at=NOVEMBER, durations=Durations(1.0, 2.0, 3.0), spent={"llm-ttft": 0.5}),
        row("b", "breached", started_at=NOVEMBER + 50, ended_at=NOVEMBER + 60, faults=2,
            durations=Durations(4.0, None, 6.0), spent={"llm-ttft": 0.25}),
        row("c", "running", started_at=NOVEMBER + 100),
    )  # fmt: skip
    assert found[f'mlchaos_last_run_started_timestamp_seconds{{experiment="{LLM}"}}'] == NOVEMBER + 50
    assert found[f'mlchaos_last_run_ended_timestamp_seconds{{experiment="{LLM}"}}'] == NOVEMBER + 60
    assert found[f'mlchaos_last_run_verdict{{experiment="{LLM}",verdict="breached"}}'] == 1
    assert found[f'mlchaos_last_run_verdict{{experiment="{LLM}",verdict="held"}}'] == 0
    assert found[f'mlchaos_last_run_faults{{experiment="{LLM}"}}'] == 2
    assert found[f'mlchaos_last_run_detect_seconds{{experiment="{LLM}"}}'] == 4
    assert found[f'mlchaos_last_run_recover_seconds{{experiment="{LLM}"}}'] == 6
    assert found[f'mlchaos_last_run_budget_spent_ratio{{experiment="{LLM}",slo="llm-ttft"}}'] == 0.25


def test_what_is_not_known_is_left_out() -> None:
    found = served(row("a", "died", ended_at=None, faults=None))
    left_out = ("ended_timestamp_seconds", "faults", "detect_seconds", "page_seconds", "recover_seconds")
    assert not [name for name in found if name.startswith(tuple(f"mlchaos_last_run_{one}" for one in left_out))]


def test_dry_runs_are_no_results() -> None:
    assert not [name for name in served(row(dry=True)) if LLM in name]


def test_of_too_many_experiments_those_that_ran_last_are_served_and_the_others_counted() -> None:
    runs = [row(str(number), title=f"e{number}", started_at=NOVEMBER + number) for number in range(5)]
    found = served(*runs, bounds=Bounds(experiments=2))
    kept = [name for name in found if name.startswith("mlchaos_runs_in_progress")]
    assert kept == ['mlchaos_runs_in_progress{experiment="e4"}', 'mlchaos_runs_in_progress{experiment="e3"}']
    assert found['mlchaos_omitted{kind="experiment"}'] == 3


def test_of_too_many_slos_and_alerts_some_are_counted_only() -> None:
    spent = {f"slo-{number}": 0.1 for number in range(4)}
    proofs = [proof(f"Alert{number}", at=number) for number in range(4)]
    found = series(result_values(Results((row(spent=spent),), proofs, {}, {}), Bounds(slos=1, alerts=1)))
    assert len([name for name in found if name.startswith("mlchaos_last_run_budget")]) == 1
    assert [name for name in found if name.startswith("mlchaos_alert_tested")] == [
        'mlchaos_alert_tested_timestamp_seconds{alert="Alert3",severity="page",slo="llm-ttft"}'
    ]
    assert (found['mlchaos_omitted{kind="slo"}'], found['mlchaos_omitted{kind="alert"}']) == (3, 3)


def test_titles_that_are_no_labels_become_some() -> None:
    found = served(row("a", title="x" * 1000), row("b", title="half a pair: \ud800\nline"))
    assert f'mlchaos_runs_in_progress{{experiment="{"x" * 127}…"}}' in found
    assert 'mlchaos_runs_in_progress{experiment="half a pair: ? line"}' in found


def test_the_month_has_what_was_spent_assumed_and_allowed() -> None:
    month = {"llm-ttft": Spending(0.25, 0.125)}
    results = Results((row(spent={"llm-availability": 0.5}),), (), month, {"llm-ttft": 0.75})
    found = series(result_values(results, Bounds()))
    assert found['mlchaos_month_budget_spent_ratio{slo="llm-ttft"}'] == 0.25
    assert found['mlchaos_month_budget_assumed_ratio{slo="llm-ttft"}'] == 0.125
    assert found['mlchaos_month_allowance_ratio{slo="llm-ttft"}'] == 0.75
    assert found['mlchaos_month_budget_spent_ratio{slo="llm-availability"}'] == 0
    assert 'mlchaos_month_allowance_ratio{slo="llm-availability"}' not in found


def test_of_an_alert_the_last_try_and_the_last_proof_are_told() -> None:
    labels = 'alert="LlmTtftBudgetBurn",severity="page",slo="llm-ttft"'
    found = series(result_values(Results((), (proof(),), {}, {}), Bounds()))
    assert found[f"mlchaos_alert_tested_timestamp_seconds{{{labels}}}"] == 100
    assert found[f"mlchaos_alert_proven_timestamp_seconds{{{labels}}}"] == 50
    assert found[f'mlchaos_alert_outcome{{{labels},outcome="lost"}}'] == 1
    assert found[f'mlchaos_alert_outcome{{{labels},outcome="proven"}}'] == 0
    assert found[f'mlchaos_alert_stage_seconds{{{labels},stage="firing"}}'] == 7.5
    assert found[f'mlchaos_alert_stage_seconds{{{labels},stage="notified"}}'] == 9
    assert f'mlchaos_alert_stage_seconds{{{labels},stage="resolved"}}' not in found
    assert found[f"mlchaos_alert_predicted_seconds{{{labels}}}"] == 6


def test_an_alert_that_was_never_proven_has_no_time_of_it() -> None:
    found = series(result_values(Results((), (proof(proven_at=None),), {}, {}), Bounds()))
    assert not [name for name in found if name.startswith("mlchaos_alert_proven")]


@pytest.mark.parametrize("unbounded", ["run", "run_id", "target", "pod", "reason"])
def test_no_metric_has_a_label_for_each_run(unbounded: str) -> None:
    assert not [metric.name for metric in METRICS if unbounded in metric.labels]

"""Every metric of `chaos exporter`: its name, its labels, and what it says. The table of docs/exporter.md is this one.

No label has a value for each run: the series of an exporter are as many as the bounds allow, however long it lives.
"""

from dataclasses import dataclass
from typing import Literal

Source = Literal["exporter", "ledger", "store"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric; `source` is what has to answer for it to be there."""

    name: str
    help: str
    labels: tuple[str, ...] = ()
    source: Source = "store"
    counter: bool = False


BUILD_INFO = Metric("mlchaos_build_info", "Always 1, with the version of mlchaos.", ("version",), "exporter")
SOURCE_UP = Metric(
    "mlchaos_source_up",
    "1 when the last look at the ledger or the store succeeded; what comes from one that did not is left out. Not "
    "there before the first look.",
    ("source",),
    "exporter",
)
SOURCE_LOOKED = Metric(
    "mlchaos_source_looked_timestamp_seconds", "When a source was last read.", ("source",), "exporter"
)
SOURCE_SECONDS = Metric(
    "mlchaos_source_look_seconds", "How long the last look at a source took.", ("source",), "exporter"
)
SOURCE_FAILURES = Metric(
    "mlchaos_source_failures_total", "Looks at a source that failed or took too long.", ("source",), "exporter", True
)
OMITTED = Metric(
    "mlchaos_omitted",
    "Experiments, SLOs and alerts that are left out because there are more than the exporter's bounds allow.",
    ("kind",),
    "store",
)

FAULTS = Metric(
    "mlchaos_faults",
    "Faults in the ledger by state: intended, active, undoing, undone (looked at once more) and stuck. Of every fault "
    "that is known, 0 where there is none.",
    ("fault", "state"),
    "ledger",
)
FAULTS_OVERDUE = Metric(
    "mlchaos_faults_overdue", "Faults that have expired and are not undone: a reaper is late.", (), "ledger"
)
UNREADABLE_RECORDS = Metric(
    "mlchaos_unreadable_records", "Records of the ledger that cannot be read, so that nobody undoes them.", (), "ledger"
)
RUNS_ALIVE = Metric("mlchaos_runs_alive", "Runs that have said within 5 s that they live.", (), "ledger")
HALTED = Metric("mlchaos_halted", "1 while all runs are halted (chaos halt).", (), "ledger")

RUNS = Metric("mlchaos_runs", "Runs in the store that have ended, by verdict.", ("experiment", "verdict"))
RUNS_IN_PROGRESS = Metric("mlchaos_runs_in_progress", "Runs in the store that go on.", ("experiment",))
LAST_RUN_STARTED = Metric(
    "mlchaos_last_run_started_timestamp_seconds", "When the last run that has ended began.", ("experiment",)
)
LAST_RUN_ENDED = Metric(
    "mlchaos_last_run_ended_timestamp_seconds",
    "When the last run that has ended did so; left out where it died, since nobody knows.",
    ("experiment",),
)
LAST_RUN_VERDICT = Metric(
    "mlchaos_last_run_verdict", "1 for the verdict of the last run that has ended, 0 for others.",
    ("experiment", "verdict"),
)  # fmt: skip
LAST_RUN_FAULTS = Metric("mlchaos_last_run_faults", "Faults that went in during the last run.", ("experiment",))
LAST_RUN_DETECT = Metric(
    "mlchaos_last_run_detect_seconds", "From the fault until the guard or an alert saw it, in the last run.",
    ("experiment",),
)  # fmt: skip
LAST_RUN_PAGE = Metric(
    "mlchaos_last_run_page_seconds", "From the fault until somebody was paged, in the last run.", ("experiment",)
)
LAST_RUN_RECOVER = Metric(
    "mlchaos_last_run_recover_seconds", "From the undo until the SLOs were back, in the last run.", ("experiment",)
)
LAST_RUN_SPENT = Metric(
    "mlchaos_last_run_budget_spent_ratio",
    "Share of the SLO's error budget that the last run spent (1 is all of it).",
    ("experiment", "slo"),
)
MONTH_SPENT = Metric(
    "mlchaos_month_budget_spent_ratio",
    "Share of the SLO's error budget that chaos runs have spent since the month began (UTC).",
    ("slo",),
)
MONTH_ASSUMED = Metric(
    "mlchaos_month_budget_assumed_ratio",
    "What runs of this month that go on, died or could not read the SLO might have spent of it beyond that.",
    ("slo",),
)
MONTH_ALLOWANCE = Metric(
    "mlchaos_month_allowance_ratio",
    "Share of the SLO's error budget that chaos runs may spend in a month; left out where none is set.",
    ("slo",),
)

_ALERT = ("alert", "severity", "slo")
ALERT_TESTED = Metric("mlchaos_alert_tested_timestamp_seconds", "When a run last expected the alert.", _ALERT)
ALERT_PROVEN = Metric(
    "mlchaos_alert_proven_timestamp_seconds",
    "When a run last proved the whole way of the alert; left out where none has.",
    _ALERT,
)
ALERT_OUTCOME = Metric(
    "mlchaos_alert_outcome", "1 for what the last run that expected it found (proven, lost, unknown), 0 for others.",
    (*_ALERT, "outcome"),
)  # fmt: skip
ALERT_STAGE = Metric(
    "mlchaos_alert_stage_seconds",
    "From the fault to each stage that the alert reached, in the last run that expected it.",
    (*_ALERT, "stage"),
)
ALERT_PREDICTED = Metric(
    "mlchaos_alert_predicted_seconds",
    "From the fault to the firing, as the burn mathematics had it in that run.",
    _ALERT,
)

METRICS = (
    BUILD_INFO,
    SOURCE_UP,
    SOURCE_LOOKED,
    SOURCE_SECONDS,
    SOURCE_FAILURES,
    FAULTS,
    FAULTS_OVERDUE,
    UNREADABLE_RECORDS,
    RUNS_ALIVE,
    HALTED,
    RUNS,
    RUNS_IN_PROGRESS,
    LAST_RUN_STARTED,
    LAST_RUN_ENDED,
    LAST_RUN_VERDICT,
    LAST_RUN_FAULTS,
    LAST_RUN_DETECT,
    LAST_RUN_PAGE,
    LAST_RUN_RECOVER,
    LAST_RUN_SPENT,
    MONTH_SPENT,
    MONTH_ASSUMED,
    MONTH_ALLOWANCE,
    ALERT_TESTED,
    ALERT_PROVEN,
    ALERT_OUTCOME,
    ALERT_STAGE,
    ALERT_PREDICTED,
    OMITTED,
)
"""In the order of the documentation."""

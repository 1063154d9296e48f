"""PromQL over the series of `chaos exporter`: docs/exporter.md says what they mean.

What the store or the ledger does not say is left out there, so that an empty answer is unknown and never "none".
"""

FAULTS = "mlchaos_faults"
FAULTS_OVERDUE = "mlchaos_faults_overdue"
UNREADABLE_RECORDS = "mlchaos_unreadable_records"
HALTED = "mlchaos_halted"
RUNS = "mlchaos_runs"
RUNS_IN_PROGRESS = "mlchaos_runs_in_progress"
LAST_STARTED = "mlchaos_last_run_started_timestamp_seconds"
LAST_VERDICT = "mlchaos_last_run_verdict"
LAST_FAULTS = "mlchaos_last_run_faults"
LAST_DETECT = "mlchaos_last_run_detect_seconds"
LAST_PAGE = "mlchaos_last_run_page_seconds"
LAST_RECOVER = "mlchaos_last_run_recover_seconds"
LAST_SPENT = "mlchaos_last_run_budget_spent_ratio"
MONTH_SPENT = "mlchaos_month_budget_spent_ratio"
MONTH_ASSUMED = "mlchaos_month_budget_assumed_ratio"
MONTH_ALLOWANCE = "mlchaos_month_allowance_ratio"
ALERT_TESTED = "mlchaos_alert_tested_timestamp_seconds"
ALERT_PROVEN = "mlchaos_alert_proven_timestamp_seconds"
ALERT_OUTCOME = "mlchaos_alert_outcome"
ALERT_STAGE = "mlchaos_alert_stage_seconds"
ALERT_PREDICTED = "mlchaos_alert_predicted_seconds"
SOURCE_UP = "mlchaos_source_up"
SOURCE_LOOKED = "mlchaos_source_looked_timestamp_seconds"

IN_EFFECT = 'state=~"intended|active|undoing|stuck"'
"""States of a fault that is there, or that may be."""

FAULTS_NOW = f"sum({FAULTS}{{{IN_EFFECT}}})"
RUNS_NOW = f"sum({RUNS_IN_PROGRESS})"
EXPERIMENT = 'experiment=~"$experiment"'


def month_total(slo_matchers: str) -> str:
    """Share of each SLO's budget that counts against the allowance: measured, or assumed where a run could not tell."""
    measured, assumed = (f"max by (slo) ({series}{{{slo_matchers}}})" for series in (MONTH_SPENT, MONTH_ASSUMED))
    return f"{measured} + {assumed}"


def allowance(slo_matchers: str) -> str:
    """Share of each SLO's budget that chaos may spend in a month: all of it where no allowance is set."""
    everything = f"0 * max by (slo) (slo:objective:ratio{{{slo_matchers}}}) + 1"
    return f"max by (slo) ({MONTH_ALLOWANCE}{{{slo_matchers}}}) or {everything}"

"""A report made of the record of a run. Pure but for the clock, which is asked by whoever calls."""

from runner.report.advice import advice
from runner.report.alerts import alert_cards, evidence_words
from runner.report.budgets import budget_rows
from runner.report.cleaning import cleaned
from runner.report.documents import PlanDocument, SummaryDocument, read_document
from runner.report.happenings import happenings
from runner.report.headline import figures, headline
from runner.report.model import Report
from runner.report.moments import moments_of
from runner.report.targets import target_rows
from runner.runs.record import RunRecord


def report_of(record: RunRecord, made_at: float) -> Report:
    """The report of a run, made at `made_at` (seconds since the epoch)."""
    clean = cleaned(record)
    plan, no_plan = read_document(PlanDocument, clean.plan)
    summary, no_summary = read_document(SummaryDocument, clean.summary)
    targets = target_rows(clean.transitions, summary.faults, plan)
    moments = moments_of(clean, targets)
    budgets = budget_rows(clean, plan)
    alerts = alert_cards(clean.alerts)
    unread = [
        f"the {name} of the run could not be read ({why})"
        for name, why in (("plan", no_plan), ("summary", no_summary))
        if why
    ]
    return Report(
        record=clean,
        made_at=made_at,
        headline=headline(clean, targets),
        figures=figures(clean, moments, budgets, alerts, summary),
        moments=moments,
        targets=targets,
        budgets=budgets,
        alerts=alerts,
        strays=clean.alerts.strays,
        evidence=evidence_words(clean.alerts),
        slis=summary.slis,
        lost=summary.requests_lost,
        replacements=summary.replacements,
        happenings=happenings(clean, moments, targets, alerts),
        advice=advice(clean, targets, budgets, alerts),
        warnings=(*dict.fromkeys((*summary.warnings, *plan.warnings)), *unread),
    )

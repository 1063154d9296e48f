"""Every SLO on one page: who burns, who has no budget left, who has gone silent, and whether it is chaos."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards import chaos_series as chaos
from dashboards import identity
from dashboards.links import PanelLink, to_dashboard
from dashboards.overlays import firing_pages
from dashboards.panels import PanelBuilder, figure, lines
from dashboards.queries import Query
from dashboards.scales import (
    BUDGET_LEFT,
    BURN,
    GOOD,
    LOOK,
    NONE_IS_GOOD,
    NONE_IS_GOOD_SOME_WANT_A_LOOK,
    NOW,
    UNDER_CHAOS,
    Meaning,
    Scale,
)
from dashboards.sheet import section, sheet
from dashboards.slo_series import budget_left, burn
from dashboards.tables import Column, LabelColumn, ValueColumn, rows
from dashboards.variables import any_of
from slos.rules import names

SERVICE = 'service=~"$service"'
SEVERITIES = {"page": Meaning("page", NOW), "ticket": Meaning("ticket", LOOK)}
TO_DEPTH = PanelLink("This SLO in depth", identity.SLO_IN_DEPTH, "var-slo=${__value.raw}")
LINES_IN_DEPTH = "; click an SLO in the table for its windows"


def build() -> Dashboard:
    service = any_of("service", "Service", "The services whose SLOs are shown.", "service", names.INFO)
    dashboard = sheet(
        identity.SLO_OVERVIEW,
        "SLOs: overview",
        "Every SLO: budget left, burn rates, alerts, and whether chaos runs are the cause. Start here when paged.",
        tags=["slo"],
        span="6h",
        variables=[service],
        overlays=[firing_pages(SERVICE)],
        links=[to_dashboard("Chaos runs", identity.CHAOS_RUNS, "Is somebody breaking things on purpose?")],
    )
    section(dashboard, "Now", _now())
    section(dashboard, "Every SLO", [_table(), _alerts()])
    return section(dashboard, "Over time", _over_time()).build()


def _now() -> list[PanelBuilder]:
    known = f"group by (slo) ({names.INFO}{{{SERVICE}}})"
    silent = f'{known} unless (max by (slo) ({names.EVENTS}{{{SERVICE},window="5m"}}) > 0)'
    return [
        figure(
            "Pages firing",
            "SLO alerts that wake somebody and fire now. 0 is normal. Otherwise: the table of alerts below says which, "
            "and a click on its SLO shows since when.",
            Query(f'count(ALERTS{{alertstate="firing",severity="page",slo!="",{SERVICE}}}) or 0 * count({known})'),
            scale=NONE_IS_GOOD,
        ),
        figure(
            "Tickets firing",
            "SLO alerts for working hours that fire now: budget is spent too fast, and there is time to look.",
            Query(f'count(ALERTS{{alertstate="firing",severity="ticket",slo!="",{SERVICE}}}) or 0 * count({known})'),
            scale=NONE_IS_GOOD_SOME_WANT_A_LOOK,
        ),
        figure(
            "Budget spent",
            "SLOs that have no error budget left in their window: they are broken promises, also when nothing burns "
            "now.",
            Query(f"count(max by (slo) ({names.BUDGET_REMAINING}{{{SERVICE}}}) <= 0) or 0 * count({known})"),
            scale=NONE_IS_GOOD,
        ),
        figure(
            "Silent SLOs",
            "SLOs without any event in their last 5 m window. No data is unknown, not healthy: no traffic, a scrape "
            "that fails, or a metric that was renamed.",
            Query(f"count({silent}) or 0 * count({known})"),
            scale=NONE_IS_GOOD_SOME_WANT_A_LOOK,
        ),
        figure(
            "SLOs known",
            "SLOs whose rules this Prometheus evaluates. With none of them here, all other figures mean nothing: load "
            "the rules of `chaos slo rules`.",
            Query(f"count({known})"),
            scale=Scale(NOW, ((1, GOOD),)),
            absent="no rules loaded",
        ),
        figure(
            "Faults in effect",
            "Faults that chaos runs have put in and not yet taken out. More than 0: what you see may be on purpose. "
            "`chaos halt` takes them all out. No data: the exporter does not reach the ledger, so nobody knows.",
            Query(chaos.FAULTS_NOW),
            scale=UNDER_CHAOS,
            absent="unknown",
            link=PanelLink("Chaos runs", identity.CHAOS_RUNS),
        ),
    ]


def _table() -> PanelBuilder:
    def of(name: str) -> Query:
        return Query(f"max by (slo, service) ({name}{{{SERVICE}}})")

    def window(length: str) -> Query:
        return Query(f'max by (slo, service) ({names.BURN_RATE}{{{SERVICE},window="{length}"}})')

    burns = [ValueColumn(f"Burn {one}", window(one), "short", BURN, decimals=1, width=90) for one in _WINDOWS]
    columns: list[Column] = [
        LabelColumn("SLO", "slo", TO_DEPTH),
        LabelColumn("Service", "service", width=130),
        ValueColumn("Budget left", of(names.BUDGET_REMAINING), "percentunit", BUDGET_LEFT, bar=True, decimals=1),
        *burns,
        ValueColumn("Objective", of(names.OBJECTIVE), "percentunit", decimals=2, width=100),
        ValueColumn("Window seen", of(names.WINDOW_COVERAGE), "percentunit", decimals=1, width=110),
    ]
    return rows(
        "SLOs",
        "One row for each SLO, the least budget first. Budget left: share of the whole window's error budget, red when "
        "spent. Burn: how many times faster than just affordable, over the window named; 14.4 over 1h and 5m pages on "
        "a 30-day window. Window seen: for how much of the SLO's window there is data; a young window says little. "
        "Click an SLO for its details.",
        columns,
        sort_by="Budget left",
        height=12,
        absent="no SLO rules in this Prometheus",
    )


_WINDOWS = ("5m", "1h", "6h", "3d")


def _alerts() -> PanelBuilder:
    firing = f'max by (alertname, slo, severity, tier) (ALERTS{{alertstate="firing",slo!="",{SERVICE}}})'
    return rows(
        "SLO alerts that fire",
        "Alerts of SLOs in the state firing. Empty is normal. Whether they reach anybody: dashboard Alert path.",
        [
            LabelColumn("Alert", "alertname"),
            LabelColumn("SLO", "slo", TO_DEPTH),
            LabelColumn("Severity", "severity", meanings=SEVERITIES, width=110),
            LabelColumn("Tier", "tier", width=130),
            ValueColumn("Fires", Query(firing), "short", shown=False),
        ],
        sort_by="Severity",
        height=7,
        absent="nothing fires",
    )


def _over_time() -> list[PanelBuilder]:
    return [
        lines(
            "Error budget left",
            f"Share of each SLO's budget that is left in its window. Falls while it burns, rises as old errors leave "
            f"the window{LINES_IN_DEPTH}.",
            [Query(budget_left(SERVICE), "{{slo}}")],
            unit="percentunit",
            lowest=None,
            highest=1,
            scale=Scale(NOW, ((0, GOOD),)),
        ),
        lines(
            "Burn rate over 1 h",
            f"How many times faster than affordable each SLO's budget was spent in the last hour. Above 1 the budget "
            f"does not last its window; the upper lines are the pages of a 30-day window{LINES_IN_DEPTH}.",
            [Query(burn("1h", SERVICE), "{{slo}}")],
            unit="short",
            scale=BURN,
        ),
        lines(
            "Budget that chaos runs spent this month",
            "Share of each SLO's budget that chaos runs have cost since the month began. Subtract it before you blame "
            "a release.",
            [Query(f"max by (slo) ({chaos.MONTH_SPENT})", "{{slo}}")],
            unit="percentunit",
            width=24,
            height=6,
            absent="no chaos run has spent anything this month, or the exporter does not reach the store",
        ),
    ]

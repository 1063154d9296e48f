"""Chaos runs: what is broken on purpose now, how runs ended, and how fast they were seen, paged and over with."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards import chaos_series as chaos
from dashboards import identity
from dashboards.links import PanelLink, to_dashboard
from dashboards.panels import PanelBuilder, bars, dashed, figure, lines, states
from dashboards.queries import Query
from dashboards.scales import (
    ALL_IS_GOOD,
    CHAOS,
    GOOD,
    LOOK,
    NONE_IS_GOOD,
    NOW,
    PLAIN,
    QUIET,
    SOON,
    UNDER_CHAOS,
    Meaning,
)
from dashboards.sheet import section, sheet
from dashboards.tables import LabelColumn, ValueColumn, rows
from dashboards.variables import any_of

VERDICTS = {
    "held": Meaning("held", GOOD),
    "breached": Meaning("breached", NOW),
    "aborted": Meaning("aborted", SOON),
    "refused": Meaning("refused", PLAIN),
    "inconclusive": Meaning("inconclusive", LOOK),
    "error": Meaning("error", NOW),
    "died": Meaning("died", NOW),
}
MILLISECONDS = 1000
SLO = 'slo=~"$slo"'


def build() -> Dashboard:
    dashboard = sheet(
        identity.CHAOS_RUNS,
        "Chaos: runs and trends",
        "What chaos runs have broken and not yet put back, how runs ended, and whether the time to detect, to page and "
        "to recover gets better or worse.",
        tags=["chaos"],
        span="24h",
        variables=[
            any_of("experiment", "Experiment", "By title.", "experiment", chaos.RUNS),
            any_of("slo", "SLO", "Whose budget the runs spent.", "slo", chaos.LAST_SPENT),
        ],
        links=[to_dashboard("Alert path", identity.ALERT_PATH, "Would the right person have been paged?")],
    )
    section(dashboard, "Now", _now())
    section(dashboard, "Runs", _runs())
    section(dashboard, "Trends: each step is a run", _trends())
    return section(dashboard, "Where this comes from", _sources()).build()


def _now() -> list[PanelBuilder]:
    return [
        figure(
            "Faults in effect",
            "Faults that are in, going in or being taken out, by the ledger. `chaos halt` takes out all of them.",
            Query(chaos.FAULTS_NOW),
            scale=UNDER_CHAOS,
            absent="unknown",
        ),
        figure(
            "Runs that go on",
            "Runs that have begun and not yet ended, by the store.",
            Query(chaos.RUNS_NOW),
            scale=UNDER_CHAOS,
            absent="unknown",
        ),
        figure(
            "Stuck faults",
            "Faults that could not be taken out by themselves: each needs a person now. `chaos recover` says what to "
            "do about each.",
            Query(f'sum({chaos.FAULTS}{{state="stuck"}})'),
            scale=NONE_IS_GOOD,
            absent="unknown",
        ),
        figure(
            "Overdue faults",
            "Faults that have expired and are still in. The reaper takes them out within seconds: more than 0 for "
            "longer means that it does not run. Try `chaos recover --expired`.",
            Query(chaos.FAULTS_OVERDUE),
            scale=NONE_IS_GOOD,
            absent="unknown",
        ),
        figure(
            "Unreadable records",
            "Records of the ledger that nobody can read, so that nobody undoes what they tell of. `chaos recover` "
            "names them.",
            Query(chaos.UNREADABLE_RECORDS),
            scale=NONE_IS_GOOD,
            absent="unknown",
        ),
        figure(
            "All runs halted",
            "Whether `chaos halt` keeps every run from beginning. `chaos resume` ends that.",
            Query(chaos.HALTED),
            scale=UNDER_CHAOS,
            meanings={"0": Meaning("no", GOOD), "1": Meaning("halted", SOON)},
            absent="unknown",
        ),
    ]


def _runs() -> list[PanelBuilder]:
    return [
        states(
            "Runs over time",
            "When each experiment ran.",
            [Query(f"max by (experiment) ({chaos.RUNS_IN_PROGRESS}{{{chaos.EXPERIMENT}}})", "{{experiment}}")],
            {"0": Meaning("idle", QUIET), "1": Meaning("runs", CHAOS)},
            width=12,
            height=8,
            absent="no run is known",
        ),
        states(
            "Faults over time",
            "Which faults were in effect, and on how many targets: the numbers.",
            [Query(f"sum by (fault) ({chaos.FAULTS}{{{chaos.IN_EFFECT}}}) > 0", "{{fault}}")],
            {str(count): Meaning(str(count), CHAOS) for count in range(1, 10)},
            width=12,
            height=8,
            absent="no fault was in effect in this time",
        ),
        rows(
            "The last run of each experiment",
            "Seconds are from the fault until the guard or an alert saw it, until somebody was paged, and from the "
            "undo until the SLOs were back. Empty: it was not seen, or not asked for. `chaos runs list` has them all.",
            [
                LabelColumn("Experiment", "experiment"),
                LabelColumn("Verdict", "verdict", meanings=VERDICTS, width=120),
                ValueColumn("Began", _last(f"{chaos.LAST_STARTED} * {MILLISECONDS}"), "dateTimeFromNow", width=150),
                ValueColumn("Faults", _last(chaos.LAST_FAULTS), "short", width=80),
                ValueColumn("Detected after", _last(chaos.LAST_DETECT), "s", decimals=1, width=130),
                ValueColumn("Paged after", _last(chaos.LAST_PAGE), "s", decimals=1, width=120),
                ValueColumn("Recovered after", _last(chaos.LAST_RECOVER), "s", decimals=1, width=140),
            ],
            sort_by="Began",
            descending=True,
            height=9,
            absent="no run is in the store, or the exporter does not reach it",
        ),
        bars(
            "Runs by verdict",
            "How the runs ended that are in the store. Died: the process was gone without a word, and the reaper put "
            "back what it had broken.",
            [Query(f"sum by (verdict) ({chaos.RUNS}{{{chaos.EXPERIMENT}}})", "{{verdict}}")],
            unit="short",
            width=8,
            absent="no run is in the store",
        ),
        bars(
            "Budget that the last runs cost",
            "Share of an SLO's budget that the last run of each experiment spent.",
            [
                Query(
                    f"max by (experiment, slo) ({chaos.LAST_SPENT}{{{chaos.EXPERIMENT},{SLO}}})",
                    "{{slo}}: {{experiment}}",
                )
            ],
            unit="percentunit",
            width=8,
            decimals=2,
            absent="no run in the store says what it spent",
        ),
        bars(
            "Chaos this month, by SLO",
            "Share of each SLO's budget that chaos runs have spent since the month began. At the allowance, runs that "
            "watch the SLO are refused until the next month.",
            [
                Query(f"max by (slo) ({chaos.MONTH_SPENT}{{{SLO}}})", "{{slo}}"),
            ],
            unit="percentunit",
            width=8,
            decimals=1,
            absent="no run of this month is in the store",
        ),
    ]


def _trends() -> list[PanelBuilder]:
    times = (
        ("Time to detect", chaos.LAST_DETECT, "From the fault until the guard or an alert saw it."),
        ("Time to page", chaos.LAST_PAGE, "From the fault until the first notification of an expected alert."),
        ("Time to recover", chaos.LAST_RECOVER, "From the undo until every SLO was well again."),
    )
    trends: list[PanelBuilder] = [
        lines(
            title,
            f"{meaning} Of the last run of each experiment: a line that rises from run to run is a stack, or an alert, "
            "that became slower.",
            [Query(f"max by (experiment) ({series}{{{chaos.EXPERIMENT}}})", "{{experiment}}")],
            unit="s",
            width=8,
            absent="no run in the store says it",
        )
        for title, series, meaning in times
    ]
    spent = lines(
        "Budget spent by chaos this month, and what it may spend",
        "Share of each SLO's budget since the month began, measured or assumed where a run could not tell, and the "
        "allowance (dashed; all of the budget where none is set). At it, runs are refused.",
        [
            Query(chaos.month_total(SLO), "{{slo}}"),
            Query(f"min({chaos.allowance(SLO)})", "the smallest allowance"),
        ],
        unit="percentunit",
        width=12,
        absent="no run of this month is in the store",
    ).override_by_name("the smallest allowance", dashed(SOON))
    verdicts = lines(
        "Runs in the store by verdict",
        "How many runs there are; steps upwards are runs. Fewer: old ones were pruned.",
        [Query(f"sum by (verdict) ({chaos.RUNS}{{{chaos.EXPERIMENT}}})", "{{verdict}}")],
        unit="short",
        width=12,
        stacked=True,
        decimals=0,
        absent="no run is in the store",
    )
    return [*trends, spent, verdicts]


def _sources() -> list[PanelBuilder]:
    return [
        states(
            "What the exporter can read",
            "Whether `chaos exporter` reaches the ledger (faults) and the store (results). While it does not, "
            "everything that comes from there is unknown.",
            [Query(f"max by (source) ({chaos.SOURCE_UP})", "{{source}}")],
            {"0": Meaning("cannot be read", NOW), "1": Meaning("read", GOOD)},
            width=16,
            height=5,
            absent="the exporter is not scraped",
        ),
        figure(
            "Sources that are read",
            "Of the two, ledger and store, those that the exporter reads now.",
            Query(f"min({chaos.SOURCE_UP})"),
            scale=ALL_IS_GOOD,
            meanings={"0": Meaning("one is not read", NOW), "1": Meaning("all are read", GOOD)},
            height=5,
            absent="not scraped",
        ),
        figure(
            "Oldest reading",
            "How old the older of the two readings is. It is renewed every few seconds.",
            Query(f"time() - min({chaos.SOURCE_LOOKED})"),
            unit="s",
            height=5,
            absent="not scraped",
            link=PanelLink("Alert path", identity.ALERT_PATH),
        ),
    ]


def _last(series: str) -> Query:
    """A figure of the last run in the row that its verdict has."""
    name, _, rest = series.partition(" ")
    figure_of_run = f"max by (experiment) ({name}{{{chaos.EXPERIMENT}}}){' ' + rest if rest else ''}"
    verdict = f"max by (experiment, verdict) ({chaos.LAST_VERDICT}{{{chaos.EXPERIMENT}}} == 1)"
    return Query(f"{verdict} * on (experiment) group_left () ({figure_of_run})")

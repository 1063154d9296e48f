"""The way of an alert, stage by stage: does a page that should go out go out, and when was that last proven?"""

from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards import chaos_series as chaos
from dashboards import identity
from dashboards.links import PanelLink, to_dashboard
from dashboards.overlays import firing_pages
from dashboards.panels import PanelBuilder, bars, figure, lines
from dashboards.queries import Query
from dashboards.scales import (
    ALL_IS_GOOD,
    GOOD,
    LOOK,
    NONE_IS_GOOD,
    NONE_IS_GOOD_SOME_WANT_A_LOOK,
    NOW,
    SOON,
    Meaning,
    Scale,
)
from dashboards.sheet import section, sheet
from dashboards.tables import LabelColumn, ValueColumn, rows
from dashboards.variables import any_of

ALERT = 'alert=~"$alert"'
DAY = 86_400
WEEK, MONTH = 7 * DAY, 30 * DAY
OUTCOMES = {"proven": Meaning("proven", GOOD), "lost": Meaning("lost", NOW), "unknown": Meaning("unknown", LOOK)}
SEVERITIES = {"page": Meaning("page", NOW), "ticket": Meaning("ticket", LOOK)}
RATE = "[$__rate_interval]"


def build() -> Dashboard:
    dashboard = sheet(
        identity.ALERT_PATH,
        "Alert path",
        "From the rule through Alertmanager to the receiver: where a page would be lost now, and when each alert was "
        "last proven by a chaos run.",
        tags=["alerts"],
        span="6h",
        variables=[any_of("alert", "Alert", "Alerts that runs have tested.", "alert", chaos.ALERT_TESTED)],
        overlays=[firing_pages()],
        links=[to_dashboard("Chaos runs", identity.CHAOS_RUNS, "The runs that tested the alerts")],
    )
    section(dashboard, "Would a page arrive now?", _now())
    section(dashboard, "What chaos runs have proven", _proven())
    return section(dashboard, "Stage by stage", _stages()).build()


def _now() -> list[PanelBuilder]:
    return [
        figure(
            "Always-firing alert",
            "The Watchdog fires always, so that its absence is noticed. Gone: Prometheus does not evaluate its rules. "
            "`chaos alerts deadman` says whether it arrives.",
            Query('count(ALERTS{alertname="Watchdog",alertstate="firing"})'),
            scale=ALL_IS_GOOD,
            meanings={"1": Meaning("fires", GOOD)},
            absent="gone",
        ),
        figure(
            "Alertmanagers",
            "Alertmanagers that Prometheus sends to. 0: no alert reaches anybody.",
            Query("max(prometheus_notifications_alertmanagers_discovered)"),
            scale=ALL_IS_GOOD,
        ),
        figure(
            "Rules that fail",
            "Rules whose evaluation failed in the last 15 minutes: an alert among them cannot fire.",
            Query("sum(increase(prometheus_rule_evaluation_failures_total[15m]))"),
            scale=NONE_IS_GOOD,
            decimals=0,
        ),
        figure(
            "Lost on the way",
            "Alerts that Prometheus could not hand to an Alertmanager in the last 15 minutes: dropped, or refused.",
            Query(
                "sum(increase(prometheus_notifications_dropped_total[15m]))"
                " + sum(increase(prometheus_notifications_errors_total[15m]))"
            ),
            scale=NONE_IS_GOOD,
            decimals=0,
        ),
        figure(
            "Notifications failed",
            "Notifications that a receiver did not take in the last 15 minutes. Alertmanager tries again; meanwhile "
            "nobody is told.",
            Query("sum(increase(alertmanager_notifications_failed_total[15m]))"),
            scale=NONE_IS_GOOD,
            decimals=0,
        ),
        figure(
            "Silences",
            "Silences in effect. Each hides alerts: one that was left on hides the page that you wait for.",
            Query('sum(alertmanager_silences{state="active"})'),
            scale=NONE_IS_GOOD_SOME_WANT_A_LOOK,
        ),
    ]


def _proven() -> list[PanelBuilder]:
    alert = "alert, severity, slo"
    outcome = f"max by ({alert}, outcome) ({chaos.ALERT_OUTCOME}{{{ALERT}}} == 1)"

    def of(series: str) -> Query:
        return Query(f"{outcome} * on ({alert}) group_left () max by ({alert}) ({series})")

    def stage(name: str) -> Query:
        return of(f'{chaos.ALERT_STAGE}{{{ALERT},stage="{name}"}}')

    never_tested = (
        'count(group by (alertname) (ALERTS{severity="page",alertstate="firing"})'
        f' unless group by (alertname) (label_join({chaos.ALERT_PROVEN}, "alertname", "", "alert")))'
        f" or 0 * count({chaos.SOURCE_UP})"
    )
    age = Scale(GOOD, ((WEEK, LOOK), (MONTH, SOON)))
    return [
        rows(
            "Alerts that runs have tested",
            "What the last run that expected each alert found. Proven: it fired in time and reached its receiver and "
            "no other. Lost: it did not; `chaos report` of that run names the stage. Seconds count from the fault; "
            "predicted is when the burn mathematics says that it fires. `chaos alerts coverage` lists what no run has "
            "ever tested.",
            [
                LabelColumn("Alert", "alert"),
                LabelColumn("SLO", "slo", PanelLink("This SLO", identity.SLO_IN_DEPTH, "var-slo=${__value.raw}")),
                LabelColumn("Severity", "severity", meanings=SEVERITIES, width=90),
                LabelColumn("Outcome", "outcome", meanings=OUTCOMES, width=100),
                ValueColumn("Tested", of(f"time() - {chaos.ALERT_TESTED}{{{ALERT}}}"), "s", age, decimals=0, width=100),
                ValueColumn("Predicted", of(f"{chaos.ALERT_PREDICTED}{{{ALERT}}}"), "s", decimals=1, width=100),
                ValueColumn("Fired", stage("firing"), "s", decimals=1, width=90),
                ValueColumn("Notified", stage("notified"), "s", decimals=1, width=90),
                ValueColumn("Resolved", stage("resolved notified"), "s", decimals=1, width=90),
            ],
            sort_by="Tested",
            descending=True,
            height=9,
            absent="no run in the store has tested an alert",
        ),
        bars(
            "Seconds from the fault to each stage",
            "How far each alert came, and how long it took, in the last run that expected it. A stage that is missing "
            "was not reached.",
            [Query(f'max by (alert, stage) ({chaos.ALERT_STAGE}{{{ALERT},stage!="fault"}})', "{{alert}}: {{stage}}")],
            unit="s",
            decimals=1,
            width=12,
            height=9,
            absent="no run in the store has tested an alert",
        ),
        lines(
            "From the fault to the page, run by run",
            "Predicted firing, firing and notification of the last run that expected each alert. Steps are runs: fired "
            "later than predicted means that rules are evaluated late, or that the SLI is scraped late.",
            [
                Query(f"max by (alert) ({chaos.ALERT_PREDICTED}{{{ALERT}}})", "{{alert}} predicted"),
                Query(f'max by (alert) ({chaos.ALERT_STAGE}{{{ALERT},stage="firing"}})', "{{alert}} fired"),
                Query(f'max by (alert) ({chaos.ALERT_STAGE}{{{ALERT},stage="notified"}})', "{{alert}} notified"),
            ],
            unit="s",
            width=8,
            height=9,
            absent="no run in the store has tested an alert",
        ),
        figure(
            "Firing and never proven",
            "Pages that fire now and that no chaos run has ever proven to reach anybody.",
            Query(never_tested),
            scale=NONE_IS_GOOD_SOME_WANT_A_LOOK,
            height=9,
        ),
    ]


def _stages() -> list[PanelBuilder]:
    return [
        lines(
            "1. Rules: time of an evaluation against its interval",
            "Share of its interval that each group of rules took, the ten worst. At 1 evaluations are skipped, and "
            "alerts come late.",
            [
                Query(
                    "topk(10, max by (rule_group) (prometheus_rule_group_last_duration_seconds)"
                    " / max by (rule_group) (prometheus_rule_group_interval_seconds))",
                    "{{rule_group}}",
                )
            ],
            unit="percentunit",
            scale=Scale(GOOD, ((0.8, SOON), (1, NOW))),
        ),
        lines(
            "2. Prometheus sends to Alertmanager",
            "Alerts sent, and those that were lost, per second.",
            [
                Query(
                    f"sum by (alertmanager) (rate(prometheus_notifications_sent_total{RATE}))", "sent {{alertmanager}}"
                ),
                Query(
                    f"sum by (alertmanager) (rate(prometheus_notifications_errors_total{RATE}))",
                    "failed {{alertmanager}}",
                ),
                Query(f"sum(rate(prometheus_notifications_dropped_total{RATE}))", "dropped"),
            ],
            unit="ops",
        ),
        lines(
            "3. Alertmanager has",
            "Alerts in Alertmanager: active ones are notified, suppressed ones are silenced or inhibited.",
            [Query("sum by (state) (alertmanager_alerts)", "{{state}}")],
            unit="short",
        ),
        lines(
            "4. Notifications by integration",
            "Notifications that went out, and those that a receiver did not take, per second.",
            [
                Query(
                    f"sum by (integration) (rate(alertmanager_notifications_total{RATE})) > 0", "sent: {{integration}}"
                ),
                Query(f"sum(rate(alertmanager_notifications_failed_total{RATE}))", "failed: all"),
            ],
            unit="ops",
        ),
        lines(
            "5. How long receivers take",
            "The time of a notification, mean over receivers of one kind. Slow receivers hold up those behind them.",
            [
                Query(
                    f"sum by (integration) (rate(alertmanager_notification_latency_seconds_sum{RATE}))"
                    f" / (sum by (integration) (rate(alertmanager_notification_latency_seconds_count{RATE})) > 0)",
                    "{{integration}}",
                )
            ],
            unit="s",
            absent="nothing was notified",
        ),
        lines(
            "What fires and what is silenced",
            "Alerts that fire in Prometheus, by severity, and silences in effect.",
            [
                Query('sum by (severity) (ALERTS{alertstate="firing"})', "fires: {{severity}}"),
                Query('sum(alertmanager_silences{state="active"})', "silences"),
            ],
            unit="short",
        ),
    ]

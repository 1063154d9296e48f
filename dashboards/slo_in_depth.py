"""One SLO: how fast it burns in each window against what alerts, what is left, and which chaos runs overlapped."""

from grafana_foundation_sdk.models.dashboard import Dashboard

from dashboards import chaos_series as chaos
from dashboards import identity
from dashboards.links import to_dashboard
from dashboards.overlays import firing_pages
from dashboards.panels import PanelBuilder, bars, dashed, figure, lines, states
from dashboards.queries import Query
from dashboards.scales import (
    BUDGET_LEFT,
    BURN,
    CHAOS,
    GOOD,
    LOOK,
    NOW,
    QUIET,
    SOON,
    Meaning,
    Scale,
)
from dashboards.sheet import section, sheet
from dashboards.slo_series import alert_factor, budget_left, burn, seconds_left
from dashboards.variables import one_of
from slos.rules import names
from slos.tiers import TIERS, Tier

SLO = 'slo="$slo"'
HOUR, DAY = 3600, 86_400


def build() -> Dashboard:
    dashboard = sheet(
        identity.SLO_IN_DEPTH,
        "SLOs: one in depth",
        "One SLO: every burn window beside the rate at which it alerts, its budget, its events, and the chaos runs "
        "that overlapped (purple regions).",
        tags=["slo"],
        span="6h",
        variables=[one_of("slo", "SLO", "The SLO that all panels are about.", "slo", names.INFO)],
        overlays=[firing_pages(SLO)],
        links=[to_dashboard("All SLOs", identity.SLO_OVERVIEW, "Back to every SLO")],
    )
    section(dashboard, "$slo now", _now())
    section(dashboard, "Burn windows: an alert fires while both lines are above the dashed one", _windows())
    section(dashboard, "Budget and events", _events())
    return section(dashboard, "Alerts and chaos runs", _causes()).build()


def _now() -> list[PanelBuilder]:
    return [
        figure(
            "Budget left",
            "Share of the error budget of the whole window that is left. Below 0 it is overspent.",
            Query(budget_left(SLO)),
            unit="percentunit",
            scale=BUDGET_LEFT,
            decimals=1,
        ),
        figure(
            "Gone in",
            "Time until the budget is gone if it burns on as in the last hour. Short: act now, find the cause later. "
            "Empty: nothing burns, there are no events, or the length of the window is not known here.",
            Query(seconds_left(SLO)),
            unit="s",
            scale=Scale(NOW, ((6 * HOUR, SOON), (3 * DAY, LOOK), (7 * DAY, GOOD))),
            decimals=1,
            absent="no burn, or no events",
        ),
        figure(
            "Burn rate, 5 m",
            "How many times faster than affordable the budget is spent right now. It falls first when a cure works.",
            Query(burn("5m", SLO)),
            scale=BURN,
            decimals=1,
            absent="no events",
        ),
        figure(
            "Burn rate, 1 h",
            "The same over the last hour: what pages when it is high in both.",
            Query(burn("1h", SLO)),
            scale=BURN,
            decimals=1,
            absent="no events",
        ),
        figure(
            "Objective",
            "The share of good events that was promised.",
            Query(f"max by (slo) ({names.OBJECTIVE}{{{SLO}}})"),
            unit="percentunit",
            decimals=2,
        ),
        figure(
            "Window seen",
            "Share of the SLO's window for which there is data. Little of it makes the budget swing: a few bad events "
            "weigh much in a young window.",
            Query(f"max by (slo) ({names.WINDOW_COVERAGE}{{{SLO}}})"),
            unit="percentunit",
            decimals=1,
        ),
    ]


def _windows() -> list[PanelBuilder]:
    return [_tier(tier) for tier in TIERS]


def _tier(tier: Tier) -> PanelBuilder:
    urgency = "Wakes somebody" if tier.urgency == "page" else "Files a ticket"
    title = f"{tier.name.replace('-', ' ').capitalize()}: {tier.long} and {tier.short}"
    panel = lines(
        title,
        f"{urgency} when {tier.budget_share:.0%} of the budget went within {tier.long} and it still burns in the last "
        f"{tier.short}. The dashed line is the burn rate above which it alerts; without one the tier is off, or the "
        "SLO's window has a length that the dashboard does not know.",
        [
            Query(burn(tier.long, SLO), f"{tier.long} window"),
            Query(burn(tier.short, SLO), f"{tier.short} window"),
            Query(alert_factor(tier.name, SLO), "alerts above"),
        ],
        unit="short",
        decimals=2,
        absent="no events in these windows",
    )
    colour = NOW if tier.urgency == "page" else SOON
    return panel.override_by_name("alerts above", dashed(colour))


def _events() -> list[PanelBuilder]:
    allowed = f"1 - max by (slo) ({names.OBJECTIVE}{{{SLO}}})"
    bad, everything = (f'max by (slo) ({name}{{{SLO},window="5m"}})' for name in (names.BAD_EVENTS, names.EVENTS))
    ratio = lines(
        "Error ratio over 5 m",
        "Share of events that were bad in the last 5 m, and the share that just spends the budget (dashed).",
        [Query(f"{bad} / ({everything} > 0)", "bad"), Query(allowed, "affordable")],
        unit="percentunit",
        width=8,
        absent="no events",
    ).override_by_name("affordable", dashed(SOON))
    return [
        lines(
            "Error budget left",
            "Falls while the budget burns; rises as old errors leave the window.",
            [Query(budget_left(SLO), "left")],
            unit="percentunit",
            lowest=None,
            highest=1,
            scale=Scale(NOW, ((0, GOOD),)),
            width=8,
        ),
        ratio,
        lines(
            "Events in 5 m",
            "How many events the last 5 m had, and how many of them were bad. Too few of them, and a burn rate says "
            "little: the alerts then wait for the minimum that the SLO asks for.",
            [Query(everything, "all"), Query(bad, "bad")],
            unit="short",
            width=8,
        ),
    ]


def _causes() -> list[PanelBuilder]:
    firing = f'2 * max by (alertname, tier) (ALERTS{{{SLO},alertstate="firing"}})'
    pending = f'max by (alertname, tier) (ALERTS{{{SLO},alertstate="pending"}})'
    return [
        states(
            "Alerts of this SLO",
            "Each tier that is pending or fires. A gap is quiet.",
            [Query(f"{firing} or {pending}", "{{alertname}} {{tier}}")],
            {"1": Meaning("pending", LOOK), "2": Meaning("fires", NOW)},
            absent="no alert of this SLO is pending or fires",
        ),
        states(
            "Chaos runs",
            "Runs that went on, whatever SLO they watched: does it burn because somebody broke something on purpose?",
            [Query(f"max by (experiment) ({chaos.RUNS_IN_PROGRESS})", "{{experiment}}")],
            {"0": Meaning("idle", QUIET), "1": Meaning("runs", CHAOS)},
            width=12,
            height=8,
            absent="no run is known",
        ),
        bars(
            "What the last run of each experiment cost",
            "Share of this SLO's budget that the last run of each experiment spent.",
            [Query(f"max by (experiment) ({chaos.LAST_SPENT}{{{SLO}}})", "{{experiment}}")],
            unit="percentunit",
            width=6,
            decimals=2,
            absent="no run that watched this SLO is in the store",
        ),
        bars(
            "Chaos this month",
            "Share of this SLO's budget that chaos runs have spent since the month began, what has to be assumed of "
            "runs that could not tell, and what they may spend (all of it where no allowance is set).",
            [
                Query(f"max by (slo) ({chaos.MONTH_SPENT}{{{SLO}}})", "spent"),
                Query(f"max by (slo) ({chaos.MONTH_ASSUMED}{{{SLO}}})", "assumed"),
                Query(chaos.allowance(SLO), "allowed"),
            ],
            unit="percentunit",
            width=6,
            decimals=1,
            absent="no run of this month is in the store",
        ),
    ]

"""An empty dashboard as all of ours begin: its choices, what is drawn over it, and the way to the others."""

from collections.abc import Sequence

from grafana_foundation_sdk.builders.dashboard import Dashboard, Row, TimePicker
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import (
    AnnotationQuery,
    DashboardCursorSync,
    DashboardLink,
    Panel,
    VariableModel,
)

from dashboards.identity import TAG
from dashboards.links import to_all_of_ours
from dashboards.overlays import finished_runs, runs_in_progress
from dashboards.variables import data_source

REFRESH = "30s"
REFRESHES = ["5s", "10s", "30s", "1m", "5m", "15m", "1h"]


def sheet(
    uid: str,
    title: str,
    description: str,
    *,
    tags: Sequence[str],
    span: str,
    variables: Sequence[Builder[VariableModel]] = (),
    overlays: Sequence[Builder[AnnotationQuery]] = (),
    links: Sequence[Builder[DashboardLink]] = (),
) -> Dashboard:
    """A dashboard without panels. `span` is how far back it looks at first: `6h`."""
    return (
        Dashboard(title)
        .uid(uid)
        .description(description)
        .tags([TAG, *tags])
        .time(f"now-{span}", "now")
        .refresh(REFRESH)
        .timepicker(TimePicker().refresh_intervals(REFRESHES))
        .timezone("browser")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .variables([data_source(), *variables])
        .annotations([finished_runs(), runs_in_progress(), *overlays])
        .links([*links, to_all_of_ours()])
        .readonly()
    )


def section(dashboard: Dashboard, title: str, panels: Sequence[Builder[Panel]]) -> Dashboard:
    """A heading, and panels under it from the left to the right."""
    dashboard.with_row(Row(title))
    for panel in panels:
        dashboard.with_panel(panel)
    return dashboard

"""What is drawn over every panel with a time axis: runs, and pages that fire."""

from grafana_foundation_sdk.builders.dashboard import AnnotationQuery
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.common import DataSourceRef
from grafana_foundation_sdk.models.dashboard import AnnotationTarget

from dashboards.chaos_series import RUNS_IN_PROGRESS
from dashboards.identity import TAG
from dashboards.queries import DATA_SOURCE

_GRAFANA = DataSourceRef(type_val="grafana", uid="-- Grafana --")
_RUN_COLOUR, _PAGE_COLOUR = "purple", "red"
_MOST_RUNS = 200


class _Tagged(Dataquery, Builder[Dataquery]):
    """How Grafana's own annotations are asked for: the SDK has its fields, and does not take them for a query."""

    def build(self) -> Dataquery:
        return self

    def to_json(self) -> dict[str, object]:
        return AnnotationTarget(type_val="tags", tags=[TAG], match_any=False, limit=_MOST_RUNS).to_json()


def finished_runs() -> AnnotationQuery:
    """The region that each run leaves in Grafana: verdict, and a link to its report."""
    return (
        AnnotationQuery()
        .name("Chaos runs")
        .datasource(_GRAFANA)
        .enable(True)
        .hide(False)
        .icon_color(_RUN_COLOUR)
        .target(_Tagged())
    )


def runs_in_progress() -> AnnotationQuery:
    """Runs as the exporter tells of them: those that go on, and those of a mlchaos that may not write to Grafana."""
    running = f"max by (experiment) ({RUNS_IN_PROGRESS}) > 0"
    return _from_prometheus("Chaos in progress", _RUN_COLOUR, running).title_format("Chaos run: {{experiment}}")


def firing_pages(matchers: str = "") -> AnnotationQuery:
    """Times at which an alert fires that wakes somebody. `matchers` narrow it: `slo="$slo"`."""
    wanted = ",".join(part for part in ('alertstate="firing"', 'severity="page"', matchers) if part)
    return (
        _from_prometheus("Pages firing", _PAGE_COLOUR, f"max by (alertname, slo) (ALERTS{{{wanted}}})")
        .title_format("{{alertname}} fires")
        .text_format("{{slo}}")
    )


def _from_prometheus(name: str, colour: str, expression: str) -> AnnotationQuery:
    return (
        AnnotationQuery()
        .name(name)
        .datasource(DATA_SOURCE)
        .enable(True)
        .hide(False)
        .icon_color(colour)
        .expr(expression)
        .step("5s")
    )

"""What became of the expected alerts, on a terminal: a table of stages for each, with the prediction beside them."""

from collections.abc import Iterable

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from runner.alerting.timeline import AlertPath, AlertTimeline, Evidence, StageSeen

EVIDENCE: dict[Evidence, str] = {
    "sink": "the sink, which keeps what receivers get",
    "metrics": "Alertmanager's API and counters (which do not say who got what)",
    "alertmanager": "Alertmanager's API",
    "none": "nobody",
    "ledger": "the ledger",
    "prometheus": "Prometheus",
}
_STYLES = {"proven": "green", "lost": "bold red", "unknown": "yellow"}
_NOT_SEEN = "-"


def render_alerts(path: AlertPath) -> Iterable[Text | Table | Padding]:
    """For each alert a heading and its stages; then the pages that nobody expected."""
    if path.timelines:
        yield Text(f"Alerts; notifications as seen by {EVIDENCE[path.evidence]}", style="dim")
    for timeline in path.timelines:
        yield _heading(timeline)
        yield Padding(_stages(timeline), (0, 0, 0, 2))
        if timeline.prediction:
            yield Padding(Text(f"prediction: {timeline.prediction}", style="dim"), (0, 0, 0, 2))
    for stray in path.strays:
        style = "bold red" if path.strays_forbidden else "yellow"
        yield Text(f"A page that nobody expected: {stray.alert} at {stray.receiver}", style=style)
    if path.strays_forbidden and not path.strays:
        told = f"not known ({path.strays_unknown})" if path.strays_unknown else "none"
        yield Text(f"Other pages: {told}", style="yellow" if path.strays_unknown else "")


def _heading(timeline: AlertTimeline) -> Text:
    muted = f", muted by {'an' if timeline.muted_by == 'inhibition' else 'a'} {timeline.muted_by}"
    head = f"{timeline.alert} ({timeline.severity}) to {timeline.receiver}{muted if timeline.muted_by else ''}: "
    told = timeline.outcome if timeline.lost_at is None else f"{timeline.outcome} at {timeline.lost_at}"
    reason = f", {timeline.reason}" if timeline.reason else ""
    return Text.assemble((head, "bold"), (told, _STYLES[timeline.outcome]), reason)


def _stages(timeline: AlertTimeline) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim")
    table.add_column("stage", no_wrap=True)
    table.add_column("after fault", justify="right", no_wrap=True)
    table.add_column("predicted", justify="right", no_wrap=True)
    table.add_column("seen by, and what", overflow="fold")
    for stage in timeline.stages:
        table.add_row(stage.stage, _after(timeline, stage), _predicted(timeline, stage), _seen(stage))
    return table


def _after(timeline: AlertTimeline, stage: StageSeen) -> str:
    after = timeline.after_fault(stage.stage)
    return _NOT_SEEN if after is None else f"{after:.1f} s"


def _predicted(timeline: AlertTimeline, stage: StageSeen) -> str:
    fault = timeline.at("fault")
    if stage.stage != "firing" or timeline.predicted_at is None or fault is None:
        return ""
    return f"{timeline.predicted_at - fault:.1f} s"


def _seen(stage: StageSeen) -> str:
    if stage.at is None:
        return stage.detail
    return f"{stage.evidence}{f': {stage.detail}' if stage.detail else ''}"

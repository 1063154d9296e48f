"""The summary of a run on a terminal: the verdict first, then what was broken, what it cost and how long it took."""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import TextIO

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from clients.prometheus import Known, Reading, Unknown
from probes.counters import Quantile
from runner.outcome import Outcome
from runner.phases import PhaseReading
from runner.render_alerts import render_alerts
from runner.run_summary import BrokenTarget, RunSummary, SliSummary

UNKNOWN = "unknown"
NOT_REACHED = "not reached"
MAX_WIDTH = 100
_STYLES = {Outcome.HELD: "bold green", Outcome.BREACHED: "bold red", Outcome.ERROR: "bold red"}
_OTHERWISE = "bold yellow"
_TTFT = "first token"
_LIMITS = "The limits hold for before and after; during is what the fault cost."
_LABEL_WIDTH = len("Time to recover")
_TRAILING_BLANKS = re.compile(r" +((?:\x1b\[[0-9;]*m)*)$", re.MULTILINE)


def print_summary(summary: RunSummary, file: TextIO) -> None:
    """Print to `file`; in colour only on a terminal, and never where NO_COLOR is set."""
    console = Console(file=file, highlight=False, markup=False, emoji=False)
    console.width = min(console.width, MAX_WIDTH)
    with console.capture() as captured:
        console.print()
        console.print(render(summary))
    file.write(_TRAILING_BLANKS.sub(r"\1", captured.get()))


def render(summary: RunSummary) -> RenderableType:
    """The summary, for any console."""
    parts: list[RenderableType] = [_headline(summary), Text("")]
    parts.append(_facts(_what_was_broken(summary)))
    if summary.slis and summary.broken:
        parts += [Text(""), _numbers(summary), Text(_LIMITS, style="dim"), Text("")]
    if summary.broken:
        parts += [*(alerts := tuple(render_alerts(summary.alerts))), *([Text("")] if alerts else [])]
    parts.append(_facts(_what_it_took(summary)))
    parts += [Text(f"warning: {warning}", style="yellow") for warning in summary.warnings]
    return Group(*parts)


def _headline(summary: RunSummary) -> RenderableType:
    outcome = summary.verdict.outcome
    first = Text.assemble((outcome.value.upper(), _STYLES.get(outcome, _OTHERWISE)), "  ", (summary.title, "bold"))
    return Group(first, Padding(Text(_sentence(summary.verdict.reason)), (0, 0, 0, 2)))


def _what_was_broken(summary: RunSummary) -> Iterable[tuple[str, str]]:
    if not summary.broken:
        yield "Broken", "nothing"
        return
    namespaces = sorted({one.namespace for one in summary.broken if one.namespace})
    if summary.place:
        yield "Cluster", ", ".join([summary.place, *(f"namespace {namespace}" for namespace in namespaces)])
    for one in summary.broken:
        yield "Broken" if one.certain else "Perhaps broken", _broken(one)
    if summary.time_to_ready is not None and any(one.kind == "pod" for one in summary.broken):
        replaced = ", ".join(f"{pod.name} on {pod.node or UNKNOWN}" for pod in summary.replacements)
        if replaced or isinstance(summary.time_to_ready, Unknown):
            yield "Replaced by", replaced or f"{UNKNOWN} ({_reason(summary.time_to_ready)})"


def _broken(one: BrokenTarget) -> str:
    at = datetime.fromtimestamp(one.at, UTC).strftime("%H:%M:%S UTC")
    where = f" on {one.node}" if one.node and one.kind != "node" else ""
    owner = f" ({one.workload})" if one.workload else ""
    return f"{one.kind} {one.name}{where} by {one.fault} at {at}{owner}"


def _undone(summary: RunSummary) -> str:
    stuck = [one for one in summary.broken if one.undone_at is None]
    if stuck:
        return "; ".join(f"STUCK: {one.fault} on {one.kind} {one.name}: {one.reason}" for one in stuck)
    last = max(one.undone_at - one.at for one in summary.broken if one.undone_at is not None)
    return f"all, within {last:.1f} s of the fault"


def _spent(summary: RunSummary) -> str:
    spent = ", ".join(f"{name} {100 * share:.2g}%" for name, share in summary.spent.items())
    return f"{spent} (of what a whole window allows)"


def _what_it_took(summary: RunSummary) -> Iterable[tuple[str, str]]:
    if summary.broken:
        yield "Undone", _undone(summary)
        if summary.spent:
            yield "Budget spent", _spent(summary)
        if summary.lost is not None:
            lost = summary.lost
            if isinstance(lost.failed, Known):
                yield "Requests lost", f"{_count(lost.failed)} of {_count(lost.total)}, counted by {lost.counted_by}"
            else:
                yield "Requests lost", f"{UNKNOWN} ({lost.failed.reason})"
        if summary.slis or summary.time_to_ready is not None:
            yield "Time to recover", _recovery(summary)
        yield "SLOs recovered", _slos_recovered(summary.recovered_in)
    yield "Duration", f"{summary.duration_seconds:.1f} s"
    yield "Journal", f"{summary.journal} (run {summary.run_id})"


def _recovery(summary: RunSummary) -> str:
    parts = [] if summary.time_to_ready is None else [f"replacement ready {_seconds(summary.time_to_ready)}"]
    parts += [f"{sli.name} {_back(sli.time_to_recover)}" for sli in summary.slis]
    return f"{_seconds(summary.time_to_recover)} ({', '.join(parts)})"


def _slos_recovered(recovered_in: Reading) -> str:
    if isinstance(recovered_in, Unknown):
        return f"{UNKNOWN} ({recovered_in.reason})"
    return f"{recovered_in.value:.1f} s after the undo"


def _back(time_to_recover: Reading) -> str:
    if isinstance(time_to_recover, Known) and time_to_recover.value <= 0:
        return "never left its objective"
    return _seconds(time_to_recover)


def _facts(pairs: Iterable[tuple[str, str]]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True, min_width=_LABEL_WIDTH)
    table.add_column(overflow="fold")
    for name, value in pairs:
        table.add_row(name, value)
    return table


def _numbers(summary: RunSummary) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="dim")
    table.add_column("")
    for reading in summary.slis[0].phases:
        table.add_column(reading.phase, justify="right")
    if len(summary.slis[0].phases) < 3:
        table.add_column("after", justify="right")
    for sli in summary.slis:
        for label, cell in _rows(sli):
            cells = [cell(reading) for reading in sli.phases]
            table.add_row(label, *cells, *[NOT_REACHED] * (3 - len(cells)))
    return table


def _rows(sli: SliSummary) -> Iterable[tuple[str, Callable[[PhaseReading], str]]]:
    if sli.threshold_seconds is None:
        yield "requests per second", lambda phase: _number(phase.rate)
        yield f"error ratio (<= {_percent(1 - sli.objective)})", lambda phase: _error_ratio(phase.share)
        return
    yield f"{_TTFT}, p50", lambda phase: _quantile(phase.p50)
    yield f"{_TTFT}, p99", lambda phase: _quantile(phase.p99)
    threshold = _duration(sli.threshold_seconds)
    yield (
        f"{_TTFT} within {threshold} (>= {_percent(sli.objective)})",
        lambda phase: _share(phase.share),
    )


def _error_ratio(share: Reading) -> str:
    return f"{1 - share.value:.2%}" if isinstance(share, Known) else UNKNOWN


def _share(share: Reading) -> str:
    return f"{share.value:.2%}" if isinstance(share, Known) else UNKNOWN


def _percent(share: float) -> str:
    return f"{round(100 * share, 4):g}%"


def _number(reading: Reading) -> str:
    return f"{reading.value:.1f}" if isinstance(reading, Known) else UNKNOWN


def _count(reading: Reading) -> str:
    return f"{reading.value:.0f}" if isinstance(reading, Known) else UNKNOWN


def _seconds(reading: Reading) -> str:
    return f"{reading.value:.1f} s" if isinstance(reading, Known) else UNKNOWN


def _quantile(value: Quantile | Unknown | None) -> str:
    if not isinstance(value, Quantile):
        return UNKNOWN
    return f"{'> ' if value.at_least else ''}{_duration(value.value)}"


def _duration(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"


def _reason(reading: Reading) -> str:
    return reading.reason if isinstance(reading, Unknown) else "no new pod was seen"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?", ")")) else ".")

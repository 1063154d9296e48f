"""`chaos runs show` for people."""

from collections.abc import Iterator, Sequence

from rich.console import RenderableType
from rich.text import Text

from runner.alerting.timeline import AlertTimeline
from runner.cli.runs.wording import NOTHING, STYLES, seconds, share
from runner.cli.slo.figures import exact_share, moment, printable, rate
from runner.cli.slo.tables import facts, table
from runner.runs.durations import began
from runner.runs.record import LedgerTransition, RunRecord


def show_page(record: RunRecord) -> Iterator[RenderableType]:
    """The page, part by part; parts of which nothing is known are left out."""
    yield Text.assemble(
        (record.verdict.upper(), STYLES.get(record.verdict, "")), "  ", (printable(record.title), "bold")
    )
    if record.reason:
        yield Text(f"  {printable(record.reason)}")
    yield facts([(name, printable(value)) for name, value in _general(record)])
    for part in (_faults(record), _slos(record), _alerts(record.alerts.timelines), _strays(record)):
        if part is not None:
            yield Text("")
            yield part


def _general(record: RunRecord) -> Iterator[tuple[str, str]]:
    yield "Run", record.run_id + (" (dry)" if record.dry else "")
    if record.experiment:
        yield "Experiment", record.experiment
    if record.tags:
        yield "Tags", ", ".join(record.tags)
    lasted = "" if record.ended_at is None else f", lasted {seconds(record.ended_at - record.started_at)}"
    yield "Began", f"{moment(record.started_at, seconds=True)} UTC{lasted}"
    if record.stop is not None:
        yield "Stopped", f"{record.stop.kind}: {record.stop.reason}"
    times = record.durations
    yield "Times", f"detect {seconds(times.detect)}, page {seconds(times.page)}, recover {seconds(times.recover)}"
    if record.place:
        yield "Cluster", record.place
    if record.token:
        yield "Plan", record.token
    if record.host:
        yield "From", record.host
    if record.versions:
        yield "Versions", ", ".join(f"{name} {version}" for name, version in sorted(record.versions.items()))


def _faults(record: RunRecord) -> RenderableType | None:
    """One line for each fault on a target: when it came into each state, from the first one that was in effect."""
    fault_at = began(record.transitions)
    if fault_at is None:
        return None
    of_record: dict[str, list[LedgerTransition]] = {}
    for one in record.transitions:
        of_record.setdefault(one.record, []).append(one)
    listed = table(("fault", "left"), ("target", "left"), ("states, in seconds from the fault", "left"))
    for states in of_record.values():
        told = ", ".join(f"{one.state} {one.at - fault_at:+.1f}" for one in states)
        reason = next((f": {one.reason}" for one in reversed(states) if one.reason), "")
        listed.add_row(printable(states[0].fault), printable(states[0].target), printable(told + reason))
    return listed


def _slos(record: RunRecord) -> RenderableType | None:
    names = dict.fromkeys((*(one.slo for one in record.objectives), *record.spent))
    if not names:
        return None
    objectives = {one.slo: one for one in record.objectives}
    listed = table(("SLO", "left"), ("objective", "right"), ("highest burn", "right"), ("ends the run at", "right"),
                   ("unknown", "right"), ("spent", "right"))  # fmt: skip
    for name in names:
        own = [one for one in record.samples if one.slo == name]
        burns = [one.burn for one in own if one.burn is not None]
        unknown = f"{len(own) - len(burns)} of {len(own)}" if own else NOTHING
        watched = objectives.get(name)
        objective = NOTHING if watched is None else f"{exact_share(watched.objective)} / {watched.window}"
        limit = NOTHING if watched is None else rate(watched.abort_burn)
        highest = rate(max(burns)) if burns else NOTHING
        listed.add_row(printable(name), objective, highest, limit, unknown, share(record.spent.get(name)))
    return listed


def _alerts(timelines: Sequence[AlertTimeline]) -> RenderableType | None:
    if not timelines:
        return None
    listed = table(("expected alert", "left"), ("receiver", "left"), ("outcome", "left"), ("crossed", "right"),
                   ("fired", "right"), ("notified", "right"), ("resolved", "right"))  # fmt: skip
    for one in timelines:
        outcome = f"{one.outcome} at {one.lost_at}: {one.reason}" if one.lost_at else one.outcome
        stages = (one.after_fault(stage) for stage in ("crossed", "firing", "notified", "resolved notified"))
        told = (NOTHING if after is None else f"{after:.1f}s" for after in stages)
        listed.add_row(f"{printable(one.alert)} ({one.severity})", printable(one.receiver), printable(outcome), *told)
    return listed


def _strays(record: RunRecord) -> RenderableType | None:
    if not record.alerts.strays:
        return None
    listed = table(("page that nobody expected", "left"), ("reached", "left"), ("at (UTC)", "left"))
    for page in record.alerts.strays:
        listed.add_row(printable(page.alert), printable(page.receiver), moment(page.at, seconds=True))
    return listed

"""The turns of a run, in time. Pure."""

from collections.abc import Sequence

from runner.report.model import Moments, TargetRow
from runner.runs.record import RunRecord

_OUT = ("undone", "planned")


def moments_of(record: RunRecord, targets: Sequence[TargetRow]) -> Moments:
    """When the fault went in, when all were out, when the SLOs were back, and from when to when there is something."""
    fault = _fault_at(record, targets)
    out = _out_at(targets)
    recovered = None
    if out is not None and record.durations.recover is not None:
        recovered = out + record.durations.recover
    return Moments(
        start=record.started_at,
        end=_end(record),
        zero=record.started_at if fault is None else fault,
        fault=fault,
        out=out,
        recovered=recovered,
    )


def _fault_at(record: RunRecord, targets: Sequence[TargetRow]) -> float | None:
    seen = [at for one in record.alerts.timelines if (at := one.at("fault")) is not None]
    began = [row.began_at for row in targets if row.began_at is not None]
    return min(seen or began, default=None)


def _out_at(targets: Sequence[TargetRow]) -> float | None:
    touched = [row for row in targets if row.state != "planned"]
    if not touched or any(row.state not in _OUT or row.undone_at is None for row in touched):
        return None
    return max(row.undone_at for row in touched if row.undone_at is not None)


def _end(record: RunRecord) -> float:
    if record.ended_at is not None:
        return max(record.ended_at, record.started_at)
    last = [record.started_at]
    last += [sample.at for sample in record.samples]
    last += [transition.at for transition in record.transitions]
    last += [stage.at for one in record.alerts.timelines for stage in one.stages if stage.at is not None]
    last += [stray.at for stray in record.alerts.strays]
    return max(last)

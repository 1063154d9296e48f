"""What each SLO of a run paid. Pure."""

from collections.abc import Iterable, Sequence

from runner.report.documents import PlanDocument
from runner.report.model import BudgetRow
from runner.runs.record import RunRecord, SloSample


def budget_rows(record: RunRecord, plan: PlanDocument) -> tuple[BudgetRow, ...]:
    """A row for each SLO that was watched or paid: those of which nothing is known, then the dearest."""
    watched = {one.slo: one for one in record.objectives}
    names = dict.fromkeys((*watched, *record.spent, *(sample.slo for sample in record.samples)))
    rows = []
    for name in names:
        samples = sorted((one for one in record.samples if one.slo == name), key=lambda one: one.at)
        objective = watched.get(name)
        rows.append(
            BudgetRow(
                slo=name,
                objective=objective.objective if objective else None,
                window=objective.window if objective else "",
                spent=_spent(record, name, samples),
                most=plan.most_of(name),
                worst_burn=max((one.burn for one in samples if one.burn is not None), default=None),
                abort_burn=objective.abort_burn if objective else None,
                unknown_seconds=sum(end - start for start, end in unknown_stretches(samples)),
                reason=next((one.reason for one in reversed(samples) if one.burn is None and one.reason), ""),
            )
        )
    return tuple(sorted(rows, key=_dearest_first))


def _dearest_first(row: BudgetRow) -> tuple[bool, float]:
    return row.spent is not None, -(row.used if row.used is not None else row.spent or 0.0)


def _spent(record: RunRecord, name: str, samples: Sequence[SloSample]) -> float | None:
    """What the run's end says; of a run without one, the last that was seen."""
    if name in record.spent:
        return record.spent[name]
    return next((one.spend for one in reversed(samples) if one.spend is not None), None)


def unknown_stretches(samples: Iterable[SloSample]) -> tuple[tuple[float, float], ...]:
    """From when to when nothing was known of an SLO: from its last known reading to the next known one.

    `samples` are those of one SLO, by time. A stretch that never ended goes to the last sample.
    """
    stretches: list[tuple[float, float]] = []
    known_at: float | None = None
    began: float | None = None
    last = 0.0
    for sample in samples:
        last = sample.at
        if sample.burn is not None:
            if began is not None:
                stretches.append((began, sample.at))
            known_at, began = sample.at, None
        elif began is None:
            began = sample.at if known_at is None else known_at
    if began is not None:
        stretches.append((began, last))
    return tuple(stretches)

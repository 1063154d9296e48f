"""Why nothing that was read of an SLO can be relied on: readings of another time, and readings that cannot be."""

import math
from collections.abc import Iterator

from slos.budget.recorded import Declared, Recorded, RecordedSlo
from slos.duration import format_duration
from slos.rules.intervals import SHORT_INTERVAL_SECONDS, evaluation_seconds

STALE_INTERVALS = 3
LEAST_STALE_SECONDS = 15.0
"""However often the rules are evaluated, a reading this old is not stale."""
AHEAD_SECONDS = 5.0
"""So far apart may the clocks be; a reading that is further in the future is of no time."""
ONE_EVALUATION = 1.5
"""Intervals: series that are further apart are not of one evaluation, even if the next is under way."""
ROUNDING = 1e-9
"""Relative: sums of floats differ by less."""
_DISAGREEMENT = 1e-6
"""Relative, of 1 - the budget left and the burn that it is made from: more than the digits of a recorded float."""


def doubts(one: Declared, slo: RecordedSlo, recorded: Recorded) -> list[str]:
    """Every doubt in what was read of an SLO, in words; none is none."""
    found = [f"Prometheus warns that data may be missing: {warning}" for warning in recorded.warnings]
    if slo.repeated:
        found.append(f"its {', '.join(sorted(slo.repeated))} is recorded more than once: is a rule group loaded twice?")
    found += _of_another_time(one, slo, recorded.at)
    found += _that_cannot_be(one, slo)
    return found


def stale_after(interval_seconds: float, time_scale: float) -> float:
    """The age in seconds from which a reading is not of now, by the interval of its rules at a time scale of 1."""
    return max(STALE_INTERVALS * evaluation_seconds(interval_seconds, time_scale), LEAST_STALE_SECONDS)


def is_current(read_at: float, at: float, interval_seconds: float, time_scale: float) -> bool:
    """Whether a reading is neither too old nor of the future; a time that is no number is neither."""
    return -AHEAD_SECONDS <= at - read_at <= stale_after(interval_seconds, time_scale)


def _of_another_time(one: Declared, slo: RecordedSlo, at: float) -> Iterator[str]:
    newest = slo.event_time
    if newest is not None and not is_current(newest, at, SHORT_INTERVAL_SECONDS, one.time_scale):
        yield f"its newest reading is {_when(newest, at)}"
    bad = slo.bad_event_time
    interval = ONE_EVALUATION * evaluation_seconds(SHORT_INTERVAL_SECONDS, one.time_scale)
    if newest is not None and bad is not None and not abs(newest - bad) <= interval:
        yield (
            "its bad events are of another time than its events: does one of its rules fail? (Prometheus's page of "
            "rules tells)"
        )
    long_read = slo.long_time
    if long_read is not None and not at - long_read >= -AHEAD_SECONDS:
        yield f"the newest reading of its long windows is {_when(long_read, at)}"


def _when(read_at: float, at: float) -> str:
    if not math.isfinite(read_at):
        return f"of no time ({read_at})"
    age = format_duration(max(round(abs(at - read_at)), 1))
    if read_at > at:
        return f"{age} in the future: are the clocks right?"
    return f"{age} old: does Prometheus still evaluate the rules?"


def _that_cannot_be(one: Declared, slo: RecordedSlo) -> Iterator[str]:
    info = slo.info
    if info is not None and info != 1:
        yield f"its slo:info is {info:g}, which is always 1"
    objective = slo.objective
    highest = 1 / (1 - objective) if objective is not None and 0 < objective < 1 else math.inf
    impossible = [
        f"over {window} is {rate:g}"
        for window, rate in slo.burn_rates.items()
        if not -ROUNDING <= rate <= highest * (1 + _DISAGREEMENT) or math.isinf(rate)
    ]
    if impossible:
        yield f"its burn rate {', '.join(impossible)}, which cannot be"
    for window, events in slo.events.items():
        if not 0 <= events < math.inf:
            yield f"its events in {window} are {events:g}, which cannot be"
    budget = slo.budget
    if budget is not None:
        yield from _of_the_budget(budget, one, slo)
    if slo.long_time is not None:
        coverage = slo.coverage
        if coverage is None:
            yield "how much of its window has been seen is not recorded"
        elif not 0 <= coverage <= 1 + ROUNDING:
            yield f"the share of its window that has been seen is {coverage:g}, which cannot be"


def _of_the_budget(budget: float, one: Declared, slo: RecordedSlo) -> Iterator[str]:
    if not budget <= 1 + ROUNDING or math.isinf(budget):
        yield f"its budget is {budget:g}, which cannot be"
        return
    burn = slo.burn_rates.get(one.window)
    if burn is None:
        yield f"its budget is recorded, and the burn rate over {one.window} that it is made from is not"
    elif _of_one_evaluation(one, slo) and not abs(1 - burn - budget) <= _DISAGREEMENT * max(1, abs(burn)):
        yield f"its budget left is {budget:g}, which its burn rate of {burn:g} over {one.window} does not leave"


def _of_one_evaluation(one: Declared, slo: RecordedSlo) -> bool:
    """Whether the burn rate and the budget are known to be of one evaluation, which writes the coverage after them.

    Its time is read before them and theirs after them: if all are the same, nothing was written in between.
    """
    times = {slo.burn_times.get(one.window), slo.budget_time, slo.long_time}
    return len(times) == 1 and None not in times

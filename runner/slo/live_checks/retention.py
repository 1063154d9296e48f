"""Windows that reach back further than Prometheus remembers."""

from collections.abc import Iterator, Sequence

from slos.duration import DurationError, format_duration, parse_duration, scaled
from slos.model import CalendarWindow, Slo
from slos.problems import Problem
from slos.promql.indicators import reads

_REMEDY = "keep samples longer (--storage.tsdb.retention.time), or make the window shorter"


def retention_problems(slos: Sequence[Slo], kept: str, time_scale: float) -> Iterator[Problem]:
    """`kept` is Prometheus's own text, such as `15d or 10GiB`; one without a duration limits by size only."""
    seconds = kept_seconds(kept)
    if seconds is None:
        return
    for slo in slos:
        longest = scaled(_longest_seconds(slo), time_scale)
        if longest > seconds:
            yield Problem(
                slo.place_of("window"),
                f"the window needs {format_duration(longest)} of samples, and this Prometheus keeps {kept}",
                _REMEDY,
            )
        for read in reads(slo.indicator):
            if read.selector.reach_seconds > seconds:
                yield Problem(
                    slo.place_of(read.part),
                    f"the query reaches back {format_duration(read.selector.reach_seconds)}, and this Prometheus keeps "
                    f"{kept}",
                    _REMEDY,
                )


def kept_seconds(kept: str) -> float | None:
    """The duration in a retention such as `15d or 10GiB`; None where there is none."""
    for part in kept.split(" or "):
        try:
            return parse_duration(part)
        except DurationError:
            continue
    return None


def _longest_seconds(slo: Slo) -> float:
    if isinstance(slo.window, CalendarWindow):
        from slos.rules.calendar import longest_seconds

        return longest_seconds(slo.window)
    return slo.window.seconds

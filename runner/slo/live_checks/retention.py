"""Windows that reach back further than Prometheus remembers."""

from collections.abc import Iterator, Sequence

from slos.duration import DurationError, format_duration, parse_duration, scaled
from slos.model import CalendarWindow, Slo
from slos.problems import Problem
from slos.promql.indicators import reads

_LONGER = "keep samples longer (--storage.tsdb.retention.time)"
_WINDOW_REMEDY = f"{_LONGER}, make the window shorter, or, where rules have a time scale, give it with --time-scale"
_QUERY_REMEDY = f"{_LONGER}, or let the query reach back less"


def retention_problems(slos: Sequence[Slo], kept: str, time_scale: float) -> Iterator[Problem]:
    """`kept` is Prometheus's own text, such as `15d or 10GiB`; one without a duration limits by size only.

    SLOs with windows of one length are one problem, at the place of the first, that names all of them.
    """
    seconds = kept_seconds(kept)
    if seconds is None:
        return
    too_long: dict[float, list[Slo]] = {}
    for slo in slos:
        longest = scaled(_longest_seconds(slo), time_scale)
        if longest > seconds:
            too_long.setdefault(longest, []).append(slo)
        for read in reads(slo.indicator):
            if read.selector.reach_seconds > seconds:
                yield Problem(
                    slo.place_of(read.part),
                    f"the query reaches back {format_duration(read.selector.reach_seconds)}, and this Prometheus keeps "
                    f"{kept}",
                    _QUERY_REMEDY,
                )
    for longest, found in too_long.items():
        length = f"{format_duration(longest)} of samples"
        needs = f"the window needs {length}"
        if len(found) > 1:
            needs = f"the windows of {', '.join(slo.name for slo in found)} need {length} each"
        yield Problem(
            found[0].place_of("window"),
            f"{needs}, and this Prometheus keeps {kept}",
            _WINDOW_REMEDY,
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

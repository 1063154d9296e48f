"""Samples in promtool's notation: `0+5x3` is 0 5 10 15, `_` a sample that is missing, `stale` the end of a series."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Literal

Unsampled = Literal["unsampled"]
Samples = Sequence[float | Unsampled | None]
"""One sample per interval; None where the series is gone, "unsampled" where just no sample is given."""


def values(samples: Samples) -> str:
    """The text of some samples: as arithmetic progressions, as long as they go."""
    return " ".join(_parts(samples))


def _parts(samples: Samples) -> Iterator[str]:
    at = 0
    while at < len(samples):
        first = samples[at]
        end = at + 1
        if first == "unsampled":
            yield "_"
        elif first is None:
            while end < len(samples) and samples[end] is None:
                end += 1
            yield from _missing(end - at, ended=at > 0)
        else:
            step, end = _progression(samples, at, first)
            yield f"{_number(first)}{'-' if step < 0 else '+'}{_number(abs(step))}x{end - at - 1}"
        at = end


def _progression(samples: Samples, at: int, first: float) -> tuple[float, int]:
    """The step of the longest progression from a position on, and where it ends."""
    following = samples[at + 1] if at + 1 < len(samples) else None
    if following is None or following == "unsampled":
        return 0.0, at + 1
    step, end, last = following - first, at + 2, following
    while end < len(samples):
        value = samples[end]
        if value is None or value == "unsampled" or value - last != step:
            break
        last, end = value, end + 1
    return step, end


def _missing(count: int, ended: bool) -> Iterator[str]:
    """No samples; Prometheus notes the end of a series whose target is gone."""
    if ended:
        yield "stale"
        count -= 1
    if count:
        yield f"_x{count}"


def _number(value: float) -> str:
    if value == int(value):
        return str(int(value))
    return format(Decimal(repr(value)), "f")

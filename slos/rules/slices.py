"""Slices of time: subqueries whose steps meet without gap or overlap.

The steps of a subquery stand at multiples of its step since the epoch, whenever it is evaluated. A range is closed on
both sides before Prometheus 3, so that an hour of 5 m slices, evaluated at a full hour, would hold 13 of them: one
millisecond less holds 12, in every version and at every time.
"""

from functools import lru_cache

from slos.duration import format_duration, scaled


@lru_cache(4096)
def tiled(seconds: float, slice_seconds: float, time_scale: float) -> str:
    """The range and step of a subquery over a window (declared seconds): `[59m59s999ms:5m]` for 1h in slices of 5m."""
    step = max(_milliseconds(slice_seconds, time_scale), 1)
    whole, rest = divmod(seconds, slice_seconds)
    # Made of the rounded step, so that a time scale that divides no slice evenly changes no number of slices.
    length = int(whole) * step if not rest else _milliseconds(seconds, time_scale)
    return f"[{format_duration(max(length - 1, 1) / 1000)}:{format_duration(step / 1000)}]"


def _milliseconds(seconds: float, time_scale: float) -> int:
    return round(scaled(seconds, time_scale) * 1000)

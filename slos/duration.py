"""Durations as Prometheus writes them: `5m`, `1h30m`, `30d`."""

import re
from fractions import Fraction
from functools import lru_cache

_UNITS_MS = {
    "y": 365 * 86_400_000,
    "w": 7 * 86_400_000,
    "d": 86_400_000,
    "h": 3_600_000,
    "m": 60_000,
    "s": 1000,
    "ms": 1,
}
_PATTERN = re.compile(r"(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?", re.ASCII)
_DIGITS = re.compile(r"\d{16}")
_LONGEST_YEARS = 100
"""Prometheus counts nanoseconds in 64 bits, which hold 292 years."""
_LABEL_UNITS = ("d", "h", "m", "s", "ms")


class DurationError(ValueError):
    """A text that is no duration: what is wrong, and what to write instead."""


def parse_duration(text: str) -> float:
    """Seconds of a Prometheus duration such as `1h30m`; units y w d h m s ms, each once, from the largest down.

    Raises DurationError for anything else, for a duration of nothing, and for more than a hundred years.
    """
    match = _PATTERN.fullmatch(text)
    if match is None or not any(match.groups()):
        raise DurationError(f"{text!r} is no duration: write it like 30s, 5m, 1h30m or 28d")
    if _DIGITS.search(text):
        raise DurationError(
            f"a duration of {len(text)} characters: write one of at most {_LONGEST_YEARS}y, such as 28d"
        )
    milliseconds = sum(int(n) * unit for n, unit in zip(match.groups(default="0"), _UNITS_MS.values(), strict=True))
    if milliseconds == 0:
        raise DurationError(f"{text!r} is a duration of nothing: write it like 30s, 5m, 1h30m or 28d")
    if milliseconds > _LONGEST_YEARS * _UNITS_MS["y"]:
        raise DurationError(f"{text} is longer than {_LONGEST_YEARS}y: write a shorter one, such as 28d")
    return milliseconds / 1000


@lru_cache(4096)
def format_duration(seconds: float) -> str:
    """The Prometheus duration of that many seconds, to the millisecond: 300 -> 5m, 5400 -> 1h30m, 604800 -> 7d.

    Raises ValueError below one millisecond.
    """
    milliseconds = round(seconds * 1000)
    if milliseconds < 1:
        raise ValueError(f"no duration below 1 ms: {seconds} s")
    parts = []
    for unit in _LABEL_UNITS:
        count, milliseconds = divmod(milliseconds, _UNITS_MS[unit])
        if count:
            parts.append(f"{count}{unit}")
    return "".join(parts)


@lru_cache(4096)
def scaled(seconds: float, time_scale: float) -> float:
    """Seconds of a declared window where time runs `time_scale` times as fast: 300 at 60 are 5, exact to 1 ms."""
    return float(round(Fraction(seconds) * 1000 / Fraction(time_scale))) / 1000

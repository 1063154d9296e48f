"""Spans of time as kubectl writes them: 45s, 3m12s, 5h, 2d."""

from datetime import UTC, datetime

_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def age(timestamp: str | None) -> str:
    """The time since `timestamp` (RFC 3339)."""
    return between(timestamp, None) if timestamp else "<unknown>"


def between(start: str, end: str | None) -> str:
    """The time from `start` to `end`, or to now."""
    until = datetime.fromisoformat(end) if end else datetime.now(UTC)
    return human(int((until - datetime.fromisoformat(start)).total_seconds()))


def human(seconds: int) -> str:
    """`seconds` in at most two units, the coarser the longer."""
    if seconds < 0:
        return "0s"
    if seconds < 2 * _MINUTE:
        return f"{seconds}s"
    if seconds < 10 * _MINUTE:
        return _two(seconds, _MINUTE, "m", 1, "s")
    if seconds < 3 * _HOUR:
        return f"{seconds // _MINUTE}m"
    if seconds < 8 * _HOUR:
        return _two(seconds, _HOUR, "h", _MINUTE, "m")
    if seconds < 2 * _DAY:
        return f"{seconds // _HOUR}h"
    if seconds < 8 * _DAY:
        return _two(seconds, _DAY, "d", _HOUR, "h")
    return f"{seconds // _DAY}d"


def _two(seconds: int, coarse: int, coarse_unit: str, fine: int, fine_unit: str) -> str:
    rest = seconds % coarse // fine
    return f"{seconds // coarse}{coarse_unit}" + (f"{rest}{fine_unit}" if rest else "")

"""Times as Kubernetes writes them: RFC 3339 in UTC, to the second, the microsecond or the nanosecond."""

import time


def rfc3339(seconds: float | None = None) -> str:
    """`2026-01-31T12:00:00Z` of a Unix time (now if None)."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def rfc3339_micro() -> str:
    """Now, to the microsecond, as Leases and Events carry it."""
    return f"{_prefix(now := time.time_ns())}.{now % 1_000_000_000 // 1000:06d}Z"


def rfc3339_nano(nanoseconds: int) -> str:
    """A Unix time in nanoseconds, always with nine digits, so that comparing the texts compares the times."""
    return f"{_prefix(nanoseconds)}.{nanoseconds % 1_000_000_000:09d}Z"


def _prefix(nanoseconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(nanoseconds // 1_000_000_000))

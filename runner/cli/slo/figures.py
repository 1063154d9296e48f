"""How shares, spans of time, times and counts are written for people."""

from datetime import UTC, datetime

_UNITS = (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1))


def share(value: float | None, digits: int = 1) -> str:
    """A ratio as percent; what is not known is said to be unknown."""
    return "unknown" if value is None else f"{value:.{digits}%}"


def part(value: float) -> str:
    """A ratio as percent that is 0% or 100% only if it is: what is there is never rounded away."""
    if 0 < value < 0.0005:
        return "less than 0.1%"
    return "more than 99.9%" if 0.9995 <= value < 1 else f"{value:.1%}"


def counted(number: int, what: str) -> str:
    """So many of something: `1 SLO`, `2 SLOs`."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def exact_share(value: float) -> str:
    """A declared ratio as percent with just the digits that it has: 0.9995 -> 99.95%."""
    return f"{round(100 * value, 6):.10g}%"


def span(seconds: float) -> str:
    """A length of time in its two largest units: 2h10m, 28d, 45s."""
    if seconds < 10 and seconds != round(seconds):
        return f"{seconds:.1f}s"
    rest = round(seconds)
    if rest >= 3600:
        rest = round(rest / 60) * 60
    parts = []
    for name, unit in _UNITS:
        count, rest = divmod(rest, unit)
        if count:
            parts.append(f"{count}{name}")
    return "".join(parts[:2]) or "0s"


def moment(at: float, seconds: bool = False) -> str:
    """A time in UTC, to the minute or to the second."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")


def events(value: float) -> str:
    """A number of events: those that Prometheus extrapolates are not whole."""
    return f"{value:,.0f}" if value >= 10 or value == round(value) else f"{value:,.1f}"


def rate(value: float | None) -> str:
    """A burn rate."""
    return "unknown" if value is None else f"{value:.3g}" if value < 1000 else f"{value:,.0f}"


def printable(text: str, kept: str = "") -> str:
    """Text from elsewhere without the characters that would steer a terminal, but for those `kept`."""
    return "".join(one if one.isprintable() or one in kept else "\N{REPLACEMENT CHARACTER}" for one in text)

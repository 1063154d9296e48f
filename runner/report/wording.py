"""How times, spans, shares and burn rates are written in a report. Pure."""

import math
from datetime import UTC, datetime

UNKNOWN = "unknown"
_MINUS = "\N{MINUS SIGN}"


def moment(at: float) -> str:
    """A time, to the second: `2026-11-22 19:26:54 UTC`."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def clock(at: float) -> str:
    """A time of day, to the tenth of a second."""
    tenths = math.floor(at * 10)
    return f"{datetime.fromtimestamp(tenths // 10, UTC):%H:%M:%S}.{tenths % 10}"


def span(seconds: float) -> str:
    """A length of time: `0.42 s`, `8.3 s`, `2 min 5 s`, `1 h 2 min`, `3 d 4 h`."""
    if seconds < 0:
        return f"{_MINUS}{span(-seconds)}"
    if seconds == 0:
        return "0 s"
    if seconds < 0.995:
        return f"{seconds:.2f} s" if seconds >= 0.005 else "less than 0.01 s"
    if seconds < 99.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for size, smaller in ((3600, 60), (86_400, 3600)):
        whole = round(whole / smaller) * smaller if whole >= size - smaller / 2 else whole
    parts = [(whole // 86_400, "d"), (whole // 3600 % 24, "h"), (whole // 60 % 60, "min"), (whole % 60, "s")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number)


def limit(seconds: float) -> str:
    """A length of time that somebody declared: `90 s`, `2 min`, without decimals that were never written."""
    return f"{round(seconds, 3):g} s" if seconds < 120 else span(seconds)


def offset(seconds: float) -> str:
    """Time before or after something: `+8.3 s`, `−2.0 s`, `0 s`."""
    if seconds == 0:
        return "0 s"
    return f"{_MINUS if seconds < 0 else '+'}{span(abs(seconds))}"


def percent(share: float) -> str:
    """A ratio in percent, to two digits; what is there is never rounded to nothing."""
    if share == 0:
        return "0%"
    if 0 < share < 0.00001:
        return "less than 0.001%"
    digits = 0 if abs(share) >= 0.0995 else max(1 - math.floor(math.log10(abs(share) * 100)), 0)
    text = f"{share * 100:,.{digits}f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text}%"


def good_share(share: float) -> str:
    """The share of good events; 100% only if it is all of them, and as many nines as there are."""
    if share >= 1:
        return "100%"
    bad = max(1 - share, 1e-9)
    digits = 1 if bad >= 0.1 else min(1 - math.floor(math.log10(bad * 100)), 7)
    text = f"{max(share, 0.0) * 100:.{digits}f}"
    if text.startswith("100"):
        return "over 99.99999%"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text}%"


def objective(share: float) -> str:
    """A declared ratio in percent with just the digits that it has: 0.9995 is `99.95%`."""
    return f"{round(100 * share, 6):.10g}%"


def window(name: str) -> str:
    """A declared window in words: `28d` is `28 days`."""
    units = {"d": "day", "h": "hour", "m": "minute", "w": "week"}
    number, unit = name[:-1], units.get(name[-1:])
    if unit is None or not number.isdecimal():
        return name
    return f"{number} {unit}{'' if number == '1' else 's'}"


def burn(rate: float) -> str:
    """A burn rate."""
    return f"{rate:.3g}" if rate < 1000 else f"{rate:,.0f}"


def count(number: float) -> str:
    """A number of events or things."""
    return f"{number:,.0f}" if number >= 10 or number == round(number) else f"{number:,.1f}"


def counted(number: int, what: str) -> str:
    """So many of something: `1 target`, `40 targets`."""
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def sentence(text: str) -> str:
    """With a capital letter and a full stop."""
    return text[:1].upper() + text[1:] + ("" if not text or text.endswith((".", "?", "!", ":")) else ".")

"""Kubernetes quantities ("100m", "16Gi") as whole numbers of thousandths."""

import re
from functools import lru_cache

_SHAPE = re.compile(r"([+-]?)(\d*)(?:\.(\d*))?([eE][+-]?\d+)?([numkMGTPE]|[KMGTPE]i)?")
_DECIMAL = {"n": 1, "u": 10**3, "m": 10**6, "": 10**9} | {s: 10 ** (12 + 3 * i) for i, s in enumerate("kMGTPE")}
_BINARY = {f"{s}i": 10**9 * 1024 ** (i + 1) for i, s in enumerate("KMGTPE")}
_NANOS = _DECIMAL | _BINARY
_NANOS_PER_MILLI = 10**6


@lru_cache(maxsize=4096)
def milli(quantity: str | int | float) -> int:
    """Thousandths of the unit, rounded up as Kubernetes rounds: milli("100m") is 100, milli("1Ki") is 1024000."""
    found = _SHAPE.fullmatch(str(quantity).strip())
    if found is None or not (found[2] or found[3]) or (found[4] and found[5]):
        raise ValueError(f"not a Kubernetes quantity: {quantity!r}")
    sign, whole, fraction = int(found[1] + "1"), found[2], found[3] or ""
    power = int(found[4][1:]) if found[4] else 0
    numerator: int = sign * int(whole + fraction) * _NANOS[found[5] or ""] * 10 ** max(0, power)
    denominator: int = _NANOS_PER_MILLI * 10 ** (len(fraction) + max(0, -power))
    return -(-numerator // denominator)

"""Numbers that may be given as a percentage (maxSurge, maxUnavailable, minAvailable)."""


def resolve(value: int | str, total: int, *, up: bool) -> int:
    """`value` itself, or, given as "25%", that share of `total`, rounded up or down."""
    if isinstance(value, str) and value.endswith("%"):
        share = int(value[:-1]) * total
        return -(-share // 100) if up else share // 100
    return int(value)

"""When a burn-rate alert fires, by its formula (SRE workbook, chapter 5): tests compare alerts with it."""

import math


def seconds_to_fire(factor: float, objective: float, long_seconds: float, error_ratio: float) -> float:
    """How long a constant error ratio after health takes to fire a tier: factor (1 - objective) long / error ratio.

    Infinite when the error ratio is too low for it to fire at all.
    """
    threshold = factor * (1 - objective)
    return long_seconds * threshold / error_ratio if error_ratio > threshold else math.inf

"""How often the rules of an SLO are evaluated."""

from slos.duration import scaled
from slos.tiers import MINUTE, SLICE_SECONDS

SHORT_INTERVAL_SECONDS = 30.0
LONG_INTERVAL_SECONDS = 2 * MINUTE
"""Below the 5 m after which Prometheus takes a series for gone."""
MINIMUM_INTERVAL_SECONDS = 1.0
MAXIMUM_TIME_SCALE = SLICE_SECONDS / MINIMUM_INTERVAL_SECONDS
"""Beyond it, slices would be shorter than the time between two evaluations."""


def evaluation_seconds(interval_seconds: float, time_scale: float) -> float:
    """How often a group is really evaluated: its interval divided by the time scale, but at least 1 s."""
    return max(scaled(interval_seconds, time_scale), MINIMUM_INTERVAL_SECONDS)

"""For how long a run waits for its alerts. Pure."""

from runner.alerting.expectation import Expectation
from runner.alerting.sightings import Sightings
from runner.alerting.stages import FaultTimes, look_back


def wanted_until(expectation: Expectation, sightings: Sightings, times: FaultTimes) -> float | None:
    """Until when (since the epoch) the faults must stay in for this alert; None when they need not any more.

    An alert that is to be muted is waited for until its whole time is over: only then has nobody been told.
    """
    seen = look_back(expectation, sightings, times)
    if seen.before:
        return None
    if seen.firing_at is None:
        return times.effective_at + expectation.fires_within
    if expectation.muted_by is None and (seen.notified_at is not None or seen.doubt):
        return None
    return seen.firing_at + expectation.notified_within


def quiet_until(expectation: Expectation, sightings: Sightings, times: FaultTimes) -> float | None:
    """Until when (since the epoch) its end is waited for; None when it need not be (any more)."""
    seen = look_back(expectation, sightings, times)
    if expectation.resolves_within is None or times.recovered_at is None or seen.before or seen.firing_at is None:
        return None
    if seen.resolved_at is None:
        return times.recovered_at + expectation.resolves_within
    if seen.notified_at is None or seen.end_notified_at is not None or expectation.muted_by is not None:
        return None
    return seen.resolved_at + expectation.notified_within

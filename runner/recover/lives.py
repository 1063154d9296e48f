"""Which runs live, told by whether their heartbeats change while we watch: no two clocks need to agree. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from actions.ledger.record import Heartbeat


@dataclass(frozen=True, slots=True)
class Life:
    """What is known of a run: its last sign of life (None: there is none), and since when we have seen that very one.

    `since` is by our own monotonic clock. `beating` says that we have seen the heartbeat change.
    """

    beat: Heartbeat | None
    since: float
    beating: bool = False

    def silent_for(self, monotonic: float) -> float:
        """Seconds for which nothing has changed before our eyes."""
        return monotonic - self.since

    def now(self, monotonic: float, here: float) -> float:
        """The time by the clock of the run's own machine, which set the expiry of its faults; ours, if it is not known.

        Seconds since the epoch.
        """
        return here if self.beat is None else self.beat.at + self.silent_for(monotonic)


def watch(
    before: Mapping[str, Life], beats: Iterable[Heartbeat], runs: Iterable[str], monotonic: float
) -> dict[str, Life]:
    """What is known after another look: of every run that beats, and of `runs`, which have left something behind."""
    seen = {beat.run: beat for beat in beats}
    return {run: _after(before.get(run), seen.get(run), monotonic) for run in {*seen, *runs}}


def _after(before: Life | None, beat: Heartbeat | None, monotonic: float) -> Life:
    if before is None:
        return Life(beat, monotonic)
    same = before.beat.version if before.beat else None, beat.version if beat else None
    if same[0] == same[1]:
        return before
    return Life(beat, monotonic, beating=beat is not None)

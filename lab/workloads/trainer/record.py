"""The run's account: how far it got, what failures cost it. Pure arithmetic on an immutable record.

Rank 0 keeps it, and writes it to the store several times a second and into every checkpoint, so that the account goes
on after the loss of any rank, of rank 0 itself, or of all.

- Lost steps: the last step reached minus the step restored.
- Recovery: from the last step before the failure to the first one after it, in wall time.
- Productive time: the duration of the steps whose number was reached for the first time. A step that is done again
  after a restore is not productive, so that every step counts once, and the counter never has to go back.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Claim:
    """How far a rank says it came: the last step it did, in which epoch, and when (Unix time; 0 for none)."""

    epoch: int
    step: int
    step_at: float


@dataclass(frozen=True, slots=True)
class RunRecord:
    """The account of a run; times are Unix seconds, 0 where there is none yet.

    `step` is the last step done, in `epoch`, at `step_at`. `furthest_step` is the highest ever done.
    `recovering_since` is the time of the last step before a failure that has not been recovered from, or 0.
    """

    started_at: float
    epoch: int = 0
    step: int = 0
    step_at: float = 0.0
    furthest_step: int = 0
    productive_seconds: float = 0.0
    lost_steps: int = 0
    last_lost_steps: int = 0
    recoveries: int = 0
    last_recovery_seconds: float = 0.0
    recovering_since: float = 0.0
    restarts: Mapping[str, int] = field(default_factory=dict)

    def as_document(self) -> dict[str, Any]:
        """The record as JSON values."""
        return {**asdict(self), "restarts": dict(self.restarts)}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        """The record that `as_document` made; KeyError or TypeError if it is none."""
        return cls(**{name: document[name] for name in cls.__dataclass_fields__})

    def claim(self) -> Claim:
        """What this record knows of the last step."""
        return Claim(self.epoch, self.step, self.step_at)

    def stepped(self, step: int, now: float, seconds: float) -> Self:
        """The record after `step`, which took `seconds`, was done at `now`."""
        is_first_time = step > self.furthest_step
        recovered = self.recovering_since > 0
        return replace(
            self,
            step=step,
            step_at=now,
            furthest_step=max(step, self.furthest_step),
            productive_seconds=self.productive_seconds + (seconds if is_first_time else 0.0),
            recoveries=self.recoveries + recovered,
            last_recovery_seconds=max(0.0, now - self.recovering_since) if recovered else self.last_recovery_seconds,
            recovering_since=0.0,
        )

    def restored(self, step: int, epoch: int, claims: Iterable[Claim]) -> Self:
        """The record after the ranks of `epoch` have gone back to `step`; `claims` are the ranks' own last steps.

        A claim from before this record's epoch tells of steps that have been written off already.
        """
        valid = [self.claim(), *(claim for claim in claims if claim.epoch >= self.epoch)]
        reached = max(claim.step for claim in valid)
        reached_at = max(claim.step_at for claim in valid)
        if reached == 0:
            return replace(self, epoch=epoch)
        lost = max(0, reached - step)
        return replace(
            self,
            epoch=epoch,
            step=step,
            step_at=reached_at,
            furthest_step=max(self.furthest_step, reached),
            lost_steps=self.lost_steps + lost,
            last_lost_steps=lost if self.recovering_since == 0 else self.last_lost_steps + lost,
            recovering_since=self.recovering_since or reached_at,
        )

    def restarted(self, reason: str) -> Self:
        """The record after a restart for `reason`."""
        return replace(self, restarts={**self.restarts, reason: self.restarts.get(reason, 0) + 1})


def newer(one: RunRecord | None, other: RunRecord | None) -> RunRecord | None:
    """The record that knows more: the one of the later epoch, then of the later step."""
    known = [record for record in (one, other) if record is not None]
    return max(known, key=lambda record: (record.epoch, record.step_at), default=None)

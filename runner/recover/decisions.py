"""What to do about a record, from what is known of its run. Pure: times are given, nothing is asked."""

from dataclasses import dataclass
from typing import Literal

from actions.ledger.record import DEAD_AFTER_SECONDS, VERIFY_AGAIN_SECONDS, Record
from runner.recover.lives import Life

Doing = Literal["undo", "verify", "watch", "later", "rest", "leave"]
"""What to do about a record.

`undo` it; `verify`: look once more whether it is gone, and forget it; `watch`: whether its run lives is not known yet;
`later`: it is undone, and too early for the second look; `rest`: it is stuck, and was tried a moment ago; `leave` it to
its run.
"""


@dataclass(frozen=True, slots=True)
class Rules:
    """How long is long enough, in seconds."""

    dead_after: float = DEAD_AFTER_SECONDS
    """A run whose heartbeat does not change for so long is dead."""
    verify_after: float = VERIFY_AGAIN_SECONDS
    """After so long no request of a dead run is in flight any more."""
    long_ago: float = 300.0
    """An undo that was longer ago by another machine's clock was long enough ago by any clock."""
    stuck_again: float = 60.0
    """How often a fault that is stuck is tried again."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What to recover: expired faults, those of one run, or all; the latter two whether their run lives or not."""

    run: str = ""
    all: bool = False

    def forces(self, record: Record) -> bool:
        """Is it asked for by name?"""
        return self.all or (bool(self.run) and record.run == self.run)

    def covers(self, run: str) -> bool:
        """Is anything of this run looked at?"""
        return not self.run or run == self.run


@dataclass(frozen=True, slots=True)
class Moment:
    """Now: seconds since the epoch by our clock, and by our monotonic one."""

    here: float
    monotonic: float


@dataclass(frozen=True, slots=True)
class Seen:
    """What we remember of a record, by our monotonic clock: when we first saw it undone, and when we last tried it."""

    undone_since: float | None = None
    stuck_since: float | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do about a record, and why. `within`: seconds after which there may be something else to do."""

    record: Record
    doing: Doing
    why: str
    within: float = 0.0


def is_dead(life: Life, rules: Rules, moment: Moment) -> bool:
    """Has the run been silent for so long that it cannot come back? (One that lives stops itself well before that.)"""
    return life.silent_for(moment.monotonic) >= rules.dead_after


def decide(record: Record, life: Life, seen: Seen, scope: Scope, rules: Rules, moment: Moment) -> Decision:
    """What to do about `record` now."""
    if record.state == "undone":
        return _about_undone(record, life, seen, rules, moment)
    why = _reason_to_undo(record, life, scope, rules, moment)
    if why and record.state == "stuck" and seen.stuck_since is not None:
        left = rules.stuck_again - (moment.monotonic - seen.stuck_since)
        if left > 0:
            return Decision(record, "rest", "stuck", left)
    if why:
        return Decision(record, "undo", why)
    if life.beating:
        left = record.expires_at - life.now(moment.monotonic, moment.here)
        return Decision(record, "leave", f"its run lives; expires in {left:.0f} s", left)
    return _watch(record, life, rules, moment)


def _reason_to_undo(record: Record, life: Life, scope: Scope, rules: Rules, moment: Moment) -> str:
    """Why it has to come out; empty while it may stay."""
    if scope.forces(record):
        return "asked for"
    over = life.now(moment.monotonic, moment.here) - record.expires_at
    if over >= 0:
        return f"expired {over:.0f} s ago"
    if not is_dead(life, rules, moment):
        return ""
    if life.beat is None:
        return "its run has no heartbeat"
    return f"its run has been silent for {life.silent_for(moment.monotonic):.0f} s or more"


def _about_undone(record: Record, life: Life, seen: Seen, rules: Rules, moment: Moment) -> Decision:
    if life.beating and not is_dead(life, rules, moment):
        return Decision(record, "leave", "undone; its run lives and removes it at its end")
    if not is_dead(life, rules, moment):
        return _watch(record, life, rules, moment)
    if moment.here - record.changed_at >= rules.long_ago:
        return Decision(record, "verify", "undone long ago")
    for_now = 0.0 if seen.undone_since is None else moment.monotonic - seen.undone_since
    if for_now >= rules.verify_after:
        return Decision(record, "verify", f"undone {for_now:.0f} s ago")
    return Decision(record, "later", "a request that was in flight may still land", rules.verify_after - for_now)


def _watch(record: Record, life: Life, rules: Rules, moment: Moment) -> Decision:
    left = rules.dead_after - life.silent_for(moment.monotonic)
    return Decision(record, "watch", "it is not known yet whether its run lives", left)

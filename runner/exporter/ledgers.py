"""Reading every ledger that can be reached, again and again."""

from collections.abc import Callable, Mapping, Sequence

from actions.fault import known_faults
from actions.ledger.open import reachable_ledgers
from actions.ledger.record import DEAD_AFTER_SECONDS, Heartbeat
from actions.ledger.store import Ledger, LedgerError
from actions.ledger.takeover import Clock
from runner.exporter.faults import LedgerState, fault_values
from runner.exporter.values import Value
from runner.recover.lives import Life, watch

REOPEN_AFTER_SECONDS = 10.0
"""How often a ledger that was not there is looked for."""

Open = Callable[[], tuple[list[Ledger], list[LedgerError]]]


class Ledgers:
    """Every ledger that this process can reach. Not for several threads."""

    def __init__(self, open_ledgers: Open = reachable_ledgers, clock: Clock | None = None) -> None:
        self._open = open_ledgers
        self._clock = clock or Clock()
        self._ledgers: dict[str, Ledger] = {}
        self._opened_at: float | None = None
        self._lives: dict[str, Mapping[str, Life]] = {}
        self._known: tuple[str, ...] = ()

    def look(self) -> Sequence[Value]:
        """What the ledgers say now. Raises LedgerError where one of them cannot be read: a part is not the whole."""
        self._known = self._known or known_faults()
        try:
            self._find()
            states = [self._state(place, ledger) for place, ledger in self._ledgers.items()]
        except LedgerError:
            self.close()  # credentials that were renewed, a file that was put elsewhere: begin anew
            raise
        return tuple(fault_values(states, self._known, self._clock.now()))

    def close(self) -> None:
        """Let go of connections; the next look opens them again."""
        for ledger in self._ledgers.values():
            ledger.close()
        self._ledgers.clear()
        self._opened_at = None

    def _find(self) -> None:
        now = self._clock.monotonic()
        if self._opened_at is not None and now - self._opened_at < REOPEN_AFTER_SECONDS:
            return
        ledgers, problems = self._open()
        for ledger in ledgers:
            if ledger.place in self._ledgers:
                ledger.close()
            else:
                self._ledgers[ledger.place] = ledger
        if problems:
            raise problems[0]
        self._opened_at = now

    def _state(self, place: str, ledger: Ledger) -> LedgerState:
        contents = ledger.contents()
        beats = ledger.heartbeats()
        now = self._clock.monotonic()
        lives = self._lives[place] = watch(self._lives.get(place, {}), beats, (), now)
        return LedgerState(
            records=contents.records,
            unreadable=len(contents.problems),
            alive=frozenset(beat.run for beat in beats if self._lives_now(lives[beat.run], beat, now)),
            halted=ledger.halted() is not None,
        )

    def _lives_now(self, life: Life, beat: Heartbeat, now: float) -> bool:
        """Whether the heartbeat changes before our eyes; one that we have just met is believed if it looks fresh."""
        if life.silent_for(now) >= DEAD_AFTER_SECONDS:
            return False
        return life.beating or self._clock.now() - beat.at < DEAD_AFTER_SECONDS

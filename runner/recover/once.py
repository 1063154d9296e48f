"""One recovery from beginning to end, as `chaos recover` does it: until nothing is left that it could do."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from actions.ledger.record import Record
from actions.ledger.store import LedgerError, TransientLedgerError
from actions.ledger.takeover import Clock
from runner.recover.decisions import Decision, Scope
from runner.recover.outcomes import Outcome
from runner.recover.recovery import Recovery, Survey

LOOK_EVERY_SECONDS = 0.25
PATIENCE_SECONDS = 15.0
"""How long a ledger that does not answer is asked again."""
MOST_TRIES = 3
"""How often the same is tried for one record or one run within one recovery."""


@dataclass(slots=True)
class Report:
    """What was found and done. `left` are the last decisions about what is still in the ledgers."""

    outcomes: list[Outcome] = field(default_factory=list)
    left: dict[str, list[Decision]] = field(default_factory=dict)
    """By ledger."""
    problems: list[str] = field(default_factory=list)

    @property
    def stuck(self) -> list[Record]:
        """The faults that need a person: what we could not take out, and what others could not and we did not try."""
        last = {outcome.record.id: outcome for outcome in self.outcomes}
        ours = {one.record.id: one.record for one in last.values() if one.result == "stuck"}
        found = [one.record for decisions in self.left.values() for one in decisions]
        return list((ours | {one.id: one for one in found if one.state == "stuck"}).values())

    @property
    def unseen(self) -> list[str]:
        """What could not be looked at: there may be faults behind it."""
        last = {outcome.record.id: outcome for outcome in self.outcomes}
        failed = [outcome.problem for outcome in last.values() if outcome.result == "failed"]
        return [*self.problems, *failed, *self._unwritten(last)]

    def _unwritten(self, last: Mapping[str, Outcome]) -> Iterator[str]:
        """What is out by our own eyes, and in by a ledger that does not let itself be written."""
        for place, decisions in self.left.items():
            for one in decisions:
                outcome = last.get(one.record.id)
                if one.doing == "undo" and outcome is not None and outcome.result == "undone":
                    yield (
                        f"{place} does not take it that {one.record.fault} on {one.record.target} is undone, and has "
                        f"it as {one.record.state}; when it can be written, run: chaos recover"
                    )


class RecoverOnce:
    """Recovers the ledgers side by side. With `dry` it only finds out what there would be to do.

    `verify`: wait for the time at which each undone fault can be looked at once more and forgotten.
    """

    def __init__(
        self,
        recoveries: Sequence[Recovery],
        scope: Scope,
        tell: Callable[[Outcome], None],
        progress: Callable[[str], None],
        *,
        dry: bool = False,
        verify: bool = True,
        clock: Clock | None = None,
    ) -> None:
        self._recoveries = list(recoveries)
        self._scope = scope
        self._tell = tell
        self._progress = progress
        self._dry = dry
        self._verify = verify
        self._clock = clock or Clock()
        self._report = Report()
        self._tries: Counter[str] = Counter()
        self._unanswered: dict[str, float] = {}
        self._told: set[str] = set()

    def run(self) -> Report:
        """Do it. Ctrl-C passes through: what is not done is done by whoever comes next."""
        open_ones = self._recoveries
        while open_ones:
            open_ones = [recovery for recovery in open_ones if self._step(recovery)]
            if open_ones:
                self._clock.sleep(LOOK_EVERY_SECONDS)
        return self._report

    def _step(self, recovery: Recovery) -> bool:
        """One look at one ledger; is there more to come?"""
        if not recovery.wait(LOOK_EVERY_SECONDS):
            return True  # what is being done now would only be found half done
        place = recovery.ledger.place
        try:
            survey = recovery.look(self._scope)
        except TransientLedgerError as error:
            since = self._unanswered.setdefault(place, self._clock.monotonic())
            if self._clock.monotonic() - since < PATIENCE_SECONDS:
                self._say(f"{place} does not answer; asking again for up to {PATIENCE_SECONDS:g} s")
                return True
            self._report.problems.append(str(error))
            return False
        except LedgerError as error:
            self._report.problems.append(str(error))
            return False
        self._unanswered.pop(place, None)
        self._report.left[place] = list(survey.decisions)
        for problem in survey.problems:
            if problem not in self._report.problems:
                self._report.problems.append(problem)
        if self._dry:
            return self._waits(survey, verify=False)
        due = self._due(survey)
        recovery.start(due, self._done)
        return bool(due.decisions or due.ended) or self._waits(survey, verify=self._verify)

    def _due(self, survey: Survey) -> Survey:
        """What to do of what there is: nothing is tried for ever."""
        decisions = [
            one
            for one in survey.decisions
            if one.doing in ("undo", "verify") and self._tries[one.record.id] < MOST_TRIES
        ]
        ended = [run for run in survey.ended if self._tries[f"run {run}"] < MOST_TRIES]
        self._tries.update(f"run {run}" for run in ended)
        return Survey(tuple(decisions), tuple(ended), survey.unsure, survey.problems)

    def _waits(self, survey: Survey, *, verify: bool) -> bool:
        """Will more be known or due soon?"""
        watched = [one for one in survey.decisions if one.doing == "watch"]
        if watched or survey.unsure:
            runs = {*(one.record.run for one in watched), *survey.unsure}
            self._say(f"watching for up to 5 s whether {', '.join(sorted(runs))} still lives")
            return True
        later = [one for one in survey.decisions if one.doing == "later"]
        if verify and later:
            self._say(
                f"undone; looking once more in {max(one.within for one in later):.0f} s, since a request of a dead run "
                "may still land (Ctrl-C leaves that to the reaper, or the next chaos recover)"
            )
            return True
        return False

    def _done(self, outcome: Outcome) -> None:
        self._report.outcomes.append(outcome)
        # An undone one is counted too: it comes up again where the ledger does not take it.
        self._tries[outcome.record.id] += MOST_TRIES if outcome.result == "stuck" else 1
        self._tell(outcome)

    def _say(self, text: str) -> None:
        kind = text.partition(" ")[0]
        if kind not in self._told:
            self._told.add(kind)
            self._progress(text)

"""Sets of made-up experiments, and children that end as a test wants them to, without a process."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runner.smoke.children import Children, Ended
from runner.smoke.order import SetResult, SetRun
from runner.smoke.outcome import Result
from runner.smoke.suite import Member, Suite


def member(name: str, *slos: str, max_spend: float = 0.02, **defaults: str) -> Member:
    return Member(
        f"serving/{name}", Path(f"{name}.yaml"), name.title(), slos or ("llm-availability",), max_spend, defaults
    )


def suite(*members: Member, max_spend: float = 0.1, within: float = 180.0) -> Suite:
    return Suite("A set", max_spend, within, members)


FAULT = {"fault": "pods.kill", "kind": "pod", "namespace": "ml-serving", "name": "llm-0", "record": "r-1"}


def ours(verdict: str = "held", *, stuck: bool = False, faults: int = 1, **spent: float) -> dict[str, Any]:
    """What the guard writes into a journal."""
    fault = {**FAULT, "undone_at": None if stuck else 12.0, "reason": "no answer" if stuck else ""}
    return {
        "run_id": "20261122T163800Z-ab12cd",
        "verdict": verdict,
        "reason": f"it is {verdict}",
        "faults": [fault] * faults,
        "error_budget_spent": {name.replace("_", "-"): share for name, share in spent.items()},
        "slos_recovered_seconds": 0.2,
        "warnings": [],
    }


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


class Played(Children):
    """Children that write the journals of a script, by the experiment's file: one entry for each try.

    An entry is what the guard writes, or None for a run that dies; a callable is called first and gives the entry.
    """

    def __init__(self, script: Mapping[str, Sequence[Any]], clock: Clock, recover_status: int = 0) -> None:
        super().__init__(lambda _text: None)
        self._script = {name: list(entries) for name, entries in script.items()}
        self._clock = clock
        self._recover_status = recover_status
        self.environments: dict[str, Mapping[str, str]] = {}
        self.commands: list[str] = []

    def pause(self, seconds: float) -> None:
        self._clock.now += seconds

    def run(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        output: Path,
        seconds: float,
        *,
        what: str,
        whatever_happens: bool = False,
    ) -> Ended:
        self._clock.now += 10.0
        output.write_text(f"\x1b[32mprinted by\x1b[0m {what}")
        self.commands.append(" ".join(arguments[:1]))
        if arguments[0] == "recover":
            return Ended(self._recover_status, 1.0, False)
        name = Path(arguments[-1]).stem
        self.environments[name] = environment
        entry = self._script[name].pop(0)
        entry = entry() if callable(entry) else entry
        if entry is None:
            return Ended(-9, 10.0, False)
        Path(arguments[2]).write_text(json.dumps({"mlchaos": entry}))
        return Ended(0, 10.0, seconds < 10.0)


@dataclass
class Heard:
    """Keeps what it is told."""

    begun: list[tuple[str, float]] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)

    def begins(self, number: int, member: Member, allowed: float) -> None:
        self.begun.append((member.path.stem, allowed))

    def again(self, result: Result, seconds: float) -> None:
        self.repeated.append(result.member.path.stem)

    def ended(self, result: Result) -> None:
        self.results.append(result)


@dataclass
class Stage:
    """A set, what came of it, and what was seen meanwhile."""

    done: SetResult
    children: Played
    heard: Heard

    @property
    def verdicts(self) -> list[str]:
        return [result.verdict for result in self.done.results]


def play(
    directory: Path,
    played: Suite,
    script: Mapping[str, Sequence[Any]],
    environment: Mapping[str, str] | None = None,
    recover_status: int = 0,
) -> Stage:
    clock, heard = Clock(), Heard()
    children = Played(script, clock, recover_status)
    done = SetRun(played, children, environment or {}, directory, heard, clock).run("a lab")
    return Stage(done, children, heard)

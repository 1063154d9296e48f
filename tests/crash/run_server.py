"""Runs `chaos` commands that die at a chosen moment, in forks of one process that has imported everything once.

    python -m tests.crash.run_server

Reads one JSON request a line: {"arguments": [...], "environment": {...}, "log": PATH, "die": null | {"call", "when",
"nth", "signal"}}. Answers with lines of JSON: {"pid": N} when the fork runs, {"open": true} when its run has told the
ledger that it lives, {"exit": CODE} when it has ended (negative: the signal that ended it).
"""

import importlib
import inspect
import json
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

STORES = ("actions.ledger.in_cluster", "actions.ledger.in_file")
LEDGER_CALLS = ("add", "move", "remove", "end")
FAULT_CALLS = ("inject", "undo")
FAMILIES = ("pods", "network", "certificates", "nodes", "gpus", "alerts")


def _warm_up() -> None:
    for name in ("chaostoolkit.cli", "kubernetes", "requests", "rich.table", "runner.guard", *STORES):
        importlib.import_module(name)
    for family in FAMILIES:
        importlib.import_module(f"actions.{family}")


def _stores() -> list[type]:
    found = []
    for name in STORES:
        module = importlib.import_module(name)
        found += [
            it
            for it in vars(module).values()
            if inspect.isclass(it) and it.__module__ == name and all(hasattr(it, call) for call in LEDGER_CALLS)
        ]
    return found


def _faults() -> list[type]:
    from actions.fault import Fault

    def below(parent: type) -> list[type]:
        children: list[type] = parent.__subclasses__()
        return [it for child in children for it in (child, *below(child))]

    return below(Fault)


class _Death:
    """Kills this process before or after the nth of one kind of call."""

    def __init__(self, call: str, when: str, nth: int, number: int) -> None:
        self._call, self._when, self._nth, self._number = call, when, nth, number
        self._seen = 0

    def arm(self) -> None:
        name, _, state = self._call.partition(":")
        for owner in _faults() if name in FAULT_CALLS else _stores():
            if name in vars(owner):
                setattr(owner, name, self._deadly(vars(owner)[name], state))

    def _deadly(self, function: Callable[..., Any], state: str) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            counts = not state or getattr(arguments[1], "state", "") == state
            self._seen += counts
            hit = counts and self._seen == self._nth
            if hit and self._when == "before":
                os.kill(os.getpid(), self._number)
            answer = function(*arguments, **named)
            if hit and self._when == "after":
                os.kill(os.getpid(), self._number)
            return answer

        return call


def _tell_when_open(events: int) -> None:
    for owner in _stores():
        beat = owner.beat  # type: ignore[attr-defined]

        def told(*arguments: Any, _beat: Callable[..., Any] = beat, _said: list[bool] = [], **named: Any) -> Any:  # noqa: B006
            answer = _beat(*arguments, **named)
            if not _said:
                _said.append(True)
                os.write(events, b'{"open": true}\n')
            return answer

        owner.beat = told  # type: ignore[attr-defined]


def _child(request: dict[str, Any], events: int) -> None:
    log = os.open(request["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.environ.update(request["environment"])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _tell_when_open(events)
    if request["die"] is not None:
        die = request["die"]
        _Death(die["call"], die["when"], die["nth"], signal.Signals[die["signal"]]).arm()
    from chaostoolkit.cli import cli

    cli(["--no-version-check", "--no-log-file", *request["arguments"]], standalone_mode=True)


def _serve(request: dict[str, Any]) -> None:
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        try:
            _child(request, writing)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
    os.close(writing)
    _say({"pid": pid})
    with os.fdopen(reading) as events:
        for line in events:
            _say(json.loads(line))
    _, status = os.waitpid(pid, 0)
    _say({"exit": os.waitstatus_to_exitcode(status)})


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Serve until standard input ends."""
    _warm_up()
    _say({"ready": True})
    for line in sys.stdin:
        _serve(json.loads(line))


if __name__ == "__main__":
    main()

"""The real `chaos` program with the tests' own fault family, in forks of one process that has imported it all once.

    python -m tests.guard.chaos

Reads one JSON request a line: {"arguments": [...], "environment": {...}, "directory": PATH}. Standard output and error
of the fork go into the files `stdout` and `stderr` there. Answers with {"pid": N} and, at its end, {"exit": STATUS}.
"""

import importlib
import json
import os
import signal
import sys
from typing import Any

USED = (
    "tests.guard.faults_by_name",
    "chaostoolkit.cli",
    "prometheus_api_client",
    "requests",
    "rich.table",
    "runner.guard",
    "runner.measure",
    "runner.render",
    "actions.ledger.in_file",
    "alembic.command",
    "runner.store.after_run",
    "runner.store.opening",
    "runner.store.migrating",
    "runner.store.spools",
)


def main() -> None:
    """Serve until standard input ends."""
    for name in USED:
        importlib.import_module(name)
    for line in sys.stdin:
        request = json.loads(line)
        pid = os.fork()
        if pid == 0:
            run(request)
        _say({"pid": pid})
        _, status = os.waitpid(pid, 0)
        _say({"exit": os.waitstatus_to_exitcode(status)})


def run(request: dict[str, Any]) -> None:
    """In a fork: run it, and never come back."""
    os.chdir(request["directory"])
    for descriptor, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644), descriptor)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.update(request["environment"])
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    from chaostoolkit.cli import cli

    cli(["--no-version-check", "run", *request["arguments"]], standalone_mode=True)


def _say(answer: dict[str, int]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

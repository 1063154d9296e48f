"""The engine core's process: `python -m lab.workloads.llm.engine_core`, a child of the API server.

It reads requests from standard input and writes a report after each step to standard output. It has no network, no
logs and no metrics of its own: the API server speaks for it. Stopping this process (SIGSTOP) stops generation while
the API server goes on answering, as with the engine process of vLLM.
"""

import ctypes
import json
import os
import select
import signal
import sys
import time
from dataclasses import asdict, dataclass, field

from lab.workloads.llm.engine import Engine, StepCost
from lab.workloads.llm.model import NgramModel, corpus_paragraphs
from lab.workloads.llm.protocol import Abort, Ready, Submit, decode, encode, encode_report
from lab.workloads.llm.scheduler import EngineLimits

_PR_SET_PDEATHSIG = 1
_CHUNK = 65536


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """What the API server tells its engine at start."""

    limits: EngineLimits = field(default_factory=EngineLimits)
    cost: StepCost = field(default_factory=StepCost)

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "EngineSettings":
        fields = json.loads(text)
        return cls(limits=EngineLimits(**fields["limits"]), cost=StepCost(**fields["cost"]))


class Inbox:
    """Messages from a file descriptor, waited for or not."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._rest = b""

    def receive(self, *, wait: bool) -> list[Submit | Abort]:
        """The messages that have come; EOFError when the other side is gone."""
        messages: list[Submit | Abort] = []
        while select.select([self._descriptor], [], [], None if wait and not messages else 0)[0]:
            chunk = os.read(self._descriptor, _CHUNK)
            if not chunk:
                raise EOFError
            *lines, self._rest = (self._rest + chunk).split(b"\n")
            messages += [message for line in lines if isinstance(message := decode(line), Submit | Abort)]
        return messages


def run(engine: Engine, inbox: Inbox, output: int) -> None:
    """Step for as long as there is work, wait when there is none; returns when the API server is gone."""
    while True:
        try:
            engine.handle(inbox.receive(wait=engine.idle))
        except EOFError:
            return
        if engine.idle:  # what came was the abort of the last request
            _write(output, encode_report(engine.standing()))
            continue
        started_at = time.monotonic()
        step_seconds = engine.begin_step()
        report = engine.finish_step(started_at)
        time.sleep(max(0.0, started_at + step_seconds - time.monotonic()))
        _write(output, encode_report(report))


def _write(descriptor: int, line: bytes) -> None:
    while line:
        line = line[os.write(descriptor, line) :]


def main() -> None:
    """Serve the parent process until it closes the pipe."""
    # Even when it dies without a word, or while this process is stopped.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    # A signal to the whole group is the API server's to answer: it drains first.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    settings = EngineSettings.from_json(sys.argv[1])
    model = NgramModel(corpus_paragraphs())
    output = sys.stdout.fileno()
    _write(output, encode(Ready(vocabulary=len(model.vocabulary), max_model_len=settings.limits.max_model_len)))
    run(Engine(model, settings.limits, settings.cost), Inbox(sys.stdin.fileno()), output)


if __name__ == "__main__":
    main()

"""What the API server and the engine core say to each other: one JSON document per line, in both directions.

To the engine: Submit and Abort. From the engine: one Ready, then a StepReport after each step. Times are seconds of
CLOCK_MONOTONIC, which both processes read from the same clock.
"""

import json
from dataclasses import dataclass
from typing import Any

STOP, LENGTH, ABORT = "stop", "length", "abort"
FINISH_REASONS = (STOP, LENGTH, ABORT)


@dataclass(frozen=True, slots=True)
class Submit:
    """Start generating after `prompt`."""

    id: str
    prompt: list[str]
    max_tokens: int
    temperature: float
    seed: int
    ignore_eos: bool
    arrived_at: float


@dataclass(frozen=True, slots=True)
class Abort:
    """Stop generating for a request whose client has gone."""

    id: str


@dataclass(frozen=True, slots=True)
class Ready:
    """The model is built and the engine takes requests."""

    vocabulary: int
    max_model_len: int


@dataclass(frozen=True, slots=True)
class Token:
    """One token of one request; `queued_seconds` comes with the first, `finish_reason` with the last."""

    id: str
    text: str
    finish_reason: str | None = None
    queued_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class StepReport:
    """What a step produced (nothing, when there was only an abort to handle) and how the engine stands after it."""

    tokens: list[Token]
    prompt_tokens: int  # computed in this step, again after a preemption
    num_running: int
    num_waiting: int
    kv_cache_usage: float
    preempted: int


def encode(message: Submit | Abort | Ready) -> bytes:
    """One line for a message."""
    fields = {name: getattr(message, name) for name in message.__slots__}
    return json.dumps({type(message).__name__: fields}).encode() + b"\n"


def encode_report(report: StepReport) -> bytes:
    """One line for a report; positional, since there are hundreds in a second."""
    tokens = [[token.id, token.text, token.finish_reason, token.queued_seconds] for token in report.tokens]
    fields = [
        tokens,
        report.prompt_tokens,
        report.num_running,
        report.num_waiting,
        report.kv_cache_usage,
        report.preempted,
    ]
    return json.dumps({"StepReport": fields}).encode() + b"\n"


def decode(line: bytes) -> Submit | Abort | Ready | StepReport:
    """The message of one line."""
    ((kind, fields),) = json.loads(line).items()
    if kind == "StepReport":
        return _report(fields)
    return _KINDS[kind](**fields)


_KINDS: dict[str, type[Submit] | type[Abort] | type[Ready]] = {"Submit": Submit, "Abort": Abort, "Ready": Ready}


def _report(fields: list[Any]) -> StepReport:
    tokens, *rest = fields
    return StepReport([Token(*token) for token in tokens], *rest)

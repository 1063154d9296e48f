"""The API server's side of the engine: starts its process, hands it requests, and hears of its end."""

import asyncio
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from uuid import uuid4

from lab.workloads.llm.engine_core import EngineSettings
from lab.workloads.llm.metrics import LlmMetrics
from lab.workloads.llm.parameters import Sampling
from lab.workloads.llm.protocol import Abort, Ready, StepReport, Submit, Token, decode, encode

_LINE_LIMIT = 1 << 20


class EngineDiedError(Exception):
    """The engine's process has ended."""


@dataclass(slots=True)
class _Request:
    arrived_at: float
    tokens: "asyncio.Queue[Token | None]" = field(default_factory=asyncio.Queue)  # None: the engine died
    received: int = 0
    first_at: float = 0.0
    last_at: float = 0.0


class EngineClient:
    """One engine process and the requests that it works on."""

    def __init__(self, process: Process, ready: Ready, metrics: LlmMetrics) -> None:
        self.ready = ready
        self._process = process
        self._metrics = metrics
        self._requests: dict[str, _Request] = {}
        self._numbers = count()
        self._prefix = uuid4().hex[:8]
        self._watching = asyncio.create_task(self._watch())

    @property
    def pid(self) -> int:
        return self._process.pid

    async def died(self) -> None:
        """Wait for the end of the engine and raise EngineDiedError."""
        await asyncio.shield(self._watching)

    async def _watch(self) -> None:
        """Pass tokens on to their requests until the engine ends."""
        try:
            while True:
                message = decode(await _line(self._process))
                if isinstance(message, StepReport):
                    self._deliver(message, time.monotonic())
        finally:
            for request in self._requests.values():
                request.tokens.put_nowait(None)

    async def generate(self, prompt: list[str], sampling: Sampling) -> AsyncGenerator[Token, None]:
        """The tokens of one answer as they are made; leaving the iteration aborts the request."""
        request_id = f"{self._prefix}-{next(self._numbers)}"
        request = _Request(arrived_at=time.monotonic())
        self._requests[request_id] = request
        self._send(
            Submit(
                id=request_id,
                prompt=prompt,
                max_tokens=sampling.max_tokens,
                temperature=sampling.temperature,
                seed=sampling.seed,
                ignore_eos=sampling.ignore_eos,
                arrived_at=request.arrived_at,
            )
        )
        finished = False
        try:
            while not finished:
                token = await request.tokens.get()
                if token is None:
                    raise EngineDiedError("the engine ended in the middle of an answer")
                finished = token.finish_reason is not None
                yield token
        finally:
            del self._requests[request_id]
            if not finished:
                self._metrics.aborted()
                self._send(Abort(request_id))

    def _send(self, message: Submit | Abort) -> None:
        stdin = self._process.stdin
        if stdin is None or stdin.is_closing():
            return  # the engine is dead: watch() says so
        stdin.write(encode(message))

    async def close(self) -> None:
        """Stop listening to the engine."""
        self._watching.cancel()
        await asyncio.gather(self._watching, return_exceptions=True)

    def _deliver(self, report: StepReport, now: float) -> None:
        self._metrics.step(report)
        for token in report.tokens:
            request = self._requests.get(token.id)
            if request is None:
                continue  # aborted while the step ran
            self._measure(request, token, now)
            request.tokens.put_nowait(token)

    def _measure(self, request: _Request, token: Token, now: float) -> None:
        request.received += 1
        if token.queued_seconds is not None:
            self._metrics.queued(token.queued_seconds)
        if request.received == 1:
            request.first_at = now
            self._metrics.first_token(now - request.arrived_at)
        else:
            self._metrics.next_token(now - request.last_at)
        request.last_at = now
        if token.finish_reason is not None:
            self._metrics.finished(
                token.finish_reason,
                total_seconds=now - request.arrived_at,
                decode_seconds=now - request.first_at,
                tokens=request.received,
            )


@asynccontextmanager
async def running_engine(settings: EngineSettings, metrics: LlmMetrics) -> AsyncIterator[EngineClient]:
    """An engine process that ends with the block, at the latest by SIGKILL (which also ends a stopped process)."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "lab.workloads.llm.engine_core",
        settings.to_json(),
        stdin=PIPE,
        stdout=PIPE,
        limit=_LINE_LIMIT,
    )
    try:
        ready = decode(await _line(process))
        if not isinstance(ready, Ready):
            raise EngineDiedError(f"the engine began with {ready!r}")
        client = EngineClient(process, ready, metrics)
        try:
            yield client
        finally:
            await client.close()
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def _line(process: Process) -> bytes:
    line = await process.stdout.readline() if process.stdout is not None else b""
    if not line:
        raise EngineDiedError(f"the engine's process ended with {await process.wait()}")
    return line

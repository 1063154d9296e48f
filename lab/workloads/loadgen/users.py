"""The users: each request is one of them, with a deadline and an opinion of how it went."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import aiohttp

from lab.workloads.loadgen.connections import Connections
from lab.workloads.loadgen.metrics import LLM, RANKER, LoadMetrics, Outcome

_CHAT, _INFER = "/v1/chat/completions", "/v2/models/ranker/infer"
_NO_LIMIT = aiohttp.ClientTimeout(total=None, sock_connect=None)  # the deadline is the only limit
_OPENING_POLL_SECONDS, _OPENING_ANSWER_SECONDS = 0.2, 1.0

Send = Callable[[dict[str, Any]], Awaitable[bool]]


class Users:
    """Sends requests through the gateway and records what came of them."""

    def __init__(self, connections: Connections, server_name: str, metrics: LoadMetrics) -> None:
        self._connections = connections
        self._server_name = server_name
        self._metrics = metrics

    async def wait_for_opening(self, patience_seconds: float) -> bool:
        """Wait until the gateway answers: users come when a service has opened. False when patience ended first."""
        deadline = time.monotonic() + patience_seconds
        while not await self._is_open():
            if time.monotonic() > deadline:
                return False
            await asyncio.sleep(_OPENING_POLL_SECONDS)
        return True

    async def _is_open(self) -> bool:
        limit = aiohttp.ClientTimeout(total=_OPENING_ANSWER_SECONDS)
        try:
            async with (
                self._connections.session() as session,
                session.get("/healthz", server_hostname=self._server_name, timeout=limit) as response,
            ):
                return response.status == 200
        except (aiohttp.ClientError, OSError):
            return False

    async def chat(self, times: Iterator[float], bodies: Iterator[dict[str, Any]], deadline: float) -> None:
        """Send chat completions at the given times, for ever."""
        await self._open_loop(LLM, times, bodies, deadline, self._chat_once)

    async def infer(self, times: Iterator[float], bodies: Iterator[dict[str, Any]], deadline: float) -> None:
        """Send inference requests at the given times, for ever."""
        await self._open_loop(RANKER, times, bodies, deadline, self._infer_once)

    async def _open_loop(
        self, target: str, times: Iterator[float], bodies: Iterator[dict[str, Any]], deadline: float, send: Send
    ) -> None:
        began = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for at, body in zip(times, bodies, strict=False):
                await asyncio.sleep(began + at - time.monotonic())
                group.create_task(self._one(target, send, body, deadline))

    async def _one(self, target: str, send: Send, body: dict[str, Any], deadline: float) -> None:
        began = time.perf_counter()
        with self._metrics.in_flight.labels(target).track_inprogress():
            try:
                async with asyncio.timeout(deadline):
                    outcome = Outcome.OK if await send(body) else Outcome.ERROR
            except (aiohttp.ClientError, OSError, ValueError) as error:  # TimeoutError is an OSError
                outcome = outcome_of(error)
                if isinstance(error, aiohttp.ClientConnectorSSLError | aiohttp.ClientConnectorCertificateError):
                    self._metrics.handshake_failed(target)
        self._metrics.ended(target, outcome, time.perf_counter() - began)

    async def _chat_once(self, body: dict[str, Any]) -> bool:
        """True when the whole answer came."""
        began, previous, complete = time.perf_counter(), 0.0, False
        async with (
            self._connections.session() as session,
            session.post(_CHAT, json=body, server_hostname=self._server_name, timeout=_NO_LIMIT) as response,
        ):
            if response.status != 200:
                return False
            async for data in sse_events(response.content.iter_any()):
                if data == b"[DONE]":
                    complete = previous > 0
                    continue  # to the end of the body: whoever hangs up here is counted as one that left early
                if not has_token(data):
                    continue
                now = time.perf_counter()
                if previous:
                    self._metrics.next_token(now - previous)
                else:
                    self._metrics.first_token(now - began)
                previous = now
        return complete

    async def _infer_once(self, body: dict[str, Any]) -> bool:
        """True when there is a score for every item."""
        async with (
            self._connections.session() as session,
            session.post(_INFER, json=body, server_hostname=self._server_name, timeout=_NO_LIMIT) as response,
        ):
            if response.status != 200:
                return False
            return score_count(await response.read()) == len(body["inputs"][1]["data"])


def outcome_of(error: Exception) -> Outcome:
    """What an exception means to the user."""
    if isinstance(error, TimeoutError):
        return Outcome.TIMEOUT
    if isinstance(error, aiohttp.ClientConnectorError) and isinstance(error.os_error, ConnectionRefusedError):
        return Outcome.REFUSED
    return Outcome.ERROR


async def sse_events(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The data of each server-sent event, however the bytes were cut on their way."""
    rest = b""
    async for piece in pieces:
        *events, rest = (rest + piece).split(b"\n\n")
        for event in events:
            yield event.removeprefix(b"data: ")


def has_token(data: bytes) -> bool:
    """Whether an event of a chat stream carries text; ValueError when it is not such an event."""
    try:
        choices = json.loads(data)["choices"]
        return bool(choices and choices[0]["delta"].get("content"))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a chunk of a chat completion: {data[:80]!r}") from error


def score_count(body: bytes) -> int:
    """How many scores an inference response has; ValueError when it is not one."""
    try:
        return len(json.loads(body)["outputs"][0]["data"])
    except (KeyError, TypeError, IndexError) as error:
        raise ValueError(f"not an inference response: {body[:80]!r}") from error

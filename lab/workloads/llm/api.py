"""The HTTP API of the model server: the OpenAI routes that a gateway and its users call."""

import json
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from aiohttp import web
from prometheus_client import CollectorRegistry

from lab.workloads.http_metrics import HttpMetrics, instrument, metrics_handler
from lab.workloads.llm.engine_client import EngineClient, EngineDiedError
from lab.workloads.llm.parameters import (
    BadRequestError,
    GenerationRequest,
    UnknownModelError,
    parse_chat,
    parse_completion,
)
from lab.workloads.llm.protocol import Token

COMPLETIONS, CHAT_COMPLETIONS, MODELS = "/v1/completions", "/v1/chat/completions", "/v1/models"
# As with vLLM, requests about the server itself are not counted.
_UNCOUNTED = frozenset({"/health", "/metrics"})
_DONE = b"data: [DONE]\n\n"


@dataclass(frozen=True, slots=True)
class AnswerShape:
    """How one of the two APIs words its answers."""

    id_prefix: str
    kind: str
    chunk_kind: str
    chunk_choice: Callable[[str], dict[str, Any]]
    choice: Callable[[str], dict[str, Any]]
    opening: dict[str, Any] | None  # the choice of a chunk before the first token


COMPLETION_SHAPE = AnswerShape(
    id_prefix="cmpl",
    kind="text_completion",
    chunk_kind="text_completion",
    chunk_choice=lambda text: {"text": text},
    choice=lambda text: {"text": text},
    opening=None,
)
CHAT_SHAPE = AnswerShape(
    id_prefix="chatcmpl",
    kind="chat.completion",
    chunk_kind="chat.completion.chunk",
    chunk_choice=lambda text: {"delta": {"content": text}},
    choice=lambda text: {"message": {"role": "assistant", "content": text}},
    opening={"delta": {"role": "assistant", "content": ""}},
)


class LlmApi:
    """Answers requests with the tokens of an engine."""

    def __init__(self, engine: EngineClient, model: str, max_model_len: int) -> None:
        self._engine = engine
        self._model = model
        self._max_model_len = max_model_len
        self._started = int(time.time())

    def application(self, registry: CollectorRegistry) -> web.Application:
        """The routes, counted in `registry`."""
        http = HttpMetrics(registry)
        http.expect(COMPLETIONS, "POST")
        http.expect(CHAT_COMPLETIONS, "POST")
        app = web.Application(middlewares=[instrument(http, exclude=_UNCOUNTED)])
        app.add_routes(
            [
                web.post(COMPLETIONS, self._route(parse_completion, COMPLETION_SHAPE)),
                web.post(CHAT_COMPLETIONS, self._route(parse_chat, CHAT_SHAPE)),
                web.get(MODELS, self._models),
                web.get("/health", self._health),
                web.get("/metrics", metrics_handler(registry)),
            ]
        )
        return app

    async def _health(self, _request: web.Request) -> web.Response:
        # Says that this process answers, and no more: an engine that hangs looks healthy here, as it does in vLLM.
        return web.Response()

    async def _models(self, _request: web.Request) -> web.Response:
        model = {
            "id": self._model,
            "object": "model",
            "created": self._started,
            "owned_by": "mlchaos",
            "max_model_len": self._max_model_len,
        }
        return web.json_response({"object": "list", "data": [model]})

    def _route(
        self, parse: Callable[[bytes, str, int], GenerationRequest], shape: AnswerShape
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                wanted = parse(await request.read(), self._model, self._max_model_len)
            except BadRequestError as error:
                return _error(error)
            answer = _Answer(shape, self._model, len(wanted.prompt))
            if wanted.stream:
                return await self._stream(request, wanted, answer)
            return await self._whole(wanted, answer)

        return handle

    async def _whole(self, wanted: GenerationRequest, answer: "_Answer") -> web.Response:
        texts: list[str] = []
        reason = None
        try:
            async with aclosing(self._engine.generate(wanted.prompt, wanted.sampling)) as tokens:
                async for token in tokens:
                    texts.append(token.text)
                    reason = token.finish_reason
        except EngineDiedError as error:
            return _server_error(str(error))
        return web.json_response(answer.whole("".join(texts), reason, len(texts)))

    async def _stream(self, request: web.Request, wanted: GenerationRequest, answer: "_Answer") -> web.StreamResponse:
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-cache"}
        )
        response.enable_chunked_encoding()
        await response.prepare(request)
        sent = 0
        try:
            async with aclosing(self._engine.generate(wanted.prompt, wanted.sampling)) as tokens:
                async for token in tokens:
                    sent += 1
                    await response.write(answer.chunk(token, first=sent == 1))
        except EngineDiedError:
            # The headers said 200: only a connection that breaks tells the client that this is not the whole answer.
            if request.transport is not None:
                request.transport.abort()
            return response
        tail = answer.usage_chunk(sent) + _DONE if wanted.include_usage else _DONE
        await response.write(tail)
        await response.write_eof()
        return response


class _Answer:
    """The documents of one answer."""

    def __init__(self, shape: AnswerShape, model: str, prompt_tokens: int) -> None:
        self._shape = shape
        self._prompt_tokens = prompt_tokens
        self._head = {"id": f"{shape.id_prefix}-{uuid4().hex}", "created": int(time.time()), "model": model}
        # What all chunks have in common is rendered once: there are hundreds of them in a second.
        common = json.dumps({**self._head, "object": shape.chunk_kind})
        self._before_part = f'data: {common[:-1]}, "choices": [{{"index": 0, '

    def whole(self, text: str, reason: str | None, tokens: int) -> dict[str, Any]:
        choice = {"index": 0, **self._shape.choice(text), "logprobs": None, "finish_reason": reason}
        return {**self._head, "object": self._shape.kind, "choices": [choice], "usage": self._usage(tokens)}

    def chunk(self, token: Token, *, first: bool) -> bytes:
        opening = self._shape.opening
        before = self._event(opening, None) if first and opening is not None else b""
        return before + self._event(self._shape.chunk_choice(token.text), token.finish_reason)

    def usage_chunk(self, tokens: int) -> bytes:
        document = {**self._head, "object": self._shape.chunk_kind, "choices": [], "usage": self._usage(tokens)}
        return f"data: {json.dumps(document)}\n\n".encode()

    def _event(self, part: dict[str, Any], reason: str | None) -> bytes:
        text = json.dumps(part)[1:-1]
        after = f', "logprobs": null, "finish_reason": {json.dumps(reason)}}}]}}'
        return f"{self._before_part}{text}{after}\n\n".encode()

    def _usage(self, tokens: int) -> dict[str, int]:
        return {
            "prompt_tokens": self._prompt_tokens,
            "completion_tokens": tokens,
            "total_tokens": self._prompt_tokens + tokens,
        }


def _error(error: BadRequestError) -> web.Response:
    status, kind = (404, "NotFoundError") if isinstance(error, UnknownModelError) else (400, "BadRequestError")
    return _error_response(status, kind, str(error), error.param)


def _server_error(message: str) -> web.Response:
    return _error_response(500, "InternalServerError", message, None)


def _error_response(status: int, kind: str, message: str, param: str | None) -> web.Response:
    document = {"error": {"message": message, "type": kind, "param": param, "code": status}}
    return web.json_response(document, status=status)

"""Reading the bodies of OpenAI-style requests: pure, and strict about what this server cannot do."""

import json
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from lab.workloads.llm.tokens import tokenize

DEFAULT_COMPLETION_TOKENS = 16  # OpenAI's default for /v1/completions
# Parameters of the API that would change the answer if they were honoured, with the value that asks for nothing.
_UNSUPPORTED: dict[str, tuple[Any, ...]] = {
    "n": (None, 1),
    "best_of": (None, 1),
    "stop": (None, [], ""),
    "logprobs": (None, False),
    "echo": (None, False),
    "suffix": (None, ""),
    "tools": (None, []),
}
_ROLES = ("system", "developer", "user", "assistant")


class BadRequestError(Exception):
    """The request cannot be served; the message says why and `param` where."""

    def __init__(self, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.param = param


class UnknownModelError(BadRequestError):
    """The request is for a model that this server does not have."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How an answer is drawn."""

    max_tokens: int
    temperature: float
    seed: int
    ignore_eos: bool


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """One request, checked."""

    prompt: list[str]
    sampling: Sampling
    stream: bool
    include_usage: bool


def parse_completion(body: bytes, model: str, max_model_len: int) -> GenerationRequest:
    """The request in the body of POST /v1/completions."""
    fields = _fields(body, model)
    prompt = fields.get("prompt")
    if not isinstance(prompt, str):
        raise BadRequestError("prompt must be a string", "prompt")
    return _request(fields, prompt, max_model_len, default_tokens=DEFAULT_COMPLETION_TOKENS)


def parse_chat(body: bytes, model: str, max_model_len: int) -> GenerationRequest:
    """The request in the body of POST /v1/chat/completions."""
    fields = _fields(body, model)
    messages = fields.get("messages")
    if not isinstance(messages, list) or not messages:
        raise BadRequestError("messages must be a list of at least one message", "messages")
    lines = [_message(message, index) for index, message in enumerate(messages)]
    if fields.get("max_tokens") is None:
        fields["max_tokens"] = fields.get("max_completion_tokens")
    return _request(fields, "".join(lines), max_model_len, default_tokens=max_model_len)


def _fields(body: bytes, model: str) -> dict[str, Any]:
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise BadRequestError(f"the body is not JSON: {error}") from None
    if not isinstance(fields, dict):
        raise BadRequestError("the body must be a JSON object")
    if fields.get("model", model) != model:
        raise UnknownModelError(f"the model {fields['model']!r} does not exist; this server has {model!r}", "model")
    for name, neutral in _UNSUPPORTED.items():
        if fields.get(name) not in neutral:
            raise BadRequestError(f"{name} is not supported by this server", name)
    return fields


def _message(message: Any, index: int) -> str:
    where = f"messages[{index}]"
    if not isinstance(message, dict) or message.get("role") not in _ROLES:
        raise BadRequestError(f"{where}.role must be one of {', '.join(_ROLES)}", where)
    content = message.get("content")
    if not isinstance(content, str):
        raise BadRequestError(f"{where}.content must be a string", where)
    return f"{content}\n"


def _request(fields: dict[str, Any], text: str, max_model_len: int, default_tokens: int) -> GenerationRequest:
    prompt = tokenize(text)
    room = max_model_len - len(prompt)
    if room < 1:
        raise BadRequestError(
            f"the prompt has {len(prompt)} tokens; the model's limit of {max_model_len} leaves no room for an answer",
            "prompt",
        )
    stream_options = fields.get("stream_options") or {}
    return GenerationRequest(
        prompt=prompt,
        sampling=Sampling(
            max_tokens=min(room, int(_number(fields, "max_tokens", default_tokens, 1, whole=True))),
            temperature=_number(fields, "temperature", 1.0, 0, 2),
            seed=int(_number(fields, "seed", crc32(text.encode(errors="surrogatepass")), 0, whole=True)),
            ignore_eos=bool(fields.get("ignore_eos")),
        ),
        stream=bool(fields.get("stream")),
        include_usage=isinstance(stream_options, dict) and bool(stream_options.get("include_usage")),
    )


def _number(
    fields: dict[str, Any],
    name: str,
    default: float,
    minimum: float,
    maximum: float = float("inf"),
    *,
    whole: bool = False,
) -> float:
    value = fields.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
        raise BadRequestError(f"{name} must be a {'whole ' if whole else ''}number", name)
    if not minimum <= value <= maximum:
        allowed = f"at least {minimum:g}" if maximum == float("inf") else f"from {minimum:g} to {maximum:g}"
        raise BadRequestError(f"{name} must be {allowed}, not {value}", name)
    return value

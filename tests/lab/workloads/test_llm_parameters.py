import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.workloads.llm.parameters import (
    BadRequestError,
    GenerationRequest,
    UnknownModelError,
    parse_chat,
    parse_completion,
)

MODEL, MAX_LEN = "m", 64


def completion(**fields: Any) -> GenerationRequest:
    return parse_completion(json.dumps({"prompt": "An error budget", **fields}).encode(), MODEL, MAX_LEN)


def chat(**fields: Any) -> GenerationRequest:
    body = {"messages": [{"role": "user", "content": "Why?"}], **fields}
    return parse_chat(json.dumps(body).encode(), MODEL, MAX_LEN)


def test_defaults_are_those_of_the_api() -> None:
    request = completion()
    assert request.prompt == ["An", " error", " budget"]
    assert (request.sampling.max_tokens, request.sampling.temperature) == (16, 1.0)
    assert not request.stream
    assert chat().sampling.max_tokens == MAX_LEN - len(chat().prompt)


def test_the_answer_is_cut_to_the_room_that_the_model_has() -> None:
    assert completion(max_tokens=10**30).sampling.max_tokens == MAX_LEN - 3


def test_the_newer_name_of_max_tokens_is_understood() -> None:
    assert chat(max_completion_tokens=5).sampling.max_tokens == 5
    assert chat(max_tokens=None, max_completion_tokens=5).sampling.max_tokens == 5


def test_without_a_seed_the_prompt_is_the_seed() -> None:
    assert completion().sampling.seed == completion().sampling.seed
    assert completion().sampling.seed != completion(prompt="other").sampling.seed
    assert completion(seed=4).sampling.seed == 4


def test_an_unknown_model_is_told_apart() -> None:
    with pytest.raises(UnknownModelError, match="'gpt' does not exist; this server has 'm'"):
        completion(model="gpt")


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"prompt": None}, "prompt"),
        ({"prompt": ["a"]}, "prompt"),
        ({"prompt": "word " * 64}, "prompt"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": 2.5}, "max_tokens"),
        ({"max_tokens": True}, "max_tokens"),
        ({"temperature": 3}, "temperature"),
        ({"temperature": float("nan")}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"seed": -1}, "seed"),
        ({"n": 2}, "n"),
        ({"stop": ["."]}, "stop"),
    ],
)
def test_a_parameter_that_cannot_be_honoured_is_named(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(BadRequestError) as caught:
        completion(**fields)
    assert caught.value.param == param


@pytest.mark.parametrize(
    "messages",
    [None, [], "hi", [{"role": "user"}], [{"role": "robot", "content": "x"}], ["x"], [{"role": "user", "content": 3}]],
)
def test_messages_that_are_none_are_refused(messages: Any) -> None:
    with pytest.raises(BadRequestError, match="messages"):
        chat(messages=messages)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_request_or_a_bad_request(body: bytes) -> None:
    with pytest.raises(BadRequestError):
        parse_completion(body, MODEL, MAX_LEN)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
KNOWN = ["prompt", "max_tokens", "temperature", "seed", "stream", "stream_options", "n", "stop", "model", "ignore_eos"]


@settings(deadline=None, max_examples=50)
@given(st.dictionaries(st.sampled_from(KNOWN), json_values))
def test_any_document_is_a_request_or_a_bad_request(fields: dict[str, Any]) -> None:
    try:
        request = parse_completion(json.dumps(fields).encode(), MODEL, MAX_LEN)
    except BadRequestError:
        return
    assert 1 <= request.sampling.max_tokens <= MAX_LEN - len(request.prompt)


def test_deep_nesting_and_lone_surrogates_are_survived() -> None:
    with pytest.raises(BadRequestError, match="not JSON"):
        parse_completion(b"[" * 100_000, MODEL, MAX_LEN)
    assert parse_completion(b'{"prompt": "\\ud800"}', MODEL, MAX_LEN).prompt == ["\ud800"]

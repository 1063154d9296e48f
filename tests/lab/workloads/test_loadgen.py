import asyncio
import json
from collections.abc import AsyncIterator
from itertools import islice, pairwise
from random import Random
from unittest.mock import Mock

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from lab.workloads.llm.model import corpus_paragraphs
from lab.workloads.llm.parameters import parse_chat
from lab.workloads.loadgen.metrics import TARGETS, LoadMetrics, Outcome
from lab.workloads.loadgen.traffic import (
    ANSWER_TOKENS,
    ITEMS_PER_REQUEST,
    PROMPT_TOKENS,
    arrivals,
    chat_requests,
    inference_requests,
)
from lab.workloads.loadgen.users import has_token, outcome_of, score_count, sse_events
from lab.workloads.ranker.protocol import parse_request


def rng(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - reproducible on purpose


def test_requests_come_at_the_wanted_rate_and_not_evenly() -> None:
    times = list(islice(arrivals(rng(3), 10), 5000))
    assert times == sorted(times)
    assert len(times) / times[-1] == pytest.approx(10, rel=0.05)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    mean = sum(gaps) / len(gaps)
    variance = sum((gap - mean) ** 2 for gap in gaps) / len(gaps)
    assert variance == pytest.approx(mean**2, rel=0.2)  # an exponential's standard deviation is its mean


def test_the_same_seed_gives_the_same_traffic() -> None:
    paragraphs = corpus_paragraphs()
    first, second = (list(islice(chat_requests(rng(1), paragraphs, "m"), 3)) for _ in range(2))
    assert first == second


def test_the_servers_accept_what_the_users_send() -> None:
    for body in islice(chat_requests(rng(1), corpus_paragraphs(), "m"), 50):
        request = parse_chat(json.dumps(body).encode(), "m", 1024)
        assert PROMPT_TOKENS[0] <= len(request.prompt) <= PROMPT_TOKENS[1] + 2
        assert ANSWER_TOKENS[0] <= request.sampling.max_tokens <= ANSWER_TOKENS[1]
        assert request.stream
    for body in islice(inference_requests(rng(1)), 50):
        assert len(parse_request(json.dumps(body).encode()).item_ids) == ITEMS_PER_REQUEST


@settings(deadline=None)
@given(st.lists(st.binary(min_size=1, max_size=8).map(lambda event: event.replace(b"\n", b" ")), max_size=8), st.data())
def test_events_are_found_however_the_bytes_are_cut(events: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(b"data: " + event + b"\n\n" for event in events)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=5)))

    async def pieces() -> AsyncIterator[bytes]:
        for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
            yield stream[start:end]

    async def collect() -> list[bytes]:
        return [event async for event in sse_events(pieces())]

    assert asyncio.run(collect()) == events


def test_a_token_is_an_event_with_text() -> None:
    def chunk(delta: dict[str, str]) -> bytes:
        return json.dumps({"choices": [{"delta": delta}]}).encode()

    assert has_token(chunk({"content": " the"}))
    assert not has_token(chunk({"role": "assistant", "content": ""}))
    assert not has_token(b'{"choices": [], "usage": {}}')
    with pytest.raises(ValueError, match="Expecting property name"):
        has_token(b"{")
    for damaged in (b"3", b'{"error": "x"}', b'{"choices": [7]}'):
        with pytest.raises(ValueError, match="not a chunk of a chat completion"):
            has_token(damaged)


def test_a_damaged_inference_answer_is_a_value_error() -> None:
    assert score_count(b'{"outputs": [{"data": [1, 2]}]}') == 2
    for damaged in (b"[]", b'{"outputs": []}', b'{"outputs": [{"data": 1}]}'):
        with pytest.raises(ValueError, match="not an inference response"):
            score_count(damaged)


def test_an_outcome_says_what_the_user_saw() -> None:
    refused = aiohttp.ClientConnectorError(Mock(), ConnectionRefusedError(111, "refused"))
    unreachable = aiohttp.ClientConnectorError(Mock(), OSError(101, "unreachable"))
    assert outcome_of(refused) is Outcome.REFUSED
    assert outcome_of(unreachable) is Outcome.ERROR
    assert outcome_of(TimeoutError()) is Outcome.TIMEOUT
    assert outcome_of(aiohttp.ClientPayloadError()) is Outcome.ERROR


def test_every_pair_of_labels_starts_at_zero() -> None:
    registry = CollectorRegistry()
    LoadMetrics(registry)
    for target in TARGETS:
        for outcome in ("ok", "error", "timeout", "refused"):
            labels = {"target": target, "outcome": outcome}
            assert registry.get_sample_value("loadgen_requests_total", labels) == 0

"""What the users ask and when: pure, and the same for the same seed."""

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any

from lab.workloads.llm.tokens import detokenize
from lab.workloads.ranker.model import ITEMS, USERS
from lab.workloads.ranker.protocol import ITEMS as ITEMS_INPUT
from lab.workloads.ranker.protocol import USER as USER_INPUT

ITEMS_PER_REQUEST = 16
PROMPT_TOKENS = (60, 160)  # shortest and longest
ANSWER_TOKENS = (12, 24)


def arrivals(rng: Random, per_second: float) -> Iterator[float]:
    """Seconds from the start at which requests come: a Poisson process, which does not wait for answers."""
    now = 0.0
    while True:
        now += rng.expovariate(per_second)
        yield now


def chat_requests(rng: Random, paragraphs: Sequence[Sequence[str]], model: str) -> Iterator[dict[str, Any]]:
    """Bodies of chat completions: a stretch of text as the prompt, an answer of a length that is asked for."""
    while True:
        wanted = rng.randint(*PROMPT_TOKENS)
        text: list[str] = []
        while len(text) < wanted:
            text += [*rng.choice(paragraphs), " "]
        yield {
            "model": model,
            "messages": [{"role": "user", "content": detokenize(text[:wanted])}],
            "max_tokens": rng.randint(*ANSWER_TOKENS),
            "ignore_eos": True,
            "temperature": 0.8,
            "seed": rng.getrandbits(31),
            "stream": True,
        }


def inference_requests(rng: Random) -> Iterator[dict[str, Any]]:
    """Bodies of inference requests: one user, some items."""
    while True:
        yield {
            "inputs": [
                {"name": USER_INPUT, "shape": [1], "datatype": "INT64", "data": [rng.randrange(USERS)]},
                {
                    "name": ITEMS_INPUT,
                    "shape": [ITEMS_PER_REQUEST],
                    "datatype": "INT64",
                    "data": rng.sample(range(ITEMS), ITEMS_PER_REQUEST),
                },
            ]
        }

import math
from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.workloads.llm.model import NgramModel
from lab.workloads.llm.tokens import END_OF_TEXT, START_OF_TEXT, detokenize, tokenize
from tests.lab.workloads.corpus_model import MODEL, PARAGRAPHS


def rng(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - reproducible on purpose


@settings(deadline=None)
@given(st.text())
def test_tokens_joined_are_the_text_again(text: str) -> None:
    assert "".join(tokenize(text)) == text


def test_a_token_keeps_the_space_before_it() -> None:
    assert tokenize("Two windows, both.") == ["Two", " windows", ",", " both", "."]
    assert detokenize([START_OF_TEXT, "Two", " windows", END_OF_TEXT]) == "Two windows"


@settings(max_examples=20, deadline=None)
@given(st.lists(st.sampled_from(MODEL.vocabulary), max_size=5))
def test_probabilities_of_all_tokens_sum_to_one(context: list[str]) -> None:
    assert sum(MODEL.probability(context, token) for token in MODEL.vocabulary) == pytest.approx(1)


def perplexity(model: NgramModel, tokens: Sequence[str]) -> float:
    """How many equally likely tokens the model hesitates between, on average, when it reads `tokens`."""
    text = [START_OF_TEXT, *tokens]
    surprise = [-math.log(model.probability(text[:i], text[i])) for i in range(1, len(text))]
    return math.exp(sum(surprise) / len(surprise))


def test_the_model_has_learned_its_corpus() -> None:
    held_out, rest = PARAGRAPHS[::8], [p for i, p in enumerate(PARAGRAPHS) if i % 8]
    model = NgramModel(rest)
    known = [[token for token in paragraph if token in model.vocabulary] for paragraph in held_out]
    # Guessing blindly hesitates between all the tokens of the vocabulary.
    assert all(perplexity(model, paragraph) < len(model.vocabulary) for paragraph in known)
    assert all(perplexity(MODEL, paragraph) < 3 for paragraph in PARAGRAPHS)


def generate(seed: int, temperature: float, length: int = 30) -> str:
    source, text = rng(seed), [START_OF_TEXT]
    for _ in range(length):
        text.append(MODEL.next_token(text, source, temperature))
    return detokenize(text)


def test_the_same_seed_gives_the_same_text() -> None:
    assert generate(1, 1.0) == generate(1, 1.0)
    assert generate(1, 1.0) != generate(2, 1.0)


def test_temperature_zero_needs_no_luck() -> None:
    assert generate(1, 0) == generate(2, 0)


@settings(deadline=None)
@given(
    st.lists(st.text(max_size=5), max_size=5),
    st.integers(0, 2**31),
    st.one_of(st.just(0.0), st.floats(5e-324, 2, allow_subnormal=True)),
)
def test_any_context_and_temperature_gives_a_token_of_the_vocabulary(
    context: list[str], seed: int, temperature: float
) -> None:
    assert MODEL.next_token(context, rng(seed), temperature) in MODEL.vocabulary


def test_the_likeliest_token_is_the_one_with_the_highest_probability() -> None:
    for context in ([START_OF_TEXT], ["The"], [" the", " error"], ["unheard", " of"]):
        chosen = MODEL.next_token(context, rng(0), 0)
        best = max(MODEL.probability(context, token) for token in MODEL.vocabulary)
        assert MODEL.probability(context, chosen) == pytest.approx(best)

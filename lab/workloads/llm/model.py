"""The language model: n-grams of a small corpus, interpolated over all their orders.

P(token | context) = sum over k of weight_k * P_k(token | last k tokens), where P_k is the share of the corpus and the
weights of the contexts that the corpus knows are scaled to sum to 1. A long known context weighs most, so that the text
is readable, and the short ones leave room to say something that the corpus does not.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import accumulate
from random import Random

from lab.workloads.llm.tokens import END_OF_TEXT, START_OF_TEXT, tokenize

ORDER = 4  # the longest n-gram
WEIGHTS = (0.02, 0.13, 0.35, 0.5)  # of contexts of 0, 1, 2 and 3 tokens


@dataclass(frozen=True, slots=True)
class _Continuations:
    """The tokens seen after one context, the most frequent first, with their counts."""

    tokens: tuple[str, ...]
    counts: tuple[int, ...]
    total: int

    def probability(self, token: str) -> float:
        return self.counts[self.tokens.index(token)] / self.total if token in self.tokens else 0.0


class NgramModel:
    """A model of the paragraphs that it was built from."""

    def __init__(self, paragraphs: Sequence[Sequence[str]]) -> None:
        counts: dict[tuple[str, ...], Counter[str]] = {}
        for paragraph in paragraphs:
            text = [START_OF_TEXT, *paragraph, END_OF_TEXT]
            for position in range(1, len(text)):
                for length in range(min(ORDER - 1, position) + 1):
                    context = tuple(text[position - length : position])
                    counts.setdefault(context, Counter())[text[position]] += 1
        self._continuations = {context: _ranked(counter) for context, counter in counts.items()}
        self.vocabulary = self._continuations[()].tokens

    def next_token(self, context: Sequence[str], rng: Random, temperature: float) -> str:
        """Draw the token that follows `context`; temperature 0 takes the likeliest one."""
        orders = self._orders(context)
        if temperature == 0:
            return self._likeliest(orders)
        # Drawing an order by its weight and then a token of that order is drawing from the mixture.
        _, chosen = rng.choices(orders, weights=[weight for weight, _ in orders])[0]
        # Relative to the highest count, so that a temperature near 0 cannot overflow.
        cumulative = list(accumulate((count / chosen.counts[0]) ** (1 / temperature) for count in chosen.counts))
        return rng.choices(chosen.tokens, cum_weights=cumulative)[0]

    def probability(self, context: Sequence[str], token: str) -> float:
        """P(token | context) at temperature 1."""
        orders = self._orders(context)
        scale = sum(weight for weight, _ in orders)
        return sum(weight / scale * known.probability(token) for weight, known in orders)

    def _orders(self, context: Sequence[str]) -> list[tuple[float, _Continuations]]:
        """Weight and continuations of every suffix of `context` that the corpus knows, the shortest first."""
        found = []
        for length in range(min(ORDER - 1, len(context)) + 1):
            known = self._continuations.get(tuple(context[len(context) - length :]))
            if known is None:
                break
            found.append((WEIGHTS[length], known))
        return found

    def _likeliest(self, orders: list[tuple[float, _Continuations]]) -> str:
        candidates = dict.fromkeys(token for _, known in reversed(orders) for token in known.tokens[:8])
        return max(candidates, key=lambda token: sum(weight * known.probability(token) for weight, known in orders))


def corpus_paragraphs() -> list[list[str]]:
    """The tokens of each paragraph of the corpus that comes with the lab."""
    text = resources.files("lab.workloads.llm").joinpath("corpus.txt").read_text(encoding="utf-8")
    return [tokenize(paragraph.strip()) for paragraph in text.split("\n\n") if paragraph.strip()]


def _ranked(counter: Counter[str]) -> _Continuations:
    ranked = sorted(counter.items(), key=lambda item: (-item[1], item[0]))
    return _Continuations(
        tokens=tuple(token for token, _ in ranked),
        counts=tuple(count for _, count in ranked),
        total=counter.total(),
    )

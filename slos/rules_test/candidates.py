"""Series that an SLO's queries select: made up from the conditions of their selectors."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice, product

from slos.promql.language import Selector
from slos.rules_test.evaluate import UnderivableError, matches
from slos.rules_test.samples import samples

_PLAIN_VALUES = ("200", "ok", "other", "")
"""What a label may be where a condition only says what it must not be; the last is no label at all."""
_MOST_COMBINATIONS = 4000


def candidates(selectors: Sequence[Selector]) -> list[Mapping[str, str]]:
    """One series (labels, with `__name__`) for every combination of selectors that can select the same series.

    Raises UnderivableError for a selector that no series was found for.
    """
    found: dict[tuple[bool, ...], Mapping[str, str]] = {}
    for selector in selectors:
        before = len(found)
        for labels in _matching(selector, [other for other in selectors if _may_meet(selector, other)]):
            found.setdefault(tuple(matches(other, labels) for other in selectors), labels)
        position = selectors.index(selector)
        if len(found) == before and not any(signature[position] for signature in found):
            raise UnderivableError(f"no series was found that {selector} selects")
    return list(found.values())


def _may_meet(selector: Selector, other: Selector) -> bool:
    return selector.name is None or other.name is None or selector.name == other.name


def _matching(selector: Selector, related: Iterable[Selector]) -> Iterable[Mapping[str, str]]:
    """Series that `selector` selects, with the values that it and its relatives speak of."""
    related = list(related)
    names = sorted({matcher.label for other in related for matcher in other.matchers})
    fixed = {} if selector.name is None else {"__name__": selector.name}
    pools = [_pool(name, selector, related) for name in names]
    for values in islice(product(*pools), _MOST_COMBINATIONS):
        labels = fixed | {name: value for name, value in zip(names, values, strict=True) if value}
        if "__name__" in labels and matches(selector, labels):
            yield labels


def _pool(label: str, selector: Selector, related: Sequence[Selector]) -> list[str]:
    """Values worth trying for a label, those that the selector itself speaks of first."""
    spoken: list[str] = []
    for other in (selector, *related):
        for matcher in other.matchers:
            if matcher.label == label:
                spoken += [matcher.value] if matcher.op in ("=", "!=") else samples(matcher.value)
    alone = [matcher for matcher in selector.matchers if matcher.label == label]
    only = Selector(None, tuple(alone))
    return [value for value in dict.fromkeys((*spoken, *_PLAIN_VALUES)) if matches(only, {label: value})]

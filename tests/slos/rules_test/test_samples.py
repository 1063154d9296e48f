import re

import pytest

from slos.rules_test.samples import samples


@pytest.mark.parametrize(
    "pattern",
    [
        "5..",
        "5..|429",
        "[45]..",
        ".+",
        ".*",
        "vllm-.*",
        "(a|b)c?",
        r"1|1\.0",
        "(?:2|3)xx",
        r"\d+",
        "a{3}",
        "[^5].*",
        "^x$",
    ],
)
def test_every_sample_matches_its_pattern(pattern: str) -> None:
    found = samples(pattern)
    assert found
    assert all(re.fullmatch(pattern, text) for text in found)


def test_an_alternation_is_sampled_on_all_its_sides() -> None:
    assert {"500", "429"} <= set(samples("5..|429"))


@pytest.mark.parametrize("pattern", ["(", "(?=a)b", "a(?<!b)c"])
def test_what_is_not_understood_has_no_samples(pattern: str) -> None:
    assert samples(pattern) == ()

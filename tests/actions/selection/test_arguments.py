"""What a selection of pods may say."""

from typing import Any

import pytest
from pydantic import ValidationError

from actions.selection.arguments import PodSelection

LLM = {"namespace": "ml-serving", "label_selector": "app=llm"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"namespace": ""}, "at least 1 character"),
        ({"label_selector": " "}, "label_selector is empty, which would match every pod"),
        ({"count": 0}, "greater than or equal to 1"),
        ({"percent": 0}, "greater than 0"),
        ({"percent": 101}, "less than or equal to 100"),
        ({"count": 1, "percent": 50}, "count and percent exclude each other"),
        ({"node": "gpu-a", "zone": "a"}, "node and zone exclude each other"),
        ({"rank": -1}, "greater than or equal to 0"),
        ({"workload": "llm"}, "write it like deployment/llm"),
        ({"workload": "deployment/"}, "write it like deployment/llm"),
        ({"labels": "app=llm"}, "Extra inputs are not permitted"),
    ],
)
def test_a_selection_that_is_not_clear_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        PodSelection.model_validate(LLM | change)


def test_numbers_from_the_environment_are_numbers() -> None:
    assert PodSelection.model_validate(LLM | {"count": "2"}).count == 2

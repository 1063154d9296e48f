import copy
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

import experiments
from runner.experiment.check import check_document
from runner.experiment.schema import schema, schema_text
from tests.runner.experiment.malformed import GOOD, malformed

CONFIGURATION = {"namespace": "ml-serving", "count": 1}
LEFT_OUT: Any = object()
VALIDATOR = jsonschema.Draft7Validator(schema())

STRUCTURAL = (
    "rollback", "no title", "title number", "no runtime", "strategy default", "hypothesis strategy", "no controls",
    "no guard control", "guard typo", "extension typo", "no SLO", "slos text", "duration missing", "duration typo",
    "duration number", "no namespaces", "pods number", "pods without percent", "pods negative", "pods fraction",
    "percent", "percent text", "spend number", "gang", "error budget too high", "abort missing", "abort zero",
    "alert without receiver", "unknown key in block", "no method", "empty method", "unknown family", "foreign action",
    "process action", "background", "argument typo", "argument type", "argument range", "argument missing",
    "no arguments", "activity type", "activity without type", "no provider", "provider type", "func missing",
    "action in hypothesis", "action in rollbacks", "no tolerance", "dry activity", "tags", "arguments list",
)  # fmt: skip
"""Mistakes of structure, which an editor with the schema marks while they are typed."""


def test_the_schema_in_the_repository_is_that_of_the_models() -> None:
    shipped = Path(next(iter(experiments.__path__)), "schema.json").read_text(encoding="utf-8")
    assert shipped == schema_text(), "run: python -m runner.experiment.schema"


def test_the_schema_is_one_of_draft_7() -> None:
    jsonschema.Draft7Validator.check_schema(schema())


def test_a_good_experiment_fits_the_schema() -> None:
    assert list(VALIDATOR.iter_errors(yaml.safe_load(GOOD))) == []


@pytest.mark.parametrize("mistake", STRUCTURAL)
def test_the_schema_refuses_mistakes_of_structure_as_the_check_does(mistake: str) -> None:
    (case,) = [case for case in malformed() if case.mistake == mistake]
    assert case.said
    assert not VALIDATOR.is_valid(yaml.safe_load(case.text))


def _paths(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    below: list[tuple[str | int, ...]] = []
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in items:
        below += [(*path, key), *_paths(one, (*path, key))]
    return below


@pytest.mark.parametrize("path", _paths(yaml.safe_load(GOOD)), ids=lambda path: ".".join(map(str, path)))
def test_what_the_schema_refuses_with_a_value_left_out_or_replaced_the_check_refuses_too(
    path: tuple[str | int, ...],
) -> None:
    for value in (LEFT_OUT, {"x": 1}):
        experiment = copy.deepcopy(yaml.safe_load(GOOD))
        holder = experiment
        for step in path[:-1]:
            holder = holder[step]
        if value is LEFT_OUT:
            del holder[path[-1]]
        else:
            holder[path[-1]] = value
        if not VALIDATOR.is_valid(experiment):
            found = check_document(experiment, CONFIGURATION)
            assert found, json.dumps(experiment)

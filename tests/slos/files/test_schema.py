from functools import cache

import jsonschema
import pytest

from runner.slo.schema import SCHEMA
from slos.files.reading import read
from slos.files.schema import schema, schema_text
from tests.slos.files.corpus import BAD_FOR_THE_READER, BAD_STRUCTURE, GOOD
from tests.slos.files.documents import Doc, text


@cache
def validator() -> jsonschema.Draft7Validator:
    return jsonschema.Draft7Validator(schema())


def schema_accepts(documents: list[Doc]) -> bool:
    return all(validator().is_valid(document) for document in documents)


def test_the_published_schema_is_that_of_the_models() -> None:
    assert SCHEMA.read_text() == schema_text(), "run: python -m runner.slo.schema"


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft7Validator.check_schema(schema())


def test_every_key_is_described() -> None:
    undescribed = [
        f"{name}.{key}"
        for name, definition in schema()["$defs"].items()
        for key, value in definition.get("properties", {}).items()
        if name != "UnusedDocument" and "description" not in value
    ]
    assert undescribed == []


@pytest.mark.parametrize("name", GOOD)
def test_schema_and_reader_accept(name: str) -> None:
    assert [str(problem) for problem in read({"f.yaml": text(*GOOD[name])}).problems if problem.level == "error"] == []
    assert schema_accepts(GOOD[name])


@pytest.mark.parametrize("name", BAD_STRUCTURE)
def test_schema_and_reader_refuse(name: str) -> None:
    assert not read({"f.yaml": text(*BAD_STRUCTURE[name])}).ok
    assert not schema_accepts(BAD_STRUCTURE[name])


@pytest.mark.parametrize("name", BAD_FOR_THE_READER)
def test_the_reader_refuses_what_only_it_can_know(name: str) -> None:
    assert not read({"f.yaml": text(*BAD_FOR_THE_READER[name])}).ok
    assert schema_accepts(BAD_FOR_THE_READER[name])

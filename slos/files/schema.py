"""JSON Schema of the files, for editors: made from the models that read them.

`slos/schema.json` is what `python -m runner.slo.schema` writes: run it after a change to openslo.py, sloth.py,
field_types.py or annotation_keys.py. A schema knows structure only: whether PromQL parses, a time zone exists
or a referred SLI is there is said by `chaos slo validate`.
"""

import json
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue, models_json_schema
from pydantic_core import core_schema

from slos.files import openslo, sloth
from slos.files.identity import SLOTH_KIND
from slos.files.structure import Strict

_DIALECT = "http://json-schema.org/draft-07/schema#"
"""Draft 7 is what YAML editors understand best."""


class FileSchema(GenerateJsonSchema):
    """A key without a value is refused by the reader: null is no type here, and no default."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002 (a title would repeat the key)
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        return self.generate_inner(schema["schema"])


def schema() -> dict[str, Any]:
    """The schema of one document of any kind that is read; of an SLO, while it does not say what it is."""
    by_kind: list[type[Strict]] = [openslo.SloDocument, openslo.SliDocument, openslo.ServiceDocument, sloth.SlothObject]
    definitions = _definitions(by_kind, "", by_alias=True) | _definitions([sloth.SlothFile], "File", by_alias=False)
    chosen: dict[str, Any] = {"$ref": "#/$defs/SloDocument"}
    for kind, name in ((SLOTH_KIND, "SlothObject"), ("Service", "ServiceDocument"), ("SLI", "SliDocument")):
        chosen = _choice({"properties": {"kind": {"const": kind}}}, ["kind"], name, chosen)
    unused = {"properties": {"kind": {"enum": list(openslo.UNUSED_KINDS)}}}
    chosen = _choice(unused, ["kind"], "UnusedDocument", chosen)
    definitions["UnusedDocument"] = {
        "description": "Let pass, and not used.",
        "properties": {"apiVersion": {"const": openslo.API_VERSION}},
        "required": ["apiVersion"],
    }
    return {
        "$schema": _DIALECT,
        "title": "Service level objectives",
        "description": "OpenSLO v1, Sloth prometheus/v1 and Sloth's PrometheusServiceLevel, as mlchaos reads them.",
        "type": "object",
        **_choice({"not": {"required": ["apiVersion"]}}, ["version"], "FileSlothFile", chosen),
        "$defs": dict(sorted(definitions.items())),
    }


def schema_text() -> str:
    """What slos/schema.json holds."""
    return json.dumps(schema(), indent=2) + "\n"


def _choice(condition: dict[str, Any], required: list[str], name: str, otherwise: dict[str, Any]) -> dict[str, Any]:
    return {"if": condition | {"required": required}, "then": {"$ref": f"#/$defs/{name}"}, "else": otherwise}


def _definitions(models: list[type[Strict]], prefix: str, *, by_alias: bool) -> dict[str, Any]:
    """The models and all that they are made of; the prefix keeps two spellings of one model apart."""
    _, whole = models_json_schema(
        [(model, "validation") for model in models],
        by_alias=by_alias,
        ref_template=f"#/$defs/{prefix}{{model}}",
        schema_generator=FileSchema,
    )
    return {prefix + name: definition for name, definition in whole["$defs"].items()}

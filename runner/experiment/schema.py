"""JSON Schema of experiment files, for editors: made from the models that read them and from those of all faults.

`experiments/schema.json` is what `python -m runner.experiment.schema` writes: run it after a change to the models here,
or to the arguments of a fault. A schema knows structure only; `chaos plan` says the rest.
"""

import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from actions.fault import fault_named, known_faults
from runner.experiment.faults import FOLDER
from runner.experiment.file_model import Experiment
from runner.experiment.guard_block import CONTROL_MODULE, EXTENSION, GuardBlock
from slos.files.schema import FileSchema

SCHEMA = Path("experiments", "schema.json")
"""Below the folder that holds the packages."""

_DIALECT = "http://json-schema.org/draft-07/schema#"
"""Draft 7 is what YAML editors understand best."""
_REFS = "#/$defs/"
_REFERENCE = {
    "type": "string",
    "pattern": r"\$\{[_a-zA-Z][_a-zA-Z0-9]*\}",
    "description": "A value of the configuration: ${name}.",
}
_KINDS = {
    "python": {"required": ["module", "func"], "properties": {"arguments": {"type": "object"}}},
    "process": {"required": ["path"]},
    "http": {"required": ["url"]},
}
"""What each kind of provider must have."""


def schema() -> dict[str, Any]:
    """The schema of one experiment file."""
    faults = {name: fault_named(name).arguments for name in known_faults()}
    own = _definitions(Experiment)
    arguments = {f"{name} arguments": _definitions(model) for name, model in faults.items()}
    definitions = own | _referring(_definitions(GuardBlock))
    for title, found in arguments.items():
        definitions |= _renamed(_referring(found), title)
    definitions["Reference"] = _REFERENCE
    experiment = definitions.pop("Experiment")
    _require_guard(experiment["properties"])
    _shape_activities(definitions, experiment["properties"], faults)
    return {"$schema": _DIALECT, **experiment, "$defs": dict(sorted(definitions.items()))}


def schema_text() -> str:
    """What experiments/schema.json holds."""
    return json.dumps(schema(), indent=2) + "\n"


def _definitions(model: type[BaseModel]) -> dict[str, Any]:
    _, whole = models_json_schema(
        [(model, "validation")], by_alias=True, ref_template=_REFS + "{model}", schema_generator=FileSchema
    )
    found: dict[str, Any] = whole["$defs"]
    return found


def _renamed(definitions: dict[str, Any], title: str) -> dict[str, Any]:
    """Definitions under names that begin with the fault's: two faults may have models of one name."""
    text = json.dumps(definitions)
    for name in definitions:
        text = text.replace(json.dumps(_REFS + name), json.dumps(f"{_REFS}{title}: {name}"))
    renamed: dict[str, Any] = json.loads(text)
    return {f"{title}: {name}": definition for name, definition in renamed.items()}


def _referring(definitions: dict[str, Any]) -> dict[str, Any]:
    """Every value may be a reference instead, which a text without a pattern is anyway."""
    for definition in definitions.values():
        for name, wanted in definition.get("properties", {}).items():
            definition["properties"][name] = _or_reference(wanted)
    return definitions


def _or_reference(wanted: dict[str, Any]) -> dict[str, Any]:
    about: dict[str, Any] = {key: wanted[key] for key in ("description", "examples", "default") if key in wanted}
    plain = {key: value for key, value in wanted.items() if key not in about}
    if plain.get("type") == "array" and isinstance(plain.get("items"), dict):
        plain = {**plain, "items": _or_reference(plain["items"])}
    if plain == {"type": "string"} or "const" in plain:
        return wanted
    return {**about, "anyOf": [plain, {"$ref": f"{_REFS}Reference"}]}


def _require_guard(properties: dict[str, Any]) -> None:
    properties["controls"]["contains"] = {
        "required": ["provider"],
        "properties": {"provider": {"required": ["module"], "properties": {"module": {"const": CONTROL_MODULE}}}},
    }
    named = {"required": ["name"], "properties": {"name": {"const": EXTENSION}}}
    properties["extensions"]["items"] = {
        "type": "object",
        "required": ["name"],
        "if": named,
        "then": {"$ref": f"{_REFS}GuardBlock"},
    }
    properties["extensions"]["contains"] = named


def _shape_activities(
    definitions: dict[str, Any], properties: dict[str, Any], faults: dict[str, type[BaseModel]]
) -> None:
    provider, activity = definitions["Provider"], definitions["Activity"]
    provider["allOf"] = [
        {"if": {"required": ["type"], "properties": {"type": {"const": kind}}}, "then": wanted}
        for kind, wanted in _KINDS.items()
    ]
    activity["oneOf"] = [{"required": ["ref"], "maxProperties": 1}, {"required": ["type", "name", "provider"]}]
    families = sorted({FOLDER + name.rpartition(".")[0] for name in faults})
    fault = {"properties": {"type": {"const": "python"}, "module": {"enum": families}}}
    action = {"required": ["type"], "properties": {"type": {"const": "action"}}}
    injected = {"provider": fault, "background": {"const": False}}
    definitions["MethodActivity"] = {
        "allOf": [
            {"$ref": f"{_REFS}Activity"},
            {"if": action, "then": {"properties": injected}},
            *(_of_fault(name, model) for name, model in faults.items()),
        ]
    }
    probe = {"allOf": [{"$ref": f"{_REFS}Activity"}, {"properties": {"type": {"const": "probe"}}}]}
    definitions["ProbeActivity"] = probe
    properties["method"]["items"] = {"$ref": f"{_REFS}MethodActivity"}
    properties["rollbacks"]["items"] = {"$ref": f"{_REFS}ProbeActivity"}
    judged = {"if": {"not": {"required": ["ref"]}}, "then": {"required": ["tolerance"]}}
    probes = definitions["Hypothesis"]["properties"]["probes"]
    probes["items"] = {"allOf": [{"$ref": f"{_REFS}ProbeActivity"}, judged]}


def _of_fault(name: str, model: type[BaseModel]) -> dict[str, Any]:
    """The arguments of a fault, where it is the one that is called."""
    module, _, func = name.rpartition(".")
    called = {"module": {"const": FOLDER + module}, "func": {"const": func}}
    return {
        "if": {
            "required": ["provider"],
            "properties": {"provider": {"required": ["module", "func"], "properties": called}},
        },
        "then": {
            "properties": {
                "provider": {
                    "properties": {"arguments": {"$ref": f"{_REFS}{name} arguments: {model.__name__}"}},
                    **(
                        {"required": ["arguments"]} if any(f.is_required() for f in model.model_fields.values()) else {}
                    ),
                }
            }
        },
    }


def main() -> None:
    SCHEMA.write_text(schema_text(), encoding="utf-8")


if __name__ == "__main__":
    main()

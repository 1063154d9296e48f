"""docs/experiment-files.md is a reference: every key, argument, probe and variable that there is stands in it."""

import inspect
import re
from importlib import import_module
from types import UnionType
from typing import get_args

import pytest
from pydantic import BaseModel

from actions.fault import fault_named, known_faults
from runner.experiment.file_model import Activity, Control, Experiment, Provider, Runtime
from runner.experiment.guard_block import GuardBlock
from runner.outcome import Outcome
from runner.smoke.suite import Entry, SuiteFile
from tests.docs.commands import ROOT

PAGE = (ROOT / "docs" / "experiment-files.md").read_text()
WORDS = set(re.findall(r"[\w.*-]+", " ".join(re.findall(r"`([^`]*)`", PAGE))))
FOLDERS = ("actions", "clients", "probes", "runner", "dashboards")
PROBES = {
    "probes.kube": ("whole", "healed"),
    "probes.serving": ("availability", "first_token_in_time", "observed"),
    "probes.certs": ("client_sees", "reloaded"),
    "probes.gpu": ("xid_shown",),
}
OF_NO_RUN = {"MLCHAOS_CONTAINER", "MLCHAOS_NODE_ROOT", "MLCHAOS_POD_UID", "MLCHAOS_LAB", "MLCHAOS_LAB_DIR"}
OF_NO_RUN |= {"MLCHAOS_PROMTOOL"}


def section(title: str) -> str:
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found is not None, title
    return found[1]


def keys(model: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


def below(annotation: object) -> list[type[BaseModel]]:
    """The models in the type of a field: of a list's items, of what may be absent."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    inner = get_args(annotation) if isinstance(annotation, UnionType) or get_args(annotation) else ()
    return [model for one in inner for model in below(one)]


def all_keys(model: type[BaseModel]) -> set[str]:
    """Of a model, and of those in its fields."""
    nested = [one for field in model.model_fields.values() for one in below(field.annotation)]
    return keys(model).union(*(all_keys(one) for one in nested))


@pytest.mark.parametrize("model", [Experiment, Runtime, Control, Activity, Provider], ids=lambda model: model.__name__)
def test_every_key_of_the_file_is_there(model: type[BaseModel]) -> None:
    assert keys(model) - set(re.findall(r"\w[\w-]*", section("The keys of the file"))) == set()


def test_every_key_of_the_guards_block_is_there() -> None:
    text = section("The guard's block") + section("Alerts that must fire")
    assert all_keys(GuardBlock) - {"name"} - set(re.findall(r"\w+", text)) == set()


def test_every_key_of_a_set_is_there() -> None:
    assert (keys(SuiteFile) | keys(Entry)) - set(re.findall(r"\w+", section("Sets"))) == set()


@pytest.mark.parametrize("name", known_faults())
def test_every_argument_of_a_fault_is_there_and_bold_where_it_must_be(name: str) -> None:
    text = section("Actions and their arguments")
    fields = fault_named(name).arguments.model_fields
    assert name.partition(".")[2] in WORDS
    assert [argument for argument in fields if f"`{argument}`" not in text] == []
    must = [argument for argument, field in fields.items() if field.is_required()]
    assert [argument for argument in must if f"**`{argument}`**" not in text] == []


@pytest.mark.parametrize(("module", "name"), [(module, name) for module, names in PROBES.items() for name in names])
def test_every_probe_is_there_with_its_arguments_and_their_defaults(module: str, name: str) -> None:
    row = next(line for line in section("Probes").splitlines() if line.startswith(f"| `{module}.{name}`"))
    for parameter in inspect.signature(getattr(import_module(module), name)).parameters.values():
        assert f"`{parameter.name}`" in row
        if isinstance(parameter.default, float):
            assert re.search(rf"`{parameter.name}` \({parameter.default:g}[,)]", row), parameter


def test_the_probes_are_all_that_there_are() -> None:
    for module, names in PROBES.items():
        public = inspect.getmembers(import_module(module), inspect.isfunction)
        found = {name for name, one in public if one.__module__ == module and (one.__doc__ or "").startswith("Probe")}
        assert found == set(names)


@pytest.mark.parametrize("outcome", Outcome, ids=lambda outcome: outcome.value)
def test_every_verdict_is_there(outcome: Outcome) -> None:
    assert f"| `{outcome.value}` |" in section("Runs")


def test_every_variable_of_a_run_is_there() -> None:
    code = "\n".join(path.read_text() for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
    used = set(re.findall(r"[\"'](MLCHAOS_[A-Z_]*[A-Z])[\"']", code)) - OF_NO_RUN
    assert used - WORDS == set()

"""What the activities of an experiment may be: probes that measure, and faults that can be planned and undone."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chaoslib import substitute

from actions.fault import UnknownFaultError, fault_named, known_faults
from runner.experiment.faults import FOLDER, fault_name
from runner.experiment.fitting import fit, list_at, mapping_at
from runner.experiment.tolerance_rules import check_tolerance
from runner.experiment.variables import Variables, check_references
from slos.files.findings import Findings
from slos.files.nearest import nearest
from slos.files.yaml_document import Path

_HYPOTHESIS = "steady-state-hypothesis"
_NEEDED = {
    "type": "type: probe, or action",
    "name": "name, unique in the experiment",
    "provider": "provider: {type: python, module: ..., func: ...}",
}
"""What each activity must have."""
_CALLS = {"python": ("module", "func"), "process": ("path",), "http": ("url",)}
"""What each kind of provider must have."""
_ONLY = {
    "module": "python",
    "func": "python",
    "secrets": "python",
    "path": "process",
    "url": "http",
    "method": "http",
    "headers": "http",
    "verify_tls": "http",
    "max_retries": "http",
}
"""Keys that mean something to one kind of provider only."""


@dataclass(frozen=True, slots=True)
class _Listed:
    """An activity, where it stands, and the part of the experiment that it is in."""

    part: str
    path: Path
    value: Mapping[str, Any]

    @property
    def provider(self) -> Mapping[str, Any]:
        return mapping_at(self.value, "provider")

    @property
    def fault(self) -> str | None:
        return fault_name(self.provider)


def check_activities(experiment: Mapping[str, Any], variables: Variables, findings: Findings) -> None:
    """Reports every activity that could not run, would not be guarded, or would not be undone."""
    listed = list(_activities(experiment))
    _check_names(listed, findings)
    for activity in listed:
        check_references(activity.value, activity.path, variables, findings, now=_is_fault(activity))
        if "ref" in activity.value:
            _check_reference(activity, listed, findings)
        else:
            _check_activity(activity, variables, findings)
    _check_some_fault(experiment, listed, findings)


def _activities(experiment: Mapping[str, Any]) -> Iterator[_Listed]:
    hypothesis = mapping_at(experiment, _HYPOTHESIS)
    parts = (
        (_HYPOTHESIS, (_HYPOTHESIS, "probes"), list_at(hypothesis, "probes")),
        ("method", ("method",), list_at(experiment, "method")),
        ("rollbacks", ("rollbacks",), list_at(experiment, "rollbacks")),
    )
    for part, path, values in parts:
        for index, value in enumerate(values):
            if isinstance(value, Mapping):
                yield _Listed(part, (*path, index), value)


def _is_fault(activity: _Listed) -> bool:
    return activity.value.get("type") == "action" and activity.fault is not None


def _check_names(listed: list[_Listed], findings: Findings) -> None:
    counted = Counter(str(one.value["name"]) for one in listed if one.value.get("name"))
    seen: set[str] = set()
    for one in listed:
        name = str(one.value.get("name", ""))
        if counted[name] > 1 and name in seen:
            findings.error((*one.path, "name"), f"a second activity called {name!r}", "give it a name of its own")
        seen.add(name)


def _check_reference(activity: _Listed, listed: list[_Listed], findings: Findings) -> None:
    ref, path = activity.value["ref"], (*activity.path, "ref")
    named = {str(one.value["name"]): one for one in listed if one.value.get("name")}
    others = sorted(set(activity.value) - {"ref"})
    if others:
        findings.unknown_key((*activity.path, others[0]), f"{others[0]} beside a ref", "remove one of them")
    if not isinstance(ref, str):
        return
    if ref not in named:
        meant = nearest(ref, named)
        findings.error(path, f"no activity is called {ref!r}", f"write {meant}" if meant else "write the activity out")
    elif _is_fault(named[ref]):
        findings.error(
            path, f"{ref!r} is a fault, and a fault goes in once", "write the action out, with a name of its own"
        )


def _check_activity(activity: _Listed, variables: Variables, findings: Findings) -> None:
    value, path = activity.value, activity.path
    for key, written in _NEEDED.items():
        if value.get(key) is None:
            findings.missing(path, (key,), f"{key} is missing", f"add {written}")
    kind = value.get("type")
    if activity.provider:
        _check_provider(activity.provider, (*path, "provider"), findings)
    if kind == "action":
        _check_action(activity, variables, findings)
    elif kind == "probe":
        _check_probe(activity, findings)
    if "timeout" in value and activity.provider.get("type") == "python":
        message = "a timeout, which Chaos Toolkit does not enforce for Python"
        findings.warn((*path, "timeout"), message, "remove it")


def _check_provider(provider: Mapping[str, Any], path: Path, findings: Findings) -> None:
    kind = str(provider.get("type"))
    for key in _CALLS.get(kind, ()):
        if provider.get(key) is None:
            findings.missing(path, (key,), f"{key} is missing", f"a {kind} provider takes {' and '.join(_CALLS[kind])}")
    for key in provider:
        if _ONLY.get(key, kind) != kind and kind in _CALLS:
            findings.unknown_key(
                (*path, key), f"{key} in a {kind} provider", f"remove it; it belongs to {_ONLY[key]} providers"
            )
    arguments = provider.get("arguments")
    if kind == "python" and arguments is not None and not isinstance(arguments, Mapping):
        findings.error((*path, "arguments"), "arguments without names", "write them as keys and values")


def _check_action(activity: _Listed, variables: Variables, findings: Findings) -> None:
    path = activity.path
    fault = activity.fault
    if activity.part == _HYPOTHESIS:
        findings.error(path, "an action in the hypothesis, which only measures", "move it into the method")
    elif activity.part == "rollbacks":
        findings.error(path, "an action in the rollbacks", "remove it: the guard undoes every fault itself")
    elif fault is None:
        if activity.provider.get("type") in _CALLS:
            message = "an action that is no fault of mlchaos: nothing would guard or undo it"
            findings.error((*path, "provider"), message, _families())
    else:
        if activity.value.get("background") is True:
            message = "a fault in the background, of which nobody knows when it goes in"
            findings.error((*path, "background"), message, "remove background; faults stay in while the method goes on")
        _check_fault(fault, activity, variables, findings)


def _check_fault(name: str, activity: _Listed, variables: Variables, findings: Findings) -> None:
    provider, path = activity.provider, (*activity.path, "provider")
    if not isinstance(provider.get("func"), str):
        return
    try:
        fault = fault_named(name)
    except UnknownFaultError:
        _unknown_fault(name, path, findings)
        return
    arguments = provider.get("arguments")
    if arguments is None or isinstance(arguments, Mapping):
        resolved = substitute(dict(arguments or {}), dict(variables.configuration), {})
        below = (*path, "arguments") if arguments else path
        fit(fault.arguments, resolved, below, findings)


def _unknown_fault(name: str, path: Path, findings: Findings) -> None:
    module, _, func = name.rpartition(".")
    known = [one.rpartition(".") for one in known_faults()]
    families = sorted({one[0] for one in known})
    if module not in families:
        meant = nearest(module, families)
        remedy = f"write {FOLDER}{meant}" if meant else _families()
        findings.error((*path, "module"), f"there is no fault family {FOLDER}{module}", remedy)
        return
    own = [one[2] for one in known if one[0] == module]
    meant = nearest(func, own)
    remedy = f"write {meant}" if meant else f"write one of {', '.join(own)}"
    findings.error((*path, "func"), f"{FOLDER}{module} has no fault {func!r}", remedy)


def _families() -> str:
    families = sorted({one.rpartition(".")[0] for one in known_faults()})
    return f"use a fault of {', '.join(FOLDER + one for one in families)}, or a probe if it only measures"


def _check_probe(activity: _Listed, findings: Findings) -> None:
    path = activity.path
    _check_measures(activity.provider, (*path, "provider"), findings)
    if activity.part != _HYPOTHESIS:
        return
    if "tolerance" not in activity.value:
        message = "a probe of the hypothesis without a tolerance"
        findings.error(path, message, "add tolerance: what it may answer, such as true or a range")
        return
    tolerance = activity.value["tolerance"]
    check_tolerance(tolerance, (*path, "tolerance"), findings)
    if isinstance(tolerance, Mapping):
        _check_measures(mapping_at(tolerance, "provider"), (*path, "tolerance", "provider"), findings)


def _check_measures(provider: Mapping[str, Any], path: Path, findings: Findings) -> None:
    """A probe that calls an action would break something that no plan has shown."""
    module = provider.get("module")
    if isinstance(module, str) and "actions" in module.split("."):
        message = f"a probe that calls {module}, where actions are"
        findings.error((*path, "module"), message, "make it an action of the method, or call a module of probes")


def check_dynamic(experiment: Mapping[str, Any], findings: Findings) -> None:
    """The probes that give values of the configuration only measure, too."""
    for name, value in mapping_at(experiment, "configuration").items():
        if isinstance(value, Mapping) and value.get("type") == "probe":
            _check_measures(mapping_at(value, "provider"), ("configuration", name, "provider"), findings)


def _check_some_fault(experiment: Mapping[str, Any], listed: list[_Listed], findings: Findings) -> None:
    method = [one for one in listed if one.part == "method"]
    broken = any(one.value.get("type") == "action" or one.fault is not None for one in method)
    if method and not broken and isinstance(experiment.get("method"), list):
        findings.error(("method",), "a method without a fault proves nothing", f"add an action; {_families()}")

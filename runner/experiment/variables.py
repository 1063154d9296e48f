"""The values that `${name}` stands for in an experiment, as Chaos Toolkit resolves them; and what is wrong with them.

Nothing is asked but the environment: what a probe or a vault would give is known only while the experiment runs.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slos.files.findings import Findings
from slos.files.nearest import nearest
from slos.files.yaml_document import Path

_TYPES = ("str", "string", "int", "integer", "float", "number", "bytes", "bool", "json")
_REFERENCE = re.compile(r"\$(?:(?P<escaped>\$)|(?P<plain>[_a-zA-Z][_a-zA-Z0-9]*)|\{(?P<braced>[^{}]*)\})")
_NAME = re.compile(r"[_a-zA-Z][_a-zA-Z0-9]*")


@dataclass(frozen=True, slots=True)
class Variables:
    """What names stand for: `configuration` as far as it is known now, names only of what is `later` or `secret`."""

    configuration: Mapping[str, Any]
    later: frozenset[str] = frozenset()
    secret: frozenset[str] = frozenset()

    @property
    def names(self) -> set[str]:
        return {*self.configuration, *self.later, *self.secret}


def read_variables(experiment: Mapping[str, Any], overrides: Mapping[str, Any], findings: Findings) -> Variables:
    """The configuration with the environment in it; `overrides` are the values of `--var` and `--var-file`."""
    declared = experiment.get("configuration")
    secrets = experiment.get("secrets")
    known: dict[str, Any] = {}
    later: set[str] = set()
    for name, value in declared.items() if isinstance(declared, Mapping) else ():
        path = ("configuration", name)
        given = overrides.get(name, value)
        kind = given.get("type") if isinstance(given, Mapping) else None
        if kind == "probe":
            _refuse_leak(path, secrets, findings)
            later.add(name)
        elif kind == "env" and isinstance(given, Mapping):
            if not _from_environment(path, given, known, findings):
                later.add(name)
        else:
            known[name] = given
    return Variables(known, frozenset(later), frozenset(_secret_names(secrets)))


def given_variables(experiment: Mapping[str, Any], configuration: Mapping[str, Any]) -> Variables:
    """The variables of a run that has resolved its configuration already."""
    return Variables(configuration, frozenset(), frozenset(_secret_names(experiment.get("secrets"))))


def check_references(value: object, path: Path, variables: Variables, findings: Findings, *, now: bool) -> None:
    """Reports each reference below `path` that stands for nothing; with `now` also those that are not known yet.

    `now` is for what a plan has to know and shows: a secret is none of that.
    """
    if isinstance(value, Mapping):
        for key, below in value.items():
            check_references(below, (*path, str(key)), variables, findings, now=now)
    elif isinstance(value, list):
        for index, below in enumerate(value):
            check_references(below, (*path, index), variables, findings, now=now)
    elif isinstance(value, str) and "$" in value:
        for match in _REFERENCE.finditer(value):
            _check_reference(match, path, variables, findings, now=now)


def _check_reference(match: re.Match[str], path: Path, variables: Variables, findings: Findings, *, now: bool) -> None:
    name = match["braced"]
    if match["escaped"]:
        return
    if match["plain"]:
        _unbraced(match["plain"], path, variables, findings)
        return
    wrong = len(findings.problems)
    if not _NAME.fullmatch(name):
        findings.error(path, f"${{{name}}}, which no name can be", "write $${ for the text itself")
    elif name not in variables.names:
        meant = nearest(name, variables.names)
        remedy = f"write ${{{meant}}}" if meant else f"add {name} under configuration, or write $${{ for the text"
        findings.error(path, f"${{{name}}} stands for nothing", remedy)
    elif now and name in variables.secret and name not in variables.configuration:
        message = f"${{{name}}} is a secret, and this is shown in plans, ledger and journal"
        findings.error(path, message, "use a value of the configuration")
    elif now and findings.is_spoilt(("configuration", name)):
        findings.spoilt.add(path)  # what is wrong with it is said there
    elif now and name in variables.later:
        message = f"${{{name}}} is known only while the experiment runs, and this is planned before"
        findings.error(path, message, f"take {name} from the environment: {{type: env, key: {name.upper()}}}")
    if len(findings.problems) > wrong:
        findings.spoilt.add(path)


def _unbraced(name: str, path: Path, variables: Variables, findings: Findings) -> None:
    if name in variables.names:
        message, remedy = f"${name} without braces", f"write ${{{name}}}, or $${name} for the text itself"
    else:
        message = f"${name} without braces, which stands for nothing"
        remedy = f"write $${name} for the text itself, or ${{...}} with a name of the configuration"
    findings.error(path, message, remedy)
    findings.spoilt.add(path)


def _from_environment(path: Path, value: Mapping[str, Any], known: dict[str, Any], findings: Findings) -> bool:
    """Whether the value is known; if not, that has been reported."""
    from chaoslib import convert_to_type

    name, key, kind = str(path[-1]), value.get("key"), value.get("env_var_type")
    unknown = sorted(set(value) - {"type", "key", "default", "env_var_type"})
    if unknown:
        findings.unknown_key((*path, unknown[0]), f"unknown key {unknown[0]!r}", _meant(unknown[0]))
        return _spoil(path, findings)
    if not isinstance(key, str) or not key:
        findings.error(path, "no environment variable is named", f"add key: {name.upper()}")
        return _spoil(path, findings)
    if kind is not None and kind not in _TYPES:
        meant = nearest(str(kind), _TYPES) or "str, int, float, bool or json"
        findings.error((*path, "env_var_type"), f"{kind!r} is no type that Chaos Toolkit knows", f"write {meant}")
        return _spoil(path, findings)
    if key not in os.environ and "default" not in value:
        findings.error(path, f"{key} is not set, and there is no default", f"set {key}, or add a default")
        return _spoil(path, findings)
    text = os.environ.get(key, value.get("default"))
    try:
        known[name] = convert_to_type(kind, text)
    except (ValueError, TypeError, AttributeError):
        where = f"{key} is" if key in os.environ else "the default is"
        findings.error(path, f"{where} {text!r}, which is no {kind}", f"set {key} to one, or change env_var_type")
        return _spoil(path, findings)
    return True


def _spoil(path: Path, findings: Findings) -> bool:
    findings.spoilt.add(path)
    return False


def _meant(key: str) -> str:
    known = ("type", "key", "default", "env_var_type")
    meant = nearest(key, known)
    return f"write {meant}" if meant else f"remove it; the keys known here are {', '.join(known)}"


def _refuse_leak(path: Path, secrets: object, findings: Findings) -> None:
    if secrets:
        message = "a value that a probe gives, beside secrets, which Chaos Toolkit then writes into the journal"
        findings.error(path, message, "take it from the environment")


def _secret_names(secrets: object) -> set[str]:
    groups = secrets.values() if isinstance(secrets, Mapping) else ()
    return {str(name) for group in groups if isinstance(group, Mapping) for name in group}

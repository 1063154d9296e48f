"""Everything that a dashboard asks Prometheus, and how Grafana fills its variables in."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dashboards.document import panels

_VARIABLE = re.compile(r"\$(?:\{(?P<braced>\w+)(?::\w+)?\}|(?P<plain>\w+))")
_LABEL_VALUES = re.compile(r"label_values\((?P<metric>.+), (?P<label>\w+)\)")


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: where it stands, as people would look for it, and its PromQL with variables in it."""

    where: str
    expression: str


def asked_by(model: Mapping[str, Any]) -> Iterator[Asked]:
    """Every query of every panel, of every annotation and of every variable."""
    for panel in panels(model):
        for target in panel.get("targets") or ():
            yield Asked(f"{model['title']} / {panel['title']} / {target['refId']}", target["expr"])
    for annotation in model["annotations"]["list"]:
        if "expr" in annotation:
            yield Asked(f"{model['title']} / overlay {annotation['name']}", annotation["expr"])
    for variable in model["templating"]["list"]:
        if variable["type"] == "query":
            found = _LABEL_VALUES.fullmatch(variable["query"]["query"])
            assert found is not None, variable["query"]
            label = found["label"]
            expression = f"count by ({label}) ({_with_label(found['metric'], label)})"
            yield Asked(f"{model['title']} / variable {variable['name']}", expression)


def _with_label(metric: str, label: str) -> str:
    """Those of its series that have the label: what Grafana offers to choose from."""
    present = f'{label}!=""'
    return f"{metric[:-1]},{present}}}" if metric.endswith("}") else f"{metric}{{{present}}}"


def variables_of(expression: str) -> set[str]:
    """The names of the variables in an expression, Grafana's own ones included."""
    return {found["braced"] or found["plain"] for found in _VARIABLE.finditer(expression)}


def filled(expression: str, choices: Mapping[str, str]) -> str:
    """The expression with a value for each variable; KeyError for one that has none."""
    return _VARIABLE.sub(lambda found: choices[found["braced"] or found["plain"]], expression)

"""Labels and annotations of alerts that Prometheus would refuse, or that the rules set themselves."""

import re
from collections.abc import Iterator, Mapping

from slos.model import Slo
from slos.problems import Problem
from slos.rules.go_template import problem

RESERVED = ("slo", "service", "window", "tier", "severity", "le", "alertname")
"""Labels that the rules set, or by which Prometheus tells series apart."""
_NAME = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*")


def label_problems(slo: Slo) -> Iterator[Problem]:
    """Labels and annotations of the SLO's alerts whose names or templates do not do."""
    alerting = slo.alerting
    yield from _labels(slo, "alerting.labels", alerting.labels)
    yield from _annotations(slo, "alerting.annotations", alerting.annotations)
    for name, tier in alerting.tiers.items():
        yield from _labels(slo, f"alerting.tiers.{name}.labels", tier.labels)
        yield from _annotations(slo, f"alerting.tiers.{name}.annotations", tier.annotations)


def _labels(slo: Slo, part: str, labels: Mapping[str, str]) -> Iterator[Problem]:
    for name, text in labels.items():
        wrong = _label(name) or _template(text)
        if wrong is not None:
            yield Problem(slo.place_of(f"{part}.{name}"), *wrong)


def _label(name: str) -> tuple[str, str] | None:
    """What is wrong with a label's name, and what to write instead."""
    if name == "severity":
        return "severity is a label of each tier", "set it by mlchaos.io/severity.<tier> (Sloth: in page_alert)"
    if name in RESERVED:
        return f"the label {name} is reserved: the rules set it", "rename it"
    if not _NAME.fullmatch(name):
        return f"{name!r} is no name of a label", "use letters, digits and _, and no digit first"
    return None


def _annotations(slo: Slo, part: str, annotations: Mapping[str, str]) -> Iterator[Problem]:
    for name, text in annotations.items():
        wrong = _template(text)
        if not _NAME.fullmatch(name):
            wrong = (
                f"{name!r} is no name of an alert's annotation",
                "use letters, digits and _, and no digit first",
            )
        if wrong is not None:
            yield Problem(slo.place_of(f"{part}.{name}"), *wrong)


def _template(text: str) -> tuple[str, str] | None:
    """Why Prometheus could not load a text as a template, and what to write instead."""
    wrong = problem(text)
    if wrong is None:
        return None
    return f"Prometheus would load no rule with this template: {wrong}", 'correct it, or write {{"{{"}} for braces'

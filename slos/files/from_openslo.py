"""From OpenSLO documents to the model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from slos.files import openslo
from slos.files.annotations import read_annotations, warn_of_misplaced
from slos.files.findings import Findings
from slos.files.nearest import nearest
from slos.files.openslo_indicators import Measured, Terms, read_indicator
from slos.files.openslo_windows import read_window
from slos.files.places import Places
from slos.files.yaml_document import Path
from slos.model import Service, Slo

_STAND_IN_OBJECTIVE = 0.999
"""Put in for one that cannot be read, so that the rest of the document can be."""


@dataclass(frozen=True, slots=True)
class ReferredSli:
    """A document of kind SLI, for SLOs that refer to it by name."""

    document: openslo.SliDocument
    findings: Findings


def read_slo(document: openslo.SloDocument, findings: Findings, referred: Mapping[str, ReferredSli]) -> Slo | None:
    """The SLO of a document; None after reporting why there is none."""
    spec, metadata, path = document.spec, document.metadata, ("spec",)
    declared = read_annotations(metadata.annotations, metadata.name, findings, ("metadata", "annotations"))
    _check_one(spec.time_window, findings, ("spec", "timeWindow"), "time window", "keep one of them")
    _check_one(spec.objectives, findings, ("spec", "objectives"), "objective", "write one SLO per objective")
    window = read_window(spec.time_window[0], findings, ("spec", "timeWindow", 0))
    objective = _objective(spec.objectives[0], findings, ("spec", "objectives", 0))
    measured = _measured(spec, findings, referred, Terms(spec.objectives[0], spec.budgeting_method, path, findings))
    if spec.alert_policies:
        message = "alertPolicies are not used: annotations under mlchaos.io/ say how to alert"
        findings.warn(("spec", "alertPolicies"), message, "remove them, or ignore this")
    if measured is None:
        return None
    parts: dict[str, tuple[Findings, Path]] = {
        "name": (findings, ("metadata", "name")),
        "service": (findings, ("spec", "service")),
        "objective": (findings, _objective_path(spec.objectives[0])),
        "window": (findings, ("spec", "timeWindow", 0)),
        **measured[1],
        **{f"labels.{name}": (findings, ("metadata", "labels", name)) for name in metadata.labels},
        **{part: (findings, place) for part, place in declared.paths.items()},
    }
    return Slo(
        name=metadata.name,
        service=spec.service,
        objective=objective,
        window=window,
        indicator=measured[0].indicator,
        alerting=declared.alerting,
        place=findings.document.place,
        description=spec.description,
        display_name=metadata.display_name,
        minimum_events=declared.minimum_events,
        chaos_allowance=declared.chaos_allowance,
        labels=metadata.labels,
        annotations=metadata.annotations,
        places=Places(parts),
    )


def read_service(document: openslo.ServiceDocument, findings: Findings) -> Service:
    metadata = document.metadata
    return Service(
        name=metadata.name,
        place=findings.document.place,
        display_name=metadata.display_name,
        description=document.spec.description,
        labels=metadata.labels,
        annotations=metadata.annotations,
    )


def _check_one(entries: Sequence[object], findings: Findings, path: Path, what: str, remedy: str) -> None:
    if len(entries) > 1:
        findings.error((*path, 1), f"a second {what}", remedy)


def _objective(objective: openslo.Objective, findings: Findings, path: Path) -> float:
    if objective.target is not None and objective.target_percent is not None:
        findings.error((*path, "targetPercent"), "targetPercent beside target", "keep one of them")
    if objective.target is not None:
        return objective.target
    if objective.target_percent is not None:
        return from_percent(objective.target_percent)
    findings.missing(path, ("target", "targetPercent"), "no target", "add target: 0.999, or targetPercent: 99.9")
    findings.spoilt.add((*path, "targetPercent"))
    return _STAND_IN_OBJECTIVE


def _objective_path(objective: openslo.Objective) -> Path:
    return ("spec", "objectives", 0, "target" if objective.target is not None else "targetPercent")


@lru_cache(1024)
def from_percent(percent: float) -> float:
    """99.9 -> 0.999, and not 0.9990000000000001."""
    return float(Fraction(str(percent)) / 100)


def _measured(
    spec: openslo.SloSpec, findings: Findings, referred: Mapping[str, ReferredSli], terms: Terms
) -> tuple[Measured, dict[str, tuple[Findings, Path]]] | None:
    """The indicator, and of each of its parts the document and the path."""
    if spec.indicator is not None and spec.indicator_ref is not None:
        findings.error(("spec", "indicatorRef"), "indicatorRef beside indicator", "keep one of them")
        return None
    if spec.indicator is not None:
        if spec.indicator.metadata is not None:
            inline = ("spec", "indicator", "metadata", "annotations")
            warn_of_misplaced(spec.indicator.metadata.annotations, findings, inline)
        measured = read_indicator(spec.indicator.spec, findings, ("spec", "indicator", "spec"), terms)
        return _located(measured, findings, findings)
    if spec.indicator_ref is None:
        remedy = "add indicator, or indicatorRef with the name of a document of kind SLI"
        findings.missing(("spec",), ("indicator", "indicatorRef"), "no indicator", remedy)
        return None
    sli = referred.get(spec.indicator_ref)
    if sli is None:
        near = nearest(spec.indicator_ref, referred, 0.5)
        remedy = (
            f"write {near}" if near else "add a document of kind SLI with that name, here or in a file read with it"
        )
        findings.error(("spec", "indicatorRef"), f"no SLI is called {spec.indicator_ref!r}", remedy)
        return None
    measured = read_indicator(sli.document.spec, sli.findings, ("spec",), terms)
    return _located(measured, sli.findings, findings)


def _located(
    measured: Measured | None, sli: Findings, slo: Findings
) -> tuple[Measured, dict[str, tuple[Findings, Path]]] | None:
    if measured is None:
        return None
    places = {part: (sli, path) for part, path in measured.in_sli.items()}
    return measured, places | {part: (slo, path) for part, path in measured.in_slo.items()}

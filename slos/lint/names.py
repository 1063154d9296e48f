"""Names that must be one SLO's, service's or alert's own."""

from collections.abc import Iterator

from slos.model import Alerting, Slo, SloSet
from slos.problems import Place, Problem


def name_problems(declared: SloSet) -> Iterator[Problem]:
    """SLOs and services declared twice, and alerts of two SLOs that nobody could tell apart."""
    first: dict[str, Place] = {}
    distinct = []
    for slo in declared.slos:
        place = slo.place_of("name")
        if slo.name in first:
            yield _twice("SLO", slo.name, place, first[slo.name])
        else:
            first[slo.name] = place
            distinct.append(slo)
    yield from _alert_names(distinct)
    first = {}
    for service in declared.services:
        if service.name in first:
            yield _twice("service", service.name, service.place, first[service.name])
        first.setdefault(service.name, service.place)


def _twice(kind: str, name: str, place: Place, first: Place) -> Problem:
    return Problem(place, f"the {kind} {name} is declared already, at {first}", "rename one of them, or remove it")


def _alert_names(slos: list[Slo]) -> Iterator[Problem]:
    owner: dict[str, Slo] = {}
    for slo in slos:
        for part, alert in _alerts(slo.alerting):
            other = owner.setdefault(alert, slo)
            if other is not slo:
                yield Problem(
                    slo.place_of(part),
                    f"the alert {alert} is that of the SLO {other.name} already ({other.place})",
                    f"name it with the annotation mlchaos.io/{_ANNOTATION[part]}",
                )
        if slo.alerting.name == slo.alerting.absent_name:
            yield Problem(
                slo.place_of("alerting.absent_name"),
                f"burnt budget and a missing SLI raise the same alert, {slo.alerting.name}",
                "name one of them with the annotation mlchaos.io/absent-alert-name",
            )


_ANNOTATION = {"alerting.name": "alert-name", "alerting.absent_name": "absent-alert-name"}


def _alerts(alerting: Alerting) -> Iterator[tuple[str, str]]:
    if alerting.tiers:
        yield "alerting.name", alerting.name
    if alerting.absent is not None:
        yield "alerting.absent_name", alerting.absent_name

"""Names that must, or should, be one SLO's, service's or alert's own."""

from collections.abc import Iterable, Iterator

from slos.model import Alerting, Service, Slo, SloSet
from slos.problems import Place, Problem


def name_problems(declared: SloSet) -> Iterator[Problem]:
    """SLOs and services declared twice, and alerts that share a name."""
    slos: dict[str, Slo] = {}
    for slo in declared.slos:
        if (first := slos.setdefault(slo.name, slo)) is not slo:
            yield _twice("SLO", slo.name, slo.place_of("name"), first.place)
    yield from _alert_names(slos.values())
    services: dict[str, Service] = {}
    for service in declared.services:
        if (other := services.setdefault(service.name, service)) is not service:
            yield _twice("service", service.name, service.place, other.place)


def _twice(kind: str, name: str, place: Place, first: Place) -> Problem:
    return Problem(place, f"the {kind} {name} is declared already, at {first}", "rename one of them, or remove it")


def _alert_names(slos: Iterable[Slo]) -> Iterator[Problem]:
    owner: dict[str, Slo] = {}
    for slo in slos:
        for part, alert in _alerts(slo.alerting):
            other = owner.setdefault(alert, slo)
            if other is not slo:
                yield Problem(
                    slo.place_of(part),
                    f"the alert {alert} is that of the SLO {other.name} as well ({other.place}): only the label slo "
                    "tells them apart",
                    f"name it with the annotation mlchaos.io/{_ANNOTATION[part]} (Sloth: alerting.name)",
                    "warning",
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

"""Documents of Sloth: `prometheus/v1` files and the PrometheusServiceLevel of its operator.

Source: Sloth's specification (https://sloth.dev/specs/). Its SLOs are over 30 days; page alerts are the two page
tiers here, ticket alerts the two ticket tiers. A file spells keys `error_query`, the Kubernetes object `errorQuery`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field, JsonValue
from pydantic.alias_generators import to_camel

from slos.files.alert_names import absent_alert, budget_burn_alert
from slos.files.field_types import Filled, Percent, PrometheusLabels, SlothName
from slos.files.findings import Findings
from slos.files.from_openslo import from_percent
from slos.files.places import Places
from slos.files.structure import Strict, fitted
from slos.files.yaml_document import Document, Path
from slos.model import AbsentAlert, Alerting, EventRatio, Indicator, RawRatio, RollingWindow, Slo, TierAlert
from slos.tiers import DAY, TIERS, TierName, Urgency

PERIOD_SECONDS = 30 * DAY
CLUSTER_KEYS = ("metadata", "status")
"""Keys of the Kubernetes object that are the cluster's business."""

HINTS: Mapping[str, str] = {
    "plugins": "remove it: plugins of Sloth are not run here",
    "slo_plugins": "remove it: plugins of Sloth are not run here",
    "sloPlugins": "remove it: plugins of Sloth are not run here",
    "target": "write objective, in percent",
}


class Raw(Strict):
    error_ratio_query: Filled = Field(
        description="PromQL of an error ratio (0..1) over {{.window}}.", examples=["1 - avg_over_time(up[{{.window}}])"]
    )


class Events(Strict):
    error_query: Filled = Field(
        description="PromQL of bad events over {{.window}}.",
        examples=['sum(rate(http_requests_total{code=~"5.."}[{{.window}}]))'],
    )
    total_query: Filled = Field(
        description="PromQL of all events over {{.window}}.",
        examples=["sum(rate(http_requests_total[{{.window}}]))"],
    )


_ONE_SLI: dict[str, Any] = {"oneOf": [{"required": ["raw"]}, {"required": ["events"]}]}


class Sli(Strict, json_schema_extra=_ONE_SLI):
    raw: Raw | None = Field(default=None, description="An error ratio.")
    events: Events | None = Field(default=None, description="Bad and all events.")
    plugin: JsonValue = Field(default=None, description="Not read: write the query that the plugin makes.")


class Alert(Strict):
    disable: bool = Field(default=False, description="Switches these alerts off.", examples=[True])
    labels: PrometheusLabels = Field(
        default_factory=dict, description="Labels; severity is the alert's.", examples=[{"severity": "page"}]
    )
    annotations: PrometheusLabels = Field(default_factory=dict, description="Annotations.", examples=[{"note": "x"}])


class SlothAlerting(Strict):
    name: str = Field(default="", description="Name of the alerts.", examples=["ChatHighErrorRate"])
    labels: PrometheusLabels = Field(default_factory=dict, description="Labels of all.", examples=[{"team": "ml"}])
    annotations: PrometheusLabels = Field(
        default_factory=dict, description="Annotations of all.", examples=[{"runbook": "https://runbooks.example/chat"}]
    )
    page_alert: Alert = Field(default_factory=Alert, description="The page alerts.", examples=[{}])
    ticket_alert: Alert = Field(default_factory=Alert, description="The ticket alerts.", examples=[{}])


class SlothSlo(Strict):
    name: SlothName = Field(description="Name, unique in its service.", examples=["requests-availability"])
    description: str = Field(default="", description="What is promised, for people.", examples=["Requests answered"])
    objective: Percent = Field(description="Good share of all in percent.", examples=[99.9])
    labels: PrometheusLabels = Field(default_factory=dict, description="Labels of this SLO.", examples=[{"tier": "1"}])
    sli: Sli = Field(description="What is measured.")
    alerting: SlothAlerting = Field(default_factory=SlothAlerting, description="Alerts.", examples=[{}])


class ServiceLevel(Strict):
    service: SlothName = Field(description="Service of the SLOs.", examples=["chat"])
    labels: PrometheusLabels = Field(
        default_factory=dict, description="Labels of every SLO.", examples=[{"team": "ml"}]
    )
    slos: list[SlothSlo] = Field(min_length=1, description="The SLOs.")


class SlothFile(ServiceLevel):
    """SLOs of a service (Sloth prometheus/v1)."""

    version: Literal["prometheus/v1"] = Field(description="Version of the format.", examples=["prometheus/v1"])


class SlothObject(Strict):
    """SLOs of a service (Sloth's Kubernetes object)."""

    api_version: Literal["sloth.slok.dev/v1"] = Field(description="Version of the format.")
    kind: Literal["PrometheusServiceLevel"] = Field(description="Kind of the object.")
    metadata: dict[str, JsonValue] = Field(default_factory=dict, description="As of any Kubernetes object.")
    status: JsonValue = Field(default=None, description="What the operator wrote.")
    spec: ServiceLevel = Field(description="The SLOs.")


def read_slos(document: Document, findings: Findings, *, crd: bool) -> list[Slo]:
    """The SLOs of a document; what is wrong with it goes to the findings."""
    if crd:
        whole = fitted(SlothObject, document.value, findings, HINTS)
        level, path = (whole.spec, ("spec",)) if whole is not None else (None, ())
    else:
        level, path = fitted(SlothFile, document.value, findings, HINTS, by_alias=False), ()
    if level is None:
        return []
    spell = to_camel if crd else str
    read = [_Declared(level, slo, findings, (*path, "slos", index), spell) for index, slo in enumerate(level.slos)]
    return [slo for declared in read if (slo := declared.read()) is not None]


@dataclass(frozen=True, slots=True)
class _Declared:
    """One SLO of a document, and how the document spells its keys."""

    level: ServiceLevel
    slo: SlothSlo
    findings: Findings
    path: Path
    spell: Callable[[str], str]

    def read(self) -> Slo | None:
        measured = self._indicator()
        if measured is None:
            return None
        indicator, parts = measured
        name = f"{self.level.service}-{self.slo.name}"
        labels = {**self.level.labels, **self.slo.labels}
        return Slo(
            name=name,
            service=self.level.service,
            objective=from_percent(self.slo.objective),
            window=RollingWindow(PERIOD_SECONDS),
            indicator=indicator,
            alerting=self._alerting(name, labels),
            place=self.findings.place_of(self.path),
            description=self.slo.description,
            labels=labels,
            places=Places({part: (self.findings, path) for part, path in (self._paths() | parts).items()}),
        )

    def _paths(self) -> dict[str, Path]:
        """Where the parts stand, but for the indicator's."""
        service, alerting = self.path[:-2], (*self.path, "alerting")
        labels = {name: (*service, "labels", name) for name in self.level.labels}
        labels |= {name: (*self.path, "labels", name) for name in self.slo.labels}
        of_alerts = labels | {name: (*alerting, "labels", name) for name in self.slo.alerting.labels}
        paths: dict[str, Path] = {
            "name": (*self.path, "name"),
            "service": (*service, "service"),
            "objective": (*self.path, "objective"),
            "indicator": (*self.path, "sli"),
            "alerting.name": (*alerting, "name"),
            "alerting.tiers": alerting,
            **{f"labels.{name}": path for name, path in labels.items()},
            **{f"alerting.labels.{name}": path for name, path in of_alerts.items()},
        }
        for tier in TIERS:
            key = self.spell(f"{tier.urgency}_alert")
            alert = self._alert(tier.urgency)
            for what, names in (("labels", alert.labels), ("annotations", alert.annotations)):
                part = f"alerting.tiers.{tier.name}.{what}"
                paths |= {f"{part}.{name}": (*alerting, key, what, name) for name in names}
        return paths

    def _indicator(self) -> tuple[Indicator, dict[str, Path]] | None:
        sli, path = self.slo.sli, (*self.path, "sli")
        if sli.plugin is not None:
            remedy = "write the queries that it makes, under events or raw"
            self.findings.error((*path, "plugin"), "a plugin, which is not run here", remedy)
            return None
        if sli.raw is not None and sli.events is not None:
            self.findings.error((*path, "raw"), "raw beside events", "keep one of them")
            return None
        if sli.raw is not None:
            query = self.spell("error_ratio_query")
            return RawRatio(sli.raw.error_ratio_query), {"indicator.query": (*path, "raw", query)}
        if sli.events is None:
            self.findings.missing(path, ("raw", "events"), "no queries", "add events, with the bad and all events")
            return None
        events = EventRatio(total=sli.events.total_query, bad=sli.events.error_query)
        bad, total = self.spell("error_query"), self.spell("total_query")
        return events, {"indicator.bad": (*path, "events", bad), "indicator.total": (*path, "events", total)}

    def _alerting(self, name: str, labels: Mapping[str, str]) -> Alerting:
        """Sloth's alerts carry the SLO's labels as well, from the series they are made of."""
        alerting = self.slo.alerting
        shared = {**labels, **alerting.labels}
        severity = shared.pop("severity", None)
        tiers: dict[TierName, TierAlert] = {}
        for tier in TIERS:
            alert = self._alert(tier.urgency)
            if not alert.disable:
                own = dict(alert.labels)
                urgency = own.pop("severity", severity or tier.urgency)
                tiers[tier.name] = TierAlert(urgency, labels=own, annotations=alert.annotations)
        first = next(iter(tiers.values()), None)
        return Alerting(
            name=alerting.name or budget_burn_alert(name),
            absent_name=absent_alert(name),
            tiers=tiers,
            absent=AbsentAlert(first.severity) if first is not None else None,
            labels=shared,
            annotations=alerting.annotations,
            runbook=alerting.annotations.get("runbook"),
        )

    def _alert(self, urgency: Urgency) -> Alert:
        return self.slo.alerting.page_alert if urgency == "page" else self.slo.alerting.ticket_alert

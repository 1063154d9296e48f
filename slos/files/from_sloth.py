"""From documents of Sloth to the model.

Sloth's SLOs are over 30 days; page alerts are the two page tiers here, ticket alerts the two ticket tiers.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from pydantic.alias_generators import to_camel

from slos.files import sloth
from slos.files.alert_names import absent_alert, budget_burn_alert
from slos.files.findings import Findings
from slos.files.from_openslo import from_percent
from slos.files.places import Places
from slos.files.structure import fitted
from slos.files.yaml_document import Document, Path
from slos.lint.labels import RESERVED
from slos.model import AbsentAlert, Alerting, EventRatio, Indicator, RawRatio, RollingWindow, Slo, TierAlert
from slos.tiers import DAY, TIERS, Tier, TierName, Urgency

PERIOD_SECONDS = 30 * DAY
_URGENCIES: tuple[Urgency, ...] = ("page", "ticket")
_SLOTH_LABEL = re.compile(r"\bsloth_[a-z]+\b")
_OUR_LABELS: Mapping[str, str] = {
    "sloth_id": "slo",
    "sloth_slo": "slo (which is the service and the name)",
    "sloth_service": "service",
    "sloth_window": "window",
    "sloth_severity": "severity (or tier)",
}


def read_slos(document: Document, findings: Findings, *, crd: bool) -> list[Slo]:
    """The SLOs of a document; what is wrong with it goes to the findings."""
    if crd:
        whole = fitted(sloth.SlothObject, document.value, findings, sloth.HINTS)
        level, path = (whole.spec, ("spec",)) if whole is not None else (None, ())
    else:
        level, path = fitted(sloth.SlothFile, document.value, findings, sloth.HINTS, by_alias=False), ()
    if level is None:
        return []
    spell = to_camel if crd else str
    read = [_Declared(level, slo, findings, (*path, "slos", index), spell) for index, slo in enumerate(level.slos)]
    return [slo for declared in read if (slo := declared.read()) is not None]


@dataclass(frozen=True, slots=True)
class _Declared:
    """One SLO of a document, and how the document spells its keys."""

    level: sloth.ServiceLevel
    slo: sloth.SlothSlo
    findings: Findings
    path: Path
    spell: Callable[[str], str]

    def read(self) -> Slo | None:
        self._warn_of_idle()
        self._warn_of_reserved()
        self._warn_of_foreign_labels()
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
        """Sloth's alerts carry the SLO's labels as well, but for those that the rules set here."""
        alerting = self.slo.alerting
        severity = alerting.labels.get("severity", labels.get("severity"))
        shared = {name: text for name, text in labels.items() if name not in RESERVED} | alerting.labels
        shared.pop("severity", None)
        tiers: dict[TierName, TierAlert] = {}
        for tier in TIERS:
            alert = self._alert(tier.urgency)
            if not alert.disable and not self._is_out_of_reach(tier):
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

    def _is_out_of_reach(self, tier: Tier) -> bool:
        """Whether a tier that can never fire is left out, with a warning: Sloth switches tiers only in pairs.

        Where neither of a pair can fire, nothing is left of the alert, and lint says so.
        """
        objective = from_percent(self.slo.objective)
        pair = [other for other in TIERS if other.urgency == tier.urgency]
        reached = [other.name for other in pair if other.reachable(PERIOD_SECONDS, objective)]
        if tier.name in reached or not reached:
            return False
        ratio = tier.factor(PERIOD_SECONDS) * (1 - objective)
        message = (
            f"the tier {tier.name} is switched off: it would take an error ratio of {ratio:.4g}, and none exceeds 1"
        )
        remedy = f"raise the objective to have it, or ignore this: {' and '.join(reached)} stays on"
        self.findings.warn((*self.path, "objective"), message, remedy)
        return True

    def _warn_of_idle(self) -> None:
        """Tells of what says how alerts should be that are disabled."""
        alerting, path = self.slo.alerting, (*self.path, "alerting")
        keys = {urgency: self.spell(f"{urgency}_alert") for urgency in _URGENCIES}
        disabled = [urgency for urgency in _URGENCIES if self._alert(urgency).disable]
        for urgency in disabled:
            alert, key = self._alert(urgency), keys[urgency]
            for what, given in (("labels", alert.labels), ("annotations", alert.annotations)):
                if given:
                    message = f"{what} of {key} have no effect: it is disabled"
                    self.findings.warn((*path, key, what), message, f"remove them, or enable {key}")
        if len(disabled) == len(_URGENCIES):
            for what, given in (("labels", alerting.labels), ("annotations", alerting.annotations)):
                if given:
                    message = f"{what} of alerting have no effect: {' and '.join(keys.values())} are disabled"
                    self.findings.warn((*path, what), message, "remove them, or enable one of the alerts")

    def _warn_of_reserved(self) -> None:
        """Tells of labels that alerts do not carry: a service's `tier: "2"` is none of the alert's."""
        if all(self._alert(urgency).disable for urgency in _URGENCIES):
            return
        for path, labels in ((self.path[:-2], self.level.labels), (self.path, self.slo.labels)):
            for name in labels:
                if name in RESERVED and name != "severity":
                    message = f"the label {name} is kept on slo:info, as label_{name}, and left off the alerts"
                    remedy = f"rename it to have it there: the rules set {name} themselves"
                    self.findings.warn((*path, "labels", name), message, remedy)

    def _warn_of_foreign_labels(self) -> None:
        """Tells of templates that ask for Sloth's labels: they would be empty without a word."""
        for path, text in self._templates():
            foreign = sorted(set(_SLOTH_LABEL.findall(text))) if "{{" in text else []
            if foreign:
                ours = [f"{_OUR_LABELS[name]} for {name}" for name in foreign if name in _OUR_LABELS]
                remedy = ", ".join(ours) or "one of slo, service, window, tier and severity"
                message = f"alerts have no label {' or '.join(foreign)} here: the text would be empty in its place"
                self.findings.warn(path, message, f"write {remedy}")

    def _templates(self) -> Iterator[tuple[Path, str]]:
        """Every text that becomes a label or an annotation of an alert."""
        alerting, path = self.slo.alerting, (*self.path, "alerting")
        given: list[tuple[Path, Mapping[str, str]]] = [
            ((*self.path[:-2], "labels"), self.level.labels),
            ((*self.path, "labels"), self.slo.labels),
            ((*path, "labels"), alerting.labels),
            ((*path, "annotations"), alerting.annotations),
        ]
        for urgency in _URGENCIES:
            alert, key = self._alert(urgency), self.spell(f"{urgency}_alert")
            given += [((*path, key, "labels"), alert.labels), ((*path, key, "annotations"), alert.annotations)]
        for where, texts in given:
            for name, text in texts.items():
                yield (*where, name), text

    def _alert(self, urgency: Urgency) -> sloth.Alert:
        return self.slo.alerting.page_alert if urgency == "page" else self.slo.alerting.ticket_alert

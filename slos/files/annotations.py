"""Alerting of an OpenSLO document, and what chaos may cost it: its annotations under `mlchaos.io/`.

Anything else under that prefix is an error, so that a misspelt key does not go unnoticed until the night it matters.
"""

import math
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from slos.allowance import AllowanceError, parse_allowance
from slos.duration import DurationError, parse_duration
from slos.files.alert_names import absent_alert, budget_burn_alert
from slos.files.annotation_keys import KEYS, OPEN_KEYS, PREFIX
from slos.files.field_types import spoken_duration
from slos.files.findings import Findings
from slos.files.nearest import nearest
from slos.files.yaml_document import Path
from slos.model import AbsentAlert, Alerting, TierAlert
from slos.tiers import TIER, TIERS, TierName

_URL = re.compile(r"https?://\S+")
_WORD = re.compile(r"[^\s,;|]+")


@dataclass(frozen=True, slots=True)
class Declared:
    """What the annotations say; `paths` tells where, by the names of the model."""

    alerting: Alerting
    minimum_events: float
    chaos_allowance: float | None
    paths: Mapping[str, Path]


def read_annotations(annotations: Mapping[str, str], slo_name: str, findings: Findings, path: Path) -> Declared:
    """What the annotations of an SLO say, which stand at `path`. What is wrong goes to the findings."""
    ours = {key.removeprefix(PREFIX): text for key, text in annotations.items() if key.startswith(PREFIX)}
    reader = _Reader(ours, findings, path)
    reader.refuse_unknown()
    on = reader.tiers()
    absent = reader.absent(paged=any(TIER[name].urgency == "page" for name in on))
    reader.warn_of_idle(on, absent)
    tiers = {
        name: TierAlert(
            severity=reader.text(f"severity.{name}", TIER[name].urgency),
            for_seconds=reader.duration(f"for.{name}", 0.0),
        )
        for name in on
    }
    return Declared(
        alerting=Alerting(
            name=reader.text("alert-name", budget_burn_alert(slo_name)),
            absent_name=reader.text("absent-alert-name", absent_alert(slo_name)),
            tiers=tiers,
            absent=absent,
            labels=reader.named("alert-label."),
            annotations=reader.named("alert-annotation."),
            runbook=reader.runbook(),
        ),
        minimum_events=reader.minimum_events(),
        chaos_allowance=reader.chaos_allowance(),
        paths=reader.paths(),
    )


def warn_of_misplaced(annotations: Iterable[str], findings: Findings, path: Path) -> None:
    """Tells of annotations that say how to alert where no SLO is."""
    for key in annotations:
        if key.startswith(PREFIX):
            message = f"{key} says nothing here: alerting is an SLO's"
            findings.warn((*path, key), message, "move it to metadata.annotations of the documents of kind SLO")


class _Reader:
    """Takes one annotation after another, and reports each that does not say what it should."""

    def __init__(self, ours: Mapping[str, str], findings: Findings, path: Path) -> None:
        self._ours = ours
        self._findings = findings
        self._path = path
        self._refused: set[str] = set()

    def refuse_unknown(self) -> None:
        for key in self._ours:
            if key in KEYS or any(key.startswith(start) and key != start for start in OPEN_KEYS):
                continue
            near = nearest(key, (*KEYS, *OPEN_KEYS))
            remedy = f"write {PREFIX}{near}" if near else f"remove it; known are {', '.join((*KEYS, *OPEN_KEYS))}"
            self._findings.unknown_key(self._at(key), f"unknown annotation {PREFIX + key!r}", remedy)

    def text(self, key: str, default: str) -> str:
        text = self._ours.get(key, default)
        if not text.strip():
            self._refuse(key, "an empty text", "write something, or leave the annotation out")
            return default
        return text

    def duration(self, key: str, default: float) -> float:
        text = self._ours.get(key)
        if text is None:
            return default
        try:
            return parse_duration(text)
        except DurationError as error:
            if text in ("0", "0s"):
                return 0.0
            message, _, remedy = str(error).rpartition(": ")
            self._refuse(key, message, spoken_duration(text) or remedy)
            return default

    def tiers(self) -> tuple[TierName, ...]:
        """Those switched on, from the fastest."""
        text = self._ours.get("tiers")
        every = tuple(tier.name for tier in TIERS)
        if text is None:
            return every
        if text.strip() == "none":
            return ()
        wanted = _WORD.findall(text) or [""]
        if all(word in every for word in wanted) and wanted != [word.strip() for word in text.split(",")]:
            self._refuse("tiers", f"{text!r} is no list of tiers", f"join them with commas: {', '.join(wanted)}")
        for word in wanted:
            if word not in every:
                near = nearest(word, every, 0.4)
                remedy = f"write {near}" if near else f"write some of {', '.join(every)}, or none"
                self._refuse("tiers", f"{word!r} is no tier", remedy)
        return tuple(name for name in every if name in wanted)

    def absent(self, *, paged: bool) -> AbsentAlert | None:
        severity = self.text("absent", "page" if paged else "ticket")
        for_seconds = self.duration("for.absent", 300.0)
        return None if severity == "off" else AbsentAlert(severity, for_seconds)

    def warn_of_idle(self, on: Collection[TierName], absent: AbsentAlert | None) -> None:
        """Tells of what says how an alert should be that is switched off, or is said twice."""
        if "tiers" in self._refused:
            return
        for tier in TIERS:
            if tier.name not in on:
                remedy = f"remove it, or switch the tier on: mlchaos.io/tiers has {', '.join(on) or 'none'}"
                self._idle(f"the tier {tier.name} is switched off", remedy, f"severity.{tier.name}", f"for.{tier.name}")
        if not on:
            self._idle("every tier is switched off", "remove it, or switch a tier on in mlchaos.io/tiers", "alert-name")
        if absent is None:
            remedy = "remove it, or give mlchaos.io/absent a severity"
            self._idle("the alert for missing data is switched off", remedy, "for.absent", "absent-alert-name")
        if not on and absent is None:
            named = [key for key in self._ours if key.startswith(tuple(OPEN_KEYS))]
            self._idle("every alert is switched off", "remove it, or switch an alert on", "runbook", *named)
        elif "alert-annotation.runbook_url" in self._ours:
            self._idle("alert-annotation.runbook_url stands in its place", "keep one of them", "runbook")

    def _idle(self, reason: str, remedy: str, *keys: str) -> None:
        for key in keys:
            if key in self._ours:
                self._findings.warn(self._at(key), f"{PREFIX}{key} has no effect: {reason}", remedy)

    def runbook(self) -> str | None:
        text = self._ours.get("runbook")
        if text is not None and not _URL.fullmatch(text):
            self._refuse("runbook", f"{text!r} is no link", "write an address such as https://runbooks.example/llm")
        return text

    def minimum_events(self) -> float:
        text = self._ours.get("minimum-events", "0")
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        if not 0 <= number < math.inf:
            self._refuse("minimum-events", f"{text!r} is no number of events", 'write a number in quotes, such as "20"')
            return 0.0
        return number

    def chaos_allowance(self) -> float | None:
        text = self._ours.get("chaos-allowance")
        try:
            return None if text is None else parse_allowance(text)
        except AllowanceError as error:
            self._refuse("chaos-allowance", error.message, error.remedy)
            return None

    def named(self, start: str) -> dict[str, str]:
        """Annotations that end in a name: `alert-label.team` gives team."""
        return {key.removeprefix(start): text for key, text in self._ours.items() if key.startswith(start)}

    def paths(self) -> dict[str, Path]:
        parts = {
            "minimum-events": "minimum_events",
            "chaos-allowance": "chaos_allowance",
            "alert-name": "alerting.name",
            "absent-alert-name": "alerting.absent_name",
            "tiers": "alerting.tiers",
            "absent": "alerting.absent",
            "runbook": "alerting.runbook",
        }
        found = {parts[key]: self._at(key) for key in self._ours if key in parts}
        for start, part in (("alert-label.", "labels"), ("alert-annotation.", "annotations")):
            found |= {
                f"alerting.{part}.{key.removeprefix(start)}": self._at(key)
                for key in self._ours
                if key.startswith(start)
            }
        return found

    def _refuse(self, key: str, message: str, remedy: str) -> None:
        self._refused.add(key)
        self._findings.error(self._at(key), message, remedy)

    def _at(self, key: str) -> Path:
        return (*self._path, PREFIX + key)

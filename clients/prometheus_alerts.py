"""What Prometheus says of its alerts: the rules, which of them are pending or firing, and to whom they are sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from clients.prometheus import Prometheus, PrometheusError

AlertState = Literal["pending", "firing"]


@dataclass(frozen=True, slots=True)
class ActiveAlert:
    """An alert that is pending or firing; `active_at` is when its expression began to hold (since the epoch)."""

    labels: Mapping[str, str]
    state: AlertState
    active_at: float

    @property
    def name(self) -> str:
        return self.labels.get("alertname", "")


@dataclass(frozen=True, slots=True)
class RuleOfAlert:
    """An alerting rule as Prometheus has loaded it. Seconds; `labels` are templates where a rule has such.

    `interval` is that of its group. `healthy` is False where its last evaluation failed, and `problem` says why; it is
    None before the first. `last_evaluation` is in seconds since the epoch, None where there was none.
    """

    name: str
    query: str
    for_seconds: float
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    group: str
    interval: float
    healthy: bool | None
    problem: str
    last_evaluation: float | None
    active: tuple[ActiveAlert, ...]

    @property
    def severity(self) -> str:
        return self.labels.get("severity", "")


class PrometheusAlerts:
    """Questions about alerts to one Prometheus. Every method raises PrometheusError without a whole answer."""

    def __init__(self, prometheus: Prometheus) -> None:
        self._prometheus = prometheus

    def active(self) -> tuple[ActiveAlert, ...]:
        """Every alert that is pending or firing now."""
        data = self._prometheus.fetch("alerts", {}).data
        try:
            return tuple(_active(entry) for entry in data["alerts"])
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise self._strange("alerts", error) from error

    def rules(self) -> tuple[RuleOfAlert, ...]:
        """Every alerting rule that is loaded."""
        data = self._prometheus.fetch("rules", {"type": "alert"}).data
        try:
            return tuple(
                _rule(rule, str(group["name"]), float(group["interval"]))
                for group in data["groups"]
                for rule in group["rules"]
                if rule["type"] == "alerting"
            )
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise self._strange("rules", error) from error

    def alertmanagers(self) -> tuple[str, ...]:
        """The addresses that alerts are sent to."""
        data = self._prometheus.fetch("alertmanagers", {}).data
        try:
            return tuple(str(entry["url"]) for entry in data["activeAlertmanagers"])
        except (LookupError, TypeError) as error:
            raise self._strange("alertmanagers", error) from error

    def _strange(self, what: str, error: Exception) -> PrometheusError:
        told = f"{type(error).__name__}: {error}"
        return PrometheusError(f"{self._prometheus.url} does not answer like Prometheus: no {what} ({told})")


def _rule(entry: Mapping[str, Any], group: str, interval: float) -> RuleOfAlert:
    health = str(entry.get("health", "unknown"))
    return RuleOfAlert(
        name=str(entry["name"]),
        query=str(entry["query"]),
        for_seconds=float(entry["duration"]),
        labels=_texts(entry.get("labels")),
        annotations=_texts(entry.get("annotations")),
        group=group,
        interval=interval,
        healthy=None if health == "unknown" else health == "ok",
        problem=str(entry.get("lastError", "")),
        last_evaluation=read_time(entry.get("lastEvaluation")),
        active=tuple(_active(alert) for alert in entry.get("alerts") or ()),
    )


def _active(entry: Mapping[str, Any]) -> ActiveAlert:
    active_at = read_time(entry["activeAt"])
    if active_at is None:
        raise ValueError("an active alert without its time")
    if entry["state"] not in ("pending", "firing"):
        raise ValueError(f"{entry['state']!r} is no state of an active alert")
    return ActiveAlert(_texts(entry["labels"]), entry["state"], active_at)


def _texts(value: Mapping[str, Any] | None) -> dict[str, str]:
    return {str(name): str(text) for name, text in (value or {}).items()}


def read_time(text: object) -> float | None:
    """Seconds since the epoch of an RFC 3339 time as Go writes it; None for its zero time. Raises ValueError."""
    if not isinstance(text, str) or text.startswith("0001-01-01"):
        return None
    return datetime.fromisoformat(_six_digits(text)).timestamp()


def _six_digits(text: str) -> str:
    """Go writes nanoseconds, and Python reads microseconds."""
    whole, dot, rest = text.partition(".")
    if not dot:
        return text
    digits = len(rest) - len(rest.lstrip("0123456789"))
    return f"{whole}.{rest[:digits][:6].ljust(6, '0')}{rest[digits:]}"

"""Alertmanager, over its API v2 and its own metrics: alerts and what mutes them, configuration, silences, receivers."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from clients.json_http import HttpError, JsonServer
from clients.prometheus_alerts import read_time

ALERTMANAGER_VARIABLE = "ALERTMANAGER_URL"
SET_ADDRESS = f'is it up, and {ALERTMANAGER_VARIABLE} the right address (in the lab: eval "$(chaos lab env)")?'
_SENT = "alertmanager_notification_requests_total"
_FAILED = "alertmanager_notification_requests_failed_total"
"""Of requests, not of notifications: a notification counts when it begins, and as failed when it is given up for good,
which a receiver that answers 500 puts off for minutes."""

SilenceState = Literal["active", "pending", "expired"]


@dataclass(frozen=True, slots=True)
class ReceivedAlert:
    """An alert that Alertmanager has. Times are seconds since the epoch.

    `receivers` are those of the routes that it takes. `silenced_by` has ids of silences, `inhibited_by` fingerprints of
    alerts. `updated_at` is when it was received last. `processed` is False before it has been routed.
    """

    labels: Mapping[str, str]
    fingerprint: str
    receivers: tuple[str, ...]
    starts_at: float
    updated_at: float
    ends_at: float
    silenced_by: tuple[str, ...] = ()
    inhibited_by: tuple[str, ...] = ()
    processed: bool = True

    @property
    def name(self) -> str:
        return self.labels.get("alertname", "")

    @property
    def muted(self) -> bool:
        return bool(self.silenced_by or self.inhibited_by)


@dataclass(frozen=True, slots=True)
class SilenceMatcher:
    """One condition of a silence."""

    name: str
    value: str
    is_regex: bool = False
    is_equal: bool = True


@dataclass(frozen=True, slots=True)
class Silence:
    """A silence; times are seconds since the epoch. `id` is empty for one that is yet to be made."""

    matchers: tuple[SilenceMatcher, ...]
    starts_at: float
    ends_at: float
    created_by: str
    comment: str
    id: str = ""
    state: SilenceState = "active"


@dataclass(frozen=True, slots=True)
class AlertmanagerStatus:
    """Version, the configuration as it was loaded (secrets are masked by Alertmanager), and its cluster's state.

    `started_at` is in seconds since the epoch; None where it does not say.
    """

    version: str
    configuration: str
    cluster: str
    started_at: float | None = None


@dataclass(frozen=True, slots=True)
class NotificationCounts:
    """Requests that Alertmanager sent to receivers, and those of them that failed, by its counters (since its start).

    `by_integration` has both for each kind of receiver (`webhook`); who got what is not in them.
    """

    sent: float
    failed: float
    by_integration: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def delivered(self) -> float:
        return self.sent - self.failed


class Alertmanager:
    """One Alertmanager. Every call is bounded in time (seconds) and raises HttpError where it is not answered."""

    def __init__(self, url: str, timeout: float = 5.0) -> None:
        self._server = JsonServer("Alertmanager", url, SET_ADDRESS, timeout)
        self.url = self._server.url

    def alerts(self, filters: Sequence[str] = ()) -> tuple[ReceivedAlert, ...]:
        """Alerts that it has and that are not over: active, silenced, inhibited and not yet routed ones.

        `filters` are matchers such as `alertname="X"`; all must hold.
        """
        document = self._server.get("/api/v2/alerts", {"filter": list(filters)} if filters else None)
        try:
            return tuple(_alert(entry) for entry in document)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise self._strange("alerts", error) from error

    def status(self) -> AlertmanagerStatus:
        document = self._server.get("/api/v2/status")
        try:
            return AlertmanagerStatus(
                str(document["versionInfo"]["version"]),
                str(document["config"]["original"]),
                str(document["cluster"]["status"]),
                read_time(document.get("uptime")),
            )
        except (LookupError, TypeError, ValueError) as error:
            raise self._strange("status", error) from error

    def receivers(self) -> tuple[str, ...]:
        """The names of all receivers of its configuration."""
        document = self._server.get("/api/v2/receivers")
        try:
            return tuple(str(entry["name"]) for entry in document)
        except (LookupError, TypeError) as error:
            raise self._strange("receivers", error) from error

    def silences(self) -> tuple[Silence, ...]:
        """All that it knows, the expired ones included."""
        document = self._server.get("/api/v2/silences")
        try:
            return tuple(_silence(entry) for entry in document)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise self._strange("silences", error) from error

    def silence(self, silence: Silence) -> str:
        """Make a silence, or change the one of its id; gives the id, which a change may have made a new one."""
        document = self._server.post("/api/v2/silences", _written(silence))
        try:
            return str(document["silenceID"])
        except (LookupError, TypeError) as error:
            raise self._strange("id of a silence", error) from error

    def silence_of(self, identifier: str) -> Silence | None:
        """The silence with this id; None where there is none."""
        try:
            document = self._server.get(f"/api/v2/silence/{identifier}")
        except HttpError as error:
            if error.status == 404:
                return None
            raise
        try:
            return _silence(document)
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            raise self._strange("silence", error) from error

    def expire_silence(self, identifier: str) -> None:
        """End a silence now. One that is over or not known is an error of Alertmanager's (HttpError with a status)."""
        self._server.delete(f"/api/v2/silence/{identifier}")

    def notification_counts(self) -> NotificationCounts:
        """Its counters of notifications, from /metrics."""
        from prometheus_client.parser import text_string_to_metric_families

        text = self._server.text("/metrics")
        found: dict[str, list[float]] = {}
        seen = False
        try:
            for family in text_string_to_metric_families(text):
                for sample in family.samples:
                    if sample.name in (_SENT, _FAILED):
                        seen = True
                        counts = found.setdefault(sample.labels.get("integration", ""), [0.0, 0.0])
                        counts[sample.name == _FAILED] += sample.value
        except ValueError as error:
            raise self._strange("metrics", error) from error
        if not seen:
            raise self._server.strange(f"no {_SENT} in its metrics")
        by_integration = {name: (sent, failed) for name, (sent, failed) in found.items()}
        sent, failed = (sum(counts[index] for counts in by_integration.values()) for index in (0, 1))
        return NotificationCounts(sent, failed, by_integration)

    def close(self) -> None:
        self._server.close()

    def _strange(self, what: str, error: Exception) -> HttpError:
        return self._server.strange(f"no {what} ({type(error).__name__}: {error})")


def alertmanager_url(configuration: Mapping[str, Any]) -> str:
    """Its address, of the configuration (`alertmanager_url`) or the environment; empty where nothing is named."""
    return str(configuration.get("alertmanager_url") or os.environ.get(ALERTMANAGER_VARIABLE, ""))


def _alert(entry: Mapping[str, Any]) -> ReceivedAlert:
    status = entry["status"]
    return ReceivedAlert(
        labels={str(name): str(value) for name, value in entry["labels"].items()},
        fingerprint=str(entry["fingerprint"]),
        receivers=tuple(str(one["name"]) for one in entry["receivers"]),
        starts_at=_time(entry["startsAt"]),
        updated_at=_time(entry["updatedAt"]),
        ends_at=_time(entry["endsAt"]),
        silenced_by=tuple(map(str, status["silencedBy"] or ())),
        inhibited_by=tuple(map(str, status["inhibitedBy"] or ())),
        processed=status["state"] != "unprocessed",
    )


def _silence(entry: Mapping[str, Any]) -> Silence:
    state = entry["status"]["state"]
    if state not in ("active", "pending", "expired"):
        raise ValueError(f"{state!r} is no state of a silence")
    matchers = tuple(
        SilenceMatcher(str(one["name"]), str(one["value"]), bool(one.get("isRegex")), one.get("isEqual") is not False)
        for one in entry["matchers"]
    )
    return Silence(
        matchers,
        _time(entry["startsAt"]),
        _time(entry["endsAt"]),
        str(entry["createdBy"]),
        str(entry["comment"]),
        str(entry["id"]),
        state,
    )


def _written(silence: Silence) -> dict[str, Any]:
    document: dict[str, Any] = {
        "matchers": [
            {"name": one.name, "value": one.value, "isRegex": one.is_regex, "isEqual": one.is_equal}
            for one in silence.matchers
        ],
        "startsAt": datetime.fromtimestamp(silence.starts_at, UTC).isoformat(),
        "endsAt": datetime.fromtimestamp(silence.ends_at, UTC).isoformat(),
        "createdBy": silence.created_by,
        "comment": silence.comment,
    }
    return {**document, "id": silence.id} if silence.id else document


def _time(text: object) -> float:
    at = read_time(text)
    if at is None:
        raise ValueError(f"{text!r} is no time")
    return at

"""An alert is silenced in Alertmanager: it fires, and nobody is told. What a forgotten silence does to a team."""

import time
from collections.abc import Iterable
from typing import Annotated, ClassVar
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from actions.alerts.matcher import all_match
from actions.alerts.silence_matchers import matchers_of
from actions.choice import Choice
from actions.fault import Arguments, Draft, Fault, Injection, Plane, RefusedError, System, Target
from actions.ledger.record import Record
from actions.systems import Systems
from clients.alertmanager import Alertmanager, SilenceMatcher
from clients.alertmanager import Silence as Written

MAKER = "mlchaos run "
"""How what we make begins to say who made it; a run's id follows."""
BEFORE_NOW_SECONDS = 300.0
"""A silence that is to begin in the past begins now, by Alertmanager's clock, which may be behind ours."""

LabelName = Annotated[str, Field(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$")]
Text = Annotated[str, Field(min_length=1)]


class SilenceArguments(Arguments):
    """Which alerts are silenced, and in which Alertmanager. Only whole values are matched, and always the name."""

    alertmanager_url: str = Field(description="Where Alertmanager's API is, such as http://127.0.0.1:9093.")
    alerts: tuple[Text, ...] = Field(min_length=1, description="Names of the alerts to silence, each a target.")
    labels: dict[LabelName, Text] = Field(
        default_factory=dict, description="Further labels that the silenced alerts have, such as severity: page."
    )

    @field_validator("alertmanager_url")
    @classmethod
    def _usable(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("it is no address: write it like http://127.0.0.1:9093")
        if "@" in url or parts.query or parts.fragment:
            raise ValueError("it has credentials or a query in it: it would be written into the ledger")
        return url.rstrip("/")

    @field_validator("alerts")
    @classmethod
    def _different(cls, alerts: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(alerts)) < len(alerts):
            raise ValueError("an alert is named twice: name each once")
        return alerts

    @field_validator("labels")
    @classmethod
    def _not_the_name(cls, labels: dict[str, str]) -> dict[str, str]:
        if "alertname" in labels:
            raise ValueError("alertname belongs into alerts")
        return labels


class Silence(Fault[SilenceArguments]):
    """Silence alerts by name. Each silence says which run made it, and ends by itself when the fault expires."""

    arguments = SilenceArguments
    planes: ClassVar[tuple[Plane, ...]] = ("alerting",)
    needs: ClassVar[tuple[System, ...]] = ("alertmanager",)
    effect_within = 5.0

    def plan(self, arguments: SilenceArguments, systems: Systems, choice: Choice) -> Draft:
        del choice
        url = arguments.alertmanager_url
        there = _lasting(systems.alertmanager(url).silences())
        for name in arguments.alerts:
            _refuse_silenced(name, _labels(name, arguments), there)
        return Draft(
            targets=tuple(Target("alert", name, details={"server": url}) for name in arguments.alerts),
            undo="the silence is expired; it also ends by itself when the fault expires",
            locks=tuple(f"alert:{urlsplit(url).netloc}/{name}" for name in arguments.alerts),
            warnings=(f"nobody is told meanwhile when {' or '.join(arguments.alerts)} fires for another reason",),
        )

    def inject(self, injection: Injection[SilenceArguments], systems: Systems) -> None:
        server = systems.alertmanager(injection.target.details["server"])
        there = _lasting(server.silences())
        if any(is_of(silence, injection.tag) for silence in there):
            return
        wanted = _labels(injection.target.name, injection.arguments)
        _refuse_silenced(injection.target.name, wanted, there)
        server.silence(
            Written(
                matchers=tuple(SilenceMatcher(name, value) for name, value in wanted.items()),
                starts_at=time.time() - BEFORE_NOW_SECONDS,
                ends_at=injection.expires_at,
                created_by=f"{MAKER}{injection.run}",
                comment=f"{injection.tag}: an experiment keeps this alert from being sent; chaos recover ends it",
            )
        )

    def in_effect(self, injection: Injection[SilenceArguments], systems: Systems) -> bool:
        there = systems.alertmanager(injection.target.details["server"]).silences()
        return any(silence.state == "active" and is_of(silence, injection.tag) for silence in there)

    def undo(self, record: Record, systems: Systems) -> None:
        server = systems.alertmanager(record.target.details["server"])
        for silence in _own(server, record):
            server.expire_silence(silence.id)

    def undone(self, record: Record, systems: Systems) -> bool:
        return not _own(systems.alertmanager(record.target.details["server"]), record)


def is_of(silence: Written, tag: str) -> bool:
    """Whether the fault of this record has made it."""
    return silence.created_by.startswith(MAKER) and silence.comment.startswith(f"{tag}:")


def _own(server: Alertmanager, record: Record) -> list[Written]:
    return [silence for silence in _lasting(server.silences()) if is_of(silence, record.id)]


def _lasting(silences: Iterable[Written]) -> list[Written]:
    """Alertmanager keeps those that are over for some days."""
    return [silence for silence in silences if silence.state != "expired"]


def _labels(alert: str, arguments: SilenceArguments) -> dict[str, str]:
    return {"alertname": alert, **arguments.labels}


def _refuse_silenced(alert: str, labels: dict[str, str], there: Iterable[Written]) -> None:
    """What is silenced already would prove nothing, and somebody else's silence must not be taken for ours."""
    for silence in there:
        if any(one.name not in labels for one in silence.matchers) or not all_match(matchers_of(silence), labels):
            continue
        remedy = "wait, or run: chaos recover" if silence.created_by.startswith(MAKER) else "expire it, or wait"
        raise RefusedError(
            f"alert {alert} is silenced already, by {silence.created_by} ({silence.id}): what is broken already "
            f"would prove nothing; {remedy}"
        )

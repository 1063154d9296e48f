import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from actions.alerts.silence import Silence, SilenceArguments
from actions.choice import Choice
from actions.fault import Injection, RefusedError
from actions.ledger.record import Record, Undo
from actions.systems import Systems
from clients.alertmanager import Alertmanager, SilenceMatcher
from clients.alertmanager import Silence as Written
from tests.real_alertmanager import address_in, post_alerts, real_alertmanager
from tests.waiting import wait_for

TAG = "mlchaos-20270115t080000z-abcdef-01234567"
URL = "http://127.9.0.1:9093"
FAULT = Silence()


@dataclass
class FakeAlertmanager:
    """One that keeps silences, and nothing else."""

    kept: list[Written] = field(default_factory=list)

    def silences(self) -> tuple[Written, ...]:
        return tuple(self.kept)


class FakeSystems(Systems):
    def __init__(self, *kept: Written) -> None:
        super().__init__()
        self.fake: Any = FakeAlertmanager(list(kept))

    def alertmanager(self, url: str) -> Alertmanager:
        del url
        fake: Alertmanager = self.fake
        return fake


def silenced(state: Any = "active", by: str = "somebody", comment: str = "maintenance", **labels: str) -> Written:
    matchers = tuple(SilenceMatcher(name, value) for name, value in labels.items())
    return Written(matchers, 0.0, 9e9, by, comment, "id-1", state)


def arguments(*alerts: str, url: str = URL, **labels: str) -> SilenceArguments:
    return SilenceArguments(alertmanager_url=url, alerts=alerts or ("Burn",), labels=labels)


def plan(wanted: SilenceArguments, *kept: Written) -> Any:
    return FAULT.plan(wanted, FakeSystems(*kept), Choice(1))


def test_each_alert_is_a_target_with_a_lock_of_its_own() -> None:
    draft = plan(arguments("Burn", "Other"))
    assert [str(target) for target in draft.targets] == ["alert Burn", "alert Other"]
    assert draft.locks == ("alert:127.9.0.1:9093/Burn", "alert:127.9.0.1:9093/Other")


@pytest.mark.parametrize(
    "kept",
    [
        silenced(alertname="Burn"),
        silenced(severity="page"),
        silenced(state="pending", alertname="Burn", severity="page"),
    ],
)
def test_an_alert_that_is_silenced_already_is_refused(kept: Written) -> None:
    with pytest.raises(RefusedError, match="is silenced already, by somebody"):
        plan(arguments("Burn", severity="page"), kept)


def test_what_another_run_has_left_is_refused_with_how_to_end_it() -> None:
    with pytest.raises(RefusedError, match="chaos recover"):
        plan(arguments(), silenced(by="mlchaos run 1", comment="x: y", alertname="Burn"))


@pytest.mark.parametrize(
    "kept",
    [
        silenced(state="expired", alertname="Burn"),
        silenced(alertname="Other"),
        silenced(alertname="Burn", slo="one-of-many"),
    ],
)
def test_silences_of_something_else_do_not_matter(kept: Written) -> None:
    assert plan(arguments("Burn"), kept).targets


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"alertmanager_url": "http://u:p@host:9093"}, "credentials"),
        ({"alertmanager_url": "host:9093"}, "no address"),
        ({"alerts": ()}, "at least 1"),
        ({"alerts": ("A", "A")}, "twice"),
        ({"labels": {"alertname": "A"}}, "belongs into alerts"),
        ({"labels": {"a-b": "A"}}, "pattern"),
    ],
)
def test_arguments_that_do_not_do_are_refused(changed: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        SilenceArguments.model_validate({"alertmanager_url": URL, "alerts": ("A",)} | changed)


@dataclass
class Life:
    """A silence in a real Alertmanager, from its injection to its undo."""

    injection: Injection[SilenceArguments]
    record: Record
    systems: Systems
    server: Alertmanager

    def of_alert(self) -> list[Written]:
        return [one for one in self.server.silences() if one.state != "expired"]


@pytest.fixture
def life(lab_octet: int, memory_path: Path) -> Iterator[Life]:
    with real_alertmanager(memory_path, address_in(lab_octet)) as url, Systems() as systems:
        wanted = arguments("Burn", url=url, severity="page")
        (target,) = FAULT.plan(wanted, systems, Choice(1)).targets
        expires = time.time() + 600
        record = Record(TAG, "a-run", "alerts.silence", target, Undo("alerts.silence", {}), 0.0, expires)
        injection = Injection("a-run", TAG, target, wanted, {}, expires)
        yield Life(injection, record, systems, systems.alertmanager(url))


@pytest.mark.lab
@pytest.mark.needs("alertmanager")
def test_a_silence_is_made_and_ended_in_a_real_alertmanager(life: Life) -> None:
    FAULT.undo(life.record, life.systems)  # a crash before the injection
    assert FAULT.undone(life.record, life.systems)
    somebody = silenced(alertname="Burn", slo="another")
    life.server.silence(Written(somebody.matchers, time.time(), time.time() + 600, "somebody", "maintenance"))

    FAULT.inject(life.injection, life.systems)
    FAULT.inject(life.injection, life.systems)  # the answer of the first was lost
    wait_for(lambda: FAULT.in_effect(life.injection, life.systems), 20)
    (ours,) = (one for one in life.of_alert() if one.created_by == "mlchaos run a-run")
    assert ours.matchers == (SilenceMatcher("alertname", "Burn"), SilenceMatcher("severity", "page"))
    assert abs(ours.ends_at - life.record.expires_at) < 1
    post_alerts(life.server.url, {"alertname": "Burn", "severity": "page"}, {"alertname": "Other", "severity": "page"})
    wait_for(lambda: {a.name: a.silenced_by for a in life.server.alerts()} == {"Burn": (ours.id,), "Other": ()}, 20)
    with pytest.raises(RefusedError, match="mlchaos run a-run"):
        FAULT.plan(life.injection.arguments, life.systems, Choice(1))

    FAULT.undo(life.record, life.systems)
    assert FAULT.undone(life.record, life.systems)
    FAULT.undo(life.record, life.systems)
    assert [one.created_by for one in life.of_alert()] == ["somebody"]
    assert not FAULT.in_effect(life.injection, life.systems)

"""The way of one alert, told in seconds after the fault, as looks that a test may change."""

from dataclasses import dataclass, field, replace

from clients.alertmanager import NotificationCounts, ReceivedAlert
from clients.pages import AlertStatus, Page, PagedAlert, Pages
from clients.prometheus_alerts import ActiveAlert, RuleOfAlert
from runner.alerting.expectation import Expectation
from runner.alerting.judging import timeline
from runner.alerting.look import Afterwards, Crossing, Look, Prediction, Unseen
from runner.alerting.sightings import Sightings
from runner.alerting.stages import FaultTimes
from runner.alerting.timeline import AlertTimeline

FAULT = 1_000_000.0
LABELS = {"alertname": "Burn", "severity": "page", "slo": "a", "tier": "fast-page"}
EXPECTED = Expectation("Burn", "page", "ml-oncall", fires_within=30, notified_within=10, resolves_within=60)
AWAY = Unseen("it does not answer")
NOBODY = Unseen("nobody is asked", asked=False)
NO_COUNTERS = Unseen("not needed", asked=False)
RULE = RuleOfAlert("Burn", "slo:burn_rate > 1", 0, LABELS, {}, "slo:a", 2.5, True, "", None, ())

TIMES = FaultTimes(FAULT - 0.5, FAULT, FAULT + 20, FAULT + 30)
AFTERWARDS = Afterwards((RULE,), AWAY, Crossing(FAULT + 2, "burns"), Prediction(FAULT + 3, "so it is"), "a")


def received(at: float, labels: dict[str, str] = LABELS, receivers: tuple[str, ...] = ("ml-oncall",)) -> ReceivedAlert:
    return ReceivedAlert(labels, labels["alertname"], receivers, FAULT + at, FAULT + at, FAULT + 999)


def page(
    number: int,
    at: float,
    status: AlertStatus = "firing",
    receiver: str = "ml-oncall",
    labels: dict[str, str] = LABELS,
    answered: int = 200,
    starts_at: float = 3.0,
) -> Page:
    alert = PagedAlert(status, labels, "x", FAULT + starts_at)
    return Page(number, FAULT + at, receiver, status, "{}:{}", (alert,), answered)


def look(at: float) -> Look:
    """Nothing fires, and everybody answers."""
    return Look(FAULT + at, (), (), Pages((), 0), NO_COUNTERS)


def active(at: float, state: str = "firing", labels: dict[str, str] = LABELS) -> ActiveAlert:
    return ActiveAlert(labels, "firing" if state == "firing" else "pending", FAULT + at)


@dataclass
class Story:
    """What was seen. As it stands: fires after 3 s, is received after 3.1 s, notified after 4 s; ends at 40 s."""

    expected: Expectation = EXPECTED
    before: Look = field(default_factory=lambda: look(-1))
    firing: Look = field(
        default_factory=lambda: replace(
            look(5), active=(active(3),), received=(received(3.1),), pages=Pages((page(1, 4),), 0)
        )
    )
    over: Look = field(default_factory=lambda: replace(look(50), pages=Pages((page(2, 42, "resolved"),), 0)))
    times: FaultTimes = TIMES
    afterwards: Afterwards | None = AFTERWARDS

    def sightings(self) -> Sightings:
        seen = Sightings((self.expected,))
        for one in (self.before, self.firing, replace(self.firing, at=FAULT + 19), self.over):
            seen.take(one)
        return seen

    def judged(self) -> AlertTimeline:
        return timeline(self.expected, self.sightings(), self.times, self.afterwards)


def counts(sent: float, failed: float = 0.0, **by_integration: tuple[float, float]) -> NotificationCounts:
    return NotificationCounts(sent, failed, by_integration)


def by_counters(story: Story, *counted: NotificationCounts, **integrations: tuple[str, ...]) -> Story:
    """Without a keeper: what was counted before, when it fired, and when it was over; `ml_x` is the receiver `ml-x`."""
    configured = {name.replace("_", "-"): kinds for name, kinds in integrations.items()}
    looks = (
        replace(one, pages=NOBODY, counts=count, integrations=configured)
        for one, count in zip((story.before, story.firing, story.over), counted, strict=True)
    )
    story.before, story.firing, story.over = looks
    return story

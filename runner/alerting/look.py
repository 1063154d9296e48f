"""One look at everything through which an alert goes, at one time. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass

from clients.alertmanager import NotificationCounts, ReceivedAlert
from clients.pages import Pages
from clients.prometheus_alerts import ActiveAlert, RuleOfAlert


@dataclass(frozen=True, slots=True)
class Unseen:
    """Nothing was answered, and why; or nobody is asked."""

    reason: str
    asked: bool = True
    """False where no address is given."""


NOBODY_ASKED = Unseen("Alertmanager's configuration was not asked for", asked=False)


@dataclass(frozen=True, slots=True)
class Look:
    """What each of them said at the time `at` (seconds since the epoch)."""

    at: float
    active: tuple[ActiveAlert, ...] | Unseen
    received: tuple[ReceivedAlert, ...] | Unseen
    pages: Pages | Unseen
    counts: NotificationCounts | Unseen
    integrations: Mapping[str, tuple[str, ...]] | Unseen = NOBODY_ASKED
    """By receiver, what Alertmanager notifies it by, such as `webhook`: one entry for each that it has."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """When the burn was above the alert's factor in both windows (since the epoch); or why that is not so, or unknown.

    `known` is False where it cannot be said whether it was.
    """

    at: float | None
    detail: str = ""
    known: bool = True


@dataclass(frozen=True, slots=True)
class Prediction:
    """When the alert should fire (seconds since the epoch), and how that was found; or why it cannot be said."""

    at: float | None
    told: str = ""


@dataclass(frozen=True, slots=True)
class Episode:
    """One alert of a rule as Prometheus recorded it, from the fault on. Times of evaluations, since the epoch."""

    labels: Mapping[str, str]
    active_at: float
    firing_at: float | None
    gone_at: float | None
    """The first evaluation at which it did not fire any more; None as long as it does."""


@dataclass(frozen=True, slots=True)
class Afterwards:
    """What is asked for one expected alert when it is over.

    `rules` are its rules as they are loaded at the end, `episodes` what was recorded of it; Unseen where that is not
    known. `silences` says of each silence by its id who made it and why.
    """

    rules: tuple[RuleOfAlert, ...] | Unseen
    episodes: tuple[Episode, ...] | Unseen
    crossing: Crossing
    prediction: Prediction
    slo: str = ""
    silences: Mapping[str, str] | None = None

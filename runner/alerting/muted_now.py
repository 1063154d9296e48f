"""What mutes an alert at one moment: other alerts, by inhibition, and silences. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from actions.alerts.matcher import Labels, all_match
from actions.alerts.silence_matchers import matchers_of
from clients.alertmanager import ReceivedAlert, Silence
from runner.alerting.routing import InhibitRule, Routing


@dataclass(frozen=True, slots=True)
class MutedNow:
    """The inhibitions that mute an alert, each with the labels of the alert that does so, and the silences."""

    inhibitions: tuple[tuple[InhibitRule, Labels], ...] = ()
    silences: tuple[Silence, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.inhibitions or self.silences)


def muted_now(
    routing: Routing, labels: Labels, alerts: Sequence[ReceivedAlert], silences: Sequence[Silence]
) -> MutedNow:
    """What mutes an alert with these labels while Alertmanager has these alerts and silences.

    An alert that is muted itself mutes others all the same.
    """
    others = [alert.labels for alert in alerts]
    active = (one for one in silences if one.state == "active")
    return MutedNow(
        routing.inhibited_by(labels, others),
        tuple(one for one in active if all_match(matchers_of(one), labels)),
    )

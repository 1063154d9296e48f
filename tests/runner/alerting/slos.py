"""An SLO by hand: 99% over 28 days, with one tier for pages and one for tickets."""

from slos.model import AbsentAlert, Alerting, EventRatio, RollingWindow, Slo, TierAlert
from slos.problems import Place
from slos.tiers import TierName

DAY = 86_400.0


def slo(minimum_events: float = 0.0) -> Slo:
    tiers: dict[TierName, TierAlert] = {"fast-page": TierAlert("page", 120.0), "fast-ticket": TierAlert("ticket")}
    return Slo(
        name="a",
        service="s",
        objective=0.99,
        window=RollingWindow(28 * DAY),
        indicator=EventRatio(total="requests_total", bad='requests_total{code="500"}'),
        alerting=Alerting("Burn", "Absent", tiers, AbsentAlert("page", 600.0)),
        place=Place("slo.yaml", 1, 1),
        minimum_events=minimum_events,
    )

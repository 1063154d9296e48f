"""SLOs for tests, each with only what matters in it."""

from collections.abc import Mapping, Sequence
from typing import Any

from slos.model import AbsentAlert, Alerting, EventRatio, Indicator, RollingWindow, Slo, TierAlert, Window
from slos.problems import Place
from slos.tiers import DAY, TIER, TierName

ERRORS = EventRatio(total='requests_total{job="gw"}', bad='requests_total{job="gw",code=~"5.."}')


def slo(
    name: str = "chat",
    indicator: Indicator = ERRORS,
    window: Window | float = DAY,
    objective: float = 0.999,
    tiers: Sequence[TierName] = (),
    absent: AbsentAlert | None = None,
    alerting: Mapping[str, Any] | None = None,
    **more: Any,
) -> Slo:
    """An SLO of the service gateway without alerts; `window` may be the seconds of a rolling one."""
    whole = Alerting(
        **{
            "name": "ChatBudgetBurn",
            "absent_name": "ChatSliAbsent",
            "tiers": {tier: TierAlert(TIER[tier].urgency) for tier in tiers},
            "absent": absent,
            **(alerting or {}),
        }
    )
    rolling = window if not isinstance(window, (int, float)) else RollingWindow(float(window))
    return Slo(name, "gateway", objective, rolling, indicator, whole, Place("slo.yaml"), **more)

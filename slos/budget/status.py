"""The state of SLOs, judged from what Prometheus has recorded. Unknown is never good."""

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from slos.budget.budget_time import seconds_left
from slos.budget.doubts import AHEAD_SECONDS, ROUNDING, doubts, is_current
from slos.budget.reasons import NO_RULES, burns_over, why_bad, why_unknown
from slos.budget.recorded import Declared, MalformedInfoError, Recorded, RecordedSlo, by_slo, declared
from slos.duration import format_duration
from slos.rules.intervals import LONG_INTERVAL_SECONDS
from slos.rules.windows import STRAIGHT_SECONDS
from slos.tiers import HOUR, TIER, TierName, recorded_windows

State = Literal["good", "burning", "exhausted", "unknown"]

_HOUR = format_duration(HOUR)


@dataclass(frozen=True, slots=True)
class SloStatus:
    """How one SLO stands. None is unknown, and what cannot be trusted is None.

    Ratios are 0..1 (`budget_left` may be negative); `burn` is by window label, from the shortest, the SLO's own window
    last; `period_seconds` is nominal, `seconds_to_exhaustion` are real seconds (infinite: never at this rate);
    `coverage` is the share of the window of which there is data; `read_at` is the time of the newest reading (seconds
    since the epoch). `definition` is the digest of what was declared (slos.definition). `reasons` say why the state is
    what it is. `recorded` is False where Prometheus has nothing of it.
    """

    name: str
    state: State
    reasons: tuple[str, ...] = ()
    service: str = ""
    objective: float | None = None
    window: str = ""
    period_seconds: float | None = None
    time_scale: float = 1.0
    alert: str = ""
    definition: str = ""
    sli: float | None = None
    burn: Mapping[str, float | None] = field(default_factory=dict)
    budget_left: float | None = None
    coverage: float | None = None
    seconds_to_exhaustion: float | None = None
    burning_tiers: tuple[TierName, ...] = ()
    read_at: float | None = None
    recorded: bool = True


def judge(recorded: Recorded, names: Collection[str] = ()) -> tuple[SloStatus, ...]:
    """Every SLO that is recorded, by name; with `names` only those, unknown where nothing is recorded."""
    found = by_slo(recorded)
    wanted = sorted(set(names) or found)
    return tuple(_status(name, found[name], recorded) if name in found else unrecorded(name) for name in wanted)


def worst_first(statuses: Iterable[SloStatus]) -> list[SloStatus]:
    """What pages before what is spent, then what makes tickets, then the unknown; within these the least budget."""
    return sorted(
        statuses, key=lambda one: (_rank(one), one.budget_left if one.budget_left is not None else 1, one.name)
    )


def _rank(status: SloStatus) -> int:
    if status.state == "unknown":
        return 3
    if any(TIER[tier].urgency == "page" for tier in status.burning_tiers):
        return 0
    return {"exhausted": 1, "burning": 2}.get(status.state, 4)


def unrecorded(name: str) -> SloStatus:
    """The status of an SLO that nothing is recorded of: unknown, with the remedy."""
    return SloStatus(name, "unknown", (f"nothing is recorded of it: {NO_RULES}",), recorded=False)


def _status(name: str, slo: RecordedSlo, recorded: Recorded) -> SloStatus:
    if not name:
        return SloStatus("?", "unknown", ("recorded series have no label slo: something else records under slo:",))
    try:
        one = _only_declaration(slo)
    except MalformedInfoError as error:
        services = {info["service"] for info in slo.infos if info.get("service")}
        return SloStatus(name, "unknown", (str(error),), service=", ".join(sorted(services)))
    judged = _judged(name, one, slo, recorded)
    if found := doubts(one, slo, recorded):
        return _doubted(judged, found)
    return judged


def _only_declaration(slo: RecordedSlo) -> Declared:
    if not slo.infos:
        raise MalformedInfoError(f"its slo:info is missing: {NO_RULES}")
    if len(slo.infos) > 1:
        services = ", ".join(sorted({info.get("service", "?") for info in slo.infos}))
        raise MalformedInfoError(
            f"it is recorded {len(slo.infos)} times (service {services}): rename one, choose one by its service, or "
            "take away what doubles the series"
        )
    try:
        return declared(slo.infos[0])
    except MalformedInfoError as error:
        raise MalformedInfoError(f"its slo:info is not of this version: {error}; {NO_RULES}") from error


def _doubted(judged: SloStatus, found: list[str]) -> SloStatus:
    """The same without any value, which others would take for one; what was read stays in the reasons."""
    facts = [f"last known: {reason}" for reason in judged.reasons if judged.state in ("exhausted", "burning")]
    return SloStatus(
        name=judged.name,
        state="unknown",
        reasons=(*found, *facts),
        service=judged.service,
        objective=judged.objective,
        window=judged.window,
        period_seconds=judged.period_seconds,
        time_scale=judged.time_scale,
        alert=judged.alert,
        definition=judged.definition,
        burn=dict.fromkeys(judged.burn),
        read_at=judged.read_at,
    )


def _judged(name: str, one: Declared, slo: RecordedSlo, recorded: Recorded) -> SloStatus:
    left = _budget_left(one, slo, recorded.at)
    burn = _burns(one, slo, left, recorded.at)
    objective = _objective(slo)
    burning = tuple(name for name in one.tiers if burns_over(TIER[name], one, burn))
    coverage = _finite(slo.coverage)
    facts = why_bad(one, left, burn, burning, coverage)
    unknowns = why_unknown(one, slo, left, burn, objective, _long_rules_run(one, slo, recorded.at))
    return SloStatus(
        name=name,
        state=_state(left, burning, unknowns),
        reasons=(*facts, *unknowns),
        service=one.service,
        objective=objective,
        window=one.window,
        period_seconds=one.period_seconds,
        time_scale=one.time_scale,
        alert=one.alert,
        definition=one.definition,
        sli=None if left is None or objective is None else 1 - (1 - left) * (1 - objective),
        burn=burn,
        budget_left=left,
        coverage=coverage,
        seconds_to_exhaustion=seconds_left(one, left, burn.get(_HOUR), recorded),
        burning_tiers=burning,
        read_at=_read_at(slo, recorded.at),
    )


def _state(left: float | None, burning: tuple[TierName, ...], unknowns: list[str]) -> State:
    if left is not None and left <= 0:
        return "exhausted"
    if burning:
        return "burning"
    return "unknown" if unknowns else "good"


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _objective(slo: RecordedSlo) -> float | None:
    objective = slo.objective
    return objective if objective is not None and 0 < objective < 1 else None


def _read_at(slo: RecordedSlo, at: float) -> float | None:
    """The time of the newest reading; None where it is none, or of a future that cannot be."""
    read_at = slo.event_time
    return read_at if read_at is not None and 0 <= read_at <= at + AHEAD_SECONDS else None


def _budget_left(one: Declared, slo: RecordedSlo, at: float) -> float | None:
    enough = one.minimum_events == 0 or slo.events.get(one.window, 0) >= one.minimum_events
    left = _finite(slo.budget) if enough and _long_rules_run(one, slo, at) else None
    return 0.0 if left is not None and abs(left) <= ROUNDING else left


def _long_rules_run(one: Declared, slo: RecordedSlo, at: float) -> bool:
    """Whether the rules of the long windows, a group of their own, still give readings."""
    read_at = slo.long_time
    return read_at is not None and is_current(read_at, at, LONG_INTERVAL_SECONDS, one.time_scale)


def _burns(one: Declared, slo: RecordedSlo, left: float | None, at: float) -> dict[str, float | None]:
    """The burn rate by window; None where it is not recorded, or is of fewer events than the SLO judges by."""
    windows = {format_duration(seconds): seconds for seconds in recorded_windows(one.period_seconds)}
    long_rules_run = _long_rules_run(one, slo, at)
    burn: dict[str, float | None] = {}
    for label, seconds in windows.items():
        fresh = seconds <= STRAIGHT_SECONDS or long_rules_run
        enough = one.minimum_events == 0 or slo.events.get(label, 0) >= one.minimum_events
        burn[label] = _finite(slo.burn_rates.get(label)) if fresh and enough else None
    burn[one.window] = None if left is None else 1 - left
    return burn

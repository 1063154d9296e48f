"""Whether an expected alert went all its way; where not, at which stage it was lost, and why. Pure.

Only what was seen is proven. Lost is what certainly did not happen, or not in time; what could not be seen is unknown.
"""

from dataclasses import dataclass

from runner.alerting.counting import doubt_beside_sink
from runner.alerting.expectation import Expectation
from runner.alerting.look import Afterwards, Crossing, Prediction, Unseen
from runner.alerting.muting import escaping, judge_muted, muted_told
from runner.alerting.sightings import Sightings
from runner.alerting.stages import FaultTimes, Seen, look_back, stages
from runner.alerting.timeline import AlertTimeline, Outcome, Stage

NOT_ASKED = Afterwards(
    Unseen("nothing was asked afterwards"),
    Unseen("nothing was asked afterwards"),
    Crossing(None, "not measured", known=False),
    Prediction(None, "not measured"),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """How it ended; `lost_at` is the stage that was not reached, or not in time, or not seen."""

    outcome: Outcome
    lost_at: Stage | None = None
    reason: str = ""


PROVEN = Finding("proven")


def timeline(
    expectation: Expectation, sightings: Sightings, times: FaultTimes, afterwards: Afterwards | None = None
) -> AlertTimeline:
    """The way of one expected alert; without `afterwards` as far as it is known while the run goes on."""
    seen = look_back(expectation, sightings, times, afterwards)
    asked = afterwards or NOT_ASKED
    finding = judge(expectation, seen, sightings, times, asked)
    slo = asked.slo or next((one.labels.get("slo", "") for one in seen.episodes), "")
    return AlertTimeline(
        alert=expectation.alert,
        slo=slo,
        severity=expectation.severity,
        receiver=expectation.receiver,
        stages=stages(expectation, seen, sightings, times, afterwards),
        fires_within=expectation.fires_within,
        resolves_within=expectation.resolves_within,
        outcome=finding.outcome,
        lost_at=finding.lost_at,
        reason=finding.reason,
        predicted_at=asked.prediction.at,
        prediction=asked.prediction.told,
        muted_by=expectation.muted_by,
        notified_within=expectation.notified_within,
    )


def judge(
    expectation: Expectation, seen: Seen, sightings: Sightings, times: FaultTimes, afterwards: Afterwards
) -> Finding:
    """The first stage at which something is wrong decides."""
    if seen.before:
        return Finding("unknown", "pending", "it was pending or firing before the fault, so it proves nothing")
    found = _fires(expectation, seen, sightings, times, afterwards)
    if found is None and expectation.muted_by is not None:
        found = _muted(expectation, seen, sightings, afterwards)
    elif found is None:
        found = _is_notified(expectation, seen, sightings, times, afterwards)
    return found or _resolves(expectation, seen, sightings, times) or PROVEN


def _fires(
    expectation: Expectation, seen: Seen, sightings: Sightings, times: FaultTimes, afterwards: Afterwards
) -> Finding | None:
    if seen.firing_at is None:
        return _never_fired(expectation, seen, sightings, times, afterwards)
    took = seen.firing_at - times.effective_at
    if took > expectation.fires_within:
        reason = f"it fired {took:.1f} s after the fault, and {expectation.fires_within:g} s are allowed"
        return Finding("lost", "firing", reason)
    return None


def _never_fired(
    expectation: Expectation, seen: Seen, sightings: Sightings, times: FaultTimes, afterwards: Afterwards
) -> Finding:
    """Why nothing fired: what is known for certain comes before what is not known."""
    rules, crossing = afterwards.rules, afterwards.crossing
    if not isinstance(rules, Unseen) and not rules:
        return Finding("lost", "pending", f"Prometheus has no rule {expectation}: was it deleted, or renamed?")
    if not isinstance(rules, Unseen) and all(rule.healthy is False for rule in rules):
        return Finding("lost", "pending", f"its rule cannot be evaluated: {rules[0].problem}")
    if sightings.prometheus is not None:
        return Finding("unknown", "crossed", f"Prometheus was not seen: {sightings.prometheus.reason}")
    if isinstance(afterwards.episodes, Unseen) and afterwards is not NOT_ASKED:
        return Finding("unknown", "crossed", f"it is not known what fired: {afterwards.episodes.reason}")
    if not crossing.known:
        return Finding("unknown", "crossed", crossing.detail)
    if crossing.at is None:
        return _cut_short(times, expectation) or Finding("lost", "crossed", crossing.detail)
    within = f"within {expectation.fires_within:g} s of the fault"
    if seen.pending_at is None:
        reason = f"its budget burned fast enough, and Prometheus did not alert {within}"
        return _cut_short(times, expectation) or Finding("lost", "pending", reason)
    reason = f"it was pending, and did not fire {within}"
    return _cut_short(times, expectation) or Finding("lost", "firing", reason)


def _cut_short(times: FaultTimes, expectation: Expectation) -> Finding | None:
    """An alert whose time was not given to it is not lost."""
    if times.held_until is None or times.held_until - times.effective_at >= expectation.fires_within:
        return None
    why = times.stop_reason or "its time was over"
    took = times.held_until - times.effective_at
    return Finding("unknown", "firing", f"the fault was in for {took:.1f} s only ({why}), and it had not fired by then")


def _is_notified(
    expectation: Expectation, seen: Seen, sightings: Sightings, times: FaultTimes, afterwards: Afterwards
) -> Finding | None:
    if seen.notified_at is None and not seen.doubt:
        return _never_notified(expectation, seen, sightings, times, afterwards)
    found = _reaches_others(expectation, seen, sightings, times)
    if found is not None:
        return found
    doubt = seen.doubt or doubt_beside_sink(expectation.receiver, sightings, times.intended_at)
    if doubt or seen.notified_at is None:
        return Finding("unknown", "notified", doubt)
    took = seen.notified_at - (seen.firing_at or seen.notified_at)
    if took > expectation.notified_within:
        reason = f"its receiver was told {took:.1f} s after it fired, and {expectation.notified_within:g} s are allowed"
        held = muted_told(seen.received, afterwards.silences) if seen.received else ""
        return Finding("lost", "notified", f"{reason}: {held}" if held else reason)
    return None


def _reaches_others(expectation: Expectation, seen: Seen, sightings: Sightings, times: FaultTimes) -> Finding | None:
    """A sink sees only the receivers that have one: of the others Alertmanager says whether it routes it there."""
    receiver = expectation.receiver
    others = sorted({page.receiver for page in seen.elsewhere} - {receiver})
    if others:
        return Finding("lost", "notified", f"it reached {', '.join(others)}, and no other than {receiver} may")
    routed = seen.received.let_through_to - {receiver} if seen.received is not None else ()
    heard = sorted(name for name in routed if not sightings.swallows(name))
    if heard:
        reason = f"Alertmanager routes it to {', '.join(heard)}, too, and no other than {receiver} may have it"
        return Finding("lost", "notified", reason)
    unheard = sightings.unheard_alertmanager(times.intended_at)
    if unheard:
        return Finding("unknown", "notified", f"it is not known whether it goes to others, too: {unheard}")
    return None


def _instead(expectation: Expectation, seen: Seen) -> list[str]:
    """Who got it, or was to get it by its routes, where its receiver was not told."""
    reached = {page.receiver for page in seen.elsewhere}
    if seen.received is not None:
        reached |= seen.received.receivers
    return sorted(reached - {expectation.receiver})


def _never_notified(
    expectation: Expectation, seen: Seen, sightings: Sightings, times: FaultTimes, afterwards: Afterwards
) -> Finding:
    receiver, received = expectation.receiver, seen.received
    others = _instead(expectation, seen)
    kept = sightings.keeper is None and not sightings.missed_pages
    if received is not None and (received.silenced_by or received.inhibited_by) and not received.let_through:
        return Finding("lost", "notified", f"{muted_told(received, afterwards.silences)}, so {receiver} was not told")
    if others:
        return Finding("lost", "notified", f"it went to {', '.join(others)}, and not to {receiver}")
    if seen.refused:
        answered = sorted({str(page.answered) for page in seen.refused})
        reason = f"{receiver} answered {', '.join(answered)} to {len(seen.refused)} attempt(s)"
        return Finding("lost", "notified", reason)
    if received is None:
        return _never_received(sightings, kept)
    if sightings.without_keeper and sightings.swallows(receiver):
        return Finding("lost", "notified", f"Alertmanager notifies nobody by {receiver}: it has no integration")
    if sightings.without_keeper and seen.failed > 0:
        reason = f"{seen.failed:.0f} request(s) of Alertmanager to receivers failed, and {receiver} was not told"
        return Finding("lost", "notified", reason)
    reason = f"Alertmanager has it, and {receiver} was not told"
    if kept or (not sightings.counters and not (sightings.keeper and sightings.keeper.asked)):
        return _too_soon(expectation, seen, times) or Finding("lost", "notified", reason)
    why = sightings.missed_pages or (sightings.keeper.reason if sightings.keeper else "")
    if sightings.keeper and not sightings.keeper.asked and sightings.counters:
        why = sightings.counters.reason
    return Finding("unknown", "notified", f"it is not known whether {receiver} was told: {why}")


def _never_received(sightings: Sightings, kept: bool) -> Finding:
    """It fired, no notification came, and Alertmanager was not seen to have it."""
    away = sightings.alertmanager
    if away is None:
        return Finding(
            "lost", "received", "it fired, and Alertmanager never had it: does Prometheus send alerts there?"
        )
    if kept:
        stage: Stage = "received" if away.asked else "notified"
        return Finding("lost", stage, f"it fired, and nobody was told ({away.reason})")
    return Finding("unknown", "received", f"it fired, and it is not known whether Alertmanager had it: {away.reason}")


def _too_soon(expectation: Expectation, seen: Seen, times: FaultTimes) -> Finding | None:
    """The faults had to come out, and with them the alert, before its time was over."""
    ended = seen.resolved_at
    if ended is None or seen.firing_at is None or ended - seen.firing_at >= expectation.notified_within:
        return None
    why = times.stop_reason or "the faults were out"
    lasted = ended - seen.firing_at
    return Finding("unknown", "notified", f"it fired for {lasted:.1f} s only ({why}), and nobody was told by then")


def _muted(expectation: Expectation, seen: Seen, sightings: Sightings, afterwards: Afterwards) -> Finding | None:
    """It fires, Alertmanager has it and holds it back, and nobody hears of it."""
    heard = sorted({page.receiver for page in (*seen.told, *seen.elsewhere)})
    lost = judge_muted(expectation, seen.received, heard, afterwards.silences)
    if lost:
        return Finding("lost", "notified", lost)
    if seen.received is None:
        away = sightings.alertmanager
        reason = away.reason if away else "it fired, and Alertmanager never had it: does Prometheus send alerts there?"
        return Finding("unknown" if away else "lost", "received", reason)
    escaped = escaping(expectation, seen.received)
    if escaped:
        outcome: Outcome = "lost" if seen.received.let_through else "unknown"
        return Finding(outcome, "notified", escaped)
    if sightings.keeper is None:
        others = sorted(seen.received.let_through_to - {page.receiver for page in sightings.pages})
        unkept = [name for name in others if name != expectation.receiver and not sightings.swallows(name)]
        if unkept:
            reason = f"Alertmanager let it through for a time, and nobody keeps what {', '.join(unkept)} gets"
            return Finding("unknown", "notified", reason)
        return None
    if sightings.keeper.asked:
        return Finding("unknown", "notified", f"it is not known that nobody was told: {sightings.keeper.reason}")
    if seen.received.let_through:
        reason = "Alertmanager let it through for a time, and nobody keeps what it sends"
        return Finding("unknown", "notified", reason)
    return None


def _resolves(expectation: Expectation, seen: Seen, sightings: Sightings, times: FaultTimes) -> Finding | None:
    limit = expectation.resolves_within
    if limit is None:
        return None
    if times.recovered_at is None:
        return Finding("unknown", "resolved", "it was not seen whether it resolves: the run was cut short")
    if seen.resolved_at is None:
        if sightings.prometheus is not None:
            return Finding("unknown", "resolved", f"Prometheus was not seen: {sightings.prometheus.reason}")
        if times.cut_short(times.recovered_at + limit):
            after = (times.watched_until or times.recovered_at) - times.recovered_at
            return Finding("unknown", "resolved", f"the run was cut short {after:.0f} s after the recovery")
        return Finding("lost", "resolved", f"it still fires {limit:g} s after the recovery")
    took = seen.resolved_at - times.recovered_at
    if took > limit:
        return Finding(
            "lost", "resolved", f"it fired until {took:.1f} s after the recovery, and {limit:g} s are allowed"
        )
    return None if expectation.muted_by is not None else _end_is_told(expectation, seen, sightings, times)


def _end_is_told(expectation: Expectation, seen: Seen, sightings: Sightings, times: FaultTimes) -> Finding | None:
    stage: Stage = "resolved notified"
    if seen.end_notified_at is None:
        if seen.told and sightings.keeper is not None:
            return Finding("unknown", stage, f"it is not known whether its end was told: {sightings.keeper.reason}")
        if not seen.told and sightings.counters is not None:
            return Finding("unknown", stage, f"it is not known whether its end was told: {sightings.counters.reason}")
        if seen.resolved_at is not None and times.cut_short(seen.resolved_at + expectation.notified_within):
            return Finding("unknown", stage, "the run was cut short before its end had to be told")
        return Finding("lost", stage, f"{expectation.receiver} was not told of its end (send_resolved?)")
    took = seen.end_notified_at - (seen.resolved_at or seen.end_notified_at)
    if took > expectation.notified_within:
        allowed = f"{expectation.notified_within:g} s are allowed"
        return Finding("lost", stage, f"its receiver was told {took:.1f} s after its end, and {allowed}")
    return None

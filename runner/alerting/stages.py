"""The stages that an expected alert went through, from all that was seen of it. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from clients.pages import Page
from runner.alerting.counting import beside_sink, doubt_of_delivery
from runner.alerting.expectation import Expectation
from runner.alerting.look import Afterwards, Episode, Unseen
from runner.alerting.sightings import Received, Sightings, labels_of
from runner.alerting.timeline import Evidence, Stage, StageSeen

CUT_SHORT_SECONDS = 1.0
"""A wait that ends by its own limit does so within that."""


@dataclass(frozen=True, slots=True)
class FaultTimes:
    """When things happened to the faults of a run, in seconds since the epoch; None where they did not.

    `intended_at` is just before the first one went in: what was there by then is not its doing. `held_until` is when
    they began to come out. `recovered_at` is when the SLOs were back, or the faults out where nobody waited for that.
    `stop_reason` is why the run was cut short. `watched_until` is when the watching ended; None while it goes on.
    """

    intended_at: float
    effective_at: float
    held_until: float | None = None
    recovered_at: float | None = None
    stop_reason: str = ""
    watched_until: float | None = None

    def cut_short(self, due: float) -> bool:
        """Whether the watching ended before `due`, when something had to have happened at the latest."""
        return self.watched_until is not None and self.watched_until < due - CUT_SHORT_SECONDS


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of one expected alert after the fault.

    `episodes` are its alerts as Prometheus has them, `before` whether one of them was there before the fault. `told`
    are the notifications that reached its receiver, `elsewhere` those that reached another one, `refused` those that a
    receiver answered with an error; `told_end` is when its receiver knew that all of it is over. `sent` is when
    Alertmanager's counters said that something was delivered, `doubt` why that may not have been to this receiver, and
    `failed` how many of the requests that may have been to it failed.
    """

    episodes: tuple[Episode, ...]
    before: bool
    received: Received | None
    told: tuple[Page, ...]
    elsewhere: tuple[Page, ...]
    refused: tuple[Page, ...]
    told_end: float | None
    sent: float | None
    sent_end: float | None
    failed: float
    doubt: str = ""

    @property
    def pending_at(self) -> float | None:
        return min((one.active_at for one in self.episodes), default=None)

    @property
    def firing_at(self) -> float | None:
        return min((one.firing_at for one in self.episodes if one.firing_at is not None), default=None)

    @property
    def resolved_at(self) -> float | None:
        """When none of them fired any more."""
        fired = [one.gone_at for one in self.episodes if one.firing_at is not None]
        ends = [at for at in fired if at is not None]
        return max(ends) if ends and len(ends) == len(fired) else None

    @property
    def notified_at(self) -> float | None:
        return self.told[0].received_at if self.told else None if self.doubt else self.sent

    @property
    def end_notified_at(self) -> float | None:
        return self.told_end if self.told_end is not None else self.sent_end


def look_back(
    expectation: Expectation, sightings: Sightings, times: FaultTimes, afterwards: Afterwards | None = None
) -> Seen:
    """All that is known of one expected alert. What Prometheus recorded, where that is known, is more exact than what
    was seen meanwhile."""
    since = times.intended_at
    every = sightings.of(expectation)
    if afterwards is not None and not isinstance(afterwards.episodes, Unseen):
        recorded = afterwards.episodes
    else:
        recorded = tuple(one for one in every if one.active_at >= since)
    # What has muted it may be a fault, too, and then it is let through as soon as that is out.
    until = times.held_until if expectation.muted_by is not None else None
    fires = sightings.pages_of(expectation, "firing", since, until)
    told = tuple(page for page in fires if page.accepted and page.receiver == expectation.receiver)
    received = sightings.received_of(expectation, since, until)
    told_end = _told_end(expectation, sightings, told, since)
    seen = Seen(
        recorded,
        any(one.active_at < since and (one.gone_at is None or one.gone_at >= since) for one in every),
        received,
        told,
        tuple(page for page in fires if page.accepted and page.receiver != expectation.receiver),
        tuple(page for page in fires if not page.accepted),
        told_end,
        None,
        None,
        sightings.failed_since(since, sightings.kinds_of(expectation.receiver)),
    )
    return _by_counters(expectation, seen, sightings, since) if sightings.without_keeper else seen


def _told_end(expectation: Expectation, sightings: Sightings, told: Sequence[Page], since: float) -> float | None:
    """When the receiver had been told of all of it that it is over."""
    open_ones = labels_of(told, expectation, "firing", since)
    ends = [
        page
        for page in sightings.pages_of(expectation, "resolved", since)
        if page.accepted and page.receiver == expectation.receiver
    ]
    at = None
    for page in ends:
        over = labels_of([page], expectation, "resolved", since)
        if open_ones & over:
            open_ones -= over
            at = page.received_at
    return at if told and not open_ones else None


def _by_counters(expectation: Expectation, seen: Seen, sightings: Sightings, since: float) -> Seen:
    """Without anybody who keeps notifications: what Alertmanager let through, and that it delivered something then."""
    if seen.received is None or not seen.received.let_through:
        return seen
    kinds = sightings.kinds_of(expectation.receiver)
    sent = sightings.delivered_after(seen.received.at, kinds)
    if sent is None:
        return seen
    doubt = doubt_of_delivery(expectation.receiver, sightings, since)
    if doubt:
        return replace(seen, sent=sent.at, doubt=doubt)
    resolved_at = seen.resolved_at
    ended = sightings.delivered_after(max(resolved_at, sent.at), kinds) if resolved_at is not None else None
    return replace(seen, sent=sent.at, sent_end=ended.at if ended else None)


def stages(
    expectation: Expectation, seen: Seen, sightings: Sightings, times: FaultTimes, afterwards: Afterwards | None
) -> tuple[StageSeen, ...]:
    """Every stage, in order; those that were not seen have no time."""
    crossing = afterwards.crossing if afterwards is not None else None
    notified: Evidence = "sink" if seen.told else "metrics" if seen.notified_at is not None else "none"
    ended: Evidence = "sink" if seen.told_end is not None else "metrics" if seen.sent_end is not None else "none"
    received = seen.received
    return (
        StageSeen("fault", times.effective_at, "ledger"),
        StageSeen(
            "crossed",
            crossing.at if crossing else None,
            "prometheus" if crossing and crossing.at is not None else "none",
            crossing.detail if crossing else "",
        ),
        _of_prometheus("pending", seen.pending_at),
        _of_prometheus("firing", seen.firing_at),
        StageSeen(
            "received",
            received.at if received else None,
            "alertmanager" if received else "none",
            _received(received, sightings),
        ),
        StageSeen("notified", seen.notified_at, notified, _notified(expectation, seen, sightings)),
        _of_prometheus("resolved", seen.resolved_at),
        StageSeen("resolved notified", seen.end_notified_at, ended),
    )


def _of_prometheus(stage: Stage, at: float | None) -> StageSeen:
    return StageSeen(stage, at, "prometheus" if at is not None else "none")


def _received(received: Received | None, sightings: Sightings) -> str:
    if received is None:
        return sightings.alertmanager.reason if sightings.alertmanager is not None else ""
    muted = [f"silenced by {name}" for name in sorted(received.silenced_by)]
    muted += [f"inhibited by {name}" for name in sorted(received.inhibited_by)]
    return "; ".join([f"for {', '.join(sorted(received.receivers)) or 'nobody'}", *muted])


def _notified(expectation: Expectation, seen: Seen, sightings: Sightings) -> str:
    if seen.told:
        first = seen.told[0]
        earlier = [page for page in seen.refused if page.received_at < first.received_at]
        told = f"{first.receiver}, attempt {len(earlier) + 1}, group {first.group_key}"
        return "; ".join([told, *_unseen_by_sink(expectation, sightings)])
    if seen.doubt:
        return seen.doubt
    if seen.sent is not None:
        return f"Alertmanager delivered something then, and routes it to {expectation.receiver}"
    return ""


def _unseen_by_sink(expectation: Expectation, sightings: Sightings) -> Iterator[str]:
    """What a sink cannot say of whom else Alertmanager notifies."""
    if sightings.alertmanager is not None and not sightings.alertmanager.asked:
        yield "Alertmanager was not asked whether it goes to receivers without a sink"
    if sightings.kept.skew:
        yield f"{sightings.kept.skew}, which was corrected"
    beside = beside_sink(expectation.receiver, sightings)
    if beside:
        seen_by = "only Alertmanager's counters see" if sightings.counted else "nobody sees"
        yield f"beside the sink there is {', '.join(beside)}, of which {seen_by} whether it fails"

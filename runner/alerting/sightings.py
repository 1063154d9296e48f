"""What has been seen of the expected alerts so far: looks put together. No I/O, and used by one thread at a time."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from clients.alertmanager import NotificationCounts, ReceivedAlert
from clients.pages import Page, PagedAlert
from clients.prometheus_alerts import ActiveAlert
from runner.alerting.expectation import Expectation
from runner.alerting.keeping import KeptPages
from runner.alerting.look import Episode, Look, Unseen

Key = frozenset[tuple[str, str]]
Kinds = frozenset[str] | None
"""Kinds of integrations, such as `webhook`; None: any, since it is not known which."""
_NONE = (0.0, 0.0)
NOT_YET = Unseen("nothing was asked yet")


@dataclass(frozen=True, slots=True)
class Received:
    """What Alertmanager had of an expected alert. `at` is when it got it first (seconds since the epoch)."""

    at: float
    receivers: frozenset[str]
    silenced_by: frozenset[str] = frozenset()
    inhibited_by: frozenset[str] = frozenset()
    let_through: bool = False
    """Whether it was seen routed and not muted."""
    let_through_to: frozenset[str] = frozenset()
    """The receivers of those of its alerts that were."""
    each: tuple[ReceivedAlert, ...] = ()
    """Every one of its alerts that began to fire by then, with whatever has muted it since."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Alertmanager's counters at one time, by kind of integration: requests that were sent, and those that failed.

    Where no kinds are told apart, all are of the empty one, which may be any.
    """

    at: float
    kinds: Mapping[str, tuple[float, float]]

    def delivered(self, kinds: Kinds = None) -> float:
        """Requests that were answered well."""
        return sum(sent - failed for sent, failed in self._of(kinds))

    def failed(self, kinds: Kinds = None) -> float:
        return sum(failed for _, failed in self._of(kinds))

    def _of(self, kinds: Kinds) -> Iterable[tuple[float, float]]:
        return (both for kind, both in self.kinds.items() if kinds is None or not kind or kind in kinds)


@dataclass(slots=True)
class Sightings:
    """All that was seen since the run began. `take` a look at a time; what is given is of the time after the fault."""

    expectations: Sequence[Expectation]
    episodes: dict[Key, Episode] = field(default_factory=dict)
    received: dict[str, ReceivedAlert] = field(default_factory=dict)
    """By fingerprint: as each alert was when it was seen first, with whatever has muted it since."""
    let_through: dict[str, float] = field(default_factory=dict)
    """By fingerprint: when each was first seen routed and not muted (seconds since the epoch)."""
    kept: KeptPages = field(default_factory=KeptPages)
    free_now: frozenset[str] = frozenset()
    """The fingerprints of those that were routed and not muted when Alertmanager was seen last."""
    counted: list[Counted] = field(default_factory=list)
    prometheus: Unseen | None = NOT_YET
    alertmanager: Unseen | None = NOT_YET
    keeper: Unseen | None = NOT_YET
    counters: Unseen | None = NOT_YET
    """Why each of them was not seen at the last look; None where it was."""
    integrations: Mapping[str, tuple[str, ...]] | None = None
    """What each receiver is notified by, as Alertmanager said last; None where it never did."""
    alertmanager_seen_at: float | None = None
    """The last look at which it answered."""
    _raw: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def take(self, look: Look) -> None:
        """Add one look, which is later than those before."""
        self.prometheus, self.alertmanager, self.keeper, self.counters = (
            said if isinstance(said, Unseen) else None for said in (look.active, look.received, look.pages, look.counts)
        )
        if not isinstance(look.active, Unseen):
            self._active(look.active, look.at)
        if not isinstance(look.received, Unseen):
            self._got(look.received, look.at)
            self.free_now = frozenset(one.fingerprint for one in look.received if one.processed and not one.muted)
            self.alertmanager_seen_at = look.at
        if not isinstance(look.pages, Unseen):
            self.kept.take(look.pages, look.at)
        if not isinstance(look.counts, Unseen):
            self._count(look.counts, look.at)
        if not isinstance(look.integrations, Unseen):
            self.integrations = look.integrations

    @property
    def without_keeper(self) -> bool:
        """Whether nobody keeps what receivers get. A keeper that does not answer is one."""
        return self.keeper is not None and not self.keeper.asked

    def unheard_alertmanager(self, since: float) -> str:
        """Why Alertmanager has said nothing of its alerts since; empty where it has, or is not asked."""
        if self.alertmanager is None or not self.alertmanager.asked or (self.alertmanager_seen_at or 0.0) >= since:
            return ""
        return self.alertmanager.reason

    @property
    def pages(self) -> Sequence[Page]:
        """Every notification that is kept, in the order in which they came."""
        return self.kept.pages

    @property
    def missed_pages(self) -> str:
        """Why some pages may never have been seen."""
        return self.kept.missed

    def of(self, expectation: Expectation) -> tuple[Episode, ...]:
        """Every alert of the rule that was pending or firing, whenever that was."""
        return tuple(one for one in self.episodes.values() if expectation.matches(one.labels))

    def received_of(self, expectation: Expectation, since: float, until: float | None = None) -> Received | None:
        """What Alertmanager had of it that began to fire after `since`; let through means: by `until`."""
        found = [one for one in self.received.values() if expectation.matches(one.labels) and one.starts_at >= since]
        if not found:
            return None
        through = [
            one
            for one in found
            if (at := self.let_through.get(one.fingerprint)) is not None and at <= (until or math.inf)
        ]
        return Received(
            min(one.updated_at for one in found),
            frozenset(receiver for one in found for receiver in one.receivers),
            frozenset(silence for one in found for silence in one.silenced_by),
            frozenset(source for one in found for source in one.inhibited_by),
            bool(through),
            frozenset(receiver for one in through for receiver in one.receivers),
            tuple(one for one in found if one.starts_at <= (until or math.inf)),
        )

    def pages_of(
        self, expectation: Expectation, status: str, since: float, until: float | None = None
    ) -> tuple[Page, ...]:
        """Notifications that say, after `since`, that it fires (or is resolved), whoever got them."""
        return tuple(
            page
            for page in self.pages
            if since <= page.received_at <= (until or math.inf)
            and any(
                one.status == status and expectation.matches(one.labels) and began(one, since) for one in page.alerts
            )
        )

    def delivered_after(self, at: float, kinds: Kinds = None) -> Counted | None:
        """The first look at which Alertmanager had delivered more, by these kinds of integrations, than by `at`."""
        before = [one for one in self.counted if one.at <= at]
        if not before:
            return None
        base = before[-1].delivered(kinds)
        return next((one for one in self.counted if one.at > at and one.delivered(kinds) > base), None)

    def failed_since(self, at: float, kinds: Kinds = None) -> float:
        """How many requests of Alertmanager to integrations of these kinds have failed since."""
        before = [one for one in self.counted if one.at <= at] or self.counted[:1]
        return self.counted[-1].failed(kinds) - before[-1].failed(kinds) if before else 0.0

    def kinds_of(self, receiver: str) -> Kinds:
        """The kinds of integrations that notify a receiver; none where it swallows what it gets."""
        entries = self.entries_of(receiver)
        return None if entries is None else frozenset(entries)

    def entries_of(self, receiver: str) -> tuple[str, ...] | None:
        """Its integrations, each as often as it is configured; None where that is not known."""
        return None if self.integrations is None else self.integrations.get(receiver)

    def swallows(self, receiver: str) -> bool:
        """Whether it is known that nobody hears of what this receiver gets."""
        return self.entries_of(receiver) == ()

    def told_beside(self, receiver: str) -> tuple[str, ...]:
        """Other receivers that were, or may have been, notified meanwhile by the same kinds of integrations."""
        kinds = self.kinds_of(receiver)
        others = {
            name for one in self.received.values() if one.fingerprint in self.let_through for name in one.receivers
        }
        return tuple(sorted(name for name in others - {receiver} if _meet(kinds, self.kinds_of(name))))

    def _active(self, active: Iterable[ActiveAlert], at: float) -> None:
        here: set[Key] = set()
        for one in active:
            if any(expectation.matches(one.labels) for expectation in self.expectations):
                key = frozenset(one.labels.items())
                here.add(key)
                known = self.episodes.get(key) or Episode(one.labels, one.active_at, None, None)
                firing_at = known.firing_at or (at if one.state == "firing" else None)
                self.episodes[key] = replace(known, firing_at=firing_at, gone_at=None)
        for key, known in self.episodes.items():
            if key not in here and known.gone_at is None:
                self.episodes[key] = replace(known, gone_at=at)

    def _got(self, received: Iterable[ReceivedAlert], at: float) -> None:
        for one in received:
            known = self.received.get(one.fingerprint)
            if known is None or known.starts_at < one.starts_at:
                self.received[one.fingerprint] = known = one
            if one.processed and not one.muted:
                self.let_through.setdefault(one.fingerprint, at)
            self.received[one.fingerprint] = replace(
                known,
                receivers=tuple(dict.fromkeys((*known.receivers, *one.receivers))),
                silenced_by=tuple(dict.fromkeys((*known.silenced_by, *one.silenced_by))),
                inhibited_by=tuple(dict.fromkeys((*known.inhibited_by, *one.inhibited_by))),
            )

    def _count(self, counts: NotificationCounts, at: float) -> None:
        """Counters begin anew with Alertmanager, and what they said before is not forgotten."""
        raw = counts.by_integration or {"": (counts.sent, counts.failed)}
        kinds = dict(self.counted[-1].kinds) if self.counted else {}
        anew = any(sent < self._raw.get(kind, _NONE)[0] for kind, (sent, _) in raw.items())
        for kind, (sent, failed) in raw.items():
            (sent_before, failed_before), so_far = _NONE if anew else self._raw.get(kind, _NONE), kinds.get(kind, _NONE)
            kinds[kind] = (so_far[0] + sent - sent_before, so_far[1] + failed - failed_before)
        self._raw = raw
        self.counted.append(Counted(at, kinds))


def _meet(one: Kinds, other: Kinds) -> bool:
    """Whether a kind is, or may be, among both."""
    if one is None or other is None:
        return one != frozenset() and other != frozenset()
    return bool(one & other)


def began(alert: PagedAlert, since: float) -> bool:
    """Whether an alert of a notification began to fire after `since`; one that does not say when may have."""
    return alert.starts_at is None or alert.starts_at >= since


def labels_of(pages: Iterable[Page], expectation: Expectation, status: str, since: float) -> set[Key]:
    """Which alerts of an expectation the pages speak of with this status."""
    return {
        frozenset(one.labels.items())
        for page in pages
        for one in page.alerts
        if one.status == status and expectation.matches(one.labels) and began(one, since)
    }

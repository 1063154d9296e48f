"""Pages that nobody expected. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set

from runner.alerting.expectation import PAGE, Expectation
from runner.alerting.sightings import Sightings, began
from runner.alerting.timeline import StrayPage


def strays(expected: Sequence[Expectation], sightings: Sightings, since: float) -> tuple[StrayPage, ...]:
    """Alerts of severity `page` that began to fire after `since` and were notified, and that nobody expected.

    Each alert and receiver once. Where nobody keeps what a receiver is sent: those that Alertmanager routed to it and
    did not mute. A receiver is known to have a keeper when it is expected to be told, or anything of it was kept.
    """
    kept = {page.receiver for page in sightings.pages} | {one.receiver for one in expected}
    unkept = _routed(sightings, since, frozenset() if sightings.without_keeper else frozenset(kept))
    found: dict[tuple[frozenset[tuple[str, str]], str], StrayPage] = {}
    for page in (*_kept(sightings, since), *unkept):
        if page.severity == PAGE and not _is_expected(expected, page.labels):
            found.setdefault((frozenset(page.labels.items()), page.receiver), page)
    return tuple(sorted(found.values(), key=lambda page: page.at))


def coming(expected: Sequence[Expectation], sightings: Sightings, since: float) -> tuple[StrayPage, ...]:
    """Pages that nobody expected and that are still to come: Alertmanager routes them, and has not notified them yet.

    `at` is since when. Those to receivers that nobody keeps are strays already.
    """
    told = {(frozenset(page.labels.items()), page.receiver) for page in strays(expected, sightings, since)}
    return tuple(
        _stray(one.labels, receiver, sightings.let_through[one.fingerprint])
        for one in sightings.received.values()
        if one.starts_at >= since and one.fingerprint in sightings.free_now
        if one.labels.get("severity") == PAGE and not _is_expected(expected, one.labels)
        for receiver in one.receivers
        if (frozenset(one.labels.items()), receiver) not in told and not sightings.swallows(receiver)
    )


def why_unknown(sightings: Sightings, since: float) -> str:
    """Why there may be stray pages after `since` that nobody saw; empty where there are none."""
    if sightings.missed_pages:
        return sightings.missed_pages
    if sightings.keeper is None:
        unheard = sightings.unheard_alertmanager(since)
        return f"receivers without a sink were not seen: {unheard}" if unheard else ""
    if sightings.keeper.asked:
        return sightings.keeper.reason
    return sightings.alertmanager.reason if sightings.alertmanager is not None else ""


def _is_expected(expected: Iterable[Expectation], labels: Mapping[str, str]) -> bool:
    return any(expectation.matches(labels) for expectation in expected)


def _kept(sightings: Sightings, since: float) -> Iterator[StrayPage]:
    for page in sightings.pages:
        if page.accepted and page.received_at >= since:
            for one in page.alerts:
                if one.status == "firing" and began(one, since):
                    yield _stray(one.labels, page.receiver, page.received_at)


def _routed(sightings: Sightings, since: float, kept: Set[str]) -> Iterator[StrayPage]:
    """Those to receivers that nobody keeps and that notify somebody."""
    for one in sightings.received.values():
        if one.starts_at >= since and one.fingerprint in sightings.let_through:
            for receiver in one.receivers:
                if receiver not in kept and not sightings.swallows(receiver):
                    yield _stray(one.labels, receiver, one.updated_at)


def _stray(labels: Mapping[str, str], receiver: str, at: float) -> StrayPage:
    return StrayPage(labels.get("alertname", ""), labels.get("severity", ""), receiver, at, dict(labels))

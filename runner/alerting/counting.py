"""What Alertmanager's counters can say of one receiver, and what they cannot: they know kinds of integrations. Pure."""

from runner.alerting.sightings import Kinds, Sightings

SINK = "webhook"
"""The kind of integration that a sink is."""


def doubt_of_delivery(receiver: str, sightings: Sightings, since: float) -> str:
    """Why what was delivered after `since` (since the epoch) may not have reached this receiver; empty where it did.

    With requests that failed, or with others that are notified in the same way, it may have been to somebody else.
    """
    kinds = sightings.kinds_of(receiver)
    failed = sightings.failed_since(since, kinds)
    if failed > 0:
        return (
            f"Alertmanager delivered something, but {failed:.0f} request(s){_by(kinds)} failed since the fault, "
            f"which may have been those to {receiver}"
        )
    others = sightings.told_beside(receiver)
    if others:
        return (
            f"Alertmanager delivered something{_by(kinds)}, which may have been to {', '.join(others)} and not to "
            f"{receiver}: a sink would tell"
        )
    return ""


def beside_sink(receiver: str, sightings: Sightings) -> tuple[str, ...]:
    """The integrations of a receiver of which its sink, one of its webhooks, sees nothing; each once."""
    entries = list(sightings.entries_of(receiver) or ())
    if SINK in entries:
        entries.remove(SINK)
    return tuple(dict.fromkeys(entries))


def doubt_beside_sink(receiver: str, sightings: Sightings, since: float) -> str:
    """Why it is not known whether what is beside a sink in a receiver was notified, too; empty where nothing failed.

    A request that a sink itself answered with an error is known to be that.
    """
    beside = frozenset(beside_sink(receiver, sightings))
    failed = sightings.failed_since(since, beside) if beside else 0.0
    if SINK in beside:
        failed -= sum(not page.accepted and page.received_at >= since for page in sightings.pages)
    if failed <= 0:
        return ""
    return (
        f"the sink of {receiver} was told, but {failed:.0f} request(s) of Alertmanager{_by(beside)} failed since the "
        f"fault, which may have been those to what is beside the sink"
    )


def _by(kinds: Kinds) -> str:
    return f" by {', '.join(sorted(kinds))}" if kinds else ""

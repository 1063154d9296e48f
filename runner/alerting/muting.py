"""What keeps an alert from its receiver: silences and inhibitions. Pure."""

from collections.abc import Mapping, Sequence

from runner.alerting.expectation import Expectation
from runner.alerting.sightings import Received


def muted_told(received: Received, silences: Mapping[str, str] | None) -> str:
    """By what an alert is muted, in words; `silences` says of each by its id who made it and why."""
    known = silences or {}
    told = [
        f"silence {name} holds it back{f' ({known[name]})' if name in known else ''}"
        for name in sorted(received.silenced_by)
    ]
    told += [f"the alert {source} inhibits it" for source in sorted(received.inhibited_by)]
    return " and ".join(told)


def escaping(expectation: Expectation, received: Received) -> str:
    """Which of its alerts were not muted as asked, although others were; empty where all were."""
    free = [
        one for one in received.each if not (one.silenced_by if expectation.muted_by == "silence" else one.inhibited_by)
    ]
    if not free:
        return ""
    common = set.intersection(*(set(one.labels.items()) for one in received.each))
    first = ", ".join(f"{name}={value}" for name, value in sorted(set(free[0].labels.items()) - common))
    article = "an" if expectation.muted_by == "inhibition" else "a"
    return (
        f"{article} {expectation.muted_by} was to mute it, and muted only {len(received.each) - len(free)} of its "
        f"{len(received.each)} alerts, not that with {first}"
    )


def judge_muted(
    expectation: Expectation, received: Received | None, heard: Sequence[str], silences: Mapping[str, str] | None
) -> str:
    """Why an alert was not muted as asked; empty where it was, or where Alertmanager was not seen to have it.

    `heard` are the receivers that were told of it.
    """
    article = "an" if expectation.muted_by == "inhibition" else "a"
    wanted = f"{article} {expectation.muted_by} was to mute it"
    if heard:
        return f"it reached {', '.join(heard)}, and {wanted}"
    if received is None:
        return ""
    by = {"silence": received.silenced_by, "inhibition": received.inhibited_by}
    if expectation.muted_by is not None and by[expectation.muted_by]:
        return ""
    other = muted_told(received, silences)
    return f"{wanted}, and {other or 'nothing did'}"

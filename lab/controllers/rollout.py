"""The arithmetic of a Deployment's rollout: how large each of its ReplicaSets should be next. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from lab.controllers.percent import resolve
from lab.kubeclient import Document


class Size(NamedTuple):
    """A ReplicaSet: pods asked for (spec) and pods available (status, which may lag behind)."""

    name: str
    replicas: int
    available: int


class Limits(NamedTuple):
    """Resolved strategy: pods above and below the wanted number that a rollout may cost."""

    surge: int
    unavailable: int


def limits(strategy: Document | None, desired: int) -> Limits:
    """maxSurge (rounded up) and maxUnavailable (rounded down); both 0 would never end, so then one may be missing."""
    rolling = (strategy or {}).get("rollingUpdate") or {}
    surge = resolve(rolling.get("maxSurge", "25%"), desired, up=True)
    unavailable = resolve(rolling.get("maxUnavailable", "25%"), desired, up=False)
    return Limits(surge, min(unavailable, desired) if surge or unavailable else 1)


def rolling_update(desired: int, limit: Limits, new: Size, old: Sequence[Size]) -> dict[str, int]:
    """The sizes to set next, by name; `old` from oldest to newest. Names that keep their size are left out.

    It grows the new set as far as the surge allows. Only when there was no room for that does it shrink the old ones,
    and never so far that fewer than `desired - unavailable` available pods could remain.
    """
    total = new.replicas + sum(s.replicas for s in old)
    if new.replicas > desired:
        return {new.name: desired}
    room = min(desired + limit.surge - total, desired - new.replicas)
    if room > 0:
        return {new.name: new.replicas + room}
    return _shrink_old(desired - limit.unavailable, total, new, old)


def _shrink_old(least: int, total: int, new: Size, old: Sequence[Size]) -> dict[str, int]:
    # Pods of the new set that are not available yet do not count towards what must remain. Of the others only what is
    # asked for counts, since what is available is known late: a shrinking that is under way must not be done twice.
    budget = total - least - max(0, new.replicas - new.available)
    sizes = {s.name: s.replicas for s in old}
    # Pods that do not work go first, whatever their set: nobody loses them.
    for spare in ([max(0, s.replicas - s.available) for s in old], [s.replicas for s in old]):
        for s, most in zip(old, spare, strict=True):
            gone = max(0, min(budget, most, sizes[s.name]))
            sizes[s.name] -= gone
            budget -= gone
    return {s.name: sizes[s.name] for s in old if sizes[s.name] != s.replicas}


def recreate(desired: int, new: Size, old: Sequence[Size], old_pods_remain: bool) -> dict[str, int]:
    """First all old pods go, then the new ones come."""
    shrunk = {s.name: 0 for s in old if s.replicas}
    if shrunk or old_pods_remain:
        return shrunk
    return {} if new.replicas == desired else {new.name: desired}


def rescale(desired: int, sets: Sequence[Size]) -> dict[str, int]:
    """Sizes for a paused Deployment whose `replicas` changed: the newest set that has pods takes the difference.

    `sets` from oldest to newest. A set that would have to go below zero hands the rest to the next older one.
    """
    total = sum(s.replicas for s in sets)
    change = desired - total
    result: dict[str, int] = {}
    for s in reversed([s for s in sets if s.replicas] or sets[-1:]):
        step = max(change, -s.replicas)
        if step:
            result[s.name] = s.replicas + step
            change -= step
    return result

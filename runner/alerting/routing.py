"""Which receivers an alert reaches, by Alertmanager's configuration: the routing tree and the inhibitions. Pure.

The walk is that of prometheus/alertmanager v0.25 (dispatch/route.go, inhibit/inhibit.go); tests hold it to what amtool
says of the same trees.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import yaml

from actions.alerts.matcher import Labels, Matcher, MatcherError, all_match, read_matchers

DEFAULT_GROUP_WAIT, DEFAULT_GROUP_INTERVAL, DEFAULT_REPEAT_INTERVAL = "30s", "5m", "4h"
EVERYTHING = "..."
_TRUE = ("true", "yes", "on", "y")


class _Texts(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # either of two
    """Reads every scalar as the text that it is, since Alertmanager takes `critical: yes` for the text, too."""

    yaml_implicit_resolvers: ClassVar = {"<": [("tag:yaml.org,2002:merge", re.compile("<<"))]}


class RoutingError(ValueError):
    """A configuration that cannot be told: which place of it, and why."""


@dataclass(frozen=True, slots=True)
class Options:
    """What a route says of its notifications; durations as Alertmanager writes them (`1m30s`)."""

    receiver: str
    group_by: tuple[str, ...] = ()
    """Labels that make a group; `...` alone: every alert is one of its own."""
    group_wait: str = DEFAULT_GROUP_WAIT
    group_interval: str = DEFAULT_GROUP_INTERVAL
    repeat_interval: str = DEFAULT_REPEAT_INTERVAL
    mute_times: tuple[str, ...] = ()
    """Names of time intervals in which it does not notify."""
    active_times: tuple[str, ...] = ()
    """Names of time intervals outside of which it does not notify."""

    def group_of(self, labels: Labels) -> dict[str, str]:
        """The labels that name the group of an alert."""
        if EVERYTHING in self.group_by:
            return dict(sorted(labels.items()))
        return {name: labels[name] for name in sorted(self.group_by) if name in labels}


@dataclass(frozen=True, slots=True)
class Route:
    """A node of the tree; `place` is where it is in the file (`route.routes[1]`)."""

    place: str
    matchers: tuple[Matcher, ...]
    options: Options
    goes_on: bool
    """`continue`: its later siblings are asked, too."""
    routes: tuple["Route", ...] = ()

    def reached(self, labels: Labels) -> "tuple[Route, ...]":
        """The routes that notify of an alert with these labels, in order."""
        if not all_match(self.matchers, labels):
            return ()
        found: list[Route] = []
        for route in self.routes:
            deeper = route.reached(labels)
            found += deeper
            if deeper and not route.goes_on:
                break
        return tuple(found) or (self,)


@dataclass(frozen=True, slots=True)
class InhibitRule:
    """Alerts that match `target` are muted while one that matches `source` has equal values of the labels `equal`."""

    place: str
    source: tuple[Matcher, ...]
    target: tuple[Matcher, ...]
    equal: tuple[str, ...]

    def muting(self, labels: Labels, others: Iterable[Labels]) -> Labels | None:
        """The one of the other alerts that mutes one with these labels, if there is one.

        An alert that is source and target of the same rule is muted by none that is both, too.
        """
        if not all_match(self.target, labels):
            return None
        both = all_match(self.source, labels)
        for other in others:
            if not all_match(self.source, other):
                continue
            if any(other.get(name, "") != labels.get(name, "") for name in self.equal):
                continue
            if not (both and all_match(self.target, other)):
                return other
        return None


@dataclass(frozen=True, slots=True)
class Receiver:
    """A receiver and what it notifies by, such as ("pagerduty", "webhook"); by nothing: it swallows what it gets.

    `entries` has each as often as it is configured.
    """

    name: str
    integrations: tuple[str, ...] = ()
    entries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Routing:
    """What a configuration says of where alerts go."""

    root: Route
    inhibitions: tuple[InhibitRule, ...] = ()
    receivers: Mapping[str, Receiver] = field(default_factory=dict)

    def receivers_of(self, labels: Labels) -> tuple[str, ...]:
        """The receivers of an alert, as `amtool config routes test` has them: one for each route that is reached."""
        return tuple(route.options.receiver for route in self.root.reached(labels))

    def inhibited_by(self, labels: Labels, others: Sequence[Labels]) -> tuple[tuple[InhibitRule, Labels], ...]:
        """Each rule that mutes an alert while the others are active, with the alert that does so."""
        found = ((rule, rule.muting(labels, others)) for rule in self.inhibitions)
        return tuple((rule, other) for rule, other in found if other is not None)

    def inhibitions_of(self, labels: Labels) -> tuple[InhibitRule, ...]:
        """The rules that could mute it."""
        return tuple(rule for rule in self.inhibitions if all_match(rule.target, labels))


def read_routing(text: str) -> Routing:
    """The routing of an Alertmanager configuration (YAML). Raises RoutingError."""
    try:
        document = yaml.load(text, _Texts)  # noqa: S506 (a safe loader)
    except yaml.YAMLError as error:
        raise RoutingError(f"the configuration is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(document, Mapping) or not isinstance(document.get("route"), Mapping):
        raise RoutingError("the configuration has no route: is it one of Alertmanager's?")
    root = document["route"]
    if not root.get("receiver"):
        raise RoutingError("route: the root has no receiver")
    return Routing(
        root=_route(root, "route", Options(str(root["receiver"]))),
        inhibitions=tuple(
            _inhibition(one, f"inhibit_rules[{index}]") for index, one in _items(document, "inhibit_rules", "")
        ),
        receivers={one.name: one for one in _receivers(document)},
    )


def _route(document: Mapping[str, Any], place: str, inherited: Options) -> Route:
    options = replace(
        inherited,
        receiver=str(document.get("receiver") or inherited.receiver),
        group_by=_names(document, "group_by", place) if document.get("group_by") is not None else inherited.group_by,
        group_wait=str(document.get("group_wait") or inherited.group_wait),
        group_interval=str(document.get("group_interval") or inherited.group_interval),
        repeat_interval=str(document.get("repeat_interval") or inherited.repeat_interval),
        mute_times=_names(document, "mute_time_intervals", place),
        active_times=_names(document, "active_time_intervals", place),
    )
    return Route(
        place=place,
        matchers=_matchers(document, "match", "match_re", "matchers", place),
        options=options,
        goes_on=str(document.get("continue", "")).lower() in _TRUE,
        routes=tuple(
            _route(one, f"{place}.routes[{index}]", options) for index, one in _items(document, "routes", place)
        ),
    )


def _inhibition(document: Mapping[str, Any], place: str) -> InhibitRule:
    return InhibitRule(
        place,
        _matchers(document, "source_match", "source_match_re", "source_matchers", place),
        _matchers(document, "target_match", "target_match_re", "target_matchers", place),
        _names(document, "equal", place),
    )


def _receivers(document: Mapping[str, Any]) -> Iterator[Receiver]:
    for _, one in _items(document, "receivers", ""):
        kinds = {
            str(key).removesuffix("_configs"): len(value) if isinstance(value, list) else 1
            for key, value in one.items()
            if key != "name" and value
        }
        entries = tuple(kind for kind, times in kinds.items() for _ in range(times))
        yield Receiver(str(one.get("name", "")), tuple(kinds), entries)


def _matchers(document: Mapping[str, Any], equal: str, regex: str, new: str, place: str) -> tuple[Matcher, ...]:
    """Those of the old keys and of the new one; all of them have to be fulfilled."""
    found: list[Matcher] = []
    try:
        found += [Matcher(str(name), "=", str(value)) for name, value in (document.get(equal) or {}).items()]
        found += [Matcher(str(name), "=~", str(value)) for name, value in (document.get(regex) or {}).items()]
        texts = document.get(new) or []
        for text in [texts] if isinstance(texts, str) else texts:
            found += read_matchers(str(text))
    except MatcherError as error:
        raise RoutingError(f"{place}: {error}") from error
    except (AttributeError, TypeError):
        raise RoutingError(f"{place}: its matchers are not of the shape that Alertmanager has") from None
    return tuple(found)


def _names(document: Mapping[str, Any], key: str, place: str) -> tuple[str, ...]:
    value = document.get(key) or []
    if not isinstance(value, list):
        raise RoutingError(f"{place}.{key} is not a list")
    return tuple(map(str, value))


def _items(document: Mapping[str, Any], key: str, place: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    value = document.get(key) or []
    if not isinstance(value, list) or not all(isinstance(one, Mapping) for one in value):
        raise RoutingError(f"{place}{'.' if place else ''}{key} is not a list of objects")
    return enumerate(value)

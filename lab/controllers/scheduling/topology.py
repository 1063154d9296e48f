"""Rules about other pods: affinity, anti-affinity and spreading over the values of a node label (a topology)."""

from collections import Counter
from collections.abc import Callable, Sequence

from lab.controllers import selectors
from lab.controllers.scheduling.places import Place, Selection
from lab.kubeclient import Document

Check = Callable[[Place], str | None]

AFFINITY = "node(s) didn't match pod affinity rules"
ANTI_AFFINITY = "node(s) didn't match pod anti-affinity rules"
EXISTING_ANTI_AFFINITY = "node(s) didn't satisfy existing pods anti-affinity rules"
SPREAD = "node(s) didn't match pod topology spread constraints"
SPREAD_LABEL = f"{SPREAD} (missing required label)"
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


def _terms(pod: Document, kind: str) -> list[Document]:
    return ((pod["spec"].get("affinity") or {}).get(kind) or {}).get(_REQUIRED) or []


def _selection(term: Document, holder: Document) -> Selection:
    """The pods that an affinity term of `holder` means.

    A namespaceSelector is understood when it is empty (all namespaces); other ones are taken as the holder's namespace.
    """
    everywhere = term.get("namespaceSelector") == {}
    namespaces = frozenset(term.get("namespaces") or [holder["metadata"]["namespace"]])
    return Selection.of(term.get("labelSelector"), None if everywhere else namespaces, with_terminating=True)


def _domains(places: Sequence[Place], term: Document, selection: Selection) -> Counter[str]:
    """Pods of `selection`, by value of the term's topology label."""
    key = term["topologyKey"]
    counts: Counter[str] = Counter()
    for place in places:
        if key in place.labels and (count := place.count(selection)):
            counts[place.labels[key]] += count
    return counts


def checks_for(pod: Document, places: Sequence[Place]) -> list[Check]:
    """What each node must be asked for `pod`; a check answers with the reason why not, or None."""
    checks = [_spreading(pod, rule, places) for rule in _hard_spreading(pod)]
    checks += [_close_to(pod, term, places) for term in _terms(pod, "podAffinity")]
    checks += [_away_from(pod, term, places) for term in _terms(pod, "podAntiAffinity")]
    if any(place.repelling for place in places):
        checks.append(_not_repelled(pod, places))
    return checks


def _away_from(pod: Document, term: Document, places: Sequence[Place]) -> Check:
    taken = _domains(places, term, _selection(term, pod))
    return lambda place: ANTI_AFFINITY if taken[place.labels.get(term["topologyKey"], "")] else None


def _close_to(pod: Document, term: Document, places: Sequence[Place]) -> Check:
    liked = _domains(places, term, _selection(term, pod))
    key = term["topologyKey"]
    # The first of a group that wants to be together has nobody to go to.
    first = not liked and _selection(term, pod).means(pod)
    return lambda place: None if key in place.labels and (first or liked[place.labels[key]]) else AFFINITY


def _not_repelled(pod: Document, places: Sequence[Place]) -> Check:
    forbidden = {
        (term["topologyKey"], place.labels[term["topologyKey"]])
        for place in places
        for other in place.repelling.values()
        for term in _terms(other, "podAntiAffinity")
        if term["topologyKey"] in place.labels and _selection(term, other).means(pod)
    }
    return lambda place: EXISTING_ANTI_AFFINITY if forbidden & place.labels.items() else None


def _hard_spreading(pod: Document) -> list[Document]:
    rules = pod["spec"].get("topologySpreadConstraints") or []
    return [rule for rule in rules if rule.get("whenUnsatisfiable", "DoNotSchedule") == "DoNotSchedule"]


def _spreading(pod: Document, rule: Document, places: Sequence[Place]) -> Check:
    key, most = rule["topologyKey"], int(rule["maxSkew"])
    eligible = [p for p in places if p.node and key in p.labels and selectors.node_selected(pod["spec"], p.node)]
    selector, own = rule.get("labelSelector") or {}, pod["metadata"].get("labels") or {}
    same = {k: own[k] for k in rule.get("matchLabelKeys") or [] if k in own}
    selector = {**selector, "matchLabels": {**(selector.get("matchLabels") or {}), **same}}
    selection = Selection.of(selector, frozenset([pod["metadata"]["namespace"]]), with_terminating=False)
    counts = Counter({place.labels[key]: 0 for place in eligible})
    for place in eligible:
        counts[place.labels[key]] += place.count(selection)
    least = min(counts.values(), default=0)
    itself = int(selection.means(pod))

    def check(place: Place) -> str | None:
        if key not in place.labels:
            return SPREAD_LABEL
        return SPREAD if counts[place.labels[key]] + itself - least > most else None

    return check

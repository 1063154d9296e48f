"""Label selectors and node selector terms."""

from collections.abc import Callable, Mapping

from lab.kubeclient import Document

Labels = Mapping[str, str]


def _number(text: str | None) -> int | None:
    try:
        return None if text is None else int(text)
    except ValueError:
        return None


def _compare(holds: Callable[[int, int], bool], labels: Labels, key: str, values: list[str]) -> bool:
    have, bound = _number(labels.get(key)), _number(values[0] if len(values) == 1 else None)
    return have is not None and bound is not None and holds(have, bound)


def _expression_holds(expression: Document, labels: Labels) -> bool:
    key, values = expression["key"], expression.get("values") or []
    match expression["operator"]:
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case "Gt":
            return _compare(int.__gt__, labels, key, values)
        case "Lt":
            return _compare(int.__lt__, labels, key, values)
    return False


def matches(selector: Document | None, labels: Labels | None) -> bool:
    """Whether a metav1.LabelSelector selects `labels`: an empty one selects everything, none selects nothing."""
    if selector is None:
        return False
    labels = labels or {}
    wanted = selector.get("matchLabels") or {}
    expressions = selector.get("matchExpressions") or []
    return all(labels.get(k) == v for k, v in wanted.items()) and all(_expression_holds(e, labels) for e in expressions)


def map_matches(selector: Labels | None, labels: Labels | None) -> bool:
    """Whether a plain map selector (a Service's) selects `labels`; an absent or empty one selects nothing."""
    return bool(selector) and matches({"matchLabels": selector}, labels)


def node_term_matches(term: Document, node: Document) -> bool:
    """Whether a NodeSelectorTerm selects `node`; an empty term selects nothing."""
    expressions, fields = term.get("matchExpressions") or [], term.get("matchFields") or []
    if not expressions and not fields:
        return False
    labels = node["metadata"].get("labels") or {}
    names = {"metadata.name": node["metadata"]["name"]}
    return all(_expression_holds(e, labels) for e in expressions) and all(_expression_holds(f, names) for f in fields)


def node_selected(spec: Document, node: Document) -> bool:
    """Whether a pod spec's nodeSelector and required node affinity admit `node`."""
    if (plain := spec.get("nodeSelector")) and not map_matches(plain, node["metadata"].get("labels")):
        return False
    affinity = (spec.get("affinity") or {}).get("nodeAffinity") or {}
    required = affinity.get("requiredDuringSchedulingIgnoredDuringExecution")
    return required is None or any(node_term_matches(term, node) for term in required.get("nodeSelectorTerms") or [])

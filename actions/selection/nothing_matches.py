"""Why no pod matches, in words that help to find the typing error."""

import difflib
from collections.abc import Iterable

from actions.selection.arguments import PodSelection
from clients.kube import PODS, Document, Kube, KubeError

SHOWN = 6


def why_nothing(kube: Kube, wanted: PodSelection) -> str:
    """What was asked for, that nothing was touched, and what there is instead."""
    narrowed = [
        *([f"on node {wanted.node}"] if wanted.node else ()),
        *([f"in zone {wanted.zone}"] if wanted.zone else ()),
        *([f"with rank {wanted.rank}"] if wanted.rank is not None else ()),
    ]
    asked = " ".join([f"no running pod in namespace {wanted.namespace} matches {wanted.label_selector!r}", *narrowed])
    try:
        matching = kube.find(PODS, wanted.namespace, wanted.label_selector, metadata_only=True)
        if matching:
            what = "none of them" if narrowed else "none of them running and none of them to stay"
            return f"{asked}: {len(matching)} match the labels, {what}; nothing was touched"
        others = kube.find(PODS, wanted.namespace, metadata_only=True)
    except KubeError as error:
        return f"{asked}: nothing was touched ({error})"
    return f"{asked}: nothing was touched; {suggestion(wanted.label_selector, others)}"


def suggestion(selector: str, others: Iterable[Document]) -> str:
    """What the pods of the namespace are labelled with, those nearest to `selector` first."""
    labels = sorted(
        {
            f"{key}={value}"
            for pod in others
            for key, value in (pod["metadata"].get("labels") or {}).items()
            if not key.endswith(("-hash", "controller-uid", "-revision", "completion-index", "pod-name"))
        }
    )
    if not labels:
        return "the namespace has no pod with labels; is it the right one?"
    near = difflib.get_close_matches(selector, labels, SHOWN, 0.6)
    if near:
        return f"did you mean {' or '.join(near)}?"
    more = ", ..." if len(labels) > SHOWN else ""
    return f"labels there: {', '.join(labels[:SHOWN])}{more}"

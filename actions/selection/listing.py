"""Listing the pods that a selection matches: by their metadata first, in full only where they are few or picked."""

from collections.abc import Iterable, Iterator

from actions.fault import RefusedError
from actions.selection.arguments import PodSelection
from actions.selection.gangs import rank_of
from actions.selection.pod import Candidate, Pod
from clients.kube import NODES, PODS, Document, Kube, NotFoundError

ZONE_LABEL = "topology.kubernetes.io/zone"
RUNNING = "status.phase=Running"


def field_selectors(kube: Kube, wanted: PodSelection) -> list[str]:
    """Selectors that the server applies, one for each list: there is no "in" for fields."""
    if wanted.node:
        return [f"{RUNNING},spec.nodeName={wanted.node}"]
    if not wanted.zone:
        return [RUNNING]
    nodes = kube.find(NODES, labels=f"{ZONE_LABEL}={wanted.zone}", metadata_only=True)
    if not nodes:
        raise RefusedError(f"no node is in zone {wanted.zone!r}: {_zones(kube)}")
    return [f"{RUNNING},spec.nodeName={node['metadata']['name']}" for node in nodes]


def list_candidates(kube: Kube, wanted: PodSelection, fields: Iterable[str]) -> Iterator[Candidate]:
    """The running pods that the selection matches and that are to stay, by their metadata."""
    for selector in fields:
        for page in kube.pages(PODS, wanted.namespace, wanted.label_selector, selector, metadata_only=True):
            for document in page:
                metadata = document["metadata"]
                if "deletionTimestamp" in metadata:
                    continue
                if wanted.rank is None or rank_of(metadata.get("labels") or {}) == wanted.rank:
                    yield Candidate(metadata["namespace"], metadata["name"], metadata["uid"])


def list_in_full(kube: Kube, wanted: PodSelection, fields: Iterable[str], ranked: Iterable[Candidate]) -> list[Pod]:
    """These candidates in full and in their order, by listing all that match."""
    documents: Iterator[Document] = (
        document
        for selector in fields
        for page in kube.pages(PODS, wanted.namespace, wanted.label_selector, selector)
        for document in page
    )
    pods = {pod.uid: pod for pod in map(Pod.from_document, documents)}
    return [pods[candidate.uid] for candidate in ranked if candidate.uid in pods]


def read_one_by_one(kube: Kube, ranked: Iterable[Candidate]) -> Iterator[Pod]:
    """These candidates in full and in their order, each read when it is asked for."""
    for candidate in ranked:
        try:
            pod = Pod.from_document(kube.get(PODS, candidate.name, candidate.namespace))
        except NotFoundError:
            continue
        if pod.uid == candidate.uid:
            yield pod


def _zones(kube: Kube) -> str:
    nodes = kube.find(NODES, labels=ZONE_LABEL, metadata_only=True)
    zones = sorted({node["metadata"]["labels"][ZONE_LABEL] for node in nodes})
    return f"the zones here are {', '.join(zones)}" if zones else f"no node has the label {ZONE_LABEL}"

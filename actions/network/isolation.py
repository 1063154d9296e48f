"""What a NetworkPolicy cuts off, and which other policies let through all the same. Pure."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from actions.selection.labels import matches
from clients.kube import Document

Direction = Literal["ingress", "egress", "both"]

MANAGED_BY = {"app.kubernetes.io/managed-by": "mlchaos"}
RUN_LABEL = "mlchaos.io/run"
EXPIRES = "mlchaos.io/expires"
_TYPES: Mapping[str, tuple[str, ...]] = {
    "ingress": ("Ingress",),
    "egress": ("Egress",),
    "both": ("Ingress", "Egress"),
}


def mark_of(tag: str) -> str:
    """The label that the one pod gets which this record's policy is about."""
    return f"partition.mlchaos.io/{tag}"


def expiry(expires_at: float) -> str:
    """A time as a label's value can hold it."""
    return f"{datetime.fromtimestamp(expires_at, UTC):%Y%m%dT%H%M%SZ}"


def marks(run: str, expires_at: float) -> Document:
    """Labels and annotations of an object that a fault makes, so that it is found without the ledger."""
    return {"labels": {**MANAGED_BY, RUN_LABEL: run}, "annotations": {EXPIRES: expiry(expires_at)}}


def is_of(document: Mapping[str, Any], run: str) -> bool:
    """Whether a fault of this run has made the object: others can write records, so their word alone is not enough."""
    labels = document["metadata"].get("labels") or {}
    return all(labels.get(key) == value for key, value in {**MANAGED_BY, RUN_LABEL: run}.items())


def deny_all(tag: str, namespace: str, run: str, expires_at: float, direction: Direction) -> Document:
    """The policy that selects the marked pod and lets nothing through."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": tag, "namespace": namespace, **marks(run, expires_at)},
        "spec": {
            "podSelector": {"matchLabels": {mark_of(tag): expiry(expires_at)}},
            "policyTypes": list(_TYPES[direction]),
        },
    }


def letting_through(
    policies: Iterable[Mapping[str, Any]], labels: Mapping[str, str], direction: Direction
) -> tuple[str, ...]:
    """Names of the policies that allow a pod with these labels some of what is to be cut off.

    Policies only add up: what one of them allows, no other can forbid.
    """
    return tuple(
        policy["metadata"]["name"]
        for policy in policies
        if matches((policy.get("spec") or {}).get("podSelector") or {}, labels)
        and any(policy["spec"].get(kind.lower()) and kind in _types(policy["spec"]) for kind in _TYPES[direction])
    )


def _types(spec: Mapping[str, Any]) -> tuple[str, ...]:
    """Ingress always, and Egress where there are such rules, when a policy does not say."""
    given = spec.get("policyTypes")
    return tuple(given) if given else ("Ingress", *(("Egress",) if spec.get("egress") else ()))

"""Who else keeps a Secret: controllers that would put it right, issue it anew, or carry the damage elsewhere. Pure."""

from dataclasses import dataclass

from clients.kube import Document


@dataclass(frozen=True, slots=True)
class Keeper:
    """A controller that keeps a Secret: who, and what it would do about a certificate that is replaced."""

    name: str
    does: str

    def __str__(self) -> str:
        return f"{self.name} {self.does}"


_REVERTS = "may put its own content back at any time, so that the fault is gone before its time"

_KEEPERS: tuple[tuple[str, str, Keeper], ...] = (
    (
        "annotations",
        "cert-manager.io/certificate-name",
        Keeper(
            "cert-manager",
            "issues it anew at once when it is expired, expires soon or is for other names (which ACME issuers limit)",
        ),
    ),
    ("labels", "reconcile.external-secrets.io/managed", Keeper("External Secrets", _REVERTS)),
    ("annotations", "argocd.argoproj.io/tracking-id", Keeper("Argo CD", _REVERTS)),
    ("labels", "argocd.argoproj.io/instance", Keeper("Argo CD", _REVERTS)),
    ("labels", "kustomize.toolkit.fluxcd.io/name", Keeper("Flux", _REVERTS)),
    ("labels", "helm.toolkit.fluxcd.io/name", Keeper("Flux", _REVERTS)),
    ("annotations", "service.beta.openshift.io/originating-service-name", Keeper("OpenShift's service CA", _REVERTS)),
)
"""By the mark that each leaves. cert-manager: cert-manager.io/docs/faq, "When do certs get re-issued?"."""

_COPIED_BY: tuple[tuple[str, str], ...] = (
    ("reflector.v1.k8s.emberstack.com/reflection-allowed", "Reflector"),
    ("replicator.v1.mittwald.de/replicate-to", "kubernetes-replicator"),
    ("replicator.v1.mittwald.de/replicate-to-matching", "kubernetes-replicator"),
    ("replicator.v1.mittwald.de/replication-allowed", "kubernetes-replicator"),
    ("kubed.appscode.com/sync", "config-syncer"),
)
"""Annotations by which a Secret is copied into other namespaces: a fault in it would leave its blast radius."""


def keepers(secret: Document) -> tuple[Keeper, ...]:
    """The controllers that keep this Secret."""
    metadata = secret["metadata"]
    found = [keeper for part, mark, keeper in _KEEPERS if mark in (metadata.get(part) or {})]
    found += [
        Keeper(f"{owner['kind']} {owner['name']}, its controller,", _REVERTS)
        for owner in metadata.get("ownerReferences") or ()
        if owner.get("controller")
    ]
    return tuple(dict.fromkeys(found))


def copiers(secret: Document) -> tuple[str, ...]:
    """What copies this Secret into other namespaces."""
    annotations = secret["metadata"].get("annotations") or {}
    return tuple(dict.fromkeys(name for mark, name in _COPIED_BY if annotations.get(mark, "false") != "false"))

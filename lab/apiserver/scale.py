"""The scale subresource: a view of the number of replicas."""

from lab.apiserver.errors import Cause, Document, invalid


def scale_document(document: Document) -> Document:
    """The autoscaling/v1 Scale of a Deployment, ReplicaSet or StatefulSet."""
    metadata, spec = document["metadata"], document["spec"]
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {name: metadata[name] for name in kept if name in metadata},
        "spec": {"replicas": spec.get("replicas", 0)},
        "status": {
            "replicas": (document.get("status") or {}).get("replicas", 0),
            "selector": _selector_text(spec.get("selector") or {}),
        },
    }


def set_scale(document: Document, scale: Document) -> Document:
    """`document` with the replicas that `scale` asks for (and under the version that it names)."""
    replicas = (scale.get("spec") or {}).get("replicas", 0)
    if not isinstance(replicas, int) or replicas < 0:
        cause = Cause("spec.replicas", f"Invalid value: {replicas!r}: must be greater than or equal to 0")
        raise invalid("autoscaling", "Scale", document["metadata"]["name"], [cause])
    metadata = {**document["metadata"]}
    if version := (scale.get("metadata") or {}).get("resourceVersion"):
        metadata["resourceVersion"] = version
    return {**document, "metadata": metadata, "spec": {**document["spec"], "replicas": replicas}}


def _selector_text(selector: Document) -> str:
    terms = [f"{key}={value}" for key, value in (selector.get("matchLabels") or {}).items()]
    for expression in selector.get("matchExpressions") or []:
        key, operator, values = expression["key"], expression["operator"], ",".join(expression.get("values") or ())
        match operator:
            case "Exists":
                terms.append(key)
            case "DoesNotExist":
                terms.append(f"!{key}")
            case _:
                terms.append(f"{key} {operator.lower()} ({values})")
    return ",".join(terms)

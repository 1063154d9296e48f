"""Who belongs to a controlling object: what it owns, what it takes over, what it lets go."""

from lab.controllers import owners, selectors
from lab.controllers.cluster import INDEX_CONTROLLER, Cluster, orphans_of
from lab.controllers.pods import is_finished, is_terminating
from lab.kubeclient import ApiError, Document

GONE_OR_CHANGED = {404, 409, 422}


async def adopted(cluster: Cluster, resource: str, owner: Document) -> list[Document]:
    """The objects of `resource` that `owner` controls, after adopting orphans that its selector selects.

    What it controls but no longer selects is released (its reference is removed), as `kubectl label` is used to take
    a misbehaving pod out of service and keep it for a look.
    """
    informer = cluster.informer(resource)
    selector = owner["spec"]["selector"]
    uid = owner["metadata"]["uid"]
    mine = []
    for document in informer.indexed(INDEX_CONTROLLER, uid):
        if selectors.matches(selector, document["metadata"].get("labels")):
            mine.append(document)
        elif not is_terminating(document):
            others = [r for r in owners.references(document) if r["uid"] != uid]
            await _refer(cluster, resource, document, others)
    if is_terminating(owner):
        return mine
    for document in informer.indexed(INDEX_CONTROLLER, orphans_of(owner["metadata"]["namespace"])):
        selected = selectors.matches(selector, document["metadata"].get("labels"))
        if selected and not is_terminating(document) and not (resource == "pods" and is_finished(document)):
            references = [*owners.references(document), owners.owner_reference(owner)]
            if taken := await _refer(cluster, resource, document, references):
                mine.append(taken)
    return mine


async def _refer(cluster: Cluster, resource: str, document: Document, references: list[Document]) -> Document | None:
    """Set the owner references of exactly this version of the object; None if it has gone or changed meanwhile."""
    metadata = document["metadata"]
    change = {
        "uid": metadata["uid"],
        "resourceVersion": metadata["resourceVersion"],
        "ownerReferences": references or None,
    }
    try:
        return await cluster.patch(resource, document, {"metadata": change})
    except ApiError as error:
        if error.status not in GONE_OR_CHANGED:
            raise
        return None

"""What can be done with stored objects: create, replace, patch, delete; each checked and defaulted on the way."""

from typing import Any

from lab.apiserver import patches
from lab.apiserver.admission import Admission
from lab.apiserver.deletion import DeleteOptions, delete_object, finished
from lab.apiserver.errors import (
    Cause,
    Document,
    already_exists,
    bad_request,
    invalid,
    method_not_allowed,
    not_found,
    unsupported_media_type,
)
from lab.apiserver.kinds import Resource
from lab.apiserver.scale import scale_document, set_scale
from lab.apiserver.store import Store, Stored, encode
from lab.apiserver.versions import served_document, stored_document


class Objects:
    """The verbs on objects. Every one raises Refused when it does not do what it was asked."""

    def __init__(self, store: Store, admission: Admission) -> None:
        self.store = store
        self.admission = admission

    def get(self, resource: Resource, namespace: str, name: str) -> Stored:
        stored = self.store.get(resource.kind, namespace, name)
        if stored is None:
            raise not_found(resource.kind.group, resource.kind.plural, name)
        return stored

    def create(self, resource: Resource, namespace: str, body: Document, *, dry_run: bool = False) -> Stored:
        kind = resource.kind
        _check_type(resource, body)
        document = stored_document(resource, body)
        self.admission.admit_new(kind, namespace, document)
        name = document["metadata"]["name"]
        if self.store.get(kind, namespace, name):
            raise already_exists(kind.group, kind.plural, name)
        return encode(kind, document, self.store.version) if dry_run else self.store.put(kind, document)

    def replace(
        self, resource: Resource, stored: Stored, body: Document, subresource: str = "", *, dry_run: bool = False
    ) -> Stored:
        """Put `body` in the place of `stored`; `subresource` is "", "status" or "scale"."""
        if subresource == "scale":
            body = set_scale(served_document(resource, stored), body)
        else:
            _check_type(resource, body)
        return self._change(resource, stored, stored_document(resource, body), subresource, dry_run=dry_run)

    def patch(
        self,
        resource: Resource,
        stored: Stored,
        patch: Any,
        content_type: str,
        subresource: str = "",
        *,
        dry_run: bool = False,
    ) -> Stored:
        """Change `stored` as `patch` says, in the patch language that `content_type` names."""
        shown = served_document(resource, stored)
        target = scale_document(shown) if subresource == "scale" else shown
        try:
            patched = apply_patch(resource, target, patch, content_type)
        except patches.PatchConflictError as error:
            raise invalid(resource.kind.group, resource.kind.name, stored.name, [Cause("patch", str(error))]) from error
        return self.replace(resource, stored, patched, subresource, dry_run=dry_run)

    def delete(self, stored: Stored, options: DeleteOptions) -> tuple[Stored, bool]:
        """The object as it then is, and whether it is gone already (finalizers and grace make it stay)."""
        return delete_object(self.store, stored, options)

    def _change(self, resource: Resource, stored: Stored, new: Document, subresource: str, *, dry_run: bool) -> Stored:
        kind = resource.kind
        if subresource == "status" and not kind.status:
            raise method_not_allowed()
        old = stored.document()
        self.admission.admit_change(kind, stored, old, new, subresource)
        if dry_run or new == old:
            return stored if new == old else encode(kind, new, stored.version)
        if finished(new):
            return self.store.remove(stored, new)
        return self.store.put(kind, new)


def apply_patch(resource: Resource, target: Document, patch: Any, content_type: str) -> Document:
    """`target` after `patch`; Refused (415) when the kind does not know that patch language."""
    kinds = [patches.JSON_PATCH, patches.MERGE, patches.APPLY]
    if not resource.kind.custom:
        kinds.insert(2, patches.STRATEGIC)
    if content_type not in kinds:
        raise unsupported_media_type(content_type, kinds)
    if content_type == patches.JSON_PATCH:
        return patches.json_patch(target, patch)
    if not isinstance(patch, dict):
        raise bad_request("the patch must be an object")
    if content_type == patches.STRATEGIC or (content_type == patches.APPLY and not resource.kind.custom):
        return patches.strategic_merge(target, patch)
    merged: Document = patches.merge(target, patch)
    return merged


def _check_type(resource: Resource, body: Any) -> None:
    if not isinstance(body, dict):
        raise bad_request("the body of the request must be an object")
    kind, version = body.get("kind") or resource.kind.name, body.get("apiVersion") or resource.api_version
    if kind != resource.kind.name or version != resource.api_version:
        raise bad_request(
            f"{kind} in version {version!r} cannot be handled as a {resource.kind.name}: "
            f"the path is that of {resource.kind.name} in version {resource.api_version!r}"
        )
